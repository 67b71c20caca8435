"""How drawings are painted: crisp rules, smooth slanted lines, quiet areas, and handles on the chosen one.

Hundreds of drawings are one frame's work: lines of one colour are one call, and what was worked out is kept while it holds.
"""

import math
from collections import defaultdict
from functools import cache, lru_cache
from typing import Literal, cast

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QStaticText, QTransform
from shiboken6 import wrapInstance

from qv_desktop.domain.drawings import Dash, Drawing, Kind
from qv_desktop.ui import theme
from qv_desktop.ui.chart.drawing.clipping import Outline, Segment, Spot
from qv_desktop.ui.chart.drawing.shapes import LINE, Box, Label, Shape
from qv_desktop.ui.chart.strokes import DASHED, DOTTED, SOLID
from qv_desktop.ui.chart.strokes import Dash as Pattern
from qv_desktop.ui.theme import color
from qv_desktop.ui.wardrobe import of_colours

type Look = Literal["plain", "hovered", "selected"]
type Ink = tuple[str, bool, int]  # colour, brighter, of 255: how opaque

PATTERNS: dict[Dash, Pattern] = {"solid": SOLID, "dashed": DASHED, "dotted": DOTTED}
HANDLE = 3.5  # px, half a handle's width
OPAQUE, AREA, FAINT, VEIL = 255, 22, 110, 190  # of 255: lines, areas, quiet lines, the ground of words
BRIGHTER = 125  # percent


