"""Bars of a day come one by one through the live path; what is raised is what a backtest's flags say of the same bars."""

import asyncio
import math
import random
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute.evaluating import Evaluate, serve
from qv_desktop.adapters.compute.live_signals import LiveSignals
from qv_desktop.adapters.compute.pool import BacktestPool, columns_of
from qv_desktop.domain.backtests import BacktestSpec, RunData
from qv_desktop.domain.deployments import Bounds, Deployment, Terms
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.events import BarsAmended, BarsClosed
from qv_desktop.domain.market import SECOND, Bar, Timeframe, merged, ns, timeframe, utc
from qv_desktop.domain.signals import Flags, Kind, Raised
from qv_desktop.domain.strategies import Parameter, Strategy
from qv_desktop.services.history import Loaded
from qv_desktop.services.signal_bars import MINUTE
from qv_desktop.services.signals import Evaluator, Signals
from qv_desktop.strategies.built_in import built_in

OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
BEFORE, DAY = 400, 390  # minutes
QUICK = {
    "sma_cross": {"fast": 3, "slow": 8}, "rsi_reversion": {"period": 5, "buy_below": 45, "sell_above": 55},
    "breakout": {"entry": 6, "exit": 4}, "bollinger": {"window": 8, "period": 8}, "macd": {"fast": 4, "slow": 9, "signal": 3},
}  # fmt: skip
USER = '''
import numpy as np

TITLE = "Two closes"
PARAMS = (Parameter("run", 2, 1, 10),)


def signals(bars, params):
    """Buy after so many rising closes, and go short after so many falling ones."""
    rises = np.concatenate(([False], np.diff(bars.close) > 0))
    falls = np.concatenate(([False], np.diff(bars.close) < 0))
    count = int(params["run"])
    up, down = rises.copy(), falls.copy()
    for back in range(1, count):
        up[back:] &= rises[:-back]
        down[back:] &= falls[:-back]
    return up, down, down, up
'''


def minutes(count: int = BEFORE + DAY, holes: bool = False) -> list[Bar]:
    """Minutes of a walk that turns often, up to the close of a day; ``holes``: some do not trade."""
    chance, price, out = random.Random(7), 100.0, list[Bar]()
    first = ns(OPEN) - BEFORE * 60 * SECOND
    for place in range(count):
        before, price = price, max(50.0, price + chance.gauss(0, 0.2) + 0.1 * math.sin(place / 6))
        if holes and place > BEFORE and chance.random() < 0.1:
            continue
        high, low = max(before, price) + 0.05, min(before, price) - 0.05
        out.append(Bar("AAPL", first + place * 60 * SECOND, before, high, low, price, 100.0 + place % 7, 5, price))
    return out


@dataclass
class Stored:
    """History that knows the bars that have ended, and at times does not answer."""

    minutes: list[Bar]
    now: Callable[[], datetime]
    down: bool = False
    lacks: set[int] = field(default_factory=set)  # starts of minutes that it does not have yet
    asked: int = 0

    async def load(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, adjustment: str = "split"
    ) -> Loaded:
        self.asked += 1
        if self.down:
            raise FeedDown("No vendor answers.")
        known = [
            bar for bar in self.minutes if bar.start + 60 * SECOND <= ns(self.now()) and bar.start not in self.lacks
        ]
        whole = known if frame == MINUTE else merged(known, frame)
        return Loaded([bar for bar in whole if ns(start) <= bar.start < ns(end)], True, "")

    async def newest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> list[Bar]:
        return (await self.load(symbol, frame, datetime(2000, 1, 1, tzinfo=UTC), until)).bars[-count:]


