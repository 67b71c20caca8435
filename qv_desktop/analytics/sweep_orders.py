"""One order of one symbol, filled as vectorbt 1.2 fills it: ``buy_nb`` and ``sell_nb`` of ``vectorbt.portfolio.nb`` with ``lock_cash``.

Cash that a short was sold for stays locked: ``free`` cash is what may be spent, ``debt`` what the shorted shares were sold for.
"""

from qv_desktop.analytics.sweep_compiled import compiled

NEAR, NIL = 1e-9, 1e-12  # relative and absolute: when vectorbt takes two amounts for the same
SMALLEST = 1e-8  # shares of an order

type Filled = tuple[float, float, float, float, float]  # shares (0: nothing happened), cash, free cash, debt, position


@compiled
def near(a: float, b: float) -> bool:
    """Whether two amounts are the same but for rounding."""
    return a == b or abs(a - b) <= max(NEAR * max(abs(a), abs(b)), NIL)


@compiled
def less(a: float, b: float) -> bool:
    """Whether ``a`` is less by more than rounding."""
    return a < b and not near(a, b)


@compiled
def minus(a: float, b: float) -> float:
    """The difference, exactly 0 when it is one of rounding."""
    return 0.0 if near(a, b) else a - b


@compiled
def bought(
    cash: float, free: float, debt: float, held: float, wanted: float, fill: float, fee: float, closes_only: bool
) -> Filled:
    """After buying ``wanted`` shares at ``fill``, or as many as the cash allows; ``closes_only`` covers a short and no more."""
    each = fill * (1.0 + fee)
    limit = free
    if held < 0.0:
        spare = minus(free + 2.0 * debt, abs(held) * each)
        if spare > 0.0:
            limit = free + 2.0 * debt
        elif spare < 0.0:
            limit = free / (each - 2.0 * debt / abs(held)) * each
        else:
            limit = cash
    limit = min(limit, cash)
    size = min(-held, wanted) if closes_only else wanted
    if near(size, 0.0) or (limit == 0.0 and not closes_only):
        return 0.0, cash, free, debt, held
    value = size * fill
    cost = value + value * fee
    if not (near(cost, limit) or cost < limit):
        most = limit / (1.0 + fee)
        if most <= 0.0:
            return 0.0, cash, free, debt, held
        size, cost = most / fill, limit
    if less(size, SMALLEST):
        return 0.0, cash, free, debt, held
    after = 0.0 if near(held, -size) else held + size
    if held < 0.0:
        settled = (size if after < 0.0 else abs(held)) * debt / abs(held)
        return (
            size,
            _round(minus(cash, cost)),
            _round(minus(free + 2.0 * settled, cost)),
            _round(minus(debt, settled)),
            after,
        )
    return size, _round(minus(cash, cost)), _round(minus(free, cost)), debt, _round(after)


@compiled
def sold(
    cash: float, free: float, debt: float, held: float, wanted: float, fill: float, fee: float, closes_only: bool
) -> Filled:
    """After selling ``wanted`` shares at ``fill``, or as many as free cash backs; ``closes_only`` leaves a long and no more."""
    if closes_only:
        size = min(held, wanted)
    else:
        long = max(held, 0.0)
        backing = free + long * fill * (1.0 - fee)
        if near(free, -long * fill * (1.0 - fee)):
            backing = 0.0
        if backing <= 0.0 and held <= 0.0:
            return 0.0, cash, free, debt, held
        size = min(wanted, long + max(backing, 0.0) / (fill * (1.0 + fee)))
    if near(size, 0.0) or less(size, SMALLEST):
        return 0.0, cash, free, debt, held
    value = size * fill
    got = minus(value, value * fee)
    if got < 0.0:
        return 0.0, cash, free, debt, held
    after = minus(held, size)
    if after < 0.0:
        shorted = (size if held < 0.0 else abs(after)) * fill
        gain = minus(got, 2.0 * shorted)
        return (
            size,
            _round(cash + got),
            _round(0.0 if near(free, -gain) else free + gain),
            _round(debt + shorted),
            after,
        )
    return size, _round(cash + got), _round(free + got), debt, after


@compiled
def _round(amount: float) -> float:
    """Nothing, where an amount is as good as nothing."""
    return 0.0 if abs(amount) <= NIL else amount
