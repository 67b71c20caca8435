"""What stops trading and what lets keys act: the kill button, the pill of armed keys, the strip after a kill, and the hold's hint."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from qv_desktop.domain.killing import UNPROTECTED, Killing, outcome_words
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.key_watch import KeyWatch
from qv_desktop.ui.models.layouts import tint

NARROW = 1240  # px of a window in whose top bar not everything has room


def left_words(seconds: float) -> str:
    """``4:59``: minutes and seconds, rounded up so that it ends with 0:00."""
    whole = -int(-seconds // 1)
    return f"{whole // 60}:{whole % 60:02}"


class ArmedPill(QPushButton):
    """``KEYS ARMED · AAPL · 4:59`` while trading keys act, and nothing while they do not; a click disarms them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(theme.bold())
        self.setFixedHeight(24)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Space in a field must not disarm
        theme.wear(
            self,
            lambda: (
                f"ArmedPill {{ background: {theme.WARN}; color: {theme.ink_on('WARN').name()}; border: none; border-radius: 12px;"
                " padding: 0 12px; }"
            ),
        )
        self.give_way: QWidget | None = None  # hides while this is shown and the window is narrow
        self.hide()

    def show_armed(self, symbol: str, seconds: float, tip: str) -> None:
        """Say which symbol the keys act on and how long they still do without being touched."""
        narrow = self.window().width() < NARROW
        parts = ("ARMED", left_words(seconds)) if narrow else ("KEYS ARMED", symbol, left_words(seconds))
        self.setText(" · ".join(part for part in parts if part))
        self.setAccessibleName(f"Trading keys are armed for {symbol or 'no symbol'}")
        self.setToolTip(tip)
        if self.give_way is not None:
            self.give_way.setVisible(not narrow)
        self.show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.give_way is not None:
            self.give_way.show()


class KillButton(theme.HoldButton):
    """Red and always there; ``held`` after a second."""

    def __init__(self) -> None:
        super().__init__("KILL · hold")
        self.setMinimumWidth(88)
        self.setAccessibleName("Kill switch: hold for one second")

    def show_intent(self, words: str, lacking: str = "") -> None:
        """Say what it would do now; greyed with the reason for whoever may neither halt nor cancel."""
        self.setEnabled(not lacking)
        tip = lacking or f"Hold for one second: {words}"
        if tip != self.toolTip():
            self.setToolTip(tip)
            self.setAccessibleDescription(tip)


class KillStrip(QFrame):
    """What became of a kill, in one line across the window, until somebody puts it away; it cannot be put away while it works."""

    resume_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("kill-strip")
        self.setFixedHeight(32)
        self.words = theme.label("", "value")
        self.words.setMinimumWidth(20)
        self.detail = theme.label("")
        self.detail.setMinimumWidth(20)
        self.resume, self.close_ = theme.button("Resume in Risk…"), theme.button("Close")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 8, 3)
        row.setSpacing(12)
        row.addWidget(self.words)
        row.addWidget(self.detail, 1)
        row.addWidget(self.resume)
        row.addWidget(self.close_)
        self.resume.clicked.connect(self.resume_asked)
        self.close_.clicked.connect(self.hide)
        self.hide()

    def show_killing(self, killing: Killing) -> None:
        """Show how far it is: amber while it works, red once it is too long without proof or over, and what is left by name."""
        proved = killing.stage == "done" and killing.left == ()
        token = "HALT" if killing.over else "HALT_HELD" if killing.stage == "unproven" else "HALT_OVER"
        theme.wear(
            self,
            lambda: (
                f"#kill-strip {{ background: {theme.color(token).name()}; }} #kill-strip QLabel {{ color: {theme.color('ON').name()}; }}"
            ),
        )
        self.words.setText(f"{_verb(killing)} {outcome_words(killing)}{_halted(killing)}")
        self.detail.setText(_detail(killing))
        tint(self.detail, "ON")
        tint(self.words, "ON")
        self.close_.setVisible(killing.over)
        self.resume.setVisible(killing.over and killing.halted and killing.stage == "done")
        self.setAccessibleName(self.text())
        tip = "The broker's own list of open orders is empty." if proved else self.text()
        self.setToolTip(f"{tip}\n{UNPROTECTED}" if killing.halted and killing.stage != "resumed" else tip)
        self.show()

    def text(self) -> str:
        """What it says."""
        return " ".join(part for part in (self.words.text(), self.detail.text()) if part)


def _verb(killing: Killing) -> str:
    at = f"at {fmt.clock(killing.at)} by {killing.by}:"
    words = {"cancelling": "Killing since", "following": "Killing since", "unproven": "KILL NOT PROVED · since",
             "done": "Killed", "resumed": "Kill ended", "failed": "KILL FAILED"}[killing.stage]  # fmt: skip
    return f"{words} {at}" if killing.over else f"{words} {fmt.clock(killing.at)} by {killing.by}:"


def _halted(killing: Killing) -> str:
    if killing.stage == "resumed":
        return "; trading was resumed"
    return "; trading is halted" if killing.halted else "; trading is NOT halted"


def _detail(killing: Killing) -> str:
    left = killing.left or ()
    named = f"Still open: {', '.join(left[:4])}{f' and {len(left) - 4} more' if len(left) > 4 else ''}." if left else ""
    reason = killing.detail.rstrip(".")
    trying = f"{reason}; trying again." if reason and not killing.over else f"{reason}." if reason else ""
    return " ".join(part for part in (named, trying) if part)


class HoldHint(QWidget):
    """A plate over the middle of the window while a key is held: what will happen, and how much of the second has passed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.words, self.share = "", 0.0
        self.setFixedSize(560, 56)
        self.hide()

    def show_share(self, words: str, share: float) -> None:
        """Fill the plate by ``share`` (0 to 1)."""
        self.words, self.share = words, share
        self.setAccessibleName(words)
        if self.isHidden():
            area = self._over.rect()
            self.move((area.width() - self.width()) // 2, area.height() // 3)
            self.show()
            self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, shape = QRectF(self.rect()), QPainterPath()
        shape.addRoundedRect(box, 6, 6)
        painter.setClipPath(shape)
        painter.fillRect(box, theme.color("HALT"))
        painter.fillRect(QRectF(0, 0, box.width() * self.share, box.height()), theme.color("HALT_HELD"))
        painter.setPen(theme.color("ON"))
        painter.setFont(theme.strong())
        painter.drawText(
            box.adjusted(16, 4, -16, -4), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words
        )


class SafetyControls:
    """The four of one window, to be placed where they belong; ``watch`` hears the keys."""

    def __init__(self, window: QWidget) -> None:
        self.pill, self.kill, self.strip, self.hint = ArmedPill(), KillButton(), KillStrip(), HoldHint(window)
        self.watch = KeyWatch(window)
