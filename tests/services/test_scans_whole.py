"""Scans from end to end: the simulated vendors' bars and snapshots, stored in a real database, through to a match with its reasons."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from qv_desktop.adapters.alpaca.history import AlpacaHistory
from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.scans import Scans
from qv_desktop.adapters.db.watchlists import Watchlists as ListStore
from qv_desktop.adapters.polygon.rest import PolygonHistory
from qv_desktop.adapters.rate_limit import RateLimit
from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.events import Event, ScanMatched, SessionsKnown
from qv_desktop.domain.market import NEW_YORK, Snapshot
from qv_desktop.domain.scans import PRESETS, Scan
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.averages import Averages
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.services.daily_bars import DailyBars
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from qv_desktop.services.polling import Polling
from qv_desktop.services.ports.history import History
from qv_desktop.services.saved_scans import SavedScans
from qv_desktop.services.scan_rows import Rows
from qv_desktop.services.scanner import Scanner
from qv_desktop.services.watchlists import Watchlists
from tests.builders import NOW
from tests.fakes import Trail, Users
from tests.simulator.process import Simulator, running


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running("--seed", "1", "--symbols", "12") as started:
        yield started


@pytest.fixture(params=["Alpaca", "Polygon"])
def vendor(simulator: Simulator, request: pytest.FixtureRequest) -> Iterator[AlpacaHistory | PolygonHistory]:
    made = (
        AlpacaHistory(simulator.key, simulator.secret, simulator.url)
        if request.param == "Alpaca"
        else PolygonHistory(simulator.polygon_key, simulator.url, RateLimit(600))
    )
    yield made
    made.close()


def signed_in(name: str) -> Login:
    session = Session("s1", User(name, name, Role.TRADER), "host", NOW, NOW)
    login = Login(Users(session.user, session), Trail(), lambda: NOW, "host")
    login.session = session
    return login


def clock_of(simulator: Simulator) -> Clock:
    return Clock(Rate(simulator.ready["market_ns"], simulator.ready["wall_ns"], simulator.ready["speed"]))


def today(clock: Clock) -> MarketSession:
    day = clock.market().astimezone(NEW_YORK)
    hours = [
        day.replace(hour=hour, minute=minute, second=0, microsecond=0)
        for hour, minute in ((4, 0), (9, 30), (16, 0), (20, 0))
    ]
    return MarketSession(day.date(), *hours)


class NoMarket:
    """Nothing is streamed: every price comes by REST."""

    def snapshot(self, symbol: str) -> Snapshot:
        return Snapshot(symbol)


def test_a_scan_over_unstreamed_symbols_finds_the_movers_and_says_why(
    simulator: Simulator, database: Database, vendor: History
) -> None:
    symbols = ("AAPL", "MSFT", "NVDA", "AMZN", "TSLA")
    events: list[Event] = []
    clock, login = clock_of(simulator), signed_in(vendor.name)
    averages = Averages(DailyBars([vendor], BarStore(database), ActionStore(database), clock.now), clock)
    polling, saved = Polling(vendor.snapshots), SavedScans(Scans(database), login)
    lists = Watchlists(ListStore(database), login, symbols.__contains__)
    rows = Rows(NoMarket(), polling, averages, tuple)  # type: ignore[arg-type]
    scanner = Scanner(rows, saved, lists, Notices(events.append, clock.now), events.append, clock, lambda: symbols)
    scanner.sessions_known(SessionsKnown((today(clock),)))

    async def story() -> None:
        await lists.load(symbols)
        await lists.create("Mine", symbols)
        scan = await saved.save(
            Scan("All", "price > 0 and rvol > 0 and range% >= 0 and atr% > 0", universe="Mine", sort="-rvol")
        )
        scanner.show(scan)
        running = [asyncio.create_task(one.run()) for one in (averages, polling, scanner)]
        while not any(isinstance(event, ScanMatched) and len(event.matches) == 5 for event in events):  # noqa: ASYNC110 - a plain list
            await asyncio.sleep(0.05)
        for one in running:
            one.cancel()

    asyncio.run(asyncio.wait_for(story(), 120))
    result = next(event for event in reversed(events) if isinstance(event, ScanMatched))
    assert sorted(match.symbol for match in result.matches) == sorted(symbols)
    for match in result.matches:
        assert len(match.reasons) == 4
        known = {name for name, value in match.values.items() if value is not None}
        assert {
            "price",
            "change%",
            "gap%",
            "volume",
            "average volume",
            "rvol",
            "range%",
            "atr%",
            "spread",
            "age",
        } <= known
        assert 0.1 < (match.values["rvol"] or 0) < 10
    assert [match.values["rvol"] for match in result.matches] == sorted(
        (m.values["rvol"] for m in result.matches), reverse=True
    )  # type: ignore[type-var]


def test_what_is_stored_is_there_for_the_next_sitting_and_for_nobody_else(database: Database) -> None:
    async def story() -> None:
        first, second = signed_in("anna"), signed_in("ben")
        lists, saved = Watchlists(ListStore(database), first, str.isupper), SavedScans(Scans(database), first)
        await lists.load(["AAPL"])
        await lists.create("Growth", ["NVDA", "AMD"])
        await lists.rename("Watchlist", "Main")
        await lists.move("Growth", "AMD", 0)
        await saved.save(replace(PRESETS[0], alert=True))

        again = Watchlists(ListStore(database), first, str.isupper)
        await again.load()
        assert {name: again.symbols(name) for name in again.names} == {"Main": ("AAPL",), "Growth": ("AMD", "NVDA")}
        kept = SavedScans(Scans(database), first)
        await kept.load()
        assert kept.alerting == (replace(PRESETS[0], alert=True),)

        others, theirs = Watchlists(ListStore(database), second, str.isupper), SavedScans(Scans(database), second)
        await others.load(["SPY"])
        await theirs.load()
        assert (others.names, theirs.all) == (("Watchlist",), PRESETS)

    asyncio.run(story())
