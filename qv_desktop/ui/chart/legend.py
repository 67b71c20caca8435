"""What is read out at the top left of each pane: the bar's figures, and each study with its value; studies can be clicked."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from qv_desktop.ui import format, theme
from qv_desktop.ui.chart import times
from qv_desktop.ui.chart.axis import percentage
from qv_desktop.ui.chart.comparison import Comparison
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.study import Study, number
from qv_desktop.ui.chart.study_source import StudySource
from qv_desktop.ui.theme import color

type Word = tuple[str, str]  # colour token, text

BESIDE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
LEFT, TOP, LINE = 8, 6, 17  # px: where the first word stands, and from line to line


@dataclass(frozen=True, slots=True)
class Entry:
    """A study or comparison as it stands in the legend."""

    box: QRectF
    of: Study | Comparison


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
    return [*words, ("TX2", moment(stage, index))]


def moment(stage: Stage, index: int) -> str:
    """When a bar begins, on the chart's clock."""
    frame = stage.series.frame
    return times.moment(stage.series.wall(index), frame.intraday)


def study_words(stage: Stage, study: Study, index: int) -> list[Word]:
    """A study's name and its values over a bar, each in its colour."""
    if study.kind.profile:
        return [("TX1", study.title)]
    found = study.at(StudySource(stage.series), stage.series.live, index)
    digits = stage.decimals if study.kind.overlay else 2
    values = [(token, number(value, digits)) for token, value in zip(study.tokens, found, strict=True)]
    if all(text == format.UNKNOWN for _, text in values):
        values = values[:1]
    return [(study.tokens[0], study.title), *(pair for pair in values if len(values) == 1 or pair[1] != format.UNKNOWN)]


def comparison_words(stage: Stage, comparison: Comparison, index: int) -> list[Word]:
    """The other symbol and its change since the first bar in view."""
    first, _ = stage.view.window(len(stage.series))
    change = comparison.change(index, first)
    return [
        (comparison.token, comparison.symbol),
        (comparison.token, format.UNKNOWN if change is None else percentage(change * 100)),
    ]


def draw_legend(painter: QPainter, stage: Stage, index: int) -> list[Entry]:
    """Read out bar ``index`` in every pane; says where the studies and comparisons stand."""
    painter.setFont(theme.small())
    entries: list[Entry] = []
    if stage.panes.floor:
        _words(painter, reading(stage, index), LEFT, TOP, stage.panes.width - LEFT, 5)
        rows: list[tuple[Study | Comparison, list[Word]]] = [
            (one, comparison_words(stage, one, index)) for one in stage.comparisons
        ]
        rows += [(one, study_words(stage, one, index)) for one in stage.overlays]
        entries += _flowing(painter, rows, stage.panes.width - 2 * LEFT)
    for lower in stage.lower:
        if lower.seen:
            words = study_words(stage, lower.study, index)
            wide = _words(painter, words, LEFT, lower.top + 5, stage.panes.width - LEFT, 6)
            entries.append(Entry(QRectF(LEFT - 4, lower.top + 4, wide, LINE), lower.study))
    return entries


def _flowing(painter: QPainter, rows: Sequence[tuple[Study | Comparison, list[Word]]], room: float) -> list[Entry]:
    """One after another below the bar's figures, in as many lines as they need."""
    x, y, entries = float(LEFT), float(TOP + LINE), list[Entry]()
    metrics = QFontMetricsF(painter.font())
    for one, words in rows:
        wide = sum(metrics.horizontalAdvance(text) + 6 for _, text in words)
        if x > LEFT and x + wide > LEFT + room:
            x, y = float(LEFT), y + LINE
        _words(painter, words, x, y, room, 6)
        entries.append(Entry(QRectF(x - 4, y - 1, wide + 4, LINE), one))
        x += wide + 10
    return entries


def _words(painter: QPainter, words: Sequence[Word], x: float, y: float, room: float, gap: float) -> float:
    """Words one after another, as far as they fit; how wide they are."""
    metrics = QFontMetricsF(painter.font())
    start = x
    for token, text in words:
        wide = metrics.horizontalAdvance(text)
        if x + wide > start + room:
            break
        painter.setPen(color(token))
        painter.drawText(QRectF(x, y, wide + 2, 16), BESIDE, text)
        x += wide + (gap if len(text) == 1 else gap + (5 if gap < 6 else 0))
    return x - start + 4
