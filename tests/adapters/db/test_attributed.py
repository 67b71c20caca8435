"""What was traded in a strategy's name is found by the order's source, of one account and of one day, and nothing else is."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from qv_desktop.adapters.db.attributed import AttributedTrades
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.orders import Order, OrderRequest, Report, ReportKind, Side, applied, fill_of
from tests.adapters.db.conftest import Clock

DRAFT = Draft(SYSTEM, "order.submit", "order", "x")


def test_orders_and_executions_of_a_strategy_are_those_of_its_source_account_symbol_and_day(
    database: Database, trail: AuditTrail, clock: Clock
) -> None:
    journal, found = OrderJournal(database, trail), AttributedTrades(database)
    account = f"acc-{uuid4().hex[:8]}"
    start, end = clock() - timedelta(hours=1), clock() + timedelta(hours=1)

    async def sent(name: str, *, source: str = "sma_cross", symbol: str = "AAPL", of: str = account, ago: int = 0,
                   traded: int = 0) -> str:  # fmt: skip
        request = OrderRequest(f"{account}-{name}", symbol, Side.BUY, Decimal(10), source=source)
        order = Order(request, "maria", of, clock() - timedelta(hours=ago))
        await journal.intend(order, DRAFT)
        if traded:
            report = Report(
                order.id, ReportKind.FILL, clock(), f"b-{order.id}", f"e-{order.id}", Decimal(traded), Decimal("10.005")
            )
            fill = replace(fill_of(order, report), source="Broker")  # booked from the broker's own list
            await journal.record((applied(order, report), report, fill, DRAFT))
        return order.id

    async def story() -> None:
        mine = await sent("a", traded=4)
        rejected = await sent("b")
        older = await sent("c", ago=30, traded=3)  # it rested since the day before and traded now
        await sent("d", ago=30)
        await sent("e", source="Ticket", traded=1)
        await sent("f", source="breakout", traded=1)
        await sent("g", symbol="MSFT", traded=1)
        await sent("h", of="elsewhere", traded=1)
        orders = await found.orders(account, "sma_cross", "AAPL", start, end)
        assert [order.id for order in orders] == [older, mine, rejected]
        fills = await found.fills(account, [order.id for order in orders], start, end)
        assert [(fill.client_order_id, fill.quantity) for fill in fills] == [(mine, Decimal(4)), (older, Decimal(3))]
        assert await found.fills(account, [mine], end, end + timedelta(days=1)) == []
        assert await found.fills(account, [], start, end) == []
        assert await found.sources(account, start, end) == [
            ("sma_cross", "AAPL", 2), ("Ticket", "AAPL", 1), ("breakout", "AAPL", 1), ("sma_cross", "MSFT", 1),
        ]  # fmt: skip

    asyncio.run(story())
