"""The worker's fills and equity against a slow loop in plain Python, over random signals, stops, shorts, sizes and missing bars."""

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.compute.runs import NAN, Columns, run, served, terms, walk
from tests.adapters.compute.slow_reference import Loop, Row, Rules, Told

RANDOM = """
import numpy as np

def signals(bars, params):
    rng = np.random.default_rng(int(params["seed"]) + int(bars.close[0] * 1e6) % 1000)
    return tuple(rng.random((4, len(bars.close))) < params["often"])
"""


def wished(columns: Columns, seed: int, often: float) -> np.ndarray:
    """What RANDOM answers: 4 × bars."""
    rng = np.random.default_rng(seed + int(columns[4][0] * 1e6) % 1000)
    return rng.random((4, len(columns[4]))) < often


def looped(each: list[Columns], flags: list[np.ndarray], rules: Rules) -> Told:
    """The slow loop over the same bars, each symbol's flags due at its own next bar."""
    days = sorted({int(at) for columns in each for at in columns[0]})
    row_of = {at: row for row, at in enumerate(days)}
    bars: list[list[Row | None]] = [[None] * len(each) for _ in days]
    wishes = [[(False,) * 4 for _ in each] for _ in days]
    for symbol, columns in enumerate(each):
        for number, at in enumerate(columns[0]):
            row = row_of[int(at)]
            bars[row][symbol] = Row(*(float(columns[field][number]) for field in (1, 2, 3, 4)))
            if number:
                wishes[row][symbol] = tuple(bool(flag) for flag in flags[symbol][:, number - 1])
    return Loop(bars, wishes, rules).run()


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, int, float, Rules, str]:
    stops = draw(st.sampled_from(["none", "loss", "trailing"]))
    distance = draw(st.floats(0.005, 0.15))
    kind = draw(st.sampled_from(["percent", "equal", "dollars", "shares", *(["risk"] if stops != "none" else [])]))
    amount = {"percent": st.floats(0.05, 1.0), "equal": st.floats(0.1, 1.0), "dollars": st.floats(100, 20_000), "shares": st.floats(1, 300),
              "risk": st.floats(0.001, 0.05)}[kind]  # fmt: skip
    rules = Rules(kind, draw(amount), 10_000.0, draw(st.floats(0, 0.005)), draw(st.sampled_from([0.0, 0.01])), draw(st.floats(0, 0.003)),
                  distance if stops == "loss" else None, distance if stops == "trailing" else None,
                  draw(st.none() | st.floats(0.005, 0.15)))  # fmt: skip
    return draw(st.integers(0, 10**6)), draw(st.integers(1, 3)), draw(st.sampled_from([0.0, 0.2])), rules, stops


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_fills_and_equity_equal_a_slow_loop(case: tuple[int, int, float, Rules, str]) -> None:
    seed, symbols, gaps, rules, _ = case
    each = [walk(seed + number, 60, gaps) for number in range(symbols)]
    told = terms(rules.kind, rules.amount, fees=rules.fees, fees_per_share=rules.per_share, slippage=rules.slippage,
                 loss=NAN if rules.loss is None else rules.loss, trailing=NAN if rules.trailing is None else rules.trailing,
                 profit=NAN if rules.profit is None else rules.profit)  # fmt: skip
    expected = looped(each, [wished(columns, seed, 0.15) for columns in each], rules)
    found = served(run(RANDOM, each, told, {"seed": float(seed), "often": 0.15}))
    equity = np.frombuffer(found.equity)
    if min(expected.equity) <= 0:
        return  # ruined: what a broker would do then is told in the guide, not here
    np.testing.assert_allclose(equity, expected.equity, rtol=1e-9)
    assert dict(found.statistics)["Orders"] == len(expected.fills)
    assert dict(found.statistics)["Fees, $"] == pytest.approx(
        sum(fill.fee for fill in expected.fills), rel=1e-9, abs=1e-9
    )
    left = sorted((fill.row, fill.symbol, fill.why) for fill in expected.fills)
    for trade in found.trades:
        if not trade.open:
            assert (trade.left, trade.symbol, trade.reason) in left


MARKET = Path(__file__).parents[3] / ".." / "shared" / "market"
FILES = {"SPY_daily_1999_2020.csv.gz": ("date", 5241), "SPY_1min_2020-12-15_18.csv.gz": ("date", 1564)}


def recorded(name: str) -> Columns:
    """Bars as they were recorded, in the order of ``Bars``; their times only need to rise."""
    with gzip.open(MARKET / name, "rt", encoding="utf-8-sig") as file:
        rows = [{key.strip().lower(): value for key, value in row.items()} for row in csv.DictReader(file)]
    at = [datetime.fromisoformat(row[FILES[name][0]].strip()).replace(tzinfo=UTC).timestamp() for row in rows]
    columns = [np.array([float(row[field]) for row in rows]) for field in ("open", "high", "low", "close", "volume")]
    assert len(rows) == FILES[name][1]
    return [np.array(at, dtype=np.int64) * 1_000_000_000, *columns]


