"""A symbol that did not trade on a day: the others of its universe go on without it, as in a backtest, and it is told."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.market import NEW_YORK, Bar, Timeframe, bar_start, ns
from qv_desktop.domain.orders import Side
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.signals import STOOD_STILL, Fate
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.targets import Aim, Weights
from qv_desktop.services.history import Loaded
from qv_desktop.services.signals import Signals
from tests.builders import NOW
from tests.services import test_target_orders as targets
from tests.services.test_deployments import Desk

DAYS = (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23))
UNIVERSE = ("AAPL", "MSFT")
DAY, MINUTE = Timeframe(1, "D"), Timeframe(1, "m")


def session(day: date) -> MarketSession:
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)

    return MarketSession(day, at(4), at(9, 30), at(16), at(20))


def start(day: date) -> int:
    return bar_start(ns(session(day).open), DAY)


class Known:
    """Four sessions."""

    def on(self, day: date) -> MarketSession | None:
        return session(day) if day in DAYS else None

    def after(self, day: date) -> MarketSession | None:
        return next((session(one) for one in DAYS if one > day), None)

    def before(self, day: date) -> MarketSession | None:
        return next((session(one) for one in reversed(DAYS) if one < day), None)


@dataclass
class Stored:
    """Bars of days by symbol, and minutes of symbols whose day the vendor has not made yet."""

    days: dict[str, tuple[date, ...]]
    minutes: set[str] = field(default_factory=set)
    complete: bool = True

    async def load(self, symbol: str, frame: Timeframe, *_: Any, **__: Any) -> Loaded:
        if frame == MINUTE:
            bars = [Bar(symbol, ns(session(DAYS[1]).open), 1, 1, 1, 1, 1)] if symbol in self.minutes else []
            return Loaded(bars, self.complete, "")
        return Loaded([Bar(symbol, start(day), 100.0, 101.0, 99.0, 100.0, 10) for day in self.days[symbol]], True, "")

    async def newest(self, *_: Any) -> list[Bar]:
        return []


class Halves:
    """Half of the capital each of those that have a bar; of the others nothing is said."""

    async def weights(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Mapping[str, Sequence[Bar]], *, shorts: bool
    ) -> Weights:
        at = sorted({bar.start for one in bars.values() for bar in one})
        rows = [tuple(0.5 if any(bar.start == when for bar in bars[s]) else math.nan for s in UNIVERSE) for when in at]
        return Weights(UNIVERSE, tuple(at), tuple(rows))

    async def flags(self, *_: Any, **__: Any) -> Any:
        raise AssertionError

    def warm(self) -> None:
        return None


def told(stored: Stored) -> tuple[list[Aim], list[str]]:
    """What is aimed at on the morning of the third day, and why nothing is."""
    now, aims, troubles = datetime(2026, 11, 20, 9, 26, tzinfo=NEW_YORK).astimezone(UTC), list[Aim](), list[str]()

    async def tell(_: Any) -> None:
        raise AssertionError

    async def aim(one: Aim) -> None:
        aims.append(one)

    async def story() -> None:
        signals = Signals(stored, Halves(), lambda: now, lambda _: 0, tell,
                          lambda deployment, symbol, why, fatal: troubles.append(why), aim=aim, calendar=Known())  # fmt: skip
        one = Deployment(
            "d", replace(targets.TERMS, symbols=UNIVERSE), "account", "PAPER", "ann", NOW, anchor=start(DAYS[0])
        )
        signals.watch(one, targets.ROTATION, ns(session(DAYS[1]).open))
        for _ in range(200):
            await asyncio.sleep(0.005)
            if aims or troubles:
                break
        await signals.close()

    asyncio.run(story())
    return aims, troubles


def test_the_others_go_on_without_a_symbol_that_did_not_trade_that_day() -> None:
    aims, troubles = told(Stored({"AAPL": DAYS[:2], "MSFT": DAYS[:1]}))
    assert [(aim.bar, aim.weights, aim.absent) for aim in aims] == [(start(DAYS[1]), (("AAPL", 0.5),), ("MSFT",))]
    assert not any(troubles)


def test_a_day_that_the_vendor_has_not_made_yet_is_waited_for() -> None:
    for stored in (
        Stored({"AAPL": DAYS[:2], "MSFT": DAYS[:1]}, {"MSFT"}),  # it did trade
        Stored({"AAPL": DAYS[:2], "MSFT": DAYS[:1]}, complete=False),  # nobody knows whether it did
        Stored({"AAPL": DAYS[:1], "MSFT": DAYS[:1]}),  # nobody has the day
    ):
        aims, troubles = told(stored)
        assert aims == []
        assert "The bar of 2026-11-19" in troubles[0]


def test_what_did_not_trade_keeps_what_is_held_of_it_and_that_is_told() -> None:
    async def story(desk: Desk) -> None:
        one = await targets.running(desk)
        await targets.aims(desk, 1, AAPL=0.5, MSFT=0.5)
        await targets.settles(desk)
        desk.fills()
        await targets.settles(desk)
        closes = tuple((symbol, 100.0) for symbol in ("AAPL", "MSFT", "NVDA"))
        await desk.runs._raised(
            Aim(one.id, 2 * targets.DAY, (("AAPL", 0.2), ("NVDA", 0.3)), closes, desk.moment[0], ("MSFT",))
        )
        for _ in range(2):  # the sale, and what is bought after it
            await targets.settles(desk)
            desk.fills()
        assert dict(desk.service.figures(one).held) == {"AAPL": 20, "MSFT": 50, "NVDA": 30}
        assert (targets.the(desk, "MSFT").fate, STOOD_STILL in targets.the(desk, "MSFT").reason) == (Fate.NOTHING, True)
        assert ("MSFT", Side.SELL, 50) not in targets.trades(desk)

    targets.rotating(story)
