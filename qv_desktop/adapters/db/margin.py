"""The margin regime of each account, every version of it, and the log of deficits and violations; rows are only added."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import account_snapshots, margin_events, margin_terms
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.margin import MarginTerms, from_words, to_words
from qv_desktop.domain.margin_log import MarginEvent

COLUMNS = ("kind", "at", "day", "key", "amount", "symbol", "words", "actor")


class MarginStore:
    """``ports.margin.MarginStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def terms(self, account: str) -> tuple[MarginTerms, datetime | None]:
        """The account's terms and since when they count (UTC); the defaults and None while nobody has chosen any."""
        query = select(margin_terms.c.terms, margin_terms.c.at).where(margin_terms.c.account == account)
        newest = query.order_by(margin_terms.c.id.desc()).limit(1)
        row = await self._database.read(lambda connection: connection.execute(newest).first())
        return (from_words(json.loads(row.terms)), row.at) if row else (MarginTerms(), None)

    async def save_terms(self, account: str, terms: MarginTerms, draft: Draft, at: datetime) -> None:
        """Commit a new version of the terms that counts from ``at``. Raises DatabaseDown."""
        row = {"account": account, "at": at, "set_by": draft.actor.name, "terms": json.dumps(to_words(terms))}
        await self._trail.write(lambda connection: connection.execute(insert(margin_terms).values(row)), draft)

    async def events(self, account: str, since: datetime) -> list[MarginEvent]:
        """The account's rows since then, oldest first."""
        table = margin_events
        query = select(*(table.c[name] for name in COLUMNS)).where(table.c.account == account, table.c.at >= since)
        ordered = query.order_by(table.c.id)
        return await self._database.read(
            lambda connection: [MarginEvent(**row) for row in connection.execute(ordered).mappings()]
        )

    async def record(self, account: str, events: Sequence[MarginEvent], drafts: Sequence[Draft]) -> None:
        """Commit rows, each with its audit row. Raises DatabaseDown, NotPermitted."""
        rows = [{"account": account} | {name: getattr(event, name) for name in COLUMNS} for event in events]

        def work(connection: Connection) -> None:
            connection.execute(insert(margin_events), rows)

        await self._trail.write(work, *drafts)

    async def last_level(self, account: str, before: datetime) -> Decimal | None:
        """Equity above the maintenance requirement as the broker last told it before then, or None."""
        table = account_snapshots
        level = table.c.equity - table.c.maintenance_margin
        query = select(level).where(table.c.account == account, table.c.at < before, level.is_not(None))
        newest = query.order_by(table.c.at.desc()).limit(1)
        found = await self._database.read(lambda connection: connection.execute(newest).scalar())
        return None if found is None else Decimal(found)
