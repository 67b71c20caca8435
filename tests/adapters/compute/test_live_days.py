"""Bars of days, and weights over a universe, through the live path: what is told is what a backtest of the same bars says."""

import asyncio
import random
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute.live_signals import LiveSignals, read_weights
from qv_desktop.adapters.compute.pool import BacktestPool, columns_of
from qv_desktop.adapters.compute.weighing import Weigh, serve
from qv_desktop.domain.backtests import BacktestSpec, RunData
from qv_desktop.domain.deployments import DAY, Bounds, Deployment, Terms
from qv_desktop.domain.events import BarsClosed
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe, bar_start, merged, ns, timeframe, utc
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.signals import Kind, Raised
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.targets import Aim, Row, Weights
from qv_desktop.services.history import Loaded
from qv_desktop.services.signal_bars import MINUTE
from qv_desktop.services.signal_times import EARLY
from qv_desktop.services.signals import Signals
from qv_desktop.strategies.built_in import built_in
from tests.adapters.compute.test_live_signals import FLAGGED, Inside, knobs

FIRST = date(2026, 3, 2)
DAYS, LIVE = 430, 60  # sessions, and the last of them that are lived through
UNIVERSE = ("AAPL", "MSFT", "NVDA", "SPY")
ROTATION = next(one for one in built_in(datetime(2026, 1, 1, tzinfo=UTC)) if one.name == "momentum_rotation")
TURNING = {"top": 2.0, "lookback": 10.0, "skip": 2.0, "every": 5.0, "only_rising": 1.0}


def a_session(day: date) -> MarketSession:
    """09:30 to 16:00, and to 13:00 on the last Friday of a month."""
    early = day.weekday() == 4 and (day + timedelta(days=7)).month != day.month
    at = [
        datetime.combine(day, hour, NEW_YORK).astimezone(UTC)
        for hour in (time(4), time(9, 30), time(13 if early else 16), time(20))
    ]
    return MarketSession(day, *at)


@dataclass
class Days:
    """Every weekday but a few holidays."""

    sessions: list[MarketSession] = field(default_factory=list)

    def __post_init__(self) -> None:
        day = FIRST
        while len(self.sessions) < DAYS + 3:
            if day.weekday() < 5 and day.toordinal() % 37:
                self.sessions.append(a_session(day))
            day += timedelta(days=1)
        self.known, self.sessions = self.sessions, self.sessions[:DAYS]  # the calendar knows some days that are to come

    def on(self, day: date) -> MarketSession | None:
        return next((one for one in self.known if one.day == day), None)

    def after(self, day: date) -> MarketSession | None:
        return next((one for one in self.known if one.day > day), None)

    def before(self, day: date) -> MarketSession | None:
        return next((one for one in reversed(self.known) if one.day < day), None)


CALENDAR = Days()


def daily(symbol: str, seed: int) -> list[Bar]:
    chance, price, out = random.Random(seed), 100.0, list[Bar]()
    for session in CALENDAR.sessions:
        opened = price * (1 + chance.gauss(0, 0.004))
        price = max(20.0, opened * (1 + chance.gauss(0.0002, 0.015)))
        start = bar_start(ns(session.open), DAY)
        out.append(
            Bar(symbol, start, opened, max(opened, price) * 1.004, min(opened, price) * 0.996, price, 1e6, 100, price)
        )
    return out


@dataclass
class Vendor:
    """Daily bars as a vendor has them: that of today while it grows, and what ``lacks`` names not yet."""

    bars: dict[str, list[Bar]]
    now: Callable[[], datetime]
    lacks: set[tuple[str, int]] = field(default_factory=set)
    other: dict[tuple[str, int], Bar] = field(default_factory=dict)  # bars as they were before a correction

    async def load(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, adjustment: str = "split"
    ) -> Loaded:
        if frame == MINUTE:  # it traded on each of its days, also on one whose bar is late
            traded = [bar for bar in self.bars[symbol] if bar.start == bar_start(ns(start), DAY)]
            return Loaded([replace(bar, start=ns(start)) for bar in traded], True, "")
        known = [self.other.get((symbol, bar.start), bar) for bar in self.bars[symbol]
                 if ns(start) <= bar.start < min(ns(end), ns(self.now())) and (symbol, bar.start) not in self.lacks]  # fmt: skip
        return Loaded(known, True, "")

    async def newest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> list[Bar]:
        return (await self.load(symbol, frame, datetime(2000, 1, 1, tzinfo=UTC), until)).bars[-count:]


