"""Where a hand means to be: on a bar, on a whole tick, on a bar's own price with the magnet, on a straight line with Shift."""

import math

from PySide6.QtCore import QPointF

from qv_desktop.domain.drawings import EARLIEST, LATEST, MOST_PRICE, Anchor, Kind
from qv_desktop.ui.chart.drawing.plane import Plane

PULL = 12.0  # px up or down within which the magnet takes a bar's price
STRAIGHT = frozenset({Kind.TREND, Kind.RAY, Kind.CHANNEL})  # kinds that Shift keeps level, upright or at 45°


def snapped(plane: Plane, at: QPointF, magnet: bool) -> Anchor | None:
    """The anchor meant at a point; None where the axis has no price there."""
    free = plane.anchor(at)
    if not abs(free.price) <= MOST_PRICE:  # nor NaN
        return None
    bar = plane.bar(at.x())
    moment = free.at if bar is None else bar.start
    if bar is not None and magnet:
        prices = (
            (abs(plane.point(Anchor(moment, price)).y() - at.y()), price)
            for price in (bar.open, bar.high, bar.low, bar.close)
        )
        far, price = min(prices)
        if far <= PULL:
            return Anchor(moment, price)
    return Anchor(max(EARLIEST, min(moment, LATEST)), round(free.price, plane.decimals))


def straightened(plane: Plane, fixed: Anchor, at: QPointF) -> Anchor | None:
    """The anchor near a point that is level with, above or at 45° from ``fixed``; it stays on a bar."""
    hub = plane.point(fixed)
    across, down = at.x() - hub.x(), at.y() - hub.y()
    eighth = round(math.atan2(down, across) / (math.pi / 4)) % 4  # 0 level, 1 falling, 2 upright, 3 rising
    if eighth == 2:
        free = snapped(plane, QPointF(hub.x(), at.y()), False)
        return None if free is None else Anchor(fixed.at, free.price)
    free = snapped(plane, at, False)
    if eighth == 0 or free is None:
        return None if free is None else Anchor(free.at, fixed.price)
    reach = plane.point(free).x() - hub.x()
    slope = 1 if eighth == 1 else -1
    price = plane.anchor(QPointF(hub.x() + reach, hub.y() + slope * reach)).price
    return Anchor(free.at, round(price, plane.decimals)) if abs(price) <= MOST_PRICE else None
