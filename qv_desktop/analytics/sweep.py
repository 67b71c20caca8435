"""The sweep kernel: entries and exits of one combination to the figures of its backtest, in one pass over the bars.

The rules of filling and the figures are those of vectorbt 1.2 (``Portfolio.from_signals`` with orders as a percentage of cash,
``returns`` with one degree of freedom), which the tests compare to the last digits; vectorbt keeps several matrices of bars by
combinations, this keeps one array of bars.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.sweep_compiled import compiled

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]

TOTAL, SHARPE, DRAWDOWN, TRADES, VOLATILITY, EXPOSURE, PROFIT_FACTOR, CALMAR, SKEW, KURTOSIS = range(10)
FIGURES = 10  # before the blocks' sums and squares
NEAR, NIL = 1e-9, 1e-12  # relative and absolute: when two amounts are the same for vectorbt
SMALLEST = 1e-8  # shares of an order


class Terms(NamedTuple):
    """What every combination shares: fractions of value for ``fees`` and ``slippage``, of cash for ``size``; dollars of ``cash``."""

    size: float
    fees: float
    slippage: float
    cash: float
    year_bars: float


def figures(opens: Floats, closes: Floats, entries: Flags, exits: Flags, terms: Terms, edges: NDArray[np.int64],
            space: Floats) -> Floats:  # fmt: skip
    """The ``FIGURES``, then each block's sum of returns, then each block's sum of squares.

    All arrays have the bars' length, ``edges`` is ``block_edges``. A flag of bar i trades at the open of bar i + 1. ``space`` is
    room for the returns and holds them afterwards.
    """
    out = np.empty(FIGURES + 2 * (len(edges) - 1))
    _simulated(opens, closes, entries, exits, terms.size, terms.fees, terms.slippage, terms.cash, space, out)
    _measured(space, terms.year_bars, edges, out)
    return out


@compiled
def _near(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= max(NEAR * max(abs(a), abs(b)), NIL)


@compiled
def _simulated(opens: Floats, closes: Floats, entries: Flags, exits: Flags, size: float, fees: float, slippage: float,
               cash: float, returns: Floats, out: Floats) -> None:  # fmt: skip
    start, shares, last = cash, 0.0, cash
    paid, charged, won, lost = 0.0, 0.0, 0.0, 0.0
    trades, held = 0, 0
    peak, deepest = -np.inf, 0.0
    for i in range(len(closes)):
        if i > 0 and (entries[i - 1] != exits[i - 1]):  # both at once cancel each other
            if exits[i - 1] and shares > 0.0:
                price = opens[i] * (1.0 - slippage)
                got = shares * price
                fee = got * fees
                if not _near(shares, 0.0):
                    profit = got - shares * (paid / shares) - charged - fee
                    won, lost = won + max(profit, 0.0), lost + min(profit, 0.0)
                    cash += got - fee
                    shares = 0.0
            elif entries[i - 1] and shares == 0.0 and cash > 0.0:
                price = opens[i] * (1.0 + slippage)
                limit = min(cash, size * cash)
                most = limit / (1.0 + fees)
                bought = most / price
                if bought >= SMALLEST or _near(bought, SMALLEST):
                    shares, paid, charged = bought, bought * price, limit - most
                    cash = 0.0 if _near(cash, limit) else cash - limit
                    trades += 1
        if shares > 0.0:
            held += 1
        value = cash + shares * closes[i]
        returns[i] = 0.0 if value == last else (value - last) / last
        last = value
        if value > peak:
            peak = value
        elif value - peak < deepest * peak:
            deepest = value / peak - 1.0
    if shares > 0.0:
        profit = shares * closes[-1] - paid - charged
        won, lost = won + max(profit, 0.0), lost + min(profit, 0.0)
    out[TOTAL] = (last - start) / start
    out[DRAWDOWN] = deepest
    out[TRADES] = trades
    out[EXPOSURE] = held / len(closes)
    out[PROFIT_FACTOR] = won / abs(lost) if lost < 0.0 else (np.inf if won > 0.0 else np.nan)


@compiled
def _measured(returns: Floats, year_bars: float, edges: NDArray[np.int64], out: Floats) -> None:
    count, total, growth = len(returns), 0.0, 1.0
    for i in range(count):
        total += returns[i]
    mean = total / count
    second, third, fourth = 0.0, 0.0, 0.0
    for i in range(count):
        apart = returns[i] - mean
        square = apart * apart
        second += square
        third += square * apart
        fourth += square * square
    blocks = len(edges) - 1
    for block in range(blocks):
        plain, squares = 0.0, 0.0
        for i in range(edges[block], edges[block + 1]):
            plain += returns[i]
            squares += returns[i] * returns[i]
        out[FIGURES + block] = plain
        out[FIGURES + blocks + block] = squares
    spread = np.sqrt(second / (count - 1)) if count > 1 else np.nan
    growth = out[TOTAL] + 1.0
    yearly = growth ** (year_bars / count) - 1.0 if growth > 0.0 else -1.0
    out[VOLATILITY] = spread * np.sqrt(year_bars)
    out[SHARPE] = mean / spread * np.sqrt(year_bars) if spread > 0.0 else (np.inf if spread == 0.0 else np.nan)
    out[CALMAR] = yearly / abs(out[DRAWDOWN]) if out[DRAWDOWN] < 0.0 else np.nan
    out[SKEW] = (third / count) / (second / count) ** 1.5 if second > 0.0 else np.nan
    out[KURTOSIS] = (fourth / count) / (second / count) ** 2 if second > 0.0 else np.nan
