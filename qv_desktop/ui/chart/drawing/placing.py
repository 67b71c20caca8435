"""A drawing that is being made: by a click for each point, or by press, drag and release for the first two."""

import math

from PySide6.QtCore import QPointF

from qv_desktop.domain.drawings import ANCHORS, Anchor, Drawing, Kind, drawn
from qv_desktop.ui.chart.drawing.plane import Plane
from qv_desktop.ui.chart.drawing.snapping import STRAIGHT, snapped, straightened

DRAG = (
    4.0  # px that a press must move to be a drag; a second click nearer than this to the first is the same click again
)


class Placing:
    """Points are fixed one after the other; the one after them follows the pointer."""

    def __init__(self, kind: Kind, id: str, symbol: str) -> None:
        self.kind, self._id, self._symbol = kind, id, symbol
        self._fixed: list[Anchor] = []
        self._next: Anchor | None = None
        self._pressed: QPointF | None = None  # where the button went down
        self._opening = False  # that press fixed the first point
        self._clicked: QPointF | None = None  # where the last point was fixed

    @property
    def held(self) -> bool:
        """Whether the button is down."""
        return self._pressed is not None

    @property
    def begun(self) -> bool:
        """Whether a point is there already."""
        return bool(self._fixed) or self.held

    def press(self, plane: Plane, at: QPointF, *, straight: bool, magnet: bool) -> None:
        """The button goes down."""
        self._pressed = at
        self.move(plane, at, straight=straight, magnet=magnet)
        if not self._fixed and self._next is not None and ANCHORS[self.kind] > 1:
            self._fixed, self._clicked, self._opening = [self._next], at, True

    def move(self, plane: Plane, at: QPointF, *, straight: bool, magnet: bool) -> None:
        """The pointer moves, with the button or without."""
        if straight and self._fixed and self.kind in STRAIGHT and len(self._fixed) == 1:
            meant = straightened(plane, self._fixed[-1], at)
        else:
            meant = snapped(plane, at, magnet)
        self._next = meant if meant is not None else self._next

    def release(self, at: QPointF) -> bool:
        """The button goes up: whether the drawing is done."""
        pressed, self._pressed = self._pressed, None
        opening, self._opening = self._opening, False
        if pressed is None or self._next is None:
            return False
        dragged = _far(pressed, at)
        if self._fixed and not dragged and (opening or not _far(self._clicked, at)):
            return False  # the click that fixed the point before, or the same one again
        if self._next in self._fixed[-1:]:
            return False
        self._fixed.append(self._next)
        self._clicked = at
        return len(self._fixed) == ANCHORS[self.kind]

    def draft(self) -> Drawing | None:
        """The drawing as it would be if it were done now; None before there is a point."""
        if self._next is None or not self.begun:
            return None
        rest = ANCHORS[self.kind] - len(self._fixed)
        return drawn(self._id, self._symbol, self.kind, (*self._fixed, *[self._next] * rest))


def _far(a: QPointF | None, b: QPointF) -> bool:
    return a is None or math.hypot(a.x() - b.x(), a.y() - b.y()) > DRAG
