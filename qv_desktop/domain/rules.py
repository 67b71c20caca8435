"""The rules that every order must pass, each with its numbers and the nearest value that would pass."""

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from operator import attrgetter

from qv_desktop.domain.accounts import day_profit
from qv_desktop.domain.exposure import (
    committed,
    gross,
    held,
    reduces,
    reference_price,
    room_to_reduce,
    touch,
    whole_shares,
)
from qv_desktop.domain.instruments import PENNY, on_tick, price_step
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import Order, OrderClass, OrderRequest, OrderType, Side, TimeInForce
from qv_desktop.domain.risk import Check, RiskView, TradingState, Verdict, minted

ZERO = Decimal(0)
_terms = attrgetter("symbol", "side", "quantity", "limit", "stop", "source")  # what makes two requests the same order


def judged(request: OrderRequest, view: RiskView, limits: Limits) -> Verdict:
    """Every rule's answer to ``request``; rules that do not apply are left out."""
    answers = (rule(request, view, limits) for rule in RULES)
    return minted(request, tuple(answer for answer in answers if answer is not None))


def _answer(code: str, title: str, passed: bool, value: str, limit: str, nearest: str = "", message: str = "") -> Check:
    return Check(code, title, passed, value, limit, "" if passed else nearest, "" if passed else message)


