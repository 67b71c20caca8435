"""Stored reconciliations: each run with its breaks in the order of the report."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import reconciliation_breaks, reconciliation_runs
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.reconciliation import ZERO, Break, Reconciliation, Tolerances, Uncompared

ELSEWHERE = ("tolerances", "breaks", "uncompared", "booked")  # what was booked stands in the run's audit row
PLAIN = [field.name for field in fields(Reconciliation) if field.name not in ELSEWHERE]
NOT_COMPARED: Any = "not compared"  # the class of a row that is no break
BREAK = [field.name for field in fields(Break)]


class ReconciliationStore:
    """``ports.ReconciliationStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        """Commit a run with its breaks."""
        row = {name: getattr(run, name) for name in PLAIN}
        row |= {f"tolerance_{name}": value for name, value in asdict(run.tolerances).items()}
        rows = [asdict(one) | {"run": run.id, "number": number} for number, one in enumerate(as_rows(run))]

        def work(connection: Connection) -> None:
            connection.execute(insert(reconciliation_runs).values(row))
            if rows:
                connection.execute(insert(reconciliation_breaks), rows)

        await self._trail.write(work, draft)

    async def latest(self, limit: int = 20) -> list[Reconciliation]:
        """Newest first."""
        return await self._database.read(lambda connection: _latest(connection, limit))


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
    breaks: dict[str, list[Break]] = {row["id"]: [] for row in rows}  # run -> rows in order
    c = reconciliation_breaks.c
    query = select(c.run, *(c[name] for name in BREAK)).where(c.run.in_(list(breaks))).order_by(c.run, c.number)
    for run, *values in connection.execute(query):
        breaks[run].append(Break(*values))
    return [_run(row, tuple(breaks[row["id"]])) for row in rows]


def _run(row: RowMapping, rows: tuple[Break, ...]) -> Reconciliation:
    plain: dict[str, Any] = {name: row[name] for name in PLAIN}
    tolerances = Tolerances(row["tolerance_quantity"], row["tolerance_price"], row["tolerance_cash"])
    breaks, uncompared = from_rows(rows)
    return Reconciliation(tolerances=tolerances, breaks=breaks, uncompared=uncompared, **plain)