class Weighing(Inside):
    """Evaluates in this process by the code that the worker runs."""

    async def weights(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Mapping[str, Sequence[Bar]], *, shorts: bool
    ) -> Weights:
        """As ``LiveSignals`` has them."""
        columns = [columns_of(one) for one in bars.values()]
        request = Weigh("r", strategy.source, dict(parameters), list(bars), columns, "both" if shorts else "long")
        return read_weights(list(bars), serve(request, lambda fraction, step: None))


@dataclass
class Path:
    """The live path of one deployment, moved by hand."""

    signals: Signals
    vendor: Vendor
    clock: list[datetime]
    raised: list[Raised]
    aims: list[Aim]
    foreseen: list[tuple[Raised | Aim, int]]
    troubles: list[str]
    taken_back: list[tuple[str, int, str]]
    done: list[int]
    anchor: int

    async def at(self, moment: datetime) -> None:
        """So it is then."""
        self.clock[0] = moment
        self.signals.tick()
        await self.quiet()

    async def quiet(self) -> None:
        for _ in range(60_000):
            if not any(watch.stirred.is_set() for watch in self.signals._watches.values()):
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"it does not come to rest: {self.troubles}")

    async def lives(self, session: MarketSession) -> None:
        """Through a session, with the moments that matter."""
        for moment in (session.open - timedelta(minutes=5), session.open, session.close + timedelta(seconds=6)):
            await self.at(moment)


async def a_path(
    engine: Any, bars: dict[str, list[Bar]], strategy: Strategy, parameters: Mapping[str, float], begins: datetime, *,
    frame: str = "1D", shorts: bool = False, evaluated: int = 0, anchor: int = 0, vendor: Any = None,
) -> Path:  # fmt: skip
    clock, raised, aims = [begins], list[Raised](), list[Aim]()
    foreseen, troubles, back = list[tuple[Raised | Aim, int]](), list[str](), list[tuple[str, int, str]]()
    done = list[int]()
    found = vendor or Vendor(bars, lambda: clock[0])

    async def tell(one: Raised) -> None:
        raised.append(one)

    async def aim(one: Aim) -> None:
        aims.append(one)

    async def taken(deployment: str, symbol: str, bar: int, kind: str) -> None:
        back.append((symbol, bar, kind))

    signals = Signals(found, engine, lambda: clock[0], lambda symbol: 0, tell, lambda of, symbol, why, fatal: troubles.append(why),
                      lambda of, symbol, until: done.append(until), taken, aim=aim, foresee=lambda said, due: foreseen.append((said, due)),
                      calendar=CALENDAR)  # fmt: skip
    terms = Terms(strategy.id, strategy.name, 1, tuple(bars), frame, tuple(parameters.items()), amount=Decimal(1000),
                  bounds=Bounds(shorts=shorts))  # fmt: skip
    first = anchor or await signals.anchor(tuple(bars), timeframe(frame), strategy, parameters)
    signals.watch(Deployment("d", terms, "account", "PAPER", "ann", begins, anchor=first), strategy, evaluated)
    path = Path(signals, found, clock, raised, aims, foreseen, troubles, back, done, first)
    await path.quiet()
    return path


type Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """One loop for all, for the worker's pipes belong to it."""
    with asyncio.Runner() as runner:
        yield runner.run


ENGINE = Weighing()


