"""The crosshair, what the axes say at it, and the legend that reads out a bar."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from qv_desktop.ui import format, theme
from qv_desktop.ui.chart import times
from qv_desktop.ui.chart.indicators import Study
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DASHED, draw_across, draw_down
from qv_desktop.ui.chart.tags import draw_box, tag_box
from qv_desktop.ui.theme import color

type Word = tuple[str, str]  # colour token, text


def bar_at(stage: Stage, pointer: QPointF | None) -> int:
    """The bar under the pointer; the live one where there is no pointer or no bar."""
    last = len(stage.series) - 1
    if pointer is None:
        return last
    index = round(stage.view.index(pointer.x()))
    return index if 0 <= index <= last else last


def reading(stage: Stage, index: int) -> list[Word]:
    """Open, high, low, close, volume, change since the bar before in dollars and percent, and the bar's time."""
    bar, digits = stage.series.bar(index), stage.decimals
    before = stage.series.bar(index - 1).close if index else bar.open
    change = bar.close - before
    tone = format.trend(change) if change else "TX1"
    own = "UP" if bar.close >= bar.open else "DOWN"
    words: list[Word] = []
    for letter, value in (("O", bar.open), ("H", bar.high), ("L", bar.low), ("C", bar.close)):
        words += [("TX2", letter), (own, format.price(value, digits))]
    words += [("TX2", "V"), (own, format.volume(bar.volume))]
    fraction = format.percent(change / before) if before else format.UNKNOWN
    words += [(tone, f"{format.signed(change, digits)} ({fraction})")]
    return [*words, ("TX2", times.moment(int(stage.series.local[index]), stage.series.frame.intraday))]


def study_value(stage: Stage, study: Study, index: int) -> float | None:
    """The indicator at a bar, or None while it is unknown."""
    value = float(study.values[index]) if index < len(study.values) else study.live(stage.series)
    return None if value != value else value


def study_words(stage: Stage, index: int) -> list[Word]:
    """Each average's name and value in its colour."""
    return [(study.token, f"{study.title}  {format.price(study_value(stage, study, index), stage.decimals)}")
            for study in stage.averages]  # fmt: skip


def draw_legend(painter: QPainter, stage: Stage, index: int) -> None:
    """Two lines at the top left, and the strength index's name in its pane."""
    painter.setFont(theme.small())
    _line(painter, reading(stage, index), 8, 6, stage.panes.width - 16, 5)
    _line(painter, study_words(stage, index), 8, 23, stage.panes.width - 16, 14)
    if stage.panes.study and stage.strength is not None:
        value = format.price(study_value(stage, stage.strength, index), 1)
        _line(painter, [("VIOLET", f"{stage.strength.title}  {value}")], 8, stage.panes.floor + 6, 200, 0)


def _line(painter: QPainter, words: Sequence[Word], x: float, y: float, room: float, gap: float) -> None:
    """Words one after another, as far as they fit."""
    metrics = QFontMetricsF(painter.font())
    start = x
    for token, text in words:
        wide = metrics.horizontalAdvance(text)
        if x + wide > start + room:
            return
        painter.setPen(color(token))
        painter.drawText(QRectF(x, y, wide + 2, 16), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        x += wide + (gap if len(text) == 1 else gap + 5)


def draw_crosshair(painter: QPainter, stage: Stage, pointer: QPointF) -> None:
    """Dashed lines through the bar's middle and the pointer, with the price and the time on the axes."""
    panes = stage.panes
    index = round(stage.view.index(pointer.x()))
    x, y = int(stage.view.x(index)), int(pointer.y())
    draw_down(painter, x, 0, panes.bottom, color("#76839a"), DASHED)
    draw_across(painter, y, 0, panes.width, color("#76839a"), DASHED)
    scale, digits = (stage.scale, stage.decimals) if y <= panes.floor else (stage.strength_scale, 1)
    _axis_word(painter, tag_box(panes, y), f"{scale.value(y):,.{digits}f}")
    if 0 <= index < len(stage.series):
        words = times.moment(int(stage.series.local[index]), stage.series.frame.intraday)
        wide = QFontMetricsF(theme.small()).horizontalAdvance(words) + 14
        left = max(0.0, min(x - wide / 2, panes.width - wide))
        _axis_word(painter, QRectF(left, panes.bottom + 3, wide, 18), words)


def _axis_word(painter: QPainter, box: QRectF, text: str) -> None:
    draw_box(painter, box, color("#39445a"))
    painter.setPen(color("TX0"))
    painter.setFont(theme.small())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
