"""The chart's benchmark takes figures of our panel that are frames indeed, and refuses those that are not."""

import numpy as np
import pytest

from tests.benchmarks._chart_market import market
from tests.benchmarks._chart_measures import Sizes, measured, painted
from tests.benchmarks._chart_ours import OurChart, Ours, array_bytes, view_of

FEW = Sizes(pan=9000, live=2000, first=2000, four=9000, seconds=0.1)


@pytest.fixture
def program() -> Ours:
    return Ours()


def opened(program: Ours, count: int = 9000) -> OurChart:
    (chart,) = program.window(1, studies=True)
    chart.show(program.history(market(count)))
    program.process()
    return chart


def test_every_promised_figure_is_taken_of_our_chart(program: Ours) -> None:
    found: dict[str, object] = {}
    for figures in measured(program, FEW):
        found |= figures
    promised = {"pan_all_p99_ms", "pan_300_p99_ms", "live_update_ms", "live_close_ms", "first_paint_100k_ms",
                "four_charts_frame_ms", "bytes_per_bar", "bytes_per_bar_resident", "bytes_per_bar_arrays"}  # fmt: skip
    assert promised <= found.keys()
    assert all(isinstance(found[name], float) for name in promised)
    assert found["bytes_per_bar"] == max(float(str(found[f"bytes_per_bar_{by}"])) for by in ("resident", "arrays"))


def test_a_change_that_paints_nothing_is_no_sample(program: Ours) -> None:
    chart = opened(program)
    with pytest.raises(AssertionError, match="not painted"):
        painted(program, [chart], lambda: None)
    assert painted(program, [chart], lambda: chart.look(100.0, 400.0)) > 0
    program.close()


def test_a_look_shows_the_bars_that_were_asked_for(program: Ours) -> None:
    chart = opened(program)
    chart.look(1000.0, 1321.5)
    view = view_of(chart.panel)
    assert view.right == 1321.5
    assert view.bars == pytest.approx(321.5)
    program.close()


def test_the_arrays_memory_is_counted_with_its_room_and_once(program: Ours) -> None:
    chart = opened(program)
    before = array_bytes(chart.panel)
    assert before >= 9000 * 5 * 8
    owned = np.zeros(100_000)
    chart.panel.canvas.bench = [owned[:10], owned[5:]]  # type: ignore[attr-defined]
    assert array_bytes(chart.panel) - before == owned.nbytes
    program.close()
