"""The scanner: who matches, who entered, who is told of it once, and that nobody waits for it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import Event, Noticed, ScanMatched, SessionsKnown
from qv_desktop.domain.market import SECOND, Snapshot, ns
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.scans import PRESETS, RuleError, Scan
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services import scanner as room
from qv_desktop.services import turns as turns_room
from qv_desktop.services.clock import Clock
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from qv_desktop.services.saved_scans import SavedScans
from qv_desktop.services.scan_rows import Rows
from qv_desktop.services.scanner import Scanner
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


SESSIONS = (
    MarketSession(date(2026, 11, 20), at(9), at(14, 30), at(21), at(1, day=21)),
    MarketSession(date(2026, 11, 23), at(9, day=23), at(14, 30, 23), at(21, day=23), at(1, day=24)),
)


@dataclass
class Market:
    """Prices that a test sets; only the streamed symbols are here."""

    prices: dict[str, Snapshot] = field(default_factory=dict)

    def snapshot(self, symbol: str) -> Snapshot:
        return self.prices.get(symbol) or Snapshot(symbol)

    def move(self, symbol: str, last: float, volume: float = 1e6, high: float | None = None) -> None:
        self.prices[symbol] = Snapshot(
            symbol, last, 1, 100.0, None, 100.0, high or max(last, 100.0), min(last, 100.0), volume
        )


@dataclass
class Polled:
    """What a vendor's REST told."""

    prices: dict[str, Snapshot] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)
    calm: bool = False

    def want(self, symbols: Sequence[str], calm: bool = False) -> None:
        self.wanted, self.calm = list(symbols), calm

    def snapshot(self, symbol: str) -> Snapshot | None:
        return self.prices.get(symbol)


@dataclass
class Norm:
    """The same norms for everybody, and whose were doubted."""

    norms: Norms = field(default_factory=lambda: Norms(volume20=1e6, previous_close=100.0))
    wanted: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)
    answer_comes: bool = True

    def want(self, symbols: Sequence[str]) -> None:
        self.wanted = list(symbols)

    def of(self, symbol: str) -> Norms:
        return self.norms

    def doubt(self, symbol: str) -> bool:
        self.doubted.append(symbol)
        return self.answer_comes


@dataclass
class Lists:
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.lists

    def symbols(self, name: str) -> tuple[str, ...]:
        return self.lists[name]


@dataclass
class Store:
    scans: dict[str, Scan] = field(default_factory=dict)
    down: bool = False

    async def all(self, user: str) -> list[Scan]:
        return list(self.scans.values())

    async def save(self, user: str, scan: Scan) -> None:
        if self.down:
            raise DatabaseDown("away")
        self.scans[scan.name] = scan

    async def delete(self, user: str, name: str) -> None:
        del self.scans[name]


class Desk:
    """A scanner with plain neighbours, on a wall that a test moves."""

    def __init__(self, *symbols: str, role: Role = Role.TRADER, streamed: Sequence[str] | None = None) -> None:
        self.wall = ns(at(15))
        clock = Clock(wall_ns=lambda: self.wall)
        self.symbols = symbols
        self.events: list[Event] = []
        self.market, self.polled, self.norms, self.lists, self.store = Market(), Polled(), Norm(), Lists(), Store()
        login = Login(Users(a_session(role).user, a_session(role)), Trail(), lambda: NOW, "host")
        login.session = a_session(role)
        self.saved = SavedScans(self.store, login)
        self.notices = Notices(self.events.append, clock.now)
        rows = Rows(self.market, self.polled, self.norms, lambda: symbols if streamed is None else streamed)  # type: ignore[arg-type]
        self.scanner = Scanner(
            rows, self.saved, self.lists, self.notices, self.events.append, clock, lambda: self.symbols  # type: ignore[arg-type]
        )  # fmt: skip
        self.scanner.sessions_known(SessionsKnown(SESSIONS))

    def look(self, seconds: float = 1.0) -> ScanMatched:
        """The newest result of one look; some time passes before the next."""
        asyncio.run(self.scanner.look())
        self.wall += int(seconds * SECOND)
        return next(event for event in reversed(self.events) if isinstance(event, ScanMatched))

    def save(self, scan: Scan) -> None:
        asyncio.run(self.saved.save(scan))

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event.notice.title, event.notice.text) for event in self.events if isinstance(event, Noticed)]


