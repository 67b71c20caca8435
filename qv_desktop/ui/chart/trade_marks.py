"""A backtest's trades over the bars: an arrow where each was entered and left, and a line between, in the colour of its profit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen

from qv_desktop.ui import theme
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import draw_line, fill_rectangles
from qv_desktop.ui.chart.tags import draw_box
from qv_desktop.ui.theme import color

type Floats = NDArray[np.float64]
type Whole = NDArray[np.int64]

DETAILED = 300  # trades in view up to which each has arrows; more are small squares
NEAR = 8.0  # px from a trade within which the pointer reads it
LINE, EDGE = 16, 10  # px of a line in the box with details, and from its edge to the words


@dataclass(frozen=True, slots=True)
class MarkedTrade:
    """A round trip as it is drawn: times in ns, prices and profit in dollars."""

    number: int
    entered: int
    left: int
    entry: float
    exit: float
    long: bool
    profit: float


class TradeMarks:
    """The trades of one run in one symbol, oldest entry first; ``chosen`` is the number of the one that stands out, 0 for none.

    ``words`` gives the lines that the pointer reads of a trade by its number.
    """

    def __init__(
        self, title: str, symbol: str, trades: Sequence[MarkedTrade], words: Callable[[int], Sequence[str]]
    ) -> None:
        self.title, self.symbol, self.words = title, symbol, words
        self.trades = sorted(trades, key=lambda trade: (trade.entered, trade.number))
        self.chosen = 0
        self.entered: Whole = np.array([trade.entered for trade in self.trades], dtype=np.int64)
        self.left: Whole = np.array([trade.left for trade in self.trades], dtype=np.int64)
        self.entry: Floats = np.array([trade.entry for trade in self.trades], dtype=np.float64)
        self.exit: Floats = np.array([trade.exit for trade in self.trades], dtype=np.float64)
        self.long = np.array([trade.long for trade in self.trades], dtype=bool)
        self.won = np.array([trade.profit > 0 for trade in self.trades], dtype=bool)
        # the latest exit so far: trades before the first whose reach is in view have all been left before it
        self._reach: Whole = np.maximum.accumulate(self.left) if len(self.left) else self.left

    def between(self, start: int, end: int) -> Whole:
        """Places in ``trades`` of those that were open at some moment from ``start`` to ``end`` (ns), both inclusive."""
        low = int(np.searchsorted(self._reach, start, side="left"))
        high = int(np.searchsorted(self.entered, end, side="right"))
        places = np.arange(low, max(low, high), dtype=np.int64)
        return places[self.left[places] >= start]

    def place(self, number: int) -> int | None:
        """Where the trade of a number stands in ``trades``."""
        return next((at for at, trade in enumerate(self.trades) if trade.number == number), None)

    def beside(self, steps: int) -> int:
        """The number of the trade ``steps`` after the chosen one, within the run; from the last one when none is chosen."""
        if not self.trades:
            return 0
        now = self.place(self.chosen)
        at = len(self.trades) - 1 if now is None else max(0, min(now + steps, len(self.trades) - 1))
        return self.trades[at].number


@dataclass(frozen=True, slots=True)
class Placed:
    """Where trades stand on the screen, px; ``places`` says which they are. What lies before the first bar is not a number."""

    places: Whole
    x1: Floats
    y1: Floats
    x2: Floats
    y2: Floats
    first: Whole  # bar of the entry, −1 before the first one
    last: Whole  # bar of the exit

    def nearest(self, at: QPointF) -> int | None:
        """The place of the trade whose line or arrow is at most ``NEAR`` px away."""
        if not len(self.places):
            return None
        away = _distance(self, at.x(), at.y())
        away[~np.isfinite(away)] = np.inf
        best = int(np.argmin(away))
        return int(self.places[best]) if away[best] <= NEAR else None


def _distance(put: Placed, x: float, y: float) -> Floats:
    """Px from a point to each trade's line; where the entry is not on the chart, to its exit."""
    ax, ay = np.where(np.isfinite(put.x1), put.x1, put.x2), np.where(np.isfinite(put.x1), put.y1, put.y2)
    dx, dy = put.x2 - ax, put.y2 - ay
    length = np.maximum(dx * dx + dy * dy, 1e-9)
    share = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0.0, 1.0)
    return np.asarray(np.hypot(ax + share * dx - x, ay + share * dy - y), dtype=np.float64)


