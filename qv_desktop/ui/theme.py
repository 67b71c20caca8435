"""How it looks: colours, type and the small controls that every panel is made of."""

from collections.abc import Mapping, Sequence
from functools import cache
from string import Template
from typing import Literal

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import QApplication, QButtonGroup, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from qv_desktop import paths

BG0, BG1, BG2, BG3 = "#0b0e14", "#11151d", "#171c26", "#1f2632"  # window, panel, raised, pressed or selected control
LINE = "#242c3a"
TX0, TX1, TX2 = "#e6eaf2", "#aab4c5", "#6f7b90"  # value, label, hint and unit
UP, DOWN = "#26a69a", "#ef5350"
PROFIT, LOSS = "#12bb7b", "#ef5350"
ACCENT, WARN, VIOLET = "#4c8dff", "#f0a020", "#a678f0"
BUY, SELL = "#2f6fe4", "#d5433f"
SELECTION, ZEBRA = "#1b2a45", "#141922"
GRID, EDGE, CROSS, POINTER = (
    "#1a212d",
    "#313b4d",
    "#76839a",
    "#39445a",
)  # a chart's grid, its days' edges, its crosshair and its words' ground

_TOKENS: dict[str, str] = {  # token -> "#rrggbb"
    "BG0": BG0, "BG1": BG1, "BG2": BG2, "BG3": BG3, "LINE": LINE, "TX0": TX0, "TX1": TX1, "TX2": TX2, "UP": UP, "DOWN": DOWN,
    "PROFIT": PROFIT, "LOSS": LOSS, "ACCENT": ACCENT, "WARN": WARN, "VIOLET": VIOLET, "BUY": BUY, "SELL": SELL,
    "SELECTION": SELECTION, "ZEBRA": ZEBRA, "GRID": GRID, "EDGE": EDGE, "CROSS": CROSS, "POINTER": POINTER,
}  # fmt: skip

_GREEN, _CYAN, _BLUE = ("#12361f", "#5bd08a"), ("#0f3340", "#5cc6e6"), ("#172a4d", "#8db4ff")
_GREY, _RED, _AMBER = ("#232a36", "#c9d2e0"), ("#3a1d1d", "#f08a86"), ("#4a3508", "#ffd27a")
_MAGENTA, _QUIET = ("#3d1a3f", "#e79bea"), ("#1a202b", "#8b97ab")

CHIPS: dict[str, tuple[str, str]] = {  # chip -> (ground, text)
    "working": _GREEN, "ok": _GREEN, "good": _GREEN, "partial": _CYAN, "sent": ("#15304a", "#8ccbf5"), "held": _BLUE, "low": _BLUE,
    "info": _BLUE, "filled": _GREY, "draft": _QUIET, "canceled": _QUIET, "expired": _QUIET, "rejected": _RED, "refused": _RED,
    "failed": _RED, "high": _RED, "critical": _RED, "unresolved": _AMBER, "medium": _AMBER, "warning": _AMBER,
    "pending_cancel": _MAGENTA, "pending_replace": ("#40270c", "#ffb46b"),
}  # fmt: skip
HATCHED = frozenset({"unresolved"})  # chips that say “we do not know”

type LabelRole = Literal["value", "label", "hint", "title"]
type ButtonKind = Literal["plain", "primary", "danger", "buy", "sell", "ghost"]


@cache
def color(token: str) -> QColor:
    """The colour of a token such as ``UP``, or of a ``#rrggbb`` text."""
    return QColor(_TOKENS.get(token, token))


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


def apply(app: QApplication) -> None:
    """Give ``app`` its fonts, palette and style sheet; doing it again changes nothing."""
    folder = paths.resources()
    if "Inter" not in QFontDatabase.families():
        for file in sorted((folder / "fonts").glob("*.[ot]tf")):
            QFontDatabase.addApplicationFont(str(file))
    app.setStyle("Fusion")
    app.setFont(body())
    app.setPalette(_palette())
    themes = folder / "themes"
    sheet = Template((themes / "terminal.qss").read_text("utf-8")).substitute(_TOKENS, FOLDER=themes.as_posix())
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)


def _palette() -> QPalette:
    palette, role = QPalette(), QPalette.ColorRole
    grounds = {role.Window: BG1, role.Base: BG0, role.AlternateBase: ZEBRA, role.Button: BG2, role.ToolTipBase: BG2,
               role.Highlight: SELECTION, role.Mid: LINE, role.Dark: BG0, role.Light: BG3}  # fmt: skip
    texts = {role.WindowText: TX0, role.Text: TX0, role.ButtonText: TX0, role.ToolTipText: TX0, role.HighlightedText: TX0,
             role.PlaceholderText: TX2, role.Link: ACCENT, role.BrightText: "#ffffff"}  # fmt: skip
    for entry, value in {**grounds, **texts}.items():
        palette.setColor(entry, QColor(value))
    for entry in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, entry, QColor(TX2))
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
        self._since = QElapsedTimer()
        self._timer = QTimer(self, interval=16)
        self._timer.timeout.connect(self._grow)

    @property
    def progress(self) -> float:
        """How much of the second has passed, 0 to 1."""
        return min(1.0, self._since.elapsed() / (self.SECONDS * 1000)) if self._timer.isActive() else 0.0

    def _start(self) -> None:
        if self.isEnabled():
            self._since.start()
            self._timer.start()

    def _stop(self) -> None:
        self._timer.stop()
        self.update()

    def _grow(self) -> None:
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self._start()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._stop()
        super().keyReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(box, 4, 4)
        painter.setClipPath(shape)
        painter.fillRect(box, QColor("#7f2526" if self.isEnabled() else BG2))
        painter.fillRect(QRectF(0, 0, box.width() * self.progress, box.height()), color("DOWN"))
        if self.hasFocus() or self.underMouse():
            painter.setPen(color("DOWN" if self.isEnabled() else "LINE"))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor("#ffffff") if self.isEnabled() else color("TX2"))
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
