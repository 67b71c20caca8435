"""The trading state, as it was set by whom and why."""

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.database_words import unrecorded
from qv_desktop.adapters.db.tables import risk_events
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.risk import TradingState


class RiskStore:
    """``ports.RiskStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def state(self, account: str) -> TradingState:
        """The last trading state; ACTIVE when none was ever set."""
        states = select(risk_events.c.state).where(risk_events.c.account == account, risk_events.c.kind == "state")
        newest = states.order_by(risk_events.c.id.desc()).limit(1)
        found = await self._database.read(lambda connection: connection.execute(newest).scalar())
        return TradingState(found) if found else TradingState.ACTIVE

    async def save_state(self, account: str, state: TradingState, draft: Draft) -> None:
        """Commit a change of trading state. Raises DatabaseDown, RowRefused among them."""
        row = _event(account, "state", state, draft)
        try:
            await self._trail.write(lambda connection: connection.execute(insert(risk_events).values(row)), draft)
        except IntegrityError as error:
            raise unrecorded(error) from error


def _event(account: str, kind: str, state: TradingState | None, draft: Draft) -> dict[str, object]:
    return {
        "account": account,
        "at": func.now(),
        "kind": kind,
        "state": state,
        "actor": draft.actor.name,
        "reason": draft.reason,
    }
