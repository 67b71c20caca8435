"""The sweep kernel: the flags of one combination to the figures of its backtest, in one pass over the bars.

The rules of filling and the figures are the backtest's, and so vectorbt 1.2's (``Portfolio.from_signals`` with ``lock_cash``,
``returns`` with one degree of freedom), which the tests compare to the last digits. vectorbt keeps several matrices of bars by
combinations; this keeps one array of bars.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.sweep_compiled import compiled
from qv_desktop.analytics.sweep_orders import bought, near, sold
from qv_desktop.analytics.sweep_rules import BUY, CLOSE, NOTHING, SELL, change, sized, stopped, wanted_by

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]

TOTAL, SHARPE, DRAWDOWN, TRADES, VOLATILITY, EXPOSURE, PROFIT_FACTOR, CALMAR, SKEW, KURTOSIS = range(10)
FIGURES = 10  # before the blocks' sums and squares


class Terms(NamedTuple):
    """What every combination shares.

    ``kind`` (one of ``sweep_rules.KINDS``) and ``amount`` are the sizing; ``fees`` and ``slippage`` fractions of value,
    ``per_share`` and ``cash`` dollars; ``loss`` and ``profit`` the stop's and the target's distance as fractions, NaN when off;
    ``trails`` whether the stop follows the price.
    """

    kind: int = 0
    amount: float = 0.95
    fees: float = 0.0
    per_share: float = 0.0
    slippage: float = 0.0
    loss: float = np.nan
    trails: bool = False
    profit: float = np.nan
    cash: float = 100_000.0
    year_bars: float = 252.0


class Prices(NamedTuple):
    """Dollars, one for each bar, without holes."""

    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats


def figures(prices: Prices, flags: tuple[Flags, Flags, Flags, Flags], terms: Terms, edges: NDArray[np.int64],
            space: Floats) -> Floats:  # fmt: skip
    """The ``FIGURES``, then each block's sum of returns, then each block's sum of squares.

    ``flags`` open a long, close it, open a short, close it; one of bar i trades at the open of bar i + 1. All have the bars' length,
    ``edges`` is ``block_edges``. ``space`` is room for the bars' returns and holds them afterwards.
    """
    out = np.empty(FIGURES + 2 * (len(edges) - 1))
    _simulated(*prices, *flags, *terms[:-1], space, out)
    _measured(space, terms.year_bars, edges, out)
    return out


@compiled
def _simulated(opens: Floats, highs: Floats, lows: Floats, closes: Floats, long_in: Flags, long_out: Flags,  # noqa: C901 - one loop
               short_in: Flags, short_out: Flags, kind: int, amount: float, fees: float, per_share: float, slippage: float,
               loss: float, trails: bool, profit: float, cash: float, returns: Floats, out: Floats) -> None:  # fmt: skip
    """Returns of each bar into ``returns``; the figures that are not of returns into ``out``."""
    start, last, free, debt, held = cash, cash, cash, 0.0, 0.0
    entry, best, paid = 0.0, 0.0, 0.0  # price of the entry, the best since, its fees
    watched = not (np.isnan(loss) and np.isnan(profit))
    won, lost, trades, busy = 0.0, 0.0, 0, 0
    peak, deepest = -np.inf, 0.0
    for i in range(len(closes)):
        price = opens[i]
        due = wanted_by(held, long_in[i - 1], long_out[i - 1], short_in[i - 1], short_out[i - 1]) if i > 0 else NOTHING
        if watched and held != 0.0 and due == NOTHING:
            price = stopped(held, entry, best, loss, profit, opens[i], highs[i], lows[i])
            if not np.isnan(price):
                due = CLOSE
            elif trails:
                best = max(best, highs[i]) if held > 0.0 else min(best, lows[i])
        if due != NOTHING:
            buys = due == BUY or (due != SELL and held < 0.0)
            fill = price * (1.0 + slippage) if buys else price * (1.0 - slippage)
            fee = fees + per_share / fill
            wanted = abs(held)
            if due != CLOSE:
                wanted += sized(kind, amount, cash + held * opens[i], fill, fee, loss)
            if buys:
                done, cash, free, debt, after = bought(cash, free, debt, held, wanted, fill, fee, due == CLOSE)
            else:
                done, cash, free, debt, after = sold(cash, free, debt, held, wanted, fill, fee, due == CLOSE)
            if done > 0.0 and held != 0.0:
                closed = abs(held) if near(done, abs(held)) else min(done, abs(held))
                shed = paid * closed / abs(held)
                made = (fill - entry if held > 0.0 else entry - fill) * closed - shed - closed * fill * fee
                won, lost, trades, paid = won + max(made, 0.0), lost + min(made, 0.0), trades + 1, paid - shed
            if done > 0.0 and after != 0.0 and after * held <= 0.0:
                entry, best, paid = fill, fill, abs(after) * fill * fee
            if done > 0.0:
                held = after
        busy += held != 0.0
        value = cash + held * closes[i]
        returns[i] = change(last, value)
        last = value
        if value > peak:
            peak = value
        elif value - peak < deepest * peak:
            deepest = value / peak - 1.0
    if held != 0.0:
        made = (closes[-1] - entry) * held - paid
        won, lost, trades = won + max(made, 0.0), lost + min(made, 0.0), trades + 1
    out[TOTAL] = (last - start) / start
    out[DRAWDOWN] = deepest
    out[TRADES] = trades
    out[EXPOSURE] = busy / len(closes)
    out[PROFIT_FACTOR] = won / abs(lost) if lost < 0.0 else (np.inf if won > 0.0 else np.nan)


@compiled
def _measured(returns: Floats, year_bars: float, edges: NDArray[np.int64], out: Floats) -> None:
    """The figures of the returns, from two passes over them: the mean first, then the moments about it."""
    count, total = len(returns), 0.0
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
    out[VOLATILITY] = spread * np.sqrt(year_bars)
    # what never moves has none; vectorbt says infinity, and a combination that never trades would be the best of all
    out[SHARPE] = mean / spread * np.sqrt(year_bars) if spread > 0.0 else np.nan
    whole = growth > 0.0 and out[DRAWDOWN] < 0.0
    out[CALMAR] = (growth ** (year_bars / count) - 1.0) / abs(out[DRAWDOWN]) if whole else np.nan
    out[SKEW] = (third / count) / (second / count) ** 1.5 if second > 0.0 else np.nan
    out[KURTOSIS] = (fourth / count) / (second / count) ** 2 if second > 0.0 else np.nan
