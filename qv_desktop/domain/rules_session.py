"""Rules about the moment: the trading state, the hour of the day, and who may trade where."""

from qv_desktop.domain.exposure import reduces
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import OrderRequest, OrderType, TimeInForce
from qv_desktop.domain.risk import Check, RiskView, TradingState
from qv_desktop.domain.rule_answers import answer

DAY_MINUTES = 24 * 60
HALTED = {  # by whether positions may be left at the market
    False: "Trading is halted; resume it in the risk panel.",
    True: "Trading is halted by the loss ladder: only market orders that reduce a position are taken. The risk panel says who resumes it.",
}


def state(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    state, free = view.state, view.state is TradingState.ACTIVE and not view.closed
    leaves = state is not TradingState.HALTED or (view.way_out and request.type is OrderType.MARKET)
    ok = free or (leaves and reduces(request, view))
    why = (
        HALTED[view.way_out]
        if state is TradingState.HALTED
        else f"{view.closed} Only orders that reduce a position are taken now.".strip()
    )
    word = "CLOSED" if view.closed and state is TradingState.ACTIVE else state.value
    return answer("TRADING_STATE", "Trading state", ok, word, "ACTIVE", message=why)


def extended_hours(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    if not request.extended_hours:
        return None
    ok = request.type is OrderType.LIMIT and request.time_in_force in (TimeInForce.DAY, TimeInForce.GTC)
    return answer(
        "EXTENDED_HOURS",
        "Extended hours",
        ok,
        request.type.value,
        "limit, day",
        message="Extended hours take limit orders with Day or GTC only.",
    )


def hours(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Outside the desk's own hours, told in New York's time, a position is left but not entered."""
    if limits.opens <= 0 and limits.closes >= DAY_MINUTES:
        return None
    now = view.now.astimezone(NEW_YORK)
    minute = now.hour * 60 + now.minute
    window = f"{_clock(limits.opens)}–{_clock(limits.closes)}"
    return answer(
        "HOURS",
        "Hours of the desk",
        limits.opens <= minute < limits.closes or reduces(request, view),
        _clock(minute),
        window,
        _clock(limits.opens) if limits.opens < limits.closes else "",
        f"It is {_clock(minute)} in New York; orders that open or add to a position are taken from {window}.",
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def access(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    """Asked once more where the verdict is made, whoever asks for it."""
    words = "Your role may not enter orders; ask an administrator for the right."
    return answer(
        "ACCESS", "Role", view.may_trade, "may trade" if view.may_trade else "may not", "may trade", "", words
    )


def environment(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Real money takes a right of its own, so that a role can be made that only practises."""
    if not view.environment:
        return None
    ok = view.environment != "LIVE" or view.live_allowed or reduces(request, view)
    words = (
        "Your role may not trade with real money; ask an administrator for “trading: run”, or use the paper account."
    )
    return answer("ENVIRONMENT", "Environment", ok, view.environment, view.environment if ok else "PAPER", "", words)


def account(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """The broker's word on the account, before it has to say it of the order."""
    found = view.account
    if found is None or not (found.trading_blocked or found.account_blocked or found.suspended):
        return None
    why = "suspended by its owner's setting" if found.suspended else "blocked by the broker"
    words = f"The account is {why}; only orders that reduce a position are tried."
    return answer("ACCOUNT", "Account", reduces(request, view), why, "open", "", words)
