"""Automatic entries: what the policy lets a reconciliation book by itself, each with a row in the audit trail."""

import json
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.entries import named, shifted
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.orders import Fill, Order, Report, ReportKind
from qv_desktop.domain.positions import Position, after
from qv_desktop.domain.reconciliation import Books, Break
from qv_desktop.domain.syncing import POLICY, Policy, automatic
from qv_desktop.domain.untold import untold
from qv_desktop.services.asking import SKEW
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.positions import Positions

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders

log = structlog.get_logger(__name__)

PATIENCE = 60.0  # seconds that a broker may take to tell the executions of what it says has traded
ACTION = "reconciliation.book"

type Note = Callable[[Draft], Awaitable[object]]


class Syncing:
    """Books into ``orders`` and ``positions`` what ``policy`` names; ``note`` records. ``elapsed`` gives seconds.

    Run twice, the second books nothing.
    """

    def __init__(self, broker: Broker, orders: "Orders", positions: Positions, note: Note, since: Callable[[], datetime],
                 elapsed: Callable[[], float] = time.monotonic, policy: Policy = POLICY) -> None:  # fmt: skip
        self._broker, self._orders, self._positions, self._note = broker, orders, positions, note
        self._elapsed, self.policy = elapsed, policy
        self._since = since
        self._acted: set[str] = set()  # symbols with a corporate action in this sitting
        self._explained: set[tuple[str, str]] = set()  # keys, and the actions that were booked to them
        self._behind: dict[str, float] = {}  # client order id -> since when its executions are waited for

    async def book(self, run: str, breaks: Iterable[Break], local: Books, broker: Books) -> list[str]:
        """Book what the policy names of ``breaks``, found between ``local`` books and the ``broker``'s; a sentence for each entry.

        Raises BrokerDown, DatabaseDown: what was booked until then stays, and is not booked again.
        """
        all_, done = list(breaks), list[str]()
        wanted = automatic(all_, self.policy)
        for found in wanted.get("import the order", []):
            done += await self._import(broker.orders[found.key])
        for found in wanted.get("adopt the fill", []):
            if found.section == "fills":
                done += await self._adopt(run, found, broker.fills[found.key])
        for found in wanted.get("book the corporate action", []):
            action = found.key, found.proposal.rpartition(": ")[0]
            if action in self._explained:
                continue  # nothing is split twice by one split: a person looks
            if found.section == "open orders":
                done += self._reorder(run, found, broker.orders[found.key])
            else:
                done += await self._correct(run, found, local, broker)
                self._acted.add(found.key)
            self._explained.add(action)  # once it is booked: what could not be recorded is tried again
        disputed = any(
            one.section == "fills" for one in all_
        )  # the average follows from executions that are not agreed on
        for found in [] if disputed else wanted.get("take the average", []):
            done += await self._correct(run, found, local, broker)
            self._recount(found.key, broker)
        return done

    def recount(self, broker: Books) -> None:
        """Today's profit anew where executions came in another order than they happened in; for books that agree on executions."""
        for symbol in sorted(self._positions.disordered):
            self._recount(symbol, broker)

    def _recount(self, symbol: str, broker: Books) -> None:
        """After a split the profit stays as it was counted, and while the books differ in shares it waits."""
        there = broker.positions.get(symbol) or Position(symbol)
        if symbol not in self._acted and there.quantity == self._positions[symbol].quantity:
            done = [f for f in self._orders.fills.values() if f.symbol == symbol and f.at >= self._since()]
            self._positions.recount(symbol, done, there.average)

    async def book_untold(self, run: str, broker: Books) -> list[str]:
        """Book what the broker says has traded and tells no executions of, once it had time to tell them. Raises BrokerDown."""
        if self.policy.get(("open orders", "quantity")) != "adopt the fill":
            return []
        book, unfinished = self._orders.book, self._orders.settling.unfinished
        behind = {
            key for key, theirs in broker.orders.items() if key in book and theirs.filled > book[key].filled
        } | unfinished
        now = self._elapsed()
        self._behind = {key: self._behind.get(key, now) for key in behind}
        done = list[str]()
        for key in [key for key, since in self._behind.items() if now - since >= PATIENCE]:
            done += await self._book_total(run, self._orders.book[key])
        return done

    async def tell_taken_over(self, stored: Iterable[Position], newer: Iterable[Fill]) -> list[str]:
        """Record what changed in positions while nobody looked. Raises DatabaseDown."""
        expected = {one.symbol: one for one in stored}
        for fill in sorted(newer, key=lambda fill: fill.at):
            expected[fill.symbol] = after(expected.get(fill.symbol, Position(fill.symbol)), fill)
        held, told = self._positions.held(), list[str]()
        for symbol in sorted(expected.keys() | held.keys()):
            ours, theirs = expected.get(symbol, Position(symbol)), held.get(symbol, Position(symbol))
            if ours.quantity == theirs.quantity:
                continue
            entry = f"took over {symbol} from the broker: {ours.quantity:,f} → {theirs.quantity:,f} sh @ {theirs.average:.4f}"
            await self._note(_moved(ours, theirs, entry, "", self._orders.account))
            told.append(entry)
        return told

    # ---- one entry

    async def _import(self, theirs: Order) -> list[str]:
        """The journal records that it was adopted."""
        if theirs.id in self._orders.book:
            return []
        await self._orders.settling.import_open([theirs])
        return [
            f"imported order {theirs.id}: {theirs.request.side} {theirs.request.quantity:f} {theirs.request.symbol}"
        ]

    async def _adopt(self, run: str, found: Break, fill: Fill) -> list[str]:
        if fill.execution_id in self._orders.fills:
            return []
        order = self._orders.book.get(fill.client_order_id)
        if order is None:
            return await self._adopt_with_order(fill)
        self._orders.apply(
            _report(fill, order.broker_id), self._draft(run, found.proposal, order.id, fill.execution_id)
        )
        return [found.proposal] if fill.execution_id in self._orders.fills else []

    async def _adopt_with_order(self, fill: Fill) -> list[str]:
        """An execution of an order that is not in the book: the order comes first, and brings its executions."""
        theirs = await self._broker.find(fill.client_order_id)
        return [] if theirs is None else await self._import(theirs)

    def _reorder(self, run: str, found: Break, theirs: Order) -> list[str]:
        """The terms of a resting order after a split."""
        order, wanted = self._orders.book[found.key], theirs.request
        report = Report(order.id, ReportKind.RESIZED, theirs.changed or order.submitted, theirs.broker_id, quantity=wanted.quantity,
                        price=wanted.limit, stop=wanted.stop)  # fmt: skip
        self._orders.apply(report, self._draft(run, found.proposal, order.id, ""))
        return [found.proposal] if self._orders.book[found.key] != order else []

    async def _correct(self, run: str, found: Break, local: Books, broker: Books) -> list[str]:
        """Into the audit trail before the position moves: what cannot be recorded is not booked. What traded since both books were
        looked at stays in the position."""  # fmt: skip
        ours, theirs = (books.positions.get(found.key) or Position(found.key) for books in (local, broker))
        if (theirs.quantity, theirs.average) == (ours.quantity, ours.average):
            return []
        await self._note(_moved(ours, theirs, found.proposal, run, self._orders.account))
        self._positions.correct(shifted(self._positions[found.key], ours, theirs))
        return [found.proposal]

    async def _book_total(self, run: str, order: Order) -> list[str]:
        """Ask once more for order and executions; what is untold even then is booked from the total."""
        theirs = await self._broker.find(order.id)
        if theirs is None:
            return []
        for fill in await self._broker.fills(min(order.submitted, theirs.submitted) - SKEW):
            if fill.client_order_id == order.id:
                self._orders.settling.book_fill(fill, in_positions=False, broker_id=theirs.broker_id)
        report = untold(self._orders.book[order.id], theirs)
        if report is None:
            return []
        entry = f"book {report.quantity:f} of order {order.id} @ {report.price:.4f}, told without an execution"
        self._orders.apply(report, self._draft(run, entry, order.id, report.execution_id or ""))
        try:
            await self._orders.settling.settle(self._orders.book[order.id])  # its end could not be taken before
        except BrokerDown as error:
            log.info("order_ends_later", order=order.id, reason=str(error))
        return [entry]

    def _draft(self, run: str, entry: str, order: str, execution: str) -> Draft:
        after = json.dumps({"entry": entry, "execution": execution})
        return Draft(SYSTEM, ACTION, "order", order, reason=entry, after=after, correlation=run)


def _moved(ours: Position, theirs: Position, entry: str, run: str, account: str) -> Draft:
    before, after_ = ({"quantity": f"{one.quantity:f}", "average": f"{one.average:f}"} for one in (ours, theirs))
    after_ |= {"id": named(account, entry, ours, theirs)}
    return Draft(SYSTEM, ACTION, "position", theirs.symbol, reason=entry, before=json.dumps(before), after=json.dumps(after_),
                 correlation=run)  # fmt: skip


def _report(fill: Fill, broker_id: str | None) -> Report:
    return Report(fill.client_order_id, ReportKind.FILL, fill.at, broker_id, fill.execution_id, fill.quantity, fill.price,
                  cumulative=fill.cumulative)  # fmt: skip
