"""Orders: what was asked for, what became of it, and the table of legal moves between.

The states follow the shape used by Nautilus Trader and map Alpaca's statuses onto it: *refused* is ours, *rejected* is the
broker's, and an order whose fate is unknown stays *unresolved* until a query by its client order id settles it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from qv_desktop.domain.errors import IllegalMove

ZERO = Decimal(0)


class Side(StrEnum):
    """Which way shares move."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for shares that come in, −1 for shares that go out."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How the price is chosen; on-open and on-close orders are market or limit with OPG or CLS."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"
    UNKNOWN = "unknown"  # an order made elsewhere, in a word of the broker's that we do not know


class TimeInForce(StrEnum):
    """How long the order lives."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    OPG = "opg"
    CLS = "cls"


class OrderClass(StrEnum):
    """Whether other orders hang on this one."""

    SIMPLE = "simple"
    BRACKET = "bracket"
    OCO = "oco"
    OTO = "oto"


class OrderStatus(StrEnum):
    """Where an order stands."""

    INTENT = "intent"  # committed here, no byte has left
    REFUSED = "refused"  # our risk said no
    SUBMITTED = "submitted"  # sent, or acknowledged and not yet working
    UNRESOLVED = "unresolved"  # the outcome of sending is unknown
    WORKING = "working"
    HELD = "held"  # a leg that waits for its parent
    TRIGGERED = "triggered"
    PARTIAL = "partial"
    PENDING_CANCEL = "cancel sent"
    PENDING_REPLACE = "replace sent"
    PAUSED = "paused"  # done for day, stopped or suspended: open, not matching now
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"  # the broker said no
    REPLACED = "replaced"  # lives on under another id
    UNKNOWN = "unknown"  # the broker used a word we do not know; open, and shown as such


class ReportKind(StrEnum):
    """What the outside world, or our own hand, did to an order."""

    REFUSED = "refused"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    HELD = "held"
    TRIGGERED = "triggered"
    FILL = "fill"
    CANCEL_ASKED = "cancel asked"
    CANCEL_REFUSED = "cancel refused"
    CANCELED = "canceled"
    REPLACE_ASKED = "replace asked"
    REPLACE_REFUSED = "replace refused"
    REPLACED = "replaced"
    RESIZED = "resized"  # the broker has it for another number of shares than was known here
    EXPIRED = "expired"
    REJECTED = "rejected"
    PAUSED = "paused"
    NOT_FOUND = "not found"  # proved by query: it never arrived and will not be sent again
    UNKNOWN = "unknown"


CLOSED = frozenset({
    OrderStatus.REFUSED, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED,
    OrderStatus.REPLACED,
})  # fmt: skip
OPEN = frozenset(OrderStatus) - CLOSED
_ENDS = tuple(CLOSED)  # looking through a few is quicker than hashing one, and this is asked of every order of a day


TICKET = "Ticket"  # the source of an order that counts for no strategy
NOTE_LONGEST = 200  # characters


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One intent. ``client_order_id`` is minted once where the intent is made and used for every attempt to send it.

    Prices in dollars; ``trail_percent`` in percent (1 = 1 %). Of an OCO, ``limit`` is the take profit and ``take_profit`` stays empty.
    """

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.MARKET
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    extended_hours: bool = False
    order_class: OrderClass = OrderClass.SIMPLE
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    stop_loss_limit: Decimal | None = None  # makes the stop loss a stop-limit order
    source: str = TICKET
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Something that happened to an order; ``quantity`` and ``price`` are those of this execution alone, or the order's new size
    with its new limit, and ``stop`` is its new stop."""

    client_order_id: str
    kind: ReportKind
    at: datetime
    broker_id: str | None = None
    execution_id: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    reason: str = ""
    replaced_by: str | None = None
    cumulative: Decimal | None = (
        None  # what of the order had traded by then, this execution included, as the broker tells it
    )
    stop: Decimal | None = None
    size: Decimal | None = None  # shares that the order is for in all, as the broker tells it; not kept


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution, identified by the broker's execution id."""

    execution_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    at: datetime
    fee: Decimal = ZERO
    source: str = TICKET
    cumulative: Decimal | None = None  # of its order, this one included, as the broker tells it; not kept
    broker_id: str | None = None  # of its order, as the broker tells it; not kept, for the order keeps it


