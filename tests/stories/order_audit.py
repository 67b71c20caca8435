"""The broker's books beside ours once everything has come to rest: nothing double, nothing lost, nothing left behind."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from qv_desktop.domain.orders import Fill, Order, OrderStatus
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from tests.stories.trader import Trader

TERMINAL = ("filled", "canceled", "expired", "rejected", "replaced")
CENTS = Decimal("0.000001")  # dollars that an average may differ by: the broker rounds it to nine digits


@dataclass(slots=True)
class Findings:
    """What is wrong, by its kind, each with the ids concerned."""

    duplicates: list[str] = field(
        default_factory=list
    )  # more than one broker order of an intent, or orders of no click
    lost: list[str] = field(default_factory=list)  # nowhere and not said to be, or at the broker and not here
    stranded: list[str] = field(default_factory=list)  # live at the broker, closed here
    undead: list[str] = field(default_factory=list)  # open here, closed at the broker
    otherwise: list[str] = field(
        default_factory=list
    )  # ended, sized, priced or followed otherwise than the broker says
    unwritten: list[str] = field(default_factory=list)  # bytes left before the intent was committed
    fills: list[str] = field(default_factory=list)  # executions that one side has, or has otherwise
    positions: list[str] = field(default_factory=list)  # symbols held otherwise
    journal: list[str] = field(default_factory=list)  # orders and executions that a fresh start knows otherwise

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.counts().values())

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {one.name: len(getattr(self, one.name)) for one in fields(self)}


def audited(trader: Trader, clicks: Collection[str]) -> Findings:
    """Compare the broker's books with those of ``trader``; ``clicks`` are the client order ids that were minted."""
    books, found = trader.simulator.control("GET", "/sim/books"), Findings()
    orders: list[dict[str, Any]] = books["orders"]
    _duplicates(orders, clicks, found)
    _fates(orders, trader.orders.book, clicks, found)
    _written(orders, clicks, trader.journal.committed, found)
    _fills(books["fills"], trader.orders.fills, found)
    _positions({symbol: Decimal(shares) for symbol, shares in books["positions"].items()}, trader.positions, found)
    return found


def _duplicates(orders: list[dict[str, Any]], clicks: Collection[str], found: Findings) -> None:
    times = Counter(order["client_order_id"] for order in orders)
    found.duplicates += [key for key, count in times.items() if count > 1 or key not in clicks]


def _fates(orders: list[dict[str, Any]], book: Mapping[str, Order], clicks: Collection[str], found: Findings) -> None:
    theirs = {order["client_order_id"]: order for order in orders}
    for key in {*clicks, *theirs}:
        mine, order = book.get(key), theirs.get(key)
        live = order is not None and order["status"] not in TERMINAL
        if mine is None or (order is None and not _said_why(mine)):
            found.lost.append(f"{key} {order and order['status']} {mine and mine.status}")
        elif live and not mine.open:
            found.stranded.append(f"{key} {order and order['status']} {mine.status} {mine.reason}")
        elif order is not None and not live and mine.open:
            found.undead.append(f"{key} {order['status']} {mine.status}")
        elif order is not None and mine.filled != Decimal(order["filled_qty"]):
            found.fills.append(f"{key} has {order['filled_qty']} and is told here to have {mine.filled}")
        elif order is not None and (wrong := _otherwise(order, mine)):
            found.otherwise.append(f"{key}: {wrong}")


def _otherwise(order: dict[str, Any], mine: Order) -> str:
    """What of an order is told here otherwise than the broker has it."""
    request, average = mine.request, order["filled_avg_price"]
    pairs = {
        "status": (order["status"], str(mine.status) if order["status"] in TERMINAL else order["status"]),
        "size": (Decimal(order["qty"]), request.quantity),
        "limit": (order["limit_price"] and Decimal(order["limit_price"]), request.limit),
        "follower": (order["replaced_by"], mine.replaced_by) if order["status"] == "replaced" else ("", ""),
        "id": (order["id"], mine.broker_id),
    }
    wrong = [f"{name} {theirs} here {ours}" for name, (theirs, ours) in pairs.items() if theirs != ours]
    if average is not None and abs(Decimal(average) - (mine.average or 0)) > CENTS:
        wrong.append(f"average {average} here {mine.average}")
    return ", ".join(wrong)


def _said_why(mine: Order) -> bool:
    """Whether an order that the broker does not have is closed here with its reason."""
    return mine.status in (OrderStatus.REFUSED, OrderStatus.REJECTED, OrderStatus.CANCELED) and bool(mine.reason)


def _written(
    orders: list[dict[str, Any]], clicks: Collection[str], committed: Mapping[str, int], found: Findings
) -> None:
    for order in orders:
        key = order["client_order_id"]
        if key in clicks and (key not in committed or order["taken_ns"] < committed[key]):
            found.unwritten.append(key)


def _fills(theirs: list[dict[str, Any]], ours: Mapping[str, Fill], found: Findings) -> None:
    told = {fill["id"].rpartition("::")[2]: (Decimal(fill["qty"]), Decimal(fill["price"])) for fill in theirs}
    mine = {key: (fill.quantity, fill.price) for key, fill in ours.items()}
    found.fills += [key for key in told.keys() | mine.keys() if told.get(key) != mine.get(key)]


def _positions(theirs: Mapping[str, Decimal], ours: Positions, found: Findings) -> None:
    held = {symbol: position.quantity for symbol, position in ours.held().items()}
    found.positions += [symbol for symbol in theirs.keys() | held.keys() if theirs.get(symbol) != held.get(symbol)]


def remembered(before: Orders, after: Orders) -> list[str]:
    """What a fresh start knows otherwise than the sitting before it: orders by their ids, executions by theirs."""

    def known(orders: Orders) -> dict[str, object]:
        told: dict[str, object] = {key: (order.status, order.filled, order.average, order.executions, order.broker_id,
                                         order.replaced_by, order.request)
                                   for key, order in orders.book.items()}  # fmt: skip
        return told | {
            key: (fill.client_order_id, fill.quantity, fill.price, fill.side) for key, fill in orders.fills.items()
        }

    first, second = known(before), known(after)
    return sorted(key for key in first.keys() | second.keys() if first.get(key) != second.get(key))
