"""The tick buffer: batches while the database is there, the disk while it is away, a gap for what neither could take."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.market import SECOND, Bar, Timeframe, Trade, ns
from qv_desktop.services import ticks
from qv_desktop.services.ticks import Ticks, TimedBar

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
ONE_SECOND, MINUTE = Timeframe(1, "s"), Timeframe(1, "m")


@dataclass
class Store:
    """Trades and bars in memory, in the order in which they came; a trade without a price is refused."""

    trades: list[Trade] = field(default_factory=list)
    bars: dict[tuple[str, str, int], Bar] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    down: bool = False
    taking: int | None = None  # calls until it goes down

    def __post_init__(self) -> None:
        self.tick, self.bar = _TickSide(self), _BarSide(self)

    async def asked(self, step: str) -> None:
        await asyncio.sleep(0)
        if self.taking is not None:
            self.down, self.taking = self.taking <= 0, self.taking - 1
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")
        self.steps.append(step)


@dataclass
class _TickSide:
    store: Store

    async def save(self, trades: Sequence[Trade]) -> int:
        await self.store.asked(f"trades {trades[0].id}-{trades[-1].id}")
        if any(trade.price <= 0 for trade in trades):
            raise BadInput("The database refuses these trades.")
        self.store.trades.extend(trades)
        return len(trades)


@dataclass
class _BarSide:
    store: Store

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        await self.store.asked(f"bars {frame}")
        self.store.bars |= {(bar.symbol, str(frame), bar.start): bar for bar in bars}
        return len(bars)


@dataclass
class Spool:
    """Portions in memory; ``room`` is how many fit."""

    room: int = 100
    portions: list[tuple[list[Trade], list[TimedBar]]] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        return sum(len(trades) + len(bars) for trades, bars in self.portions)

    def keep(self, trades: Sequence[Trade], bars: Sequence[TimedBar]) -> bool:
        if len(self.portions) >= self.room:
            return False
        self.portions.append((list(trades), list(bars)))
        return True

    def first(self) -> tuple[list[Trade], list[TimedBar]] | None:
        return self.portions[0] if self.portions else None

    def drop_first(self) -> None:
        del self.portions[0]


@dataclass
class Bench:
    """The buffer with all that it talks to."""

    store: Store = field(default_factory=Store)
    spool: Spool = field(default_factory=Spool)
    gaps: list[tuple[datetime, datetime, tuple[str, ...], str]] = field(default_factory=list)

    def buffer(self) -> Ticks:
        return Ticks(
            self.store.tick, self.store.bar, self.spool, lambda: NOW, "Polygon", lambda *gap: self.gaps.append(gap)
        )  # type: ignore[arg-type]  # only what the buffer asks


def trades(*numbers: int) -> list[Trade]:
    return [Trade("AAPL", ns(NOW) + n * SECOND, 10, 1, str(n)) for n in numbers]


def bar(minute: int, close: float = 10.0) -> Bar:
    return Bar("AAPL", ns(NOW) + minute * 60 * SECOND, 10, 11, 9, close, 100)


def test_what_waits_is_written_in_batches_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "BATCH", 4)
    bench = Bench()

    async def story() -> Ticks:
        buffer = bench.buffer()
        buffer.keep(trades(*range(10)))
        buffer.keep_bars(MINUTE, [bar(0)])
        buffer.keep_bars(ONE_SECOND, [bar(0), bar(1)])
        await buffer.flush()
        return buffer

    buffer = asyncio.run(story())
    assert (buffer.waiting, buffer.stored, buffer.stored_bars) == (0, 10, 3)
    assert bench.store.steps == ["trades 0-3", "bars 1m", "bars 1s", "trades 4-7", "trades 8-9"]


def test_trades_wait_while_the_database_is_away_and_are_written_when_it_returns() -> None:
    bench = Bench(Store(down=True))

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(*range(10)))
        await buffer.flush()
        assert (buffer.waiting, buffer.stored) == (10, 0)
        bench.store.down = False
        await buffer.flush()
        assert (buffer.waiting, buffer.stored, len(bench.store.trades)) == (0, 10, 10)

    asyncio.run(story())


def test_trades_that_a_crash_of_the_server_took_with_it_are_stored_once_more_and_counted_once() -> None:
    bench = Bench()

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(0, 1))
        await buffer.flush()
        bench.store.trades.clear()  # taken, and not yet on the server's disk when it crashed
        bench.store.down = True
        buffer.keep(trades(2))
        await buffer.flush()
        assert buffer.waiting == 3
        bench.store.down = False
        await buffer.flush()
        assert [trade.id for trade in bench.store.trades] == ["0", "1", "2"]
        assert (buffer.waiting, buffer.stored) == (0, 3)

    asyncio.run(story())


def test_what_was_stored_long_before_the_database_went_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "UNSURE", 0.0)
    bench = Bench()

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(0))
        await buffer.flush()
        await asyncio.sleep(0.001)
        bench.store.down = True
        buffer.keep(trades(1))
        await buffer.flush()
        bench.store.down = False
        await buffer.flush()
        assert bench.store.steps == ["trades 0-0", "trades 1-1"]

    asyncio.run(story())


def test_two_flushes_at_once_write_everything_once() -> None:
    bench = Bench()

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(*range(10)))
        both = asyncio.gather(buffer.flush(), buffer.flush())
        await asyncio.sleep(0)
        buffer.keep(trades(10))
        await both
        await buffer.flush()
        assert [trade.id for trade in bench.store.trades] == [*map(str, range(11))]
        assert (buffer.stored, buffer.waiting) == (11, 0)

    asyncio.run(story())


def test_what_is_too_much_goes_to_the_disk_and_returns_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "BATCH", 2)
    monkeypatch.setattr(ticks, "PORTION", 3)
    bench = Bench(Store(down=True))

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(*range(5)))
        buffer.keep_bars(MINUTE, [bar(0, 9.5)])
        await buffer.flush()  # the first two are on their way and stay first
        await buffer.spill()
        buffer.keep(trades(5, 6))
        buffer.keep_bars(MINUTE, [bar(0, 9.75)])
        assert (bench.spool.waiting, buffer.waiting) == (3, 9)
        bench.store.down = False
        await buffer.flush()
        assert [trade.id for trade in bench.store.trades] == [*map(str, range(7))]
        assert (buffer.waiting, buffer.stored, buffer.stored_bars) == (0, 7, 2)

    asyncio.run(story())
    assert [bar.close for bar in bench.store.bars.values()] == [9.75]  # the amended one came last
    assert bench.gaps == []


def test_a_portion_that_is_cut_short_comes_again_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "BATCH", 2)
    bench = Bench(Store(taking=1), Spool(portions=[(trades(*range(6)), [])]))

    async def story() -> Ticks:
        buffer = bench.buffer()
        await buffer.flush()
        assert (buffer.stored, bench.spool.waiting) == (0, 6)
        bench.store.taking, bench.store.down = None, False
        await buffer.written()
        return buffer

    buffer = asyncio.run(story())
    assert (buffer.stored, buffer.waiting) == (6, 0)
    assert bench.store.steps == ["trades 0-1", "trades 0-1", "trades 2-3", "trades 4-5"]


def test_when_the_disk_is_full_too_one_gap_is_told_once_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "PORTION", 2)
    bench = Bench(Store(down=True), Spool(room=1))

    async def story() -> None:
        buffer = bench.buffer()
        await buffer.flush()
        buffer.keep(trades(*range(6)))
        await buffer.flush()
        monkeypatch.setattr(ticks, "BATCH", 2)
        buffer.keep(trades(*range(6, 12)))
        for _ in range(3):
            await buffer.spill()
        assert bench.gaps == []
        bench.store.down = False
        await buffer.flush()
        assert buffer.waiting == 0

    asyncio.run(story())
    assert [trade.id for trade in bench.store.trades] == [*map(str, (0, 1, 2, 3, 4, 5, 6, 7))]
    ((start, end, symbols, reason),) = bench.gaps
    assert (start, symbols) == (NOW + timedelta(seconds=8), ("AAPL",))
    assert NOW + timedelta(seconds=11) < end < NOW + timedelta(seconds=12)
    assert reason.startswith("the database was away since 16:00:00 UTC")


def test_memory_is_bounded_even_when_nothing_is_written_or_spooled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "TOO_MANY", 10)
    monkeypatch.setattr(ticks, "BATCH", 4)
    bench = Bench()

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(*range(15)))
        assert buffer.waiting == 7
        await buffer.flush()

    asyncio.run(story())
    assert [(start, symbols) for start, _, symbols, _ in bench.gaps] == [(NOW, ("AAPL",))]


def test_what_the_database_does_not_take_at_the_end_waits_for_the_next_start() -> None:
    bench = Bench(Store(down=True))

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(*range(5)))
        buffer.keep_bars(ONE_SECOND, [bar(0)])
        await buffer.close()
        assert (bench.spool.waiting, buffer.waiting) == (6, 6)

    async def next_start() -> Ticks:
        buffer = bench.buffer()
        await buffer.written()
        return buffer

    asyncio.run(story())
    bench.store.down = False
    buffer = asyncio.run(next_start())
    assert (buffer.stored, buffer.stored_bars, bench.spool.waiting) == (5, 1, 0)


def test_what_comes_without_end_does_not_keep_anybody_from_hearing_that_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ticks, "PAUSE", 0.001)
    bench = Bench(Store(down=True))

    async def story() -> None:
        buffer = bench.buffer()
        buffer.keep(trades(0))
        written = asyncio.ensure_future(buffer.written())
        for n in range(1, 200):
            buffer.keep(trades(n))
            await asyncio.sleep(0)
        assert not written.done()
        bench.store.down = False
        while not written.done():
            buffer.keep(trades(500))
            await asyncio.sleep(0)
        assert buffer.stored >= 200

    asyncio.run(story())


def test_a_bad_row_holds_up_no_other() -> None:
    bench = Bench()
    good, bad = trades(*range(9)), Trade("AAPL", ns(NOW), 0, 1, "bad")

    async def story() -> Ticks:
        buffer = bench.buffer()
        buffer.keep([*good[:5], bad, *good[5:]])
        await buffer.flush()
        return buffer

    buffer = asyncio.run(story())
    assert bench.store.trades == good
    assert (buffer.stored, buffer.waiting) == (9, 0)


def test_run_writes_and_spills_until_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "INTERVAL", 0.005)
    monkeypatch.setattr(ticks, "PAUSE", 0.005)
    monkeypatch.setattr(ticks, "MOST", 5)
    bench = Bench(Store(down=True))

    async def story() -> None:
        buffer = bench.buffer()
        running = asyncio.create_task(buffer.run())
        await asyncio.sleep(0.01)
        buffer.keep(trades(*range(20)))
        while not bench.spool.waiting:
            buffer.keep(trades(*range(20, 40)))
            await asyncio.sleep(0.005)
        bench.store.down = False
        await buffer.written()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(story())
    assert {trade.id for trade in bench.store.trades} == {*map(str, range(40))}


def test_while_the_database_is_away_little_is_left_to_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "INTERVAL", 0.005)
    monkeypatch.setattr(ticks, "PAUSE", 0.005)
    monkeypatch.setattr(ticks, "AT_RISK", 0.01)
    bench = Bench(Store(down=True))

    async def story() -> None:
        running = asyncio.create_task((buffer := bench.buffer()).run())
        buffer.keep(trades(1))  # waits at the database's door
        await _becomes(lambda: buffer._away is not None)
        buffer.keep(trades(2, 3))
        await _becomes(lambda: bench.spool.waiting == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(asyncio.wait_for(story(), 10))
    assert [trade.id for portion in bench.spool.portions for trade in portion[0]] == ["2", "3"]


def test_a_full_disk_takes_nothing_from_what_memory_still_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(Store(down=True), Spool(room=0))

    async def story() -> Ticks:
        buffer = bench.buffer()
        buffer.keep(trades(1, 2))
        await buffer.spill(must=False)
        bench.store.down = False
        await buffer.flush()
        return buffer

    buffer = asyncio.run(story())
    assert [trade.id for trade in bench.store.trades] == ["1", "2"]
    assert (buffer.waiting, bench.gaps) == (0, [])


async def _becomes(seen: Callable[[], bool]) -> None:
    while not seen():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.005)
