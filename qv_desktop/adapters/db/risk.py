"""The trading state, as it was set by whom and why."""

import json

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.database_words import unrecorded
from qv_desktop.adapters.db.tables import risk_events
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.loss_ladder import Stand, read
from qv_desktop.domain.risk import TradingState


class RiskStore:
    """``ports.risk.RiskStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def state(self, account: str) -> TradingState:
        """The last trading state; ACTIVE when none was ever set."""
        states = select(risk_events.c.state).where(risk_events.c.account == account, risk_events.c.kind == "state")
        newest = states.order_by(risk_events.c.id.desc()).limit(1)
        found = await self._database.read(lambda connection: connection.execute(newest).scalar())
        return TradingState(found) if found else TradingState.ACTIVE

    async def stand(self, account: str) -> Stand:
        """The last trading state with who or what brought it about; a row of an earlier version was set by hand."""
        c = risk_events.c
        newest = select(c.state, c.actor, c.reason, c.at, c.standing).where(c.account == account, c.kind == "state")
        newest = newest.order_by(c.id.desc()).limit(1)
        row = await self._database.read(lambda connection: connection.execute(newest).first())
        return read(row.standing, TradingState(row.state), row.actor, row.reason, row.at) if row else Stand()

    async def save_state(self, account: str, state: TradingState, draft: Draft) -> None:
        """Commit a change of trading state. Raises DatabaseDown, RowRefused among them."""
        row = _event(account, "state", state, draft) | {"standing": _stand_in(draft)}
        try:
            await self._trail.write(lambda connection: connection.execute(insert(risk_events).values(row)), draft)
        except IntegrityError as error:
            raise unrecorded(error) from error


def _stand_in(draft: Draft) -> object:
    """What the row itself says that holds after it; nothing where it does not."""
    return (json.loads(draft.after) if draft.after else {}).get("stand", {})


def _event(account: str, kind: str, state: TradingState | None, draft: Draft) -> dict[str, object]:
    return {
        "account": account,
        "at": func.now(),
        "kind": kind,
        "state": state,
        "actor": draft.actor.name,
        "reason": draft.reason,
    }
