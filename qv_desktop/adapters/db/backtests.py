"""Stored backtests: what was run, its curves as arrays, its trades and its figures."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import RowMapping, insert, select

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import backtests
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade

SPEC = [field.name for field in fields(BacktestSpec) if field.name != "parameters"]
CURVES = ("at", "equity", "benchmark", "drawdown")
PLAIN = ("id", "user", "started", "seconds", "bars", "code_hash", "data_hash", "spec_hash", "engine")
TRADE = [field.name for field in fields(BacktestTrade)]


class BacktestStore:
    """``ports.BacktestStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def save(self, result: BacktestResult, draft: Draft) -> None:
        """Commit a result."""
        await self._trail.write(lambda connection: connection.execute(insert(backtests).values(_row(result))), draft)

    async def latest(self, limit: int = 50) -> list[BacktestResult]:
        """Newest first."""
        query = select(backtests).order_by(backtests.c.started.desc(), backtests.c.id).limit(limit)
        return await self._database.read(
            lambda connection: [_result(row) for row in connection.execute(query).mappings()]
        )


def _row(result: BacktestResult) -> dict[str, object]:
    spec = asdict(result.spec)
    row: dict[str, object] = {name: spec[name] for name in SPEC} | {name: getattr(result, name) for name in PLAIN}
    row |= {name: list(getattr(result, name)) for name in CURVES}
    row |= {f"trade_{name}": [getattr(trade, name) for trade in result.trades] for name in TRADE}
    return row | _pairs("parameter", result.spec.parameters) | _pairs("statistic", result.statistics)


def _pairs(kind: str, pairs: tuple[tuple[str, float], ...]) -> dict[str, object]:
    return {f"{kind}_names": [name for name, _ in pairs], f"{kind}_values": [float(value) for _, value in pairs]}


def _result(row: RowMapping) -> BacktestResult:
    chosen: dict[str, Any] = {name: row[name] for name in SPEC}
    spec = BacktestSpec(parameters=_tuples(row, "parameter"), **chosen)
    trades = tuple(BacktestTrade(*values) for values in zip(*(row[f"trade_{name}"] for name in TRADE), strict=True))
    plain: dict[str, Any] = {name: row[name] for name in PLAIN} | {name: tuple(row[name]) for name in CURVES}
    return BacktestResult(spec=spec, trades=trades, statistics=_tuples(row, "statistic"), **plain)


def _tuples(row: RowMapping, kind: str) -> tuple[tuple[str, float], ...]:
    return tuple(zip(row[f"{kind}_names"], row[f"{kind}_values"], strict=True))
