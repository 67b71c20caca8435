"""What a strategy answers and what it does to what it is given: nothing that is no flag is taken for one, and no price changes."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from qv_desktop.adapters.compute.pool import request_of
from qv_desktop.domain.backtests import BacktestSpec, RunData
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.strategies.built_in import built_in
from qv_desktop.strategies.flags import directed
from tests.adapters.compute.runs import DAY, run, served, terms, walk
from tests.builders import NOW

IN_PLACE = """
import numpy as np
def weights(universe, params):
    universe.{column}[50:] *= 2
    targets = np.full(universe.close.shape, np.nan)
    targets[5::20] = 0.5
    return targets
"""
USES_UP = """
import numpy as np
def signals(bars, params):
    entries = np.zeros(len(bars.close), dtype=bool)
    entries[int(params.pop("bar"))] = True
    return entries, ~entries
"""


@pytest.mark.parametrize("column", ["open", "high", "low", "close", "volume"])
def test_a_strategy_of_weights_cannot_change_the_prices_that_it_trades_at(column: str) -> None:
    with pytest.raises(BadInput, match="read-only"):
        served(run(IN_PLACE.format(column=column), [walk(1, 200), walk(2, 200)], terms(direction="long")))


def test_parameters_that_a_strategy_uses_up_are_whole_for_the_next_symbol() -> None:
    found = served(run(USES_UP, [walk(1, 100), walk(2, 100)], terms(amount=0.3, direction="long"), {"bar": 7.0}))
    assert [(trade.symbol, trade.entered) for trade in found.trades] == [(0, 8), (1, 8)]


@pytest.mark.parametrize(
    "flags",
    [
        np.array([np.nan, 0.0, 1.0]),
        np.array([0, 1, -1]),
        np.array([0.0, 0.5, 1.0]),
        np.array([np.nan, True, False], dtype=object),  # what pandas makes of flags that it shifts
        np.array([None, True, False], dtype=object),
        np.array(["True", "False", ""]),
    ],
)
def test_what_is_neither_true_nor_false_is_no_flag(flags: np.ndarray) -> None:
    none = np.zeros(3, dtype=bool)
    with pytest.raises(ValueError, match=r"exits hold .* at bar"):
        directed((none, flags), "long", 3)


@pytest.mark.parametrize(
    "flags", [[0, 1, 1], np.array([0.0, 1.0, 1.0]), np.array([False, True, True], dtype=object), (False, True, True)]
)
def test_noughts_and_ones_are_flags(flags: object) -> None:
    assert directed((flags, np.zeros(3, dtype=bool)), "long", 3).long_in.tolist() == [False, True, True]


def test_a_run_whose_flags_are_unknown_fails_in_words_and_buys_nothing() -> None:
    source = (
        "import numpy as np\ndef signals(bars, params):\n    return np.full(len(bars.close), np.nan), bars.close * 0"
    )
    with pytest.raises(BadInput, match="entries hold nan at bar 1"):
        served(run(source, [walk(1, 100)], terms(direction="long")))


HOLE = """
import numpy as np
def weights(universe, params):
    targets = np.full(universe.close.shape, np.nan)
    targets[0, 0], targets[10, 1] = 0.5, 0.3
    return targets
"""


def test_a_symbol_without_a_bar_counts_at_its_last_close_when_another_is_weighed() -> None:
    at, flat = np.arange(40, dtype=np.int64) * DAY, np.full(40, 100.0)
    close, opens = np.where(at >= 10 * DAY, 200.0, 100.0), np.where(at > 10 * DAY, 200.0, 100.0)
    keep = at != 11 * DAY  # it doubles within the tenth bar, and has no eleventh
    doubled = [part[keep] for part in (at, opens, np.maximum(opens, close), np.minimum(opens, close), close, flat)]
    found = served(run(HOLE, [doubled, [at, *[flat / 2] * 4, flat]], terms(direction="long")))
    assert [(trade.symbol, trade.entered, trade.size) for trade in found.trades] == [
        (0, 1, pytest.approx(50.0)),
        (1, 11, pytest.approx(0.3 * (5_000 + 50 * 200) / 50)),
    ]


RUINOUS = """
import numpy as np
def signals(bars, params):
    none = np.zeros(len(bars.close), dtype=bool)
    enters = none.copy()
    enters[2] = True
    return none, none, enters, none
"""


def test_a_run_that_loses_more_than_it_has_says_so_and_its_later_months_are_no_gains() -> None:
    price = 100 * 1.02 ** np.arange(120)
    columns = [np.arange(120, dtype=np.int64) * DAY, *[price] * 5]
    found = served(run(RUINOUS, [columns], terms(amount=0.95)))
    equity = np.frombuffer(found.equity)
    ruined = int(np.argmax(equity <= 0))
    assert ruined > 0
    assert all(equity[ruined:] < 0)
    assert [(year, month) for year, month, _ in found.monthly] == [(1969, 12), (1970, 1), (1970, 2)]
    assert dict(found.statistics)["Best month"] == 0.0
    assert [note for note in found.notes if "1970-02-09" in note and "nothing" in note], found.notes
    whole = served(run(RUINOUS, [columns], terms(amount=0.1)))
    assert not [note for note in whole.notes if "nothing" in note]


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("place", ["traded", "benchmark"])
def test_a_price_that_is_none_is_refused_as_a_sweep_refuses_it(price: float, place: str) -> None:
    good = tuple(Bar("SPY", day * DAY, 10.0, 11.0, 9.0, 10.0, 1.0) for day in range(40))
    bad = (*good[:20], replace(good[20], symbol="KO", close=price), *good[21:])
    data = RunData({"SPY": bad if place == "traded" else good}, bad if place == "benchmark" else good)
    strategy = built_in(NOW)[0]
    spec = BacktestSpec(strategy.name, 1, ("SPY",), "1D", date(2020, 1, 1), date(2020, 3, 1), (), benchmark="KO")
    with pytest.raises(BadInput, match=rf"{'SPY' if place == 'traded' else 'KO'} has a price .* 1970-01-20"):
        request_of("r", spec, strategy, data)
