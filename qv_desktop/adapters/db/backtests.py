"""Stored backtests: what was run, its curves as arrays, its trades and its figures, and what people noted of them."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import backtest_notes, backtests
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtest_terms import plain, terms
from qv_desktop.domain.backtests import (
    BacktestResult,
    BacktestSpec,
    BacktestTrade,
    Contribution,
    Sizing,
    TradingHours,
)
from qv_desktop.domain.errors import BadInput

CURVES = ("at", "equity", "benchmark", "drawdown", "exposure")
PLAIN = ("id", "user", "started", "seconds", "bars", "code_hash", "data_hash", "spec_hash", "engine")
TEXTS = ("missing", "notes")
TRADE = [field.name for field in fields(BacktestTrade)]
EARLIER = 7  # fields of a trade in rows of earlier versions
PARTS = {"symbols": "symbol", "profits": "profit", "fees": "fees", "trades": "trades"}
# what a list does without: curves, trades, months and prints, which may be megabytes
HEAVY = {*CURVES, "log", "month_years", "month_numbers", "month_returns"} | {f"trade_{name}" for name in TRADE}
NOTES = (backtest_notes.c.starred, backtest_notes.c.remark)


class BacktestStore:
    """``ports.backtests.BacktestStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def save(self, result: BacktestResult, draft: Draft) -> None:
        """Commit a result."""
        await self._trail.write(lambda connection: connection.execute(insert(backtests).values(_row(result))), draft)

    async def latest(self, limit: int = 50, before: datetime | None = None) -> list[BacktestResult]:
        """Newest first, without curves, trades, months and prints; those started before ``before``."""
        light = [column for column in backtests.c if column.name not in HEAVY]
        query = _noted(select(*light, *NOTES)).order_by(backtests.c.started.desc(), backtests.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(backtests.c.started < before)
        return await self._database.read(
            lambda connection: [_light(row) for row in connection.execute(query).mappings()]
        )

    async def read(self, run: str) -> BacktestResult:
        """All of one run. Raises BadInput when there is none."""
        query = _noted(select(*backtests.c, *NOTES)).where(backtests.c.id == run)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            raise BadInput("That backtest is not stored any more; somebody deleted it.")
        return _whole(row)

    async def delete(self, run: str, draft: Draft) -> None:
        """Forget a run. Raises BadInput when there is none."""

        def work(connection: Connection) -> None:
            connection.execute(delete(backtest_notes).where(backtest_notes.c.run == run))
            if not connection.execute(delete(backtests).where(backtests.c.id == run)).rowcount:
                raise BadInput("That backtest is not stored any more; somebody deleted it.")

        await self._trail.write(work, draft)

    async def annotate(self, run: str, starred: bool, remark: str, by: str, at: datetime, draft: Draft) -> None:
        """Keep a mark and a remark, in place of those before. Raises BadInput when the run is not there."""
        values = {"starred": starred, "remark": remark, "by": by, "at": at}
        kept = (
            upsert(backtest_notes).values(run=run, **values).on_conflict_do_update(index_elements=["run"], set_=values)
        )

        def work(connection: Connection) -> None:
            if connection.execute(select(backtests.c.id).where(backtests.c.id == run)).first() is None:
                raise BadInput("That backtest is not stored any more; somebody deleted it.")
            connection.execute(kept)

        await self._trail.write(work, draft)


def _noted(query: Select[Any]) -> Select[Any]:
    return query.select_from(backtests.outerjoin(backtest_notes, backtest_notes.c.run == backtests.c.id))


def _row(result: BacktestResult) -> dict[str, object]:
    spec = result.spec
    row: dict[str, object] = {name: getattr(result, name) for name in (*PLAIN, "log")}
    row |= {name: list(getattr(result, name)) for name in (*CURVES, *TEXTS)}
    row |= {"strategy": spec.strategy, "version": spec.version, "symbol": spec.symbol, "timeframe": spec.timeframe, "first": spec.first,
            "last": spec.last, "fees": spec.fees, "slippage": spec.slippage, "size": spec.sizing.amount, "cash": spec.cash,
            "terms": plain(spec)}  # fmt: skip
    row |= {f"trade_{name}": [getattr(trade, name) for trade in result.trades] for name in TRADE}
    row |= {f"part_{name}": [getattr(part, field) for part in result.contributions] for name, field in PARTS.items()}
    row |= {
        f"month_{name}": [month[place] for month in result.monthly]
        for place, name in enumerate(("years", "numbers", "returns"))
    }
    row |= _pairs("parameter", spec.parameters) | _pairs("statistic", result.statistics)
    return row | _pairs("version", result.versions)


def _pairs(kind: str, pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    return {f"{kind}_names": [name for name, _ in pairs], f"{kind}_values": [value for _, value in pairs]}


def _light(row: RowMapping) -> BacktestResult:
    return BacktestResult(
        spec=_spec(row), at=(), equity=(), benchmark=(), drawdown=(), trades=(), **_values(row), **_noted_values(row)
    )


def _whole(row: RowMapping) -> BacktestResult:
    curves: dict[str, Any] = {name: tuple(row[name]) for name in CURVES}
    months = tuple(zip(row["month_years"], row["month_numbers"], row["month_returns"], strict=True))
    return BacktestResult(spec=_spec(row), trades=_trades(row), monthly=months, log=row["log"], **curves, **_values(row),
                          **_noted_values(row))  # fmt: skip


def _values(row: RowMapping) -> dict[str, Any]:
    parts = zip(*(row[f"part_{name}"] for name in PARTS), strict=True)
    told: dict[str, Any] = {name: row[name] for name in PLAIN} | {name: tuple(row[name]) for name in TEXTS}
    return told | {"statistics": _tuples(row, "statistic"), "versions": _tuples(row, "version"),
                   "contributions": tuple(Contribution(*part) for part in parts)}  # fmt: skip


def _noted_values(row: RowMapping) -> dict[str, Any]:
    return {"starred": bool(row["starred"]), "remark": row["remark"] or ""}


def _spec(row: RowMapping) -> BacktestSpec:
    if row["terms"] is not None:
        return terms(row["terms"])
    # of an earlier version, which took every bar of the day
    return BacktestSpec(row["strategy"], row["version"], (row["symbol"],), row["timeframe"], row["first"], row["last"],
                        _tuples(row, "parameter"), row["fees"], row["slippage"], Sizing("percent", row["size"]), row["cash"],
                        hours=TradingHours("extended"))  # fmt: skip


def _trades(row: RowMapping) -> tuple[BacktestTrade, ...]:
    if row["terms"] is None:
        rows = zip(*(row[f"trade_{name}"] for name in TRADE[:EARLIER]), strict=True)
        return tuple(replace(BacktestTrade(*values), symbol=row["symbol"]) for values in rows)
    return tuple(BacktestTrade(*values) for values in zip(*(row[f"trade_{name}"] for name in TRADE), strict=True))


def _tuples(row: RowMapping, kind: str) -> tuple[tuple[str, Any], ...]:
    return tuple(zip(row[f"{kind}_names"], row[f"{kind}_values"], strict=True))
