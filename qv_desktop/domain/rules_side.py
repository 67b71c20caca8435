"""Rules about the direction: selling short, turning a position round, and the exits of a position."""

from decimal import ROUND_FLOOR, Decimal

from qv_desktop.domain.exposure import committed, held, reduces, room_to_reduce, touch
from qv_desktop.domain.instruments import price_step
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer

ZERO = Decimal(0)
NO_BID = "{} fell by 10 % and shows no bid to price a short sale above; wait for a quote."


def short(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    if not _sells_short(request, view) or view.instrument is None:
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


def borrow(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Alpaca lends what is easy to borrow only."""
    if view.instrument is None or not view.instrument.shortable or not _sells_short(request, view):
        return None
    most = max(held(view, request.symbol) - committed(view, request.symbol, Side.SELL), ZERO)
    return answer(
        "BORROW",
        "Easy to borrow",
        view.instrument.easy_to_borrow,
        "yes" if view.instrument.easy_to_borrow else "hard",
        "yes",
        f"{most:,}",
        f"{request.symbol} is hard to borrow and cannot be sold short here; at most {most:,} shares can be sold.",
    )


def short_price(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Under the price test a short sale is priced above the national best bid, 17 CFR 242.201(b)(1)(i).

    A stop or a trailing stop becomes a market order when it triggers, at whatever the bid is then. A limit that rests above the
    bid stays legal however the bid moves.
    """
    if not view.price_test or view.instrument is None or not _sells_short(request, view):
        return None
    bid = touch(view, Side.SELL)
    if bid is None:
        return answer("SSR", "Short sale price test", False, "no bid", "> bid", message=NO_BID.format(request.symbol))
    step = price_step(view.instrument, bid)
    nearest = (bid / step).to_integral_value(ROUND_FLOOR) * step + step
    priced = request.type is OrderType.LIMIT and request.limit is not None
    return answer(
        "SSR",
        "Short sale price test",
        priced and request.limit is not None and request.limit > bid,
        f"{request.limit}" if priced else request.type.value,
        f"> {bid}",
        f"{nearest}",
        f"{request.symbol} fell by 10 %: until the end of the next day it is sold short by limit orders above the bid of {bid} "
        f"only; the nearest limit is {nearest}.",
    )


def _sells_short(request: OrderRequest, view: RiskView) -> bool:
    """Whether the order sells more than is held: what is beyond that is short."""
    return request.side is Side.SELL and not reduces(request, view)


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
    if request.order_class is OrderClass.SIMPLE:  # it would be sent without them, and protect nothing
        words = "A simple order takes neither a take profit nor a stop loss along; choose a bracket, or leave them out."
        return answer("ORDER_CLASS", "Order class", False, "simple", "bracket", message=words)
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
