"""How it looks: colours, type and the small controls that every panel is made of."""

from collections.abc import Mapping, Sequence
from functools import cache
from string import Template
from typing import Literal

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontDatabase,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import QApplication, QButtonGroup, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from qv_desktop import paths
from qv_desktop.ui import colors, wardrobe
from qv_desktop.ui.hold import GRACE, HoldClock, Repeats
from qv_desktop.ui.wardrobe import follow as follow
from qv_desktop.ui.wardrobe import wear as wear

_TOKENS = colors.tokens("dark", "us")  # token -> "#rrggbb", in force
CHIPS = colors.chips("dark")  # chip -> (ground, text), in force

# those that style sheets name; ``apply`` puts others in, so read them where a widget is built and not where a module is imported
BG0, BG1, BG2, BG3 = _TOKENS["BG0"], _TOKENS["BG1"], _TOKENS["BG2"], _TOKENS["BG3"]
TX0, TX1, TX2, LINE = _TOKENS["TX0"], _TOKENS["TX1"], _TOKENS["TX2"], _TOKENS["LINE"]
UP, DOWN, PROFIT, LOSS = _TOKENS["UP"], _TOKENS["DOWN"], _TOKENS["PROFIT"], _TOKENS["LOSS"]
GOOD, BAD, WARN = _TOKENS["GOOD"], _TOKENS["BAD"], _TOKENS["WARN"]
ACCENT, VIOLET, BUY, SELL = _TOKENS["ACCENT"], _TOKENS["VIOLET"], _TOKENS["BUY"], _TOKENS["SELL"]
SELECTION, ZEBRA = _TOKENS["SELECTION"], _TOKENS["ZEBRA"]
GRID, EDGE, CROSS, POINTER = _TOKENS["GRID"], _TOKENS["EDGE"], _TOKENS["CROSS"], _TOKENS["POINTER"]

HATCHED = frozenset({"unresolved"})  # chips that say “we do not know”

type LabelRole = Literal["value", "label", "hint", "title"]
type ButtonKind = Literal["plain", "primary", "danger", "buy", "sell", "ghost"]


@wardrobe.of_colours
@cache
def color(token: str) -> QColor:
    """The colour of a token such as ``UP``, or of a ``#rrggbb`` text."""
    return QColor(_TOKENS.get(token, token))


def ink_on(token: str) -> QColor:
    """Black or white, whichever stands out more from a ground of this colour (WCAG 2.2, relative luminance)."""
    ground = color(token)
    red, green, blue = map(_linear, (ground.redF(), ground.greenF(), ground.blueF()))
    bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor("#000000" if (bright + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff")


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def chip(name: str) -> str:
    """Ground and text of a chip, for a style sheet."""
    ground, ink = CHIPS[name]
    return f"background:{ground}; color:{ink};"


def _take(name: colors.Theme, prices: colors.Prices) -> None:
    """Put the values of a theme in force, for everybody who reads them from now on."""
    _TOKENS.update(colors.tokens(name, prices))
    CHIPS.update(colors.chips(name))
    globals().update(_TOKENS)
    wardrobe.forget()


@cache
def _font(family: str, pixels: int, weight: QFont.Weight) -> QFont:
    font = QFont()
    font.setFamilies(
        [family, "Segoe UI", "Helvetica Neue", "DejaVu Sans"] if family == "Inter" else [family, "Consolas", "Menlo"]
    )
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    if family == "Inter":
        font.setFeature(QFont.Tag("tnum"), 1)  # figures of one width, so that columns line up
    else:
        font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def body() -> QFont:
    """12 px, for everything not named below."""
    return QFont(_font("Inter", 12, QFont.Weight.Normal))


def small() -> QFont:
    """11 px, for headers and chips."""
    return QFont(_font("Inter", 11, QFont.Weight.Normal))


def small_bold() -> QFont:
    """11 px medium, for the words in chips."""
    return QFont(_font("Inter", 11, QFont.Weight.Medium))


def tiny() -> QFont:
    """10 px with open spacing, for upper-case labels."""
    font = QFont(_font("Inter", 10, QFont.Weight.Normal))
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.4)
    return font


def strong() -> QFont:
    """13 px semibold, for the figures that matter."""
    return QFont(_font("Inter", 13, QFont.Weight.DemiBold))


def bold() -> QFont:
    """12 px semibold, for symbols and totals in tables."""
    return QFont(_font("Inter", 12, QFont.Weight.DemiBold))


def mono() -> QFont:
    """11 px monospace, for hashes and differences."""
    return QFont(_font("JetBrains Mono", 11, QFont.Weight.Normal))


def apply(app: QApplication, name: colors.Theme = "dark", prices: colors.Prices = "us") -> None:
    """Give ``app`` its fonts, palette and style sheet, and what is built already its new colours; doing it again changes nothing."""
    _take(name, prices)
    folder = paths.resources()
    themes = folder / "themes"
    sheet = Template((themes / "terminal.qss").read_text("utf-8")).substitute(_TOKENS, FOLDER=themes.as_posix())
    if app.styleSheet() == sheet:
        return  # worn already; put on again, everything that is built would be polished anew
    if "Inter" not in QFontDatabase.families():
        for file in sorted((folder / "fonts").glob("*.[ot]tf")):
            QFontDatabase.addApplicationFont(str(file))
    app.setStyle("Fusion")
    app.setFont(body())
    app.setPalette(_palette())
    app.setStyleSheet(sheet)
    wardrobe.change()


def _palette() -> QPalette:
    palette, role = QPalette(), QPalette.ColorRole
    grounds = {role.Window: "BG1", role.Base: "BG0", role.AlternateBase: "ZEBRA", role.Button: "BG2", role.ToolTipBase: "BG2",
               role.Highlight: "SELECTION", role.Mid: "LINE", role.Dark: "BG0", role.Light: "BG3"}  # fmt: skip
    texts = {role.WindowText: "TX0", role.Text: "TX0", role.ButtonText: "TX0", role.ToolTipText: "TX0", role.HighlightedText: "TX0",
             role.PlaceholderText: "TX2", role.Link: "ACCENT", role.BrightText: "ON"}  # fmt: skip
    for entry, token in {**grounds, **texts}.items():
        palette.setColor(entry, color(token))
    for entry in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, entry, color("TX2"))
    return palette


