"""Reconciliation: our books beside the broker's, compared over the union of keys.

The broker is the authority for orders, fills, positions and cash; the difference of a row is the entry to book here. What cannot
be known on one side is not compared, and said so: it is never taken for equal.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Literal

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.corporate_actions import Booked, explained, reordered
from qv_desktop.domain.market import Action
from qv_desktop.domain.orders import Fill, Order, OrderStatus, OrderType
from qv_desktop.domain.positions import Position
from qv_desktop.domain.untold import covered

ZERO = Decimal(0)
MOVING = "it moved while it was compared; the next comparison looks again"
ONLY_LOOKED = "command line"  # the reason of a run that books nothing: what it saw is still to be booked
LAG = timedelta(seconds=10)  # that the broker's lists may be behind its own stream

type BreakClass = Literal[
    "missing here",
    "missing there",
    "quantity",
    "price",
    "side",
    "status",
    "duplicate",
    "timing",
    "external",
    "corporate action",
]
type Section = Literal["positions", "open orders", "fills", "cash", "equity"]
type Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Books:
    """One side's view of one account at ``at`` (UTC)."""

    at: datetime
    positions: Mapping[str, Position]  # symbol -> position
    orders: Mapping[str, Order]  # client order id -> open order
    fills: Mapping[str, Fill]  # execution id -> fill
    account: Account | None = None
    twice: tuple[tuple["Section", str], ...] = ()  # rows that this side has more than once
    booked: tuple[Booked, ...] = ()  # what this side knows of shares that came or went without an order
    actions: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)  # symbol -> splits and dividends announced


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Differences up to these are no breaks: shares, dollars per share, dollars of cash."""

    quantity: Decimal = ZERO
    price: Decimal = Decimal("0.01")
    cash: Decimal = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. ``internal`` and ``external`` are texts as shown; an em dash is “no activity”, 0 is zero."""

    section: Section
    key: str
    kind: BreakClass
    severity: Severity
    internal: str
    external: str
    difference: str
    at_risk: Decimal
    proposal: str

    @property
    def seen_as(self) -> tuple[Section, str, str]:
        """What a person saw who opened trading over it. Another difference is another break, but an average moves with every trade."""
        return self.section, self.key, self.kind if self.kind == "price" else self.difference


@dataclass(frozen=True, slots=True)
class Uncompared:
    """Something of which one side is not known, with the reason: neither equal nor different."""

    section: Section
    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Override:
    """Trading opened by a person over the breaks of one run; ``covers`` are these, each as ``seen_as``, and no others."""

    by: str
    reason: str
    at: datetime
    run: str
    covers: frozenset[tuple[Section, str, str]]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One run: what was compared, what matched, and what did not."""

    id: str
    at: datetime
    account: str  # masked
    operator: str
    reason: str
    local_at: datetime
    broker_at: datetime
    tolerances: Tolerances
    matched: int
    breaks: tuple[Break, ...]
    input_hash: str
    uncompared: tuple[Uncompared, ...] = ()
    booked: tuple[str, ...] = ()  # what this run booked by itself, a sentence each

    @property
    def passed(self) -> bool:
        """Whether nothing that was compared differs; what could not be compared stands in ``uncompared``."""
        return not self.breaks

    @property
    def closing(self) -> tuple[Break, ...]:
        """The breaks that keep trading closed: all but those that the broker's own lag accounts for."""
        return tuple(one for one in self.breaks if one.kind != "timing")

    @property
    def unsettled(self) -> bool:
        """Whether something differed, and differently at each look: neither passed nor failed."""
        return any(one.why == MOVING for one in self.uncompared)

    @property
    def at_risk(self) -> Decimal:
        """Dollars in all breaks together."""
        return sum((b.at_risk for b in self.breaks), ZERO)


