"""Target weights against a slow loop in plain Python that knows nothing of vectorbt: symbols with holes and later first days, costs."""

import numpy as np
import pytest

from qv_desktop.adapters.compute.calling import loaded
from tests.adapters.compute.runs import Columns, run, served, terms, walk

SOURCE = """
import numpy as np
def weights(universe, params):
    chance, shape = np.random.default_rng(int(params["seed"])), universe.close.shape
    parts = chance.random(shape)
    parts *= 0.6 / parts.sum(axis=1, keepdims=True)
    if params["both"]:
        parts *= np.where(chance.random(shape) < 0.5, -0.5, 0.5)
    parts[chance.random(shape[0]) < 0.85] = np.nan
    parts[chance.random(shape) < 0.3] = np.nan
    return parts
"""


def looped(each: list[Columns], wanted: np.ndarray, fee: float, slippage: float, a_share: float) -> list[float]:
    """Equity by bar: a weight trades at the symbol's next open; what has no bar is worth its last close."""
    cash, held, worth, waiting, equity = (
        10_000.0,
        np.zeros(len(each)),
        np.zeros(len(each)),
        np.full(len(each), np.nan),
        [],
    )
    bars = [{int(at): (o, c) for at, o, c in zip(part[0], part[1], part[4], strict=True)} for part in each]
    days = sorted({at for one in bars for at in one})
    for row, day in enumerate(days):
        if row:
            waiting = np.where(np.isnan(wanted[row - 1]), waiting, wanted[row - 1])
        here = [symbol for symbol, one in enumerate(bars) if day in one]
        for symbol in here:
            worth[symbol] = bars[symbol][day][0]
        whole = cash + float(held @ worth)
        for symbol in here:
            if not np.isnan(waiting[symbol]):
                shares = waiting[symbol] * whole / worth[symbol] - held[symbol]
                price = worth[symbol] * (1 + slippage * np.sign(shares))
                cash -= shares * price + abs(shares) * (price * fee + a_share)
                held[symbol], waiting[symbol] = held[symbol] + shares, np.nan
        for symbol in here:
            worth[symbol] = bars[symbol][day][1]
        equity.append(cash + float(held @ worth))
    return equity


@pytest.mark.parametrize("both", [0.0, 1.0])
@pytest.mark.parametrize(("fee", "slippage", "a_share"), [(0.0, 0.0, 0.0), (0.001, 0.001, 0.01)])
def test_the_equity_of_weights_is_that_of_the_slow_loop(
    both: float, fee: float, slippage: float, a_share: float
) -> None:
    for seed in range(3):
        each = [walk(10 * seed + symbol, 250, gaps=0.15, first=20 * symbol) for symbol in range(3)]
        told = terms(direction="both" if both else "long", fees=fee, slippage=slippage, fees_per_share=a_share)
        found = served(run(SOURCE, each, told, {"seed": float(seed), "both": both}))
        rows = len(np.frombuffer(found.at, dtype=np.int64))
        universe = type("Universe", (), {"close": np.empty((rows, 3))})
        wanted = loaded(SOURCE)["weights"](universe, {"seed": seed, "both": both})
        assert np.frombuffer(found.equity) == pytest.approx(looped(each, wanted, fee, slippage, a_share), rel=1e-9)
        assert len(found.trades) > 10


LEFT = """
import numpy as np
def weights(universe, params):
    parts = np.full(universe.close.shape, np.nan)
    parts[5, 0], parts[10, 1] = 0.6, params["second"]
    return parts
"""


@pytest.mark.parametrize(("second", "cut"), [(0.6, True), (0.39, False)])
def test_a_weight_that_the_cash_does_not_pay_for_is_said(second: float, cut: bool) -> None:
    """0.6 and then 0.6 of another are never in one row, so that no sum is beyond 1, and only 0.4 is left to buy it with."""
    flat = [walk(1, 60)[0], *[np.full(60, 50.0)] * 4, np.full(60, 1e6)]
    found = served(run(LEFT, [flat, flat], terms(direction="long", fees=0.001), {"second": second}))
    said = [note for note in found.notes if "cash" in note]
    assert bool(said) is cut, found.notes
    assert not cut or "In 1 order" in said[0]
