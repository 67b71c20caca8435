"""Rules of the gate about losses and their pace: the day's loss of each scope, drawdown, the cooldown, and round trips of a day."""

from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.accounts import day_profit
from qv_desktop.domain.counters import ACCOUNT, Standing, Standings
from qv_desktop.domain.exposure import reduces
from qv_desktop.domain.limits import Limits, Scope
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Order, OrderRequest
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import Rule, answer

ZERO = Decimal(0)


def _standings(view: RiskView, limits: Limits) -> Standings:
    """Of everybody whom the order concerns; where nobody counts, the account as the broker tells it."""
    if view.counters is not None:
        return view.counters
    return (Standing(ACCOUNT, limits, profit=day_profit(view.account) if view.account else None),)


def daily_loss(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Each scope's own day against its own limit; the answer is that of the tightest. What reduces is always taken."""
    if reduces(request, view):
        return None
    standings = _standings(view, limits)
    # the ladder sees to the account's own part; one that a user, a strategy or a symbol has tighter binds their orders here
    tighter = limits.reducing_fraction < standings[0].limits.reducing_fraction
    part = limits.reducing_fraction if tighter else Decimal(1)
    known = [(one.profit + one.limits.daily_loss * part, one) for one in standings if one.profit is not None]
    if not known:
        return None
    room, worst = min(known, key=lambda each: each[0])
    most = worst.limits.daily_loss * part
    return answer(
        "DAILY_LOSS",
        "Daily loss headroom",
        room > 0,
        f"${room:,.0f}",
        f"${most:,.0f}",
        message=f"The day's loss of ${most - room:,.0f} has reached the limit of ${most:,.0f} "
        f"for {worst.whose}; only what reduces is taken until the next trading day.",
    )


def drawdown(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """The account's fall from its highest equity, by the tightest limit that binds the order."""
    account = _standings(view, limits)[0]
    if account.drawdown is None or reduces(request, view):
        return None
    most = min(account.limits.drawdown_fraction, limits.drawdown_fraction)
    return answer(
        "DRAWDOWN",
        "Drawdown",
        account.drawdown < most,
        f"{account.drawdown:.1%}",
        f"{most:.1%}",
        message=f"The equity is {account.drawdown:.1%} below its highest; from {most:.1%} only what reduces is taken.",
    )


def cooldown(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """A pause after too many losing round trips in a row; the one that ends last counts."""
    standings = _standings(view, limits)
    pauses = [(until, one) for one in standings if (until := one.cooling_until) is not None and until > view.now]
    if not pauses:
        return None if reduces(request, view) else _losses(standings)
    if reduces(request, view):
        return None
    until, one = max(pauses, key=lambda each: each[0])
    return answer(
        "COOLDOWN",
        "Cooldown",
        False,
        f"{one.counters.consecutive_losses}",
        f"{one.limits.consecutive_losses}",
        message=f"{one.counters.consecutive_losses} losing round trips in a row for {one.whose}: only what reduces is taken until "
        f"{clock(until)}, {remaining(until, view.now)} from now.",
    )


def _losses(standings: Standings) -> Check:
    most = max(standings, key=lambda one: one.counters.consecutive_losses / max(one.limits.consecutive_losses, 1))
    count, limit = most.counters.consecutive_losses, most.limits.consecutive_losses
    return answer("COOLDOWN", "Losses in a row", True, f"{count}", f"{limit}")


def trades_per_day(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """An order that begins a round trip needs one that is left today; those that working orders will begin are counted, too."""
    if reduces(request, view):
        return None
    fullest: tuple[int, int, Standing] | None = None  # left, begun, whose
    for one in _standings(view, limits):
        if one.holds(request.symbol):
            continue  # adds to a round trip that has begun
        begun = one.counters.trades_today
        begun += _beginning(request, view, one, one.limits.trades_per_day - begun)
        left = one.limits.trades_per_day - begun
        fullest = (left, begun, one) if fullest is None or left < fullest[0] else fullest
    if fullest is None:
        return None
    left, begun, one = fullest
    most = one.limits.trades_per_day
    return answer(
        "TRADES_PER_DAY",
        "Round trips today",
        left > 0,
        f"{begun + 1}",
        f"{most}",
        message=f"{begun} round trips have begun today for {one.whose}, of at most {most}; the next one waits for the next trading day.",
    )


def _beginning(request: OrderRequest, view: RiskView, one: Standing, left: int) -> int:
    """Round trips in other symbols that working orders would begin; not looked at while there is room for all of them."""
    if len(view.open_orders if view.by_symbol is None else view.by_symbol) < left:
        return 0
    names = {o.request.symbol for o in view.open_orders if _concerns(o, one) and not one.holds(o.request.symbol)}
    return len(names - {request.symbol})


def _concerns(order: Order, one: Standing) -> bool:
    scope, of = one.key
    if scope is Scope.USER:
        return order.user == of
    if scope is Scope.SYMBOL:
        return order.request.symbol == of
    return scope is not Scope.STRATEGY or one.sources is None or order.request.source in one.sources


def clock(moment: datetime) -> str:
    """Of the New York day, such as 14:03:22 ET."""
    return f"{moment.astimezone(NEW_YORK):%H:%M:%S} ET"


def remaining(until: datetime, now: datetime) -> str:
    """Such as 14 min 05 s."""
    minutes, seconds = divmod(max(int((until - now).total_seconds() + 0.999), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


LOSS_RULES: tuple[Rule, ...] = (daily_loss, drawdown, cooldown, trades_per_day)