def differences(local: Books, broker: Books, tolerances: Tolerances) -> tuple[tuple[Break, ...], int]:
    """The breaks between two books of one account, and how many rows matched."""
    rows = [*_positions(local, broker, tolerances), *_orders(local, broker), *_fills(local, broker, tolerances),
            *_twice(local, here=True), *_twice(broker, here=False)]  # fmt: skip
    return tuple(found for found in rows if found is not None), sum(found is None for found in rows)


def _union(local: Mapping[str, object], broker: Mapping[str, object]) -> list[str]:
    return sorted(local.keys() | broker.keys())


# ---- positions


def _positions(local: Books, broker: Books, tolerances: Tolerances) -> list[Break | None]:
    flat = {symbol for symbol, p in {**local.positions, **broker.positions}.items() if not p.quantity}
    keys = [k for k in _union(local.positions, broker.positions)
            if k not in flat or _quantity(local, k) != _quantity(broker, k)]  # fmt: skip
    return [_position(key, local, broker, tolerances) for key in keys]


def _quantity(books: Books, symbol: str) -> Decimal:
    position = books.positions.get(symbol)
    return position.quantity if position else ZERO


def _position(key: str, local: Books, broker: Books, tolerances: Tolerances) -> Break | None:
    ours, theirs = local.positions.get(key), broker.positions.get(key)
    here, there = _quantity(local, key), _quantity(broker, key)
    if abs(there - here) > tolerances.quantity:
        found = _by_action(key, local, broker) or _other_quantity(key, ours, theirs, there - here)
        return _late(found) if _lagging(key, here - there, local) else found
    if ours and theirs and here and abs(ours.average - theirs.average) > tolerances.price:
        gap = theirs.average - ours.average
        return _by_action(key, local, broker) or Break(
            "positions", key, "price", "low", f"avg {ours.average:.4f}", f"avg {theirs.average:.4f}", f"{gap:+.4f}", abs(gap * here),
            f"set the average price to {theirs.average:.4f}")  # fmt: skip
    return None


def _lagging(key: str, gap: Decimal, local: Books) -> bool:
    """Whether the newest executions, as young as the broker's lists may be behind, are just what the broker lacks."""
    young = [fill for fill in local.fills.values() if fill.symbol == key and fill.at >= local.at - LAG]
    lacking = accumulate(f.quantity * f.side.sign for f in sorted(young, key=lambda f: f.at, reverse=True))
    return gap in set(lacking)


def _late(found: Break) -> Break:
    return replace(found, kind="timing", severity="low", proposal="wait until the broker's lists have caught up")


def _by_action(key: str, local: Books, broker: Books) -> Break | None:
    """The difference as a split, a spin-off, a merger or a transfer of shares, where one accounts for all of it."""
    ours, theirs = local.positions.get(key) or Position(key), broker.positions.get(key) or Position(key)
    found = explained(ours, theirs, [one for one in broker.booked if one.symbol == key], broker.actions.get(key, ()))
    if not found:
        return None
    here, there = ours.quantity, theirs.quantity
    return Break("positions", key, "corporate action", "medium", _shares(local.positions.get(key)),
                 _shares(broker.positions.get(key)), f"{there - here:+,f}", ZERO,
                 f"{found}: {here:,f} → {there:,f} sh @ {theirs.average:.4f}")  # fmt: skip


def _other_quantity(key: str, ours: Position | None, theirs: Position | None, difference: Decimal) -> Break:
    kind: BreakClass = "missing here" if ours is None else "missing there" if theirs is None else "quantity"
    if ours and theirs and ours.quantity * theirs.quantity < 0:
        kind = "side"
    price, verb = (theirs or ours or Position(key)).average, "BUY" if difference > 0 else "SELL"
    return Break("positions", key, kind, "high", _shares(ours), _shares(theirs), f"{difference:+,f}", abs(difference) * price,
                 f"book {verb} {abs(difference):,f} @ {price:.2f}")  # fmt: skip


def _shares(position: Position | None) -> str:
    return "—" if position is None else f"{position.quantity:,f}"


# ---- open orders