def placed(stage: Stage, marks: TradeMarks) -> Placed:
    """The trades that can be seen, even in part."""
    series = stage.series
    first, last = stage.view.window(len(series))
    if first >= last or marks.symbol != series.symbol:
        return _put(stage, series, marks, np.empty(0, dtype=np.int64))
    start = int(series.starts[first])
    end = int(series.starts[last]) - 1 if last < len(series) else np.iinfo(np.int64).max
    return _put(stage, series, marks, marks.between(start, int(end)))


def _put(stage: Stage, series: Series, marks: TradeMarks, places: Whole) -> Placed:
    entered = np.searchsorted(series.starts, marks.entered[places], side="right") - 1
    left = np.searchsorted(series.starts, marks.left[places], side="right") - 1
    unknown = entered < 0
    x1 = np.where(unknown, np.nan, stage.view.xs(entered.astype(np.int64)))
    y1 = np.where(unknown, np.nan, stage.scale.ys(marks.entry[places]))
    return Placed(places, x1, y1, stage.view.xs(left.astype(np.int64)), stage.scale.ys(marks.exit[places]), entered, left)  # fmt: skip


def draw_marks(painter: QPainter, stage: Stage, marks: TradeMarks) -> None:
    """The trades in view: lines in one batch, arrows while there is room for them."""
    if not stage.panes.floor:
        return
    put = placed(stage, marks)
    if not len(put.places):
        return
    painter.save()
    painter.setClipRect(stage.panes.plot)
    detailed = len(put.places) <= DETAILED
    for won, token in ((True, "PROFIT"), (False, "LOSS")):
        _lines(painter, put, marks.won[put.places] == won, token, dashed=detailed and not won)
    (_arrows if detailed else _squares)(painter, stage, marks, put)
    painter.restore()


def _lines(painter: QPainter, put: Placed, which: NDArray[np.bool_], token: str, *, dashed: bool) -> None:
    """From each entry to its exit; what was lost is dashed, so that colour is not all that tells."""
    xs = np.column_stack((put.x1[which], put.x2[which], np.full(int(which.sum()), np.nan))).ravel()
    ys = np.column_stack((put.y1[which], put.y2[which], np.full(int(which.sum()), np.nan))).ravel()
    if not dashed:
        draw_line(painter, xs, ys, color(token))
        return
    painter.setPen(QPen(color(token), 1, Qt.PenStyle.DashLine))
    known = np.flatnonzero(which & np.isfinite(put.x1))
    painter.drawLines([QLineF(put.x1[i], put.y1[i], put.x2[i], put.y2[i]) for i in known])


def _edges(stage: Stage, bars: Whole, *, low: bool) -> Floats:
    """Px of the lows, or highs, of bars by index."""
    series = stage.series
    closed = series.closed.bars.low if low else series.closed.bars.high
    live = series.live.low if low else series.live.high
    inside = bars < len(series.closed)
    values = np.where(inside, closed[np.where(inside, bars, 0)] if len(closed) else live, live)
    return stage.scale.ys(np.asarray(values, dtype=np.float64))


def _ends(stage: Stage, marks: TradeMarks, put: Placed) -> list[tuple[bool, Floats, Floats]]:
    """What was bought and what was sold: whether bought, and where its arrow points, px."""
    long, known = marks.long[put.places], put.first >= 0
    out = list[tuple[bool, Floats, Floats]]()
    for bought in (True, False):
        into, out_of = known & (long == bought), (put.last >= 0) & (long != bought)
        bars = np.concatenate((put.first[into], put.last[out_of]))
        xs = np.concatenate((put.x1[into], put.x2[out_of])) + 0.5
        edge = _edges(stage, bars, low=bought)
        out.append((bought, xs, edge + 4 if bought else edge - 4))
    return out


