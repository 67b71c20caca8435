"""The ground behind the candles: hours before the open and after the close, day separators, and holes in the feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter

from qv_desktop.domain.market import ns
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.ui import theme
from qv_desktop.ui.chart import times
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.strokes import DASHED, draw_all_down, faint, fill_rectangles
from qv_desktop.ui.chart.viewport import View

HEADER = 46  # px at the top that the legend keeps
NARROWEST_DAY = 48.0  # px; days drawn narrower are not shaded


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of time of which the feed told us nothing, or in which nothing traded; ``kind`` names it."""

    start: datetime
    end: datetime
    kind: str = "feed gap"

    @property
    def text(self) -> str:
        """Its length in words."""
        seconds = int((self.end - self.start).total_seconds())
        return f"{self.kind} {seconds} s" if seconds < 120 else f"{self.kind} {seconds // 60} min"


def spans(inside: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def day_width(series: Series, view: View) -> float:
    """Px between two days' first bars, roughly."""
    return view.spacing * times.DAY / max(1, series.frame.seconds) * 0.5


@dataclass(frozen=True, slots=True)
class Hours:
    """Regular hours by day, shape (n,) each: days since 1970, opens and closes in New York seconds after midnight.

    Days that are not in it, as those before the broker's calendar begins, open at 09:30 and close at 16:00.
    """

    days: times.Whole
    opens: times.Whole
    closes: times.Whole

    def outside(self, local: times.Whole, seconds: int = 1) -> NDArray[np.bool_]:
        """Which bars of so many seconds, by their starts in New York wall-clock seconds, lie wholly outside their day's hours.

        A bar that holds the open, as the hour from 09:00 does, is inside: the opening prints are in it.
        """
        day, clock = local // times.DAY, local % times.DAY
        opens, closes = np.full(len(local), times.OPEN), np.full(len(local), times.CLOSE)
        if len(self.days):
            place = np.minimum(np.searchsorted(self.days, day), len(self.days) - 1)
            known = self.days[place] == day
            opens[known], closes[known] = self.opens[place][known], self.closes[place][known]
        return np.asarray((clock + seconds <= opens) | (clock >= closes))


def hours(sessions: Sequence[MarketSession]) -> Hours:
    """The regular hours of ``sessions``, oldest day first."""
    opens, closes = (
        times.local_seconds(np.array([ns(moment) for moment in moments], dtype=np.int64))
        for moments in ([s.open for s in sessions], [s.close for s in sessions])
    )
    return Hours(opens // times.DAY, opens % times.DAY, closes % times.DAY)


def draw_hours(painter: QPainter, series: Series, view: View, height: float, regular: Hours) -> None:
    """Shade what lies outside ``regular`` hours."""
    if not series.frame.intraday or day_width(series, view) < NARROWEST_DAY:
        return
    first, last = view.window(len(series))
    runs = spans(regular.outside(series.local(first, last), series.frame.seconds))
    left = [np.floor(view.x(first + begin - 0.5)) for begin, _ in runs]
    right = [np.floor(view.x(first + end - 0.5)) for _, end in runs]
    rows = np.array([(a, 0.0, b - a, height) for a, b in zip(left, right, strict=True)]).reshape(-1, 4)
    fill_rectangles(painter, rows, faint("TX0", 0.028))


def draw_separators(painter: QPainter, series: Series, view: View, height: float) -> None:
    """A dashed line where a new day begins; where a new year begins on bars of a day and longer."""
    if series.frame.intraday and day_width(series, view) < NARROWEST_DAY:
        return
    first, last = view.window(len(series))
    if series.frame.intraday:  # New York's days, whatever clock the axis is written in
        at = np.flatnonzero(np.diff(series.local(first, last) // times.DAY)) + first + 1
    else:
        at = np.flatnonzero(series.ranks[first:last] >= times.YEARLY) + first
    if len(at) * NARROWEST_DAY > view.width * 2:
        return
    draw_all_down(painter, view.xs(at) - view.spacing / 2, 0, height, theme.color("EDGE"), DASHED)


def draw_holes(painter: QPainter, holes: list[Hole], series: Series, view: View, height: float) -> None:
    """Hatch the bars that a feed gap touches and say how long it was."""
    for hole in holes:
        _hatch(painter, _box(series, view, height, hole.start, hole.end), theme.color("TX2"), hole.text)


def draw_halts(painter: QPainter, halts: Sequence[Hole], series: Series, view: View, height: float) -> None:
    """Hatch the bars during which trading was halted."""
    for halt in halts:
        _hatch(painter, _box(series, view, height, halt.start, halt.end), theme.color("WARN"), halt.text)


def _box(series: Series, view: View, height: float, start: datetime, end: datetime) -> QRectF:
    """The bars from the one that holds ``start`` to the one that holds ``end``; empty out of view or in hours not shown."""
    first, last = series.index_at(ns(start)), series.index_at(ns(end))
    if first == last and series.past(first, ns(start)):
        return QRectF()
    left, right = view.x(max(first, 0) - 0.5), view.x(max(last, 0) + 0.5)
    if last < 0 or right < 0 or left > view.width:
        return QRectF()
    return QRectF(int(left), 0, max(3, int(right - left)), height)


def _hatch(painter: QPainter, box: QRectF, hue: QColor, words: str) -> None:
    if box.isEmpty():
        return
    ground, lines, ink = QColor(hue), QColor(hue), QColor(hue)
    ground.setAlpha(22)
    lines.setAlpha(48)
    ink.setAlpha(210)
    painter.fillRect(box, ground)
    painter.fillRect(box, QBrush(lines, Qt.BrushStyle.BDiagPattern))
    painter.setFont(theme.tiny())
    painter.setPen(ink)
    painter.drawText(QRectF(box.center().x() - 80, HEADER, 160, 14), Qt.AlignmentFlag.AlignCenter, words)