@pytest.mark.parametrize("strategy", FLAGGED, ids=lambda one: one.name)
def test_days_raise_at_the_next_open_just_what_a_backtest_of_them_flags(run: Run, strategy: Strategy) -> None:
    async def story() -> None:
        bars, lived = {"AAPL": daily("AAPL", 7)}, CALENDAR.sessions[-LIVE:]
        path = await a_path(ENGINE, bars, strategy, knobs(strategy), lived[0].open - timedelta(hours=2))
        anchor = path.anchor
        for session in lived:
            await path.lives(session)
        known = [bar for bar in bars["AAPL"] if bar.start >= anchor]
        flags = await ENGINE.flags(strategy, knobs(strategy), known, shorts=False)
        said = {(one.bar, kind) for one in path.raised for kind in one.kinds}
        asked = {(bar.start, kind) for place, bar in enumerate(known) for kind in flags.at(place)
                 if known[-LIVE - 1].start <= bar.start < known[-1].start}  # fmt: skip
        assert said == asked
        opens = [CALENDAR.after(utc(one.bar).astimezone(NEW_YORK).date()).open for one in path.raised]  # type: ignore[union-attr]
        assert [ns(one.at) for one in path.raised] == [
            ns(at) - EARLY for at in opens
        ]  # in time for the opening auction
        assert not any(one.late or one.missed for one in path.raised)
        assert path.troubles == []
        before = {(one.bar, kind) for one, _ in path.foreseen if isinstance(one, Raised) for kind in one.kinds}
        assert said <= before  # all of it was seen at the close before
        await path.signals.close()

    run(story())


def every(path: Path) -> dict[int, Row]:
    return {aim.bar: aim.weights for aim in path.aims}


async def backtested(bars: dict[str, list[Bar]], anchor: int, since: int, until: int) -> dict[int, Row]:
    known = {symbol: [bar for bar in some if bar.start >= anchor] for symbol, some in bars.items()}
    weights = await ENGINE.weights(ROTATION, TURNING, known, shorts=False)
    return {at: row for place, at in enumerate(weights.at) if since <= at < until and (row := weights.row(place))}


def the_universe() -> dict[str, list[Bar]]:
    return {symbol: daily(symbol, seed) for seed, symbol in enumerate(UNIVERSE)}


def test_a_universe_of_days_is_weighed_at_each_open_just_as_a_backtest_of_the_same_bars_weighs_it(run: Run) -> None:
    async def story() -> None:
        bars, lived = the_universe(), CALENDAR.sessions[-LIVE:]
        path = await a_path(ENGINE, bars, ROTATION, TURNING, lived[0].open - timedelta(hours=2))
        anchor = path.anchor
        for session in lived:
            await path.lives(session)
        spy = bars["SPY"]
        assert every(path) == await backtested(bars, anchor, spy[-LIVE - 1].start, spy[-1].start)
        assert len(path.aims) >= LIVE // 5 - 1
        assert not any(aim.late or aim.missed or aim.absent for aim in path.aims)
        assert path.troubles == []
        assert path.taken_back == []
        await path.signals.close()

    run(story())


def test_the_worker_weighs_as_the_backtest_whose_trades_they_are(run: Run) -> None:
    async def story() -> None:
        worker = LiveSignals(BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 1))
        bars = the_universe()
        short = {symbol: some[-60:] for symbol, some in bars.items()}
        weights = await worker.weights(ROTATION, TURNING, short, shorts=False)
        spec = BacktestSpec(ROTATION.name, 1, UNIVERSE, "1D", FIRST, FIRST, tuple(TURNING.items()))
        result = await worker._pool.run("r", spec, ROTATION, RunData(short), "ann", lambda fraction, step: None)  # type: ignore[attr-defined]
        after = {bar.start: following.start for bar, following in zip(short["SPY"], short["SPY"][1:], strict=False)}
        held, moves = dict[str, float](), set[int]()
        for place, at in enumerate(weights.at):
            row = dict(weights.row(place))
            if row and at in after:
                moves |= {after[at]} if any(bool(row[symbol]) != bool(held.get(symbol)) for symbol in row) else set()
                held.update(row)
        traded = {trade.entered for trade in result.trades} | {trade.left for trade in result.trades if not trade.open}
        assert len(moves) > 4
        assert moves <= traded
        await worker.close()

    run(story())


