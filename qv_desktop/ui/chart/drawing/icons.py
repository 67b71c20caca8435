"""Icons of the drawing tools, as strokes on a 16 × 16 grid that are painted in the theme's colours."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

GRID = 16.0
_HOLE = 1.7  # radius of the ring at a point

type Path = tuple[float, ...]  # x and y of one point after the other

_LINES: dict[str, tuple[Path, ...]] = {  # icon -> open strokes
    "cursor": ((4, 2.5, 4, 12.5, 6.6, 10, 8.6, 14, 10.4, 13.1, 8.4, 9.2, 12, 9, 4, 2.5),),
    "trend": ((4.2, 11.8, 11.8, 4.2),),
    "ray": ((4.6, 10.7, 8.4, 7.6), (10.6, 5.9, 15, 2.4)),
    "horizontal": ((1.5, 8.5, 6.8, 8.5), (10.2, 8.5, 15.5, 8.5)),
    "vertical": ((8.5, 1.5, 8.5, 6.8), (8.5, 10.2, 8.5, 15.5)),
    "cross": ((1.5, 8.5, 15.5, 8.5), (8.5, 1.5, 8.5, 15.5)),
    "channel": ((1.5, 10, 11, 2.5), (5, 13.5, 14.5, 6)),
    "rectangle": ((3.5, 4.5, 12.5, 4.5, 12.5, 11.5, 3.5, 11.5, 3.5, 4.5),),
    "fibonacci": ((2.5, 2.5, 13.5, 2.5), (2.5, 6.5, 13.5, 6.5), (2.5, 9.5, 13.5, 9.5), (2.5, 13.5, 13.5, 13.5)),
    "text": ((3.5, 5, 3.5, 3.5, 13.5, 3.5, 13.5, 5), (8.5, 3.5, 8.5, 13.5), (6.5, 13.5, 10.5, 13.5)),
    "measure": ((2, 11, 11, 2, 14, 5, 5, 14, 2, 11), (5, 8, 6.6, 9.6), (8, 5, 9.6, 6.6)),
    "magnet": ((3.5, 2.5, 3.5, 8.5), (6.5, 2.5, 6.5, 8.5), (9.5, 2.5, 9.5, 8.5), (12.5, 2.5, 12.5, 8.5), (3.5, 2.5, 6.5, 2.5),
               (9.5, 2.5, 12.5, 2.5), (3.5, 5.5, 6.5, 5.5), (9.5, 5.5, 12.5, 5.5)),
    "hide": ((1.5, 8, 4, 5.2, 8, 4, 12, 5.2, 14.5, 8, 12, 10.8, 8, 12, 4, 10.8, 1.5, 8),),
    "undo": ((5.5, 3.5, 2.5, 6.5, 5.5, 9.5), (2.5, 6.5, 10, 6.5, 12.6, 7.5, 13.5, 9.5, 12.6, 11.5, 10, 12.5, 6.5, 12.5)),
    "redo": ((10.5, 3.5, 13.5, 6.5, 10.5, 9.5), (13.5, 6.5, 6, 6.5, 3.4, 7.5, 2.5, 9.5, 3.4, 11.5, 6, 12.5, 9.5, 12.5)),
    "delete": ((2.5, 4.5, 13.5, 4.5), (6.5, 4.5, 6.5, 2.5, 9.5, 2.5, 9.5, 4.5), (4, 4.5, 4.8, 13.5, 11.2, 13.5, 12, 4.5), (6.5, 7, 6.5, 11),
               (9.5, 7, 9.5, 11)),
    "more": (),
    "locked": ((3.5, 7.5, 12.5, 7.5, 12.5, 13.5, 3.5, 13.5, 3.5, 7.5), (5.5, 7.5, 5.5, 5, 6.5, 3.2, 8, 2.5, 9.5, 3.2, 10.5, 5, 10.5, 7.5)),
    "unlocked": ((3.5, 7.5, 12.5, 7.5, 12.5, 13.5, 3.5, 13.5, 3.5, 7.5), (5.5, 7.5, 5.5, 5, 6.5, 3.2, 8, 2.5, 9.5, 3.2, 10.3, 4.4)),
    "clone": ((2.5, 2.5, 10, 2.5, 10, 10, 2.5, 10, 2.5, 2.5), (12.5, 6, 13.5, 6, 13.5, 13.5, 6, 13.5, 6, 12.5)),
}  # fmt: skip
_RINGS: dict[str, tuple[tuple[float, float], ...]] = {  # icon -> the points that a hand places
    "trend": ((3, 13), (13, 3)), "ray": ((3.2, 11.9), (9.6, 6.7)), "horizontal": ((8.5, 8.5),), "vertical": ((8.5, 8.5),),
    "rectangle": ((3.5, 4.5), (12.5, 11.5)), "hide": ((8, 8),),
}  # fmt: skip
_DOTS = {"more": ((3.5, 8.0), (8.0, 8.0), (12.5, 8.0))}
ICONS = frozenset(_LINES)


def draw_icon(painter: QPainter, box: QRectF, icon: str, ink: QColor) -> None:
    """Paint an icon into a box. Raises KeyError when there is none of this name."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.translate(box.topLeft())
    painter.scale(box.width() / GRID, box.height() / GRID)
    painter.setPen(QPen(ink, 1.15, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for path in _LINES[icon]:
        painter.drawPolyline(QPolygonF([QPointF(path[i], path[i + 1]) for i in range(0, len(path), 2)]))
    for x, y in _RINGS.get(icon, ()):
        painter.drawEllipse(QPointF(x, y), _HOLE, _HOLE)
    if icon == "magnet":  # a half ring between the two legs, outside and inside
        painter.drawArc(QRectF(3.5, 4, 9, 9), 180 * 16, 180 * 16)
        painter.drawArc(QRectF(6.5, 7, 3, 3), 180 * 16, 180 * 16)
    painter.setBrush(ink)
    for x, y in _DOTS.get(icon, ()):
        painter.drawEllipse(QPointF(x, y), 0.9, 0.9)
    painter.restore()
