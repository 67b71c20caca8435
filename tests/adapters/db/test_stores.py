"""Strategies, backtests, risk, reconciliations and preferences come back as they were kept, each change with its audit row."""

import asyncio
import math
from dataclasses import replace
from datetime import date, time, timedelta
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
from qv_desktop.domain.backtest_rerun import compared
from qv_desktop.domain.backtests import (
    BacktestResult,
    BacktestSpec,
    BacktestTrade,
    Contribution,
    Sizing,
    Stops,
    TradingHours,
)
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances, Uncompared
from qv_desktop.domain.risk import TradingState
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
        "cross", 1, ("SPY", "QQQ"), "1m", date(2020, 12, 15), date(2020, 12, 18), (("fast", 10.0), ("slow", 30.0)),
        sizing=Sizing("risk", 0.01), stops=Stops(loss=0.05, profit=0.2), direction="both", fees_per_share=0.005, seed=7,
        hours=TradingHours("window", time(10), time(15, 30)), benchmark="DIA", adjustment="all",
    )  # fmt: skip
    trades = (
        BacktestTrade(1, 2, 10.0, 1.5, 1.75, 2.5, 0.16, "SPY", "long", 0.25, -0.1, 0.3, False, 1, "target"),
        BacktestTrade(3, 2**61, 1.0, 2.0, 1.0, -1.0, -0.5, "QQQ", "short", 0.0, None, None, True, 9, "end"),
    )
    first = BacktestResult("run-1", spec, "maria", clock(), 1.25, (1, 2, 2**61), (1.0, 1.1, 0.9), (1.0, 1.0, 1.0), (0.0, 0.0, -0.18),
                           (("sharpe", -0.5), ("profit factor", math.inf)), trades, 3, "c", "d", "s", "vectorbt 1.2.0",
                           (0.0, 0.5, 0.25), ((2020, 12, -0.1),), (Contribution("SPY", 2.5, 0.25, 1), Contribution("QQQ", -1.0, 0.0, 1)),
                           ("one session is missing",), ("a note",), (("python", "3.13"),), "printed\n")  # fmt: skip
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
        exposure=(),
        monthly=(),
        contributions=(),
        missing=(),
        notes=(),
        versions=(),
        log="",
    )

    async def story() -> list[BacktestResult]:
        await store.save(first, DRAFT)
        await store.save(empty, DRAFT)
        return await store.latest()

    light = replace(first, at=(), equity=(), benchmark=(), drawdown=(), trades=(), exposure=(), monthly=(), log="")
    assert asyncio.run(story()) == [empty, light]
    assert asyncio.run(store.latest(1)) == [empty]
    assert asyncio.run(store.latest(5, empty.started)) == [light]
    assert asyncio.run(store.read("run-1")) == first
    with pytest.raises(IntegrityError):
        asyncio.run(store.save(replace(first, id="run-3", equity=(1.0,)), DRAFT))


def test_a_run_of_an_earlier_version_is_still_read(database: Database, trail: AuditTrail, clock: Clock) -> None:
    columns = (
        'id, strategy, version, symbol, timeframe, first, last, parameter_names, parameter_values, fees, slippage, size, cash, "user", '
        "started, seconds, at, equity, benchmark, drawdown, statistic_names, statistic_values, trade_entered, trade_left, trade_size, "
        "trade_entry, trade_exit, trade_profit, trade_fraction, bars, code_hash, data_hash, spec_hash, engine"
    )
    values = (
        "'old', 'cross', 2, 'KO', '1D', '2020-01-02', '2020-12-31', '{fast}', '{10}', 1, 2, 0.5, 1000, 'maria', '2025-01-01Z', 1, '{1,2}', "
        "'{1000,1010}', '{1000,990}', '{0,0}', '{Sharpe}', '{1.5}', '{1}', '{2}', '{3}', '{4}', '{5}', '{6}', '{0.1}', 2, 'c', 'd', 's', 'e'"  # noqa: E501
    )
    statement = f"INSERT INTO backtests ({columns}) VALUES ({values})"  # noqa: S608 - constants of this test
    asyncio.run(database.write(lambda connection: connection.exec_driver_sql(statement)))
    found = asyncio.run(BacktestStore(database, trail).read("old"))
    assert (found.spec.symbols, found.spec.sizing, found.spec.hours) == (
        ("KO",),
        Sizing("percent", 0.5),
        TradingHours("extended"),
    )
    assert found.trades == (BacktestTrade(1, 2, 3, 4, 5, 6, 0.1, "KO"),)
    assert (found.exposure, found.missing, found.numbers) == ((), (), {"Sharpe": 1.5})
    assert compared(found, replace(found, equity=(1000.0, 1011.0))).figures == (
        "The curve of equity differs from bar 2 on.",
    )


