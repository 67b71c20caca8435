"""Limits by scope in Postgres: every version, what waits for a second person, and which symbols nobody trades; nothing is ever changed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import limit_decisions, limit_proposals, limit_versions, restrictions
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limit_changes import MEANWHILE, Decision, LimitBook, Proposal, Restriction
from qv_desktop.domain.limits import WHOLE, Scope, ScopedLimits

KNOWN = 200  # proposals that are read, newest first
_v, _p, _d, _r = limit_versions.c, limit_proposals.c, limit_decisions.c, restrictions.c
_VERSION = (_v.scope, _v.of, _v.amounts, _v.version, _v.set_by, _v.set_at, _v.approved_by)
_PROPOSAL = (_p.id, _p.scope, _p.of, _p.amounts, _p.base, _p.lifts, _p.reason, _p.proposed_by, _p.proposed_at, _p.expires,
             _d.decision, _d.decided_by, _d.decided_at, _d.because)  # fmt: skip


class LimitStore:
    """``services.limits.Store`` on Postgres; each change is committed with its row of the audit trail."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def book(self) -> LimitBook:
        """All that the person may see, at one moment. Raises DatabaseDown, NotPermitted."""
        return await self._database.read(_book)

    async def history(self, scope: Scope, of: str) -> list[tuple[ScopedLimits, str]]:
        """Every version with its reason, oldest first."""
        wanted = select(*_VERSION, _v.reason).where(_v.scope == scope.value, _v.of == of).order_by(_v.version)
        return await self._database.read(lambda c: [(_version(row[:-1]), row[-1]) for row in c.execute(wanted)])

    async def tighten(self, one: ScopedLimits, reason: str, draft: Draft) -> None:
        """The next version, which lets no more pass than the one before. Raises BadInput when that was replaced meanwhile."""
        await self._write(lambda connection: _put(connection, one, reason, None), draft)

    async def propose(self, proposal: Proposal, draft: Draft) -> None:
        """Ask for a second person."""
        row = {"scope": proposal.scope.value, "of": proposal.of, "amounts": _kept(proposal.values), "base": proposal.base,
               "lifts": proposal.lifts, "reason": proposal.reason, "proposed_by": proposal.proposed_by, "proposed_at": func.now(),
               "expires": func.now() + (proposal.expires - proposal.proposed_at)}  # fmt: skip
        await self._write(lambda connection: connection.execute(insert(limit_proposals).values(row)), draft)

    async def decide(self, proposal: Proposal, decision: Decision, by: str, because: str, draft: Draft) -> None:
        """Approved, declined or withdrawn; what is approved is in force at once. Raises BadInput when it was decided meanwhile."""

        def work(connection: Connection) -> None:
            if not _decided(connection, proposal, decision, by, because):
                raise BadInput(MEANWHILE)
            if decision is Decision.APPROVED and proposal.lifts is None:
                after = ScopedLimits(proposal.scope, proposal.of, proposal.values, proposal.base + 1,
                                     proposal.proposed_by, approved_by=by)  # fmt: skip
                _put(connection, after, proposal.reason, proposal.id)

        await self._write(work, draft)

    async def expire(self, proposal: Proposal, by: str, draft: Draft) -> None:
        """Note, once, that nobody decided in time."""

        def work(connection: Connection) -> tuple[None, Sequence[Draft]]:
            over = connection.execute(select(_p.id).where(_p.id == proposal.id, _p.expires <= func.now())).first()
            noted = over is not None and _decided(connection, proposal, Decision.EXPIRED, by, "")
            return None, [draft] if noted else []

        await self._trail.write_found(work)

    async def restrict(self, one: Restriction, draft: Draft) -> None:
        """Nobody, or one user, trades a symbol from now on."""
        row = {"of": one.of, "symbol": one.symbol, "reason": one.reason, "added_by": one.added_by, "added_at": func.now(),
               "until": one.until}  # fmt: skip
        await self._write(lambda connection: connection.execute(insert(restrictions).values(row)), draft)

    async def _write(self, work: Any, draft: Draft) -> None:
        try:
            await self._trail.write(work, draft)
        except IntegrityError as error:  # another version, or another decision, was there first
            raise BadInput(MEANWHILE) from error


def _book(connection: Connection) -> LimitBook:
    newest = select(*_VERSION).ext(distinct_on(_v.scope, _v.of)).order_by(_v.scope, _v.of, _v.version.desc())
    asked = (
        select(*_PROPOSAL)
        .outerjoin_from(limit_proposals, limit_decisions, _d.proposal == _p.id)
        .order_by(_p.id.desc())
        .limit(KNOWN)
    )
    lifted = (
        select(_d.proposal)
        .join(limit_proposals, _p.id == _d.proposal)
        .where(_p.lifts == _r.id, _d.decision == "approved")
        .exists()
    )
    held = select(_r.id, _r.of, _r.symbol, _r.reason, _r.added_by, _r.added_at, _r.until, lifted).order_by(_r.id)
    versions = tuple(_version(row) for row in connection.execute(newest))
    proposals = tuple(_proposal(row) for row in connection.execute(asked))[::-1]
    return LimitBook(versions, proposals, tuple(Restriction(*row) for row in connection.execute(held)))


def _put(connection: Connection, one: ScopedLimits, reason: str, proposal: int | None) -> None:
    row = {"scope": one.scope.value, "of": one.of, "version": one.version, "amounts": _kept(one.values), "reason": reason,
           "set_by": one.set_by, "set_at": func.now(), "approved_by": one.approved_by, "proposal": proposal}  # fmt: skip
    connection.execute(insert(limit_versions).values(row))


def _decided(connection: Connection, proposal: Proposal, decision: Decision, by: str, because: str) -> bool:
    row = {
        "proposal": proposal.id,
        "decision": decision.value,
        "decided_by": by,
        "decided_at": func.now(),
        "because": because,
    }
    once = upsert(limit_decisions).values(row).on_conflict_do_nothing().returning(_d.proposal)
    return connection.execute(once).first() is not None


def _kept(values: Mapping[str, Decimal | int]) -> dict[str, str]:
    """As texts, so that no digit is lost on the way."""
    return {name: f"{Decimal(value):f}" for name, value in values.items()}


def _read(kept: Mapping[str, str]) -> dict[str, Decimal | int]:
    return {name: int(Decimal(value)) if name in WHOLE else Decimal(value) for name, value in kept.items()}


def _version(row: Sequence[Any]) -> ScopedLimits:
    scope, of, amounts, version, set_by, set_at, approved_by = row
    return ScopedLimits(Scope(scope), of, _read(amounts), version, set_by, set_at, approved_by)


def _proposal(row: Sequence[Any]) -> Proposal:
    number, scope, of, amounts, base, lifts, reason, by, at, expires, decision, decided_by, decided_at, because = row
    return Proposal(number, Scope(scope), of, _read(amounts), base, lifts, reason, by, at, expires, Decision(decision or ""),
                    decided_by or "", decided_at, because or "")  # fmt: skip
