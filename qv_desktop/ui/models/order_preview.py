"""What an order would do: its sentence, its cost, and the account and position after it; pure, for the ticket to show."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Literal

from qv_desktop.domain.accounts import Account, day_profit
from qv_desktop.domain.margin_rules import CODES as MARGIN_CODES
from qv_desktop.domain.market import Snapshot, money
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import Check

type Verb = Literal["BUY", "COVER", "SELL", "SHORT"]
type Mark = Literal["✓", "!", "✗"]

ZERO = Decimal(0)
_SHORT_CUSHION = Decimal("1.03")  # Alpaca values a short at 3 % over the ask
_TO_THE_FULL = ("REVERSAL", "ORDER_CLASS")  # closing all of a position is no near miss
_DOUBTFUL = ("STOP_LIMIT",)  # a caution whatever its figures are
_NEAR = Decimal("0.8")  # of a limit: from here a passed rule is marked


@dataclass(frozen=True, slots=True)
class Preview:
    """Dollars, shares and fractions of equity; None where an input is unknown. ``risk`` is what the stop loss would lose."""

    cost: Decimal | None
    power_after: Decimal | None
    shares_after: Decimal
    fraction: Decimal | None
    risk: Decimal | None
    risk_fraction: Decimal | None
    gross_after: Decimal | None = None  # of equity, everything that is held and this order
    of_volume: Decimal | None = None  # of an average day's shares
    loss_room: Decimal | None = None  # dollars that the day may still lose


@dataclass(frozen=True, slots=True)
class Around:
    """What the account and the market are like beside the order; None is unknown. ``gross`` is dollars held long and short."""

    gross: Decimal | None = None
    daily_loss: Decimal | None = None  # the limit, in dollars
    average_volume: float | None = None  # shares a day


UNKNOWN = Around()


def verb(side: Side, held: Decimal, quantity: Decimal | None) -> Verb:
    """What the side means with ``held`` signed shares: selling more than is held opens a short, buying back covers one."""
    if side is Side.BUY:
        return "COVER" if held < 0 and (quantity is None or quantity <= -held) else "BUY"
    return "SELL" if held > 0 and (quantity is None or quantity <= held) else "SHORT"


def market_price(side: Side, snapshot: Snapshot | None) -> Decimal | None:
    """Where an order on ``side`` would trade at once: the far side of the quote, else the last trade; never zero or below."""
    if snapshot is None:
        return None
    touch = 0.0 if snapshot.quote is None else snapshot.quote.ask if side is Side.BUY else snapshot.quote.bid
    price = touch if isfinite(touch) and touch > 0 else snapshot.last
    return money(price) if price is not None and isfinite(price) and price > 0 else None


def price_of(request: OrderRequest, snapshot: Snapshot | None) -> Decimal | None:
    """What one share is expected to cost: the order's own price, else the market's."""
    if request.limit is not None or request.stop is not None:
        return request.limit if request.limit is not None else request.stop
    return market_price(request.side, snapshot)


def previewed(
    request: OrderRequest, snapshot: Snapshot | None, account: Account | None, held: Decimal, around: Around = UNKNOWN
) -> Preview:
    """The order's effect with ``held`` signed shares before it."""
    price, equity = price_of(request, snapshot), account.equity if account else None
    after = held + request.quantity * request.side.sign
    cost = None if price is None else price * request.quantity
    share = None if price is None or not equity else abs(after) * price / equity
    risk = _risk(request, market_price(request.side, snapshot) if request.order_class is OrderClass.OCO else price)
    return Preview(cost, _power_after(request, price, snapshot, account, held), after, share, risk,
                   None if risk is None or not equity else risk / equity, _gross_after(price, held, after, equity, around),
                   _of_volume(request, around), _loss_room(account, around))  # fmt: skip


def _risk(request: OrderRequest, price: Decimal | None) -> Decimal | None:
    """Dollars from ``price`` to the stop loss; an OCO's position is worth the market's price, not its limit."""
    return None if price is None or request.stop_loss is None else abs(price - request.stop_loss) * request.quantity


def _gross_after(
    price: Decimal | None, held: Decimal, after: Decimal, equity: Decimal | None, around: Around
) -> Decimal | None:
    if price is None or not equity or around.gross is None:
        return None
    return max(around.gross + (abs(after) - abs(held)) * price, ZERO) / equity


