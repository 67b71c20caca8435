"""Alpaca's trading words, translated: positions, orders, executions, assets, calendar and trade updates.

Shapes follow Alpaca's Trading API; it adds fields and words without notice, so a word that is not known never raises: a status or
an order type becomes UNKNOWN, and new words are named in the note. What cannot be known is Unreadable and never zero.
"""

import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from qv_desktop.adapters.alpaca.fields import Raw, Unreadable, flag, moment, needed, number, record, text
from qv_desktop.domain.instruments import HALF_PENNY, PENNY, Instrument
from qv_desktop.domain.orders import (
    CLOSED,
    Fill,
    Order,
    OrderClass,
    OrderRequest,
    OrderStatus,
    OrderType,
    Report,
    ReportKind,
    Side,
    TimeInForce,
)
from qv_desktop.domain.positions import Position
from qv_desktop.domain.sessions import BrokerClock, MarketSession

ZERO = Decimal(0)
NEW_YORK = ZoneInfo("America/New_York")
SOURCE = "External"  # of what was not made by this program; ours are known by their client order ids

STATUSES: dict[str, OrderStatus] = {
    "accepted": OrderStatus.SUBMITTED,
    "pending_new": OrderStatus.SUBMITTED,
    "accepted_for_bidding": OrderStatus.SUBMITTED,
    "pending_review": OrderStatus.SUBMITTED,
    "new": OrderStatus.WORKING,
    "held": OrderStatus.HELD,
    "partially_filled": OrderStatus.PARTIAL,
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    "pending_replace": OrderStatus.PENDING_REPLACE,
    "done_for_day": OrderStatus.PAUSED,
    "stopped": OrderStatus.PAUSED,
    "suspended": OrderStatus.PAUSED,
    "calculated": OrderStatus.PAUSED,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
    "replaced": OrderStatus.REPLACED,
}
# what a status amounts to as a report; shares are only ever booked by their executions, so a fill is no more than “accepted” here
STANDING: dict[OrderStatus, ReportKind] = {
    OrderStatus.SUBMITTED: ReportKind.ACKNOWLEDGED,
    OrderStatus.WORKING: ReportKind.ACCEPTED,
    OrderStatus.PARTIAL: ReportKind.ACCEPTED,
    OrderStatus.FILLED: ReportKind.ACCEPTED,
    OrderStatus.HELD: ReportKind.HELD,
    OrderStatus.PENDING_CANCEL: ReportKind.CANCEL_ASKED,
    OrderStatus.PENDING_REPLACE: ReportKind.REPLACE_ASKED,
    OrderStatus.PAUSED: ReportKind.PAUSED,
    OrderStatus.CANCELED: ReportKind.CANCELED,
    OrderStatus.EXPIRED: ReportKind.EXPIRED,
    OrderStatus.REJECTED: ReportKind.REJECTED,
    OrderStatus.REPLACED: ReportKind.REPLACED,
}
EVENTS: dict[str, ReportKind] = {
    "new": ReportKind.ACCEPTED,
    "accepted": ReportKind.ACKNOWLEDGED,
    "pending_new": ReportKind.ACKNOWLEDGED,
    "fill": ReportKind.FILL,
    "partial_fill": ReportKind.FILL,
    "canceled": ReportKind.CANCELED,
    "expired": ReportKind.EXPIRED,
    "rejected": ReportKind.REJECTED,
    "replaced": ReportKind.REPLACED,
    "pending_cancel": ReportKind.CANCEL_ASKED,
    "pending_replace": ReportKind.REPLACE_ASKED,
    "order_cancel_rejected": ReportKind.CANCEL_REFUSED,
    "order_replace_rejected": ReportKind.REPLACE_REFUSED,
    "done_for_day": ReportKind.PAUSED,
    "stopped": ReportKind.PAUSED,
    "suspended": ReportKind.PAUSED,
    "calculated": ReportKind.PAUSED,
    "held": ReportKind.HELD,
}
TAKEN_BACK = ("trade_bust", "trade_correct")  # whoever hears of one asks the broker for everything, and compares
UNTOUCHED = frozenset(
    {OrderStatus.SUBMITTED, OrderStatus.WORKING, OrderStatus.HELD, OrderStatus.REJECTED}
)  # nothing has filled
SIDES = {"buy": Side.BUY, "sell": Side.SELL, "sell_short": Side.SELL, "short": Side.SELL, "long": Side.BUY}
FOREIGN = ("us_option", "crypto", "crypto_perp")  # counted in contracts or coins