@dataclass(frozen=True, slots=True)
class Order:
    """An order and all that is known of it. ``submitted`` is when the intent was made, ``changed`` the last report's time."""

    request: OrderRequest
    user: str
    account: str
    submitted: datetime
    status: OrderStatus = OrderStatus.INTENT
    changed: datetime | None = None
    broker_id: str | None = None
    filled: Decimal = ZERO
    average: Decimal | None = None
    reason: str = ""
    replaced_by: str | None = None
    sent_at: datetime | None = None
    acknowledged_at: datetime | None = None
    before: OrderStatus | None = None  # what it was when a cancel or a replacement was asked for
    executions: frozenset[str] = field(default_factory=frozenset)

    @property
    def id(self) -> str:
        """The client order id."""
        return self.request.client_order_id

    @property
    def remaining(self) -> Decimal:
        """Shares that can still trade; zero once closed, and for an order by dollars, which tells none."""
        return ZERO if self.status in CLOSED else max(self.request.quantity - self.filled, ZERO)

    @property
    def open(self) -> bool:
        """Whether it can still trade, as far as we know."""
        return self.status not in _ENDS


S, K = OrderStatus, ReportKind
_WAITING = (S.SUBMITTED, S.UNRESOLVED)
_LIVE = (S.WORKING, S.HELD, S.TRIGGERED, S.PARTIAL, S.PAUSED, S.UNKNOWN)
_ASKED = (S.PENDING_CANCEL, S.PENDING_REPLACE)
_BROKER_OPEN = (S.INTENT, *_WAITING, *_LIVE, *_ASKED)


def _rows(
    states: tuple[OrderStatus, ...], kind: ReportKind, to: OrderStatus
) -> dict[tuple[OrderStatus, ReportKind], OrderStatus]:
    return {(state, kind): to for state in states}


def _stays(states: tuple[OrderStatus, ...], *kinds: ReportKind) -> dict[tuple[OrderStatus, ReportKind], OrderStatus]:
    return {(state, kind): state for state in states for kind in kinds}


