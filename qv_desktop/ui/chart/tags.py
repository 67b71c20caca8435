"""Small filled boxes with a word or a price in them, on the price axis and beside it."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from qv_desktop.ui import theme
from qv_desktop.ui.chart.stage import Panes

TALL = 17  # px of one line


def tag_box(panes: Panes, y: float, lines: int = 1) -> QRectF:
    """A box of ``lines`` lines on the price axis, its middle at ``y``."""
    tall = TALL if lines == 1 else 30
    return QRectF(panes.width + 1, round(y) - tall // 2, panes.axis - 2, tall)


def draw_box(painter: QPainter, box: QRectF, ground: QColor) -> None:
    """A filled box with slightly round corners."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 2, 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_tag(painter: QPainter, box: QRectF, ground: QColor, text: str, second: str = "") -> None:
    """A box with a price, and a smaller line below it where there is one."""
    draw_box(painter, box, ground)
    painter.setPen(theme.ink_on(ground.name()))
    painter.setFont(theme.small_bold())
    first = box if not second else QRectF(box.x(), box.y() + 1, box.width(), 15)
    painter.drawText(first, Qt.AlignmentFlag.AlignCenter, text)
    if second:
        painter.setFont(theme.tiny())
        painter.drawText(QRectF(box.x(), box.y() + 14, box.width(), 14), Qt.AlignmentFlag.AlignCenter, second)


def spread(wanted: Sequence[float], fixed: tuple[float, float] | None, tall: float = TALL + 1) -> list[float]:
    """Middles near ``wanted`` that keep ``tall`` apart and out of the ``fixed`` stretch (top, bottom), in the given order."""
    top, bottom = fixed if fixed is not None else (float("inf"), float("inf"))
    middle = (top + bottom) / 2
    out = list(wanted)
    edge = top - tall / 2
    for i in sorted((i for i, y in enumerate(wanted) if y <= middle), key=lambda i: -wanted[i]):
        out[i] = min(wanted[i], edge)
        edge = out[i] - tall
    edge = bottom + tall / 2
    for i in sorted((i for i, y in enumerate(wanted) if y > middle), key=lambda i: wanted[i]):
        out[i] = max(wanted[i], edge)
        edge = out[i] + tall
    return out
