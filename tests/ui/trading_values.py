"""Orders, fills, positions and audit rows of one plausible morning, for the tests of the trading panels."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import GENESIS, SYSTEM, Actor, Draft, Entry, sealed
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Quote, Snapshot
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances

NOON = datetime(2026, 11, 20, 15, 41, 55, 118_000, UTC)  # 10:41:55.118 in New York
D = Decimal

AAPL = Instrument("AAPL", "Apple Inc.", "NASDAQ")
MARKET = Snapshot("AAPL", 231.43, 0, 230.1, Quote("AAPL", 0, 231.42, 300, 231.44, 500))
ACCOUNT = Account(
    "a", "PA37Q2", "ACTIVE", NOON, equity=D("104381.22"), last_equity=D("103097.15"), buying_power=D("162940.18")
)


def order(number: int, status: OrderStatus = OrderStatus.WORKING, symbol: str = "AAPL", side: Side = Side.BUY, quantity: int = 100,
          limit: str | None = "230.90", *, filled: int = 0, reason: str = "", minutes: int = 0) -> Order:  # fmt: skip
    """An order sent ``minutes`` before NOON; without a limit it is a market order."""
    kind = OrderType.LIMIT if limit else OrderType.MARKET
    request = OrderRequest(f"qv-test-{number:03d}", symbol, side, D(quantity), kind, D(limit) if limit else None)
    at = NOON - timedelta(minutes=minutes)
    average = D(limit or "231.43") if filled else None
    return Order(request, "demo", "••••7Q2", at, status, at, f"b-{number:03d}", D(filled), average, reason, None,
                 at + timedelta(milliseconds=3), at + timedelta(milliseconds=44))  # fmt: skip


def fill(number: int, symbol: str = "AAPL", side: Side = Side.BUY, quantity: int = 100, price: str = "231.43") -> Fill:
    """An execution ``number`` seconds before NOON."""
    return Fill(
        f"e-{number}", f"qv-test-{number:03d}", symbol, side, D(quantity), D(price), NOON - timedelta(seconds=number)
    )


def position(symbol: str = "AAPL", quantity: str = "200", average: str = "229.10", realised: str = "0") -> Position:
    """A position."""
    return Position(symbol, D(quantity), D(average), D(realised))


def entries(count: int, *, first: int = 1, outcome: str = "ok") -> list[Entry]:
    """A whole chain of rows, oldest first, by a person and by the program in turn."""
    rows: list[Entry] = []
    previous = GENESIS
    for number in range(count):
        actor = Actor("demo", "human", "Trader", "s1", "WS-14") if number % 2 == 0 else SYSTEM
        action = "order.submit" if number % 2 == 0 else "login.ok"
        draft = Draft(actor, action, "order", f"qv-test-{number:03d}", outcome, "", json.dumps({"status": "intent", "qty": "100"}),  # type: ignore[arg-type]
                      json.dumps({"status": "working", "qty": "100"}), f"c0ffee{number:02d}")  # fmt: skip
        rows.append(sealed("main", first + number, NOON + timedelta(seconds=number), draft, "0.1.0", previous))
        previous = rows[-1].hash
    return rows


BREAKS = (
    Break("positions", "NVDA", "quantity", "high", "250", "262", "+12", D("1694.04"), "book BUY 12 @ 141.17"),
    Break("open orders", "31ab7c0e", "external", "medium", "—", "BUY 20 KO 62.10", "new", D(0), "adopt as external"),
    Break("cash", "cash", "price", "low", "12,110.12", "12,110.10", "-0.02", D("0.02"), "book fee 0.02"),
)


def run(number: int, breaks: tuple[Break, ...] = ()) -> Reconciliation:
    """A reconciliation ``number`` minutes after NOON."""
    at = NOON + timedelta(minutes=number)
    return Reconciliation(
        f"run-{number}", at, "••••7Q2", "demo", "on demand", at, at, Tolerances(), 412, breaks, "5d02be19" * 8
    )


def with_status(found: Order, status: OrderStatus, *, filled: int | None = None, seconds: int = 1) -> Order:
    """The same order a little later in another state."""
    return replace(found, status=status, filled=found.filled if filled is None else D(filled), average=D("230.90"),
                   changed=(found.changed or NOON) + timedelta(seconds=seconds))  # fmt: skip
