"""What each kind of drawing looks like on a plane: lines within the pane, areas, words, and where hands take hold."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontMetricsF

from qv_desktop.domain.drawings import Anchor, Drawing, Kind
from qv_desktop.ui import theme
from qv_desktop.ui.chart.drawing import words
from qv_desktop.ui.chart.drawing.clipping import (
    Outline,
    Pane,
    Segment,
    Spot,
    clipped,
    clipped_area,
    clipped_box,
    distance,
    pane_of,
    within,
)
from qv_desktop.ui.chart.drawing.plane import Plane

NEAR, GRASP = 6.0, 8.0  # px from a line, and from a handle, that still count as on it
INSET = 24.0  # px from the edge: how far in the handle of a line stands that crosses the whole pane
SHORTEST = 60.0  # px of a retracement's levels, so that a steep one can be read
LINE = 16.0  # px of a line of words
ARROW = 4.0  # px

type Box = tuple[float, float, float, float]  # left, top, width, height


@dataclass(slots=True)
class Label:
    """Words in a box in px; a ``veil`` dims what is behind them, a ``plate`` hides it."""

    box: Box
    lines: tuple[str, ...]
    ground: Literal["", "veil", "plate"] = ""


@dataclass(slots=True)
class Shape:
    """What can be seen of a drawing. ``handles`` are in the order of ``moved``'s indices and may lie outside the pane."""

    lines: tuple[Segment, ...]
    handles: tuple[Spot, ...]
    faint: tuple[Segment, ...] = ()
    area: Outline = ()
    labels: tuple[Label, ...] = ()


def shape(drawing: Drawing, plane: Plane, pane: Pane | None = None) -> Shape | None:
    """The drawing on ``plane``; None when none of it is in the pane, or a price of it has no place on this axis."""
    points = [plane.point(anchor) for anchor in drawing.anchors]
    spots = tuple((point.x(), point.y()) for point in points)
    for x, y in spots:
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
    made = _SHAPES[drawing.kind](drawing, plane, pane or pane_of(plane.rect), spots)
    return made if made.lines or made.faint or made.area or made.labels else None


def handle_at(shape: Shape, at: QPointF) -> int | None:
    """The handle within 8 px, the nearest one."""
    reach = [(math.hypot(x - at.x(), y - at.y()), i) for i, (x, y) in enumerate(shape.handles)]
    far, index = min(reach, default=(math.inf, 0))
    return index if far <= GRASP else None


def on(shape: Shape, at: QPointF) -> bool:
    """Whether a point is within 6 px of the drawing's lines, or on its words."""
    x, y = at.x(), at.y()
    if any(_holds(label.box, x, y) for label in shape.labels):
        return True
    return any(_near(segment, x, y) and distance(segment, x, y) <= NEAR for segment in (*shape.lines, *shape.faint))


def inside(shape: Shape, at: QPointF) -> bool:
    """Whether a point is within the drawing's area."""
    return within(shape.area, at.x(), at.y())


def _holds(box: Box, x: float, y: float) -> bool:
    return box[0] - 2 <= x <= box[0] + box[2] + 2 and box[1] - 2 <= y <= box[1] + box[3] + 2


def _near(segment: Segment, x: float, y: float) -> bool:
    ax, ay, bx, by = segment
    return min(ax, bx) - NEAR <= x <= max(ax, bx) + NEAR and min(ay, by) - NEAR <= y <= max(ay, by) + NEAR


def _kept(*lines: Segment | None) -> tuple[Segment, ...]:
    return tuple(line for line in lines if line is not None)


