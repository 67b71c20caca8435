"""Small pictures of figures: lines over time, a histogram with a threshold, and a fan of percentiles."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from qv_desktop.ui import theme

type Floats = NDArray[np.float64]
type Write = Callable[[float], str]

LEFT, TOP, RIGHT, BOTTOM = 6, 22, 54, 20  # px around the drawing: its legend above, values at the right, places below


@dataclass(frozen=True, slots=True)
class Line:
    """A named line: its values and the token of its ink. NaN leaves a gap."""

    name: str
    values: Floats
    ink: str
    wide: float = 1.5


class Picture(QWidget):
    """Paints what ``draw`` gives it into a room with a scale; a sentence stands there until something is shown."""

    def __init__(self, empty: str, name: str) -> None:
        super().__init__()
        self._empty = empty
        self._y: tuple[float, float] | None = None  # least and greatest value shown
        self._x = (0.0, 1.0)
        self._write: Write = str
        self._marks: Sequence[tuple[float, str]] = ()  # places on x, and their words
        self.setMinimumHeight(150)
        self.setAccessibleName(name)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 150)

    def scale(
        self, x: tuple[float, float], y: tuple[float, float], write: Write, marks: Sequence[tuple[float, str]]
    ) -> None:
        """The ranges of the axes, how values are written, and what stands under which place."""
        low, high = y
        spare = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
        self._x, self._y, self._write, self._marks = x, (low - spare, high + spare), write, marks
        self.update()

    def room(self) -> QRectF:
        """Where the drawing is."""
        return QRectF(LEFT, TOP, max(self.width() - LEFT - RIGHT, 1), max(self.height() - TOP - BOTTOM, 1))

    def point(self, x: float, y: float) -> QPointF:
        """Where a value stands."""
        room, (low, high) = self.room(), self._y or (0.0, 1.0)
        across = (x - self._x[0]) / max(self._x[1] - self._x[0], 1e-12)
        return QPointF(room.x() + across * room.width(), room.bottom() - (y - low) / (high - low) * room.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("BG1"))
        painter.setFont(theme.small())
        if self._y is None:
            painter.setPen(theme.color("TX2"))
            painter.drawText(
                self.rect().adjusted(12, 4, -12, -4),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                self._empty,
            )
            return
        self._paint_scale(painter, self._y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter)

    def draw(self, painter: QPainter) -> None:
        """Paint what is shown."""

    def _paint_scale(self, painter: QPainter, bounds: tuple[float, float]) -> None:
        room = self.room()
        for value in ticks(*bounds, max(2, int(room.height() / 34))):
            y = self.point(0, value).y()
            painter.setPen(QPen(theme.color("GRID"), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(theme.color("TX2"))
            box = QRectF(room.right() + 6, y - 8, RIGHT - 6, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._write(value))
        painter.setPen(theme.color("TX2"))
        free = -1e9
        for place, words in self._marks:
            x = self.point(place, 0).x()
            wide = painter.fontMetrics().horizontalAdvance(words)
            start = min(max(x - wide / 2, room.left()), room.right() - wide)
            if start > free:
                painter.drawText(QPointF(start, self.height() - 6), words)
                free = start + wide + 12

    def legend(self, painter: QPainter, names: Sequence[tuple[str, str]]) -> None:
        """Names in their inks, at the top."""
        x, most = float(LEFT), self.width() - 4.0
        for name, ink in names:
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(max(most - x, 0)))
            painter.setPen(theme.color(ink))
            painter.drawText(QPointF(x, 14), words)
            x += painter.fontMetrics().horizontalAdvance(words) + 14


class LinesPicture(Picture):
    """Lines over common places; ``edges`` are places with a line across, such as where a choice was made anew."""

    def show_lines(
        self, lines: Sequence[Line], write: Write, marks: Sequence[tuple[float, str]], edges: Sequence[float] = ()
    ) -> None:
        """All of them from place 0 on."""
        self._lines, self._edges = [_thinned(line) for line in lines], edges
        values = np.concatenate([line.values for line in lines])
        known = values[np.isfinite(values)]
        most = max(len(line.values) for line in lines) - 1
        self.scale((0.0, max(most, 1.0)), (float(known.min()), float(known.max())), write, marks)

    def draw(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme.color("LINE"), 1, Qt.PenStyle.DashLine))
        for edge in self._edges:
            x, room = self.point(edge, 0).x(), self.room()
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        for places, line in self._lines:
            painter.setPen(QPen(theme.color(line.ink), line.wide))
            shown = [
                self.point(x, y) for x, y in zip(places.tolist(), line.values.tolist(), strict=True) if math.isfinite(y)
            ]
            painter.drawPolyline(QPolygonF(shown))
        self.legend(painter, [(line.name, line.ink) for _, line in self._lines])


class HistogramPicture(Picture):
    """How often values fall where, those at or below a threshold in the ink of bad news."""

    def show_values(
        self, values: Floats, threshold: float, words: Sequence[tuple[str, str]], write: Write, bins: int = 41
    ) -> None:
        """``words`` are what the legend says, each with its ink."""
        reach = float(np.abs(values - threshold).max()) or 1.0
        edges = threshold + np.linspace(-reach, reach, 2 * (bins // 2) + 1)
        self._counts, self._edges, self._threshold, self._words = (
            np.histogram(values, edges)[0],
            edges,
            threshold,
            words,
        )
        marks = [(float(v), write(float(v))) for v in ticks(float(edges[0]), float(edges[-1]), 6)]
        total = float(self._counts.sum())
        self.scale(
            (float(edges[0]), float(edges[-1])), (0.0, float(self._counts.max())), lambda v: f"{v / total:.0%}", marks
        )

    def draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for count, start, end in zip(
            self._counts.tolist(), self._edges[:-1].tolist(), self._edges[1:].tolist(), strict=True
        ):
            ink = "BAD" if (start + end) / 2 <= self._threshold else "GOOD"
            top, bottom = self.point(start, count), self.point(end, 0)
            painter.fillRect(QRectF(top, bottom).adjusted(0, 0, -1, 0), theme.color(ink))
        x, room = self.point(self._threshold, 0).x(), self.room()
        painter.setPen(QPen(theme.color("TX0"), 1))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        self.legend(painter, self._words)


class FanPicture(Picture):
    """Percentiles that fan out over places: the outer and inner ones as bands, the middle one as a line."""

    def show_fan(
        self, places: Floats, fan: Floats, ink: str, names: Sequence[tuple[str, str]], write: Write, unit: str
    ) -> None:
        """``fan`` (5 × places), least first; ``unit`` says what the places count."""
        self._places, self._fan, self._ink, self._names = places, fan, ink, names
        last = float(places[-1])
        marks = [(v, f"{v:,.0f}{f' {unit}' if v == last else ''}") for v in (0.0, round(last / 2), last)]
        self.scale((0.0, last), (float(fan.min()), float(fan.max())), write, marks)

    def draw(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for low, high, alpha in ((0, 4, 50), (1, 3, 70)):
            ground = QColor(theme.color(self._ink))
            ground.setAlpha(alpha)
            painter.setBrush(ground)
            painter.drawPolygon(QPolygonF([*self._points(low), *reversed(self._points(high))]))
        painter.setPen(QPen(theme.color(self._ink), 1.5))
        painter.drawPolyline(QPolygonF(self._points(2)))
        self.legend(painter, self._names)

    def _points(self, percentile: int) -> list[QPointF]:
        return [self.point(x, y) for x, y in zip(self._places.tolist(), self._fan[percentile].tolist(), strict=True)]


def ticks(low: float, high: float, count: int) -> list[float]:
    """About ``count`` round values between ``low`` and ``high``."""
    rough = (high - low) / max(count, 1)
    if not rough > 0 or not math.isfinite(rough):
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 12) for place in range(first, math.floor(high / step + 1e-9) + 1)]


MOST_POINTS = 1_500  # of a line: more than any picture has pixels


def _thinned(line: Line) -> tuple[Floats, Line]:
    """Places and values: of each stretch the least and the greatest, so that no peak is lost."""
    values = line.values
    if len(values) <= MOST_POINTS:
        return np.arange(len(values), dtype=np.float64), line
    width = math.ceil(len(values) / (MOST_POINTS // 2))
    kept = {0, len(values) - 1}
    for start in range(0, len(values), width):
        part = values[start : start + width]
        if np.isfinite(part).any():
            kept |= {start + int(np.nanargmin(part)), start + int(np.nanargmax(part))}
    places = np.array(sorted(kept))
    return places.astype(np.float64), Line(line.name, values[places], line.ink, line.wide)