@dataclass
class LivePath:
    """The live path of one deployment, fed by hand."""

    signals: Signals
    stored: Stored
    clock: list[datetime]
    raised: list[Raised]
    troubles: list[tuple[str, bool]]
    done: list[int]
    heard_since: list[int | None]
    anchor: int

    def known(self) -> list[Bar]:
        """Minutes since the anchor that have ended."""
        return [
            bar
            for bar in self.stored.minutes
            if self.anchor <= bar.start and bar.start + 60 * SECOND <= ns(self.clock[0])
        ]

    async def feed(self, minute: Bar, wait: bool = True) -> None:
        """A minute that the stream has completed, half a second after its end."""
        self.clock[0] = utc(minute.start) + timedelta(seconds=60.5)
        self.signals.hear(BarsClosed(MINUTE, (minute,)))
        if wait:
            await self.quiet()

    async def quiet(self) -> None:
        for _ in range(60_000):
            if not any(watch.stirred.is_set() for watch in self.signals._watches.values()):
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"it does not come to rest: {self.troubles}")


def a_deployment(strategy: Strategy, frame: str, parameters: dict[str, float], *, shorts: bool) -> Deployment:
    terms = Terms(strategy.id, strategy.name, 1, ("AAPL",), frame, tuple(parameters.items()), amount=Decimal(1000),
                  bounds=Bounds(shorts=shorts))  # fmt: skip
    return Deployment("d-1", terms, "account", "PAPER", "ann", OPEN)


async def a_path(
    engine: Evaluator, bars: list[Bar], strategy: Strategy, frame: str, parameters: dict[str, float], begins: datetime = OPEN,
    *, shorts: bool = False, missed_since: int = 0,
) -> LivePath:  # fmt: skip
    clock, raised, troubles, done = [begins], list[Raised](), list[tuple[str, bool]](), list[int]()
    stored, heard = Stored(bars, lambda: clock[0]), list[int | None]([0])

    async def tell(one: Raised) -> None:
        raised.append(one)

    signals = Signals(stored, engine, lambda: clock[0], lambda symbol: heard[0], tell,
                      lambda deployment, symbol, why, fatal: troubles.append((why, fatal)),
                      lambda deployment, symbol, until: done.append(until))  # fmt: skip
    deployment = a_deployment(strategy, frame, parameters, shorts=shorts)
    anchor = await signals.anchor(("AAPL",), timeframe(frame), strategy, parameters)
    signals.watch(replace(deployment, anchor=anchor), strategy, missed_since)
    path = LivePath(signals, stored, clock, raised, troubles, done, heard, anchor)
    await path.quiet()
    return path


def every(path: LivePath) -> set[tuple[int, Kind]]:
    return {(one.bar, kind) for one in path.raised for kind in one.kinds}


async def backtested(engine: Evaluator, strategy: Strategy, parameters: dict[str, float], bars: Sequence[Bar], since: int,
                     *, shorts: bool = False) -> set[tuple[int, Kind]]:  # fmt: skip
    """The flags of a backtest over all of the bars at once."""
    flags = await engine.flags(strategy, parameters, bars, shorts=shorts)
    return {(bar.start, kind) for place, bar in enumerate(bars) if bar.start >= since for kind in flags.at(place)}


def user() -> Strategy:
    return Strategy(
        "u", "two_closes", "Two closes", 1, (Parameter("run", 2, 1, 10),), _importing(USER), "h", "ann", OPEN
    )


def _importing(source: str) -> str:
    return f"from qv_desktop.domain.strategies import Parameter\n{source}"


FLAGGED = [one for one in built_in(OPEN) if "def signals" in one.source]


def knobs(strategy: Strategy) -> dict[str, float]:
    quick = QUICK.get(strategy.name, {})
    return {p.name: min(max(quick.get(p.name, p.default), p.low), p.high) for p in strategy.parameters}


type Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """One loop for all, for the worker's pipes belong to it."""
    with asyncio.Runner() as runner:
        yield runner.run


class Inside:
    """Evaluates in this process by the code that the worker runs: thousands of forks would take minutes."""

    def warm(self) -> None:
        """Nothing to start."""

    async def flags(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Sequence[Bar], *, shorts: bool
    ) -> Flags:
        """As ``LiveSignals`` has them."""
        request = Evaluate("r", strategy.source, dict(parameters), columns_of(bars), "both" if shorts else "long")
        return Flags(tuple(tuple(map(bool, row)) for row in serve(request, lambda fraction, step: None).flags))


