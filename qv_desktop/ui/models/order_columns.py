"""The columns of the order blotter, those in view and those that wait in the chooser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

from qv_desktop.domain.orders import Order, OrderClass, OrderStatus
from qv_desktop.ui import format as words
from qv_desktop.ui.models.column import Column
from qv_desktop.ui.models.order_words import (
    acknowledged_in,
    chip,
    kind_text,
    last_text,
    life_text,
    milliseconds,
    price_text,
    reason_text,
    side_color,
    status_tip,
    trail_text,
    trail_told,
)

OPEN_FIRST, TIME = "Open first", "Time ET"  # titles that the panel asks for by name, as the next ones
LAST, TO_FILL = "Last", "To fill, bps"
LIMIT, STOP, QUANTITY, TIF = "Limit", "Stop", "Qty", "TIF"  # cells whose double click amends
ZERO = Decimal(0)


@dataclass
class OrderFacts:
    """What the blotter knows of orders beside the orders themselves."""

    last: dict[str, float] = field(default_factory=dict)  # symbol -> last price
    filled_at: dict[str, datetime] = field(default_factory=dict)  # client order id -> first execution
    verdicts: dict[str, int] = field(default_factory=dict)  # client order id -> audit row that holds its verdict
    day: str = ""  # of the newest order, as New York counts it

    def to_fill(self, order: Order) -> float | None:
        """Basis points that the last price must still go to the order's limit or stop; None without either or once closed."""
        last = self.last.get(order.request.symbol)
        price = order.request.limit if order.request.limit is not None else order.request.stop
        if price is None or not last or not order.open:
            return None
        return abs(last - float(price)) / last * 10_000

    def filled_in(self, order: Order) -> float | None:
        """Milliseconds from acknowledged to the first execution; None while either is unknown."""
        return milliseconds(order.acknowledged_at, self.filled_at.get(order.id))

    def when(self, order: Order) -> str:
        """The time of day; orders of an earlier day than the newest show their date."""
        day, clock = _day_and_clock(order.submitted)
        return clock if day >= self.day else day[5:]


@lru_cache(maxsize=20_000)
def _day_and_clock(at: datetime) -> tuple[str, str]:
    """Both as New York counts; finding them costs more than painting them."""
    return words.day(at), words.clock(at)


def order_columns(known: OrderFacts) -> list[Column[Order]]:
    """Every column; ``known`` is read each time a cell is shown."""
    last = known.last
    return [
        Column(OPEN_FIRST, lambda o: "open" if o.open else "closed", key=rank,
               raw=lambda o: "open" if o.open else "closed", shown=False),
        Column("Status", lambda o: chip(o.status)[0], chip=lambda o: chip(o.status)[1], width=84, tip=status_tip),
        Column(TIME, known.when, key=lambda o: o.submitted, width=66, whole=True, tip=lambda o: o.submitted.isoformat()),
        Column("Symbol", lambda o: o.request.symbol, bold=True, width=56),
        Column("Side", lambda o: o.request.side.upper(), color=side_color, width=42, whole=True),
        Column(QUANTITY, lambda o: words.quantity(o.request.quantity), key=lambda o: o.request.quantity, right=True, width=50,
               total=_sum(lambda o: o.request.quantity)),
        Column("Filled", lambda o: words.quantity(o.filled), key=attrgetter("filled"), right=True, width=48,
               total=_sum(lambda o: o.filled)),
        Column("Remaining", lambda o: words.quantity(o.remaining), key=lambda o: o.remaining, right=True, width=77,
               total=_sum(lambda o: o.remaining)),
        Column("Type", lambda o: kind_text(o.request), width=66),
        Column(LIMIT, lambda o: price_text(o.request.limit), key=lambda o: o.request.limit, right=True, width=56),
        Column(STOP, lambda o: trail_text(o.request), key=lambda o: o.request.stop, right=True, width=54),
        Column(TIF, lambda o: life_text(o.request), key=lambda o: life_text(o.request), width=40),
        Column("Avg fill", lambda o: price_text(o.average), key=lambda o: o.average, right=True, width=58),
        Column(LAST, lambda o: last_text(last.get(o.request.symbol)), key=lambda o: last.get(o.request.symbol), right=True, width=54,
               color=lambda o: "TX1"),
        Column(TO_FILL, lambda o: words.price(known.to_fill(o), 1), key=known.to_fill, right=True, width=74,
               tip=lambda o: "How far the last price is from the limit or stop"),
        Column("Source", lambda o: o.request.source, width=64, tip=lambda o: o.request.source),
        Column("User", lambda o: o.user, width=50, tip=lambda o: o.user),
        Column("Reason", reason_text, color=lambda o: "BAD" if o.status is OrderStatus.REJECTED else "TX2", width=110, stretch=True,
               tip=reason_text),
        Column("Client id", lambda o: o.id, mono=True, width=230, shown=False),
        Column("Broker id", lambda o: o.broker_id or words.UNKNOWN, raw=lambda o: o.broker_id, mono=True, width=230, shown=False),
        Column("Group", _group, width=80, shown=False, tip=lambda o: "Bracket, OCO or OTO; the broker links the legs"),
        Column("Replaced by", lambda o: o.replaced_by or words.UNKNOWN, raw=lambda o: o.replaced_by, mono=True, width=120, shown=False),
        Column("Sent → ack, ms", lambda o: words.price(acknowledged_in(o), 0), key=acknowledged_in, right=True, width=100, shown=False),
        Column("Ack → fill, ms", lambda o: words.price(known.filled_in(o), 0), key=known.filled_in, right=True, width=100, shown=False),
        Column("Trail", trail_told, raw=lambda o: trail_told(o) or None, right=True, width=60, shown=False,
               tip=lambda o: "How far a trailing stop trails, in $ or %"),
        Column("Ext. hours", lambda o: "yes" if o.request.extended_hours else "", width=70, shown=False),
        Column("Account", lambda o: o.account, width=90, shown=False),
        Column("Note", lambda o: o.request.note, width=120, shown=False),
        Column("Verdict", lambda o: f"#{known.verdicts[o.id]:,}" if o.id in known.verdicts else words.UNKNOWN,
               key=lambda o: known.verdicts.get(o.id), right=True, width=70, shown=False,
               tip=lambda o: "The audit row that holds the rules' verdict with its numbers"),
    ]  # fmt: skip


def rank(order: Order) -> float:
    """Open orders above all others, newest first when it runs downward; exact to some ten microseconds."""
    return order.submitted.timestamp() + (1e11 if order.open else 0.0)


def _group(order: Order) -> str:
    kind = order.request.order_class
    return "" if kind is OrderClass.SIMPLE else str(kind)


def _sum(value: Callable[[Order], Decimal]) -> Callable[[Sequence[Order]], str]:
    return lambda orders: words.quantity(sum(map(value, orders), ZERO))


SECTIONS: Mapping[str, Callable[[Order], str]] = {
    "Symbol": lambda o: o.request.symbol,
    "Source": lambda o: o.request.source,
    "User": lambda o: o.user,
}
KINDS: Mapping[str, Callable[[Order], bool]] = {  # quick filters
    "Open": lambda o: o.open,
    "Filled": lambda o: o.filled > 0,
    "Rejected": lambda o: o.status in (OrderStatus.REJECTED, OrderStatus.REFUSED),
}
