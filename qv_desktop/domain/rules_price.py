"""Rules about prices: which a type needs, and how far through the market they may lie."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from qv_desktop.domain.exposure import reduces, reference_price, touch
from qv_desktop.domain.instruments import PENNY, price_step
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer, percent

ZERO = Decimal(0)


def prices(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Each type needs its prices and no others."""
    needs_limit = request.type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    needs_stop = request.type in (OrderType.STOP, OrderType.STOP_LIMIT)
    if needs_limit and (request.limit is None or request.limit <= 0):
        return answer(
            "PRICE", "Limit price", False, "—", "> 0", message="A limit order needs a limit price above zero."
        )
    if needs_stop and (request.stop is None or request.stop <= 0):
        return answer("PRICE", "Stop price", False, "—", "> 0", message="A stop order needs a stop price above zero.")
    extra = "limit" if request.limit is not None and not needs_limit else ""
    if request.stop is not None and request.type in (OrderType.MARKET, OrderType.LIMIT):
        extra = "stop"
    if extra:  # it would be what the order is valued at, and not what it trades at
        words = f"A {request.type.value.replace('_', ' ')} order has no {extra} price; leave it out."
        return answer("PRICE", f"{extra.capitalize()} price", False, f"{getattr(request, extra)}", "—", message=words)
    if request.type is OrderType.TRAILING_STOP and (request.trail_price is None) == (request.trail_percent is None):
        return answer(
            "PRICE", "Trail", False, "—", "one", message="A trailing stop needs a trail in $ or in %, not both."
        )
    trail = request.trail_price if request.trail_price is not None else request.trail_percent
    if request.type is OrderType.TRAILING_STOP and trail is not None and trail <= 0:
        return answer("PRICE", "Trail", False, f"{trail}", "> 0", message="A trailing stop needs a trail above zero.")
    return None


def collar(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """A price through the NBBO by more than the collar, or a quote too old to tell, is an error (cf. 17 CFR 240.15c3-5).

    A market order that only reduces passes while quotes are away, for the way out must stay open. Outside regular hours the way out
    has to name a limit: that is held to the last quote that was heard, however old. Where no quote was ever heard, or the market shows
    none on its side, it passes and shows that, for a market order would pass too. A market order of the opening auction does not trade
    against a quote: it needs a price to be valued at.
    """
    if request.type is OrderType.MARKET and request.time_in_force is TimeInForce.OPG:
        return _valued(request, view)
    away = view.quote is None or view.quote_age is None or Decimal(str(view.quote_age)) > limits.quote_age
    leaves = away and reduces(request, view)
    if leaves and request.type is OrderType.MARKET:
        return None
    if leaves and view.quote is None:
        return answer("COLLAR", "Collar vs NBBO", True, "no quote", f"{percent(limits.collar)}")
    if view.quote is None or (away and not leaves):
        age = "no quote" if view.quote_age is None else f"{view.quote_age:.1f} s old"
        return answer(
            "QUOTE_AGE",
            "Quote age",
            False,
            age,
            f"{limits.quote_age} s",
            message=f"The quote is too old to price against ({age}, at most {limits.quote_age} s).",
        )
    meets = touch(view, request.side)
    if meets is None and reduces(request, view) and request.type is not OrderType.MARKET:
        return answer("COLLAR", "Collar vs NBBO", True, "no quote", f"{percent(limits.collar)}")
    if meets is None:
        side = "ask to buy at" if request.side is Side.BUY else "bid to sell at"
        return answer(
            "NO_QUOTE", "Quote", False, "none", "> 0", message=f"The market shows no {side}; wait for a quote."
        )
    if request.limit is None:
        return None
    through = (request.limit - meets) / meets * request.side.sign
    edge = _inside(meets * (1 + limits.collar * request.side.sign), request.side, view)
    return answer(
        "COLLAR",
        "Collar vs NBBO",
        through <= limits.collar,
        f"{through if through > 0 else ZERO:.1%}",
        f"{percent(limits.collar)}",
        f"{edge}",
        f"{request.limit} is {through:.1%} through the market; at most {percent(limits.collar)}, that is {edge}.",
    )


def _valued(request: OrderRequest, view: RiskView) -> Check | None:
    """The auction makes its own price; what nobody knows the worth of opens no position in it."""
    if reference_price(request, view) is not None or reduces(request, view):
        return None
    words = f"Nothing tells what {request.symbol} is worth; wait for a quote or a trade."
    return answer("NO_QUOTE", "Quote", False, "none", "> 0", message=words)


def _inside(edge: Decimal, side: Side, view: RiskView) -> Decimal:
    """The outermost legal price that does not pass ``edge``: buyers round down, sellers up."""
    step = PENNY if view.instrument is None else price_step(view.instrument, edge)
    try:
        whole = (edge / step).to_integral_value(ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)
        return (whole * step).quantize(step)
    except InvalidOperation:  # a price of a broken quote, beyond all digits
        return edge
