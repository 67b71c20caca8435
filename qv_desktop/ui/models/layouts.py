"""The few arrangements that panels repeat: rows with growing room, dividers, tinted texts and bars of actions."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.ui import theme


def across(*parts: QWidget | None, spacing: int = 6) -> QHBoxLayout:
    """Widgets in a row; None is room that grows."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing)
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part)
    return row


class Bar(QWidget):
    """A 34 px strip of controls over a table; None is room that grows. ``yielding`` parts hide, first to last, when it is narrow."""

    def __init__(self, *parts: QWidget | None, yielding: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self._parts = [part for part in parts if part is not None]
        self._yielding = tuple(yielding)
        self._unwanted: set[QWidget] = set()
        self.setFixedHeight(34)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)
        row = across(*parts)
        row.setContentsMargins(8, 4, 8, 4)
        self.setLayout(row)

    def want(self, part: QWidget, wanted: bool) -> None:
        """Show or hide one part, as far as there is room for it."""
        (self._unwanted.discard if wanted else self._unwanted.add)(part)
        self._fit()

    def grow(self, part: QWidget) -> None:
        """Give one part the room that is left."""
        row = self.layout()
        if isinstance(row, QHBoxLayout):
            row.setStretch(row.indexOf(part), 1)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a text in it grew or shrank
            self._fit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        gone = set(self._unwanted)
        for part in self._yielding:
            if self._needed(gone) <= self.width():
                break
            gone.add(part)
        for part in self._parts:
            if part.isHidden() != (part in gone):
                part.setHidden(part in gone)

    def _needed(self, gone: set[QWidget]) -> int:
        shown = [part for part in self._parts if part not in gone]
        return sum(max(part.sizeHint().width(), part.minimumWidth()) + 6 for part in shown) + 16


def stacked(panel: QWidget, *parts: QWidget) -> QVBoxLayout:
    """Put ``parts`` under each other without gaps, filling ``panel``."""
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        column.addWidget(part)
    return column


def forbid(control: QWidget, why: str) -> None:
    """Grey a control out with the reason as its tip, or give it back with nothing."""
    if why:
        control.setToolTip(why)
    elif not control.isEnabled():
        control.setToolTip("")
    control.setEnabled(not why)


class Steady(QLabel):
    """A label for live figures: it grows when a text needs more room and never shrinks, so that a new text costs no layout."""

    def __init__(self, role: theme.LabelRole = "label") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setFont(theme.small() if role == "hint" else theme.body())
        self.setFixedHeight(self.fontMetrics().height() + 1)

    def show_text(self, text: str) -> None:
        """Show ``text``."""
        if text == self.text():
            return
        wide = self.fontMetrics().horizontalAdvance(text) + 2
        if wide > self.minimumWidth():
            self.setFixedWidth(wide)  # a label of fixed size asks nobody for room
        self.setText(text)

    def shrink(self) -> None:
        """Give the room back."""
        self.setText("")
        self.setFixedWidth(0)


def divider() -> QFrame:
    """A horizontal line of one pixel."""
    line = QFrame()
    line.setFixedHeight(1)
    theme.wear(line, lambda: f"background: {theme.LINE};")
    return line


def tint(widget: QWidget, token: str) -> None:
    """Colour a text by token; style sheets are parsed, so only when it changes."""
    if widget.property("tint") != token:
        widget.setProperty("tint", token)
        theme.wear(widget, lambda: f"color: {theme.color(token).name()};")


def pill(text: str = "") -> QLabel:
    """A bordered label for one fact, such as ``Matched 412``."""
    fact = theme.label(text, "label")
    fact.setFont(theme.small())
    fact.setFixedHeight(24)
    fact.setAlignment(Qt.AlignmentFlag.AlignCenter)
    paint_pill(fact, "TX1", "LINE")
    return fact


def paint_pill(fact: QLabel, ink: str, edge: str) -> None:
    """Give a pill its text and edge colours, by token."""
    if fact.property("tint") != f"{ink} {edge}":
        fact.setProperty("tint", f"{ink} {edge}")
        theme.wear(
            fact,
            lambda: (
                f"color: {theme.color(ink).name()}; background: {theme.BG0}; border: 1px solid {theme.color(edge).name()};"
                "border-radius: 4px; padding: 0 8px;"
            ),
        )


def note() -> QLabel:
    """A raised sentence that stands out from what is around it; hidden until it says something."""
    sentence = theme.label("", "label")
    sentence.setWordWrap(True)
    sentence.hide()
    paint_note(sentence, "TX1")
    return sentence


def paint_note(sentence: QLabel, token: str) -> None:
    """Colour a note's text and the edge at its left."""
    if sentence.property("tint") != token:
        sentence.setProperty("tint", token)
        theme.wear(
            sentence,
            lambda: (
                f"color: {theme.color(token).name()}; background: {theme.BG2}; border: none; border-radius: 3px;"
                f"border-left: 3px solid {theme.color(token).name()}; padding: 4px 6px;"
            ),
        )
