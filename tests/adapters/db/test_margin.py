"""The margin regime and its log in Postgres, and day-trade counts that survive a restart from the stored journal."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.margin import MarginStore
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.domain.audit import Actor, Draft, Entry
from qv_desktop.domain.day_trades import DayTrade
from qv_desktop.domain.margin import MarginStanding, MarginTerms, Regime
from qv_desktop.domain.margin_log import DEFICIT, MarginEvent
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus, Report, ReportKind, Side
from qv_desktop.services.account import Account
from qv_desktop.services.login import Login
from qv_desktop.services.margin import Margin
from qv_desktop.services.positions import Positions
from tests.builders import an_account
from tests.services.test_margin import CALENDAR, Door, Known

MONDAY = datetime(2026, 11, 16, 15, tzinfo=UTC)
DRAFT = Draft(Actor("maria", "human"), "margin.terms", "account", "account")


def test_terms_come_back_and_the_newest_count(database: Database, trail: AuditTrail, recorded: list[Entry]) -> None:
    store = MarginStore(database, trail)

    async def story() -> list[tuple[MarginTerms, datetime | None]]:
        found = [await store.terms("account")]
        for place, terms in enumerate(
            (MarginTerms(Regime.LEGACY_PDT), MarginTerms(Regime.CASH, blocks=False, good_faith=4))
        ):
            await store.save_terms("account", terms, DRAFT, MONDAY + timedelta(hours=place))
            found.append(await store.terms("account"))
        return [*found, await store.terms("another")]

    usual = (MarginTerms(), None)
    assert asyncio.run(story()) == [
        usual, (MarginTerms(Regime.LEGACY_PDT), MONDAY),
        (MarginTerms(Regime.CASH, blocks=False, good_faith=4), MONDAY + timedelta(hours=1)), usual,
    ]  # fmt: skip
    assert [entry.draft.action for entry in recorded] == ["margin.terms"] * 2


def test_the_log_comes_back_with_its_audit_rows_and_levels_are_those_before_an_end(
    database: Database, trail: AuditTrail, recorded: list[Entry]
) -> None:
    store, journal = MarginStore(database, trail), OrderJournal(database, trail)
    one = MarginEvent(DEFICIT, MONDAY, date(2026, 11, 16), "2026-11-16", Decimal("12.5"), words="buy 1 AAPL")
    told = replace(an_account("1000"), at=MONDAY, maintenance_margin=Decimal(1_200))

    async def story() -> tuple[list[MarginEvent], Decimal | None, Decimal | None]:
        await store.record("account", [one], [replace(DRAFT, action="margin.deficit")])
        await store.record("another", [one], [DRAFT])
        await journal.save_account(told)
        await journal.save_account(replace(told, at=MONDAY + timedelta(hours=1), equity=Decimal(1_500)))
        found = await store.events("account", MONDAY - timedelta(days=1))
        assert await store.events("account", MONDAY + timedelta(seconds=1)) == []
        return (
            found,
            await store.last_level("account", MONDAY + timedelta(minutes=5)),
            await store.last_level("account", MONDAY),
        )

    assert asyncio.run(story()) == ([one], Decimal(-200), None)
    assert [entry.draft.action for entry in recorded] == ["margin.deficit", "margin.terms"]


async def kept(journal: OrderJournal, order: str, side: Side, parts: list[int], at: datetime) -> None:
    """One order with its executions, as the program writes them."""
    request = OrderRequest(order, "AAPL", side, Decimal(sum(parts)))
    made = Order(request, "maria", "account", at, OrderStatus.SUBMITTED)
    await journal.intend(made, Draft(Actor("maria", "human"), "order.submit", "order", order))
    for place, shares in enumerate(parts):
        when = at + timedelta(seconds=place)
        fill = Fill(f"{order}-{place}", order, "AAPL", side, Decimal(shares), Decimal(100), when)
        report = Report(order, ReportKind.FILL, when, "b", fill.execution_id, fill.quantity, fill.price)
        done = sum(parts[: place + 1])
        status = OrderStatus.FILLED if done == sum(parts) else OrderStatus.PARTIAL
        await journal.record(
            (replace(made, status=status, filled=Decimal(done), average=Decimal(100)), report, fill, None)
        )


def test_counts_survive_a_restart_from_the_stored_journal(database: Database, trail: AuditTrail) -> None:
    """Yesterday's and today's day trades, in parts, as a program that starts anew reads them."""
    journal, store = OrderJournal(database, trail), MarginStore(database, trail)

    async def sitting(now: datetime) -> tuple[MarginStanding | None, tuple[DayTrade, ...]]:
        positions = Positions(lambda event: None)
        for fill in await journal.fills_since("account", now - timedelta(days=400)):
            positions.fill(fill)
        margin = Margin(store, journal.fills_since, list, CALENDAR, positions, cast(Account, Known()), cast(Login, Door()),
                        lambda event: None, lambda: now)  # fmt: skip
        await margin.load()
        return margin.standing(), margin.day_trades()

    async def story() -> None:
        await store.save_terms("account", MarginTerms(Regime.LEGACY_PDT), DRAFT, MONDAY)
        tuesday = MONDAY + timedelta(days=1)
        await kept(journal, "o1", Side.BUY, [60, 40], MONDAY)
        await kept(journal, "o2", Side.SELL, [30, 30, 40], MONDAY + timedelta(minutes=5))
        await kept(journal, "o3", Side.BUY, [50], MONDAY + timedelta(minutes=9))  # held overnight
        await kept(journal, "o4", Side.SELL, [50], tuesday)
        await kept(journal, "o5", Side.BUY, [10, 10], tuesday + timedelta(minutes=1))
        await kept(journal, "o6", Side.SELL, [20], tuesday + timedelta(minutes=2))
        first, counted = await sitting(tuesday + timedelta(hours=1))
        again, recounted = await sitting(tuesday + timedelta(hours=1))
        assert first is not None
        assert again == first
        assert [(one.order, one.quantity) for one in counted] == [("o2", Decimal(100)), ("o6", Decimal(20))]
        assert recounted == counted
        assert (first.regime, first.day_trades, first.trades) == (Regime.LEGACY_PDT, 2, 6)
        later, _ = await sitting(MONDAY + timedelta(days=7, hours=1))
        assert later is not None
        assert later.day_trades == 1  # Monday's has left the window of five business days

    asyncio.run(story())
