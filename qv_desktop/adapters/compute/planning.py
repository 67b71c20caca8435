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

from qv_desktop.strategies.bars import Flags, Floats

PERCENT, DOLLARS, SHARES, RISK, EQUAL = range(5)
KINDS = {"percent": PERCENT, "dollars": DOLLARS, "shares": SHARES, "risk": RISK, "equal": EQUAL}
NONE, SIGNAL, REVERSAL, STOP, TRAILING, TARGET = range(6)
EXITS, TURNS, ENTRIES, INSIDE, LAST = range(5)  # in which order a bar's orders fill; the last have none
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


@njit(cache=True)
def _due(held: float, enter: bool, leave: bool, enter_short: bool, leave_short: bool) -> tuple[int, bool]:
    """What the flags ask of a position, and whether an opening one buys."""
    if enter or enter_short:  # what contradicts itself is nothing, as vectorbt's Ignore modes have it
        if enter and leave:
            enter = leave = False
        if enter_short and leave_short:
            enter_short = leave_short = False
        if enter and enter_short:
            enter = enter_short = False
    if held > 0:
        return (REVERSAL if enter_short else SIGNAL if leave else NONE), False
    if held < 0:
        return (REVERSAL if enter else SIGNAL if leave_short else NONE), True
    return (SIGNAL if enter or enter_short else NONE), enter


@njit(cache=True)
def _stopped(held: float, best: float, entry: float, loss: float, trails: bool, profit: float, first: float, low: float,
             high: float) -> tuple[int, float]:  # fmt: skip
    """Which stop a bar reaches, the loss before the target, and the price at which it fills."""
    if not np.isnan(loss):
        hit = get_stop_price_nb(held, best, loss, first, low, high, True)
        if not np.isnan(hit):
            return (TRAILING if trails else STOP), hit
    if not np.isnan(profit):
        hit = get_stop_price_nb(held, entry, profit, first, low, high, False)
        if not np.isnan(hit):
            return TARGET, hit
    return NONE, np.nan


@njit(cache=True)
def _shares(kind: int, amount: float, equity: float, fill: float, fee: float, loss: float, columns: int) -> float:
    """How many shares an entry takes."""
    if kind == DOLLARS:
        return amount / fill
    if kind == SHARES:
        return amount
    if kind == RISK:
        return max(equity * amount / (fill * loss), 0.0)
    part = amount / columns if kind == EQUAL else amount
    return max(equity * part / (fill * (1 + fee)), 0.0)


@njit(cache=True)
def planned(  # noqa: C901 - one pass over bars and symbols whose state must not be handed about
    opens: Floats, highs: Floats, lows: Floats, closes: Floats, long_in: Flags, long_out: Flags, short_in: Flags, short_out: Flags,
    kind: int, amount: float, cash: float, fees: float, per_share: float, slippage: float, loss: float, trails: bool, profit: float,
) -> tuple[Floats, Floats, Floats, Floats, Floats, NDArray[np.int64], NDArray[np.int8], Floats, Floats, int]:  # fmt: skip
    """The plan's fields as a tuple. Prices (bars × symbols, NaN without a bar) and flags at the rows where they trade.

    ``loss`` is the stop's distance and ``profit`` the target's as fractions, NaN when off; ``trails`` whether the stop follows.
    """
    rows, columns = opens.shape
    size, fee_of = np.zeros((rows, columns)), np.full((rows, columns), float(fees))
    seen_open, seen_high, seen_low = opens.copy(), highs.copy(), lows.copy()
    sequence, reason = np.empty((rows, columns), dtype=np.int64), np.zeros((rows, columns), dtype=np.int8)
    filled, price_of = np.full((rows, columns), np.nan), np.full((rows, columns), np.nan)
    position, debt, value = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    best, entry = np.full(columns, np.nan), np.full(columns, np.nan)
    phase, due, price = np.empty(columns, dtype=np.int64), np.zeros(columns, dtype=np.int64), np.empty(columns)
    buys = np.zeros(columns, dtype=np.bool_)
    free, touched, watched = cash, 0, not (np.isnan(loss) and np.isnan(profit))
    for i in range(rows):
        for c in range(columns):
            due[c], phase[c], price[c] = NONE, LAST, opens[i, c]
            held, here = position[c], not np.isnan(opens[i, c])
            if here:
                value[c] = opens[i, c]
                due[c], buys[c] = _due(held, long_in[i, c], long_out[i, c], short_in[i, c], short_out[i, c])
                if due[c] != NONE:
                    phase[c] = ENTRIES if held == 0 else TURNS if due[c] == REVERSAL else EXITS
            if held != 0 and watched and here and due[c] == NONE:
                due[c], hit = _stopped(
                    held, best[c], entry[c], loss, trails, profit, opens[i, c], lows[i, c], highs[i, c]
                )
                if due[c] != NONE:
                    price[c], phase[c] = hit, EXITS if hit == opens[i, c] else INSIDE
                elif trails:
                    best[c] = max(best[c], highs[i, c]) if held > 0 else min(best[c], lows[i, c])
            elif (
                held != 0 and watched
            ):  # no bar, or an order at the open comes first: a bar at which no stop can be hit
                seen_open[i, c] = seen_high[i, c] = seen_low[i, c] = best[c]
        at = 0
        for step in range(LAST + 1):
            for c in range(columns):
                if phase[c] == step:
                    sequence[i, at] = c
                    at += 1
        for k in range(columns):
            c = sequence[i, k]
            if due[c] == NONE:
                continue
            held = position[c]
            fill = price[c] * (1 + slippage) if buys[c] else price[c] * (1 - slippage)
            fee = fees + per_share / fill
            wanted, direction = abs(held), Direction.LongOnly if held > 0 else Direction.ShortOnly
            fee_of[i, c] = fee
            if held == 0 or due[c] == REVERSAL:
                equity = cash
                for other in range(columns):
                    equity += position[other] * value[other]
                size[i, c] = _shares(kind, amount, equity, fill, fee, loss, columns)
                wanted, direction = wanted + size[i, c], Direction.Both
            if wanted == 0:
                continue
            # a short direction counts the other way round
            asked = wanted if buys[c] != (direction == Direction.ShortOnly) else -wanted
            order = order_nb(
                size=asked, price=price[c], direction=direction, fees=fee, slippage=slippage, lock_cash=True
            )
            state = ProcessOrderState(
                cash=cash, position=held, debt=debt[c], free_cash=free, val_price=value[c], value=cash, oidx=0, lidx=0
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
                if position[c] > 0 and lows[i, c] <= done.price * (1 - loss):
                    touched += 1
                if position[c] < 0 and highs[i, c] >= done.price * (1 + loss):
                    touched += 1
        for c in range(columns):
            if not np.isnan(closes[i, c]):
                value[c] = closes[i, c]
    return size, fee_of, seen_open, seen_high, seen_low, sequence, reason, filled, price_of, touched
