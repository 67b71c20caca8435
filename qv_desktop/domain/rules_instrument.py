"""Rules about the instrument: whether it can be traded at all, and in which prices."""

from qv_desktop.domain.instruments import on_tick, price_step
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer


def tradable(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    found = view.instrument
    ok = found is not None and found.tradable and not view.halted
    why = "is not known here" if found is None else "is halted" if view.halted else "cannot be traded"
    return answer("INSTRUMENT", "Tradable", ok, "yes" if ok else why, "yes", message=f"{request.symbol} {why}.")


def tick(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    if view.instrument is None:
        return None
    for price in (request.limit, request.stop, request.take_profit, request.stop_loss, request.stop_loss_limit):
        if price is not None and price > 0 and price % price_step(view.instrument, price) != 0:
            step, near = price_step(view.instrument, price), on_tick(view.instrument, price)
            return answer(
                "TICK",
                "Price step",
                False,
                f"{price}",
                f"{step}",
                f"{near}",
                f"{price} is off the {step} price step; the nearest price is {near}.",
            )
    return None
