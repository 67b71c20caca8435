"""The drawings of one symbol as they are seen on a plane, worked out once for as long as both stay the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPixmap

from qv_desktop.domain.drawings import Drawing
from qv_desktop.ui import wardrobe
from qv_desktop.ui.chart.drawing.clipping import pane_of
from qv_desktop.ui.chart.drawing.painting import Sheet
from qv_desktop.ui.chart.drawing.plane import Plane
from qv_desktop.ui.chart.drawing.shapes import Shape, handle_at, inside, on, shape

FEW = 24  # drawings that are painted sooner than a layer as large as the pane is copied

type Seen = tuple[Drawing, Shape]


@dataclass(frozen=True, slots=True)
class Hit:
    """What is under the pointer: a drawing by its handle, or as a whole where that is None."""

    drawing: Drawing
    handle: int | None


class Scene:
    """Drawings in the order in which they are painted."""

    def __init__(self) -> None:
        self._drawings: tuple[Drawing, ...] = ()
        self._plane: Plane | None = None
        self._seen: list[Seen] | None = None
        self._layer: QPixmap | None = None  # many drawings as they look at rest
        self._without, self._theme = "", 0  # which one is left out of it, and in which colours it is painted

    def take(self, drawings: Mapping[str, Drawing]) -> None:
        """Other drawings from now on."""
        self._drawings, self._seen, self._layer = tuple(drawings.values()), None, None

    def seen(self, plane: Plane) -> list[Seen]:
        """Those that can be seen, the topmost last."""
        if self._seen is None or plane != self._plane:
            self._plane, self._layer, pane = plane, None, pane_of(plane.rect)
            shapes = ((drawing, shape(drawing, plane, pane)) for drawing in self._drawings if not drawing.hidden)
            self._seen = [(drawing, made) for drawing, made in shapes if made is not None]
        return self._seen

    def paint(self, painter: QPainter, plane: Plane, without: str) -> None:
        """All that can be seen as it looks at rest, without the one that is in a hand; many are painted once and then copied."""
        seen = self.seen(plane)
        if len(seen) <= FEW:
            _sheet(seen, without).paint(painter)
            return
        ratio = painter.device().devicePixelRatioF()
        wanted = without, wardrobe.themes(), ratio
        if self._layer is None or (self._without, self._theme, self._layer.devicePixelRatio()) != wanted:
            self._without, self._theme, _ = wanted
            self._layer = _layer(plane, _sheet(seen, without), ratio)
        painter.drawPixmap(plane.rect.topLeft(), self._layer)

    def hit(self, plane: Plane, at: QPointF, chosen: str) -> Hit | None:
        """The chosen one where it is hit, its inside too; else the topmost that is. The inside of others lets the chart through."""
        for drawing, made in self._in_order(plane, chosen):
            handle = handle_at(made, at)
            if handle is not None or on(made, at) or (drawing.id == chosen and inside(made, at)):
                return Hit(drawing, handle)
        return None

    def _in_order(self, plane: Plane, chosen: str) -> Iterator[Seen]:
        seen = self.seen(plane)
        yield from (pair for pair in seen if pair[0].id == chosen)
        yield from (pair for pair in reversed(seen) if pair[0].id != chosen)


def _sheet(seen: list[Seen], without: str) -> Sheet:
    sheet = Sheet()
    for drawing, made in seen:
        if drawing.id != without:
            sheet.add(drawing, made, "plain")
    return sheet


def _layer(plane: Plane, sheet: Sheet, ratio: float) -> QPixmap:
    pane = plane.rect
    layer = QPixmap((pane.size() * ratio).toSize())
    layer.setDevicePixelRatio(ratio)
    layer.fill(Qt.GlobalColor.transparent)
    painter = QPainter(layer)
    painter.translate(-pane.topLeft())
    sheet.paint(painter)
    painter.end()
    return layer
