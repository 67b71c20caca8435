"""What the book adds up to: what is held, what working orders may still add, and what an order is worth."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from math import inf
from operator import attrgetter

from qv_desktop.domain.market import money
from qv_desktop.domain.orders import Order, OrderClass, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import Line, RiskView

ZERO = Decimal(0)
PAIRED = (OrderClass.BRACKET, OrderClass.OCO)  # whose exits cancel each other


def touch(view: RiskView, side: Side) -> Decimal | None:
    """The price that an order on ``side`` would meet; a side of the quote that is not above zero is no price."""
    if view.quote is None:
        return None
    price = view.quote.ask if side is Side.BUY else view.quote.bid
    return money(price) if 0 < price < inf else None


def reference_price(request: OrderRequest, view: RiskView) -> Decimal | None:
    """The price at which ``request`` is valued: its limit or stop, else the far side of the quote, else the last.

    What trades at once trades at the market: a buy stop below the ask, and a sale with a limit below the bid, are worth what the
    quote says; a buy that trails triggers its trail above the ask at most. None when there is none above zero.
    """
    price = request.limit if request.limit is not None else request.stop
    meets = touch(view, request.side)
    if price is None:
        auction = request.time_in_force is TimeInForce.OPG  # it does not trade against a quote
        last = view.prices.get(request.symbol) if view.quote is None or (meets is None and auction) else None
        price = meets if meets is not None else last
    elif meets is not None and request.side is Side.BUY and request.limit is None:
        price = max(price, meets)
    elif meets is not None and request.side is Side.SELL and request.limit is not None:
        price = max(price, meets if request.stop is None else min(meets, request.stop))
    if (
        price is not None
        and request.type is OrderType.TRAILING_STOP
        and request.side is Side.BUY
        and request.stop is None
    ):
        price += request.trail_price or price * (request.trail_percent or ZERO) / 100
    return price if price is not None and price > 0 else None


def held(view: RiskView, symbol: str) -> Decimal:
    """Signed shares of ``symbol`` now."""
    position = view.positions.get(symbol)
    return position.quantity if position else ZERO


def working(view: RiskView, symbol: str, side: Side) -> list[Order]:
    """Open orders of ``symbol`` on ``side`` that can each still trade, see ``can_trade``."""
    return can_trade(view.orders_of(symbol), side)


def can_trade(orders: Iterable[Order], side: Side) -> list[Order]:
    """Of one symbol's open ``orders`` those on ``side`` that can each trade: of two that cancel each other only one, none that is held.

    A held leg waits for its parent, or for its twin to fail.
    """
    found: list[Order] = []
    twins: set[tuple[Decimal, str]] = set()  # (shares, limit or stop) of the legs that count
    for order in orders:
        request = order.request
        if request.side is not side or order.status is OrderStatus.HELD:
            continue
        kind, twin = ("stop", "limit") if request.stop is not None else ("limit", "stop")
        if request.order_class in PAIRED and (request.quantity, twin) in twins:
            twins.remove((request.quantity, twin))
            continue
        if _is_exit(request):
            twins.add((request.quantity, kind))
        found.append(order)
    return found


def _is_exit(request: OrderRequest) -> bool:
    """Whether it is one of two exits that cancel each other; the entry of a bracket names its take profit."""
    return request.order_class is OrderClass.OCO or (request.order_class in PAIRED and request.take_profit is None)


def twin_of(request: OrderRequest, orders: Iterable[Order]) -> Order | None:
    """Among one symbol's open ``orders`` the other exit of a pair, for the same shares; None where ``request`` is of no pair."""
    if not _is_exit(request):
        return None
    same = attrgetter("side", "quantity", "order_class")
    for order in orders:
        other = order.request
        if same(other) == same(request) and _is_exit(other) and (other.stop is None) is (request.stop is not None):
            return order
    return None


def is_leg(order: Order, parent: Order) -> bool:
    """Whether ``order`` has the exit's price that ``parent`` asked for."""
    mine, its = order.request, parent.request
    if mine.order_class is OrderClass.SIMPLE or (mine.symbol, mine.order_class) != (its.symbol, its.order_class):
        return False
    return (mine.limit is not None and mine.limit == its.take_profit) or (
        mine.stop is not None and mine.stop == its.stop_loss
    )


def waits_for_entry(order: Order, orders: Iterable[Order]) -> bool:
    """Whether ``order`` is an exit whose entry, among the symbol's open ``orders``, has not filled: the broker holds all of its exits."""
    if order.status is not OrderStatus.HELD:
        return False
    known = tuple(other for other in orders if other.id != order.id)
    if any(is_leg(order, other) for other in known if other.request.order_class is not OrderClass.OCO):
        return True
    twin = twin_of(order.request, known)
    return twin is not None and twin.status is OrderStatus.HELD