def _tradable(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    found = view.instrument
    ok = found is not None and found.tradable and not view.halted
    why = "is not known here" if found is None else "is halted" if view.halted else "cannot be traded"
    return _answer("INSTRUMENT", "Tradable", ok, "yes" if ok else why, "yes", message=f"{request.symbol} {why}.")


def _state(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    state, free = view.state, view.state is TradingState.ACTIVE and not view.closed
    ok = free or (state is not TradingState.HALTED and reduces(request, view))
    why = (
        "Trading is halted; resume it in the risk panel."
        if state is TradingState.HALTED
        else f"{view.closed} Only orders that reduce a position are taken now.".strip()
    )
    word = "CLOSED" if view.closed and state is TradingState.ACTIVE else state.value
    return _answer("TRADING_STATE", "Trading state", ok, word, "ACTIVE", message=why)


def _quantity(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    ok = ZERO < request.quantity <= limits.order_quantity or (request.quantity > 0 and reduces(request, view))
    nearest = "1" if request.quantity <= 0 else f"{limits.order_quantity:,}"
    return _answer(
        "ORDER_QUANTITY",
        "Quantity",
        ok,
        f"{request.quantity:,}",
        f"{limits.order_quantity:,}",
        nearest,
        f"Quantity must lie between 1 and {limits.order_quantity:,}.",
    )


def _prices(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Each type needs its prices and no others."""
    needs_limit = request.type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    needs_stop = request.type in (OrderType.STOP, OrderType.STOP_LIMIT)
    if needs_limit and (request.limit is None or request.limit <= 0):
        return _answer(
            "PRICE", "Limit price", False, "—", "> 0", message="A limit order needs a limit price above zero."
        )
    if needs_stop and (request.stop is None or request.stop <= 0):
        return _answer("PRICE", "Stop price", False, "—", "> 0", message="A stop order needs a stop price above zero.")
    if request.type is OrderType.TRAILING_STOP and (request.trail_price is None) == (request.trail_percent is None):
        return _answer(
            "PRICE", "Trail", False, "—", "one", message="A trailing stop needs a trail in $ or in %, not both."
        )
    return None


def _tick(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    if view.instrument is None:
        return None
    for price in (request.limit, request.stop, request.take_profit, request.stop_loss, request.stop_loss_limit):
        if price is not None and price > 0 and price % price_step(view.instrument, price) != 0:
            step, near = price_step(view.instrument, price), on_tick(view.instrument, price)
            return _answer(
                "TICK",
                "Price step",
                False,
                f"{price}",
                f"{step}",
                f"{near}",
                f"{price} is off the {step} price step; the nearest price is {near}.",
            )
    return None


def _session_rules(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    if not request.extended_hours:
        return None
    ok = request.type is OrderType.LIMIT and request.time_in_force in (TimeInForce.DAY, TimeInForce.GTC)
    return _answer(
        "EXTENDED_HOURS",
        "Extended hours",
        ok,
        request.type.value,
        "limit, day",
        message="Extended hours take limit orders with Day or GTC only.",
    )


def _value(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """What only reduces is bounded by what is held: a limit on size must not keep anybody in a position."""
    price = reference_price(request, view)
    if reduces(request, view):
        return None
    if price is None:
        return _answer(
            "ORDER_VALUE",
            "Order value",
            False,
            "—",
            f"${limits.order_value:,.0f}",
            message="There is no price to value the order at; wait for a quote.",
        )
    value, most = price * request.quantity, whole_shares(limits.order_value, price)
    return _answer(
        "ORDER_VALUE",
        "Order value",
        value <= limits.order_value,
        f"${value:,.0f}",
        f"${limits.order_value:,.0f}",
        f"{most:,}",
        f"The order is worth ${value:,.0f}; at most ${limits.order_value:,.0f}, that is {most:,} shares.",
    )


def _collar(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """A price through the NBBO by more than the collar, or a quote too old to tell, is an error (cf. 17 CFR 240.15c3-5).

    A market order that only reduces names no price: it passes while quotes are away, for the way out must stay open.
    """
    if view.quote is None or view.quote_age is None or Decimal(str(view.quote_age)) > limits.quote_age:
        if request.type is OrderType.MARKET and reduces(request, view):
            return None
        age = "no quote" if view.quote_age is None else f"{view.quote_age:.1f} s old"
        return _answer(
            "QUOTE_AGE",
            "Quote age",
            False,
            age,
            f"{limits.quote_age} s",
            message=f"The quote is too old to price against ({age}, at most {limits.quote_age} s).",
        )
    meets = touch(view, request.side)
    if meets is None:
        side = "ask to buy at" if request.side is Side.BUY else "bid to sell at"
        return _answer(
            "NO_QUOTE", "Quote", False, "none", "> 0", message=f"The market shows no {side}; wait for a quote."
        )
    if request.limit is None:
        return None
    through = (request.limit - meets) / meets * request.side.sign
    edge = _inside(meets * (1 + limits.collar * request.side.sign), request.side, view)
    return _answer(
        "COLLAR",
        "Collar vs NBBO",
        through <= limits.collar,
        f"{max(through, ZERO):.1%}",
        f"{limits.collar:.0%}",
        f"{edge}",
        f"{request.limit} is {through:.1%} through the market; at most {limits.collar:.0%}, that is {edge}.",
    )


def _inside(edge: Decimal, side: Side, view: RiskView) -> Decimal:
    """The outermost legal price that does not pass ``edge``: buyers round down, sellers up."""
    step = PENNY if view.instrument is None else price_step(view.instrument, edge)
    try:
        whole = (edge / step).to_integral_value(ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)
        return (whole * step).quantize(step)
    except InvalidOperation:  # a price of a broken quote, beyond all digits
        return edge


def _single_name(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0 or reduces(request, view):
        return None
    sign, side = request.side.sign, request.side
    before = held(view, request.symbol) + committed(view, request.symbol, side) * sign
    share = abs(before + request.quantity * sign) * price / equity
    most = max(whole_shares(equity * limits.position_fraction, price) - before * sign, ZERO)
    return _answer(
        "SINGLE_NAME",
        "Single-name exposure",
        share <= limits.position_fraction,
        f"{share:.1%}",
        f"{limits.position_fraction:.0%}",
        f"{most:,}",
        f"{request.symbol} would be {share:.1%} of equity, over {limits.position_fraction:.0%}: at most {most:,} shares.",
    )


def _gross(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0 or reduces(request, view):
        return None
    before, free = gross(view), room_to_reduce(view, request.symbol, request.side)
    share = (before + max(request.quantity - free, ZERO) * price) / equity
    most = max(whole_shares(equity * limits.gross_fraction - before, price), ZERO) + free
    return _answer(
        "GROSS",
        "Gross exposure",
        share <= limits.gross_fraction,
        f"{share:.0%}",
        f"{limits.gross_fraction:.0%}",
        f"{most:,}",
        f"Gross exposure would be {share:.0%} of equity, over {limits.gross_fraction:.0%}.",
    )


def _buying_power(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, power = reference_price(request, view), view.account.buying_power if view.account else None
    if power is None or price is None or reduces(request, view):
        return None
    # Alpaca values a short at the higher of the limit and 3 % over the ask
    if request.side is Side.SELL:
        price = max(price, (touch(view, Side.BUY) or ZERO) * Decimal("1.03"))
    cost = price * request.quantity
    return _answer(
        "BUYING_POWER",
        "Buying power",
        cost <= power,
        f"${cost:,.0f}",
        f"${power:,.0f}",
        f"{max(whole_shares(power, price), ZERO):,}",
        f"The order needs ${cost:,.0f} of ${power:,.0f} buying power.",
    )


def _short(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    opens_short = request.side is Side.SELL and not reduces(request, view)
    if not opens_short or view.instrument is None:
        return None
    ok = view.instrument.shortable and (view.account is None or view.account.shorting_enabled is not False)
    most = max(held(view, request.symbol) - committed(view, request.symbol, Side.SELL), ZERO)
    return _answer(
        "SHORT",
        "Shortable",
        ok,
        "yes" if ok else "no",
        "yes",
        f"{most:,}",
        f"{request.symbol} cannot be sold short here; at most {most:,} shares can be sold.",
    )


def _reversal(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
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
    return _answer("REVERSAL", "Crosses through flat", passed, f"{request.quantity:,}", f"{room:,}", nearest, words)


def _order_class(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Alpaca's OCO only leaves a position, its brackets and OTOs only enter one; a leg by itself names no other exit."""
    if request.take_profit is None and request.stop_loss is None:
        return None
    if request.order_class is OrderClass.OCO:
        return _exits(request, view)
    enters = held(view, request.symbol) * request.side.sign >= 0
    return _answer(
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
    return _answer(
        "ORDER_CLASS",
        "OCO exits",
        request.quantity <= room,
        f"{request.quantity:,}",
        f"{room:,}",
        f"{room:,}",
        f"An OCO closes what is held and not on its way out yet: {room:,} shares of {request.symbol}.",
    )


def _wash(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    """Alpaca rejects an order that could trade with one of our own on the other side."""
    resting = [
        o
        for o in view.open_orders
        if o.request.symbol == request.symbol and o.request.side is request.side.opposite and _crosses(request, o)
    ]
    return _answer(
        "WASH",
        "Own resting orders",
        not resting,
        f"{len(resting)}",
        "0",
        message=f"Your own {request.side.opposite} order in {request.symbol} rests there; cancel it first.",
    )


def _crosses(request: OrderRequest, order: Order) -> bool:
    ours, theirs = request.limit, order.request.limit
    if ours is None or theirs is None:
        return order.request.type in (OrderType.MARKET, OrderType.LIMIT, OrderType.UNKNOWN)
    return (ours - theirs) * request.side.sign >= 0


def _daily_loss(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    profit = day_profit(view.account) if view.account else None
    if profit is None or reduces(request, view):
        return None
    return _answer(
        "DAILY_LOSS",
        "Daily loss headroom",
        profit > -limits.daily_loss,
        f"${profit + limits.daily_loss:,.0f}",
        f"${limits.daily_loss:,.0f}",
        message=f"The day's loss of ${-profit:,.0f} has reached the limit of ${limits.daily_loss:,.0f}.",
    )


def _rate(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    count = len(view.recent) + 1
    return _answer(
        "ORDER_RATE",
        "Orders per minute",
        count <= limits.orders_per_minute,
        f"{count}",
        f"{limits.orders_per_minute}",
        message=f"{count} orders within a minute; at most {limits.orders_per_minute}.",
    )


def _duplicate(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    terms, since = _terms(request), view.now - timedelta(seconds=min(float(limits.duplicate_seconds), 86_400))
    count = sum(order.submitted > since and _terms(order.request) == terms for order in view.recent)
    return _answer(
        "DUPLICATE",
        "Duplicates",
        count == 0,
        f"{count}",
        "0",
        message=f"The same order was sent within {limits.duplicate_seconds} s; wait, or change it.",
    )


def stopped(request: OrderRequest, view: RiskView) -> str:
    """Why the trading state takes no such order now; nothing when it does."""
    return _state(request, view, Limits()).message


type Rule = Callable[[OrderRequest, RiskView, Limits], Check | None]

RULES: tuple[Rule, ...] = (
    _state,
    _tradable,
    _quantity,
    _prices,
    _tick,
    _session_rules,
    _value,
    _collar,
    _single_name,
    _gross,
    _buying_power,
    _short,
    _reversal,
    _order_class,
    _wash,
    _daily_loss,
    _rate,
    _duplicate,
)
