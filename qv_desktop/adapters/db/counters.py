"""Counters as each day began, and the highest equity; what happened since is in the journal of executions."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, RowMapping, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import FILL, fill_of
from qv_desktop.adapters.db.tables import fills, orders, risk_counters, risk_events, risk_peaks
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.counters import Counters, Holding, Key, Tally
from qv_desktop.domain.drawdown import Peak
from qv_desktop.domain.limits import Scope
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.risk import TradingState


class CounterStore:
    """``ports.risk.CounterStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def openings(self, account: str, before: date) -> dict[Key, Tally]:
        """Each scope's tally as its last day before ``before`` began."""
        c = risk_counters.c
        newest = select(risk_counters).where(c.account == account, c.day < before).ext(distinct_on(c.scope, c.name))
        newest = newest.order_by(c.scope, c.name, c.day.desc())
        rows = await self._database.read(lambda connection: list(connection.execute(newest).mappings()))
        return {(Scope(row["scope"]), row["name"]): _tally(row) for row in rows}

    async def keep_openings(self, account: str, openings: Mapping[Key, Tally]) -> None:
        """Write how a day began, once."""
        rows = [_row(account, key, tally) for key, tally in openings.items()]
        if rows:
            once = upsert(risk_counters).values(rows).on_conflict_do_nothing()
            await self._database.write(lambda connection: connection.execute(once))

    async def fills(self, account: str, since: datetime) -> list[tuple[Fill, str]]:
        """Executions of the account since then with the user whose orders they were of, oldest first."""
        f, o = fills.c, orders.c
        query = select(*(f[name] for name in FILL), o.user.label("user_name")).join_from(
            fills, orders, o.client_order_id == f.client_order_id, isouter=True
        )
        query = query.where(f.account == account, f.at >= since).order_by(f.at, f.execution_id)

        def work(connection: Connection) -> list[tuple[Fill, str]]:
            rows = connection.execute(query).mappings()
            return [(fill_of({name: row[name] for name in FILL}), row["user_name"] or "") for row in rows]  # type: ignore[arg-type]  # a mapping

        return await self._database.read(work)

    async def peak(self, account: str) -> Peak | None:
        """The highest equity as kept; None before the first."""
        c = risk_peaks.c
        query = select(c.equity, c.day, c.adjusted).where(c.account == account)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return Peak(*row) if row else None

    async def keep_peak(self, account: str, peak: Peak, draft: Draft | None = None) -> None:
        """Write the highest equity; with a row in the trail where a person set it."""
        values = dict(zip(("equity", "day", "adjusted"), astuple(peak), strict=True)) | {"at": func.now()}
        once = upsert(risk_peaks).values({"account": account} | values)
        once = once.on_conflict_do_update(index_elements=["account"], set_=values)
        if draft is None:
            await self._database.write(lambda connection: connection.execute(once))
        else:
            await self._trail.write(lambda connection: connection.execute(once), draft)

    async def states(self, account: str, since: datetime) -> list[tuple[datetime, TradingState, str, str]]:
        """When trading was set to which state, by whom and why, since then, oldest first."""
        c = risk_events.c
        query = select(c.at, c.state, c.actor, c.reason).where(c.account == account, c.kind == "state", c.at >= since)
        rows = await self._database.read(lambda connection: list(connection.execute(query.order_by(c.id))))
        return [(at, TradingState(state), actor, reason) for at, state, actor, reason in rows]


def _row(account: str, key: Key, tally: Tally) -> dict[str, object]:
    counters = tally.counters
    return {"account": account, "scope": key[0].value, "name": key[1], "day": tally.day,
            "consecutive_losses": counters.consecutive_losses, "last_loss_at": counters.last_loss_at,
            "trades": counters.trades_today, "holdings": _plain(tally.holdings.items()), "at": func.now()}  # fmt: skip


def _plain(holdings: Iterable[tuple[str, Holding]]) -> dict[str, list[str]]:
    return {symbol: [str(value) for value in astuple(one)] for symbol, one in holdings}


def _tally(row: RowMapping) -> Tally:
    holdings = {symbol: Holding(*map(Decimal, values)) for symbol, values in row["holdings"].items()}
    return Tally(row["day"], Counters(row["consecutive_losses"], row["last_loss_at"], row["trades"]), holdings)
