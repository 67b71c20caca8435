"""The kill switch: halt first, cancel everything, and believe nothing but the broker's own list of open orders.

It needs neither the database nor the stream, and goes on asking while the broker does not answer. Positions stay as they are.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from uuid import uuid4

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft, Outcome
from qv_desktop.domain.errors import BrokerDown, DatabaseDown, NotPermitted
from qv_desktop.domain.events import KillChanged
from qv_desktop.domain.killing import Killing, Stage, Standing, Swept, counted, outcome_words
from qv_desktop.domain.orders import Order, OrderStatus, Report, ReportKind
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.login import Login
from qv_desktop.services.noting import Note
from qv_desktop.services.order_records import terms
from qv_desktop.services.orders import Orders
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.risk import Risk

log = structlog.get_logger(__name__)

HALT = Permission(Resource.RISK, Action.RUN)
CANCEL = Permission(Resource.TRADING, Action.DELETE)
LOUD = 15.0  # seconds without proof after which that is said loudly, while it goes on
FIRST_REST, LONGEST_REST = 0.25, 3.0  # seconds between rounds
ONE_BY_ONE = 3  # every so many unanswered rounds each order is asked for by itself
LISTENS = 2  # rounds after the broker's list is empty in which the stream may tell of the cancels
AT_A_TIME = 20  # orders that are asked for in a round after that: the broker allows two hundred questions a minute
_NOT_YET_THERE = (OrderStatus.INTENT, OrderStatus.UNRESOLVED)

type Pause = Callable[[float], Awaitable[object]]


class KillSwitch:
    """Halts and cancels for whoever may; pressed while it works, it is pressed once. ``last`` is how far it has come."""

    def __init__(
        self,
        risk: Risk,
        orders: Orders,
        broker: Broker,
        login: Login,
        note: Note,
        account: Callable[[], str],
        publish: Publish,
        now: Now,
        elapsed: Callable[[], float] = time.monotonic,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._risk, self._orders, self._broker, self._login = risk, orders, broker, login
        self._account = account
        self.note, self._publish, self._now, self._elapsed, self._pause = note, publish, now, elapsed, pause
        self._id = ""  # of the kill in the trail: what it halted and cancelled names it as its cause
        self._ours: set[str] = set()  # client order ids that were open when it was pressed, or came to light since
        self._empty = 0  # rounds in which the broker's list was empty
        self._records: list[asyncio.Future[None]] = []  # rows on their way into the trail
        self._strangers: set[str] = set()  # broker ids of other orders whose cancel was taken
        self._left: list[Standing] | None = None  # what the broker said last is open
        self._unanswered = 0  # rounds in a row in which it said nothing
        self._asked_at: dict[
            str, float
        ] = {}  # orders that came to light after the kill -> when their cancel was last asked for
        self.following = False  # from the press until trading is no longer halted by it
        self.running = False
        self.last: Killing | None = None

    def intent(self) -> str:
        """What it would do now, with counts."""
        count = sum(order.open for order in self._orders.book.values())
        halt = "" if self._risk.state is TradingState.HALTED else ", halts trading"
        return f"Cancels {counted(count, 'open order')}{halt}, and cancels whatever else is open at the broker. Positions stay."

    def lacking(self) -> str:
        """Why the role may not use it at all, or nothing."""
        if self._login.may(HALT) or self._login.may(CANCEL):
            return ""
        role = self._login.session.user.role if self._login.session is not None else "none"
        return f"Your role, {role}, lacks “{HALT}” and “{CANCEL}”; call a Trader or an Admin."

    async def kill(self, hand: str) -> Killing | None:
        """Stop everything; ``hand`` says what was pressed. How it ended, or how far it is when it is under way already.

        Raises NotPermitted when the role may neither halt nor cancel, and DatabaseDown when what was done could not even be
        spooled; then it has been done all the same.
        """
        if self.running:
            return self.last
        if self.lacking():
            await self._login.require(HALT, even_without_database=True)  # refuses, and records that it did
        self.running = True
        try:
            records = await self._kill(hand)
        finally:
            self.running = False
        await _kept(records)  # a database that hangs holds up neither the next press nor what follows
        return self.last

    async def _kill(self, hand: str) -> list[asyncio.Future[None]]:
        """Do it; the rows that are still on their way into the trail."""
        reason = f"Kill switch ({hand})"
        self._id = f"kill-{uuid4().hex}"
        self._ours = {key for key, order in self._orders.book.items() if order.open}
        self._strangers, self._empty, self._asked_at = set(), 0, {}
        may_halt, may_cancel = self._login.may(HALT), self._login.may(CANCEL)
        asked = self._draft("kill.press", reason, {"open": len(self._ours), "halts": may_halt, "cancels": may_cancel})
        self._records = [asyncio.ensure_future(self.note(asked))]
        if may_halt:  # before the first await: whatever is judged from now on is refused
            self._records.append(asyncio.ensure_future(self._risk.halt_at_once(reason, self._id)))
        self.following = may_halt and may_cancel
        if may_cancel:
            self._orders.withdraw()
        self._show(
            Killing(
                self._now(), self._login.actor.name, "cancelling", may_halt, detail=self._lacks(may_halt, may_cancel)
            )
        )
        if may_cancel:
            await self._cancel_everything(may_halt)
        else:
            self._finish("done", reason)
        return self._records

    def _lacks(self, may_halt: bool, may_cancel: bool) -> str:
        lacking = HALT if not may_halt else CANCEL if not may_cancel else None
        return f"your role lacks “{lacking}”" if lacking else ""

    async def follow_up(self) -> int:
        """Once a second after a kill: cancel whatever is open, whoever made it, as long as trading stays halted. How many.

        Raises NotPermitted when the role may no longer cancel.
        """
        if self._risk.state is not TradingState.HALTED:
            self.following = self.following and self.running  # a later halt is not this kill's
        if self.running or not self.following or not self._login.may(CANCEL):
            return 0
        now = self._elapsed()
        rested = [o for o in self._open() if now - self._asked_at.get(o.id, -LONGEST_REST) >= LONGEST_REST]
        live = [order.id for order in rested if self._can_be_asked(order)][:AT_A_TIME]
        if live:
            self._asked_at |= dict.fromkeys(live, now)
            self._ours |= set(live)
            await self._orders.cancel(live, cause=self._id)
        return len(live)

    def resumed(self) -> None:
        """Trading is no longer halted: what opens from now on is wanted."""
        self.following = False

    # ---- cancelling

    async def _cancel_everything(self, halted: bool) -> None:
        """Rounds of “cancel everything” and “what is open?” until the answer is nothing, or somebody resumes trading."""
        if forbidden := await self._forbidden():
            self.following = False
            self._finish("failed", forbidden)
            return
        began, rest, loud = self._elapsed(), FIRST_REST, False
        self._left, self._unanswered = None, 0
        while not await self._round(halted):
            loud = loud or self._grow_loud(began)
            await self._pause(rest)
            rest = min(rest * 2, LONGEST_REST)

    async def _forbidden(self) -> str:
        """Why the role may not cancel, asked anew; whatever else goes wrong in asking stops nobody."""
        try:
            await self._login.require(CANCEL, even_without_database=True)
        except NotPermitted as error:
            return str(error)
        except Exception as error:
            log.exception("kill_role_as_last_read", reason=str(error))
        return ""

    async def _round(self, halted: bool) -> bool:
        """One round; whether it was the last. What nobody foresaw costs this round only, and is said."""
        if halted and self._risk.state is not TradingState.HALTED:
            self.following = False
            self._finish("resumed", "trading was resumed before everything was cancelled")
            return True
        try:
            proved = await self._proved()
        except Exception as error:
            log.exception("kill_round_failed", reason=str(error))
            self._left = None
            self._progress(detail=f"unexpected: {str(error) or type(error).__name__}")
            return False
        if proved:
            self._finish("done", "")
        return proved

    async def _proved(self) -> bool:
        """Cancel and look; whether nothing is left."""
        if self._left is None or any(not order.cancelling for order in self._left):
            self._unanswered = 0 if await self._sweep(self._unanswered) else self._unanswered + 1
        self._left, proved = await self._looked()
        return proved

    async def _asked_for_all(self) -> Swept:
        """The broker's answer to “cancel everything”; when even asking fails, each order is asked for by itself."""
        try:
            return await self._broker.cancel_everything()
        except Exception as error:
            log.exception("kill_sweep_failed", reason=str(error))
            return Swept(answered=False, definite=True, reason=f"unexpected: {str(error) or type(error).__name__}")

    async def _sweep(self, unanswered: int) -> bool:
        """Ask the broker to cancel everything; whether it answered. What it would not do at once is asked for one by one."""
        swept = await self._asked_for_all()
        self._take(swept)
        if swept.refused or swept.definite or unanswered % ONE_BY_ONE == ONE_BY_ONE - 1:
            await self._orders.cancel([o.id for o in self._open() if self._can_be_asked(o)], cause=self._id)
        if not swept.answered:
            self._progress(detail=swept.reason)
        return swept.answered

    def _take(self, swept: Swept) -> None:
        """Mark in the book whose cancel was taken; what is not in the book was made elsewhere."""
        known = {order.broker_id: order for order in self._orders.book.values() if order.broker_id is not None}
        for key in swept.taken:
            order = known.get(key)
            if order is None:
                self._strangers.add(key)
                continue
            self._ours.add(order.id)
            if self._can_be_asked(order):
                draft = Draft(self._login.actor, "order.cancel", "order", order.id, after=terms(order.request),
                              correlation=order.id, causation=self._id)  # fmt: skip
                self._orders.apply(Report(order.id, ReportKind.CANCEL_ASKED, self._now()), draft)

    def _can_be_asked(self, order: Order) -> bool:
        waiting = order.status in (*_NOT_YET_THERE, OrderStatus.PENDING_CANCEL)
        return order.open and order.broker_id is not None and not waiting and order.id not in self._orders.sending

    def _open(self) -> list[Order]:
        return [order for order in self._orders.book.values() if order.open]

    # ---- proof

    async def _looked(self) -> tuple[list[Standing] | None, bool]:
        """What is open at the broker (None: it did not say), and whether that proves that nothing is left anywhere."""
        flying = self._flying()  # before the question: an order may arrive behind its answer
        try:
            left = await self._broker.standing()
        except BrokerDown as silence:
            self._progress(None, len(flying), str(silence))
            return None, False
        self._empty = 0 if left else self._empty + 1
        if self._empty > LISTENS:  # its stream is mute: the book learns from the broker, a few orders at a time
            for order in self._open()[:AT_A_TIME]:
                await self._orders.settling.settled(order)
        self._ours |= {order.client_order_id for order in left if order.client_order_id in self._orders.book}
        still = self._open()
        self._progress(left, len(flying), "" if left or not still else "the broker is asked about each order")
        return left, not left and not flying and not still

    def _flying(self) -> list[Order]:
        """Orders that may be on their way to the broker, or there without our knowing it."""
        return [
            o for o in self._open() if o.status in _NOT_YET_THERE or o.broker_id is None or o.id in self._orders.sending
        ]

    def _grow_loud(self, began: float) -> bool:
        """Say and record, once, that there is no proof after so long; it goes on all the same."""
        if self._elapsed() - began < LOUD:
            return False
        self._progress_to("unproven")
        self._record("unresolved", f"no proof after {LOUD:.0f} s; still trying")
        return True

    # ---- telling

    def _progress(self, left: Collection[Standing] | None = None, flying: int = 0, detail: str = "") -> None:
        if self.last is None:
            return
        words = None if left is None else tuple(order.words for order in left)
        stage: Stage = "following" if words == () and flying else "cancelling"
        stage = self.last.stage if self.last.stage == "unproven" and stage == "cancelling" else stage
        self._show(self._count(replace(self.last, stage=stage, left=words, in_flight=flying, detail=detail)))

    def _progress_to(self, stage: Stage) -> None:
        if self.last is not None:
            self._show(self._count(replace(self.last, stage=stage)))

    def _count(self, killing: Killing) -> Killing:
        book = self._orders.book
        ours = [order for order in book.values() if order.id in self._ours or order.broker_id in self._strangers]
        strangers = self._strangers - {order.broker_id for order in book.values()}  # one in flight is known by now
        cancelled = sum(order.status is OrderStatus.CANCELED for order in ours) + len(strangers)
        return replace(killing, cancelled=cancelled, filled=sum(order.status is OrderStatus.FILLED for order in ours))

    def _show(self, killing: Killing) -> None:
        if killing != self.last:
            self.last = killing
            self._publish(KillChanged(killing))

    def _finish(self, stage: Stage, detail: str) -> None:
        if self.last is None:
            return
        left = () if stage == "done" and self._login.may(CANCEL) else self.last.left
        self._show(
            self._count(replace(self.last, stage=stage, left=left, in_flight=0, detail=detail or self.last.detail))
        )
        self._record("ok" if stage == "done" else "failed", detail)

    def _record(self, outcome: Outcome, reason: str) -> None:
        """How it stands now, into the trail or its spool; a database that does not answer must not stop the cancelling."""
        if self.last is None:
            return
        counts = {"cancelled": self.last.cancelled, "filled": self.last.filled, "in_flight": self.last.in_flight,
                  "left": None if self.last.left is None else list(self.last.left), "halted": self.last.halted}  # fmt: skip
        draft = self._draft("kill.switch", reason or outcome_words(self.last), counts, outcome)
        self._records.append(asyncio.ensure_future(self._noted(draft)))

    async def _noted(self, draft: Draft) -> None:
        try:
            await self.note(draft)
        except DatabaseDown as error:
            log.error("kill_not_recorded", reason=str(error), outcome=draft.outcome, after=draft.after)

    def _draft(self, action: str, reason: str, after: Mapping[str, object], outcome: Outcome = "ok") -> Draft:
        return Draft(self._login.actor, action, "account", self._account(), outcome, reason, after=json.dumps(after),
                     correlation=self._id)  # fmt: skip


async def _kept(records: list[asyncio.Future[None]]) -> None:
    """Wait for all of them. Raises what the first failed with."""
    for one in await asyncio.gather(*records, return_exceptions=True):
        if isinstance(one, BaseException):
            raise one
