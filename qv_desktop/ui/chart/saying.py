"""The chart in words, for a screen reader: what is shown, the bar that is read, the studies, and what is ours on it."""

from PySide6.QtCore import QPointF

from qv_desktop.ui import format
from qv_desktop.ui.chart.holdings import Holdings
from qv_desktop.ui.chart.legend import bar_at, comparison_words, reading, study_words
from qv_desktop.ui.chart.look import STYLES
from qv_desktop.ui.chart.stage import Stage

MOST = 8  # of a kind that are read out


def said(stage: Stage, held: Holdings, pointer: QPointF | None, mark: str = "") -> str:
    """Symbol, timeframe and the bar under the crosshair, or the newest, in words; then all else that can be seen."""
    index = bar_at(stage, pointer)
    words = " ".join(word for _, word in reading(stage, index))
    change = held.day_change(stage.real.live)
    parts = [f"{stage.real.symbol} {stage.series.frame}, {words}, {format.signed(change)} since the previous close"]
    if mark:
        parts.insert(0, mark)
    if stage.look.style != "candles":
        parts.append(STYLES[stage.look.style])
    rows = [study_words(stage, study, index) for study in (*stage.overlays, *(lower.study for lower in stage.lower))]
    rows += [comparison_words(stage, one, index) for one in stage.comparisons]
    parts += [" ".join(text for _, text in row) for row in rows[:MOST]]
    levels = sorted(held.levels(stage.real.live), key=lambda level: -level.price)
    parts += [f"{level.text} at {format.price(level.price, stage.decimals)}" for level in levels[:MOST]]
    first, last = stage.view.window(len(stage.series))
    low, high = stage.series.extent(first, last)
    parts.append(
        f"{last - first} bars in view from {format.price(low, stage.decimals)} to {format.price(high, stage.decimals)}"
    )
    return "; ".join(parts)