def _arrows(painter: QPainter, stage: Stage, marks: TradeMarks, put: Placed) -> None:
    """An arrow up below the bar where it bought, down above the bar where it sold, as with fills; a ring round the chosen one."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    for bought, xs, tips in _ends(stage, marks, put):
        path, way = QPainterPath(), 1.0 if bought else -1.0
        path.setFillRule(Qt.FillRule.WindingFill)  # arrows over each other stay filled
        for x, tip in zip(xs.tolist(), tips.tolist(), strict=True):
            path.moveTo(x, tip)
            path.lineTo(x - 4.5, tip + way * 7)
            path.lineTo(x + 4.5, tip + way * 7)
            path.closeSubpath()
        painter.setBrush(color("BUY_INK" if bought else "SELL_INK"))
        painter.drawPath(path)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _squares(painter: QPainter, stage: Stage, marks: TradeMarks, put: Placed) -> None:
    for bought, xs, tips in _ends(stage, marks, put):
        rows = np.column_stack((xs - 1, tips - (0 if bought else 3), np.full(len(xs), 3.0), np.full(len(xs), 3.0)))
        fill_rectangles(painter, np.floor(rows), color("BUY_INK" if bought else "SELL_INK"))


def draw_chosen(painter: QPainter, stage: Stage, marks: TradeMarks, pointer: QPointF | None) -> None:
    """The chosen trade thick and ringed, and the one under the pointer in words."""
    if not stage.panes.floor or marks.symbol != stage.series.symbol:
        return
    put = placed(stage, marks)
    read = put.nearest(pointer) if pointer is not None else None
    chosen = marks.place(marks.chosen) if marks.chosen else None
    for place in {one for one in (chosen, read) if one is not None}:
        _thick(painter, stage, marks, put, place)
    if read is not None and pointer is not None:
        trade = marks.trades[read]
        _details(painter, stage, marks.words(trade.number), trade.profit > 0, pointer)


def _thick(painter: QPainter, stage: Stage, marks: TradeMarks, put: Placed, place: int) -> None:
    found = np.flatnonzero(put.places == place)
    if not len(found):
        return
    at = int(found[0])
    painter.save()
    painter.setClipRect(stage.panes.plot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(color("PROFIT" if marks.won[place] else "LOSS"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    ends = [QPointF(put.x2[at] + 0.5, put.y2[at])]
    if np.isfinite(put.x1[at]):
        ends.insert(0, QPointF(put.x1[at] + 0.5, put.y1[at]))
        painter.drawLine(ends[0], ends[1])
    for end in ends:
        painter.drawEllipse(end, 4.0, 4.0)
    painter.restore()


def _details(painter: QPainter, stage: Stage, words: Sequence[str], won: bool, pointer: QPointF) -> None:
    """A box beside the pointer that stays within the plot."""
    metrics = QFontMetricsF(theme.small())
    wide = max(metrics.horizontalAdvance(line) for line in words) + 2 * EDGE + 8
    tall = len(words) * LINE + EDGE
    x = pointer.x() + 14 if pointer.x() + 14 + wide < stage.panes.width else pointer.x() - 14 - wide
    y = max(2.0, min(pointer.y() + 14, stage.panes.floor - tall - 2))
    box = QRectF(max(2.0, x), y, wide, tall)
    draw_box(painter, box, color("BG3"))
    painter.fillRect(QRectF(box.x(), box.y(), 3, box.height()), color("PROFIT" if won else "LOSS"))
    for number, line in enumerate(words):
        painter.setFont(theme.small_bold() if not number else theme.small())
        painter.setPen(color("TX0" if number < 2 else "TX1"))
        row = QRectF(box.x() + EDGE, box.y() + 5 + number * LINE, wide - EDGE, LINE)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, line)