def position(raw: Raw) -> Position:
    """A position; Alpaca's short quantities are negative, and are made so where only the side says it.

    Raises Unreadable when shares, direction or price paid cannot be known: a position is never read as flat, long or free of cost.
    """
    quantity = number(raw, "qty")
    if not quantity:
        raise Unreadable("A position has no quantity.")
    if not _is_long(raw, quantity):
        quantity = -abs(quantity)
    return Position(needed(raw, "symbol"), quantity, _paid(raw, abs(quantity)))


def _is_long(raw: Raw, quantity: Decimal) -> bool:
    """Which way a position goes: by its sign, its side or the sign of its value, whichever speaks. Raises Unreadable."""
    side = text(raw, "side")
    if quantity < 0 or side == "short":
        if side == "long":
            raise Unreadable("A position is long and has less than no shares.")
        return False
    value = number(raw, "market_value") or number(raw, "cost_basis")
    if side == "long" or value is not None:
        return side == "long" or (value or ZERO) > 0
    raise Unreadable(f"A position has the unknown side “{side}”.")


def _paid(raw: Raw, shares: Decimal) -> Decimal:
    """The price paid per share, told or reckoned from what all of them cost. Raises Unreadable."""
    told, cost = number(raw, "avg_entry_price"), number(raw, "cost_basis")
    if told is not None:
        return told
    if cost is None:
        value, gain = number(raw, "market_value"), number(raw, "unrealized_pl")
        cost = value - gain if value is not None and gain is not None else None
    if cost is None:
        raise Unreadable("A position does not tell what was paid for it.")
    return abs(cost) / shares


def is_foreign(raw: Raw) -> bool:
    """Whether this is an order or a position of something that is no share, and not this program's matter."""
    return text(raw, "asset_class") in FOREIGN


def is_equity_order(raw: Raw) -> bool:
    """Whether this is an order of one share; options, crypto and orders of several legs are not this program's matter."""
    return not is_foreign(raw) and text(raw, "order_class") != "mleg"


def is_group(raw: Raw) -> bool:
    """Whether other orders hang on it, or it on another."""
    return text(raw, "order_class") in (OrderClass.BRACKET, OrderClass.OCO, OrderClass.OTO)


def order(raw: Raw, account_id: str) -> Order:
    """The order as Alpaca has it. Raises Unreadable when it lacks id, symbol, side, quantity, time or what has been filled of it."""
    status = STATUSES.get(text(raw, "status"), OrderStatus.UNKNOWN)
    created = moment(
        raw, "submitted_at", "created_at", "updated_at", "filled_at", "canceled_at", "expired_at", "failed_at"
    )
    if created is None:
        raise Unreadable("An order has no time.")
    return Order(request(raw), "", account_id, created, status,
                 changed=moment(raw, "updated_at", "submitted_at", "created_at"), broker_id=needed(raw, "id"),
                 filled=_filled(raw, status), average=number(raw, "filled_avg_price"), reason=_reason(raw),
                 replaced_by=text(raw, "replaced_by") or None, sent_at=created, acknowledged_at=created)  # fmt: skip


def _filled(raw: Raw, status: OrderStatus) -> Decimal:
    """Shares filled so far; none where the status itself says so. Raises Unreadable where it is not told: that is not zero."""
    filled = number(raw, "filled_qty")
    if filled is not None:
        return filled
    if status in UNTOUCHED and raw.get("filled_qty") is None:
        return ZERO
    raise Unreadable("An order does not tell how much of it was filled.")


