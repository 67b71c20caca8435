"""The crosshair with what the axes say at it, and the thinner one of a linked chart."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from qv_desktop.ui import theme
from qv_desktop.ui.chart.legend import moment
from qv_desktop.ui.chart.live import price_text
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DASHED, draw_across, draw_down
from qv_desktop.ui.chart.study import number
from qv_desktop.ui.chart.tags import draw_box, tag_box
from qv_desktop.ui.theme import color


def draw_crosshair(painter: QPainter, stage: Stage, pointer: QPointF) -> None:
    """Dashed lines through the bar's middle and the pointer, with the value and the time on the axes."""
    y = int(pointer.y())
    draw_across(painter, y, 0, stage.panes.width, color("CROSS"), DASHED)
    draw_moment(painter, stage, round(stage.view.index(pointer.x())))
    _axis_word(painter, tag_box(stage.panes, y), _value(stage, y))


def draw_moment(painter: QPainter, stage: Stage, index: int) -> None:
    """The upright line through a bar, and its time below."""
    x = int(stage.view.x(index))
    draw_down(painter, x, 0, stage.panes.bottom, color("CROSS"), DASHED)
    if 0 <= index < len(stage.series):
        words = moment(stage, index)
        wide = QFontMetricsF(theme.small()).horizontalAdvance(words) + 14
        left = max(0.0, min(x - wide / 2, stage.panes.width - wide))
        _axis_word(painter, QRectF(left, stage.panes.bottom + 3, wide, 18), words)


def _value(stage: Stage, y: float) -> str:
    """What the pane under ``y`` stands for there."""
    for lower in stage.lower:
        if lower.top < y <= lower.bottom:
            return number(lower.scale.value(y), 2)
    return price_text(stage, stage.scale.value(y))


def draw_mark(painter: QPainter, stage: Stage, word: str) -> None:
    """A violet frame round the plot with a word in it: what is shown is not the market."""
    panes, ink = stage.panes, color("VIOLET")
    for x, y, across, down in ((0, 0, panes.width, 2), (0, panes.bottom - 2, panes.width, 2), (0, 0, 2, panes.bottom),
                             (panes.width - 2, 0, 2, panes.bottom)):  # fmt: skip
        painter.fillRect(x, y, across, down, ink)
    painter.setFont(theme.small_bold())
    wide = QFontMetricsF(theme.small_bold()).horizontalAdvance(word) + 18
    box = QRectF(panes.width - wide - 8, 8, wide, 18)
    draw_box(painter, box, ink)
    painter.setPen(theme.ink_on("VIOLET"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)


def _axis_word(painter: QPainter, box: QRectF, text: str) -> None:
    draw_box(painter, box, color("POINTER"))
    painter.setPen(color("TX0"))
    painter.setFont(theme.small())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
