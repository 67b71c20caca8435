"""The order journal: orders as they stand, every report that moved them, fills once by execution id, positions and balances."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db import intents, tables
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import account_snapshots, fills, order_events, orders
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import Intents, Overtaken, Turn
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.orders import (
    CLOSED,
    Fill,
    Order,
    OrderClass,
    OrderRequest,
    OrderStatus,
    OrderType,
    Report,
    ReportKind,
    Side,
    TimeInForce,
)
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import ONLY_LOOKED

NOTHING: Mapping[str, datetime] = MappingProxyType({})
RENAMED = {"limit": "limit_price", "stop": "stop_price"}  # words of SQL
ENUMS: dict[str, type[Any]] = {"side": Side, "type": OrderType, "time_in_force": TimeInForce, "order_class": OrderClass}
REQUEST = [field.name for field in fields(OrderRequest)]
NOT_KEPT = ("request", "before")  # the request has columns of its own; what an order was before is of this sitting only
STATE = [field.name for field in fields(Order) if field.name not in NOT_KEPT]
TOLD = ("cumulative", "broker_id")  # of an execution as it comes: the order keeps them
FILL = [field.name for field in fields(Fill) if field.name not in TOLD]
MOVING = (
    "quantity",
    "status",
    "changed",
    "broker_id",
    "filled",
    "average",
    "reason",
    "replaced_by",
    "sent_at",
    "acknowledged_at",
    "executions",
)


type Record = tuple[Order, Report, Fill | None, Draft | None]


class OrderJournal:
    """``ports.orders.OrderJournal`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail
        self._desk = f"{trail.chain}-{secrets.token_hex(4)}"  # by which other desks know that an intent is not theirs

    async def intend(self, order: Order, draft: Draft, turn: Turn | None = None) -> None:
        """Commit a new intent, or without a ``turn`` a refused order, before a byte leaves.

        Raises DatabaseDown, and Overtaken when other desks came first: there is no intent then.
        """

        def work(connection: Connection) -> None:
            if turn is not None:
                told = _told(intents.take_turn(connection, order.account, self._desk, turn), turn.heard)
                if told.newest > turn.heard:
                    raise Overtaken(told)
            connection.execute(insert(orders), _row(order) | {"desk": self._desk if turn is not None else ""})

        for _ in range(intents.TRIES):
            try:
                return await self._trail.write(work, draft, lane="intents")
            except intents.NotYet:
                continue
        raise DatabaseDown(intents.HELD)

    async def newest(self, account: str) -> int:
        """The number of the account's newest intent; 0 before the first."""
        return await self._database.read(lambda connection: intents.newest(connection, account))

    async def intents(self, account: str, heard: int) -> Intents:
        """What other desks of the account intend beyond the number ``heard``, oldest first."""
        return await self._database.read(
            lambda connection: _told(intents.others(connection, account, self._desk, heard), heard)
        )

    async def standing(self, ids: Collection[str]) -> list[Order]:
        """These orders as they were last written down."""
        query = select(orders).where(orders.c.client_order_id.in_(ids))
        return await self._database.read(
            lambda connection: [order_of(row) for row in connection.execute(query).mappings()]
        )

    async def record(self, *records: Record) -> None:
        """Commit orders' new states with the reports that brought them, oldest first, and their fills once by execution id."""
        newest = {order.id: order for order, *_ in records}
        events = [_event(order, report) for order, report, *_ in records]
        repriced = [newest[key] for key in {order.id for order, report, *_ in records if _reprices(report)}]
        executions = [_kept(fill) | {"account": order.account} for order, _, fill, _ in records if fill is not None]

        def work(connection: Connection) -> None:
            _save(connection, *newest.values())
            for order in repriced:
                _reprice(connection, order)
            connection.execute(insert(order_events), events)
            if executions:
                connection.execute(upsert(fills).on_conflict_do_nothing(), executions)

        await self._trail.write(work, *(draft for *_, draft in records if draft is not None))

    async def adopt(self, order: Order, draft: Draft) -> str:
        """Commit an order that was made elsewhere, or its newer state; who made it, as another desk may have written down."""
        made = select(orders.c.user).where(orders.c.client_order_id == order.id, orders.c.account == order.account)

        def work(connection: Connection) -> str:
            _save(connection, order)
            return connection.execute(made).scalar() or order.user

        return await self._trail.write(work, draft)

    async def orders_since(self, account: str, since: datetime) -> list[Order]:
        """Orders of the account made since then, and every one still open, oldest first."""
        still_open = orders.c.status.not_in([str(status) for status in CLOSED])
        query = (
            select(orders)
            .where(orders.c.account == account, or_(orders.c.submitted >= since, still_open))
            .order_by(orders.c.submitted, orders.c.client_order_id)
        )
        return await self._database.read(
            lambda connection: [order_of(row) for row in connection.execute(query).mappings()]
        )

    async def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Executions of the account since then, oldest first."""
        query = (
            select(*(fills.c[name] for name in FILL))
            .where(fills.c.account == account, fills.c.at >= since)
            .order_by(fills.c.at, fills.c.execution_id)
        )
        return await self._database.read(
            lambda connection: [fill_of(row) for row in connection.execute(query).mappings()]
        )

    async def save_positions(
        self, account: str, positions: Sequence[Position], told: Mapping[str, datetime] = NOTHING
    ) -> None:
        """Keep these positions as they stand, with when the newest execution in each happened, as far as that is ``told``.

        The others stay, and so does one of which another desk knew a later execution. In the order of their symbols, so that two desks
        wait for each other in one way only.
        """
        rows = [asdict(one) | {"account": account, "told": told.get(one.symbol)} for one in positions]
        rows.sort(key=itemgetter("symbol"))
        once, c = upsert(tables.positions), tables.positions.c
        new = once.excluded
        values: dict[str, ColumnElement[Any]] = {name: new[name] for name in ("quantity", "average", "realised")}
        values["told"] = func.coalesce(new.told, c.told)
        newer = or_(c.told.is_(None), new.told.is_(None), c.told <= new.told)
        once = once.on_conflict_do_update(index_elements=["account", "symbol"], set_=values, where=newer)
        if rows:
            await self._database.write(lambda connection: connection.execute(once, rows))

    async def positions(self, account: str) -> list[Position]:
        """The positions last kept, by symbol."""
        query = (
            select(tables.positions).where(tables.positions.c.account == account).order_by(tables.positions.c.symbol)
        )
        names = [field.name for field in fields(Position)]
        return await self._database.read(
            lambda connection: [
                Position(*(row[name] for name in names)) for row in connection.execute(query).mappings()
            ]
        )

    async def compared_at(self, account: str) -> datetime | None:
        """When our books of the account last followed the broker's. Raises DatabaseDown."""
        runs = tables.reconciliation_runs.c
        query = select(func.max(runs.at)).where(runs.account_id == account, runs.reason != ONLY_LOOKED)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def save_account(self, account: Account) -> None:
        """Append a snapshot of the account; the same moment is kept once. Figures without a column of their own are not kept."""
        told = asdict(account)
        row = {name: told.get(name) for name in account_snapshots.c.keys()} | {"account": account.id}  # noqa: SIM118 - columns
        await self._database.write(
            lambda connection: connection.execute(upsert(account_snapshots).values(row).on_conflict_do_nothing())
        )

    async def agreed(self, account: str, *, looked: bool) -> tuple[datetime, Decimal] | None:
        """When a comparison, ``looked``: also one that books nothing, last kept the account's balances, and its cash then."""
        c, runs = account_snapshots.c, tables.reconciliation_runs.c
        kept = (c.account == account) & (c.at == runs.broker_at) & c.cash.is_not(None)
        if not looked:
            kept &= runs.reason != ONLY_LOOKED
        query = select(c.at, c.cash).where(kept, runs.account_id == account).order_by(runs.at.desc()).limit(1)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return (row[0], row[1]) if row else None


def _save(connection: Connection, *changed: Order) -> None:
    """Another program may use one id at two accounts: then the row stays the account's that came first."""
    statement = upsert(orders)
    moving = {name: statement.excluded[name] for name in MOVING}
    once = statement.on_conflict_do_update(
        index_elements=["client_order_id"], set_=moving, where=orders.c.account == statement.excluded.account
    )
    connection.execute(once, [_row(order) for order in changed])


def _reprices(report: Report) -> bool:
    """Whether the order's terms changed at the broker, as they do with a split."""
    return report.kind is ReportKind.RESIZED and (report.price is not None or report.stop is not None)


def _reprice(connection: Connection, order: Order) -> None:
    terms = {"limit_price": order.request.limit, "stop_price": order.request.stop}
    mine = (orders.c.client_order_id == order.id) & (orders.c.account == order.account)
    connection.execute(update(orders).where(mine).values(terms))


def _row(order: Order) -> dict[str, object]:
    request: dict[str, object] = {RENAMED.get(name, name): getattr(order.request, name) for name in REQUEST}
    state: dict[str, object] = {name: getattr(order, name) for name in STATE}
    return request | state | {"executions": sorted(order.executions)}


def _told(rows: Sequence[RowMapping], heard: int) -> Intents:
    return Intents(rows[-1]["number"] if rows else heard, tuple(map(order_of, rows)))


def order_of(row: RowMapping) -> Order:
    """The order that a row of ``orders`` is."""
    asked: dict[str, Any] = {name: row[RENAMED.get(name, name)] for name in REQUEST}
    asked |= {name: kind(asked[name]) for name, kind in ENUMS.items()}
    state: dict[str, Any] = {name: row[name] for name in STATE}
    state |= {"status": OrderStatus(row["status"]), "executions": frozenset(row["executions"])}
    return Order(OrderRequest(**asked), **state)


def _event(order: Order, report: Report) -> dict[str, object]:
    return _kept(report) | {"status": order.status}


def _kept(told: Report | Fill) -> dict[str, object]:
    return {name: value for name, value in asdict(told).items() if name not in ("cumulative", "size")}


def fill_of(row: RowMapping) -> Fill:
    """The execution that the columns ``FILL`` of a row are."""
    values: dict[str, Any] = {**row, "side": Side(row["side"])}
    return Fill(**values)
