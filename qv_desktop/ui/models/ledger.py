"""Lines of a title at the left and a value at the right, painted as one widget: previews, rule lists and detail panes."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from qv_desktop.ui import theme

_HEIGHT = 18
_MARK = 14  # px that a mark takes at the left


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``color`` and ``mark_color`` are tokens, ``tip`` is what hovering shows."""

    title: str
    value: str
    color: str = "TX0"
    mark: str = ""
    mark_color: str = "TX1"
    tip: str = ""
    mono: bool = False
    quiet: bool = False  # all of it like a hint
    offer: str = ""  # a value that can be taken by a click, in a list that takes it
    key: str = ""  # of what the line tells


class Ledger(QWidget):
    """Paints lines of one height; a title too long for its place is elided, a value never before its title."""

    def __init__(self, name: str, *, empty: str = "", parent: QWidget | None = None) -> None:
        """``empty`` stands where the lines will be."""
        super().__init__(parent)
        self._empty = empty
        self.setAccessibleName(name)
        self._lines: tuple[Line, ...] = ()

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Replace every line; equal lines cost nothing."""
        if tuple(lines) == self._lines:
            return
        resized = len(lines) != len(self._lines)
        self._lines = tuple(lines)
        self.setAccessibleDescription("\n".join(self.texts()))
        if resized:
            self._claim()
        self.update()

    def _claim(self) -> None:
        """Ask for room for every line."""
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()

    def texts(self) -> list[str]:
        """The lines as a person reads them."""
        return [_words(line) for line in self._lines]

    def sizeHint(self) -> QSize:
        return QSize(160, _HEIGHT * len(self._lines))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            line = self._line_at(event.pos())
            QToolTip.showText(event.globalPos(), line.tip or f"{line.title}  {line.value}" if line else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._lines:
            painter.setFont(theme.small())
            painter.setPen(theme.color("TX2"))
            painter.drawText(self.rect(), Qt.TextFlag.TextWordWrap, self._empty)
        for place, line in enumerate(self._lines):
            self._paint(painter, line, self._box(place))

    def _line_at(self, spot: QPoint) -> Line | None:
        return next((line for place, line in enumerate(self._lines) if self._box(place).contains(spot)), None)

    def _box(self, place: int) -> QRect:
        """Where a line stands."""
        return QRect(0, place * _HEIGHT, self.contentsRect().right() + 1, _HEIGHT)

    def _paint(self, painter: QPainter, line: Line, box: QRect) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        font = theme.mono() if line.mono else theme.bold() if not line.mark else theme.body()
        wide = min(QFontMetrics(font).horizontalAdvance(line.value) + 2, box.width() * 3 // 4)
        painter.setFont(font)
        painter.setPen(theme.color(line.color))
        shown = painter.fontMetrics().elidedText(line.value, Qt.TextElideMode.ElideMiddle, wide)
        painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, shown)
        painter.setFont(theme.body())
        if line.mark:
            painter.setPen(theme.color(line.mark_color))
            painter.drawText(box, middle, line.mark)
            box = box.adjusted(_MARK, 0, 0, 0)
        painter.setPen(theme.color("TX2" if line.quiet else "TX1"))
        room = box.width() - wide - 8
        painter.drawText(box, middle, painter.fontMetrics().elidedText(line.title, Qt.TextElideMode.ElideRight, room))


class FittedLedger(Ledger):
    """Lines in the room that is given, never half a one: the first ones, and a last line that says how many more there are.

    The wheel brings the others up; hovering over the last line lists them.
    """

    def __init__(self, name: str, *, empty: str = "", more: str = "more", parent: QWidget | None = None) -> None:
        """``more`` follows the number of lines that found no room."""
        super().__init__(name, empty=empty, parent=parent)
        self._all: tuple[Line, ...] = ()
        self._more = more
        self._first = 0  # line at the top

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Replace every line; another number of lines begins at the top again."""
        if len(lines) != len(self._all):
            self._first = 0
        self._all = tuple(lines)
        self._fit()

    def texts(self) -> list[str]:
        return [_words(line) for line in self._all]

    def shown(self) -> list[str]:
        """The lines that have room, as a person reads them."""
        return [_words(line) for line in self._lines]

    def _fit(self) -> None:
        room = max(1, self.height() // _HEIGHT)
        if room >= len(self._all):
            super().show_lines(self._all)
            return
        self._first = max(0, min(self._first, len(self._all) - room + 1))
        seen = self._all[self._first : self._first + room - 1]
        rest = (*self._all[: self._first], *self._all[self._first + room - 1 :])
        tip = "\n".join(_words(line) for line in rest)
        super().show_lines((*seen, Line(f"{len(rest)} {self._more}", "▾", "TX2", tip=tip, quiet=True)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._first += -1 if event.angleDelta().y() > 0 else 1
        self._fit()
        event.accept()

    def _claim(self) -> None:
        """The room is what is left over; it is not asked for."""

    def sizeHint(self) -> QSize:
        return QSize(160, _HEIGHT * len(self._all))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, _HEIGHT)


class PairLedger(Ledger):
    """Lines in two columns, read along the rows."""

    _GAP = 14  # px between the columns

    def _box(self, place: int) -> QRect:
        wide = (self.contentsRect().width() - self._GAP) // 2
        return QRect(place % 2 * (wide + self._GAP), place // 2 * _HEIGHT, wide, _HEIGHT)

    def sizeHint(self) -> QSize:
        return QSize(160, _HEIGHT * ((len(self._lines) + 1) // 2))


def _words(line: Line) -> str:
    return " ".join(filter(None, (line.mark, line.title, line.value, line.offer)))


def scrolled(widget: QWidget) -> QScrollArea:
    """``widget`` in a frameless area that scrolls up and down when it must."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