def _trend(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    return Shape(_kept(clipped(spots[0], spots[1], pane)), spots)


def _ray(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    return Shape(_kept(clipped(spots[0], spots[1], pane, math.inf)), spots)


def _across(pane: Pane, y: float) -> Segment | None:
    return (pane.left, y, pane.right, y) if pane.top <= y <= pane.bottom else None


def _down(pane: Pane, x: float) -> Segment | None:
    return (x, pane.top, x, pane.bottom) if pane.left <= x <= pane.right else None


def _within(value: float, low: float, high: float) -> float:
    return max(low + INSET, min(value, high - INSET))


def _horizontal(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    ((x, y),) = spots
    return Shape(_kept(_across(pane, y)), ((_within(x, pane.left, pane.right), y),))


def _vertical(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    ((x, y),) = spots
    return Shape(_kept(_down(pane, x)), ((x, _within(y, pane.top, pane.bottom)),))


def _cross(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    ((x, y),) = spots
    return Shape(_kept(_across(pane, y), _down(pane, x)), spots)


def _channel(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    """The third point lies on the line parallel to the first two, whose ends stand above or below theirs."""
    (ax, ay), (bx, by), (cx, cy) = spots
    aside, below = cx - ax, 0.0
    if ax != bx:
        aside, below = 0.0, cy - ay - (by - ay) * (cx - ax) / (bx - ax)
    far_a, far_b = (ax + aside, ay + below), (bx + aside, by + below)
    middle = clipped((ax + aside / 2, ay + below / 2), (bx + aside / 2, by + below / 2), pane)
    area = clipped_area((spots[0], spots[1], far_b, far_a), pane)
    return Shape(_kept(clipped(spots[0], spots[1], pane), clipped(far_a, far_b, pane)), spots, _kept(middle), area)


def _rectangle(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    (ax, ay), (bx, by) = spots
    corners = ((ax, ay), (bx, by), (ax, by), (bx, ay))
    area = clipped_box(spots[0], spots[1], pane)
    if not area:
        return Shape((), corners)
    edges = (clipped((ax, ay), (bx, ay), pane), clipped((bx, ay), (bx, by), pane),
             clipped((bx, by), (ax, by), pane), clipped((ax, by), (ax, ay), pane))  # fmt: skip
    return Shape(_kept(*edges), corners, area=area)


def _fibonacci(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    (ax, ay), (bx, by) = spots
    begin, end = drawing.anchors
    left, right = min(ax, bx), max(ax, bx, min(ax, bx) + SHORTEST)
    if left > pane.right or right < pane.left:
        return Shape((), spots)
    lines: list[Segment] = []
    labels: list[Label] = []
    for share in drawing.levels:
        price = end.price + (begin.price - end.price) * share
        y = plane.point(Anchor(end.at, price)).y()
        if pane.top <= y <= pane.bottom:  # also leaves out what has no place on this axis
            lines.append((max(left, pane.left), y, min(right, pane.right), y))
            labels.append(_beside(pane, left, y, words.level(share, price, plane.decimals)))
    area = clipped_box((left, ay), (right, by), pane)
    return Shape(tuple(lines), spots, _kept(clipped(spots[0], spots[1], pane)), area, tuple(labels))


def _beside(pane: Pane, x: float, y: float, text: str) -> Label:
    """A level's words to the left of where it begins, or upon it where there is no room."""
    wide, top = _wide(text), max(pane.top, min(y - LINE / 2, pane.bottom - LINE))
    left = x - wide - 6 if x - wide - 6 >= pane.left else max(x, pane.left) + 6
    return Label((left, top, wide, LINE), (text,), "veil")


def _text(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    ((x, y),) = spots
    box = (x + 7, y - LINE / 2, _wide(drawing.text or " "), LINE)
    seen = x <= pane.right and box[0] + box[2] >= pane.left and y + LINE >= pane.top and y - LINE <= pane.bottom
    return Shape((), spots, labels=(Label(box, (drawing.text,)),) if seen else ())


def _measure(drawing: Drawing, plane: Plane, pane: Pane, spots: Outline) -> Shape:
    a, b = spots
    area = clipped_box(a, b, pane)
    if not area:
        return Shape((), spots)
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    down, across = ((x, a[1]), (x, b[1])), ((a[0], y), (b[0], y))
    arrows = [clipped(one, other, pane) for one, other in (down, across, *_tip(*down), *_tip(*across))]
    begin, end = drawing.anchors
    said = words.measure(begin, end, plane.bars_between(begin, end), plane.decimals)
    return Shape(_kept(*arrows), spots, area=area, labels=(Label(_under(pane, a, b, said), said, "plate"),))


def _tip(start: Spot, end: Spot) -> tuple[tuple[Spot, Spot], ...]:
    """The two strokes of an arrow's head at ``end``; none where the arrow is too short for one."""
    (ax, ay), (bx, by) = start, end
    long = math.hypot(bx - ax, by - ay)
    if long < 2 * ARROW:
        return ()
    along, aside = (bx - ax) * ARROW / long, (by - ay) * ARROW / long
    return (end, (bx - along - aside, by - aside + along)), (end, (bx - along + aside, by - aside - along))


def _under(pane: Pane, a: Spot, b: Spot, said: tuple[str, ...]) -> Box:
    """A plate beyond the end of a measure, kept within the pane."""
    wide, tall = max(map(_wide, said)) + 16, len(said) * LINE + 6
    top = b[1] + 8 if b[1] >= a[1] else b[1] - tall - 8
    left = (a[0] + b[0] - wide) / 2
    return max(pane.left, min(left, pane.right - wide)), max(pane.top, min(top, pane.bottom - tall)), wide, tall


@lru_cache(maxsize=4096)
def _wide(text: str) -> float:
    return QFontMetricsF(theme.small()).horizontalAdvance(text) + 2


_SHAPES: dict[Kind, Callable[[Drawing, Plane, Pane, Outline], Shape]] = {
    Kind.TREND: _trend, Kind.RAY: _ray, Kind.HORIZONTAL: _horizontal, Kind.VERTICAL: _vertical, Kind.CROSS: _cross,
    Kind.CHANNEL: _channel, Kind.RECTANGLE: _rectangle, Kind.FIBONACCI: _fibonacci, Kind.TEXT: _text, Kind.MEASURE: _measure,
}  # fmt: skip