def test_a_bar_that_is_not_there_by_the_open_is_named_and_waited_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qv_desktop.services.signals.AGAIN", 0.01)

    async def story() -> None:
        bars, (before, session) = the_universe(), CALENDAR.sessions[-2:]
        path = await a_path(ENGINE, bars, ROTATION, TURNING | {"every": 1.0}, before.close - timedelta(hours=2))
        path.vendor.lacks = {("NVDA", bars["NVDA"][-2].start), ("SPY", bars["SPY"][-2].start)}
        path.clock[0] = session.open - timedelta(minutes=4)
        path.signals.tick()
        for _ in range(500):
            if path.troubles:
                break
            await asyncio.sleep(0.01)
        day = before.day.isoformat()
        assert path.troubles == [
            f"The bar of {day} of NVDA is not there yet. The bar of {day} of SPY is not there yet."
        ]
        path.clock[0] = session.open + timedelta(minutes=1)
        path.signals.tick()
        await asyncio.sleep(0.05)
        assert path.aims == []
        path.vendor.lacks = set()
        await path.quiet()
        assert [(aim.bar, aim.late) for aim in path.aims] == [(bars["SPY"][-2].start, "")]
        assert path.troubles[-1] == ""
        await path.signals.close()

    run(story())


def test_who_comes_back_before_or_shortly_after_the_open_misses_nothing_and_later_is_told(run: Run) -> None:
    async def story() -> None:
        bars, (before, session) = the_universe(), CALENDAR.sessions[-2:]
        spy = bars["SPY"]
        every_day = TURNING | {"every": 1.0}
        for later, late in ((-30, ""), (10, ""), (45, "did not run")):
            begins = session.open + timedelta(minutes=later)
            path = await a_path(
                ENGINE, bars, ROTATION, every_day, begins, evaluated=ns(before.open), anchor=spy[-200].start
            )
            await path.at(max(begins, session.open))
            (aim,) = path.aims
            assert (aim.bar, aim.missed) == (spy[-2].start, bool(late))
            assert late in aim.late
            assert path.done[-1] == ns(session.open)
            again = await a_path(ENGINE, bars, ROTATION, every_day, begins + timedelta(hours=1), evaluated=path.done[-1],
                                 anchor=spy[-200].start)  # fmt: skip
            assert again.aims == []  # it is never told twice
            await path.signals.close()
            await again.signals.close()

    run(story())


def test_what_the_night_corrected_is_what_trades_and_not_what_was_foreseen(run: Run) -> None:
    async def story() -> None:
        bars, (before, session) = the_universe(), CALENDAR.sessions[-2:]
        every_day = TURNING | {"every": 1.0, "skip": 0.0}
        path = await a_path(ENGINE, bars, ROTATION, every_day, before.open + timedelta(hours=1))
        wrong = {("MSFT", bars["MSFT"][-2].start): replace(bars["MSFT"][-2], close=bars["MSFT"][-2].close * 3)}
        path.vendor.other = wrong
        await path.at(before.close + timedelta(seconds=6))
        first = path.foreseen[-1][0]
        assert isinstance(first, Aim)
        assert dict(first.weights)["MSFT"] == 0.5
        path.vendor.other = {}
        await path.at(session.open - timedelta(minutes=5))
        await path.at(session.open)
        (aim,) = path.aims
        right = await ENGINE.weights(
            ROTATION, every_day, {symbol: [bar for bar in some if bar.start >= path.anchor][:-1]
                                  for symbol, some in bars.items()}, shorts=False)  # fmt: skip
        assert aim.weights == right.row(len(right.at) - 1) != first.weights
        await path.signals.close()

    run(story())