def test_a_run_is_marked_and_deleted_with_what_was_noted(
    database: Database, trail: AuditTrail, clock: Clock, recorded: list[Entry]
) -> None:
    store = BacktestStore(database, trail)
    spec = BacktestSpec("cross", 1, ("KO",), "1D", date(2020, 1, 2), date(2020, 12, 31), ())
    run = BacktestResult(
        "noted",
        spec,
        "maria",
        clock() + timedelta(days=1),
        1.0,
        (1,),
        (1.0,),
        (1.0,),
        (0.0,),
        (),
        (),
        1,
        "c",
        "d",
        "s",
        "e",
    )

    async def story() -> list[BacktestResult]:
        await store.save(run, DRAFT)
        await store.annotate("noted", True, "good", "maria", clock(), DRAFT)
        await store.annotate("noted", True, "better", "tom", clock(), DRAFT)
        before = await store.latest(1)
        await store.delete("noted", DRAFT)
        return [*before, *await store.latest(1000)]

    first, *rest = asyncio.run(story())
    assert (first.id, first.starred, first.remark) == ("noted", True, "better")
    assert "noted" not in [one.id for one in rest]
    assert len(recorded) == 4
    for work in (
        store.read("noted"),
        store.delete("noted", DRAFT),
        store.annotate("noted", True, "", "m", clock(), DRAFT),
    ):
        with pytest.raises(BadInput, match="deleted"):
            asyncio.run(work)  # type: ignore[arg-type]
    assert len(recorded) == 4


def test_the_trading_state_is_the_last_one_set(database: Database, trail: AuditTrail) -> None:
    store = RiskStore(database, trail)

    async def story() -> list[TradingState]:
        seen = [await store.state("acc")]
        for state in (TradingState.HALTED, TradingState.REDUCING):
            await store.save_state("acc", state, DRAFT)
            seen.append(await store.state("acc"))
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


def test_a_layout_takes_another_name_and_never_the_place_of_another(database: Database) -> None:
    store = Preferences(database)

    async def story() -> None:
        await store.save_workspace("maria", "day", b"a")
        await store.save_workspace("maria", "night", b"b")
        await store.save_workspace("pete", "noon", b"c")
        await store.rename_workspace("maria", "day", "noon")
        assert await store.workspaces("maria") == ["night", "noon"]
        assert await store.workspace("maria", "noon") == b"a"
        with pytest.raises(BadInput, match="“night” already"):
            await store.rename_workspace("maria", "noon", "night")
        with pytest.raises(BadInput, match="no layout “day” any more"):
            await store.rename_workspace("maria", "day", "dawn")
        assert await store.workspace("maria", "night") == b"b"
        assert await store.workspaces("pete") == ["noon"]

    asyncio.run(story())


def test_preferences_are_each_users_own(database: Database) -> None:
    store = Preferences(database)

    async def story() -> list[object]:
        await store.save_workspace("maria", "Trading", b"\0\xff layout")
        await store.save_setting("maria", "theme", "dark")
        await store.save_setting("maria", "theme", "light")
        return [await store.workspace("maria", "Trading"), await store.workspace("pete", "Trading"),
                await store.setting("maria", "theme"), await store.setting("pete", "theme")]  # fmt: skip

    assert asyncio.run(story()) == [b"\0\xff layout", None, "light", None]
