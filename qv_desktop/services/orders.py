"""Orders: one way in, one book, one journal; what is unknown at the broker is asked for, never guessed."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import BROKER, Draft, Outcome
from qv_desktop.domain.errors import BadInput, BrokerDown, DatabaseDown, IllegalMove
from qv_desktop.domain.events import Filled, Noticed, OrderChanged
from qv_desktop.domain.orders import (
    Fill,
    Order,
    OrderClass,
    OrderRequest,
    OrderStatus,
    Report,
    ReportKind,
    applied,
    fill_of,
)
from qv_desktop.services.login import Login
from qv_desktop.services.order_records import OrderRecords, terms
from qv_desktop.services.ports import Broker, Now, OrderJournal, Publish
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk

log = structlog.get_logger(__name__)

TRADE = Permission(Resource.TRADING, Action.CREATE)
CHANGE = Permission(Resource.TRADING, Action.CHANGE)
CANCEL = Permission(Resource.TRADING, Action.DELETE)


class Orders:
    """The order book of one account. ``book`` holds every order of the session and all that were open before."""

    def __init__(
        self,
        broker: Broker,
        journal: OrderJournal,
        risk: Risk,
        positions: Positions,
        login: Login,
        publish: Publish,
        now: Now,
        account: Callable[[], str],
    ) -> None:
        self._broker, self._journal, self._risk, self._positions = broker, journal, risk, positions
        self._login, self._publish, self._now, self._account = login, publish, now, account
        self.records = OrderRecords(journal)
        self._legs_due = False  # the broker makes legs of its own, and does not stream those that wait
        self._recovering = False  # the broker's positions already hold what is booked then
        self._early: dict[str, list[Report]] = {}  # client order id -> reports of orders that are not in the book yet
        self.book: dict[str, Order] = {}  # client order id -> order
        self.fills: dict[str, Fill] = {}  # execution id -> fill

    # ---- the way in

    async def submit(self, request: OrderRequest) -> Order:
        """Take one intent to the broker, or to a refusal; the same client order id again gives the same order.

        Raises NotPermitted and DatabaseDown; in both cases nothing has been sent.
        """
        session = await self._login.require(TRADE)
        known = self.book.get(request.client_order_id)
        if known is not None:
            return known
        verdict = self._risk.judge(request, self.book)
        order = Order(request, session.user.name, self._account(), self._now())
        if not verdict.passed:
            reason = " ".join(check.message for check in verdict.refusals)
            return await self._refuse(order, reason)
        self.book[order.id] = order  # before the first await, so that a second click finds it
        try:
            await self._journal.intend(order, self._draft("order.submit", order))
        except DatabaseDown:
            del self.book[order.id]
            raise
        self._publish(OrderChanged(order))
        self._apply(Report(order.id, ReportKind.SENT, self._now()))
        self._apply(await self._broker.submit(order, verdict))
        return self.book[order.id]

    async def _refuse(self, order: Order, reason: str) -> Order:
        refused = applied(order, Report(order.id, ReportKind.REFUSED, self._now(), reason=reason))
        self.book[order.id] = refused
        await self._journal.intend(refused, self._draft("order.submit", refused, "refused", reason))
        self._publish(OrderChanged(refused))
        return refused

    async def cancel(self, ids: list[str]) -> None:
        """Ask the broker to cancel each; goes out even when the database is away. Raises NotPermitted."""
        await self._login.require(CANCEL)
        await asyncio.gather(*(self._cancel(self.book[key]) for key in ids if key in self.book and self.book[key].open))

    async def _cancel(self, order: Order) -> None:
        self._apply(Report(order.id, ReportKind.CANCEL_ASKED, self._now()), self._draft("order.cancel", order))
        report = await self._broker.cancel(self.book[order.id])
        if report.kind is ReportKind.CANCEL_REFUSED:
            self._apply(report)
            await self.settle(self.book[order.id])

    async def cancel_all(self) -> int:
        """Cancel every open order; how many were asked for."""
        ids = [order.id for order in self.book.values() if order.open]
        await self.cancel(ids)
        return len(ids)

    async def replace(self, key: str, replacement: OrderRequest) -> Order:
        """Give an open order new terms; the replacement is an order of its own. Raises NotPermitted, BadInput, DatabaseDown."""
        session = await self._login.require(CHANGE)
        order = self.book.get(key)
        if order is None or not order.open or order.broker_id is None:
            raise BadInput("This order can no longer be changed; enter a new one.")
        verdict = self._risk.judge(replacement, {k: o for k, o in self.book.items() if k != key})
        fresh = Order(replacement, session.user.name, order.account, self._now())
        if not verdict.passed:
            return await self._refuse(fresh, " ".join(check.message for check in verdict.refusals))
        self.book[fresh.id] = fresh
        try:
            await self._journal.intend(fresh, self._draft("order.replace", fresh))
        except DatabaseDown:
            del self.book[fresh.id]
            raise
        self._apply(Report(key, ReportKind.REPLACE_ASKED, self._now()))
        self._apply(Report(fresh.id, ReportKind.SENT, self._now()))
        self._replaced(order, fresh, await self._broker.replace(order, replacement, verdict))
        return self.book[fresh.id]

    def _replaced(self, order: Order, fresh: Order, report: Report) -> None:
        if report.kind is ReportKind.REPLACED:
            self._apply(Report(fresh.id, ReportKind.ACKNOWLEDGED, report.at, broker_id=report.replaced_by))
        elif report.kind is ReportKind.REPLACE_REFUSED:
            self._apply(report)
            self._apply(Report(fresh.id, ReportKind.REJECTED, report.at, reason=report.reason))
        else:
            self._apply(Report(fresh.id, ReportKind.UNCERTAIN, report.at, reason=report.reason))

    # ---- what comes back

    def hear(self, report: Report) -> None:
        """Take a report from the broker's stream; one of an unknown order waits until the order is adopted."""
        if report.client_order_id in self.book:
            self._apply(report)
        else:
            self._early.setdefault(report.client_order_id, []).append(report)

    async def adopt_strangers(self) -> None:
        """Take orders that were made elsewhere into the book, with what was already heard of them."""
        for key in list(self._early):
            found = await self._broker.find(key)
            reports = self._early.pop(key, [])
            if found is None:
                log.warning("report_of_unknown_order", order=key)
                continue
            await self._adopt(found)
            for report in reports:
                self._catch_up(report)

    async def adopt_legs(self) -> None:
        """Take the legs of brackets into the book once something happened to their parents. Raises BrokerDown, DatabaseDown."""
        if self._legs_due:
            self._legs_due = False
            await self.import_open(await self._broker.open_orders())

    async def import_open(self, theirs: list[Order]) -> None:
        """Take the broker's open orders that are not in the book: made elsewhere, visible here, never cancelled by us."""
        for found in theirs:
            if found.id not in self.book:
                await self._adopt(found)
                await self._book_missing_fills(self.book[found.id], found)

    async def _adopt(self, found: Order) -> None:
        # fills are taken one by one by execution id, so the adopted order starts without them
        order = replace(found, account=self._account(), filled=found.filled * 0, average=None,
                        status=OrderStatus.WORKING if found.filled else found.status)  # fmt: skip
        self.book[order.id] = order
        await self._journal.adopt(order, Draft(BROKER, "order.adopt", "order", order.id, after=terms(order.request)))
        self._publish(OrderChanged(order))

    def _catch_up(self, report: Report) -> None:
        try:
            self._apply(report)
        except IllegalMove as error:
            log.info("report_came_late", reason=str(error))

    def _apply(self, report: Report, draft: Draft | None = None) -> None:
        order = self.book[report.client_order_id]
        try:
            moved = applied(order, report)
        except IllegalMove as error:
            log.error("illegal_move", order=order.id, status=order.status, report=report.kind)
            self._notice("critical", "Order state", f"{error} Reconcile before trading on.")
            return
        if moved == order:
            return
        fill = fill_of(moved, report) if report.kind is ReportKind.FILL else None
        self.book[order.id] = moved
        self._legs_due = self._legs_due or moved.request.order_class is not OrderClass.SIMPLE
        self.records.keep(moved, report, fill, draft)
        if fill is not None:
            self.fills[fill.execution_id] = fill
            if not self._recovering:
                self._positions.fill(fill)
        self._publish(OrderChanged(moved))
        if fill is not None:
            self._publish(Filled(fill))

    # ---- the unresolved

    async def settle(self, order: Order) -> None:
        """Ask the broker what became of ``order`` and take its answer. Raises BrokerDown."""
        found = await self._broker.find(order.id)
        current = self.book[order.id]
        if found is None:
            if current.status in (OrderStatus.INTENT, OrderStatus.UNRESOLVED):
                await self._missing(current)
            return
        await self._book_missing_fills(current, found)
        kind = _STANDING.get(found.status)
        if kind is not None and self.book[order.id].open:
            self._apply(Report(order.id, kind, found.changed or self._now(), found.broker_id, reason=found.reason,
                               replaced_by=found.replaced_by))  # fmt: skip

    async def _missing(self, order: Order) -> None:
        """Proved absent twice, and older than the broker's read lag: it never arrived, and a stale order is not sent again."""
        if self._now() - order.submitted < timedelta(seconds=10):
            return
        if await self._broker.find(order.id) is None:
            self._apply(
                Report(
                    order.id,
                    ReportKind.NOT_FOUND,
                    self._now(),
                    reason="it never reached the broker; send it again if still wanted",
                )
            )

    async def _book_missing_fills(self, order: Order, found: Order) -> None:
        if found.filled <= order.filled:
            return
        for fill in await self._broker.fills(order.submitted - timedelta(minutes=1)):
            if fill.client_order_id == order.id:
                self._apply(
                    Report(
                        order.id,
                        ReportKind.FILL,
                        fill.at,
                        found.broker_id,
                        fill.execution_id,
                        fill.quantity,
                        fill.price,
                    )
                )

    async def settle_all(self) -> None:
        """Settle every order whose fate is open: at start, after a reconnect, and every two seconds while one is unresolved."""
        doubtful = (OrderStatus.INTENT, OrderStatus.UNRESOLVED)
        for order in [o for o in self.book.values() if o.status in doubtful]:
            await self._settled(order)

    async def recover(self, orders: list[Order], fills: list[Fill]) -> None:
        """Take the journal's orders and fills into the book, then ask the broker about every open one."""
        for order in orders:
            self.book.setdefault(order.id, order)
        for fill in fills:
            self.fills.setdefault(fill.execution_id, fill)
        self._recovering = True
        try:
            for order in [o for o in self.book.values() if o.open]:
                await self._settled(order)
        finally:
            self._recovering = False
        for order in self.book.values():
            self._publish(OrderChanged(order))

    async def _settled(self, order: Order) -> None:
        try:
            await self.settle(order)
        except BrokerDown as error:
            log.info("order_stays_unresolved", order=order.id, reason=str(error))

    async def run(self) -> None:
        """Settle and adopt until cancelled."""
        while True:
            await asyncio.sleep(2)
            await self.settle_all()
            try:
                await self.adopt_legs()
                await self.adopt_strangers()
            except (BrokerDown, DatabaseDown) as error:
                log.info("strangers_wait", reason=str(error))

    # ---- words

    def _draft(self, action: str, order: Order, outcome: Outcome = "ok", reason: str = "") -> Draft:
        return Draft(
            self._login.actor,
            action,
            "order",
            order.id,
            outcome,
            reason,
            after=terms(order.request),
            correlation=order.id,
        )

    def _notice(self, urgency: "str", title: str, text: str) -> None:
        self._publish(
            Noticed(Notice(self._now(), "critical" if urgency == "critical" else "warning", title, text, title))
        )


_STANDING: dict[OrderStatus, ReportKind] = {  # what the broker's view of an order amounts to as a report
    OrderStatus.SUBMITTED: ReportKind.ACKNOWLEDGED,
    OrderStatus.WORKING: ReportKind.ACCEPTED,
    OrderStatus.PARTIAL: ReportKind.ACCEPTED,
    OrderStatus.HELD: ReportKind.HELD,
    OrderStatus.PAUSED: ReportKind.PAUSED,
    OrderStatus.CANCELED: ReportKind.CANCELED,
    OrderStatus.EXPIRED: ReportKind.EXPIRED,
    OrderStatus.REJECTED: ReportKind.REJECTED,
    OrderStatus.REPLACED: ReportKind.REPLACED,
    OrderStatus.UNKNOWN: ReportKind.UNKNOWN,
}
