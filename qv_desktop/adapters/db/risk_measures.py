"""Stored stress scenarios, settings of measures, and VaR by day."""

from datetime import date

from sqlalchemy import RowMapping, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import risk_days, risk_scenarios, risk_settings
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.risk_measures import MeasureSettings, RiskDay, Scenario, Shock

_s, _d, _t = risk_scenarios.c, risk_days.c, risk_settings.c


class MeasureStore:
    """``ports.risk.MeasureStore`` on Postgres. Everything raises DatabaseDown."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def scenarios(self, account: str) -> list[Scenario]:
        """The account's own, by name."""
        query = select(_s.name, _s.shocks).where(_s.account == account).order_by(_s.name)
        return await self._database.read(
            lambda connection: [_scenario(row) for row in connection.execute(query).mappings()]
        )

    async def save_scenario(self, account: str, scenario: Scenario, draft: Draft) -> None:
        """Keep one, in place of one of the same name."""
        shocks = [[shock.kind, shock.target, shock.move] for shock in scenario.shocks]
        row = {
            "account": account,
            "name": scenario.name,
            "shocks": shocks,
            "set_by": draft.actor.name,
            "set_at": func.now(),
        }
        kept = upsert(risk_scenarios).values(row)
        kept = kept.on_conflict_do_update(index_elements=["account", "name"], set_=row)
        await self._trail.write(lambda connection: connection.execute(kept), draft)

    async def delete_scenario(self, account: str, name: str, draft: Draft) -> None:
        """Forget one."""
        gone = delete(risk_scenarios).where(_s.account == account, _s.name == name)
        await self._trail.write(lambda connection: connection.execute(gone), draft)

    async def settings(self, account: str) -> MeasureSettings:
        """The account's settings, or the defaults."""
        query = select(_t.benchmark, _t.participation, _t.weighted).where(_t.account == account)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return MeasureSettings(*row) if row else MeasureSettings()

    async def save_settings(self, account: str, settings: MeasureSettings, draft: Draft) -> None:
        """Keep them."""
        row = {"account": account, "benchmark": settings.benchmark, "participation": settings.participation, "weighted": settings.weighted,
               "set_by": draft.actor.name, "set_at": func.now()}  # fmt: skip
        kept = upsert(risk_settings).values(row).on_conflict_do_update(index_elements=["account"], set_=row)
        await self._trail.write(lambda connection: connection.execute(kept), draft)

    async def days(self, account: str, since: date) -> list[RiskDay]:
        """VaR and profit by day, oldest first."""
        query = select(_d.day, _d.var95, _d.var99, _d.profit, _d.equity).where(_d.account == account, _d.day >= since)
        return await self._database.read(
            lambda connection: [RiskDay(*row) for row in connection.execute(query.order_by(_d.day))]
        )

    async def save_day(self, account: str, day: RiskDay) -> None:
        """What is known of the day now, in place of what was."""
        row = {"account": account, "day": day.day, "var95": day.var95, "var99": day.var99, "profit": day.profit,
               "equity": day.equity, "at": func.now()}  # fmt: skip
        kept = upsert(risk_days).values(row).on_conflict_do_update(index_elements=["account", "day"], set_=row)
        await self._database.write(lambda connection: connection.execute(kept))


def _scenario(row: RowMapping) -> Scenario:
    shocks = tuple(Shock(str(kind), str(target), float(move)) for kind, target, move in row["shocks"])
    return Scenario(row["name"], shocks, custom=True)
