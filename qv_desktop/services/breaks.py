"""The break queue: what people do about differences of books, with a second pair of eyes, and what the runs have come to over time."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.breaks import BreakItem, Remark, State, decided, reopened, signed, taken, told, words
from qv_desktop.domain.entries import Entry
from qv_desktop.domain.errors import BadInput, NotPermitted, QvError
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.reconciliation_rules import Rules, sensible
from qv_desktop.domain.reconciliation_rules import told as rules_told
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Now

log = structlog.get_logger(__name__)

VIEW = Permission(Resource.RECONCILIATION, Action.VIEW)
WORK = Permission(Resource.RECONCILIATION, Action.CHANGE)
SIGN = Permission(Resource.RECONCILIATION, Action.APPROVE)
RECENT = timedelta(days=7)  # for which closed breaks stay in the queue
TREND = timedelta(days=90)
RUNS = 500  # lines of the history
AFTER_ENTRY = "after an entry by hand"


class Store(Protocol):
    """Where the queue is kept; each change is written together with its row in the audit trail. All raise DatabaseDown."""

    async def queue(self, account: str, since: datetime) -> list[BreakItem]:
        """What is not closed, and what was seen since then."""

    async def story(self, item: str) -> list[Remark]:
        """What happened to an item, oldest first."""

    async def change(self, before: BreakItem, after: BreakItem, remark: Remark, draft: Draft) -> None:
        """Raises BadInput when the item is not ``before`` any more."""

    async def comment(self, item: BreakItem, remark: Remark, draft: Draft) -> None:
        """Add to the story."""


class Runs(Protocol):
    """The stored runs. All raise DatabaseDown."""

    async def lines(
        self, account: str, limit: int, start: datetime | None = None, end: datetime | None = None
    ) -> list[RunLine]:
        """Runs that said something new or that a person asked for, newest first; every account's with ""."""

    async def get(self, id_: str) -> Reconciliation:
        """The whole run of this id. Raises BadInput when there is none."""

    async def days(self, account: str, since: date, until: date | None = None) -> list[Day]:
        """Each day's figures, oldest first."""

    async def rules(self) -> Rules:
        """By what the account's books are compared."""

    async def save_rules(self, rules: Rules, draft: Draft) -> None:
        """Written together with its row in the audit trail."""


class Booking(Protocol):
    """Our books, which an entry brings to the broker's."""

    async def proposed(self, found: BreakItem) -> Entry:
        """The entry that settles it now. Raises NotPermitted, BadInput, BrokerDown."""

    async def book(
        self, found: BreakItem, reason: str, shown: Entry, record: Callable[[Draft], Awaitable[object]]
    ) -> Entry:
        """Book it, once ``record`` has. Raises NotPermitted, BadInput, BrokerDown, DatabaseDown."""

    async def run(self, operator: str, reason: str) -> Reconciliation:
        """Compare. Raises BrokerDown, DatabaseDown."""