_WAITING = frozenset({OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNRESOLVED})
_STANDS = {OrderStatus.HELD: "held", OrderStatus.PAUSED: "paused"} | dict.fromkeys(_WAITING, "sent")
_ASKED = (
    OrderStatus.PENDING_CANCEL,
    OrderStatus.PENDING_REPLACE,
)  # an answer is on its way: it may stand as either says


def _orders(local: Books, broker: Books) -> list[Break | None]:
    found = [_order(key, local.orders.get(key), broker) for key in _union(local.orders, broker.orders)]
    return [one and (_late(one) if _late_there(one, local) else one) for one in found]


def _late_there(found: Break, local: Books) -> bool:
    """Whether the broker's list may only be behind; what a split explains to the cent is no lag."""
    return found.kind != "corporate action" and _moved(local.orders.get(found.key), local.at)


def _moved(ours: Order | None, at: datetime) -> bool:
    """Whether the order moved so recently that the broker's list may not say so yet."""
    return ours is not None and ours.changed is not None and ours.changed >= at - LAG


def _order(key: str, ours: Order | None, broker: Books) -> Break | None:
    theirs = broker.orders.get(key)
    if ours is None or theirs is None:
        return _one_sided(key, ours, theirs)
    if ours.request.side is not theirs.request.side:
        return Break("open orders", key, "side", "high", _order_text(ours), _order_text(theirs), "other side",
                     _value(theirs), "cancel it; then ask the broker what it has")  # fmt: skip
    if ours.filled != theirs.filled:
        gap = theirs.filled - ours.filled
        return Break("open orders", key, "quantity", "high", f"filled {ours.filled:,f}", f"filled {theirs.filled:,f}", f"{gap:+,f}",
                     abs(gap) * (theirs.average or ZERO), "fetch the missing fills")  # fmt: skip
    if split := _terms_differ(ours, theirs) and reordered(ours, theirs, broker.actions.get(ours.request.symbol, ())):
        return Break("open orders", key, "corporate action", "medium", _order_text(ours), _order_text(theirs), "other terms", ZERO,
                     f"{split}: {_order_text(ours)} → {_order_text(theirs)}")  # fmt: skip
    if ours.request.quantity != theirs.request.quantity:
        gap = theirs.request.quantity - ours.request.quantity
        return Break("open orders", key, "quantity", "medium", _order_text(ours), _order_text(theirs), f"{gap:+,f}",
                     abs(gap) * (theirs.request.limit or ZERO), f"set the order's size to {theirs.request.quantity:,f}")  # fmt: skip
    if ours.request.limit != theirs.request.limit:
        return Break("open orders", key, "price", "medium", _order_text(ours), _order_text(theirs), "other limit", ZERO,
                     f"set the limit to {_price(theirs.request.limit)}")  # fmt: skip
    if ours.request.stop != theirs.request.stop and not _trails(ours):
        return Break("open orders", key, "price", "medium", f"stop {_price(ours.request.stop)}", f"stop {_price(theirs.request.stop)}",
                     "other stop", ZERO, f"set the stop to {_price(theirs.request.stop)}")  # fmt: skip
    return _standing(key, ours, theirs)


def _terms_differ(ours: Order, theirs: Order) -> bool:
    return (ours.request.limit, ours.request.stop) != (theirs.request.limit, theirs.request.stop)


def _trails(order: Order) -> bool:
    """Whether its stop moves by itself with the market."""
    return order.request.type is OrderType.TRAILING_STOP


def _one_sided(key: str, ours: Order | None, theirs: Order | None) -> Break | None:
    if ours is not None:
        if ours.status is OrderStatus.INTENT or (ours.broker_id is None and ours.status in _WAITING):
            return Break("open orders", key, "timing", "medium", _order_text(ours), "—", "on its way", _value(ours),
                         "wait until the broker has answered")  # fmt: skip
        return Break("open orders", key, "missing there", "high", _order_text(ours), "—", "gone", _value(ours),
                     "ask the broker for its last state")  # fmt: skip
    if theirs is not None:
        return Break(
            "open orders", key, "external", "medium", "—", _order_text(theirs), "new", ZERO, "adopt as external"
        )
    return None


