"""What is drawn of the real bars keeps step with them tick by tick."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui.chart.drawn import Drawn
from qv_desktop.ui.chart.look import STYLES, Look, Style
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import hours
from tests.ui.chart_market import FIVE, walk

BEGUN = datetime(2025, 11, 18, 8, 0, tzinfo=NEW_YORK)


def drawn(count: int, look: Look, total: int = 400) -> Drawn:
    return Drawn(Series("AAPL", FIVE, walk(total, begin=BEGUN)[:count]), look, hours(()))


def columns(series: Series) -> list[np.ndarray]:
    closed = series.closed.bars
    return [series.starts, closed.open, closed.high, closed.low, closed.close, closed.volume]


@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("style", [style for style in STYLES if style != "renko"])
def test_grown_tick_by_tick_it_equals_the_whole(style: Style, extended: bool) -> None:
    look = Look(style, extended=extended)
    grown, whole = drawn(60, look), drawn(400, look)
    for bar in walk(400, begin=BEGUN)[60:]:
        for moved in (replace(bar, close=bar.open, volume=1.0), bar):
            grown.take(moved)
    assert grown.series.live == whole.series.live
    for ours, theirs in zip(columns(grown.series), columns(whole.series), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_bricks_grow_as_they_would_in_one_piece() -> None:
    look, bars = Look("renko"), walk(400, begin=BEGUN)
    grown = drawn(200, look)
    box = grown._layers[-1].box  # type: ignore[attr-defined]
    before = len(grown.series)
    for bar in bars[200:]:
        grown.take(replace(bar, close=bar.open))
        grown.take(bar)
    assert len(grown.series) > before
    closed = grown.series.closed.bars
    assert np.abs(closed.close - closed.open) == pytest.approx(box)
    total = sum(bar.volume for bar in bars)
    assert closed.volume.sum() + grown.series.live.volume == pytest.approx(total)
    assert grown.series.live.close == bars[-1].close


def test_an_averaged_bar_is_no_price_and_the_real_ones_stay_at_hand() -> None:
    made = drawn(100, Look("heikin-ashi"))
    real = walk(400, begin=BEGUN)[99]
    assert made.series.live.close != real.close
    assert made.series.bar(50).start == walk(400, begin=BEGUN)[50].start
