"""The worker's fills and equity against a slow loop in plain Python, over random signals, stops, shorts, sizes and missing bars."""

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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