def names(result: ScanMatched) -> list[str]:
    return [match.symbol for match in result.matches]


RISERS = Scan("Risers", "change% > 2")


def test_matches_come_best_first_with_figures_and_reasons() -> None:
    desk = Desk("A", "B", "C", "D")
    for symbol, price in {"A": 103.0, "B": 101.0, "C": 105.0}.items():
        desk.market.move(symbol, price)
    desk.scanner.show(RISERS)
    result = desk.look()
    assert (result.scan, names(result), result.looked_at) == ("Risers", ["C", "A"], 4)
    assert result.matches[0].reasons == ("change +5.00 % > 2 %",)
    assert result.matches[0].values["volume"] == 1e6


def test_no_more_than_the_limit_is_shown() -> None:
    desk = Desk("A", "B", "C")
    for symbol, price in {"A": 103.0, "B": 104.0, "C": 105.0}.items():
        desk.market.move(symbol, price)
    desk.scanner.show(Scan("Two", "change% > 2", limit=2))
    assert names(desk.look()) == ["C", "B"]


def test_newcomers_are_those_that_did_not_match_the_time_before() -> None:
    desk = Desk("A", "B")
    desk.market.move("A", 103.0)
    desk.scanner.show(RISERS)
    assert desk.look().entered == frozenset()
    desk.market.move("B", 104.0)
    assert desk.look().entered == {"B"}
    assert desk.look().entered == frozenset()
    desk.market.move("A", 100.0)
    desk.look()
    desk.market.move("A", 103.0)
    assert desk.look().entered == {"A"}


def test_another_rule_starts_afresh_and_nothing_shown_looks_at_nothing() -> None:
    desk = Desk("A")
    desk.market.move("A", 103.0)
    desk.scanner.show(RISERS)
    desk.look()
    desk.scanner.show(Scan("Risers", "change% > 2.5"))
    assert desk.look().entered == frozenset()
    desk.scanner.show(None)
    before = len(desk.events)
    asyncio.run(desk.scanner.look())
    assert (len(desk.events), desk.norms.wanted, desk.polled.wanted) == (before, [], [])


def test_a_universe_is_a_watchlist_and_a_deleted_one_holds_nothing() -> None:
    desk = Desk("A", "B", "C")
    desk.lists.lists["Mine"] = ("B",)
    for symbol in "ABC":
        desk.market.move(symbol, 103.0)
    desk.scanner.show(Scan("x", "change% > 2", universe="Mine"))
    assert names(desk.look()) == ["B"]
    del desk.lists.lists["Mine"]
    assert (result := desk.look()).matches == ()
    assert result.looked_at == 0


def test_a_scan_that_cannot_run_is_refused_and_the_present_one_goes_on() -> None:
    desk = Desk("A")
    desk.scanner.show(RISERS)
    with pytest.raises(RuleError) as caught:
        desk.scanner.show(Scan("x", "price > 1 and volum > 3"))
    assert caught.value.column == 14
    with pytest.raises(BadInput, match="no watchlist “Gone”"):
        desk.scanner.show(Scan("x", "price > 1", universe="Gone"))
    assert desk.scanner.shown == RISERS


