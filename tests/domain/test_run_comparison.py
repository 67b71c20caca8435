"""Runs beside each other: which terms differ, which run is best by what, and which trades are the same."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from qv_desktop.domain.backtest_statistics import NAMES
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade, Sizing, Stops, TradingHours
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.run_comparison import best_of, compared, differences, in_common
from qv_desktop.domain.statistic_words import DEFINITIONS, LESS, NEITHER

SPEC = BacktestSpec(
    "sma_cross", 1, ("SPY",), "1D", date(2020, 1, 2), date(2020, 12, 31), (("fast", 10.0), ("slow", 30.0))
)


def trade(entered: int, left: int, symbol: str = "SPY", profit: float = 1.0) -> BacktestTrade:
    return BacktestTrade(entered, left, 10.0, 300.0, 301.0, profit, 0.01, symbol)


def run(
    id_: str, spec: BacktestSpec = SPEC, trades: tuple[BacktestTrade, ...] = (), **numbers: float
) -> BacktestResult:
    rows = tuple((name.replace("_", " "), value) for name, value in numbers.items())
    return BacktestResult(id_, spec, "demo", datetime(2026, 1, 1, tzinfo=UTC), 0.1, (1, 2), (1.0, 2.0), (1.0, 1.0), (0.0, 0.0), rows,
                          trades, 2, "c" * 64, "d" * 64, "s" * 64, "vectorbt 1", versions=(("numpy", "2"),))  # fmt: skip


def test_only_what_is_not_the_same_in_all_runs_is_listed() -> None:
    other = replace(SPEC, parameters=(("fast", 12.0), ("slow", 30.0)), stops=Stops(loss=0.08), sizing=Sizing("dollars", 5000.0),
                    hours=TradingHours("window", time(9, 45), time(15, 30)), benchmark="QQQ")  # fmt: skip
    told = {one.what: one.values for one in differences([run("a"), replace(run("b", other), data_hash="e" * 64)])}
    assert told == {
        "Sizing": ("95% of equity", "$5,000 a trade"), "Stops": ("none", "loss 8%"), "Session": ("regular", "09:45 to 15:30"),
        "Benchmark": ("the symbols, held", "QQQ"), "fast": ("10", "12"), "Data": ("d" * 12, "e" * 12),
    }  # fmt: skip


def test_a_parameter_that_one_strategy_lacks_is_unknown_there() -> None:
    other = replace(SPEC, strategy="rsi", parameters=(("period", 14.0),))
    told = {one.what: one.values for one in differences([run("a"), run("b", other)])}
    assert told["fast"] == ("10", "—")
    assert told["period"] == ("—", "14")


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [
        ("Sharpe", (1.0, 2.0, math.nan), {1}),
        ("Max drawdown", (-0.3, -0.1, -0.2), {1}),
        ("Volatility", (0.3, 0.1, 0.2), {1}),
        ("Sharpe", (2.0, 2.0, 1.0), {0, 1}),
        ("Sharpe", (1.0, 1.0), set()),
        ("Sharpe", (1.0, math.nan), set()),
        ("Exposure", (0.5, 0.9), set()),
        ("Profit factor", (math.inf, 2.0), {0}),
    ],
)
def test_the_best_is_the_most_or_the_least_by_what_the_statistic_means(
    name: str, values: tuple[float, ...], best: set[int]
) -> None:
    assert best_of(name, values) == best


def test_trades_are_the_same_by_symbol_side_entry_and_exit_and_counted_as_often_as_they_occur() -> None:
    ours = [trade(1, 2), trade(1, 2), trade(3, 4), trade(5, 6, "QQQ")]
    theirs = [trade(1, 2, profit=-9.0), trade(3, 5), trade(5, 6, "QQQ"), replace(trade(5, 6, "QQQ"), side="short")]
    assert in_common(ours, theirs) == (2, 2, 2)


def test_every_pair_of_runs_is_counted() -> None:
    told = compared([run("a", trades=(trade(1, 2),)), run("b", trades=(trade(1, 2), trade(3, 4))), run("c")])
    assert [(one.one, one.other, one.both, one.only_one, one.only_other) for one in told.shared] == [
        (0, 1, 1, 0, 1), (0, 2, 0, 1, 0), (1, 2, 0, 2, 0)]  # fmt: skip


def test_statistics_of_all_runs_are_listed_even_where_one_lacks_them() -> None:
    told = compared([run("a", Sharpe=1.0), run("b", Sharpe=2.0, Calmar=3.0)])
    rows = {row.name: row for row in told.statistics}
    assert rows["Sharpe"].spread == (0.0, 1.0)
    assert math.isnan(rows["Calmar"].values[0])


@pytest.mark.parametrize("count", [1, 7])
def test_too_few_and_too_many_runs_are_refused(count: int) -> None:
    with pytest.raises(BadInput, match="Choose 2 to 6 runs"):
        compared([run(str(place)) for place in range(count)])


def test_a_run_is_not_compared_with_itself() -> None:
    with pytest.raises(BadInput, match="itself"):
        compared([run("a"), run("a")])


def test_every_statistic_has_a_definition_and_every_word_on_better_names_one() -> None:
    assert set(NAMES) <= set(DEFINITIONS)
    assert set(DEFINITIONS) >= LESS | NEITHER
    assert not LESS & NEITHER
