"""How many shares each entry takes and in which order a bar's orders fill, so that vectorbt can carry them out.

vectorbt sizes signals by cash alone. Here equity is followed bar by bar with vectorbt's own order execution (cash, free cash and debt
are its figures), each entry is sized in shares, and vectorbt then runs the same signals with these sizes: its fills must be the plan's.

Rules, by vectorbt 1.2 ``simulate_from_signals_nb`` with Close/Ignore/Reverse modes and ``lock_cash``: one order for a symbol and bar;
a stop is watched from the bar after the entry, measured from the fill price, and fills at its price, or at the open when the bar opens
beyond it; the stop loss before the target. What is ours: an exit that is due at a bar's open comes before any stop within that bar.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from vectorbt.portfolio.enums import Direction, OrderStatus, ProcessOrderState
from vectorbt.portfolio.nb import execute_order_nb, get_stop_price_nb, order_nb

from qv_desktop.strategies.bars import Floats

PERCENT, DOLLARS, SHARES, RISK, EQUAL = range(5)
KINDS = {"percent": PERCENT, "dollars": DOLLARS, "shares": SHARES, "risk": RISK, "equal": EQUAL}
NONE, SIGNAL, REVERSAL, STOP, TRAILING, TARGET = range(6)
REASONS = ("", "signal", "reversal", "stop", "trailing", "target")


class Plan(NamedTuple):
    """By bar and symbol: shares of an entry, fees as a fraction, bars for stops, why an order was made, its size and price.

    ``sequence`` is vectorbt's call sequence; ``touched`` counts entries whose stop was reached within the bar of entry.
    """

    size: Floats
    fees: Floats
    open: Floats
    high: Floats
    low: Floats
    sequence: NDArray[np.int64]
    reason: NDArray[np.int8]
    filled: Floats
    price: Floats
    touched: int


@njit(cache=True)  # type: ignore[untyped-decorator]
def planned(opens, highs, lows, closes, long_in, long_out, short_in, short_out, kind, amount, cash, fees, per_share, slippage,
            loss, trails, profit):  # type: ignore[no-untyped-def]  # fmt: skip
    """The plan's fields as a tuple. Prices (bars × symbols, NaN without a bar) and flags at the rows where they trade.

    ``loss`` is the stop's distance and ``profit`` the target's as fractions, NaN when off; ``trails`` whether the stop follows.
    """
    rows, columns = opens.shape
    size, fee_of = np.zeros((rows, columns)), np.full((rows, columns), float(fees))
    seen_open, seen_high, seen_low = opens.copy(), highs.copy(), lows.copy()
    sequence = np.empty((rows, columns), dtype=np.int64)
    reason = np.zeros((rows, columns), dtype=np.int8)
    filled, price_of = np.full((rows, columns), np.nan), np.full((rows, columns), np.nan)
    position, debt, value = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    best, entry = np.full(columns, np.nan), np.full(columns, np.nan)
    phase, due, price = np.empty(columns, dtype=np.int64), np.zeros(columns, dtype=np.int8), np.empty(columns)
    opening = np.zeros(columns, dtype=np.bool_)
    free, touched, watched = cash, 0, not (np.isnan(loss) and np.isnan(profit))
    for i in range(rows):
        for c in range(columns):
            due[c], phase[c], price[c] = NONE, 4, opens[i, c]
            held = position[c]
            here = not np.isnan(opens[i, c])
            if here:
                value[c] = opens[i, c]
                # entry and exit of the same side, or both sides together: nothing, as vectorbt's Ignore modes have it
                enter, leave = long_in[i, c], long_out[i, c]
                enter_short, leave_short = short_in[i, c], short_out[i, c]
                if enter or enter_short:
                    if enter and leave:
                        enter = leave = False
                    if enter_short and leave_short:
                        enter_short = leave_short = False
                    if enter and enter_short:
                        enter = enter_short = False
                if held > 0:
                    due[c] = REVERSAL if enter_short else SIGNAL if leave else NONE
                elif held < 0:
                    due[c] = REVERSAL if enter else SIGNAL if leave_short else NONE
                elif enter or enter_short:
                    due[c] = SIGNAL
                    phase[c] = 2
                    opening[c] = enter
                if held != 0 and due[c] != NONE:
                    phase[c] = 1 if due[c] == REVERSAL else 0
            if held != 0 and watched:
                if here and due[c] == NONE:
                    hit = np.nan
                    if not np.isnan(loss):
                        hit = get_stop_price_nb(held, best[c], loss, opens[i, c], lows[i, c], highs[i, c], True)
                        due[c] = NONE if np.isnan(hit) else TRAILING if trails else STOP
                    if np.isnan(hit) and not np.isnan(profit):
                        hit = get_stop_price_nb(held, entry[c], profit, opens[i, c], lows[i, c], highs[i, c], False)
                        due[c] = NONE if np.isnan(hit) else TARGET
                    if not np.isnan(hit):
                        price[c] = hit
                        phase[c] = 0 if hit == opens[i, c] else 3
                    elif trails:
                        best[c] = max(best[c], highs[i, c]) if held > 0 else min(best[c], lows[i, c])
                else:  # no bar, or an order at the open comes first: a bar at which no stop can be hit
                    seen_open[i, c] = seen_high[i, c] = seen_low[i, c] = best[c]
        at = 0
        for step in range(5):
            for c in range(columns):
                if phase[c] == step:
                    sequence[i, at] = c
                    at += 1
        for k in range(columns):
            c = sequence[i, k]
            if due[c] == NONE:
                continue
            held = position[c]
            buys = held < 0 if held != 0 else opening[c]
            fill = price[c] * (1 + slippage) if buys else price[c] * (1 - slippage)
            fee = fees + per_share / fill
            fee_of[i, c] = fee
            wanted = abs(held)
            direction = Direction.LongOnly if held > 0 else Direction.ShortOnly
            if held == 0 or due[c] == REVERSAL:
                direction = Direction.Both
                equity = cash
                for other in range(columns):
                    equity += position[other] * value[other]
                if kind == DOLLARS:
                    shares = amount / fill
                elif kind == SHARES:
                    shares = amount
                elif kind == RISK:
                    shares = equity * amount / (fill * loss)
                elif kind == EQUAL:
                    shares = equity * amount / columns / (fill * (1 + fee))
                else:
                    shares = equity * amount / (fill * (1 + fee))
                size[i, c] = max(shares, 0.0)
                wanted += size[i, c]
            if wanted == 0:
                due[c] = NONE
                continue
            asked = wanted if buys else -wanted
            if direction == Direction.ShortOnly:
                asked = -asked  # a short direction counts the other way round
            state = ProcessOrderState(
                cash=cash, position=held, debt=debt[c], free_cash=free, val_price=value[c], value=cash, oidx=0, lidx=0
            )
            order = order_nb(
                size=asked, price=price[c], direction=direction, fees=fee, slippage=slippage, lock_cash=True
            )
            after, done = execute_order_nb(state, order)
            cash, free, position[c], debt[c] = after.cash, after.free_cash, after.position, after.debt
            if done.status != OrderStatus.Filled:
                continue
            reason[i, c], filled[i, c], price_of[i, c] = due[c], done.size, done.price
            if position[c] == 0:
                best[c] = entry[c] = np.nan
            elif held == 0 or np.sign(position[c]) != np.sign(held):
                best[c] = entry[c] = done.price
                if not np.isnan(loss):
                    if position[c] > 0 and lows[i, c] <= done.price * (1 - loss):
                        touched += 1
                    if position[c] < 0 and highs[i, c] >= done.price * (1 + loss):
                        touched += 1
        for c in range(columns):
            if not np.isnan(closes[i, c]):
                value[c] = closes[i, c]
    return size, fee_of, seen_open, seen_high, seen_low, sequence, reason, filled, price_of, touched
