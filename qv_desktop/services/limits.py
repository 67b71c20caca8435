"""Limits by scope: which count for an order, who tightens them, and which second person lets more pass."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import SYSTEM, Actor, Draft
from qv_desktop.domain.deployments import SOURCE
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import LimitsChanged
from qv_desktop.domain.limit_changes import (
    MEANWHILE,
    OPEN_FOR,
    Decision,
    LimitBook,
    Proposal,
    Restriction,
    hindered,
    own,
    owner,
    reason,
    scope_words,
    symbol,
)
from qv_desktop.domain.limit_reasons import explained
from qv_desktop.domain.limit_words import sensible
from qv_desktop.domain.limits import NAMES, Limits, Scope, ScopedLimits, binding, in_force, raised
from qv_desktop.domain.orders import TICKET
from qv_desktop.domain.risk import Check
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Now, Publish

VIEW = Permission(Resource.RISK, Action.VIEW)
CHANGE = Permission(Resource.RISK, Action.CHANGE)
RAISE, APPROVE = "limits.raise", "limits.approve"  # what the password is given for
MOST = 20_000  # answers that are kept
_DEPLOYED = re.compile(re.escape(SOURCE) + r"(.+)-[0-9a-f]{8}")

type Values = Mapping[str, Decimal | int]


class Store(Protocol):
    """Where limits are kept. All raise DatabaseDown: then nothing was written."""

    async def book(self) -> LimitBook:
        """All that the person may see."""

    async def history(self, scope: Scope, of: str) -> list[tuple[ScopedLimits, str]]:
        """Every version with its reason, oldest first."""

    async def tighten(self, one: ScopedLimits, reason: str, draft: Draft) -> None:
        """The next version. Raises BadInput when there is one already."""

    async def propose(self, proposal: Proposal, draft: Draft) -> None:
        """Ask for a second person."""

    async def decide(self, proposal: Proposal, decision: Decision, by: str, because: str, draft: Draft) -> None:
        """What is approved is in force at once. Raises BadInput when it was decided meanwhile."""

    async def expire(self, proposal: Proposal, by: str, draft: Draft) -> None:
        """Note, once, that nobody decided in time."""

    async def restrict(self, one: Restriction, draft: Draft) -> None:
        """Nobody, or one user, trades a symbol from now on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change: the names that were tightened, and those that wait for a second person."""

    tightened: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


class RiskLimits:
    """The limits as last read; while the database is away they stay so. Each change raises NotPermitted, DatabaseDown, or BadInput
    with what to do, and stands in the audit trail.
    """

    def __init__(
        self, store: Store, login: Login, publish: Publish, now: Now, account: Callable[[], str],
        note: Callable[[Draft], Awaitable[object]],
    ) -> None:  # fmt: skip
        """``note`` records a refusal, which stands whether or not it can be written down now."""
        self._note = note
        self._store, self._login, self._publish, self._now, self._account = store, login, publish, now, account
        self._turn = asyncio.Lock()  # what is read is never older than what was written here
        self._answers: dict[tuple[str, str, str, str], Limits] = {}  # account, user, source, symbol -> what counts
        self._held: dict[str, tuple[Restriction, ...]] = {}  # symbol -> what keeps whom from it
        self.book = LimitBook()

    # ---- what counts

    def limits_for(self, user: str, source: str, symbol: str) -> Limits:
        """The tightest limits that bind such an order, from memory; ``source`` is the order's, or a strategy's name."""
        key = (self._account(), user, source, symbol)
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= MOST:
                self._answers.clear()
            found = self._answers[key] = in_force(self.book.binding(key[0], user, strategy_of(source), symbol))
        return found

    def set_for(self, scope: Scope, of: str) -> Values:
        """What one scope itself sets, from memory; nothing where it sets none."""
        return self.book.version(scope, of.lower() if scope is Scope.USER else of).values

    def binding(self, name: str, user: str = "", source: str = "", symbol: str = "") -> ScopedLimits:
        """Of which scope the limit ``name`` is that counts for such an order; ``domain.limits.whose`` says it in words."""
        return binding(name, self.book.binding(self._account(), user, strategy_of(source), symbol))

    def restriction_for(self, user: str, symbol: str) -> str:
        """One sentence why the user may not trade the symbol now, from memory; nothing when they may."""
        held = self._held.get(symbol)
        if not held:
            return ""
        found = next((one for one in held if one.of in ("", user.lower()) and one.holds(self._now())), None)
        return found.words(user) if found is not None else ""

    def explain(self, check: Check, user: str, source: str, symbol: str) -> Check:
        """A refusal with whose limit it is."""
        return explained(check, lambda name: self.binding(name, user, source, symbol), user)

    def visible(self) -> LimitBook:
        """What this person may see: what concerns another user alone is for those who may change limits."""
        if not self._login.may(VIEW):
            return LimitBook()
        if self._login.may(CHANGE):
            return self.book
        me, book = self._login.actor.name.lower(), self.book

        def shown(one: ScopedLimits | Proposal) -> bool:
            return one.scope is not Scope.USER or one.of == me

        return LimitBook(
            tuple(filter(shown, book.versions)),
            tuple(filter(shown, book.proposals)),
            tuple(one for one in book.restrictions if one.of in ("", me)),
        )

    # ---- read

    async def load(self) -> None:
        """Read all. Raises DatabaseDown, NotPermitted: then the limits stay as they were."""
        async with self._turn:
            await self._read()

    async def refresh(self) -> None:
        """Read what was changed at other desks, and note what nobody decided in time."""
        await self.load()
        if self._login.may(CHANGE):
            for one in [p for p in self.book.proposals if p.decision is Decision.OPEN and not p.open(self._now())]:
                draft = self._draft("expired", one.scope, one.of, after=one.values, actor=SYSTEM)
                await self._written(self._store.expire(one, SYSTEM.name, draft))

    async def _read(self) -> None:
        book = await self._store.book()
        if book != self.book:
            self._take(book)

    def _take(self, book: LimitBook) -> None:
        self.book = book
        self._answers.clear()
        held: dict[str, list[Restriction]] = {}
        for one in book.restrictions:
            if not one.lifted:
                held.setdefault(one.symbol, []).append(one)
        self._held = {name: tuple(sorted(found, key=lambda each: each.of)) for name, found in held.items()}
        self._publish(LimitsChanged())

    async def history(self, scope: Scope, of: str) -> list[tuple[ScopedLimits, str]]:
        """Every version of a scope with its reason, oldest first."""
        await self._login.require(VIEW)
        if scope is Scope.USER and of != self._login.actor.name.lower():
            await self._login.require(CHANGE)
        return await self._store.history(scope, of)

    # ---- limits

    def would_raise(self, scope: Scope, of: str, values: Values) -> tuple[str, ...]:
        """The names that a second person has to approve."""
        return raised(scope, self.book.version(scope, of).values, values)

    async def change(self, scope: Scope, of: str, values: Values, because: str, base: int | None = None) -> Outcome:
        """Set these limits for a scope, and no others; what is tighter counts at once, what lets more pass is proposed, with the
        password given just now. ``base`` is the version that was looked at.
        """
        await self._login.require(CHANGE)
        name, words, after = owner(scope, of), reason(because), sensible(values)
        before = self.book.version(scope, name)
        if base is not None and base != before.version:
            raise BadInput(MEANWHILE)
        after = {
            k: v for k, v in before.values.items() if k not in NAMES
        } | after  # what only a newer program knows stays
        if scope is Scope.FIRM and before.values.keys() - after.keys():
            raise BadInput("The firm sets every limit; type a value instead of nothing.")
        waiting = raised(scope, before.values, after)
        at_once = {k: v for k, v in after.items() if k not in waiting} | {
            k: before.values[k] for k in waiting if k in before.values
        }
        tightened = tuple(k for k, v in at_once.items() if before.values.get(k) != v)
        if not waiting and not tightened:
            raise BadInput("Nothing was changed.")
        if waiting:
            self._login.require_given(RAISE)
            self._alone(scope, name)
        if tightened:
            before = await self._tighten(before, at_once, words)
        if waiting:
            await self._propose(scope, name, after, before.version, None, words)
        return Outcome(tightened, waiting)

    def _alone(self, scope: Scope, of: str) -> None:
        now = self._now()
        if any(
            one.open(now) and one.lifts is None and (one.scope, one.of) == (scope, of) for one in self.book.proposals
        ):
            raise BadInput("A proposal for these limits waits already; have it decided or withdrawn first.")

    async def _tighten(self, before: ScopedLimits, values: Values, words: str) -> ScopedLimits:
        after = replace(before, values=values, version=before.version + 1, set_by=self._login.actor.name, set_at=self._now(),
                        approved_by="")  # fmt: skip
        draft = self._draft("", after.scope, after.of, words, before.values, values)
        await self._written(self._store.tighten(after, words, draft), after)
        return after

    async def _propose(self, scope: Scope, of: str, values: Values, base: int, lifts: int | None, words: str) -> None:
        now = self._now()
        asked = Proposal(0, scope, of, values, base, lifts, words, self._login.actor.name, now, now + OPEN_FOR)
        before = self.book.version(scope, of).values if lifts is None else {}
        await self._written(
            self._store.propose(asked, self._draft("proposed", scope, of, words, before, values, lifts))
        )

    # ---- the second person

    def why_not(self, proposal: Proposal) -> str:
        """Why the signed-in person may not approve it, or nothing."""
        return hindered(proposal, self.book, self._login.actor.name, self._now())

    async def approve(self, number: int, because: str = "") -> None:
        """Put a proposal of somebody else in force, with the password given just now. Raises NotPermitted for one's own."""
        await self._login.require(CHANGE)
        proposal = self._proposal(number)
        if why := own(proposal, self._login.actor.name):
            draft = self._decision(proposal, Decision.APPROVED, why)
            await self._note(replace(draft, outcome="refused"))
            raise NotPermitted(why)
        if why := self.why_not(proposal):
            raise BadInput(why)
        self._login.require_given(APPROVE)
        await self._decide(proposal, Decision.APPROVED, because)

    async def decline(self, number: int, because: str) -> None:
        """Somebody else's proposal comes to nothing."""
        await self._login.require(CHANGE)
        proposal, words = self._proposal(number), reason(because)
        if proposal.proposed_by.lower() == self._login.actor.name.lower():
            raise BadInput("You proposed this yourself; withdraw it.")
        await self._decide(proposal, Decision.DECLINED, words)

    async def withdraw(self, number: int) -> None:
        """One's own proposal is taken back."""
        await self._login.require(CHANGE)
        proposal = self._proposal(number)
        if proposal.proposed_by.lower() != self._login.actor.name.lower():
            raise BadInput(f"{proposal.proposed_by} proposed this; you can decline it.")
        await self._decide(proposal, Decision.WITHDRAWN, "")

    async def _decide(self, proposal: Proposal, decision: Decision, because: str) -> None:
        if not proposal.open(self._now()):
            raise BadInput(self.why_not(proposal))
        draft = self._decision(proposal, decision, because.strip())
        await self._written(self._store.decide(proposal, decision, self._login.actor.name, because.strip(), draft))

    def _decision(self, proposal: Proposal, decision: Decision, because: str) -> Draft:
        before = self.book.version(proposal.scope, proposal.of).values if proposal.lifts is None else {}
        draft = self._draft(decision, proposal.scope, proposal.of, because, before, proposal.values, proposal.lifts)
        return replace(draft, causation=f"proposal {proposal.id} of {proposal.proposed_by}")

    def _proposal(self, number: int) -> Proposal:
        for one in self.book.proposals:
            if one.id == number:
                return one
        raise BadInput("This proposal is not there any more.")

    # ---- the restricted list

    async def restrict(self, name: str, of: str, because: str, until: datetime | None = None) -> None:
        """From now on nobody, or the user ``of``, may trade a symbol, until then or until it is lifted."""
        await self._login.require(CHANGE)
        who = owner(Scope.USER, of) if of.strip() else ""
        one = Restriction(0, who, symbol(name), reason(because), self._login.actor.name, self._now(), until)
        if until is not None and until <= self._now():
            raise BadInput("The restriction would be over already; give a later time, or none.")
        if any((r.of, r.symbol) == (one.of, one.symbol) and r.holds(self._now()) for r in self.book.restrictions):
            raise BadInput(f"{one.symbol} is restricted for {one.of or 'everybody'} already.")
        scope = Scope.USER if who else Scope.FIRM
        draft = Draft(self._login.actor, "risk.restricted", "symbol", one.symbol, reason=one.reason,
                      after=json.dumps({"for": who or "everybody", "until": until.isoformat() if until else None}),
                      correlation=f"{scope} {who}".strip())  # fmt: skip
        await self._written(self._store.restrict(one, draft))

    async def lift(self, number: int, because: str) -> None:
        """Propose that a symbol may be traded again, with the password given just now; a second person approves it."""
        await self._login.require(CHANGE)
        words = reason(because)
        found = next((one for one in self.book.restrictions if one.id == number and one.holds(self._now())), None)
        if found is None:
            raise BadInput("This restriction is over already.")
        if any(one.lifts == number and one.open(self._now()) for one in self.book.proposals):
            raise BadInput("To lift it was proposed already; a second person decides.")
        self._login.require_given(RAISE)
        await self._propose(Scope.USER if found.of else Scope.FIRM, found.of, {}, 0, number, words)

    # ---- written

    async def _written(self, work: Coroutine[Any, Any, None], known: ScopedLimits | None = None) -> None:
        """Do it, and count it here at once: ``known`` also when the database goes away before it can be read again."""
        async with self._turn:
            await work
            if known is not None:
                others = (one for one in self.book.versions if (one.scope, one.of) != (known.scope, known.of))
                self._take(replace(self.book, versions=(*others, known)))
            with suppress(DatabaseDown):
                await self._read()

    def _draft(self, what: str, scope: Scope, of: str, words: str = "", before: Values | None = None, after: Values | None = None,
               lifts: int | None = None, actor: Actor | None = None) -> Draft:  # fmt: skip
        told = json.dumps({"lifts": lifts}) if lifts is not None else _json(after)
        return Draft(actor or self._login.actor, f"risk.limits{what and '_'}{what}", "limits", scope_words(scope, of), reason=words,
                     before=_json(before), after=told)  # fmt: skip


def strategy_of(source: str) -> str:
    """The strategy of an order's source, "" for an order that a person made; a strategy's own name is itself."""
    if source == TICKET:
        return ""
    found = _DEPLOYED.fullmatch(source)
    return found[1] if found else source.removeprefix(SOURCE)


def _json(values: Values | None) -> str:
    return json.dumps({name: f"{Decimal(value):f}" for name, value in values.items()}) if values else ""
