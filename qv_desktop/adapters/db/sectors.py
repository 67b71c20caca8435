"""Stored SIC codes of symbols, and the sectors that a desk chose instead."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import sector_codes, sector_overrides
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.sectors import Listed

_c, _o = sector_codes.c, sector_overrides.c


class SectorStore:
    """``ports.risk.SectorStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def listed(self, symbols: Collection[str]) -> list[Listed]:
        """What is stored of these symbols. Raises DatabaseDown."""
        query = select(_c.symbol, _c.code, _c.words, _c.kind, _c.at, _c.source).where(_c.symbol.in_(list(symbols)))
        return await self._database.read(lambda connection: [Listed(*row) for row in connection.execute(query)])

    async def keep(self, listed: Listed) -> None:
        """What a vendor said now, in place of what it said before. Raises DatabaseDown."""
        row = asdict(listed)
        asked = upsert(sector_codes).values(row)
        asked = asked.on_conflict_do_update(index_elements=["symbol"], set_=row)
        await self._database.write(lambda connection: connection.execute(asked))

    async def overrides(self, account: str) -> dict[str, str]:
        """symbol -> sector, as chosen for the account. Raises DatabaseDown."""
        query = select(_o.symbol, _o.sector).where(_o.account == account)
        return await self._database.read(
            lambda connection: {row.symbol: row.sector for row in connection.execute(query)}
        )

    async def override(self, account: str, symbol: str, sector: str, draft: Draft) -> None:
        """Choose a sector for the account, or take it back with "". Raises DatabaseDown."""
        gone = delete(sector_overrides).where(_o.account == account, _o.symbol == symbol)
        row = {"account": account, "symbol": symbol, "sector": sector, "set_by": draft.actor.name, "set_at": func.now()}
        kept = upsert(sector_overrides).values(row)
        kept = kept.on_conflict_do_update(index_elements=["account", "symbol"], set_=row)
        await self._trail.write(lambda connection: connection.execute(kept if sector else gone), draft)