@pytest.mark.parametrize("name", FILES)
def test_real_bars_of_spy_are_traded_as_the_slow_loop_trades_them(name: str) -> None:
    if not (MARKET / name).exists():
        pytest.skip("the recorded bars are not beside this checkout")
    columns = recorded(name)
    rules = Rules("risk", 0.02, 100_000.0, 0.0001, 0.005, 0.0002, loss=None, trailing=0.004, profit=0.01)
    told = terms(
        "risk", 0.02, cash=100_000.0, fees=0.0001, fees_per_share=0.005, slippage=0.0002, trailing=0.004, profit=0.01
    )
    found = served(run(RANDOM, [columns], told, {"seed": 4.0, "often": 0.05}))
    expected = looped([columns], [wished(columns, 4, 0.05)], rules)
    np.testing.assert_allclose(np.frombuffer(found.equity), expected.equity, rtol=1e-9)
    assert dict(found.statistics)["Orders"] == len(expected.fills) > 100
    assert {trade.reason for trade in found.trades} >= {"trailing", "reversal"}


BUY_FIRST = """
import numpy as np

def signals(bars, params):
    flags = np.zeros((2, len(bars.close)), dtype=bool)
    flags[0, 0] = True
    flags[1, int(params["leave"])] = True
    return flags[0], flags[1]
"""


def fixed(*rows: tuple[float, float, float, float]) -> Columns:
    prices = np.array(rows, dtype=np.float64)
    at = np.arange(len(rows), dtype=np.int64) * 86_400_000_000_000
    return [at, *(np.ascontiguousarray(prices[:, field]) for field in range(4)), np.ones(len(rows))]


def test_a_stop_fills_at_its_price_or_at_an_open_beyond_it_and_not_within_the_bar_of_entry() -> None:
    bars = [(100.0, 101.0, 99.0, 100.0), (100.0, 101.0, 90.0, 99.0)]  # bought at 100; its own bar reaches 95
    for following, price in (((99.0, 100.0, 94.0, 96.0), 95.0), ((92.0, 93.0, 90.0, 91.0), 92.0)):
        found = served(run(BUY_FIRST, [fixed(*bars, following, following)], terms(loss=0.05), {"leave": 3.0}))
        [trade] = found.trades
        assert (trade.entry, trade.exit, trade.reason, trade.left) == (100.0, price, "stop", 2)
        assert [
            note for note in found.notes if "In 1 entries the price reached the stop within the bar of entry" in note
        ]


def test_an_exit_due_at_the_open_comes_before_a_stop_or_a_target_inside_that_bar() -> None:
    bars = [
        (100.0, 100.0, 100.0, 100.0),
        (100.0, 100.0, 100.0, 100.0),
        (101.0, 120.0, 80.0, 100.0),
        (100.0, 100.0, 100.0, 100.0),
    ]
    found = served(run(BUY_FIRST, [fixed(*bars)], terms(loss=0.05, profit=0.05, direction="long"), {"leave": 1.0}))
    [trade] = found.trades
    assert (trade.left, trade.exit, trade.reason) == (2, 101.0, "signal")
    both = served(run(BUY_FIRST, [fixed(*bars)], terms(loss=0.05, profit=0.05, direction="long"), {"leave": 3.0}))
    assert (both.trades[0].exit, both.trades[0].reason) == (95.0, "stop")  # of what cannot be known, the worse


def test_a_run_that_vectorbt_fills_otherwise_than_planned_has_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    from qv_desktop.adapters.compute import portfolio

    real = portfolio.planned

    def off(*arguments: object) -> tuple[object, ...]:
        plan = portfolio.Plan(*real(*arguments))
        return tuple(plan._replace(filled=plan.filled * (1 + 1e-6)))

    monkeypatch.setattr(portfolio, "planned", off)
    with pytest.raises(RuntimeError, match="other orders than were planned"):
        served(run(BUY_FIRST, [walk(1, 60)], terms(), {"leave": 30.0}))


def test_a_strategys_flags_have_one_meaning_by_direction() -> None:
    each = [walk(3, 80)]
    sides = {}
    for direction in ("long", "short", "both"):
        found = served(run(BUY_FIRST, each, terms(direction=direction), {"leave": 40.0}))
        sides[direction] = [(trade.entered, trade.short) for trade in found.trades]
    assert sides == {"long": [(1, False)], "short": [(41, True)], "both": [(1, False), (41, True)]}
