"""What the mouse and the keys do to the view: pan, zoom and scale; the canvas asks and keeps the answer."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, Qt

from qv_desktop.ui.chart.stage import Panes
from qv_desktop.ui.chart.viewport import Scale, View, earliest, latest, moved, opened, zoomed

type Zone = Literal["plot", "prices", "times"]

WHEEL = 1.0013  # per unit of the wheel's angle; a notch is 120
KEY_ZOOM = 1.25
CURSORS = {
    "plot": Qt.CursorShape.CrossCursor,
    "prices": Qt.CursorShape.SizeVerCursor,
    "times": Qt.CursorShape.SizeHorCursor,
}


def zone_of(panes: Panes, at: QPointF) -> Zone:
    """Which part of the chart is under the pointer."""
    if at.y() >= panes.bottom:
        return "times"
    return "prices" if at.x() >= panes.width else "plot"


@dataclass(frozen=True, slots=True)
class Drag:
    """A drag in progress: where it began and what was seen then."""

    zone: Zone
    start: QPointF
    view: View
    scale: Scale


def dragged(drag: Drag, to: QPointF, count: int) -> View:
    """The view while the plot or the time axis is dragged."""
    across = to.x() - drag.start.x()
    if drag.zone == "times":
        return zoomed(drag.view, 1.005**across, drag.view.width, count)
    return moved(drag.view, -across / drag.view.spacing, count)


def scaled(drag: Drag, to: QPointF) -> Scale:
    """The price scale while its axis is dragged: down makes the range greater."""
    return drag.scale.stretched(1.006 ** (to.y() - drag.start.y()))


def wheeled(view: View, angle: QPointF, x: float, count: int) -> View:
    """Zoomed at the pointer by the wheel; sideways movement pans."""
    if abs(angle.x()) > abs(angle.y()):
        return moved(view, -angle.x() / 12 / view.spacing, count)
    return zoomed(view, WHEEL ** angle.y(), min(x, view.width), count)


def keyed(view: View, key: int, control: bool, alt: bool, count: int) -> View | None:
    """The view after a key, or None where the key means nothing here."""
    if alt:
        return opened(view.width, count) if key == Qt.Key.Key_R and not control else None
    if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        step = view.bars * 0.9 if control else 1.0
        return moved(view, step if key == Qt.Key.Key_Right else -step, count)
    if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and control:
        anchor = min(view.x(count - 1), view.width)
        return zoomed(
            view, KEY_ZOOM if key == Qt.Key.Key_Up else 1 / KEY_ZOOM, anchor if anchor > 0 else view.width / 2, count
        )
    if key == Qt.Key.Key_Home:
        return earliest(view, count)
    return latest(view, count) if key == Qt.Key.Key_End else None