@pytest.fixture
def engine() -> Inside:
    """Quick."""
    return Inside()


@pytest.fixture
def worker(run: Run) -> Iterator[LiveSignals]:
    """A real worker process."""
    engine = LiveSignals(BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 1))
    yield engine
    run(engine.close())


@pytest.mark.parametrize("frame", ["1m", "5m", "1h"])
@pytest.mark.parametrize("strategy", [*FLAGGED, user()], ids=lambda one: one.name)
def test_a_day_of_bars_raises_live_just_what_a_backtest_of_them_flags(
    run: Run, engine: Inside, strategy: Strategy, frame: str
) -> None:
    async def story() -> None:
        bars, parameters, shorts = minutes(holes=frame != "1m"), knobs(strategy), strategy.name == "two_closes"
        path = await a_path(engine, bars, strategy, frame, parameters, shorts=shorts)
        for minute in bars:
            if minute.start >= ns(OPEN):
                await path.feed(minute)
        path.clock[0] = utc(bars[-1].start - bars[-1].start % (300 * SECOND)) + timedelta(seconds=310)
        path.signals.tick()
        await path.quiet()
        whole = merged([bar for bar in bars if bar.start >= path.anchor], timeframe(frame))
        length = timeframe(frame).seconds * SECOND
        flags = await backtested(engine, strategy, parameters, whole, ns(OPEN) - length + 1, shorts=shorts)
        assert every(path) == flags
        assert len(flags) >= (0 if frame == "1h" else 4)
        assert [one for one in path.raised if one.late] == []
        assert path.troubles == []
        await path.signals.close()

    run(story())


def test_what_the_worker_says_live_is_what_the_trades_of_its_backtest_come_from(run: Run, worker: LiveSignals) -> None:
    async def story() -> None:
        strategy, bars = next(one for one in FLAGGED if one.name == "sma_cross"), minutes(BEFORE + 60)
        path = await a_path(worker, bars, strategy, "1m", knobs(strategy))
        for minute in bars:
            if minute.start >= ns(OPEN):
                await path.feed(minute)
        spec = BacktestSpec(strategy.name, 1, ("AAPL",), "1m", OPEN.date(), OPEN.date(), tuple(knobs(strategy).items()))
        pool = cast(BacktestPool, worker._pool)
        result = await pool.run("r", spec, strategy, RunData({"AAPL": bars}), "ann", lambda fraction, step: None)
        bar = 60 * SECOND  # what is said of one bar trades at the open of the next
        bought = [t.entered - bar for t in result.trades if t.entered - bar >= ns(OPEN)]
        sold = [t.left - bar for t in result.trades[:-1] if t.left - bar >= ns(OPEN)]
        said = every(path)
        assert len(bought) > 2
        assert {(at, Kind.ENTRY) for at in bought} <= said
        assert {(at, Kind.EXIT) for at in sold} <= said
        await path.signals.close()

    run(story())


def a_cross() -> tuple[Strategy, dict[str, float]]:
    strategy = next(one for one in FLAGGED if one.name == "sma_cross")
    return strategy, knobs(strategy)


def test_a_gap_is_filled_from_history_and_what_was_said_in_it_is_late(run: Run, engine: Inside) -> None:
    async def story() -> None:
        strategy, parameters = a_cross()
        bars = minutes()
        path = await a_path(engine, bars, strategy, "1m", parameters)
        day = [bar for bar in bars if bar.start >= ns(OPEN)]
        for minute in day[:60]:
            await path.feed(minute)
        gap = {bar.start for bar in day[60:120]}
        path.heard_since[0] = day[120].start  # the stream was away for an hour
        for minute in day[120:]:
            await path.feed(minute)
        flags = await backtested(
            engine, strategy, parameters, [bar for bar in bars if bar.start >= path.anchor], ns(OPEN)
        )
        assert every(path) == flags
        late = {one.bar for one in path.raised if one.late}
        assert late
        assert late == {bar for bar, _ in flags if bar in gap}
        assert not any(one.missed for one in path.raised)
        await path.signals.close()

    run(story())


