"""What was traded in a strategy's name: its orders and their executions, by the order's source."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, func, literal, or_, select

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import FILL, fill_of, order_of
from qv_desktop.adapters.db.tables import deployments, fills, orders, strategies
from qv_desktop.domain.deployments import SOURCE
from qv_desktop.domain.orders import TICKET, Fill, Order

_o, _f = orders.c, fills.c
# what a deployment traded counts for the strategy that it runs
_DEPLOYED = (
    select(strategies.c.name)
    .join_from(deployments, strategies, strategies.c.id == deployments.c.strategy)
    .where(literal(SOURCE) + deployments.c.id == _o.source)
    .scalar_subquery()
)
_NAME = func.coalesce(_DEPLOYED, _o.source)


class AttributedTrades:
    """Reads the journal. Raises DatabaseDown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sources(self, account: str, start: datetime, end: datetime) -> list[tuple[str, str, int]]:
        """Source, symbol and number of the orders made from ``start`` up to ``end``, the most first."""
        wanted = select(_NAME, _o.symbol, func.count()).where(
            _o.account == account, _o.submitted >= start, _o.submitted < end
        )
        wanted = wanted.group_by(_NAME, _o.symbol).order_by(func.count().desc(), _NAME, _o.symbol)
        return await self._database.read(
            lambda connection: [(row[0], row[1], row[2]) for row in connection.execute(wanted)]
        )

    async def orders(self, account: str, source: str, symbol: str, start: datetime, end: datetime) -> list[Order]:
        """Orders of ``source`` that were made, or traded, from ``start`` up to ``end``, oldest first."""
        traded = select(_f.client_order_id).where(_f.account == account, _f.at >= start, _f.at < end)
        made = and_(_o.submitted >= start, _o.submitted < end)
        wanted = select(orders).where(_o.account == account, _NAME.in_([source]), _o.symbol == symbol,
                                      or_(made, _o.client_order_id.in_(traded)))  # fmt: skip
        wanted = wanted.order_by(_o.submitted, _o.client_order_id)
        return await self._database.read(
            lambda connection: [order_of(row) for row in connection.execute(wanted).mappings()]
        )

    async def fills(self, account: str, ids: Collection[str], start: datetime, end: datetime) -> list[Fill]:
        """Executions of these orders from ``start`` up to ``end``, oldest first."""
        wanted = select(*(_f[name] for name in FILL)).where(_f.account == account, _f.client_order_id.in_(list(ids)),
                                                           _f.at >= start, _f.at < end)  # fmt: skip
        wanted = wanted.order_by(_f.at, _f.execution_id)
        return await self._database.read(
            lambda connection: [fill_of(row) for row in connection.execute(wanted).mappings()]
        )

    async def executions(self, account: str) -> list[Fill]:
        """Every execution in the name of a strategy or deployment, oldest first; ``source`` is the strategy's name."""
        columns = (_NAME.label(name) if name == "source" else _f[name] for name in FILL)
        wanted = select(*columns).join_from(fills, orders, _o.client_order_id == _f.client_order_id)
        wanted = wanted.where(_f.account == account, _o.source != TICKET).order_by(_f.at, _f.execution_id)
        return await self._database.read(
            lambda connection: [fill_of(row) for row in connection.execute(wanted).mappings()]
        )
