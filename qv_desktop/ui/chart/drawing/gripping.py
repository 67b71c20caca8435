"""A drawing in the hand: one handle follows the pointer, or the whole moves by bars and ticks."""

import math

from PySide6.QtCore import QPointF

from qv_desktop.domain.drawings import MOST_PRICE, Anchor, Drawing, Kind, moved, shifted
from qv_desktop.ui.chart.drawing.plane import Plane
from qv_desktop.ui.chart.drawing.snapping import STRAIGHT, snapped, straightened

STARTS = 3.0  # px before a press becomes a drag, so that choosing a drawing does not move it
BY_THE_POINT = frozenset(
    {Kind.HORIZONTAL, Kind.VERTICAL, Kind.CROSS}
)  # these go where the pointer is, wherever they are held


class Grip:
    """``drawing`` as it was when the button went down; ``handle`` is None for the whole."""

    def __init__(self, drawing: Drawing, handle: int | None, at: QPointF) -> None:
        self.drawing, self._at = drawing, at
        self._handle = 0 if handle is None and drawing.kind in BY_THE_POINT else handle
        self.draft = drawing
        self.dragging = False

    def move(self, plane: Plane, at: QPointF, *, straight: bool, magnet: bool) -> None:
        """The pointer moves: ``draft`` follows."""
        self.dragging = self.dragging or math.hypot(at.x() - self._at.x(), at.y() - self._at.y()) > STARTS
        if not self.dragging:
            return
        if self._handle is None:
            self.draft = carried(plane, self.drawing, at - self._at)
        else:
            meant = self._meant(plane, at, straight=straight, magnet=magnet)
            self.draft = self.draft if meant is None else moved(self.drawing, self._handle, meant)

    def _meant(self, plane: Plane, at: QPointF, *, straight: bool, magnet: bool) -> Anchor | None:
        if straight and self.drawing.kind in STRAIGHT and self._handle in (0, 1):
            return straightened(plane, self.drawing.anchors[1 - self._handle], at)
        return snapped(plane, at, magnet)


def carried(plane: Plane, drawing: Drawing, way: QPointF) -> Drawing:
    """The whole drawing moved by about ``way`` px: by whole bars, and so that its first anchor stands on a tick."""
    bars = round(way.x() / plane.spacing)
    lead = drawing.anchors[0]
    down = 0.0
    if way.y():
        stand = plane.point(lead)
        price = round(plane.anchor(QPointF(stand.x(), stand.y() + way.y())).price, plane.decimals)
        down = plane.point(Anchor(lead.at, price)).y() - stand.y()

    def shift(anchor: Anchor) -> Anchor:
        there = plane.stepped(anchor, bars)
        if not down:
            return there
        point = plane.point(there)
        return Anchor(there.at, round(plane.anchor(QPointF(point.x(), point.y() + down)).price, plane.decimals))

    after = shifted(drawing, shift)
    return after if all(abs(anchor.price) <= MOST_PRICE for anchor in after.anchors) else drawing


def nudged(plane: Plane, drawing: Drawing, bars: int, ticks: int) -> Drawing:
    """The whole drawing moved by so many bars and ticks."""
    tick = 10.0**-plane.decimals

    def shift(anchor: Anchor) -> Anchor:
        there = plane.stepped(anchor, bars) if bars else anchor
        return Anchor(there.at, round(there.price + ticks * tick, plane.decimals + 4)) if ticks else there

    return shifted(drawing, shift)
