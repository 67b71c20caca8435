"""What a deployment traded counts for the strategy that it runs, beside what a ticket named after the strategy."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import text

from qv_desktop.adapters.db.attributed import AttributedTrades
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.deployments import DeploymentStore
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.domain.deployments import Deployment, Terms, Told
from qv_desktop.domain.orders import Order, OrderRequest, Side
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_attributed import DRAFT


def test_a_deployment_s_orders_are_its_strategy_s(database: Database, trail: AuditTrail, clock: Clock) -> None:
    journal, found, store = OrderJournal(database, trail), AttributedTrades(database), DeploymentStore(database, trail)
    terms = Terms("att", "att_cross", 1, ("KO",), "1m", ())
    made = Deployment("att_cross-1", terms, "acc-att", "PAPER", "ann", clock())
    start, end = clock() - timedelta(hours=1), clock() + timedelta(hours=1)

    async def story() -> None:
        for statement in (
            "INSERT INTO strategies VALUES ('att', 'att_cross')",
            "INSERT INTO strategy_versions VALUES ('att', 1, '', '[]', '', 'c', 'x', now())",
        ):
            await database.write(lambda connection, each=statement: connection.execute(text(each)))
        await store.add(made, Told(clock(), "ann", "create"), DRAFT)
        one = Order(OrderRequest("att-1", "KO", Side.BUY, Decimal(10), source=made.source), "ann", "acc-att", clock())
        await journal.intend(one, DRAFT)
        await journal.intend(
            replace(one, request=replace(one.request, client_order_id="att-2", source="att_cross")), DRAFT
        )
        assert await found.sources("acc-att", start, end) == [("att_cross", "KO", 2)]
        assert {order.id for order in await found.orders("acc-att", "att_cross", "KO", start, end)} == {
            "att-1",
            "att-2",
        }
        assert await store.sent("acc-att", made.source, start) == {"att-1"}
        assert await store.fills("acc-att", made.source) == []

    asyncio.run(story())
