"""Orders: one way in, one book, one journal; what is unknown at the broker is asked for, never guessed."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft, Outcome
from qv_desktop.domain.desks import Overtaken
from qv_desktop.domain.errors import BadInput, IllegalMove
from qv_desktop.domain.events import Filled, OrderCameBack, OrderChanged
from qv_desktop.domain.exposure import twin_of, waits_for_entry
from qv_desktop.domain.orders import (
    Fill,
    Order,
    OrderRequest,
    OrderStatus,
    Report,
    ReportKind,
    applied,
    came_back,
    fill_of,
)
from qv_desktop.domain.risk import Check, Verdict
from qv_desktop.services.login import Login
from qv_desktop.services.order_book import OrderBook
from qv_desktop.services.order_records import OrderRecords, intended, terms
from qv_desktop.services.other_desks import BUSY, OtherDesks
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.orders import OrderJournal
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from qv_desktop.services.settling import Settling

log = structlog.get_logger(__name__)

TRADE = Permission(Resource.TRADING, Action.CREATE)
CHANGE = Permission(Resource.TRADING, Action.CHANGE)
CANCEL = Permission(Resource.TRADING, Action.DELETE)
GONE = "This order can no longer be changed; enter a new one."
WAITS = (
    "The broker holds the exits of an entry until it has filled, and says of no way to change them before; move them then, or "
    "cancel the entry and enter it with other exits."
)
# what of an order's terms may differ in its replacement
_CARRIED = (
    "client_order_id",
    "quantity",
    "limit",
    "stop",
    "trail_price",
    "trail_percent",
    "time_in_force",
    "source",
    "note",
)


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
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker, self._journal, self._risk, self._positions = broker, journal, risk, positions
        self._login, self._publish, self._now, self._account = login, publish, now, account
        self._cancel_wanted: set[str] = (
            set()
        )  # ids to cancel once their sending has an answer, or the broker shows them
        self._cancelling: set[str] = set()  # ids whose cancel is on its way
        self._doubles: set[str] = set()  # the broker's ids of orders under an id that another of its orders has
        self._held_back: list[Report] | None = None  # what the stream says while positions are being taken over
        self.book = OrderBook()  # client order id -> order
        self.fills: dict[str, Fill] = {}  # execution id -> fill
        self.owed: list[Fill] = []  # booked as being in positions that are still to be taken over
        self.closing = ""  # why nothing new is sent any more, such as a desk that is being left for another account
        self.sending: set[str] = set()  # ids that a call of this process holds: nobody else may judge their fate
        self.records = OrderRecords(journal)
        self.others = OtherDesks(self, journal, publish)
        self.settling = Settling(self, broker, journal, positions, publish, now, account, elapsed)

    # ---- the way in

    async def submit(self, request: OrderRequest, cause: str = "") -> Order:
        """Take one intent to the broker, or to a refusal; the same client order id again gives the same order.

        ``cause`` is recorded: the id of what it is sent for, such as a signal.

        Raises NotPermitted, DatabaseDown and BadInput; in all cases nothing has been sent.
        """
        session = await self._login.require(TRADE)
        self._require_staying()
        known = self.book.get(request.client_order_id)
        if known is not None:
            return known
        verdict = self._risk.judge(request, self.book)
        order = Order(request, session.user.name, self._account(), self._now())
        if not verdict.passed:
            return await self._refuse(order, verdict, cause=cause)
        with self._held(order.id):
            verdict = await self._intend(order, "order.submit", verdict, cause=cause)
            if not verdict.passed:
                return await self._refuse(order, verdict, cause=cause)
            if self._withdrawn(order.id) or self._stopped(order.id):
                return self.book[order.id]
            self.apply(Report(order.id, ReportKind.SENT, self._now()))
            self.apply(await self._broker.submit(order, verdict))
        await self._cancel_if_wanted(order.id)
        return self.book[order.id]

    def _require_staying(self) -> None:
        if self.closing:
            raise BadInput(self.closing)

    def _held(self, key: str) -> AbstractContextManager[None]:
        """Hold an order while its fate is in this call's hands."""
        return self._in(self.sending, key)

    @contextmanager
    def _in(self, keys: set[str], key: str) -> Iterator[None]:
        keys.add(key)
        try:
            yield
        finally:
            keys.discard(key)

    async def _intend(
        self, order: Order, action: str, verdict: Verdict, former: Order | None = None, cause: str = ""
    ) -> Verdict:
        """Into the book before the first await, so that a second click finds it; into the journal before a byte leaves.

        The verdict that counts: beside what other desks wrote down first it may be a refusal; then nothing is written, nor in the book.
        """
        self.book[order.id] = order
        try:
            draft = partial(self._draft, action, order, former=former, cause=cause)
            verdict = await self._in_turn(order, verdict, draft, former)
        except BaseException:  # whatever the reason: what is not written down is not in the book and is never sent
            del self.book[order.id]
            self._cancel_wanted.discard(order.id)
            raise
        if verdict.passed:
            self._publish(OrderChanged(order))
        else:
            del self.book[order.id]
            self._cancel_wanted.discard(order.id)
        return verdict

    async def _in_turn(
        self, order: Order, verdict: Verdict, draft: Callable[..., Draft], former: Order | None
    ) -> Verdict:
        """Write the intent down; what other desks wrote down first is taken into the book, and the order judged again beside it."""
        gone = (order.id, *(self._replaced_by(former.id) if former is not None else ()))
        for turn in self.others.turns(way_out=self._leads_out(order.request)):
            try:
                await self._journal.intend(order, draft(verdict=verdict), turn)
                return verdict
            except Overtaken as first:
                self.others.hear(first.by)
            verdict = self._risk.judge(order.request, self.book, gone)
            if not verdict.passed:
                return verdict
        raise BadInput(BUSY)

    def _leads_out(self, request: OrderRequest) -> bool:
        """Whether an order that passed only reduces: the rules let none turn a position round."""
        return self._positions[request.symbol].quantity * request.side.sign < 0

    def _withdrawn(self, key: str) -> bool:
        """Whether the order was cancelled while it was being written down: then it is never sent."""
        if key not in self._cancel_wanted:
            return False
        self._cancel_wanted.discard(key)
        why = "cancelled before it was sent"
        draft = self._draft(
            "order.cancel", self.book[key], reason=why
        )  # the person did it: the broker never heard of it
        self.apply(Report(key, ReportKind.CANCELED, self._now(), reason=why), draft)
        return True

    def _stopped(self, key: str, replaced: str = "") -> bool:
        """Whether trading was halted, or only reduces, since the rules judged: then it is refused and never sent."""
        order = self.book[key]
        gone = (key, *(self._replaced_by(replaced) if replaced else ()))
        why = self._risk.stopped(order.request, self.book, gone)
        if why:
            refused = Report(key, ReportKind.REFUSED, self._now(), reason=why)
            self.apply(refused, self._draft("order.submit", order, "refused", why))
        return bool(why)

    async def _refuse(self, order: Order, verdict: Verdict, former: Order | None = None, cause: str = "") -> Order:
        reason = " ".join(check.message for check in verdict.refusals)
        refused = applied(order, Report(order.id, ReportKind.REFUSED, self._now(), reason=reason))
        self.book[order.id] = refused
        action = "order.submit" if former is None else "order.replace"
        try:
            await self._journal.intend(refused, self._draft(action, refused, "refused", reason, verdict, former, cause))
        except BaseException:  # what is not written down is not in the book: the same intent may be judged again
            del self.book[order.id]
            raise
        self._publish(OrderChanged(refused))
        return refused

    async def cancel(self, ids: list[str], why: str = "", cause: str = "") -> None:
        """Ask the broker to cancel each; goes out even when the database is away. Raises NotPermitted.

        ``why`` is recorded, and so is ``cause``: the id of what they are cancelled for, such as a kill switch.
        """
        await self._login.require(CANCEL, even_without_database=True)
        wanted = [self.book[key] for key in ids if key in self.book and self.book[key].open]
        await asyncio.gather(*(self._cancel(order, why, cause) for order in wanted))

    async def _cancel(self, order: Order, why: str = "", cause: str = "") -> None:
        if order.id in self._cancelling:
            return  # a second click changes nothing
        if order.id in self.sending:
            self._cancel_wanted.add(order.id)  # it is on its way out; the cancel follows its answer
            return
        self._cancel_wanted.discard(order.id)
        asked = Report(order.id, ReportKind.CANCEL_ASKED, self._now())
        self.apply(asked, self._draft("order.cancel", order, reason=why, cause=cause))
        with self._held(order.id), self._in(self._cancelling, order.id):
            report = await self._broker.cancel(self.book[order.id])
        if report.kind is not ReportKind.CANCEL_ASKED and self.book[order.id].broker_id is None:
            self._cancel_wanted.add(order.id)  # the broker does not show it yet: should it come, the cancel follows
        if report.kind is ReportKind.CANCEL_REFUSED:
            self.apply(report)
            await self.settling.settled(self.book[order.id])

    async def _cancel_if_wanted(self, key: str) -> None:
        if key in self._cancel_wanted:
            self._cancel_wanted.discard(key)
            if self.book[key].open:
                await self._cancel(self.book[key])

    async def cancel_wanted(self) -> None:
        """Send the cancels that waited for the broker to show their orders."""
        shown = [key for key in self._cancel_wanted if key in self.book and self._can_be_cancelled(self.book[key])]
        await asyncio.gather(*(self._cancel(self.book[key]) for key in shown))

    def _can_be_cancelled(self, order: Order) -> bool:
        return order.open and order.broker_id is not None and order.id not in self.sending

    async def cancel_all(self) -> int:
        """Cancel every open order; how many were asked for."""
        ids = [order.id for order in self.book.values() if order.open]
        await self.cancel(ids)
        return len(ids)

    def withdraw(self) -> int:
        """Before anything is waited for: what is on its way out is not sent if that is still possible, else cancelled at once.

        How many orders that concerns.
        """
        asked = (OrderStatus.PENDING_CANCEL,)
        leaving = {k for k in self.sending if k in self.book and self.book[k].open and self.book[k].status not in asked}
        self._cancel_wanted |= leaving
        return len(leaving)

    async def cancel_scope(self, symbol: str = "", source: str = "", user: str = "") -> int:
        """Cancel the open orders of a symbol, a source or a person, as they are now; how many were asked for.

        An empty text leaves that part open; like ``cancel`` it goes out without the database. Raises NotPermitted, BadInput.
        """
        scope = {"symbol": symbol, "source": source, "user": user}
        if not any(scope.values()):
            raise BadInput("Say whose orders are to be cancelled: of a symbol, a source or a person.")
        ids = [
            order.id
            for order in self.book.values()
            if order.open
            and symbol in ("", order.request.symbol)
            and source in ("", order.request.source)
            and user in ("", order.user)
        ]
        await self.cancel(
            ids, "every open order of " + ", ".join(f"{part} {value}" for part, value in scope.items() if value)
        )
        return len(ids)

    @property
    def account(self) -> str:
        """The broker's id of the account; empty while unknown."""
        return self._account()

    @property
    def opens(self) -> bool:
        """Whether orders that open or enlarge a position are taken at all now."""
        return self._risk.opens

    async def require_trading(self) -> None:
        """Whether an order could be entered now. Raises NotPermitted, and DatabaseDown while nothing can be written down."""
        await self._login.require(TRADE)

    def judged_beside(self, request: OrderRequest, gone: Collection[str]) -> Verdict:
        """What the rules would say to an order once the orders ``gone`` are out of the way."""
        return self._risk.judge(request, self.book, gone)

    def judged_replacement(self, key: str, replacement: OrderRequest) -> Verdict:
        """What the rules say to new terms of an order, which is not counted beside them."""
        return self.judged_beside(replacement, self._replaced_by(key))

    def checks_of_change(self, key: str, replacement: OrderRequest) -> tuple[Check, ...]:
        """What stands in the way of new terms as typed: the order as it is at the broker, else what the rules say."""
        if why := self.unchangeable(key):
            return (Check("CHANGE", "Can be changed", passed=False, value="no", limit="yes", message=why),)
        return self.judged_replacement(key, replacement).checks

    def unchangeable(self, key: str) -> str:
        """Why the broker would not take new terms of an order as it stands; nothing when it would."""
        order = self.book.get(key)
        if order is None or not order.open or order.broker_id is None or key in self.sending:
            return GONE
        if order.status in (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE):
            return "A cancel or a change of this order is under way already; wait for the broker's answer."
        if order.filled:  # whether the new quantity would count what has traded is not told alike everywhere
            return "Part of this order has traded; cancel it and enter a new one for what is left."
        if not order.request.quantity:
            return "An order by dollars cannot be changed at the broker; cancel it and enter a new one."
        return WAITS if waits_for_entry(order, self.book.by_symbol.get(order.request.symbol, ())) else ""

    def _replaced_by(self, key: str) -> tuple[str, ...]:
        """What does not count beside new terms of an order: itself, and the other exit of its pair, for only one of them trades."""
        order = self.book.get(key)
        if order is None:
            return (key,)
        twin = twin_of(order.request, self.book.by_symbol.get(order.request.symbol, ()))
        return (key,) if twin is None else (key, twin.id)

    async def replace(self, key: str, replacement: OrderRequest) -> Order:
        """Give an open order new terms; the replacement is an order of its own. Raises NotPermitted, BadInput, DatabaseDown."""
        session = await self._login.require(CHANGE)
        self._require_staying()
        known = self.book.get(replacement.client_order_id)
        if known is not None and known.id != key:
            return known  # a second click changes nothing
        if why := self.unchangeable(key):
            raise BadInput(why)
        order = self.book[key]
        _require_changeable(order.request, replacement)
        verdict = self.judged_replacement(key, replacement)
        fresh = Order(replacement, session.user.name, order.account, self._now())
        if not verdict.passed:
            return await self._refuse(fresh, verdict, order)
        with self._held(fresh.id), self._held(key):
            verdict = await self._intend(fresh, "order.replace", verdict, order)
            if not verdict.passed:
                return await self._refuse(fresh, verdict, order)
            if not self._withdrawn(fresh.id) and not self._stopped(fresh.id, key):
                self.apply(Report(key, ReportKind.REPLACE_ASKED, self._now()))
                self.apply(Report(fresh.id, ReportKind.SENT, self._now()))
                self._replaced(fresh, await self._broker.replace(order, replacement, verdict))
        if key in self._cancel_wanted and self.book[fresh.id].open:
            self._cancel_wanted.add(fresh.id)  # whoever cancelled the order meant what it lives on as, too
        for wanted in (fresh.id, key):
            await self._cancel_if_wanted(wanted)
        return self.book[fresh.id]

    def _replaced(self, fresh: Order, report: Report) -> None:
        if report.kind is ReportKind.REPLACED:
            self.apply(Report(fresh.id, ReportKind.ACKNOWLEDGED, report.at, broker_id=report.replaced_by))
        elif report.kind is ReportKind.REPLACE_REFUSED:
            self.apply(report)
            self.apply(Report(fresh.id, ReportKind.REJECTED, report.at, reason=report.reason))
        else:
            self.apply(Report(fresh.id, ReportKind.UNCERTAIN, report.at, reason=report.reason))

    # ---- what comes back

    def hear(self, report: Report) -> None:
        """Take a report from the broker's stream; one of an unknown order waits until the order is adopted."""
        if self._held_back is not None:
            self._held_back.append(report)
        elif report.client_order_id in self.book:
            self.apply(report)
        else:
            self.settling.heard_early(report)

    @contextmanager
    def holding_back(self) -> Iterator[None]:
        """Keep the stream's reports aside until the block ends, then take them in order."""
        self._held_back = []
        try:
            yield
        finally:
            held, self._held_back = self._held_back, None
            for report in held:
                self.hear(report)

    def apply(self, report: Report, draft: Draft | None = None, *, in_positions: bool = False) -> None:
        """Take a report of an order in the book; ``in_positions`` says that the positions hold its fill already."""
        order = self.book[report.client_order_id]
        if not self._is_of(order, report):
            return
        try:
            moved = applied(order, report)
            fill = fill_of(moved, report) if report.kind is ReportKind.FILL and moved != order else None
        except IllegalMove as error:
            log.error("illegal_move", order=order.id, status=order.status, report=report.kind)
            self._risk.trip(f"{error} Reconcile before trading on.", order.id)
            return
        if _told_more(report, moved):
            self.settling.lacks(moved)
        if moved == order:
            return
        self.book[order.id] = moved
        self.settling.stirred(moved)
        self.records.keep(moved, report, fill, draft, order)
        if came_back(order, report):
            self._publish(OrderCameBack(moved))
        if moved.id in self._cancel_wanted and self._can_be_cancelled(moved):
            self.settling.wake()
        if fill is not None:
            self.fills[fill.execution_id] = fill
            if in_positions:
                self.owed.append(fill)
            else:
                self._positions.fill(fill)
        self._publish(OrderChanged(moved))
        if fill is not None:
            self._publish(Filled(fill))
            self._require_no_more(moved)

    def _is_of(self, order: Order, report: Report) -> bool:
        """Whether a report is of the broker's order that is known here: two of one intent must never be. Shares are ours all the same."""
        other = report.broker_id
        if other is None or order.broker_id in (None, other):
            return True
        if other not in self._doubles:
            self._doubles.add(other)
            self.distrust(f"The broker tells of two orders under the id {order.id} ({order.broker_id} and {other}); cancel the one "
                          "that is too many, and reconcile before trading on.", order.id)  # fmt: skip
        return report.kind is ReportKind.FILL

    def _require_no_more(self, order: Order) -> None:
        """More traded than was asked for: one execution under two names, or worse."""
        if order.filled > order.request.quantity > 0:
            wanted = f"{order.request.quantity:f} {order.request.symbol}"
            self.distrust(
                f"{order.filled:f} of {wanted} are told to have traded ({order.id}); reconcile before trading on.",
                order.id,
            )

    def distrust(self, reason: str, about: str = "") -> None:
        """Halt trading until a person has looked: the books cannot be as they are told."""
        log.error("orders_not_trusted", reason=reason)
        self._risk.trip(reason, about)

    def _draft(
        self,
        action: str,
        order: Order,
        outcome: Outcome = "ok",
        reason: str = "",
        verdict: Verdict | None = None,
        former: Order | None = None,
        cause: str = "",
    ) -> Draft:
        """The row of what a person does to an order; ``former`` is the order that this one takes the place of."""
        after = intended(order.request, verdict) if verdict is not None else terms(order.request)
        before = terms(former.request) if former is not None else ""
        return Draft(self._login.actor, action, "order", order.id, outcome, reason, before, after, correlation=order.id,
                     causation=former.id if former is not None else cause)  # fmt: skip


def _told_more(report: Report, order: Order) -> bool:
    """Whether the broker tells of more shares traded, or of another size, than are known here: then it is asked."""
    if report.cumulative is not None and report.cumulative > order.filled:
        return True
    return report.size is not None and report.size > 0 and report.size != order.request.quantity


def _require_changeable(before: OrderRequest, after: OrderRequest) -> None:
    """Raises BadInput for a change that a broker's replacement does not carry: it would be shown here and not be so there."""
    if after.client_order_id == before.client_order_id:
        raise BadInput("Changed terms are an intent of their own; give them an id of their own.")
    carried = {name: getattr(before, name) for name in _CARRIED}
    if replace(after, **carried) != before:
        raise BadInput(
            "Only size, prices and life of an order can be changed; cancel it and enter a new one for the rest."
        )
