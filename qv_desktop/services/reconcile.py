"""Reconciliation: the broker's books beside ours, at start, after a reconnect, while trading and on demand."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.entries import Entry, Found, of_cash, of_position, shifted, unbookable
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import Reconciled, TradingOverridden
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Books, Break, Override, Reconciliation, Tolerances
from qv_desktop.domain.reconciliation_rules import Rules
from qv_desktop.services.account import Account
from qv_desktop.services.cash import Cash
from qv_desktop.services.login import Login
from qv_desktop.services.looking import Announced, Look, Looking, drafted, run_of
from qv_desktop.services.orders import Orders
from qv_desktop.services.ports.account import CashMarks, Movements
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.reconciliation import ReconciliationStore, Reports
from qv_desktop.services.positions import Positions
from qv_desktop.services.syncing import Note, Syncing

log = structlog.get_logger(__name__)

RUN = Permission(Resource.RECONCILIATION, Action.RUN)
EXPORT = Permission(Resource.RECONCILIATION, Action.EXPORT)
APPROVE = Permission(Resource.RECONCILIATION, Action.APPROVE)
FORMATS = ("csv", "json", "html")
SETTLE = 1.5  # seconds that a difference must outlive before it counts: snapshot and stream race
LOOKS = 3  # at most: what differs and differs differently each time is not compared
FOLLOWED = timedelta(minutes=5)  # for which what was booked at another terminal is followed here
NOTHING = "There is no break to open trading over: run a reconciliation first, and see what it finds."
FOUND_MORE = (
    "The books were compared again meanwhile, and there are other breaks; look at them, then open trading over those."
)
SAME = "Our books and the broker's are the same here by now; run a reconciliation."
MOVED = "The books moved since this entry was shown; look at the new one, and book that."
SAY_WHY = "Say why, in a few words at least: the audit trail keeps it."


class Reconcile:
    """Runs comparisons and exports their reports. ``last`` is the newest run, ``override`` what a person opened trading over.

    ``movements`` and ``marks`` make cash comparable, ``announced`` tells splits, ``note`` records what is booked, else ``trail`` does;
    ``rules`` are asked for before each run, and ``booked`` whether another terminal booked what differs.
    """

    def __init__(
        self,
        broker: Broker,
        store: ReconciliationStore,
        reports: Reports,
        orders: Orders,
        positions: Positions,
        account: Account,
        login: Login,
        publish: Publish,
        now: Now,
        since: Callable[[], datetime],
        folder: Path,
        trail: Trail,
        *,
        movements: Movements | None = None,
        marks: CashMarks | None = None,
        note: Note | None = None,
        announced: Announced | None = None,
        rules: Callable[[], Awaitable[Rules]] | None = None,
        booked: Callable[[str, Break, datetime], Awaitable[bool]] | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker, self._store, self._reports = broker, store, reports
        self._orders, self._positions, self._trail = orders, positions, trail
        self._login, self._publish, self._now, self._folder = login, publish, now, folder
        self._cash = Cash(movements, marks, now)
        self._account = account
        self._looking = Looking(broker, self._ours, self._cash, now, since, announced)
        self._syncing = Syncing(broker, orders, positions, note or trail.append, since, elapsed)
        self._rules, self._booked = rules, booked
        self._one = asyncio.Lock()
        self.last: Reconciliation | None = None
        self.override: Override | None = None

    async def asked(self) -> Reconciliation:
        """A run that a person asked for. Raises NotPermitted, BrokerDown."""
        session = await self._login.require(RUN)
        return await self.run(session.user.name, "asked for")

    async def run(self, operator: str, reason: str) -> Reconciliation:
        """Compare, look again at what differs, book what the policy names, store and publish.

        Raises BrokerDown: an error is never read as “flat”, and changes nothing.
        """
        async with self._one:
            rules = await self._rules_now()
            id_, tolerances = uuid.uuid4().hex, rules.tolerances
            self._syncing.policy = rules.policy
            await self._orders.settling.settle_all()  # what is unresolved is no difference of books
            await self._orders.settling.adopt_legs()
            account = self._orders.account
            before = self.last.breaks if self.last is not None else ()
            await self._cash.begin(account, again=any(one.section == "cash" for one in before))
            look, earlier, booked = await self._looked(id_, tolerances)
            if not any(one.section == "fills" for one in look.all):
                self._syncing.recount(look.broker)
            run = run_of(id_, operator, reason, self._now(), tolerances, look, earlier, booked)
            await self._store.save(run, self._draft(run))
            if look.broker.account is not None and not look.cash.breaks:
                await self._cash.keep(look.broker.account, look.cash)
            if not run.closing and not run.unsettled:
                self.override = None
            self.last = run
            self._publish(Reconciled(run))
            return run

    async def _rules_now(self) -> Rules:
        """As they are stored, for somebody may have changed them at another machine. Raises DatabaseDown."""
        return Rules() if self._rules is None else await self._rules()

    async def _looked(self, run: str, tolerances: Tolerances) -> tuple[Look, Look | None, list[str]]:
        """The last look, the one before it, and what was booked between them."""
        look, earlier, booked = await self._looking.look(tolerances), None, list[str]()
        for _ in range(1, LOOKS):
            if not look.all or (earlier is not None and not look.moving(earlier)):
                break
            await asyncio.sleep(SETTLE)
            await self._orders.settling.settle_open()  # a stream can be mute while its socket lives
            earlier, look = look, await self._looking.look(tolerances, closely=True)
            done = await self._synced(run, look, earlier)
            if done:
                booked += done
                look = await self._looking.look(tolerances, closely=True)
        return look, earlier, booked

    async def _synced(self, run: str, look: Look, earlier: Look) -> list[str]:
        """Book what differed twice and the policy names."""
        lasting = look.lasting(earlier)
        done = await self._syncing.book(run, lasting, look.local, look.broker)
        for found in lasting:
            if found.kind == "corporate action" and found.proposal in done:
                self._cash.used(found.key, look.told)
        done += await self._follow(lasting, look)
        return done + await self._syncing.book_untold(run, look.broker)

    async def _follow(self, lasting: Iterable[Break], look: Look) -> list[str]:
        """What a person booked at another terminal of the account is so here, too; the audit row is theirs."""
        done = list[str]()
        for found in lasting:
            if self._booked is None or unbookable(found.section, found.key, found.kind):
                continue
            if await self._booked(self._orders.account, found, self._now() - FOLLOWED):
                self._accept(found, look)
                done.append(f"{found.key}: {found.internal} → {found.external}, as booked at another terminal")
        return done

    def _accept(self, found: Found, look: Look) -> None:
        if found.section == "cash":
            if look.broker.account is not None:
                self._cash.accept(look.broker.account)
            return
        if found.kind == "corporate action":
            self._cash.used(found.key, look.told)
        ours, theirs = (books.positions.get(found.key) or Position(found.key) for books in (look.local, look.broker))
        self._positions.correct(shifted(self._positions[found.key], ours, theirs))

    async def _ours(self, since: datetime) -> Books:
        open_orders = {key: order for key, order in self._orders.book.items() if order.open}
        fills = {key: fill for key, fill in self._orders.fills.items() if fill.at >= since}
        return Books(self._now(), self._positions.held(), open_orders, fills, self._account.balances)

    # ---- what a person decides

    async def open_over(self, reason: str, seen: Reconciliation | None = None) -> Override:
        """Open trading over the breaks of the newest run, until a run passes or the program ends; a new break closes it again.

        ``seen`` is the run that the person looked at: breaks that were found since are not opened over.
        Raises NotPermitted, BadInput, DatabaseDown: what cannot be recorded opens nothing.
        """
        session = await self._login.require(APPROVE)
        run = self.last
        if run is None or not run.closing:
            raise BadInput(NOTHING)
        if seen is not None and {one.seen_as for one in run.closing} - {one.seen_as for one in seen.closing}:
            raise BadInput(FOUND_MORE)
        _require_words(reason)
        override = Override(
            session.user.name, reason.strip(), self._now(), run.id, frozenset(b.seen_as for b in run.closing)
        )
        after = json.dumps(
            {"breaks": [f"{b.section} {b.key} {b.kind}" for b in run.closing], "at_risk": str(run.at_risk)}
        )
        await self._trail.append(Draft(self._login.actor, "reconciliation.override", "reconciliation", run.id, reason=override.reason,
                               after=after, correlation=run.id))  # fmt: skip
        self.override = override
        self._publish(TradingOverridden(override))
        return override

    async def proposed(self, found: Found) -> Entry:
        """The entry that settles a break now, for a person to see before it is booked. Raises NotPermitted, BadInput, BrokerDown."""
        await self._login.require(APPROVE)
        return (await self._proposed(found))[0]

    async def _proposed(self, found: Found) -> tuple[Entry, Look]:
        if why := unbookable(found.section, found.key, found.kind):
            raise BadInput(why)
        look = await self._looking.look((await self._rules_now()).tolerances)
        cash = found.section == "cash"
        entry = of_cash(look.cash.breaks) if cash else of_position(found.key, look.local, look.broker)
        if entry is None:
            raise BadInput(SAME)
        return entry, look

    async def book(self, found: Found, reason: str, shown: Entry | None = None, record: Note | None = None) -> Entry:
        """Book the entry that settles a break of a position, or of cash: what the broker has now becomes ours.

        ``shown`` is what the person agreed to: another one is not booked. ``record`` writes the audit row, first: what cannot be
        recorded is not booked. Raises NotPermitted, BadInput, BrokerDown, DatabaseDown.
        """
        await self._login.require(APPROVE)
        _require_words(reason)
        async with self._one:
            entry, look = await self._proposed(found)
            if shown is not None and not entry.settles_as(shown):
                raise BadInput(MOVED)
            await (record or self._trail.append)(self._booking(found, entry, reason.strip()))
            self._accept(found, look)
        return entry

    def _booking(self, found: Found, entry: Entry, reason: str) -> Draft:
        before = {one.what: one.before for one in entry.changes}
        after = {one.what: one.after for one in entry.changes}
        after |= {"entry": entry.words, "id": entry.id(self._orders.account)}
        return Draft(self._login.actor, "reconciliation.book", found.section.removesuffix("s"), found.key, reason=reason,
                     before=json.dumps(before), after=json.dumps(after, ensure_ascii=False),
                     correlation=self.last.id if self.last is not None else "")  # fmt: skip

    def _draft(self, run: Reconciliation) -> Draft:
        asked = self._login.session is not None and run.operator == self._login.session.user.name
        return drafted(run, self._login.actor if asked else SYSTEM)

    async def export(self, run: Reconciliation | None = None, formats: Collection[str] = FORMATS) -> tuple[Path, ...]:
        """Write the report of ``run``, or of the newest, in each of ``formats``. Raises BadInput, NotPermitted, DatabaseDown."""
        await self._login.require(EXPORT)
        chosen = run or self.last
        if chosen is None:
            raise BadInput("There is no reconciliation to export yet; run one first.")
        what = json.dumps({"formats": sorted(formats), "input": chosen.input_hash})
        draft = Draft(
            self._login.actor, "export.reconciliation", "reconciliation", chosen.id, after=what, correlation=chosen.id
        )
        await self._trail.append(draft)
        try:
            return await self._reports.write(chosen, self._folder, formats)
        except BadInput as error:
            await self._trail.append(replace(draft, outcome="failed", reason=str(error)))
            raise

    async def tell_taken_over(self, stored: Iterable[Position], known: Collection[str]) -> list[str]:
        """Record where the broker's positions, which were taken over at the start, are not what was ``stored`` with the executions
        that came since (all but the ``known`` ones); a sentence for each. Raises DatabaseDown."""  # fmt: skip
        newer = [fill for key, fill in self._orders.fills.items() if key not in known]
        return await self._syncing.tell_taken_over(stored, newer)

    async def repeat(self, seconds: float, occasion: Callable[[], str] = lambda: "") -> None:
        """Run every ``seconds`` until cancelled; an unreachable broker leaves the last verdict and its age in view.

        ``occasion`` may name a better reason, such as that the market has closed.
        """
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.run("system", occasion() or f"every {seconds:.0f} s")
            except QvError as error:
                log.info("reconciliation_waits", reason=str(error))


def _require_words(reason: str) -> None:
    if len(reason.strip()) < 3:
        raise BadInput(SAY_WHY)
