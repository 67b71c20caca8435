"""The break queue in Postgres: how a run that is being stored meets it, and what people do to an item."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import break_remarks, break_signatures, breaks
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.breaks import MEANWHILE, WORKED, BreakItem, Met, Remark, What, met, told
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Break, Reconciliation

MOST = 5_000  # items that are read at once
_c, _r = breaks.c, break_remarks.c
_COLUMNS = [_c[field.name] for field in fields(BreakItem)]
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('breaks ' || :account, 0))")
_SAID: dict[What, str] = {
    "found": "Found by a comparison.",
    "found again": "Found again by a comparison, so it is open again.",
    "due": "The day to which it was carried has come.",
    "gone": "A comparison does not find it any more.",
}


class BreakStore:
    """Every change is written together with its line of the story and its row in the audit trail."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def queue(self, account: str, since: datetime) -> list[BreakItem]:
        """What is not closed, and what was seen since then, heaviest first. Raises DatabaseDown."""
        wanted = select(*_COLUMNS).where(_c.account == account, or_(_open(), _c.last_seen >= since))
        wanted = wanted.order_by(_c.at_risk.desc(), _c.id).limit(MOST)
        return await self._database.read(lambda connection: [BreakItem(*row) for row in connection.execute(wanted)])

    async def between(self, account: str, start: datetime, end: datetime) -> list[BreakItem]:
        """What was there at some time from ``start`` up to ``end``; every account's with "". Raises DatabaseDown."""
        wanted = select(*_COLUMNS).where(_c.first_seen < end, _c.last_seen >= start)
        if account:
            wanted = wanted.where(_c.account == account)
        wanted = wanted.order_by(_c.first_seen, _c.id)
        return await self._database.read(lambda connection: [BreakItem(*row) for row in connection.execute(wanted)])

    async def story(self, item: str) -> list[Remark]:
        """What happened to an item, oldest first. Raises DatabaseDown."""
        wanted = select(_r.at, _r.actor, _r.what, _r.words).where(_r.item == item).order_by(_r.id)
        return await self._database.read(lambda connection: [Remark(*row) for row in connection.execute(wanted)])

    async def change(self, before: BreakItem, after: BreakItem, remark: Remark, draft: Draft) -> None:
        """Raises BadInput when the item is not ``before`` any more, DatabaseDown: nothing was written."""

        def work(connection: Connection) -> None:
            if after.signed_by and after.signed_by != before.signed_by:
                _signed(connection, before, after)
            if _replaced(connection, before, after) != 1:
                raise BadInput(MEANWHILE)
            _remarked(connection, [(before.id, remark)])

        await self._trail.write(work, draft)

    async def booked(self, account: str, found: Break, since: datetime) -> bool:
        """Whether the entry of just this break was booked at some terminal since then, and no comparison found it again.

        The same difference of another day is another one. Raises DatabaseDown.
        """
        same = (_c.account == account, _c.section == found.section, _c.key == found.key, _c.kind == found.kind,
                _c.internal == found.internal, _c.external == found.external, _c.state == "resolved", _c.decided_at >= since)  # fmt: skip
        entry = select(_r.id).where(_r.item == _c.id, _r.what == "book", _r.at >= _c.decided_at).exists()
        query = select(_c.id).where(*same, entry)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def comment(self, item: BreakItem, remark: Remark, draft: Draft) -> None:
        """Add to the story. Raises DatabaseDown."""
        await self._trail.write(lambda connection: _remarked(connection, [(item.id, remark)]), draft)


def met_by(connection: Connection, account: str, run: Reconciliation) -> list[Draft]:
    """Bring the queue of ``account`` up to ``run`` in the caller's transaction; what there is to record of it."""
    connection.execute(_LOCK, {"account": account})
    changes = met(_concerned(connection, account, run), run, account)
    fresh = [asdict(change.after) for change in changes if change.before is None]
    if fresh:
        connection.execute(insert(breaks), fresh)
    _seen(connection, [change for change in changes if change.what == "seen"], run)
    for change in changes:
        if change.before is not None and change.before.version != change.after.version:
            _replaced(connection, change.before, change.after)
    told = [change for change in changes if change.what in _SAID]
    _remarked(connection, [(c.after.id, Remark(run.at, "system", c.what, _SAID[c.what])) for c in told])
    return [_draft(change, run) for change in told]


def _concerned(connection: Connection, account: str, run: Reconciliation) -> list[BreakItem]:
    """What is being worked on, and what the run found, whatever became of it before."""
    found = [(each.section, each.key, each.kind) for each in run.breaks]
    wanted = select(*_COLUMNS).where(_c.account == account, _c.state.in_(WORKED))
    items = [BreakItem(*row) for row in connection.execute(wanted)]
    rest = set(found) - {item.identity for item in items}
    if rest:
        known = select(*_COLUMNS).where(_c.account == account, tuple_(_c.section, _c.key, _c.kind).in_(list(rest)))
        items += [BreakItem(*row) for row in connection.execute(known)]
    return items


def _seen(connection: Connection, changes: Sequence[Met], run: Reconciliation) -> None:
    """Those that look as before are only noted as found by this run."""
    same = [c.after.id for c in changes if c.before is not None and c.before.version == c.after.version]
    if same:
        connection.execute(update(breaks).where(_c.id.in_(same)).values(last_seen=run.at, last_run=run.id))


def _replaced(connection: Connection, before: BreakItem, after: BreakItem) -> int:
    values = asdict(after)
    if after.last_seen == before.last_seen:  # a person's change; a comparison may have found it once more meanwhile
        del values["last_seen"], values["last_run"]
    mine = (_c.id == before.id) & (_c.version == before.version)
    return int(connection.execute(update(breaks).where(mine).values(values)).rowcount)


def _signed(connection: Connection, before: BreakItem, after: BreakItem) -> None:
    """The signature, for the version that was looked at; without it the database takes no name of a signer."""
    row = {"item": before.id, "version": before.version, "signer": after.signed_by, "at": after.signed_at}
    if not connection.execute(upsert(break_signatures).values(row).on_conflict_do_nothing()).rowcount:
        raise BadInput(MEANWHILE)


def _remarked(connection: Connection, remarks: Iterable[tuple[str, Remark]]) -> None:
    rows: list[dict[str, Any]] = [{"item": item, **asdict(remark)} for item, remark in remarks]
    if rows:
        connection.execute(insert(break_remarks), rows)


def _draft(change: Met, run: Reconciliation) -> Draft:
    before = told(change.before) if change.before is not None else ""
    action = f"break.{change.what.replace(' ', '_')}"
    return Draft(SYSTEM, action, "break", change.after.id, reason=_SAID[change.what], before=before, after=told(change.after),
                 causation=run.id)  # fmt: skip


def _open() -> Any:
    return or_(_c.state.in_(WORKED), (_c.state == "resolved") & (func.length(_c.signed_by) == 0))
