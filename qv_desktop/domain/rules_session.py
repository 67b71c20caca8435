"""Rules about the moment: the trading state, the hour of the day, and who may trade where."""

from qv_desktop.domain.exposure import reduces
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest, OrderType, TimeInForce
from qv_desktop.domain.risk import Check, RiskView, TradingState
from qv_desktop.domain.rule_answers import answer

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
