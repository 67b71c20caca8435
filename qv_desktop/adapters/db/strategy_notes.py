"""What a person keeps about strategies: the text that is not saved yet, and which code they have allowed to run."""

from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import strategy_consents, strategy_drafts
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.strategies import SourceDraft, Strategy

_d, _c = strategy_drafts.c, strategy_consents.c


class StrategyDrafts:
    """``ports.strategies.StrategyDrafts`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user: str) -> list[SourceDraft]:
        """Everything that the person has not saved, at whichever terminal."""
        query = (
            select(_d.strategy, _d.base, _d.source, _d.saved, _d.terminal).where(_d.user == user).order_by(_d.strategy)
        )
        return await self._database.read(lambda connection: [SourceDraft(*row) for row in connection.execute(query)])

    async def keep(self, user: str, draft: SourceDraft) -> None:
        """Keep a text, in place of the one before of the same terminal: what is typed at two does not overwrite each other."""
        values = {"base": draft.base, "source": draft.source, "saved": draft.saved}
        once = upsert(strategy_drafts).values(user=user, strategy=draft.strategy, terminal=draft.terminal, **values)
        once = once.on_conflict_do_update(index_elements=["user", "strategy", "terminal"], set_=values)
        await self._database.write(lambda connection: connection.execute(once))

    async def drop(self, user: str, strategy: str, terminal: str) -> None:
        """Forget a text that was saved, or given up, and the same text of other terminals."""
        mine = strategy_drafts.alias()
        same = select(mine.c.source).where(
            mine.c.user == user, mine.c.strategy == strategy, mine.c.terminal == terminal
        )
        gone = delete(strategy_drafts).where(
            _d.user == user, _d.strategy == strategy, (_d.terminal == terminal) | _d.source.in_(same)
        )
        await self._database.write(lambda connection: connection.execute(gone))


class StrategyConsents:
    """``ports.strategies.StrategyConsents`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def given(self, user: str, code_hash: str) -> bool:
        """Whether the person has allowed this code."""
        query = select(_c.given).where(_c.user == user, _c.code_hash == code_hash)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def give(self, user: str, strategy: Strategy, at: datetime, draft: Draft) -> None:
        """Keep that the person allows this code, for good, with its row in the audit trail; once is enough."""
        once = upsert(strategy_consents).values(
            user=user, code_hash=strategy.code_hash, strategy=strategy.id, version=strategy.version, given=at
        )

        def work(connection: Connection) -> tuple[None, list[Draft]]:
            added = once.on_conflict_do_nothing(index_elements=["user", "code_hash"]).returning(_c.user)
            return None, [draft] if connection.execute(added).first() else []

        await self._trail.write_found(work)
