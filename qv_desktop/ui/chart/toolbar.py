"""The row over a chart: timeframes, style, studies, drawings, comparison and replay."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.chart.look import STYLES, Style

TIMEFRAMES = ("1m", "5m", "15m", "1h", "1D", "1W")
ALL_TIMEFRAMES = ("1s", "5s", "10s", "15s", "30s", "1m", "2m", "3m", "5m", "10m", "15m", "30m", "45m", "1h", "2h", "3h", "4h", "1D", "1W",
                  "1M", "3M", "12M")  # fmt: skip


class Tool(QPushButton):
    """A flat button with a sign, and a name where there is room."""

    def __init__(self, sign: str, name: str, tip: str) -> None:
        super().__init__(sign)
        self.sign, self.name = sign, name
        self.setProperty("kind", "ghost")
        self.setFont(theme.body())
        self.setFixedHeight(24)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.spread(False)

    def spread(self, wide: bool) -> None:
        """Show the name, or the sign alone."""
        text = f"{self.sign}  {self.name}".strip() if wide and self.name else self.sign
        self.setText(text)
        self.setMinimumWidth(max(26, self.fontMetrics().horizontalAdvance(text) + 14))

    def popup(self, menu: QMenu) -> None:
        """Open a menu below."""
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))


class ChartBar(QWidget):
    """Signals say what a person asked for; menus that depend on the chart are made by ``studies`` and ``more``."""

    timeframe_chosen = Signal(str)
    style_chosen = Signal(str)
    draw_toggled = Signal(bool)
    compare_asked = Signal()
    replay_asked = Signal()

    def __init__(self, studies: Callable[[], QMenu], more: Callable[[], QMenu]) -> None:
        super().__init__()
        self._studies, self._more = studies, more
        self._frame, self._style, self._roomy, self._words = "", "candles", True, ""
        self._frames = QButtonGroup(self)
        self._frames.setExclusive(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(2)
        self._build_frames(row)
        self._build_tools(row)
        self.hint = theme.label("", "hint")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.hint, 1)
        self._more_tool = self._tool(
            row, "⋮", "", "Scale, hours, clock and more", lambda: self._more_tool.popup(self._more())
        )

    def _build_frames(self, row: QHBoxLayout) -> None:
        for text in TIMEFRAMES:
            button = Tool(text, "", f"Timeframe {text}")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, chosen=text: self._choose_frame(chosen))
            self._frames.addButton(button)
            row.addWidget(button)
        self._other = self._tool(row, "▾", "", "Other timeframes (type digits for any)", self._popup_frames)
        row.addSpacing(4)
        row.addWidget(_rule())
        row.addSpacing(4)

    def _build_tools(self, row: QHBoxLayout) -> None:
        self._styles = self._tool(row, "Candles ▾", "", "Style", self._popup_styles)
        self.indicators = self._tool(
            row, "ƒ", "Indicators", "Indicators (/)", lambda: self.indicators.popup(self._studies())
        )
        self.draw = self._tool(row, "✎", "Draw", "Drawing tools", lambda: None)
        self.draw.setCheckable(True)
        self.draw.toggled.connect(self.draw_toggled)
        self.compare = self._tool(row, "⇄", "Compare", "Compare with another symbol", self.compare_asked.emit)
        self.replay = self._tool(row, "◷", "Replay", "Replay stored history", self.replay_asked.emit)

    def _tool(self, row: QHBoxLayout, sign: str, name: str, tip: str, does: Callable[[], object]) -> Tool:
        tool = Tool(sign, name, tip)
        tool.clicked.connect(lambda: does())
        row.addWidget(tool)
        return tool

    # what is shown

    def show_frame(self, text: str) -> None:
        """Mark the timeframe that is shown; one without a button stands on the menu's."""
        self._frame = text
        self._choose_frame(None)
        self._name_other()

    def _name_other(self) -> None:
        self._other.sign = "▾" if self._frame in TIMEFRAMES and self._roomy else f"{self._frame} ▾".strip()
        self._other.spread(False)

    def show_style(self, style: Style) -> None:
        """Name the style that is shown."""
        self._style = style
        self._styles.sign = f"{STYLES[style]} ▾"
        self._fit()

    def show_hint(self, words: str, ink: str = "TX2") -> None:
        """What stands at the right end."""
        self._words = words
        self._say()
        self.hint.setToolTip(words)
        theme.wear(self.hint, lambda: f"color:{theme.color(ink).name()};")

    def _say(self) -> None:
        """As much of the words as there is room for."""
        self.hint.setText(
            self.hint.fontMetrics().elidedText(
                self._words, Qt.TextElideMode.ElideRight, max(0, self.width() - self._needed())
            )
        )

    def _choose_frame(self, chosen: str | None) -> None:
        for button in self._frames.buttons():
            button.setChecked(button.text() == self._frame)
        if chosen is not None:
            self.timeframe_chosen.emit(chosen)

    # menus

    def frames_menu(self) -> QMenu:
        """Every usual timeframe."""
        return self._choices(ALL_TIMEFRAMES, self._frame, self.timeframe_chosen.emit)

    def styles_menu(self) -> QMenu:
        """Every style."""
        names = {title: style for style, title in STYLES.items()}
        return self._choices(tuple(names), STYLES[self._style], lambda title: self.style_chosen.emit(names[title]))  # type: ignore[index]

    def _choices(self, texts: Sequence[str], marked: str, does: Callable[[str], object]) -> QMenu:
        menu = QMenu(self)
        for text in texts:
            action = QAction(text, menu, checkable=True, checked=text == marked)
            action.triggered.connect(lambda _=False, chosen=text: does(chosen))
            menu.addAction(action)
        return menu

    def _popup_frames(self) -> None:
        self._other.popup(self.frames_menu())

    def _popup_styles(self) -> None:
        self._styles.popup(self.styles_menu())

    def minimumSizeHint(self) -> QSize:
        """As narrow as the least that is left of it."""
        return QSize(150, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As much as there is room for: first the names go, then the timeframes, then the style, then the rarer tools."""
        rare = (self.compare, self.replay, self.draw)
        for wide, frames, style, tools in ((1, 1, 1, 1), (0, 1, 1, 1), (0, 0, 1, 1), (0, 0, 0, 1), (0, 0, 0, 0)):
            for tool in self.findChildren(Tool):
                tool.spread(bool(wide))
            for button in self._frames.buttons():
                button.setVisible(bool(frames))
            self._styles.setVisible(bool(style))
            for tool in rare:
                tool.setVisible(bool(tools))
            self._roomy = bool(frames)
            self._name_other()
            if self._needed() <= self.width():
                break
        self._say()

    def _needed(self) -> int:
        """Px that everything but the words at the right end takes."""
        tools = [tool for tool in self.findChildren(Tool) if not tool.isHidden()]
        return sum(tool.minimumWidth() + 2 for tool in tools) + 48


def _rule() -> QFrame:
    line = QFrame()
    line.setFixedSize(1, 14)
    theme.wear(line, lambda: f"background:{theme.LINE};")
    return line