def test_symbols_that_are_not_streamed_are_polled() -> None:
    desk = Desk("A", "B", streamed=["A"])
    desk.market.move("A", 103.0)
    desk.polled.prices["B"] = Snapshot("B", 110.0, 1, 100.0)
    desk.polled.prices["A"] = Snapshot("A", 90.0, 1, 100.0)
    desk.scanner.show(RISERS)
    assert names(desk.look()) == ["B", "A"]
    assert (desk.polled.wanted, desk.polled.calm, desk.norms.wanted) == (["B"], False, ["A", "B"])


def test_at_night_and_on_a_weekend_the_last_session_counts_and_polling_is_calm() -> None:
    desk = Desk("A", streamed=[])
    desk.polled.prices["A"] = Snapshot("A", 103.0, 1, 100.0, day_volume=3e6)
    desk.wall = ns(at(15, day=21))
    desk.scanner.show(Scan("x", "rvol > 2.9 and not regular hours"))
    assert desk.look().matches[0].reasons == ("relative volume 3.0 > 2.9", "not regular hours")
    assert desk.polled.calm


def test_a_new_high_is_known_once_it_was_watched_for_a_minute() -> None:
    desk = Desk("A")
    desk.market.move("A", 103.0)
    desk.scanner.show(Scan("x", "new high"))
    quiet = Scan("y", "not new high")
    assert names(desk.look(30)) == []
    desk.market.move("A", 103.5)
    assert names(desk.look(60)) == ["A"]
    assert names(desk.look(1)) == ["A"]
    desk.scanner.show(quiet)
    assert names(desk.look(1)) == ["A"]


def test_before_a_minute_has_passed_nobody_knows_whether_a_high_is_new() -> None:
    desk = Desk("A")
    desk.market.move("A", 103.0)
    desk.scanner.show(Scan("y", "not new high and not new low"))
    assert names(desk.look(59)) == []
    assert names(desk.look(1)) == []
    assert names(desk.look()) == ["A"]


def test_a_high_that_was_made_while_nobody_looked_is_not_called_new() -> None:
    desk = Desk("A")
    desk.market.move("A", 103.0)
    desk.scanner.show(Scan("x", "new high"))
    desk.look(600)
    desk.market.move("A", 110.0)
    assert names(desk.look()) == []


def test_another_day_starts_the_highs_anew() -> None:
    desk = Desk("A")
    desk.market.move("A", 110.0)
    desk.scanner.show(Scan("x", "new high"))
    desk.look()
    desk.market.move("A", 104.0)
    assert names(desk.look()) == []
    desk.market.move("A", 105.0)
    assert names(desk.look()) == ["A"]


def test_a_price_that_jumped_is_unknown_until_it_is_known_whether_it_was_split() -> None:
    desk = Desk("A", "B")
    desk.market.move("A", 50.0)
    desk.market.move("B", 95.0)
    desk.scanner.show(Scan("Fallers", "change% < -2"))
    assert names(desk.look()) == ["B"]
    assert desk.norms.doubted == ["A"]
    desk.norms.answer_comes = False
    assert names(desk.look()) == ["A", "B"]


def test_a_scan_with_alert_tells_of_each_symbol_once_a_day_though_it_is_not_shown() -> None:
    desk = Desk("A", "B")
    desk.save(Scan("Mine", "change% > 2", alert=True))
    desk.market.move("A", 103.0)
    desk.look()
    assert desk.told == [("Mine: A", "change +3.00 % > 2 %")]
    desk.market.move("A", 100.0)
    desk.look(60)
    desk.market.move("A", 103.0)
    desk.market.move("B", 104.0)
    desk.look(60)
    assert [title for title, _ in desk.told] == ["Mine: A", "Mine: B"]
    desk.wall = ns(at(15, day=23))
    desk.look()
    assert [title for title, _ in desk.told] == ["Mine: A", "Mine: B", "Mine: B", "Mine: A"]


