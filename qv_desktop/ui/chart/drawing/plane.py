"""What a drawing needs to know of the chart: where a moment and a price stand, and which bar is near."""

import math
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF

from qv_desktop.domain.drawings import EARLIEST, LATEST, Anchor
from qv_desktop.domain.market import SECOND, Bar
from qv_desktop.ui.chart.stage import Stage

EXACT = 1e-6  # of a bar: nearer than this to a bar's middle is its start to the nanosecond


class Plane(Protocol):
    """One view of a chart. Points are px from the top left; they may be far outside, or not finite where a price has no place."""

    @property
    def rect(self) -> QRectF:
        """The price pane."""

    @property
    def decimals(self) -> int:
        """Digits of a price after the point; the last is one tick."""

    @property
    def spacing(self) -> float:
        """Px from one bar to the next."""

    def point(self, anchor: Anchor) -> QPointF:
        """Where an anchor stands."""

    def anchor(self, point: QPointF) -> Anchor:
        """What stands at a point; ``point`` of it is the same point again."""

    def bar(self, x: float) -> Bar | None:
        """The bar nearest to ``x``; None beyond the first and the last."""

    def stepped(self, anchor: Anchor, bars: float) -> Anchor:
        """The anchor so many bars later, back when negative; times in which nothing trades take no width."""

    def bars_between(self, a: Anchor, b: Anchor) -> int:
        """How many bars from ``a`` to ``b``; negative when ``b`` is earlier."""


class StagePlane:
    """``Plane`` on today's chart. Equal when the stage is the very same, so that what was worked out for it holds."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._starts = stage, stage.series.starts
        self._frame = stage.series.frame.seconds * SECOND
        self._rect = QRectF(0, 0, stage.panes.width, stage.panes.floor)
        self._first, self._last, self._end = int(self._starts[0]), int(self._starts[-1]), len(self._starts) - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StagePlane) and other._stage is self._stage

    def __hash__(self) -> int:
        return id(self._stage)

    @property
    def rect(self) -> QRectF:
        """The price pane."""
        return self._rect

    @property
    def decimals(self) -> int:
        """Digits of a price after the point."""
        return self._stage.decimals

    @property
    def spacing(self) -> float:
        """Px from one bar to the next."""
        return self._stage.view.x(1) - self._stage.view.x(0)

    def point(self, anchor: Anchor) -> QPointF:
        """Where an anchor stands."""
        return QPointF(self._stage.view.x(self._index(anchor.at)), self._stage.scale.y(anchor.price))

    def anchor(self, point: QPointF) -> Anchor:
        """What stands at a point."""
        return Anchor(self._at(self._stage.view.index(point.x())), float(self._stage.scale.value(point.y())))

    def bar(self, x: float) -> Bar | None:
        """The bar nearest to ``x``; None beyond the first and the last."""
        index = round(self._stage.view.index(x))
        return self._stage.series.bar(index) if 0 <= index <= self._end else None

    def stepped(self, anchor: Anchor, bars: float) -> Anchor:
        """The anchor so many bars later."""
        return Anchor(self._at(self._index(anchor.at) + bars), anchor.price)

    def bars_between(self, a: Anchor, b: Anchor) -> int:
        """How many bars from ``a`` to ``b``."""
        return round(self._index(b.at) - self._index(a.at))

    def _index(self, at: int) -> float:
        """Which bar a moment is, as a fraction: in proportion between two starts, by the timeframe before and after them all."""
        if at <= self._first:
            return (at - self._first) / self._frame
        if at >= self._last:
            return self._end + (at - self._last) / self._frame
        index = int(self._starts.searchsorted(at, side="right")) - 1
        start = int(self._starts[index])
        return index if at == start else index + (at - start) / (int(self._starts[index + 1]) - start)

    def _at(self, index: float) -> int:
        """The moment of a fractional bar: the way back of ``_index``."""
        near = round(index)
        index = near if abs(index - near) < EXACT else index
        whole = math.floor(index)
        if index <= 0:
            at = self._first + round(index * self._frame)
        elif whole >= self._end:
            at = self._last + round((index - self._end) * self._frame)
        else:
            start = int(self._starts[whole])
            at = start + round((index - whole) * (int(self._starts[whole + 1]) - start))
        return max(EARLIEST, min(at, LATEST))
