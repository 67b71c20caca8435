"""How an order meets the market: the price it may trade at, when a stop elects, how a trail moves, how much fills.

The rules are those of Alpaca's paper trading: an order fills only when marketable against the NBBO, at the NBBO price,
whatever the displayed size; one time in ten it fills only in part and the rest waits for a later quote.
"""

from decimal import Decimal
from random import Random

from qv_desktop.simulator.alpaca_format import SHARE, price_of
from qv_desktop.simulator.orders import Order
from qv_desktop.simulator.ticks import Quote, Trade

PARTIAL_CHANCE = 0.1
STOPS = ("stop", "stop_limit", "trailing_stop")


def execution_price(order: Order, quote: Quote) -> Decimal | None:
    """The NBBO price at which the order trades now (dollars), or None when it is not marketable."""
    if order.type in STOPS and not order.elected:
        return None
    near = price_of(quote.ask if order.side == "buy" else quote.bid)
    if near <= 0:
        return None
    return near if accepts(order, near) else None


def accepts(order: Order, price: Decimal) -> bool:
    """Whether the order's limit allows this price; market orders take any."""
    limit = order.limit_price
    return limit is None or (price - limit) * order.sign <= 0


def elects(order: Order, trade: Trade, quote: Quote | None) -> bool:
    """Whether this print sets off the stop: at or through the stop price, and inside the NBBO when one is known."""
    if order.type not in STOPS or order.elected or order.stop_price is None:
        return False
    if quote is not None and not quote.bid <= trade.price <= quote.ask:
        return False
    return (price_of(trade.price) - order.stop_price) * order.sign >= 0


def trailed(order: Order, price: Decimal) -> tuple[Decimal, Decimal]:
    """The high (for a buy: low) water mark and the stop price of a trailing stop after a print at `price`."""
    mark = order.hwm if order.hwm is not None else price
    mark = max(mark, price) if order.side == "sell" else min(mark, price)
    distance = order.trail_price if order.trail_price is not None else mark * (order.trail_percent or 0) / 100
    step = Decimal("0.01") if mark >= 1 else Decimal("0.0001")
    return mark, (mark + distance * order.sign).quantize(step)


def portion(order: Order, price: Decimal, random: Random, *, partial: bool) -> Decimal:
    """How many shares fill now: all that remain, or a random part one time in ten or when `partial` asks for it."""
    left = order.remaining(price)
    chance = random.random() < PARTIAL_CHANCE
    if order.time_in_force == "fok" or not (partial or chance):
        return left
    if left % 1 == 0:
        return Decimal(random.randint(1, int(left) - 1)) if left > 1 else left
    part = (left * Decimal(random.randint(10, 90)) / 100).quantize(SHARE)
    return part if 0 < part < left else left
