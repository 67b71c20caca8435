"""Stored sweeps: what was run, and the figures of every combination to their last bit."""

import asyncio
import struct
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

import msgspec
from sqlalchemy import RowMapping, insert, select

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import sweeps
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec

PLAIN = (
    "id",
    "user",
    "started",
    "seconds",
    "bars",
    "year_bars",
    "code_hash",
    "data_hash",
    "spec_hash",
    "rows_hash",
    "engine",
    "workers",
)
TUPLES = ("block_bars", "missing")
FIGURES = [
    field.name for field in fields(SweepRow) if field.name not in ("values", "block_sums", "block_squares", "error")
]
LIGHT = [column for column in sweeps.c if column.name not in ("values", "figures", "failed", "failures")]


class SweepStore:
    """``ports.sweeps.SweepStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def save(self, result: SweepResult, draft: Draft) -> None:
        """Commit a result."""
        row = await asyncio.to_thread(_stored, result)
        await self._trail.write(lambda connection: connection.execute(insert(sweeps).values(row)), draft)

    async def latest(self, limit: int = 50) -> list[SweepResult]:
        """Newest first, without their rows."""
        query = select(*LIGHT).order_by(sweeps.c.started.desc(), sweeps.c.id).limit(limit)
        return await self._database.read(
            lambda connection: [_light(row) for row in connection.execute(query).mappings()]
        )

    async def read(self, run: str) -> SweepResult | None:
        """The whole of one; None when there is none."""
        query = select(sweeps).where(sweeps.c.id == run)
        rows = await self._database.read(
            lambda connection: [_whole(row) for row in connection.execute(query).mappings()]
        )
        return rows[0] if rows else None


def _stored(result: SweepResult) -> dict[str, object]:
    spec, base = result.spec, result.spec.base
    failed = [(i, row.error) for i, row in enumerate(result.rows) if row.error]
    blocks = len(result.block_bars)
    row: dict[str, object] = {name: getattr(result, name) for name in PLAIN}
    row |= {name: list(getattr(result, name)) for name in TUPLES}
    row |= {name: getattr(base, name) for name in ("strategy", "version", "symbol", "timeframe", "first", "last")}
    row |= {
        "spec": msgspec.json.encode(spec).decode(),
        "combinations": len(result.rows),
        "columns": len(FIGURES) + 2 * blocks,
    }
    row |= {"failed": [i for i, _ in failed], "failures": [why for _, why in failed]}
    row["values"] = b"".join(_packed(one.values) for one in result.rows)
    row["figures"] = b"".join(_packed(_numbers(one, blocks)) for one in result.rows)
    return row


def _numbers(row: SweepRow, blocks: int) -> Iterable[float]:
    none = (float("nan"),) * blocks
    return (*(float(getattr(row, name)) for name in FIGURES), *(row.block_sums or none), *(row.block_squares or none))


def _packed(numbers: Iterable[float]) -> bytes:
    every = tuple(numbers)
    return struct.pack(f"<{len(every)}d", *every)


def _light(row: RowMapping) -> SweepResult:
    plain: dict[str, Any] = {name: row[name] for name in PLAIN} | {name: tuple(row[name]) for name in TUPLES}
    return SweepResult(spec=msgspec.json.decode(row["spec"], type=SweepSpec), rows=(), **plain)


def _whole(row: RowMapping) -> SweepResult:
    found, why = _light(row), dict(zip(row["failed"], row["failures"], strict=True))
    width, blocks = len(row["values"]) // (8 * row["combinations"]), len(found.block_bars)
    every = zip(
        struct.iter_unpack(f"<{width}d", row["values"]),
        struct.iter_unpack(f"<{row['columns']}d", row["figures"]),
        strict=True,
    )
    return replace(
        found, rows=tuple(_row(values, numbers, blocks, why.get(i, "")) for i, (values, numbers) in enumerate(every))
    )


def _row(values: tuple[float, ...], numbers: tuple[float, ...], blocks: int, error: str) -> SweepRow:
    if error:
        return SweepRow(values, error=error)
    named: dict[str, Any] = dict(zip(FIGURES, numbers, strict=False)) | {
        "trades": int(numbers[FIGURES.index("trades")])
    }
    sums = numbers[len(FIGURES) :]
    return SweepRow(values, block_sums=sums[:blocks], block_squares=sums[blocks:], **named)
