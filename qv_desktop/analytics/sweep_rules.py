"""What a bar asks of a position: its flags, its stops, and how large an entry is. The rules are those of a backtest."""

import numpy as np

from qv_desktop.analytics.sweep_compiled import compiled

PERCENT, DOLLARS, SHARES, RISK, EQUAL = range(5)
KINDS = {
    "percent": PERCENT,
    "dollars": DOLLARS,
    "shares": SHARES,
    "risk": RISK,
    "equal": EQUAL,
}  # of one symbol, equal parts are all
NOTHING, CLOSE, BUY, SELL = range(4)  # CLOSE leaves a position; BUY and SELL open one, from the other side too


@compiled
def wanted_by(held: float, long_in: bool, long_out: bool, short_in: bool, short_out: bool) -> int:
    """What flags ask. Entry and exit of the same side together are nothing, and so are both entries."""
    if long_in or short_in:
        if long_in and long_out:
            long_in = long_out = False
        if short_in and short_out:
            short_in = short_out = False
        if long_in and short_in:
            long_in = short_in = False
    if held > 0.0:
        return SELL if short_in else (CLOSE if long_out else NOTHING)
    if held < 0.0:
        return BUY if long_in else (CLOSE if short_out else NOTHING)
    return BUY if long_in else (SELL if short_in else NOTHING)


@compiled
def stopped(
    held: float, entry: float, best: float, loss: float, profit: float, opened: float, high: float, low: float
) -> float:
    """The price at which a stop, or else the target, leaves the position within a bar; NaN when neither does."""
    hit = np.nan
    if not np.isnan(loss):
        hit = _reached(held > 0.0, best, loss, opened, high, low)
    if np.isnan(hit) and not np.isnan(profit):
        hit = _reached(held < 0.0, entry, profit, opened, high, low)
    return hit


@compiled
def _reached(below: bool, base: float, distance: float, opened: float, high: float, low: float) -> float:
    """The price of an order ``below`` or above ``base``: the open when that is beyond it already; NaN when it is not reached."""
    price = base * (1.0 - distance) if below else base * (1.0 + distance)
    if (below and opened <= price) or (not below and price <= opened):
        return opened
    return price if low <= price <= high else np.nan


@compiled
def sized(kind: int, amount: float, equity: float, fill: float, fee: float, loss: float) -> float:
    """Shares of an entry at ``fill`` dollars with ``fee`` as a fraction of value."""
    if kind == DOLLARS:
        shares = amount / fill
    elif kind == SHARES:
        shares = amount
    elif kind == RISK:
        shares = equity * amount / (fill * loss)
    else:
        shares = equity * amount / (fill * (1.0 + fee))
    return max(shares, 0.0)


@compiled
def change(before: float, after: float) -> float:
    """The return of a bar (vectorbt's ``get_return_nb``)."""
    if after == before:
        return 0.0
    if before == 0.0:
        return np.inf if after > 0.0 else -np.inf
    return (after - before) / abs(before)