def test_a_correction_of_an_older_bar_raises_late_what_it_adds_and_repeats_nothing(run: Run, engine: Inside) -> None:
    async def story() -> None:
        strategy, parameters = a_cross()
        bars = minutes()
        path = await a_path(engine, bars, strategy, "1m", parameters)
        day = [bar for bar in bars if bar.start >= ns(OPEN)]
        for minute in day[:100]:
            await path.feed(minute)
        before = len(path.raised)
        wrong = day[80]
        spike = wrong.close + 4
        path.stored.minutes[bars.index(wrong)] = replace(wrong, close=spike, high=spike + 1)
        path.signals.amended(BarsAmended("AAPL", utc(wrong.start), utc(wrong.start) + timedelta(minutes=1)))
        await path.quiet()
        fresh = path.raised[before:]
        assert fresh
        assert all(one.late and not one.missed for one in fresh)
        flags = await backtested(engine, strategy, parameters, path.known(), ns(OPEN))
        assert flags <= every(path)
        path.signals.amended(BarsAmended("AAPL", utc(wrong.start), utc(wrong.start) + timedelta(minutes=1)))
        await path.quiet()
        assert len(path.raised) == before + len(fresh)
        await path.signals.close()

    run(story())


def test_what_closed_while_nobody_was_there_is_told_as_missed(run: Run, engine: Inside) -> None:
    async def story() -> None:
        strategy, parameters = a_cross()
        bars = minutes()
        day = [bar for bar in bars if bar.start >= ns(OPEN)]
        again = utc(day[200].start)
        path = await a_path(engine, bars, strategy, "1m", parameters, again, missed_since=day[100].start)
        missed = set(every(path))
        assert missed
        assert all(one.missed and one.late for one in path.raised)
        for minute in day[200:260]:
            await path.feed(minute)
        flags = await backtested(engine, strategy, parameters, path.known(), day[100].start)
        assert every(path) == flags
        assert {one.bar for one in path.raised if not one.late} == {bar for bar, _ in flags - missed}
        await path.signals.close()

    run(story())


def test_without_an_answer_nothing_is_raised_and_the_reason_is_told_until_there_is_one(
    run: Run, engine: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qv_desktop.services.signals.AGAIN", 0.02)

    async def story() -> None:
        strategy, parameters = a_cross()
        bars = minutes()
        path = await a_path(engine, bars, strategy, "1m", parameters)
        day = [bar for bar in bars if bar.start >= ns(OPEN)]
        path.stored.down, path.heard_since[0] = True, None
        path.signals.amended(BarsAmended("AAPL", OPEN, OPEN + timedelta(minutes=1)))
        for minute in day[:50]:
            await path.feed(minute, wait=False)
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        assert path.raised == []
        assert path.troubles == [("No vendor answers.", False)]
        path.stored.down = False
        await path.quiet()
        assert path.troubles[-1] == ("", False)
        flags = await backtested(engine, strategy, parameters, path.known(), ns(OPEN))
        assert every(path) == flags
        await path.signals.close()

    run(story())


def test_a_strategy_that_fails_is_told_as_its_own_fault(run: Run, engine: Inside) -> None:
    async def story() -> None:
        strategy, parameters = a_cross()
        broken = replace(strategy, source=strategy.source + "\n\ndef signals(bars, params):\n    return 1 / 0, None\n")
        clock, told = [OPEN], list[tuple[str, bool]]()

        async def tell(one: Raised) -> None:
            raise AssertionError("nothing is raised")

        signals = Signals(Stored(minutes(), lambda: clock[0]), engine, lambda: clock[0], lambda symbol: 0, tell,
                          lambda deployment, symbol, why, fatal: told.append((why, fatal)))  # fmt: skip
        signals.watch(a_deployment(broken, "1m", parameters, shorts=False), broken)
        for _ in range(500):
            if told:
                break
            await asyncio.sleep(0.01)
        assert told[0][1]
        assert "ZeroDivisionError" in told[0][0]
        await signals.close()

    run(story())