def test_without_the_exchanges_calendar_nothing_is_said_and_that_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qv_desktop.services.signals.AGAIN", 0.01)

    async def story() -> None:
        bars, session = the_universe(), CALENDAR.sessions[-3]
        path = await a_path(ENGINE, bars, ROTATION, TURNING | {"every": 1.0}, session.close - timedelta(hours=2))
        known, CALENDAR.known = CALENDAR.known, CALENDAR.known[: DAYS - 2]
        try:
            path.clock[0] = session.close + timedelta(seconds=6)
            path.signals.tick()
            for _ in range(500):
                if path.troubles:
                    break
                await asyncio.sleep(0.01)
        finally:
            CALENDAR.known = known
        assert "calendar is not known" in path.troubles[0]
        await path.quiet()
        assert path.troubles[-1] == ""
        await path.signals.close()

    run(story())


# ---- minutes of a universe

OPEN = CALENDAR.sessions[-1].open


def minutes(symbol: str, seed: int, *, holes: bool) -> list[Bar]:
    chance, price, out = random.Random(seed), 100.0, list[Bar]()
    for place in range(-400, 90):
        price = max(50.0, price + chance.gauss(0, 0.2))
        if not (holes and place > 0 and chance.random() < 0.15):
            out.append(
                Bar(symbol, ns(OPEN) + place * 60 * SECOND, price, price + 0.1, price - 0.1, price, 100.0, 5, price)
            )
    return out


@dataclass
class Minutes(Vendor):
    """History of minutes that have ended."""

    async def load(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, adjustment: str = "split"
    ) -> Loaded:
        known = [bar for bar in self.bars[symbol] if bar.start + 60 * SECOND <= ns(self.now())]
        whole = known if frame == MINUTE else merged(known, frame)
        return Loaded([bar for bar in whole if ns(start) <= bar.start < ns(end)], True, "")


@pytest.mark.parametrize("frame", ["1m", "5m"])
def test_minutes_of_a_universe_are_weighed_once_all_are_there_or_cannot_come_any_more(run: Run, frame: str) -> None:
    async def story() -> None:
        bars = {symbol: minutes(symbol, seed, holes=symbol != "SPY") for seed, symbol in enumerate(UNIVERSE)}
        clock = [OPEN]
        path = await a_path(ENGINE, bars, ROTATION, TURNING, OPEN, frame=frame, vendor=Minutes(bars, lambda: clock[0]))
        path.clock = clock
        path.signals._now = lambda: clock[0]
        path.signals._telling._now = lambda: clock[0]
        starts = sorted({bar.start for some in bars.values() for bar in some if bar.start >= ns(OPEN)})
        for start in starts:
            for some in bars.values():
                if fresh := tuple(bar for bar in some if bar.start == start):
                    clock[0] = utc(start) + timedelta(seconds=60.5)
                    path.signals.hear(BarsClosed(MINUTE, fresh))
                    await path.quiet()
            await path.at(utc(start) + timedelta(seconds=66))
        anchor = path.anchor
        whole = {
            symbol: merged([bar for bar in some if bar.start >= anchor], timeframe(frame))
            for symbol, some in bars.items()
        }
        weights = await ENGINE.weights(ROTATION, TURNING, whole, shorts=False)
        length = timeframe(frame).seconds * SECOND
        asked = {
            at: row for place, at in enumerate(weights.at) if at + length > ns(OPEN) and (row := weights.row(place))
        }
        assert every(path) == asked
        assert len(asked) >= (15 if frame == "1m" else 3)
        assert not any(aim.late for aim in path.aims)
        assert frame != "1m" or any(aim.absent for aim in path.aims)
        await path.signals.close()

    run(story())


def test_a_universe_with_a_symbol_that_has_no_bars_does_not_begin(run: Run) -> None:
    async def story() -> None:
        bars = the_universe() | {"GONE": []}
        with pytest.raises(Exception, match="no 1D bars of GONE"):
            await a_path(ENGINE, bars, ROTATION, TURNING, OPEN)

    run(story())


def test_what_is_said_of_a_bar_that_flags_and_weighs_is_told_apart() -> None:
    assert ROTATION.weighs
    assert not any(one.weighs for one in FLAGGED)
    assert Kind.TARGET not in {kind for kind in Kind if kind.value in ("entry", "exit", "short entry", "short exit")}