def _of_volume(request: OrderRequest, around: Around) -> Decimal | None:
    volume = around.average_volume
    return request.quantity / Decimal(repr(volume)) if volume and isfinite(volume) and volume > 0 else None


def _loss_room(account: Account | None, around: Around) -> Decimal | None:
    profit = day_profit(account) if account else None
    return None if profit is None or around.daily_loss is None else profit + around.daily_loss


def _power_after(
    request: OrderRequest, price: Decimal | None, snapshot: Snapshot | None, account: Account | None, held: Decimal
) -> Decimal | None:
    """Closing shares costs no buying power, and gives none back before it fills (Alpaca, user protection)."""
    if price is None or account is None or account.buying_power is None:
        return None
    closing = min(request.quantity, abs(held)) if held * request.side.sign < 0 else ZERO
    if request.side is Side.SELL and snapshot is not None and snapshot.quote is not None:
        price = max(price, money(snapshot.quote.ask) * _SHORT_CUSHION)
    return account.buying_power - (request.quantity - closing) * price


def sentence(request: OrderRequest, word: str) -> str:
    """The order in words, such as ``BUY 100 AAPL @ 231.43 Day``."""
    head = f"{word} {request.quantity:,f} {request.symbol}"
    loss = "" if request.stop_loss is None else f"stop loss {request.stop_loss}"
    if request.stop_loss_limit is not None:
        loss += f" limit {request.stop_loss_limit}"
    if request.order_class is OrderClass.OCO:
        return f"{head} OCO {_life(request)}: take profit {request.limit} or {loss}"
    profit = "" if request.take_profit is None else f"take profit {request.take_profit}"
    return " · ".join(filter(None, (f"{head} {_terms(request)} {_life(request)}", profit, loss)))


def _terms(request: OrderRequest) -> str:
    match request.type:
        case OrderType.MARKET:
            return "market"
        case OrderType.LIMIT:
            return f"@ {request.limit}"
        case OrderType.STOP:
            return f"stop {request.stop}"
        case OrderType.STOP_LIMIT:
            return f"stop {request.stop} @ {request.limit}"
        case OrderType.UNKNOWN:
            return "UNKNOWN type"
        case OrderType.TRAILING_STOP:
            return f"trailing ${request.trail_price}" if request.trail_price else f"trailing {request.trail_percent} %"


def _life(request: OrderRequest) -> str:
    time = request.time_in_force.value
    life = "Day" if time == "day" else time.upper()
    return f"{life} ext. hours" if request.extended_hours else life


def mark(check: Check) -> Mark:
    """✓ passed, ! passed but near its limit, ✗ refused."""
    if not check.passed:
        return "✗"
    if check.code in _DOUBTFUL or (check.message and check.code in MARGIN_CODES):
        return "!"
    value, limit = figure(check.value), figure(check.limit)
    if value is None or not limit or check.code in _TO_THE_FULL:
        return "✓"
    used = 1 - value / limit if check.code == "DAILY_LOSS" else value / limit  # its value is what is left
    return "!" if used >= _NEAR else "✓"


def figure(text: str) -> Decimal | None:
    """The number in a check's text, or None when it holds a word."""
    try:
        return Decimal(text.strip(" $%s×").replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return None


def ranked(checks: tuple[Check, ...]) -> list[Check]:
    """Refusals first, then what comes near its limit, then passed rules that count something, then plain yes and no."""
    return sorted(checks, key=lambda check: ("✗!✓".index(mark(check)), not figure(check.limit)))


def held_shares(position: Position | None, symbol: str) -> Decimal:
    """Signed shares of ``symbol`` in ``position``; none when it is of another symbol."""
    return position.quantity if position is not None and position.symbol == symbol else ZERO


def figures(check: Check) -> str:
    """A check's numbers, such as ``6.6% of 10%``; a word that is as it must be stands alone."""
    if check.value == check.limit or (check.passed and figure(check.limit) is None):
        return check.value
    return (
        f"{check.value} of {check.limit}" if figure(check.limit) is not None else f"{check.value}, needs {check.limit}"
    )