def test_many_newcomers_at_once_are_told_in_one() -> None:
    symbols = [f"S{i:02}" for i in range(14)]
    desk = Desk(*symbols)
    for i, symbol in enumerate(symbols):
        desk.market.move(symbol, 120.0 - i)
    desk.save(Scan("Mine", "change% > 2", alert=True))
    desk.look()
    assert desk.told == [("Mine: 14 symbols", "S00, S01, S02, S03, S04, S05, S06, S07, S08, S09 and 4 more")]


def test_the_shown_scan_and_a_saved_one_that_is_the_same_run_once() -> None:
    desk = Desk("A")
    scan = Scan("Mine", "change% > 2", alert=True)
    desk.save(scan)
    desk.scanner.show(scan)
    desk.look()
    assert len([event for event in desk.events if isinstance(event, ScanMatched)]) == 1


def test_own_scans_come_before_presets_and_may_replace_one() -> None:
    desk = Desk()
    desk.save(Scan(" zebra ", " price > 1 "))
    desk.save(Scan("Gappers", "gap% > 9"))
    assert [scan.name for scan in desk.saved.all] == [
        "Gappers", "zebra", *(preset.name for preset in PRESETS if preset.name != "Gappers")
    ]  # fmt: skip
    assert desk.saved.named("Gappers").rule == "gap% > 9"
    asyncio.run(desk.saved.delete("Gappers"))
    assert desk.saved.named("Gappers") == PRESETS[0]
    with pytest.raises(BadInput, match="not one of your own"):
        asyncio.run(desk.saved.delete("Gappers"))
    with pytest.raises(BadInput, match="There is no scan"):
        desk.saved.named("x")


def test_saved_scans_are_read_again_and_one_that_cannot_be_read_any_more_does_no_harm() -> None:
    desk = Desk("A")
    desk.store.scans = {
        "Old": Scan("Old", "a word of yesterday > 3", alert=True),
        "Mine": Scan("Mine", "price > 1", alert=True),
    }
    asyncio.run(desk.saved.load())
    assert [scan.name for scan in desk.saved.all][:2] == ["Mine", "Old"]
    assert desk.look().scan == "Mine"


def test_a_viewer_saves_and_deletes_nothing() -> None:
    desk = Desk(role=Role.VIEWER)
    for step in (desk.saved.save(RISERS), desk.saved.delete("x")):
        with pytest.raises(NotPermitted, match="market data: change"):
            asyncio.run(step)


def test_what_could_not_be_stored_or_checked_is_not_kept() -> None:
    desk = Desk()
    with pytest.raises(RuleError):
        desk.save(Scan("x", "price >"))
    desk.store.down = True
    with pytest.raises(DatabaseDown):
        desk.save(RISERS)
    assert desk.saved.all == PRESETS


def test_a_large_universe_lets_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a slice of no length it yields at every step: how long one takes is for a benchmark, not for a test."""
    monkeypatch.setattr(turns_room, "SLICE", 0.0)
    symbols = [f"S{i}" for i in range(8000)]
    desk = Desk(*symbols)
    for i, symbol in enumerate(symbols):
        desk.market.move(symbol, 90.0 + i % 20)
    desk.scanner.show(Scan("x", "change% > 2 or rvol > 2", limit=500))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def story() -> None:
        beside = asyncio.create_task(other())
        await desk.scanner.look()
        beside.cancel()

    asyncio.run(story())
    assert turns >= 8000 // turns_room.STEP * 2
    (result,) = (event for event in desk.events if isinstance(event, ScanMatched))
    assert (len(result.matches), result.looked_at) == (500, 8000)


def test_it_looks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "EVERY", 0.0)
    desk = Desk("A")
    desk.scanner.show(RISERS)

    async def story() -> None:
        running = asyncio.create_task(desk.scanner.run())
        until = time.monotonic() + 30
        while len(desk.events) < 3 and time.monotonic() < until:  # noqa: ASYNC110 - the events are a plain list
            await asyncio.sleep(0)
        running.cancel()

    asyncio.run(story())
    assert len(desk.events) >= 3
