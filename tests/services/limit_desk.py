"""Limits of a desk: the real service and guard over a store in memory that several desks can share."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from qv_desktop.domain.access import Role, User
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.events import Event
from qv_desktop.domain.limit_changes import MEANWHILE, Decision, LimitBook, Proposal, Restriction
from qv_desktop.domain.limits import NAMES, Limits, Scope, ScopedLimits
from qv_desktop.services.limits import RiskLimits
from qv_desktop.services.login import Login
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users

FIRM = ScopedLimits(Scope.FIRM, "", {name: getattr(Limits(), name) for name in NAMES}, 1, "QuantVision")


@dataclass
class Shelf:
    """Limits in memory, with the rows of their trail; ``down`` fails like a database."""

    book_: LimitBook = field(default_factory=lambda: LimitBook((FIRM,)))
    past: list[tuple[ScopedLimits, str]] = field(default_factory=lambda: [(FIRM, "")])
    rows: list[Draft] = field(default_factory=list)
    down: bool = False
    down_after_writing: bool = False

    async def book(self) -> LimitBook:
        self._look()
        return self.book_

    async def history(self, scope: Scope, of: str) -> list[tuple[ScopedLimits, str]]:
        self._look()
        return [(one, why) for one, why in self.past if (one.scope, one.of) == (scope, of)]

    async def tighten(self, one: ScopedLimits, reason: str, draft: Draft) -> None:
        self._write(draft)
        self._put(one, reason)

    async def propose(self, proposal: Proposal, draft: Draft) -> None:
        self._write(draft)
        asked = replace(proposal, id=len(self.book_.proposals) + 1)
        self.book_ = replace(self.book_, proposals=(*self.book_.proposals, asked))

    async def decide(self, proposal: Proposal, decision: Decision, by: str, because: str, draft: Draft) -> None:
        found = self._decided(proposal, decision, by, because)
        self._write(draft)
        self.book_ = replace(self.book_, proposals=found)
        if decision is not Decision.APPROVED:
            return
        if proposal.lifts is not None:
            held = tuple(replace(r, lifted=r.lifted or r.id == proposal.lifts) for r in self.book_.restrictions)
            self.book_ = replace(self.book_, restrictions=held)
        else:
            after = ScopedLimits(
                proposal.scope, proposal.of, proposal.values, proposal.base + 1, proposal.proposed_by, NOW, by
            )
            self._put(after, proposal.reason)

    async def expire(self, proposal: Proposal, by: str, draft: Draft) -> None:
        self._write(draft)
        self.book_ = replace(self.book_, proposals=self._decided(proposal, Decision.EXPIRED, by, ""))

    async def restrict(self, one: Restriction, draft: Draft) -> None:
        self._write(draft)
        held = replace(one, id=len(self.book_.restrictions) + 1)
        self.book_ = replace(self.book_, restrictions=(*self.book_.restrictions, held))

    def _look(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")

    def _write(self, draft: Draft) -> None:
        self._look()
        self.rows.append(draft)
        self.down = self.down_after_writing

    def _put(self, one: ScopedLimits, reason: str) -> None:
        before = self.book_.version(one.scope, one.of)
        if one.version != before.version + 1:
            raise BadInput(MEANWHILE)
        others = (each for each in self.book_.versions if each is not before)
        self.book_ = replace(self.book_, versions=(*others, one))
        self.past.append((one, reason))

    def _decided(self, proposal: Proposal, decision: Decision, by: str, because: str) -> tuple[Proposal, ...]:
        stored = next(p for p in self.book_.proposals if p.id == proposal.id)
        if stored.decision is not Decision.OPEN:
            raise BadInput(MEANWHILE)
        done = replace(stored, decision=decision, decided_by=by, decided_at=NOW, because=because)
        return tuple(done if p.id == proposal.id else p for p in self.book_.proposals)


@dataclass
class LimitDesk:
    """One person's desk."""

    limits: RiskLimits
    login: Login
    trail: Trail
    events: list[Event]
    moment: list[datetime]

    async def password(self, deed: str) -> None:
        """Given right."""
        assert await self.login.confirm("right", deed) == ""

    @property
    def refused(self) -> Sequence[str]:
        """What was refused, as the trail has it."""
        return [row.draft.action for row in self.trail.rows if row.draft.outcome == "refused"]


def a_limit_desk(
    shelf: Shelf, role: Role = Role.ADMIN, name: str = "ada", moment: list[datetime] | None = None
) -> LimitDesk:
    """A desk over ``shelf``, which others may share; ``moment`` is what time it is."""
    clock, trail, events = moment or [NOW], Trail(), list[Event]()
    login = Login(Users(User("u1", name, role), a_session(role, name)), trail, lambda: clock[0], "host", lambda: 0.0)
    login.session = a_session(role, name)
    limits = RiskLimits(shelf, login, events.append, lambda: clock[0], lambda: "acc-1", trail.append)
    return LimitDesk(limits, login, trail, events, clock)
