"""Rules about the instrument: whether it can be traded at all, in which prices and in which sizes."""

from decimal import ROUND_FLOOR

from qv_desktop.domain.exposure import reduces
from qv_desktop.domain.instruments import on_tick, price_step
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderClass, OrderRequest, Side, TimeInForce
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer

FRACTION_DIGITS = 9


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


def restricted(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """What the desk does not trade can still be left."""
    if not view.restricted:
        return None
    return answer(
        "RESTRICTED",
        "Restricted list",
        reduces(request, view),
        "listed",
        "not listed",
        message=f"{view.restricted} Only orders that reduce a position in {request.symbol} are taken.",
    )


def lot(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Parts of a share: Alpaca takes them for some symbols, for the day, in simple orders, never short; nine digits at most."""
    whole = request.quantity.to_integral_value(ROUND_FLOOR)
    if view.instrument is None or request.quantity == whole:
        return None
    digits = -int(request.quantity.normalize().as_tuple().exponent)
    why = (
        f"{request.symbol} trades in whole shares only."
        if not view.instrument.fractionable
        else f"A part of a share has at most {FRACTION_DIGITS} digits after the point."
        if digits > FRACTION_DIGITS
        else "Parts of a share are taken for the day only (Day)."
        if request.time_in_force is not TimeInForce.DAY
        else "Parts of a share take neither a take profit nor a stop loss."
        if request.order_class is not OrderClass.SIMPLE
        else "Parts of a share cannot be sold short."
        if request.side is Side.SELL and not reduces(request, view)
        else ""
    )
    return answer("LOT", "Whole shares", not why, f"{request.quantity:,}", "1", f"{whole:,}" if whole > 0 else "", why)
