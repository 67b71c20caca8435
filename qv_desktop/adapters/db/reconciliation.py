"""Stored reconciliations: each run with its breaks in the order of the report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.breaks import met_by
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import (
    reconciliation_breaks,
    reconciliation_days,
    reconciliation_rules,
    reconciliation_runs,
)
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.break_history import Day, Reported, RunLine
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import ZERO, Break, Reconciliation, Tolerances, Uncompared
from qv_desktop.domain.reconciliation_rules import CHOICES, Rules

ELSEWHERE = ("tolerances", "breaks", "uncompared", "booked")  # what was booked stands in the run's audit row
PLAIN = [field.name for field in fields(Reconciliation) if field.name not in ELSEWHERE]
NOT_COMPARED: Any = "not compared"  # the class of a row that is no break
BREAK = [field.name for field in fields(Break)]
_c = reconciliation_runs.c
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('reconciliation_rules'), hashtext(:account))")
_NEWS = (_c.breaks_of == _c.id) | (_c.operator != "system")  # as the index of it says


class ReconciliationStore:
    """``ports.reconciliation.ReconciliationStore`` on Postgres, for the account whose id ``account`` tells.

    Every run has a row, so that every report can be traced to one; a run that found the same as the one before it shares its breaks.
    """

    def __init__(self, database: Database, trail: AuditTrail, account: Callable[[], str] = lambda: "") -> None:
        self._database, self._trail, self._account = database, trail, account

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        """Commit a run with its breaks, and what it makes of the break queue and of the day."""
        account = self._account() or run.account

        def work(connection: Connection) -> tuple[None, list[Draft]]:
            drafts = met_by(connection, account, run)
            _keep(connection, account, run)
            _count(connection, account, run)
            return None, [draft, *drafts]

        await self._trail.write_found(work)

    async def rules(self, account: str = "") -> Rules:
        """The rules of an account, this store's by default, or those that the program comes with. Raises DatabaseDown."""
        c = reconciliation_rules.c
        query = select(c.quantity, c.price, c.cash, c.automatic, c.set_by).where(
            c.account == (account or self._account())
        )
        newest = query.order_by(c.version.desc()).limit(1)
        row = await self._database.read(lambda connection: connection.execute(newest).first())
        return (
            Rules(Tolerances(*row[:3]), frozenset(one for one in CHOICES if one in row[3]), row[4]) if row else Rules()
        )

    async def save_rules(self, rules: Rules, draft: Draft) -> None:
        """Commit a new version of the rules, with its row in the audit trail. Raises DatabaseDown."""
        c, account = reconciliation_rules.c, self._account()
        limits = {name: getattr(rules.tolerances, name) for name in ("quantity", "price", "cash")}

        def work(connection: Connection) -> None:
            connection.execute(_ONE_AT_A_TIME, {"account": account})
            last = select(func.coalesce(func.max(c.version), 0)).where(c.account == account)
            row = {"account": account, "version": connection.execute(last).scalar_one() + 1, "set_at": func.now(),
                   "set_by": rules.set_by, "automatic": sorted(rules.automatic), **limits}  # fmt: skip
            connection.execute(insert(reconciliation_rules).values(row))

        await self._trail.write(work, draft)

    async def latest(self, limit: int = 20) -> list[Reconciliation]:
        """Newest first."""
        return await self._database.read(lambda connection: _latest(connection, limit))

    async def get(self, id_: str) -> Reconciliation:
        """The whole run of this id. Raises BadInput when there is none."""
        wanted = select(reconciliation_runs).where(_c.id == id_)
        found = await self._database.read(lambda c: _with_breaks(c, c.execute(wanted).mappings().all()))
        if not found:
            raise BadInput("This run is not stored any more; look at the list again.")
        return found[0]

    async def lines(
        self, account: str, limit: int, start: datetime | None = None, end: datetime | None = None
    ) -> list[RunLine]:
        """Runs that said something new or that a person asked for, newest first; every account's with ""."""
        wanted = select(*(_c[field.name] for field in fields(RunLine))).where(_NEWS)
        for column, value, compared in (
            (_c.account_id, account, "__eq__"),
            (_c.at, start, "__ge__"),
            (_c.at, end, "__lt__"),
        ):
            if value:
                wanted = wanted.where(getattr(column, compared)(value))
        wanted = wanted.order_by(_c.at.desc()).limit(limit)
        return await self._database.read(lambda connection: [RunLine(*row) for row in connection.execute(wanted)])

    async def days(self, account: str, since: date, until: date | None = None) -> list[Day]:
        """Each day's figures, oldest first; of every account with "", then the most is that of the worst one."""
        d = reconciliation_days.c
        wanted = select(d.day, func.sum(d.runs), func.sum(d.failed), func.max(d.most), func.max(d.most_at_risk), func.max(d.last),
                        func.max(d.last_at_risk)).where(d.day >= since)  # fmt: skip
        if account:
            wanted = wanted.where(d.account == account)
        if until is not None:
            wanted = wanted.where(d.day <= until)
        wanted = wanted.group_by(d.day).order_by(d.day)
        return await self._database.read(lambda connection: [Day(*row) for row in connection.execute(wanted)])

    async def accounts(self) -> list[Reported]:
        """The accounts that were ever compared, the last one first, each as its newest run shows it."""
        d = reconciliation_days.c
        shown = select(_c.account).where(_c.account_id == d.account).order_by(_c.at.desc()).limit(1).scalar_subquery()
        wanted = select(d.account, func.coalesce(shown, d.account)).group_by(d.account)
        wanted = wanted.order_by(func.max(d.day).desc(), d.account)
        return await self._database.read(lambda connection: [Reported(*row) for row in connection.execute(wanted)])