def request(raw: Raw) -> OrderRequest:
    """The terms of the order. Raises Unreadable when it lacks id, symbol, side or quantity; words that are new stand in the note."""
    side = SIDES.get(text(raw, "side"))
    if side is None:
        raise Unreadable(f"An order has the unknown side “{text(raw, 'side')}”.")
    kind, life = text(raw, "type") or text(raw, "order_type"), text(raw, "time_in_force")
    class_ = text(raw, "order_class")
    group = _word(OrderClass, class_, OrderClass.SIMPLE)
    # the exits of an entry are on its other side; the twin of an OCO's limit order is on its own
    pair = group is OrderClass.OCO and kind == "limit"
    legs = [leg for leg in _legs(raw) if (text(leg, "side") == text(raw, "side")) is pair]
    return OrderRequest(needed(raw, "client_order_id"), needed(raw, "symbol"), side, _quantity(raw),
                        OrderType(kind) if kind in OrderType else OrderType.UNKNOWN,
                        limit=number(raw, "limit_price"), stop=_stop(raw, kind),
                        trail_price=number(raw, "trail_price"), trail_percent=number(raw, "trail_percent"),
                        time_in_force=_word(TimeInForce, life, TimeInForce.DAY),
                        extended_hours=flag(raw, "extended_hours") or False,
                        order_class=group,
                        take_profit=_leg_price(legs, "limit"), stop_loss=_leg_price(legs, "stop"),
                        stop_loss_limit=_loss_limit(legs), source=SOURCE,
                        note=_new_words(kind, life, class_))  # fmt: skip


def _stop(raw: Raw, kind: str) -> Decimal | None:
    """The stop that was asked for; that of a trailing stop moves with the market, untold, and what was asked for is its trail."""
    return None if kind == OrderType.TRAILING_STOP else number(raw, "stop_price")


def _new_words(kind: str, life: str, class_: str) -> str:
    """What of an order's terms is told in words that are not known here; the class is empty for a simple order."""
    new = [f"order type {kind or 'unknown'}"] if kind not in OrderType or kind == OrderType.UNKNOWN else []
    new += [f"time in force {life or 'unknown'}"] if life not in TimeInForce else []
    new += [f"order class {class_}"] if class_ and class_ not in OrderClass else []
    return f"Alpaca's {', '.join(new)}" if new else ""


def _word[Word: (TimeInForce, OrderClass)](words: type[Word], found: str, otherwise: Word) -> Word:
    return words(found) if found in words else otherwise


def _quantity(raw: Raw) -> Decimal:
    """Shares; of an order by dollars those that filled once it has ended, and zero, for unknown, until then. Raises Unreadable."""
    quantity = number(raw, "qty")
    if quantity is not None:
        return quantity
    if number(raw, "notional") is None:
        raise Unreadable("An order has no quantity.")
    ended = STATUSES.get(text(raw, "status")) in CLOSED
    return (number(raw, "filled_qty") or ZERO) if ended else ZERO


def _legs(raw: Raw) -> list[Raw]:
    legs = raw.get("legs")
    return [leg for leg in legs if isinstance(leg, dict)] if isinstance(legs, list) else []


def _leg_price(legs: list[Raw], kind: str) -> Decimal | None:
    prices = (number(leg, f"{kind}_price") for leg in legs if text(leg, "type").startswith(kind))
    return next((price for price in prices if price is not None), None)


def _loss_limit(legs: list[Raw]) -> Decimal | None:
    limits = (number(leg, "limit_price") for leg in legs if text(leg, "type") == "stop_limit")
    return next((price for price in limits if price is not None), None)


def _reason(raw: Raw) -> str:
    return text(raw, "reject_reason") or text(raw, "reason") or text(raw, "failure_reason")


def standing(raw: Raw, at: datetime) -> Report:
    """What the order's present state amounts to as a report. Raises Unreadable without ids."""
    status = STATUSES.get(text(raw, "status"), OrderStatus.UNKNOWN)
    return Report(needed(raw, "client_order_id"), STANDING.get(status, ReportKind.UNKNOWN), moment(raw, "updated_at") or at,
                  broker_id=needed(raw, "id"), reason=_reason(raw), replaced_by=text(raw, "replaced_by") or None)  # fmt: skip


def report(data: Raw, at: datetime) -> Report:
    """One trade update; price and quantity are those of this execution alone. Raises Unreadable.

    An event that is not known is read by the status of the order that it carries. An execution that is taken back is not read:
    the broker's own orders, executions and positions tell what is left of it.
    """
    if text(data, "event") in TAKEN_BACK:
        raise Unreadable("The exchange took an execution back or changed it.")
    raw = record(data.get("order"))
    kind = EVENTS.get(text(data, "event"))
    if kind is None:
        status = STATUSES.get(text(raw, "status"), OrderStatus.UNKNOWN)
        kind = STANDING.get(status, ReportKind.UNKNOWN)
    elif kind is ReportKind.ACCEPTED and text(raw, "status") == "held":
        kind = ReportKind.HELD  # an exit that took another's place: new, and not working
    quantity, price = number(data, "qty"), number(data, "price")
    if kind is ReportKind.FILL and (quantity is None or price is None or quantity <= 0):
        raise Unreadable("A fill has no price or quantity.")
    return Report(needed(raw, "client_order_id"), kind, moment(data, "timestamp", "at") or moment(raw, "updated_at") or at,
                  broker_id=text(raw, "id") or None, execution_id=_execution(data, raw, kind), quantity=quantity,
                  price=price, reason=_reason(data) or _reason(raw), replaced_by=text(raw, "replaced_by") or None,
                  cumulative=number(raw, "filled_qty"), size=_size(data, raw))  # fmt: skip