class Breaks:
    """The queue of the account whose id ``account`` tells; ``booking`` None: entries are not booked here.

    Every change raises NotPermitted, DatabaseDown, or BadInput with what to do; one that somebody else made meanwhile is such a one.
    """

    def __init__(
        self,
        store: Store,
        runs: Runs,
        login: Login,
        now: Now,
        account: Callable[[], str],
        booking: Booking | None = None,
    ) -> None:
        self._store, self._runs, self._login, self._now, self._account = store, runs, login, now, account
        self._booking = booking

    # ---- what there is

    @property
    def account(self) -> str:
        """The id of the account in use; empty while unknown."""
        return self._account()

    async def queue(self) -> list[BreakItem]:
        """What is not closed, and what was seen in the last week."""
        await self._login.require(VIEW)
        return await self._store.queue(self._account(), self._now() - RECENT)

    async def story(self, item: BreakItem) -> list[Remark]:
        """What happened to it, oldest first."""
        await self._login.require(VIEW)
        return await self._store.story(item.id)

    async def history(self) -> tuple[list[RunLine], list[Day]]:
        """The runs that said something new, newest first, and the days of the last three months, oldest first."""
        await self._login.require(VIEW)
        account, today = self._account(), self._now().astimezone(NEW_YORK).date()
        return await self._runs.lines(account, RUNS), await self._runs.days(account, today - TREND)

    async def run(self, id_: str) -> Reconciliation:
        """A stored run with its breaks."""
        await self._login.require(VIEW)
        return await self._runs.get(id_)

    async def rules(self) -> Rules:
        """By what the books are compared, and what is booked without a person."""
        await self._login.require(VIEW)
        return await self._runs.rules()

    async def set_rules(self, rules: Rules, reason: str) -> Rules:
        """Other rules, from the next comparison on."""
        by = (await self._login.require(SIGN)).user.name
        after = replace(sensible(rules), set_by=by)
        before, why = await self._runs.rules(), words(reason, "a reason")
        if (before.tolerances, before.automatic) == (after.tolerances, after.automatic):
            raise BadInput("These are the rules already; nothing was changed.")
        draft = Draft(self._login.actor, "reconciliation.rules", "account", self._account(), reason=why, before=rules_told(before),
                      after=rules_told(after))  # fmt: skip
        await self._runs.save_rules(after, draft)
        return after

    # ---- what is done about it

    async def take(self, item: BreakItem) -> BreakItem:
        """The signed-in person owns it."""
        by = await self._worker()
        return await self._changed(item, taken(item, by), "take", "")

    async def comment(self, item: BreakItem, text: str) -> None:
        """Add a line to its story."""
        by = await self._worker()
        said = words(text, "a comment")
        draft = Draft(self._login.actor, "break.comment", "break", item.id, reason=said)
        await self._store.comment(item, Remark(self._now(), by, "comment", said), draft)

    async def explain(self, item: BreakItem, reason: str) -> BreakItem:
        """The difference stays and is understood."""
        return await self._decide(item, "explained", reason)

    async def resolve(self, item: BreakItem, reason: str) -> BreakItem:
        """It is settled; a later run that still finds it opens it again."""
        return await self._decide(item, "resolved", reason)

    async def carry(self, item: BreakItem, reason: str) -> BreakItem:
        """Left to the next weekday, when it opens again by itself."""
        return await self._decide(item, "carried", reason)

    async def reopen(self, item: BreakItem, reason: str) -> BreakItem:
        """What was decided is taken back."""
        await self._worker()
        return await self._changed(item, reopened(item, reason), "reopen", words(reason, "a reason"))

    async def entry(self, item: BreakItem) -> Entry:
        """What would be booked to settle it now. Raises BrokerDown."""
        await self._login.require(SIGN)
        return await self._books().proposed(item)

    async def book(self, item: BreakItem, shown: Entry, reason: str) -> BreakItem:
        """Book the ``shown`` entry: the break is resolved by it in one transaction with the audit row, and the books are compared again.

        Like every decision it waits for a second person's signature. Raises BrokerDown: then nothing was booked. One that comes
        after it is no matter of the entry; the next comparison is at most half a minute away.
        """
        by, books = (await self._login.require(SIGN)).user.name, self._books()
        after = decided(item, "resolved", by, self._now(), reason)
        remark = Remark(self._now(), by, "book", f"{shown.words}. {after.reason}")
        await books.book(item, after.reason, shown, lambda draft: self._store.change(item, after, remark, draft))
        try:
            await books.run(by, AFTER_ENTRY)
        except QvError as error:
            log.info("entry_not_compared", item=item.id, reason=str(error))
        return after

    def _books(self) -> Booking:
        if self._booking is None:
            raise BadInput("Entries are booked at a terminal that is connected to the broker.")
        return self._booking

    async def sign(self, item: BreakItem) -> BreakItem:
        """What somebody else decided is signed off. Raises NotPermitted for who decided it."""
        by = (await self._login.require(SIGN)).user.name
        try:
            after = signed(item, by, self._now())
        except BadInput as error:
            if item.waits:
                await self._refused(item, str(error))
            raise
        return await self._changed(item, after, "sign", item.reason)

    async def _refused(self, item: BreakItem, why: str) -> None:
        draft = Draft(self._login.actor, "break.sign", "break", item.id, "refused", why, before=told(item))
        await self._store.comment(item, Remark(self._now(), self._login.actor.name, "refused", why), draft)
        raise NotPermitted(why)

    async def _worker(self) -> str:
        return (await self._login.require(WORK)).user.name

    async def _decide(self, item: BreakItem, state: State, reason: str) -> BreakItem:
        after = decided(item, state, await self._worker(), self._now(), reason)
        action = {"explained": "explain", "resolved": "resolve", "carried": "carry"}[state]
        until = f"To {after.until}: " if after.until else ""
        return await self._changed(item, after, action, f"{until}{after.reason}")

    async def _changed(self, before: BreakItem, after: BreakItem, action: str, said: str) -> BreakItem:
        draft = Draft(
            self._login.actor,
            f"break.{action}",
            "break",
            before.id,
            reason=said,
            before=told(before),
            after=told(after),
        )
        await self._store.change(before, after, Remark(self._now(), self._login.actor.name, action, said), draft)
        return after