MOVES: dict[tuple[OrderStatus, ReportKind], OrderStatus] = {
    (S.INTENT, K.REFUSED): S.REFUSED,
    **_rows((S.INTENT, S.UNRESOLVED, S.SUBMITTED), K.SENT, S.SUBMITTED),
    **_rows((S.INTENT, *_WAITING), K.UNCERTAIN, S.UNRESOLVED),
    **_rows((S.INTENT, *_WAITING), K.ACKNOWLEDGED, S.SUBMITTED),
    **_rows(_BROKER_OPEN, K.ACCEPTED, S.WORKING),
    **_rows((S.INTENT, *_WAITING, *_LIVE), K.HELD, S.HELD),
    **_rows(_BROKER_OPEN, K.TRIGGERED, S.TRIGGERED),
    **_rows(_BROKER_OPEN, K.FILL, S.PARTIAL),  # becomes FILLED when nothing remains
    **_rows(_BROKER_OPEN, K.CANCEL_ASKED, S.PENDING_CANCEL),  # also while a replace is in flight
    **_rows((S.INTENT, *_WAITING, *_LIVE, S.PENDING_REPLACE), K.REPLACE_ASKED, S.PENDING_REPLACE),
    (S.PENDING_CANCEL, K.CANCEL_REFUSED): S.WORKING,
    (S.PENDING_REPLACE, K.REPLACE_REFUSED): S.WORKING,
    (S.PENDING_CANCEL, K.REPLACE_REFUSED): S.PENDING_CANCEL,  # of two things that were asked for the other is still open
    (S.PENDING_REPLACE, K.CANCEL_REFUSED): S.PENDING_REPLACE,
    **_stays((S.INTENT, *_WAITING, *_LIVE), K.CANCEL_REFUSED, K.REPLACE_REFUSED),  # asked for elsewhere, and refused
    **_rows(_BROKER_OPEN, K.CANCELED, S.CANCELED),  # IOC and FOK are cancelled by the broker without being asked
    **_rows(_BROKER_OPEN, K.REPLACED, S.REPLACED),
    **_rows(_BROKER_OPEN, K.EXPIRED, S.EXPIRED),
    **_rows(_BROKER_OPEN, K.REJECTED, S.REJECTED),  # a broker may reject what it had accepted
    **_rows(_BROKER_OPEN, K.PAUSED, S.PAUSED),
    **_rows((S.INTENT, *_WAITING, *_ASKED), K.NOT_FOUND, S.REJECTED),
    **_rows(_BROKER_OPEN, K.UNKNOWN, S.UNKNOWN),
    **_stays(tuple(frozenset(S) - {S.REFUSED}), K.RESIZED),  # becomes FILLED when nothing remains
    # shares that traded are ours, whatever we believed: fills arrive after cancel, expiry, replacement and rejection
    **_stays((S.FILLED, S.CANCELED, S.EXPIRED, S.REPLACED, S.REJECTED), K.FILL),
    (S.CANCELED, K.REPLACED): S.REPLACED,
    **_stays((S.EXPIRED, S.REJECTED), K.REPLACED),
    **_stays((S.REPLACED,), K.REJECTED),
    # the stream repeats and re-orders: older news of a later state changes nothing
    **_stays(_LIVE, K.ACKNOWLEDGED, K.SENT, K.UNCERTAIN),
    **_stays(_ASKED, K.ACKNOWLEDGED, K.SENT, K.UNCERTAIN, K.HELD),
    (S.PENDING_CANCEL, K.REPLACE_ASKED): S.PENDING_CANCEL,
    **_stays(tuple(CLOSED - {S.REFUSED}), K.ACKNOWLEDGED, K.SENT, K.UNCERTAIN, K.ACCEPTED, K.HELD, K.TRIGGERED, K.CANCEL_ASKED,
             K.CANCEL_REFUSED, K.REPLACE_ASKED, K.REPLACE_REFUSED, K.EXPIRED, K.PAUSED, K.UNKNOWN),
    **_stays((S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED), K.CANCELED),
    **_stays((S.REPLACED,), K.REPLACED, K.CANCELED),
    **_stays((S.FILLED,), K.REPLACED, K.REJECTED),
    **_stays((S.REJECTED, S.CANCELED, S.EXPIRED), K.REJECTED),
}  # fmt: skip


def applied(order: Order, report: Report) -> Order:
    """The order once ``report`` is in it; a repeated execution changes nothing. Raises IllegalMove."""
    if known(order, report):
        return order
    if came_back(order, report):
        order = replace(order, status=OrderStatus.UNRESOLVED, reason="")
    to = MOVES.get((order.status, report.kind))
    if to is None:
        raise IllegalMove(f"Order {order.id} is {order.status} and was told “{report.kind}”.")
    status = _settled(order, report, to)
    if report.kind is ReportKind.RESIZED and report.quantity is not None:
        order = replace(order, request=_resized(order.request, report.quantity, report))
    moved = replace(order, status=status, changed=report.at, broker_id=order.broker_id or report.broker_id,
                    reason=report.reason or order.reason, replaced_by=report.replaced_by or order.replaced_by,
                    before=_before(order, report, status))  # fmt: skip
    if report.kind is ReportKind.SENT:
        return replace(moved, sent_at=report.at)
    if report.kind is ReportKind.FILL:
        return _with_fill(moved, report)
    if order.acknowledged_at is None and report.broker_id is not None:
        return replace(moved, acknowledged_at=report.at)
    return moved


def _resized(request: OrderRequest, quantity: Decimal, report: Report) -> OrderRequest:
    """With the new size, and the prices that changed with it; a split changes both."""
    limit = request.limit if report.price is None else report.price
    return replace(request, quantity=quantity, limit=limit, stop=request.stop if report.stop is None else report.stop)


def known(order: Order, report: Report) -> bool:
    """Whether an execution is in the order already: by its id, or, should another channel name it otherwise, by where it stands."""
    if report.execution_id in order.executions or _mark(report) in order.executions:
        return True
    if report.kind is not ReportKind.FILL or report.cumulative is None or report.cumulative > order.filled:
        return False
    spans = (range_of(name) for name in order.executions if name.startswith(UNTOLD))
    return any(span is not None and span[0] < report.cumulative <= span[1] for span in spans)


