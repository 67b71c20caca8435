"""A backtest's terms: what cannot be run is said in a sentence, what is typed and stored comes back as it was, and a re-run tells why."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.backtest_checks import checked, fitting, symbols
from qv_desktop.domain.backtest_rerun import compared
from qv_desktop.domain.backtest_statistics import GROUPS, NAMES, UNITS, group_of, told
from qv_desktop.domain.backtest_terms import plain, terms
from qv_desktop.domain.backtest_typed import fraction, hours, parameters, sizing
from qv_desktop.domain.backtests import (
    BacktestResult,
    BacktestSpec,
    BacktestTrade,
    Sizing,
    Stops,
    TradingHours,
    spec_hash,
)
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Parameter, Strategy

SPEC = BacktestSpec("cross", 2, ("SPY", "QQQ"), "1m", date(2020, 1, 2), date(2020, 12, 31), (("fast", 10.0),))
NOW = datetime(2026, 11, 20, tzinfo=UTC)
RUN = BacktestResult("a", SPEC, "maria", NOW, 0.1, (1, 2), (1.0, 2.0), (1.0, 1.0), (0.0, 0.0), (("Sharpe", 1.5), ("SQN", float("nan"))),
                     (BacktestTrade(1, 2, 3.0, 4.0, 5.0, 3.0, 0.25, "SPY"),), 2, "c" * 64, "d" * 64, "s", "vectorbt 1.2.0",
                     (0.5, 0.5), versions=(("python", "3.13"), ("numpy", "2.5")))  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"symbols": ()}, "Choose a symbol"),
        ({"symbols": ("SPY", "SPY")}, "named twice"),
        ({"symbols": tuple(f"S{n}" for n in range(201))}, "at most 200 symbols"),
        ({"last": date(2020, 1, 2)}, "ends before it begins"),
        ({"fees": -1.0}, "Fees must be from 0"),
        ({"slippage": float("nan")}, "finite number"),
        ({"fees_per_share": 2.0}, "Fees per share"),
        ({"cash": 0.0}, "Cash must be"),
        ({"sizing": Sizing("percent", 1.01)}, "no margin"),
        ({"sizing": Sizing("shares", 0.0)}, "more than nothing"),
        ({"sizing": Sizing("risk", 0.01)}, "takes a stop loss"),
        ({"stops": Stops(loss=0.05, trailing=0.05)}, "not both"),
        ({"stops": Stops(loss=0.0)}, "more than 0%"),
        ({"stops": Stops(trailing=1.0)}, "less than 100%"),
        ({"hours": TradingHours("window", time(15), time(10))}, "a later last time"),
        ({"seed": -1}, "The seed"),
        ({"timeframe": "soon"}, "no timeframe"),
    ],
)
def test_terms_that_cannot_be_run_are_said_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        checked(replace(SPEC, **change))
    assert checked(SPEC) == SPEC


def test_a_parameter_must_be_one_of_the_strategys_and_within_its_range() -> None:
    strategy = Strategy(
        "x", "cross", "Cross", 1, (Parameter("fast", 20, 2, 50), Parameter("k", 1, 0, 2, False)), "", "", "me", NOW
    )
    fitting(strategy, replace(SPEC, parameters=(("fast", 50.0), ("k", 0.5))))
    for pairs, sentence in (((("slow", 1.0),), "no parameter “slow”; it has fast, k"), ((("fast", 51.0),), "from 2 to 50, not 51"),
                            ((("fast", 2.5),), "a whole number")):  # fmt: skip
        with pytest.raises(BadInput, match=sentence):
            fitting(strategy, replace(SPEC, parameters=pairs))


def test_symbols_are_typed_or_a_watchlists_by_name() -> None:
    lists = {"My tech": ("AAPL", "MSFT", "AAPL"), "None": ()}
    assert symbols(" spy, qqq;BRK.B  spy", lists) == ("SPY", "QQQ", "BRK.B")
    assert symbols("my TECH ", lists) == ("AAPL", "MSFT")
    for text, sentence in (("", "Type a symbol"), ("none", "is empty"), ("A?", "neither a symbol nor a watchlist")):
        with pytest.raises(BadInput, match=sentence):
            symbols(text, lists)


def test_sizes_distances_hours_and_parameters_are_read_as_they_are_typed() -> None:
    assert [sizing(text) for text in ("95%", "$5,000", "100sh", "risk 1%", "Equal 100%")] == [
        Sizing("percent", 0.95), Sizing("dollars", 5000), Sizing("shares", 100), Sizing("risk", 0.01), Sizing("equal", 1.0)]  # fmt: skip
    assert (fraction("2.5%", "stop"), fraction("5", "stop")) == (0.025, 0.05)
    assert hours("9:30-15:45") == TradingHours("window", time(9, 30), time(15, 45))
    assert parameters(["fast=10", "k = -0.5"]) == (("fast", 10.0), ("k", -0.5))
    for read, text in ((sizing, "5"), (sizing, "$5%"), (sizing, "risk $5"), (hours, "25:00-26:00"), (hours, "9-10")):
        with pytest.raises(BadInput):
            read(text)
    for pairs in (["fast"], ["fast=x"], ["fast=1", "fast=2"], ["fast=nan"]):
        with pytest.raises(BadInput):
            parameters(pairs)


SPECS = st.builds(
    BacktestSpec, st.text(min_size=1), st.integers(1, 9), st.lists(st.text(min_size=1), min_size=1).map(tuple), st.just("1D"), st.dates(),
    st.dates(), st.lists(st.tuples(st.text(), st.floats(allow_nan=False))).map(tuple), fees=st.floats(0, 9), seed=st.integers(0, 9),
    sizing=st.builds(Sizing, st.sampled_from(["percent", "risk"]), st.floats(0, 1)),
    stops=st.builds(Stops, st.none() | st.floats(0, 1), st.none() | st.floats(0, 1), st.none()),
    hours=st.builds(TradingHours, st.just("window"), st.times(), st.times()), direction=st.sampled_from(["long", "both"]),
)  # fmt: skip


@given(SPECS)
def test_terms_come_back_from_plain_values_as_they_were(spec: BacktestSpec) -> None:
    assert terms(plain(spec)) == spec
    assert spec_hash(terms(plain(spec))) == spec_hash(spec)


def test_terms_that_cannot_be_read_and_ones_of_a_later_version() -> None:
    later = plain(SPEC) | {"leverage": 2}
    assert terms(later) == SPEC
    with pytest.raises(BadInput, match="can be deleted"):
        terms({"symbols": ["SPY"]})


def test_every_statistic_has_a_unit_and_one_group() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 30
    assert {group_of(name) for name in NAMES} == set(GROUPS)
    assert set(NAMES) <= UNITS.keys()
    assert [told(name, value) for name, value in (("Sharpe", 1.23456), ("CAGR", -0.1), ("Fees, $", 1234.5), ("Trades", 12.0),
            ("Average hold, bars", 3.2), ("Profit factor", float("inf")), ("SQN", float("nan")), ("Total profit, $", -5.0))] == [
        "1.235", "-10.00%", "$1,234.50", "12", "3 bars", "∞", "—", "-$5.00"]  # fmt: skip


def test_a_repeated_run_is_the_same_to_the_last_digit_or_says_what_differs_and_why() -> None:
    again = replace(RUN, id="b", started=datetime(2027, 1, 1, tzinfo=UTC), seconds=9.0, notes=("another",))
    same = compared(RUN, again)
    assert (same.same, same.causes) == (True, ())
    assert same.sentences == ("The same numbers: 2 statistics, 2 bars of equity and 1 trades.",)
    moved = replace(again, statistics=(("Sharpe", 1.5 + 1e-15), ("SQN", float("nan"))), equity=(1.0, 2.0 + 1e-12), data_hash="e" * 64,
                    versions=(("python", "3.14"), ("numpy", "2.5")), bars=3)  # fmt: skip
    other = compared(RUN, moved)
    assert not other.same
    assert any(line.startswith("Sharpe: 1.5 then") for line in other.figures)
    assert "The curve of equity differs from bar 2 on." in other.figures
    assert [cause.split(":")[0] for cause in other.causes] == [
        "The data is not the same", "There were 2 bars then, and there are 3 now.",
        "It ran with python 3.13 then, and with 3.14 now."]  # fmt: skip
    luck = compared(RUN, replace(again, trades=()))
    assert luck.sentences[1:] == ("There were 1 trades then, and there are 0 now.",
                                  "Code, data, terms and versions are the same: the strategy does not give the same twice.")  # fmt: skip


def test_a_benchmark_whose_bars_changed_is_named_and_the_strategy_is_not_blamed() -> None:
    stored = replace(RUN, spec=replace(RUN.spec, benchmark="IWM"))
    found = compared(stored, replace(stored, benchmark=tuple(value * 1.01 for value in stored.benchmark)))
    assert not found.same
    assert found.causes == ("The bars of the benchmark IWM are not the same.",)
