"""Deployments and their signals in Postgres; every step is written with its line of the story and its row in the audit trail."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import FILL, fill_of
from qv_desktop.adapters.db.tables import (
    deployment_approvals,
    deployment_leases,
    deployment_steps,
    deployments,
    fills,
    orders,
    signals,
)
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.deployments import MEANWHILE, Deployment, Stage, State, Told, read_terms, told_terms
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.signals import Fate, Kind, Signal

_d, _s, _t, _l = deployments.c, signals.c, deployment_steps.c, deployment_leases.c
LASTS = 15  # seconds after which a lease that nobody renews is anybody's
PLAIN = ("id", "account", "environment", "reason", "created_by", "created", "started_by", "started", "asked_by", "asked_at", "approved_by",
         "approved_at", "anchor", "evaluated", "revision")  # fmt: skip


class DeploymentStore:
    """All raise DatabaseDown: then nothing was written."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def all(self, account: str) -> list[Deployment]:
        """Those of the account, and those that may be taken live to it, oldest first."""
        wanted = (
            select(deployments)
            .where(or_(_d.account == account, _d.stage == Stage.APPROVED.value))
            .order_by(_d.created, _d.id)
        )
        return await self._database.read(lambda c: [_deployment(row) for row in c.execute(wanted).mappings()])

    async def add(self, deployment: Deployment, line: Told, draft: Draft) -> None:
        """A new one."""

        def work(connection: Connection) -> None:
            connection.execute(insert(deployments).values(_row(deployment)))
            _line(connection, deployment.id, line)

        await self._trail.write(work, draft)

    async def change(self, before: Deployment, after: Deployment, line: Told, draft: Draft) -> None:
        """A step. Raises BadInput when the deployment is not ``before`` any more."""

        def work(connection: Connection) -> None:
            if after.stage is Stage.APPROVED and before.stage is not Stage.APPROVED:
                _approve(connection, before, after)
            values = {
                name: value
                for name, value in _row(after).items()
                if name not in ("id", "created", "created_by", "evaluated")
            }
            if after.evaluated != before.evaluated:
                values["evaluated"] = after.evaluated
            mine = (_d.id == before.id) & (_d.revision == before.revision)
            if connection.execute(update(deployments).where(mine).values(values)).rowcount != 1:
                raise BadInput(MEANWHILE)
            _line(connection, before.id, line)

        await self._trail.write(work, draft)

    async def remark(self, deployment: str, line: Told, draft: Draft) -> None:
        """Add to the story."""
        await self._trail.write(lambda connection: _line(connection, deployment, line), draft)

    async def delete(self, deployment: Deployment, draft: Draft) -> None:
        """A draft is thrown away. Raises BadInput when it is none any more."""

        def work(connection: Connection) -> None:
            mine = (_d.id == deployment.id) & (_d.stage == Stage.DRAFT.value)
            if connection.execute(delete(deployments).where(mine)).rowcount != 1:
                raise BadInput(MEANWHILE)

        await self._trail.write(work, draft)

    async def story(self, deployment: str) -> list[Told]:
        """What happened to it, oldest first."""
        wanted = select(_t.at, _t.actor, _t.step, _t.words).where(_t.deployment == deployment).order_by(_t.id)
        return await self._database.read(lambda connection: [Told(*row) for row in connection.execute(wanted)])

    async def evaluated(self, deployment: str, until: int) -> None:
        """Up to when (ns) its signals have been reckoned."""
        mine = (_d.id == deployment) & (_d.evaluated < until)
        await self._database.write(lambda c: c.execute(update(deployments).where(mine).values(evaluated=until)))

    # ---- leases

    async def lease(self, deployment: str, desk: str, host: str, person: str) -> str | None:
        """Take or renew it; the host of the other desk that holds it, None when it is ours."""
        row = {
            "deployment": deployment,
            "desk": desk,
            "host": host,
            "person": person,
            "renewed": func.clock_timestamp(),
        }
        made = upsert(deployment_leases).values(row)
        over = func.clock_timestamp() - literal(timedelta(seconds=LASTS))
        ours = made.on_conflict_do_update(
            index_elements=[_l.deployment], set_={name: made.excluded[name] for name in ("desk", "host", "person", "renewed")},
            where=(_l.desk == desk) | (_l.renewed < over),
        ).returning(_l.desk)  # fmt: skip

        def work(connection: Connection) -> str | None:
            if connection.execute(ours).first() is not None:
                return None
            return connection.execute(select(_l.host).where(_l.deployment == deployment)).scalar() or "another machine"

        return await self._database.write(work, "records")  # market data that are written hold up no renewal

    async def release(self, deployment: str, desk: str) -> None:
        """Give it back."""
        mine = (_l.deployment == deployment) & (_l.desk == desk)
        await self._database.write(lambda c: c.execute(delete(deployment_leases).where(mine)), "records")

    # ---- signals

    async def raise_(self, signal: Signal, account: str, draft: Draft | None) -> bool:
        """Write a signal down, once; whether it was not there yet."""

        def work(connection: Connection) -> tuple[bool, Sequence[Draft]]:
            row = _signal_row(signal) | {"account": account}
            once = upsert(signals).values(row).on_conflict_do_nothing().returning(_s.bar)
            fresh = connection.execute(once).first() is not None
            return fresh, [draft] if fresh and draft is not None else []

        return await self._trail.write_found(work)

    async def settle(self, signal: Signal) -> None:
        """What became of it."""
        values = {"fate": signal.fate.value, "reason": signal.reason, "order_id": signal.order, "side": signal.side.value,
                  "wanted": signal.wanted}  # fmt: skip
        mine = (
            (_s.deployment == signal.deployment)
            & (_s.symbol == signal.symbol)
            & (_s.bar == signal.bar)
            & (_s.kind == signal.kind.value)
        )
        await self._database.write(lambda c: c.execute(update(signals).where(mine).values(values)))

    async def signals(self, account: str, limit: int) -> list[Signal]:
        """The newest, oldest first."""
        wanted = select(signals).where(_s.account == account).order_by(_s.at.desc(), _s.bar.desc()).limit(limit)
        found = await self._database.read(lambda c: [_signal(row) for row in c.execute(wanted).mappings()])
        return found[::-1]

    # ---- what its orders did

    async def fills(self, account: str, source: str) -> list[Fill]:
        """Every execution in its name, oldest first."""
        mine = select(orders.c.client_order_id).where(orders.c.account == account, orders.c.source == source)
        wanted = select(*(fills.c[name] for name in FILL)).where(
            fills.c.account == account, fills.c.client_order_id.in_(mine)
        )
        wanted = wanted.order_by(fills.c.at, fills.c.execution_id)
        return await self._database.read(lambda c: [fill_of(row) for row in c.execute(wanted).mappings()])

    async def sent(self, account: str, source: str, since: datetime) -> set[str]:
        """Ids of the orders made since then that left, or may have left."""
        o = orders.c
        wanted = select(o.client_order_id).where(
            o.account == account, o.source == source, o.submitted >= since, o.status != "refused"
        )
        return set(await self._database.read(lambda c: list(c.execute(wanted).scalars())))


