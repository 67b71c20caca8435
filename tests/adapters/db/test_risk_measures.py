"""Sectors, scenarios, settings and VaR by day come back as they were kept, and what a person chose has its audit row."""

import asyncio
from datetime import date, timedelta

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.risk_measures import MeasureStore
from qv_desktop.adapters.db.sectors import SectorStore
from qv_desktop.domain.audit import Actor, Draft, Entry
from qv_desktop.domain.risk_measures import MeasureSettings, RiskDay, Scenario, Shock
from qv_desktop.domain.sectors import Listed
from tests.adapters.db.conftest import Clock

DRAFT = Draft(Actor("maria", "human"), "thing.keep", "account", "a")


def test_scenarios_and_settings_are_the_accounts(database: Database, trail: AuditTrail, recorded: list[Entry]) -> None:
    store = MeasureStore(database, trail)
    crash = Scenario("Crash", (Shock("market", "", -0.25), Shock("sector", "Energy", 0.1)), custom=True)
    again = Scenario("Crash", (Shock("symbol", "AAPL", -0.5),), custom=True)

    async def story() -> None:
        assert await store.settings("a") == MeasureSettings()
        await store.save_settings("a", MeasureSettings("QQQ", 0.25, True), DRAFT)
        await store.save_scenario("a", crash, DRAFT)
        assert await store.scenarios("a") == [crash]
        assert await store.scenarios("b") == []
        await store.save_scenario("a", again, DRAFT)
        assert await store.scenarios("a") == [again]
        await store.delete_scenario("a", "Crash", DRAFT)
        assert await store.scenarios("a") == []
        assert await store.settings("a") == MeasureSettings("QQQ", 0.25, True)

    asyncio.run(story())
    assert [entry.draft for entry in recorded] == [DRAFT] * 4


def test_the_last_word_about_a_day_is_the_one_that_is_kept(database: Database, trail: AuditTrail) -> None:
    store, monday = MeasureStore(database, trail), date(2026, 6, 1)
    days = [RiskDay(monday + timedelta(days=n), 100.5, 200.25, -50.0 + n, 10_000.0) for n in range(3)]
    late = RiskDay(monday, 101.0, 201.0, 7.0, 10_100.0)

    async def story() -> list[RiskDay]:
        for day in (*reversed(days), late):
            await store.save_day("a", day)
        await store.save_day("b", days[0])
        return await store.days("a", monday)

    assert asyncio.run(story()) == [late, *days[1:]]
    assert asyncio.run(store.days("a", monday + timedelta(days=2))) == days[2:]


def test_codes_are_kept_for_all_and_a_chosen_sector_for_the_account(
    database: Database, trail: AuditTrail, clock: Clock, recorded: list[Entry]
) -> None:
    store = SectorStore(database, trail)
    told = Listed("AAPL", 3571, "ELECTRONIC COMPUTERS", "CS", clock(), "Polygon")
    fund = Listed("SPY", None, "", "ETF", clock(), "Polygon")

    async def story() -> None:
        for one in (told, fund, told):
            await store.keep(one)
        assert sorted(await store.listed(["AAPL", "SPY", "X"]), key=lambda one: one.symbol) == [told, fund]
        await store.override("a", "SPY", "Financials", DRAFT)
        await store.override("a", "SPY", "Energy", DRAFT)
        assert await store.overrides("a") == {"SPY": "Energy"}
        assert await store.overrides("b") == {}
        await store.override("a", "SPY", "", DRAFT)
        assert await store.overrides("a") == {}

    asyncio.run(story())
    assert [entry.draft for entry in recorded] == [DRAFT] * 3
