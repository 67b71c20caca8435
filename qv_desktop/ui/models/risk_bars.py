"""Bars of risk: a name, a bar about zero with what is below and above it, its figures; the first ones, or all when asked for."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from qv_desktop.ui import format, theme

ROW, THICK, GAP, LEAST = 20, 6, 8, 24  # px: of a row, of a bar, between columns, of a bar's room
FEW = 8  # rows that are shown before more are asked for


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar: ``words`` and ``more`` stand at its right, ``tip`` says it exactly; ``ink`` colours it, its side without one."""

    name: str
    words: str
    more: str = ""
    tip: str = ""
    ink: str = ""


type Make = Callable[[int], BarRow]
type Reach = tuple[float, float]  # what lies below zero (0 or less) and above it (0 or more); NaN is unknown


def reach(value: float) -> Reach:
    """A single figure as the reach of its bar."""
    return (min(value, 0.0), max(value, 0.0)) if math.isfinite(value) else (math.nan, math.nan)


class BarList(QWidget):
    """Paints the rows that are in view only. ``chosen`` carries a row's place; ``grown`` says that the height changed."""

    chosen = Signal(int)
    grown = Signal()

    def __init__(self, name: str, few: int = FEW, *, marks: bool = False) -> None:
        """``few`` rows are shown at first; ``marks`` says that a chosen row stays marked."""
        super().__init__()
        self._few, self._marks = few, marks
        self._values: Sequence[Reach] = ()
        self._make: Make = lambda place: BarRow("", "")
        self._all = False
        self._row = -1  # with the cursor
        self._reach = (0.0, 0.0)  # least and greatest value, and zero
        self._columns = (0.0, 0.0, 0.0)  # px of name, words and more
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def show_bars(self, values: Sequence[Reach], make: Make) -> None:
        """As many bars as there are ``values``; ``make`` gives the words of one, when it is painted."""
        before = self._count()
        self._values, self._make = values, make
        known = [value for value in values if math.isfinite(value[0]) and math.isfinite(value[1])]
        self._reach = min((low for low, _ in known), default=0.0), max((high for _, high in known), default=0.0)
        self._row = min(self._row, len(values) - 1)
        self._measure()
        self.setAccessibleDescription(self.text())
        if self._count() != before:
            self.grown.emit()
        self.update()

    def _measure(self) -> None:
        """Widths of the columns, by the rows that are shown first: figures further down are smaller."""
        rows = [self._make(place) for place in range(min(self._few, len(self._values)))]
        bold, body, small = (QFontMetricsF(font) for font in (theme.bold(), theme.body(), theme.small()))
        self._columns = (
            min(self.width() * 0.4, max([bold.horizontalAdvance(row.name) for row in rows], default=0.0)) + 2,
            max([body.horizontalAdvance(row.words) for row in rows], default=0.0) + 2,
            max([small.horizontalAdvance(row.more) for row in rows], default=0.0) + 2,
        )

    def mark(self, place: int) -> None:
        """Put the cursor on a row; on none with -1."""
        if place != self._row:
            self._row = place
            self.update()

    def row_at(self, place: int) -> BarRow:
        """The row at a place."""
        return self._make(place)

    def _shown(self) -> int:
        return len(self._values) if self._all else min(self._few, len(self._values))

    def _count(self) -> int:
        """Lines, with the one that says how many more there are."""
        return self._shown() + (1 if len(self._values) > self._few else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def tall(self, wide: int) -> int:
        """px of height that it takes."""
        return self._count() * ROW

    def sizeHint(self) -> QSize:
        return QSize(240, self.tall(240))

    def text(self) -> str:
        """The bars that are shown first, and how many more there are."""
        rows = [self._make(place) for place in range(min(self._few, len(self._values)))]
        said = [" ".join(filter(None, (row.name, row.words, row.more))) for row in rows]
        return "\n".join([*said, *([self._rest()] if len(self._values) > self._few else [])])

    def _rest(self) -> str:
        return "Show fewer" if self._all else f"and {len(self._values) - self._few:,} more"

    # hands

    def _at(self, y: float) -> int:
        place = int(y // ROW)
        return place if 0 <= place < self._count() else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take(self._at(event.position().y()))

    def _take(self, place: int) -> None:
        if place == self._shown() and len(self._values) > self._few:
            self._all = not self._all
            self.grown.emit()
        elif 0 <= place < self._shown():
            self._row = place
            self.chosen.emit(place)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        on = self._at(event.position().y())
        self.setCursor(Qt.CursorShape.PointingHandCursor if on >= self._shown() else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
        step = moves.get(Qt.Key(event.key()))
        if step is not None and self._values:
            self._row = min(max(self._row + step, 0), self._count() - 1)
            if self._row < self._shown():
                self.setAccessibleDescription(self._make(self._row).tip)
                if self._marks:
                    self.chosen.emit(self._row)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._row >= 0:
            self._take(self._row)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told(event.pos().y()), self)
            return True
        return super().event(event)

    def told(self, y: float) -> str:
        """What is said of the row at a height."""
        place = self._at(y)
        if place < 0 or place >= self._shown():
            return ""
        row = self._make(place)
        return row.tip or f"{row.name}  {row.words}  {row.more}"

    # picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first = max(0, event.rect().top() // ROW)
        last = min(self._shown(), event.rect().bottom() // ROW + 1)
        for place in range(first, last):
            self._paint_row(painter, place)
        if len(self._values) > self._few:
            self._paint_rest(painter)

    def _paint_rest(self, painter: QPainter) -> None:
        box = QRectF(0, self._shown() * ROW, self.width(), ROW)
        chosen = self._row == self._shown() and self.hasFocus()
        painter.setFont(theme.small())
        painter.setPen(theme.color("ACCENT"))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"{'▴' if self._all else '▾'} {self._rest()}")
        if chosen:
            self._paint_cursor(painter, box)

    def _paint_cursor(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(theme.color("ACCENT"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _paint_row(self, painter: QPainter, place: int) -> None:
        row, value = self._make(place), self._values[place]
        box = QRectF(0, place * ROW, self.width(), ROW)
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        name, words, more = self._columns
        net = value[0] + value[1]
        known = math.isfinite(net)
        token = row.ink or ("BUY_INK" if net >= 0 else "SELL_INK")
        if self._marks and place == self._row:
            painter.fillRect(box, theme.color("SELECTION"))
        painter.setFont(theme.bold())
        painter.setPen(theme.color("TX0"))
        told = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, int(name))
        painter.drawText(QRectF(0, box.y(), name, ROW), middle, told)
        end = box.right()
        if more > 2:
            painter.setFont(theme.small())
            painter.setPen(theme.color("TX1"))
            painter.drawText(QRectF(end - more, box.y(), more, ROW), middle | right, row.more)
            end -= more + GAP
        painter.setFont(theme.body())
        painter.setPen(theme.color(token if known and net else "TX2"))
        painter.drawText(QRectF(end - words, box.y(), words, ROW), middle | right, row.words)
        room = QRectF(name + GAP, box.center().y() - THICK / 2, end - words - GAP - name - GAP, THICK)
        if known and room.width() >= LEAST:
            self._paint_bar(painter, room, value, row.ink)
        if place == self._row and self.hasFocus():
            self._paint_cursor(painter, box)

    def _paint_bar(self, painter: QPainter, room: QRectF, value: Reach, token: str) -> None:
        low, high = self._reach
        span = (high - low) or 1.0
        zero = room.x() + room.width() * -low / span
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("BG2"))
        painter.drawRect(room)
        for part, ink in zip(value, ("SELL_INK", "BUY_INK"), strict=True):
            if part:
                wide = max(room.width() * abs(part) / span, 1.0)
                painter.setBrush(theme.color(token or ink))
                painter.drawRect(QRectF(zero if part > 0 else zero - wide, room.y(), wide, THICK))
        painter.setBrush(theme.color("CROSS"))
        painter.drawRect(QRectF(zero - 0.5, room.y() - 3, 1, THICK + 6))


def dollars(value: float) -> str:
    """Whole dollars with a sign always; unknown is a dash."""
    if not math.isfinite(value):
        return format.UNKNOWN
    whole = round(value)
    return f"{format.MINUS if whole < 0 else '+' if whole > 0 else ''}${abs(whole):,}"


def short_dollars(value: float) -> str:
    """Dollars on a scale: ``$1.2K``, ``−$3.4M``; unknown is a dash."""
    if not math.isfinite(value):
        return format.UNKNOWN
    sign, size = format.MINUS if value < 0 else "", abs(value)
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if size >= unit:
            return f"{sign}${f'{size / unit:,.1f}'.removesuffix('.0')}{name}"
    return f"{sign}${size:,.0f}"