def _approve(connection: Connection, before: Deployment, after: Deployment) -> None:
    """The signature, for the revision that was looked at; without it the database takes no second name."""
    row = {"deployment": before.id, "revision": before.revision, "digest": after.terms.digest, "signer": after.approved_by,
           "at": after.approved_at}  # fmt: skip
    once = upsert(deployment_approvals).values(row).on_conflict_do_nothing().returning(deployment_approvals.c.signer)
    if connection.execute(once).first() is None:
        raise BadInput(MEANWHILE)


def _line(connection: Connection, deployment: str, line: Told) -> None:
    connection.execute(insert(deployment_steps).values({"deployment": deployment, **asdict(line)}))


def _row(deployment: Deployment) -> dict[str, Any]:
    terms = deployment.terms
    plain: dict[str, Any] = {name: getattr(deployment, name) for name in PLAIN}
    return plain | {
        "strategy": terms.strategy, "version": terms.version, "symbols": list(terms.symbols), "timeframe": terms.timeframe,
        "terms": told_terms(terms), "digest": terms.digest, "stage": deployment.stage.value, "state": deployment.state.value,
    }  # fmt: skip


def _deployment(row: RowMapping) -> Deployment:
    plain: dict[str, Any] = {name: row[name] for name in PLAIN}
    return Deployment(terms=read_terms(row["terms"]), stage=Stage(row["stage"]), state=State(row["state"]), **plain)


def _signal_row(signal: Signal) -> dict[str, Any]:
    return {
        "deployment": signal.deployment, "symbol": signal.symbol, "bar": signal.bar, "kind": signal.kind.value, "side": signal.side.value,
        "price": signal.price, "at": signal.at, "strategy": signal.strategy, "fate": signal.fate.value, "reason": signal.reason,
        "order_id": signal.order, "target": signal.target, "wanted": signal.wanted,
    }  # fmt: skip


def _signal(row: RowMapping) -> Signal:
    return Signal(row["deployment"], row["symbol"], row["bar"], Side(row["side"]), Kind(row["kind"]), Decimal(row["price"]), row["at"],
                  row["strategy"], Fate(row["fate"]), row["reason"], row["order_id"], row["target"], row["wanted"])  # fmt: skip