def _keep(connection: Connection, account: str, run: Reconciliation) -> None:
    row: dict[str, Any] = {name: getattr(run, name) for name in PLAIN}
    row |= {f"tolerance_{name}": value for name, value in asdict(run.tolerances).items()}
    shared = _same_before(connection, account, run)
    row |= {"account_id": account, "breaks_of": shared or run.id, "breaks": len(run.breaks), "at_risk": run.at_risk}
    connection.execute(insert(reconciliation_runs).values(row))
    rows = [asdict(found) | {"run": run.id, "number": number} for number, found in enumerate(as_rows(run))]
    if rows and not shared:
        connection.execute(insert(reconciliation_breaks), rows)


def _same_before(connection: Connection, account: str, run: Reconciliation) -> str:
    """The run whose breaks these are, when the one before found the very same; else nothing."""
    newest = select(_c.breaks_of, _c.breaks).where(_c.account_id == account).order_by(_c.at.desc()).limit(1)
    before = connection.execute(newest).first()
    if before is None or before.breaks != len(run.breaks):
        return ""
    return before.breaks_of if _breaks(connection, before.breaks_of) == as_rows(run) else ""


def _breaks(connection: Connection, run: str) -> tuple[Break, ...]:
    c = reconciliation_breaks.c
    query = select(*(c[name] for name in BREAK)).where(c.run == run).order_by(c.number)
    return tuple(Break(*row) for row in connection.execute(query))


def _count(connection: Connection, account: str, run: Reconciliation) -> None:
    """Add the run to its day's figures."""
    d, found, risk = reconciliation_days.c, len(run.breaks), run.at_risk
    day = run.at.astimezone(NEW_YORK).date()
    row = upsert(reconciliation_days).values(account=account, day=day, runs=1, failed=int(not run.passed), most=found,
                                             most_at_risk=risk, last=found, last_at_risk=risk)  # fmt: skip
    new = row.excluded
    row = row.on_conflict_do_update(index_elements=["account", "day"], set_={
        "runs": d.runs + 1, "failed": d.failed + new.failed, "most": func.greatest(d.most, new.most),
        "most_at_risk": func.greatest(d.most_at_risk, new.most_at_risk), "last": new.last, "last_at_risk": new.last_at_risk,
    })  # fmt: skip
    connection.execute(row)


def as_rows(run: Reconciliation) -> tuple[Break, ...]:
    """What is stored of a run row by row: its breaks, then what was not compared, each with the reason in the proposal's place."""
    rest = (Break(one.section, one.key, NOT_COMPARED, "low", "—", "—", "—", ZERO, one.why) for one in run.uncompared)
    return (*run.breaks, *rest)


def from_rows(rows: Iterable[Break]) -> tuple[tuple[Break, ...], tuple[Uncompared, ...]]:
    """The breaks among the stored rows, and what was not compared."""
    told = tuple(rows)
    uncompared = tuple(Uncompared(one.section, one.key, one.proposal) for one in told if one.kind == NOT_COMPARED)
    return tuple(one for one in told if one.kind != NOT_COMPARED), uncompared


def _latest(connection: Connection, limit: int) -> list[Reconciliation]:
    runs = select(reconciliation_runs).order_by(reconciliation_runs.c.at.desc(), reconciliation_runs.c.id).limit(limit)
    rows = connection.execute(runs).mappings().all()
    return _with_breaks(connection, rows)


def _with_breaks(connection: Connection, rows: Sequence[RowMapping]) -> list[Reconciliation]:
    breaks: dict[str, list[Break]] = {row["breaks_of"]: [] for row in rows}  # run -> breaks in order
    c = reconciliation_breaks.c
    query = select(c.run, *(c[name] for name in BREAK)).where(c.run.in_(list(breaks))).order_by(c.run, c.number)
    for run, *values in connection.execute(query):
        breaks[run].append(Break(*values))
    return [_run(row, tuple(breaks[row["breaks_of"]])) for row in rows]


def _run(row: RowMapping, rows: tuple[Break, ...]) -> Reconciliation:
    plain: dict[str, Any] = {name: row[name] for name in PLAIN}
    tolerances = Tolerances(row["tolerance_quantity"], row["tolerance_price"], row["tolerance_cash"])
    breaks, uncompared = from_rows(rows)
    return Reconciliation(tolerances=tolerances, breaks=breaks, uncompared=uncompared, **plain)
