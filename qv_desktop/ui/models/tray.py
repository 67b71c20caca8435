"""The icon in the system's tray: how trading stands, messages while another program is in front, and a way to stop everything."""

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from qv_desktop.domain.alerts import Notice, Urgency
from qv_desktop.domain.risk import TradingState
from qv_desktop.ui import theme
from qv_desktop.ui.curtain import BEFORE

_STATES: dict[TradingState, str] = {
    TradingState.ACTIVE: "GOOD", TradingState.REDUCING: "WARN", TradingState.HALTED: "BAD",
}  # fmt: skip
_SIGNS: dict[Urgency, QSystemTrayIcon.MessageIcon] = {
    "info": QSystemTrayIcon.MessageIcon.Information, "good": QSystemTrayIcon.MessageIcon.Information,
    "warning": QSystemTrayIcon.MessageIcon.Warning, "critical": QSystemTrayIcon.MessageIcon.Critical,
}  # fmt: skip
SHOWN_MS = 8_000


class Tray(QObject):
    """Nothing where the system has no tray; then every method does nothing."""

    show_asked = Signal()
    acknowledge_all_asked = Signal()
    kill_asked = Signal()
    opened = Signal(object)  # Notice whose message was clicked

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.menu = QMenu(window)
        self.kill_menu = QMenu("Kill switch", self.menu)  # two steps: one slip of the mouse stops nothing
        for menu in (self.menu, self.kill_menu):
            menu.setProperty(BEFORE, True)  # stopping must be possible while the desk is locked
        self.menu.addAction("Show QuantVision", self.show_asked.emit)
        self.acknowledge = self.menu.addAction("Acknowledge all", self.acknowledge_all_asked.emit)
        self.menu.addSeparator()
        self.menu.addMenu(self.kill_menu)
        self.intent = self.kill_menu.addAction("")
        self.intent.setEnabled(False)
        self.kill = self.kill_menu.addAction("KILL now", self.kill_asked.emit)
        self._told: Notice | None = None
        self._state: tuple[TradingState, int, bool] | None = None
        self._icon = QSystemTrayIcon(self) if QSystemTrayIcon.isSystemTrayAvailable() else None
        if self._icon is not None:
            self._icon.setContextMenu(self.menu)
            self._icon.activated.connect(self._activated)
            self._icon.messageClicked.connect(self._clicked)
        self.show_state(TradingState.ACTIVE, 0)
        if self._icon is not None:
            self._icon.show()

    @property
    def there(self) -> bool:
        """Whether the system has a tray."""
        return self._icon is not None

    def show_state(self, state: TradingState, critical: int, *, locked: bool = False) -> None:
        """The icon's colour and number: how trading stands, and how many critical alerts wait; its words keep a lock's silence."""
        if (state, critical, locked) == self._state:
            return
        self._state = (state, critical, locked)
        self.acknowledge.setEnabled(not locked)
        tell = critical and not locked
        self.acknowledge.setText(f"Acknowledge all ({critical:,} critical)" if tell else "Acknowledge all")
        if self._icon is not None:
            self._icon.setIcon(drawn(state, critical))
            self._icon.setToolTip(
                "QuantVision · locked"
                if locked
                else f"QuantVision · trading is {state}" + (f" · {critical:,} critical" if critical else "")
            )

    def show_kill(self, intent: str, lacking: str) -> None:
        """What the kill switch would do, or why this person may not use it."""
        self.intent.setText(lacking or intent)
        self.kill.setEnabled(not lacking)

    def tell(self, notice: Notice) -> None:
        """Show a message of the system's."""
        if self._icon is not None:
            self._told = notice
            self._icon.showMessage(notice.title, notice.text, _SIGNS[notice.urgency], SHOWN_MS)

    def hide(self) -> None:
        """Take the icon away, for some systems keep one whose program has ended."""
        if self._icon is not None:
            self._icon.hide()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.show_asked.emit()

    def _clicked(self) -> None:
        self.show_asked.emit()
        if self._told is not None:
            self.opened.emit(self._told)


def drawn(state: TradingState, critical: int) -> QIcon:
    """A disc of the state's colour with a Q, and a red corner while critical alerts wait."""
    picture = QPixmap(64, 64)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(_STATES[state]))
    painter.drawEllipse(4, 4, 56, 56)
    font = theme.bold()
    font.setPixelSize(38)
    painter.setFont(font)
    painter.setPen(theme.ink_on(_STATES[state]))
    painter.drawText(QRectF(4, 4, 56, 56), Qt.AlignmentFlag.AlignCenter, "Q")
    if critical:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("HALT_HELD"))
        painter.drawEllipse(36, 0, 28, 28)
        font.setPixelSize(20)
        painter.setFont(font)
        painter.setPen(theme.color("ON"))
        painter.drawText(QRectF(36, 0, 28, 28), Qt.AlignmentFlag.AlignCenter, str(critical) if critical < 10 else "+")
    painter.end()
    return QIcon(picture)
