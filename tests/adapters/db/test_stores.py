"""Strategies, backtests, risk, reconciliations and preferences come back as they were kept, each change with its audit row."""

import asyncio
import math
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.domain.audit import Actor, Draft, Entry
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances, Uncompared
from qv_desktop.domain.risk import Limits, TradingState
from qv_desktop.domain.strategies import Parameter, Strategy
from tests.adapters.db.conftest import Clock

DRAFT = Draft(Actor("maria", "human"), "thing.keep", "thing", "1", reason="because")


def a_strategy(clock: Clock, name: str = "cross", code: str = "a") -> Strategy:
    knobs = (Parameter("fast", 10, 2, 50), Parameter("stop", 0.02, 0.001, 0.5, whole=False))
    return Strategy(f"id-{name}", name, "Two averages", 0, knobs, f"source {code}", f"hash-{code}", "maria", clock())


def test_a_strategy_gets_a_version_for_each_new_source(
    database: Database, trail: AuditTrail, clock: Clock, recorded: list[Entry]
) -> None:
    store = StrategyStore(database, trail)

    async def story() -> tuple[list[int], list[Strategy]]:
        kept = [await store.keep(a_strategy(clock, code=code), DRAFT) for code in ("a", "b", "a", "c", "b")]
        await store.keep(a_strategy(clock, "rsi"), DRAFT)
        return [strategy.version for strategy in kept], await store.all()

    versions, newest = asyncio.run(story())
    assert versions == [1, 2, 1, 3, 2]
    assert newest == [replace(a_strategy(clock, code="c"), version=3), replace(a_strategy(clock, "rsi"), version=1)]
    assert len(recorded) == 4  # what was known already is no change


def test_two_strategies_cannot_share_a_name(database: Database, trail: AuditTrail, clock: Clock) -> None:
    store = StrategyStore(database, trail)
    asyncio.run(store.keep(a_strategy(clock, "taken"), DRAFT))
    with pytest.raises(BadInput, match="taken"):
        asyncio.run(store.keep(replace(a_strategy(clock, "taken"), id="another"), DRAFT))


def test_a_backtest_comes_back_with_its_curves_trades_and_figures(
    database: Database, trail: AuditTrail, clock: Clock
) -> None:
    store = BacktestStore(database, trail)
    spec = BacktestSpec(
        "cross", 1, ("SPY",), "1m", date(2020, 12, 15), date(2020, 12, 18), (("fast", 10.0), ("slow", 30.0))
    )
    trades = (BacktestTrade(1, 2, 10.0, 1.5, 1.75, 2.5, 0.16), BacktestTrade(3, 2**61, 1.0, 2.0, 1.0, -1.0, -0.5))
    first = BacktestResult("run-1", spec, "maria", clock(), 1.25, (1, 2, 2**61), (1.0, 1.1, 0.9), (1.0, 1.0, 1.0), (0.0, 0.0, -0.18),
                           (("sharpe", -0.5), ("profit factor", math.inf)), trades, 3, "c", "d", "s", "vectorbt 1.2.0")  # fmt: skip
    empty = replace(
        first,
        id="run-2",
        started=clock() + timedelta(seconds=1),
        at=(),
        equity=(),
        benchmark=(),
        drawdown=(),
        statistics=(),
        trades=(),
    )

    async def story() -> list[BacktestResult]:
        await store.save(first, DRAFT)
        await store.save(empty, DRAFT)
        return await store.latest()

    assert asyncio.run(story()) == [empty, first]
    with pytest.raises(IntegrityError):
        asyncio.run(store.save(replace(first, id="run-3", equity=(1.0,)), DRAFT))


def test_limits_are_the_defaults_until_set_and_every_version_is_kept(
    database: Database, trail: AuditTrail, recorded: list[Entry]
) -> None:
    store = RiskStore(database, trail)
    tight = Limits(order_value=Decimal("500.50"), orders_per_minute=3)

    async def story() -> list[Limits]:
        before = await store.limits("acc")
        await store.save_limits("acc", Limits(order_value=Decimal(1)), DRAFT)
        await store.save_limits("acc", tight, DRAFT)
        return [before, await store.limits("acc"), await store.limits("other")]

    assert asyncio.run(story()) == [Limits(), tight, Limits()]
    assert len(recorded) == 2


def test_the_trading_state_is_the_last_one_set(database: Database, trail: AuditTrail) -> None:
    store = RiskStore(database, trail)

    async def story() -> list[TradingState]:
        seen = [await store.state("acc")]
        for state in (TradingState.HALTED, TradingState.REDUCING):
            await store.save_state("acc", state, DRAFT)
            seen.append(await store.state("acc"))
        await store.save_limits("acc", Limits(), DRAFT)
        return [*seen, await store.state("acc"), await store.state("other")]

    active, halted, reducing = TradingState.ACTIVE, TradingState.HALTED, TradingState.REDUCING
    assert asyncio.run(story()) == [active, halted, reducing, reducing, active]


def test_reconciliations_come_back_newest_first_with_their_breaks_in_order(
    database: Database, trail: AuditTrail, clock: Clock
) -> None:
    store = ReconciliationStore(database, trail)
    breaks = tuple(
        Break("positions", key, "quantity", "high", "1", "—", "+1", Decimal("10.50"), "book it")
        for key in ("Z", "A", "M")
    )
    first = Reconciliation(
        "r1", clock(), "••••123", "maria", "manual", clock(), clock(), Tolerances(), 12, breaks, "hash"
    )
    second = replace(
        first,
        id="r2",
        at=clock() + timedelta(minutes=1),
        breaks=(),
        uncompared=(Uncompared("cash", "cash", "the broker does not say"), Uncompared("cash", "fees", "nor of them")),
        tolerances=Tolerances(Decimal(1), Decimal("0.5"), Decimal(2)),
    )

    async def story() -> list[Reconciliation]:
        await store.save(first, DRAFT)
        await store.save(second, DRAFT)
        return await store.latest()

    assert asyncio.run(story()) == [second, first]


def test_preferences_are_each_users_own(database: Database) -> None:
    store = Preferences(database)

    async def story() -> list[object]:
        await store.save_workspace("maria", "Trading", b"\0\xff layout")
        await store.save_setting("maria", "theme", "dark")
        await store.save_setting("maria", "theme", "light")
        return [await store.workspace("maria", "Trading"), await store.workspace("pete", "Trading"),
                await store.setting("maria", "theme"), await store.setting("pete", "theme")]  # fmt: skip

    assert asyncio.run(story()) == [b"\0\xff layout", None, "light", None]