class Sheet:
    """What is to be painted of many drawings: areas below, lines above them, words and handles on top."""

    def __init__(self) -> None:
        self._boxes: dict[Ink, list[Box]] = defaultdict(list)  # areas
        self._areas: list[tuple[Ink, Outline]] = []
        self._rules: dict[Ink, list[Box]] = defaultdict(list)  # upright and level lines
        self._slants: dict[tuple[Ink, int], list[Segment]] = defaultdict(list)  # ink and width -> lines
        self._veils: list[Box] = []
        self._labels: list[tuple[Ink, Label]] = []
        self._handles: list[tuple[Ink, bool, Spot]] = []  # whether filled

    def add(self, drawing: Drawing, shape: Shape, look: Look) -> None:
        """One more drawing."""
        token = drawing.color
        if drawing.kind is Kind.MEASURE:
            token = "UP" if drawing.anchors[1].price >= drawing.anchors[0].price else "DOWN"
        bright = look != "plain"
        ink = (token, bright, OPAQUE)
        if shape.area:
            self._fill(drawing, shape.area, (token, bright, AREA))
        for segment in shape.faint:
            self._line(segment, (token, bright, FAINT), 1, DASHED)
        for segment in shape.lines:
            self._line(segment, ink, drawing.width, PATTERNS[drawing.dash])
        self._labels += [(ink, label) for label in shape.labels]
        self._veils += [_veil(label.box) for label in shape.labels if label.ground == "veil"]
        if bright:  # filled while locked: it can be seen but not moved
            self._handles += [(ink, drawing.locked, spot) for spot in shape.handles]

    def _fill(self, drawing: Drawing, area: Outline, ink: Ink) -> None:
        if drawing.kind is Kind.CHANNEL:
            self._areas.append((ink, area))
            return
        (left, top), (right, bottom) = area[0], area[2]
        self._boxes[ink].append((round(left), round(top), round(right) - round(left), round(bottom) - round(top)))

    def _line(self, segment: Segment, ink: Ink, width: int, dash: Pattern) -> None:
        ax, ay, bx, by = segment
        if ax != bx and ay != by:
            self._slants[ink, width] += [segment] if dash == SOLID else _slanted_dashes(segment, width, dash)
        elif ay == by:
            left, right, y = int(min(ax, bx)), int(max(ax, bx)), round(ay) - width // 2
            self._rules[ink] += [(begin, y, long, width) for begin, long in _dashes(left, right, width, dash)]
        else:
            top, bottom, x = int(min(ay, by)), int(max(ay, by)), round(ax) - width // 2
            self._rules[ink] += [(x, begin, width, long) for begin, long in _dashes(top, bottom, width, dash)]

    def paint(self, painter: QPainter) -> None:
        """Paint it all; leaves the painter sharp, with another pen, brush and font."""
        for ink, boxes in self._boxes.items():
            _fill_boxes(painter, boxes, ink)
        self._paint_areas(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self._paint_slants(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for ink, boxes in self._rules.items():
            _fill_boxes(painter, boxes, ink)
        _fill_boxes(painter, self._veils, ("BG1", False, VEIL))
        painter.setFont(theme.small())
        for ink, label in self._labels:
            _say(painter, label, ink)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for ink, filled, (x, y) in self._handles:
            painter.setPen(QPen(_qt(ink), 1.4))
            painter.setBrush(_qt(ink) if filled else color("BG1"))
            painter.drawEllipse(QPointF(round(x) + 0.5, round(y) + 0.5), HANDLE, HANDLE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_areas(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for ink, outline in self._areas:
            painter.setBrush(_qt(ink))
            painter.drawConvexPolygon(QPolygonF([QPointF(x, y) for x, y in outline]))

    def _paint_slants(self, painter: QPainter) -> None:
        for (ink, width), segments in self._slants.items():
            pen = QPen(_qt(ink), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
            pen.setCosmetic(True)
            painter.setPen(pen)
            rows = np.array(segments, dtype=np.float64)  # QLineF is four doubles
            painter.drawLines(cast(QLineF, wrapInstance(rows.ctypes.data, QLineF)), len(rows))


@of_colours
@cache
def _qt(ink: Ink) -> QColor:
    token, bright, opaque = ink
    shade = QColor(color(token).lighter(BRIGHTER) if bright else color(token))
    shade.setAlpha(opaque)
    return shade


def _fill_boxes(painter: QPainter, boxes: list[Box], ink: Ink) -> None:
    """Whole px; QRect is four 32-bit integers, left, top, right and bottom inclusive."""
    if not boxes:
        return  # a line of no length
    corners = np.array(boxes, dtype=np.int32)
    corners[:, 2:] += corners[:, :2] - 1
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_qt(ink))
    painter.drawRects(cast(QRect, wrapInstance(corners.ctypes.data, QRect)), len(corners))


@lru_cache(maxsize=1024)
def _dashes(start: int, end: int, width: int, dash: Pattern) -> list[tuple[int, int]]:
    """Where the dashes begin and how long they are; wider lines have longer ones."""
    if dash == SOLID:
        return [(start, end - start)] if end > start else []
    stroke, period = dash[0] * max(1, width - 1), sum(dash) * max(1, width - 1)
    return [(begin, min(stroke, end - begin)) for begin in range(start, end, period)]


def _slanted_dashes(segment: Segment, width: int, dash: Pattern) -> list[Segment]:
    """Dashes cut here: by the painter they cost many times as much."""
    ax, ay, bx, by = segment
    long = math.hypot(bx - ax, by - ay)
    across, down, scale = (bx - ax) / long, (by - ay) / long, max(1, width - 1)
    stroke, period = dash[0] * scale, sum(dash) * scale
    ends = ((begin, min(begin + stroke, long)) for begin in range(0, math.ceil(long), period))
    return [(ax + a * across, ay + a * down, ax + b * across, ay + b * down) for a, b in ends]


def _say(painter: QPainter, label: Label, ink: Ink) -> None:
    left, top = label.box[:2]
    if label.ground == "plate":
        _plate(painter, label.box, (ink[0], ink[1], FAINT))
        left, top = left + 8, top + 3
    for number, text in enumerate(label.lines):
        painter.setPen(_qt(ink) if number == 0 else color("TX1"))
        painter.drawStaticText(QPointF(round(left), round(top + number * LINE)), _set(text))


@lru_cache(maxsize=1024)
def _set(text: str) -> QStaticText:
    """Words laid out once."""
    out = QStaticText(text)
    out.setTextFormat(Qt.TextFormat.PlainText)
    out.prepare(QTransform(), theme.small())
    return out


def _veil(box: Box) -> Box:
    left, top, wide, tall = box
    return round(left) - 2, round(top) + 1, round(wide) + 4, round(tall) - 2


def _plate(painter: QPainter, box: Box, edge: Ink) -> None:
    left, top, wide, tall = box
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(_qt(edge), 1))
    painter.setBrush(color("BG2"))
    painter.drawRoundedRect(QRectF(round(left) + 0.5, round(top) + 0.5, round(wide), round(tall)), 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