def committed(view: RiskView, symbol: str, side: Side) -> Decimal:
    """Shares of ``symbol`` that open orders on ``side`` may still trade; unresolved orders count in full."""
    return view.once((symbol, side), lambda: sum([o.remaining for o in working(view, symbol, side)], ZERO))


def reduces(request: OrderRequest, view: RiskView) -> bool:
    """Whether the order, with those already working on its side, only brings the position nearer to zero."""
    position = held(view, request.symbol)
    return position * request.side.sign < 0 and request.quantity <= room_to_reduce(view, request.symbol, request.side)


def room_to_reduce(view: RiskView, symbol: str, side: Side) -> Decimal:
    """Shares that a new order on ``side`` may trade before it increases the position of ``symbol``."""
    position = held(view, symbol)
    return max(abs(position) - committed(view, symbol, side), ZERO) if position * side.sign < 0 else ZERO


def line(position: Position | None, orders: Iterable[Order], price: Decimal | None) -> Line:
    """What one symbol adds up to at its last ``price``: each order at its own price, what is held without one at its average."""
    quantity = position.quantity if position else ZERO
    held = quantity * (price if price is not None else position.average if position else ZERO)
    beyond, dollars = ZERO, {Side.BUY: ZERO, Side.SELL: ZERO}
    known = tuple(orders)
    for side in dollars if known else ():
        room = abs(quantity) if quantity * side.sign < 0 else ZERO
        for order in can_trade(known, side):
            worth = order.request.limit or order.request.stop or price or ZERO
            beyond += max(order.remaining - room, ZERO) * worth
            room = max(room - order.remaining, ZERO)
            dollars[side] += order.remaining * worth
    return Line(held, beyond, dollars[Side.BUY], dollars[Side.SELL], abs(held) + beyond)


def repriced(before: Line, position: Position | None, price: Decimal) -> Line:
    """A line at another last price, of a symbol whose orders all name prices of their own."""
    held = position.quantity * price if position else ZERO
    return Line(held, before.added, before.buys, before.sells, abs(held) + before.added)


def lines(view: RiskView) -> Mapping[str, Line]:
    """Symbol -> what it adds up to, of everything that is held or ordered."""
    if view.lines is not None:
        return view.lines
    symbols = view.positions.keys() | {order.request.symbol for order in view.open_orders}
    return {s: line(view.positions.get(s), view.orders_of(s), view.prices.get(s)) for s in symbols}


def _total(view: RiskView, part: str) -> Decimal:
    """A part of all lines together."""
    return view.once(part, lambda: sum(map(attrgetter(part), lines(view).values()), ZERO))


def added(view: RiskView) -> Decimal:
    """Dollars that open orders may add to positions, each at its own price or the last; what only reduces adds nothing."""
    return _total(view, "added")


def gross(view: RiskView) -> Decimal:
    """Dollars held long and short plus what open orders may add, each at its last price or its own."""
    return _total(view, "gross")


def net(view: RiskView, side: Side) -> Decimal:
    """Dollars held long less those held short, once every working order on ``side`` has traded."""
    return _total(view, "held") + (_total(view, "buys") if side is Side.BUY else -_total(view, "sells"))


def in_sector(view: RiskView, sector: str) -> Decimal:
    """Gross dollars of the symbols of ``sector``."""
    sectors = view.sectors
    return sum([one.gross for symbol, one in lines(view).items() if sectors.get(symbol) == sector], ZERO)


def of_strategy(view: RiskView, source: str) -> Decimal:
    """Dollars that the strategy whose orders come from ``source`` holds, and those that its open orders may trade."""
    shares = view.strategy_held or {}
    total = sum((abs(quantity) * _price(view, symbol) for symbol, quantity in shares.items()), ZERO)
    for order in view.open_orders if view.of_source is None else view.of_source:
        request = order.request
        if request.source == source and shares.get(request.symbol, ZERO) * request.side.sign >= 0:
            total += order.remaining * (request.limit or request.stop or view.prices.get(request.symbol, ZERO))
    return total


def _price(view: RiskView, symbol: str) -> Decimal:
    price, position = view.prices.get(symbol), view.positions.get(symbol)
    return price if price is not None else position.average if position else ZERO


def whole_shares(dollars: Decimal, price: Decimal) -> Decimal:
    """Whole shares that ``dollars`` buy; none where there is no price."""
    if price <= 0:
        return ZERO
    return Decimal(int((dollars / price).to_integral_value(ROUND_FLOOR if dollars < 0 else ROUND_DOWN)))