def _standing(key: str, ours: Order, theirs: Order) -> Break | None:
    here, there = (_STANDS.get(order.status, "live") for order in (ours, theirs))
    if here == there or ours.status in _ASKED or theirs.status in _ASKED:
        return None
    return Break("open orders", key, "status", "low", str(ours.status), str(theirs.status), f"{ours.status} → {theirs.status}",
                 ZERO, f"set the state to {theirs.status}")  # fmt: skip


def _value(order: Order) -> Decimal:
    return order.remaining * (order.request.limit or order.average or ZERO)


def _order_text(order: Order) -> str:
    request = order.request
    price = f" {request.limit}" if request.limit is not None else ""
    return f"{request.side.upper()} {request.quantity:,f} {request.symbol}{price}"


def _price(price: Decimal | None) -> str:
    return "—" if price is None else f"{price}"


# ---- fills


def _fills(local: Books, broker: Books, tolerances: Tolerances) -> list[Break | None]:
    """What was booked from a told total stands for the executions that it covers, should the broker tell them later."""
    ours, theirs = covered(local.fills, broker.fills)
    found = [_fill(key, ours.get(key), theirs.get(key), tolerances) for key in _union(ours, theirs)]
    young = {key for key, fill in ours.items() if fill.at >= local.at - LAG}
    return [one and (_late(one) if one.kind == "missing there" and one.key in young else one) for one in found]


def _fill(key: str, ours: Fill | None, theirs: Fill | None, tolerances: Tolerances) -> Break | None:
    present = theirs or ours
    if present is None:
        return None
    value = present.quantity * present.price
    if ours is None:
        return Break("fills", key, "missing here", "high", "—", _fill_text(present), f"{present.quantity * present.side.sign:+,f}", value,
                     f"book {_fill_text(present)}")  # fmt: skip
    if theirs is None:
        return Break("fills", key, "missing there", "high", _fill_text(ours), "—", f"{-ours.quantity * ours.side.sign:+,f}", value,
                     "ask the broker for this execution")  # fmt: skip
    if kind := _fill_difference(ours, theirs, tolerances):
        gap = theirs.quantity * theirs.price * theirs.side.sign - ours.quantity * ours.price * ours.side.sign
        severity: Severity = "high" if kind == "side" else "medium"
        return Break("fills", key, kind, severity, _fill_text(ours), _fill_text(theirs), f"{gap:+,.2f}", abs(gap),
                     f"book {_fill_text(theirs)}")  # fmt: skip
    return None


def _fill_difference(ours: Fill, theirs: Fill, tolerances: Tolerances) -> BreakClass | None:
    if ours.side is not theirs.side or ours.symbol != theirs.symbol:
        return "side"
    if ours.quantity != theirs.quantity:
        return "quantity"
    return "price" if abs(ours.price - theirs.price) > tolerances.price else None


def _fill_text(fill: Fill) -> str:
    return f"{fill.side.upper()} {fill.quantity:,f} {fill.symbol} @ {fill.price}"


# ---- rows that one side has twice


def _twice(books: Books, *, here: bool) -> list[Break | None]:
    return [Break(section, key, "duplicate", "high", *(("twice", "—") if here else ("—", "twice")), "twice", ZERO,
                  "cancel the one too many" if section == "open orders" else "take one of the two out")
            for section, key in books.twice]  # fmt: skip


def fingerprint(local: Books, broker: Books) -> str:
    """SHA-256 over everything compared, so that a report names its exact input."""
    lines = [repr((side.at, sorted(side.positions.items()), sorted((k, o.status, o.filled) for k, o in side.orders.items()),
                   sorted(side.fills.items()), side.twice, side.account and (side.account.cash, side.account.equity)))
             for side in (local, broker)]  # fmt: skip
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
