"""Lines and areas cut off at the edges of a pane: plain floats, right for ends that are millions of px away."""

import math
from typing import NamedTuple

from PySide6.QtCore import QRectF

type Spot = tuple[float, float]  # x, y
type Segment = tuple[float, float, float, float]  # x and y of one end, x and y of the other
type Outline = tuple[Spot, ...]


class Pane(NamedTuple):
    """The edges of a pane in px: floats, for hundreds of lines are cut off at them in each frame."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is within."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def pane_of(rect: QRectF) -> Pane:
    """The edges of a rectangle."""
    return Pane(rect.left(), rect.top(), rect.right(), rect.bottom())


def clipped(a: Spot, b: Spot, pane: Pane, reach: float = 1.0) -> Segment | None:
    """The part within ``pane`` of the line from ``a`` to ``b``, or on to ``reach`` times as far; None when there is none.

    Liang and Barsky, “A New Concept and Method for Line Clipping”, ACM Transactions on Graphics 3 (1984).
    """
    ax, ay = a
    if reach == 1.0 and pane.holds(ax, ay) and pane.holds(*b):
        return ax, ay, b[0], b[1]
    dx, dy = b[0] - ax, b[1] - ay
    begin, end = 0.0, reach
    for step, room in ((-dx, ax - pane.left), (dx, pane.right - ax), (-dy, ay - pane.top), (dy, pane.bottom - ay)):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            begin = max(begin, room / step)
        else:
            end = min(end, room / step)
    if begin > end or math.isinf(end):
        return None
    return ax + begin * dx, ay + begin * dy, ax + end * dx, ay + end * dy


def clipped_area(points: Outline, pane: Pane) -> Outline:
    """The part of a convex area within ``pane``; empty when there is none.

    Sutherland and Hodgman, “Reentrant Polygon Clipping”, Communications of the ACM 17 (1974).
    """
    if all(pane.holds(x, y) for x, y in points):
        return points
    for axis, sign, edge in ((0, 1, pane.left), (0, -1, pane.right), (1, 1, pane.top), (1, -1, pane.bottom)):
        kept: list[Spot] = []
        for here, there in zip(points, points[1:] + points[:1], strict=True):
            inside, outside = (here[axis] - edge) * sign, (there[axis] - edge) * sign
            if inside >= 0:
                kept.append(here)
            if (inside > 0 > outside) or (inside < 0 < outside):
                share = inside / (inside - outside)
                kept.append((here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])))
        points = tuple(kept)
    return points


def clipped_box(a: Spot, b: Spot, pane: Pane) -> Outline:
    """The same for an upright box between two corners."""
    left, right = max(pane.left, min(a[0], b[0])), min(pane.right, max(a[0], b[0]))
    top, bottom = max(pane.top, min(a[1], b[1])), min(pane.bottom, max(a[1], b[1]))
    if left > right or top > bottom:
        return ()
    return (left, top), (right, top), (right, bottom), (left, bottom)


def distance(segment: Segment, x: float, y: float) -> float:
    """Px from a point to the nearest point of a segment."""
    ax, ay, bx, by = segment
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = 0.0 if square == 0 else max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / square))
    return math.hypot(ax + share * dx - x, ay + share * dy - y)


def within(outline: Outline, x: float, y: float) -> bool:
    """Whether a point lies within a convex area."""
    sides = [(bx - ax) * (y - ay) - (by - ay) * (x - ax)
             for (ax, ay), (bx, by) in zip(outline, outline[1:] + outline[:1], strict=True)]  # fmt: skip
    return bool(sides) and (all(side >= 0 for side in sides) or all(side <= 0 for side in sides))