UNTOLD = "untold:"  # begins the id of an execution that was booked from an order's told total, see ``domain/untold.py``


def range_of(execution_id: str) -> tuple[Decimal, Decimal] | None:
    """The shares of its order that an untold execution stands for, above the first up to the second; None for any other."""
    if not execution_id.startswith(UNTOLD):
        return None
    before, total = execution_id.split(":")[1:3]
    return Decimal(before), Decimal(total)


def _mark(report: Report) -> str | None:
    """An execution by the order's total after it, with its own size and price; None when the total was not told."""
    if (
        report.kind is not ReportKind.FILL
        or report.cumulative is None
        or report.quantity is None
        or report.price is None
    ):
        return None
    total, size, price = (f"{value.normalize():f}" for value in (report.cumulative, report.quantity, report.price))
    return f"total {total}: {size} at {price}"


def came_back(order: Order, report: Report) -> bool:
    """Whether the broker tells of an order that was closed here as one that it never took: what it says is true, so it lives."""
    never_there = order.status is OrderStatus.REJECTED and order.broker_id is None
    return never_there and report.broker_id is not None and report.kind is not ReportKind.REJECTED


def _before(order: Order, report: Report, status: OrderStatus) -> OrderStatus | None:
    """What it will be again if what is asked for now is refused."""
    if status not in _ASKED:
        return order.before
    if order.status not in _ASKED:
        return order.status
    return OrderStatus.WORKING if report.kind is ReportKind.ACCEPTED else order.before


def _settled(order: Order, report: Report, to: OrderStatus) -> OrderStatus:
    """The table's answer, corrected for what it cannot know: how much is filled."""
    if report.kind is ReportKind.RESIZED:
        return OrderStatus.FILLED if order.open and order.filled >= (report.quantity or ZERO) > 0 else order.status
    if report.kind is ReportKind.FILL:
        if (
            order.filled + (report.quantity or ZERO) >= order.request.quantity > 0
        ):  # zero: how much is wanted is not known
            return OrderStatus.FILLED
        return order.status if order.status in (*CLOSED, *_ASKED) else to
    if report.kind in (ReportKind.ACCEPTED, ReportKind.TRIGGERED) and order.status in _ASKED:
        return order.status  # a late “new” does not undo a cancel in flight
    if report.kind in (ReportKind.CANCEL_REFUSED, ReportKind.REPLACE_REFUSED) and to is OrderStatus.WORKING:
        return _unasked(order)
    return OrderStatus.PARTIAL if to is OrderStatus.WORKING and order.filled else to


def _unasked(order: Order) -> OrderStatus:
    """Where an order stands once a cancel or a replacement was refused: where it stood before, never further."""
    if order.filled:
        return OrderStatus.PARTIAL
    if order.broker_id is None:
        return OrderStatus.UNRESOLVED  # nobody has ever confirmed it
    waited = (OrderStatus.SUBMITTED, OrderStatus.HELD, OrderStatus.PAUSED, OrderStatus.TRIGGERED, OrderStatus.UNKNOWN)
    return order.before if order.before in waited else OrderStatus.WORKING


def _with_fill(order: Order, report: Report) -> Order:
    quantity, price = report.quantity or ZERO, report.price or ZERO
    filled = order.filled + quantity
    paid = (order.average or ZERO) * order.filled + price * quantity
    seen = order.executions | {name for name in (report.execution_id, _mark(report)) if name}
    return replace(order, filled=filled, average=paid / filled if filled else order.average, executions=seen,
                   acknowledged_at=order.acknowledged_at or report.at)  # fmt: skip


def fill_of(order: Order, report: Report) -> Fill:
    """The fill that a FILL report of ``order`` carries. Raises IllegalMove when the report lacks id, size or price."""
    if report.execution_id is None or report.quantity is None or report.price is None:
        raise IllegalMove(f"A fill of order {order.id} came without execution id, quantity or price.")
    request = order.request
    return Fill(report.execution_id, order.id, request.symbol, request.side, report.quantity, report.price, report.at,
                source=request.source, cumulative=report.cumulative)  # fmt: skip
