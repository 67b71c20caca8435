"""Reconciliation: our books beside the broker's, compared over the union of keys.

The broker is the authority for orders, fills and positions; the difference of a row is the entry to book here. Cash and equity
are not compared yet: that takes the fees, interest, dividends and transfers that the broker books besides our fills.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.positions import Position

ZERO = Decimal(0)

type BreakClass = Literal[
    "missing here", "missing there", "quantity", "price", "side", "status", "duplicate", "timing", "external"
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


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Differences up to these are no breaks: shares, dollars per share; ``cash`` is stored but nothing is compared with it yet."""

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

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.breaks

    @property
    def at_risk(self) -> Decimal:
        """Dollars in all breaks together."""
        return sum((b.at_risk for b in self.breaks), ZERO)


def differences(local: Books, broker: Books, tolerances: Tolerances) -> tuple[tuple[Break, ...], int]:
    """The breaks between two books of one account, and how many rows matched."""
    breaks: list[Break] = []
    matched = 0
    for found in (*_positions(local, broker, tolerances), *_orders(local, broker), *_fills(local, broker, tolerances)):
        if found is None:
            matched += 1
        else:
            breaks.append(found)
    return tuple(breaks), matched


def _union(local: Mapping[str, object], broker: Mapping[str, object]) -> list[str]:
    return sorted(local.keys() | broker.keys())


def _positions(local: Books, broker: Books, tolerances: Tolerances) -> list[Break | None]:
    flat = {symbol for symbol, p in {**local.positions, **broker.positions}.items() if not p.quantity}
    keys = [k for k in _union(local.positions, broker.positions)
            if k not in flat or _quantity(local, k) != _quantity(broker, k)]  # fmt: skip
    return [_position(key, local.positions.get(key), broker.positions.get(key), tolerances) for key in keys]


def _quantity(books: Books, symbol: str) -> Decimal:
    position = books.positions.get(symbol)
    return position.quantity if position else ZERO


def _position(key: str, ours: Position | None, theirs: Position | None, tolerances: Tolerances) -> Break | None:
    here, there = ours.quantity if ours else ZERO, theirs.quantity if theirs else ZERO
    difference = there - here
    price = (theirs or ours or Position(key)).average
    internal, external = _shares(ours), _shares(theirs)
    if abs(difference) > tolerances.quantity:
        kind: BreakClass = "missing here" if ours is None else "missing there" if theirs is None else "quantity"
        if here * there < 0:
            kind = "side"
        verb = "BUY" if difference > 0 else "SELL"
        return Break("positions", key, kind, "high", internal, external, f"{difference:+,f}", abs(difference) * price,
                     f"book {verb} {abs(difference):,f} @ {price:.2f}")  # fmt: skip
    if ours and theirs and here and abs(ours.average - theirs.average) > tolerances.price:
        gap = theirs.average - ours.average
        return Break("positions", key, "price", "low", f"avg {ours.average:.4f}", f"avg {theirs.average:.4f}", f"{gap:+.4f}",
                     abs(gap * here), f"set the average price to {theirs.average:.4f}")  # fmt: skip
    return None


def _shares(position: Position | None) -> str:
    return "—" if position is None else f"{position.quantity:,f}"


def _orders(local: Books, broker: Books) -> list[Break | None]:
    return [_order(key, local.orders.get(key), broker.orders.get(key)) for key in _union(local.orders, broker.orders)]


def _order(key: str, ours: Order | None, theirs: Order | None) -> Break | None:
    if ours is None and theirs is not None:
        return Break(
            "open orders", key, "external", "medium", "—", _order_text(theirs), "new", ZERO, "adopt as external"
        )
    if theirs is None and ours is not None:
        value = ours.remaining * (ours.request.limit or ours.average or ZERO)
        return Break(
            "open orders",
            key,
            "missing there",
            "high",
            _order_text(ours),
            "—",
            "gone",
            value,
            "ask the broker for its last state",
        )
    if ours and theirs and ours.filled != theirs.filled:
        gap = theirs.filled - ours.filled
        return Break("open orders", key, "quantity", "high", f"filled {ours.filled:,f}", f"filled {theirs.filled:,f}", f"{gap:+,f}",
                     abs(gap) * (theirs.average or ZERO), "fetch the missing fills")  # fmt: skip
    return None


def _order_text(order: Order) -> str:
    request = order.request
    price = f" {request.limit}" if request.limit is not None else ""
    return f"{request.side.upper()} {request.quantity:,f} {request.symbol}{price}"


def _fills(local: Books, broker: Books, tolerances: Tolerances) -> list[Break | None]:
    return [
        _fill(key, local.fills.get(key), broker.fills.get(key), tolerances) for key in _union(local.fills, broker.fills)
    ]


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
    if ours.quantity != theirs.quantity or abs(ours.price - theirs.price) > tolerances.price:
        kind: BreakClass = "quantity" if ours.quantity != theirs.quantity else "price"
        gap = abs(theirs.quantity * theirs.price - ours.quantity * ours.price)
        return Break(
            "fills",
            key,
            kind,
            "medium",
            _fill_text(ours),
            _fill_text(theirs),
            f"{gap:+,.2f}",
            gap,
            f"book {_fill_text(theirs)}",
        )
    return None


def _fill_text(fill: Fill) -> str:
    return f"{fill.side.upper()} {fill.quantity:,f} {fill.symbol} @ {fill.price}"


def fingerprint(local: Books, broker: Books) -> str:
    """SHA-256 over everything compared, so that a report names its exact input."""
    lines = [repr((side.at, sorted(side.positions.items()), sorted((k, o.status, o.filled) for k, o in side.orders.items()),
                   sorted(side.fills.items()))) for side in (local, broker)]  # fmt: skip
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
