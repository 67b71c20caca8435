"""Averages: stored bars first, a vendor for the rest, splits only where a price jumped, and all of it anew on another day."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from qv_desktop.domain.errors import DatabaseDown, FeedDown
from qv_desktop.domain.market import NEW_YORK, SECOND, Action, Bar, Snapshot, Timeframe, ns
from qv_desktop.domain.norms import Norms
from qv_desktop.services import averages as room
from qv_desktop.services.averages import Averages, previous_close
from qv_desktop.services.clock import Clock
from qv_desktop.services.daily_bars import DailyBars

START = datetime(2026, 11, 20, 15, tzinfo=UTC)


def midnight(days_ago: int) -> datetime:
    day = START.astimezone(NEW_YORK).date() - timedelta(days=days_ago)
    return datetime.combine(day, datetime.min.time(), NEW_YORK)


def days(symbol: str, newest: int, oldest: int, price: float = 100.0) -> list[Bar]:
    return [
        Bar(symbol, ns(midnight(ago)), price, price + 1, price - 1, price, 1000.0)
        for ago in range(oldest, newest - 1, -1)
    ]


@dataclass
class Vendor:
    """Answers for every symbol it has, and remembers what it was asked."""

    name: str = "vendor"
    bars: dict[str, list[Bar]] = field(default_factory=dict)
    splits: dict[str, list[Action]] = field(default_factory=dict)
    asked: list[tuple[tuple[str, ...], date]] = field(default_factory=list)  # symbols, first day
    actions_asked: list[str] = field(default_factory=list)
    down: bool = False

    async def daily(self, symbols: Sequence[str], start: datetime, end: datetime) -> dict[str, list[Bar]]:
        self._answer()
        self.asked.append((tuple(symbols), start.date()))
        return {s: [bar for bar in self.bars[s] if bar.start >= ns(start)] for s in symbols if s in self.bars}

    async def actions(self, symbol: str) -> list[Action]:
        self._answer()
        self.actions_asked.append(symbol)
        return self.splits.get(symbol, [])

    def _answer(self) -> None:
        if self.down:
            raise FeedDown(f"{self.name} is away")


@dataclass
class Store:
    """Bars and actions in memory."""

    kept: dict[tuple[str, int], Bar] = field(default_factory=dict)
    known_actions: dict[str, tuple[datetime, list[Action]]] = field(default_factory=dict)
    down: bool = False

    async def of_many(
        self, symbols: Sequence[str], frame: Timeframe, start: datetime, end: datetime
    ) -> dict[str, list[Bar]]:
        self._answer()
        inside = [self.kept[key] for key in sorted(self.kept) if key[0] in symbols and ns(start) <= key[1] < ns(end)]
        return {
            s: [bar for bar in inside if bar.symbol == s] for s in symbols if any(bar.symbol == s for bar in inside)
        }

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        self._answer()
        self.kept |= {(bar.symbol, bar.start): bar for bar in bars}
        return len(bars)

    async def actions(self, symbol: str) -> tuple[datetime | None, list[Action]]:
        self._answer()
        return self.known_actions.get(symbol, (None, []))

    async def save_actions(self, symbol: str, actions: Sequence[Action], asked_at: datetime) -> None:
        self._answer()
        self.known_actions[symbol] = (asked_at, list(actions))

    def _answer(self) -> None:
        if self.down:
            raise DatabaseDown("away")


class Time:
    """A wall that a test moves."""

    def __init__(self) -> None:
        self.ns = ns(START)

    def __call__(self) -> int:
        return self.ns


@dataclass
class World:
    vendors: list[Vendor]
    store: Store = field(default_factory=Store)
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        clock = Clock(wall_ns=self.time)
        self.averages = Averages(DailyBars(self.vendors, self.store, self.store, clock.now), clock)

    def fill(self, *symbols: str) -> None:
        self.averages.want(symbols)
        asyncio.run(self.averages.fill())


def test_norms_come_from_the_vendors_bars_which_are_then_stored() -> None:
    vendor = Vendor(bars={"AAPL": days("AAPL", 0, 379)})
    world = World([vendor])
    assert world.averages.of("AAPL") == Norms()
    world.fill("AAPL", "NONE")
    assert world.averages.of("AAPL") == Norms(1000.0, 2.0, 101.0, 99.0, 101.0, 99.0, 100.0, price_test=False)
    assert world.averages.of("NONE") == Norms()
    assert ("AAPL", ns(midnight(1))) in world.store.kept
    assert ("AAPL", ns(midnight(0))) not in world.store.kept  # today's bar still grows
    assert (world.averages.waiting, len(vendor.asked)) == (0, 1)


def test_what_is_known_or_was_asked_for_in_vain_is_not_asked_again_today() -> None:
    vendor = Vendor(bars={"AAPL": days("AAPL", 1, 30)})
    world = World([vendor])
    world.fill("AAPL", "NONE")
    world.fill("NONE", "AAPL")
    assert len(vendor.asked) == 1


def test_of_what_is_stored_only_the_newest_days_are_asked_for() -> None:
    vendor = Vendor(bars={"AAPL": days("AAPL", 1, 379, 120.0), "MSFT": days("MSFT", 1, 379)})
    world = World([vendor])
    asyncio.run(world.store.save(room_day(), days("AAPL", 3, 370), "stream"))
    world.fill("AAPL", "MSFT")
    assert vendor.asked == [(("MSFT",), midnight(380).date()), (("AAPL",), midnight(8).date())]
    found = world.averages.of("AAPL")
    assert (found.previous_close, found.high20, found.low20) == (120.0, 121.0, 99.0)


def room_day() -> Timeframe:
    return Timeframe(1, "D")


def test_another_day_forgets_everything_and_asks_again() -> None:
    vendor = Vendor(bars={"AAPL": days("AAPL", 0, 300)})
    world = World([vendor])
    world.fill("AAPL")
    world.time.ns += 86_400 * SECOND
    assert world.averages.of("AAPL") == Norms()
    world.fill("AAPL")
    assert world.averages.of("AAPL").previous_close == 100.0
    assert len(vendor.asked) == 2


def test_the_next_vendor_answers_when_the_first_does_not_and_the_database_may_be_away() -> None:
    world = World([Vendor(down=True), Vendor(bars={"AAPL": days("AAPL", 1, 30)})], Store(down=True))
    world.fill("AAPL")
    assert world.averages.of("AAPL").volume20 == 1000.0


def test_when_nobody_answers_it_stays_wanted_and_is_got_later() -> None:
    vendor = Vendor(bars={"AAPL": days("AAPL", 1, 30)}, down=True)
    world = World([vendor])
    with pytest.raises(FeedDown, match="away"):
        world.fill("AAPL")
    assert world.averages.waiting == 1
    vendor.down = False
    asyncio.run(world.averages.fill())
    assert world.averages.of("AAPL").volume20 == 1000.0


def test_only_a_symbol_whose_price_jumped_is_asked_for_splits() -> None:
    halves = [*days("AAPL", 11, 300, 200.0), *days("AAPL", 1, 10)]
    split = Action("AAPL", midnight(10).date(), "split", 2.0)
    vendor = Vendor(bars={"AAPL": halves, "MSFT": days("MSFT", 1, 300)}, splits={"AAPL": [split]})
    world = World([vendor])
    world.fill("AAPL", "MSFT")
    assert vendor.actions_asked == ["AAPL"]
    found = world.averages.of("AAPL")
    assert (found.high52, found.doubtful) == (101.0, False)
    assert world.store.known_actions["AAPL"][1] == [split]


def test_the_close_before_is_in_todays_shares_and_unknown_until_a_jump_is_explained() -> None:
    vendor = Vendor(bars={"AAPL": days("AAPL", 1, 300)}, splits={"AAPL": [Action("AAPL", START.date(), "split", 4.0)]})
    world = World([vendor])
    world.fill("AAPL")
    told = Snapshot("AAPL", 25.5, previous_close=100.0)
    assert previous_close(replace(told, last=99.0), world.averages) == 100.0
    assert previous_close(replace(told, last=None), world.averages) == 100.0
    assert previous_close(told, world.averages) is None
    vendor.down = True
    with pytest.raises(FeedDown):
        asyncio.run(world.averages.fill())
    assert previous_close(told, world.averages) is None
    vendor.down = False
    asyncio.run(world.averages.fill())
    assert previous_close(told, world.averages) == 25.0


def test_a_doubt_is_settled_once_and_stored_actions_are_believed() -> None:
    vendor = Vendor(bars={"AAPL": days("AAPL", 1, 300)})
    world = World([vendor])
    world.fill("AAPL")
    world.store.known_actions["AAPL"] = (START, [Action("AAPL", START.date(), "split", 4.0)])
    assert world.averages.doubt("AAPL")
    asyncio.run(world.averages.fill())
    assert not world.averages.doubt("AAPL")
    assert not world.averages.doubt("NEVER")
    asyncio.run(world.averages.fill())
    assert (world.averages.of("AAPL").previous_close, world.averages.of("AAPL").split_today) == (25.0, 4.0)
    assert vendor.actions_asked == []
    assert len(vendor.asked) == 2


def test_many_symbols_are_asked_for_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PORTION", 2)
    vendor = Vendor(bars={name: days(name, 1, 30) for name in "ABCDE"})
    world = World([vendor])
    world.fill(*"ABCDE")
    assert [symbols for symbols, _ in vendor.asked] == [("A", "B"), ("C", "D"), ("E",)]


async def until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0)


def test_it_runs_in_the_background_and_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "AGAIN", 0.0)
    vendor = Vendor(bars={"AAPL": days("AAPL", 1, 30)}, down=True)
    world = World([vendor])

    async def story() -> None:
        running = asyncio.create_task(world.averages.run())
        world.averages.want(["AAPL"])
        await until(lambda: bool(world.averages.trouble))
        vendor.down = False
        await until(lambda: world.averages.of("AAPL") != Norms() and not world.averages.trouble)
        running.cancel()

    asyncio.run(asyncio.wait_for(story(), 30))
