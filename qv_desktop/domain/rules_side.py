"""Rules about the direction: selling short, turning a position round, and the exits of a position."""

from decimal import Decimal

from qv_desktop.domain.exposure import committed, held, reduces, room_to_reduce
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderClass, OrderRequest, Side
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer

ZERO = Decimal(0)


def short(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    opens_short = request.side is Side.SELL and not reduces(request, view)
    if not opens_short or view.instrument is None:
        return None
    ok = view.instrument.shortable and (view.account is None or view.account.shorting_enabled is not False)
    most = max(held(view, request.symbol) - committed(view, request.symbol, Side.SELL), ZERO)
    return answer(
        "SHORT",
        "Shortable",
        ok,
        "yes" if ok else "no",
        "yes",
        f"{most:,}",
        f"{request.symbol} cannot be sold short here; at most {most:,} shares can be sold.",
    )


def reversal(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Alpaca takes no order that turns a long position short or back in one step."""
    position = held(view, request.symbol)
    if position * request.side.sign >= 0:
        return None
    room = room_to_reduce(view, request.symbol, request.side)
    words = (
        f"One order cannot turn a position round; close {room:,} shares first."
        if room
        else f"All {abs(position):,} shares of {request.symbol} are on their way out already; cancel those orders first."
    )
    passed, nearest = request.quantity <= room, f"{room:,}" if room else ""
    return answer("REVERSAL", "Crosses through flat", passed, f"{request.quantity:,}", f"{room:,}", nearest, words)


def order_class(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Alpaca's OCO only leaves a position, its brackets and OTOs only enter one; a leg by itself names no other exit."""
    if request.take_profit is None and request.stop_loss is None:
        return None
    if request.order_class is OrderClass.OCO:
        return _exits(request, view)
    enters = held(view, request.symbol) * request.side.sign >= 0
    return answer(
        "ORDER_CLASS",
        "Order class",
        enters,
        request.order_class.value if enters else "exit",
        request.order_class.value if enters else "entry",
        message="A take profit and a stop loss hang on orders that open a position; to leave one, use OCO.",
    )


def _exits(request: OrderRequest, view: RiskView) -> Check:
    """The two exits of an OCO are for the same shares, and only one of them trades."""
    room = room_to_reduce(view, request.symbol, request.side)
    return answer(
        "ORDER_CLASS",
        "OCO exits",
        request.quantity <= room,
        f"{request.quantity:,}",
        f"{room:,}",
        f"{room:,}",
        f"An OCO closes what is held and not on its way out yet: {room:,} shares of {request.symbol}.",
    )