def _size(data: Raw, raw: Raw) -> Decimal | None:
    """Shares that the order is for; after its last execution those that filled, which an order by dollars tells no other way."""
    return number(raw, "filled_qty" if text(data, "event") == "fill" else "qty")


def _execution(data: Raw, raw: Raw, kind: ReportKind) -> str | None:
    """The execution's id; a fill without one gets an id that a replay of it would get again, and no other fill. Raises Unreadable."""
    found = text(data, "execution_id")
    if found or kind is not ReportKind.FILL:
        return found or None
    if not (text(raw, "id") and text(raw, "filled_qty")):
        raise Unreadable("A fill cannot be told from others of its order.")
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{text(raw, 'id')} {text(raw, 'filled_qty')} {text(data, 'price')}"))


def fill(raw: Raw, client_order_id: str) -> Fill:
    """A FILL activity; its id is the New York time, two colons and the execution id. Raises Unreadable."""
    side, quantity, price = SIDES.get(text(raw, "side")), number(raw, "qty"), number(raw, "price")
    at = moment(raw, "transaction_time")
    if side is None or quantity is None or price is None or at is None or quantity <= 0 or price < 0:
        raise Unreadable("A fill lacks side, quantity, price or time.")
    execution = needed(raw, "id").rpartition("::")[2]
    return Fill(execution, client_order_id, needed(raw, "symbol"), side, quantity, price, at, source=SOURCE,
                cumulative=number(raw, "cum_qty"), broker_id=text(raw, "order_id") or None)  # fmt: skip


def instrument(raw: Raw) -> Instrument:
    """A listed share. What is not told is not allowed. Raises Unreadable without a symbol."""

    def says(key: str) -> bool:
        return flag(raw, key) or False

    told = flag(raw, "easy_to_borrow")  # deprecated since June 2026 in favour of the word
    easy = text(raw, "borrow_status") == "easy_to_borrow" if told is None else told

    return Instrument(needed(raw, "symbol"), text(raw, "name"), text(raw, "exchange"), tradable=says("tradable"),
                      marginable=says("marginable"), shortable=says("shortable"), easy_to_borrow=easy,
                      fractionable=says("fractionable"), tick=_tick(raw))  # fmt: skip


def _tick(raw: Raw) -> Decimal:
    """The price step at one dollar and above: half a cent where the listing says so (17 CFR 242.612 as amended), else a cent.

    Any other step is none that the rule knows, and a cent is always on the finer one.
    """
    told = number(raw, "price_increment")
    return HALF_PENNY if told == HALF_PENNY else PENNY


def session(raw: Raw) -> MarketSession:
    """One trading day of the calendar, whose clock times are New York's. Raises Unreadable."""
    try:
        day = date.fromisoformat(needed(raw, "date"))
        opens, closes = _clock(needed(raw, "open")), _clock(needed(raw, "close"))
        early, late = _clock(text(raw, "session_open") or "0400"), _clock(text(raw, "session_close") or "2000")
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(f"A calendar day cannot be read: {error}") from error
    pre, start, end, post = (datetime.combine(day, at, NEW_YORK).astimezone(UTC) for at in (early, opens, closes, late))
    return MarketSession(day, pre, start, end, post)


def clock(raw: Raw) -> BrokerClock:
    """Alpaca's clock. Raises Unreadable."""
    at, opens, closes = (moment(raw, key) for key in ("timestamp", "next_open", "next_close"))
    if at is None or opens is None or closes is None:
        raise Unreadable("Alpaca's clock lacks a time")
    return BrokerClock(at, flag(raw, "is_open") or False, opens, closes)


def _clock(words: str) -> time:
    digits = words.replace(":", "")
    return time(int(digits[:2]), int(digits[2:4]))