def label(text: str, role: LabelRole = "label") -> QLabel:
    """A label: a value, its label (upper case is up to you), a hint, or a panel's title line."""
    widget = QLabel(text)
    widget.setProperty("role", role)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setFont({"value": strong, "label": body, "hint": small, "title": strong}[role]())
    return widget


def caption(text: str) -> QLabel:
    """The 10 px upper-case label that stands over a field or a figure."""
    widget = label(text.upper(), "hint")
    widget.setFont(tiny())
    return widget


def button(text: str, kind: ButtonKind = "plain") -> QPushButton:
    """A 26 px push button; ``primary`` at most once in a panel."""
    widget = QPushButton(text)
    widget.setProperty("kind", kind)
    widget.setFont(body() if kind in ("plain", "ghost") else bold())
    widget.setFixedHeight(26)
    widget.setCursor(Qt.CursorShape.PointingHandCursor)
    return widget


class HoldButton(QPushButton):
    """A red button that fires ``held`` after one second under the mouse or under Space or Enter."""

    held = Signal()
    SECONDS = 1.0

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFixedHeight(26)
        self.setFont(bold())
        self.setToolTip("Hold for one second")
        self._clock = HoldClock()
        self._timer = QTimer(self, interval=16)
        self._timer.timeout.connect(self._grow)
        self._repeats, self._letting_go = Repeats(), QTimer(self, interval=GRACE, singleShot=True)
        self._letting_go.timeout.connect(self._stop)

    @property
    def progress(self) -> float:
        """How much of the second has passed, 0 to 1."""
        return min(1.0, self._clock.held / (self.SECONDS * 1000)) if self._timer.isActive() else 0.0

    def _start(self) -> None:
        if self.isEnabled():
            self._clock.start()
            self._timer.start()

    def _stop(self) -> None:
        self._timer.stop()
        self._letting_go.stop()
        self.update()

    def _grow(self) -> None:
        if self._letting_go.isActive():
            return  # a key that is perhaps let go holds nothing
        self._clock.look()
        if self.progress >= 1.0:
            self._stop()
            self.held.emit()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() is Qt.MouseButton.LeftButton:
            self._start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._stop()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if not self.rect().contains(event.position().toPoint()):
            self._stop()  # drawn off the button is let go, as with any button

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._stop()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        gone = event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow()
        if gone or (event.type() == QEvent.Type.EnabledChange and not self.isEnabled()):
            self._stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif self._repeats.holds(event):
            self._letting_go.stop()
        else:
            self._stop()
            self._start()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._repeats.released(event)
            if event.timestamp() and self._timer.isActive():
                self._letting_go.start()  # unless it turns out to be held
            else:
                self._stop()
        super().keyReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(box, 4, 4)
        painter.setClipPath(shape)
        painter.fillRect(box, color("HALT" if self.isEnabled() else "BG2"))
        painter.fillRect(QRectF(0, 0, box.width() * self.progress, box.height()), color("HALT_HELD"))
        if self.hasFocus() or self.underMouse():
            painter.setPen(color("BAD" if self.isEnabled() else "LINE"))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(color("ON" if self.isEnabled() else "TX2"))
        painter.setFont(self.font())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text())


class Segmented(QWidget):
    """One choice out of a few, side by side; ``grounds`` colours a chosen segment, for example BUY."""

    chosen = Signal(str)

    def __init__(self, options: Sequence[str], *, grounds: Mapping[str, ButtonKind] | None = None) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self._segments: dict[str, QPushButton] = {}  # option -> its button
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, text in enumerate(options):
            segment = QPushButton(text)
            segment.setCheckable(True)
            segment.setProperty("segment", (grounds or {}).get(text, "plain"))
            segment.setProperty("place", _place(place, len(options)))
            segment.setFont(body())
            segment.setFixedHeight(26)
            segment.setMinimumWidth(20)
            segment.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            segment.clicked.connect(lambda _=False, name=text: self.chosen.emit(name))
            self._group.addButton(segment, place)
            self._segments[text] = segment
            row.addWidget(segment)
        self._segments[options[0]].setChecked(True)

    def choice(self) -> str:
        """The chosen option's text."""
        return next(option for option, segment in self._segments.items() if segment.isChecked())

    def choose(self, option: str) -> None:
        """Show ``option`` as chosen without saying so; an unknown one changes nothing."""
        if option in self._segments:
            self._segments[option].setChecked(True)

    def segment(self, option: str) -> QPushButton:
        """The button of ``option``, to disable it or to give it a reason. Raises KeyError."""
        return self._segments[option]


def _place(index: int, count: int) -> str:
    return "only" if count == 1 else "first" if index == 0 else "last" if index == count - 1 else "middle"
