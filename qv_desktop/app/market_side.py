"""Makes everything that concerns prices: streams, history, storage, holes and their filling, sessions, watchlists and scans."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from qv_desktop import paths
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.history import AlpacaHistory
from qv_desktop.adapters.alpaca.stream import AlpacaPrices
from qv_desktop.adapters.calendar import Calendar
from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.drawings import Drawings as DrawingStore
from qv_desktop.adapters.db.price_alerts import PriceAlerts as PriceAlertStore
from qv_desktop.adapters.db.scans import Scans
from qv_desktop.adapters.db.tick_spool import TickSpool
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.db.watchlists import Watchlists as WatchlistStore
from qv_desktop.adapters.files.reading import MarketFiles
from qv_desktop.adapters.polygon.rest import PolygonHistory
from qv_desktop.adapters.polygon.stream import PolygonStream
from qv_desktop.adapters.rate_limit import RateLimit
from qv_desktop.app.backend import Keys
from qv_desktop.app.entrance import Entrance
from qv_desktop.app.keeping import KEEPS_PRICES, Keeping
from qv_desktop.config import Settings
from qv_desktop.domain.events import BarsAmended, Event
from qv_desktop.domain.market import Bar, Timeframe, Trade
from qv_desktop.services.amendments import Amendments
from qv_desktop.services.averages import Averages
from qv_desktop.services.backfill import Backfill
from qv_desktop.services.daily_bars import DailyBars
from qv_desktop.services.drawings import Drawings
from qv_desktop.services.feeds import Feeds
from qv_desktop.services.gaps import Gaps
from qv_desktop.services.halts import Halts
from qv_desktop.services.history import History
from qv_desktop.services.imports import Imports
from qv_desktop.services.late_prints import LatePrints
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.notices import Notices
from qv_desktop.services.polling import Polling
from qv_desktop.services.price_alerts import PriceAlerts
from qv_desktop.services.requests import Requests
from qv_desktop.services.retention import Retention
from qv_desktop.services.risk_histories import Histories
from qv_desktop.services.saved_scans import SavedScans
from qv_desktop.services.scan_rows import Rows
from qv_desktop.services.scanner import Scanner
from qv_desktop.services.sessions import Sessions
from qv_desktop.services.ticks import Ticks
from qv_desktop.services.unheard import Unheard
from qv_desktop.services.vendors import Vendors
from qv_desktop.services.watchlists import Watchlists

MEGABYTE = 1024 * 1024
TWO_YEARS, ENOUGH = (
    timedelta(days=750),
    480,
)  # of daily bars for measures that look back; sessions that need no asking anew

type Vendor = PolygonHistory | AlpacaHistory
type Prices = PolygonStream | AlpacaPrices


@dataclass(frozen=True, slots=True)
class MarketSide:
    """What is made here; ``prices`` holds the streams, the one in force by preference first."""

    market: MarketData
    feeds: Feeds
    history: History
    gaps: Gaps
    backfill: Backfill
    ticks: Ticks
    sessions: Sessions
    watchlists: Watchlists
    scans: SavedScans
    scanner: Scanner
    imports: Imports
    price_alerts: PriceAlerts
    halts: Halts
    drawings: Drawings
    averages: Averages
    histories: Histories
    prices: tuple[Prices, ...]
    vendors: tuple[Vendor, ...]
    calendar: Calendar
    running: Mapping[str, Callable[[], Awaitable[object]]]  # what runs by itself, by name

    def close(self) -> None:
        """Let the threads of vendors and calendar go: a desk of another account brings its own."""
        self.calendar.close()
        for vendor in self.vendors:
            vendor.close()


@dataclass(frozen=True, slots=True)
class _Stores:
    """Where prices are kept."""

    bars: BarStore
    ticks: TickStore
    actions: ActionStore


def market_side(
    door: Entrance, database: Database, settings: Settings, keys: Keys, broker: AlpacaBroker, notices: Notices,
    listed: Callable[[], Collection[str]],
) -> MarketSide:  # fmt: skip
    """Everything about prices for the session at ``door``; ``listed`` names every symbol that the broker knows."""
    clock, publish = door.clock, door.bus.publish
    keeping = Keeping(door, database)
    stores = _Stores(keeping.bars(), keeping.ticks(), keeping.actions())
    looks_on = keeping.looks_on(KEEPS_PRICES)  # then what the stream said is not stored
    primary, fallback = _ranked(keys)
    vendors = _vendors(settings, keys)
    calendar = Calendar()
    sessions = Sessions(calendar, broker, clock, publish, notices.tell)
    gaps = Gaps(stores.ticks, lambda: market.wanted, clock.market, publish)

    def lost(start: datetime, end: datetime, symbols: Sequence[str], reason: str) -> None:
        feeds.gap(start, end)
        gaps.found(primary, start, end, reason, symbols)

    spool = TickSpool(paths.tick_spool(settings.home), settings.spool_megabytes * MEGABYTE)
    ticks = Ticks(stores.ticks, stores.bars, spool, clock.now, primary, lost)
    requests = Requests(publish, clock.now)
    asked = Vendors(vendors, requests)
    amendments = Amendments(asked, stores.bars, stores.ticks, clock.market, publish, ticks.written, lost)
    late = LatePrints(lambda symbol, span: backfill.renew(primary, symbol, span))

    def keep_trades(trades: Sequence[Trade]) -> None:
        ticks.keep(trades)
        late.heard(trades)

    def keep_bars(frame: Timeframe, bars: Sequence[Bar]) -> None:
        ticks.keep_bars(frame, bars)
        late.told(frame, bars)

    halts = Halts(publish)
    market = MarketData(clock, publish, keep_trades, keep_bars, amendments.amend, keep_late=late.heard, hear_halts=halts.hear,
                        open_now=sessions.open)  # fmt: skip
    drawings = Drawings(DrawingStore(database), door.login, publish, clock.now)
    history = History(stores.bars, stores.actions, vendors, requests, clock.market,
                      lambda symbol: None if ticks.spooled or looks_on else market.heard_since(symbol))  # fmt: skip
    feeds = Feeds(primary, fallback, market, publish, notices.tell, clock.now)

    async def seed(symbols: Sequence[str]) -> None:
        market.seed(await history.snapshots(list(symbols)), anew=True)

    def imported(event: Event) -> None:
        if isinstance(event, BarsAmended):
            history.imported(event.symbol)
        publish(event)

    backfill = Backfill(gaps, asked, stores.bars, stores.ticks, clock.market, publish, shown=lambda: market.wanted, seed=seed,
                        progress=feeds.backfilling, written=ticks.written)  # fmt: skip
    prices = tuple(_stream(name, settings, keys, feeds, gaps, market, door) for name in (primary, fallback) if name)
    for stream in prices:
        feeds.attach(stream)
    watchlists = Watchlists(WatchlistStore(database), door.login, lambda symbol: symbol in listed())
    scans = SavedScans(Scans(database), door.login)
    many_at_once = sorted(
        vendors, key=lambda vendor: vendor.name != AlpacaHistory.name
    )  # it tells of many symbols in one answer
    averages = Averages(DailyBars(many_at_once, stores.bars, stores.actions, clock.market), clock)
    histories = Histories(DailyBars(many_at_once, stores.bars, stores.actions, clock.market, TWO_YEARS, ENOUGH))
    at_leisure = partial(history.snapshots, urgent=False)
    polling = Polling(at_leisure)
    rows = Rows(market, polling, averages, feeds.heard)
    scanner = Scanner(rows, scans, watchlists, notices, publish, clock, listed)
    price_alerts = PriceAlerts(PriceAlertStore(database), door.login, market, notices, publish, clock.market,
                               lambda symbol: symbol in listed())  # fmt: skip
    imports = Imports(MarketFiles(), stores.bars, stores.ticks, stores.actions, clock.now, door.trail, door.login,
                      publish=imported)  # fmt: skip
    days = {"trades": settings.keep_trades_days, "1s": settings.keep_seconds_days, "1m": settings.keep_minutes_days}
    running = {
        "the calendar": sessions.run, "keeping prices": ticks.run, "keeping gaps": gaps.run, "filling gaps": backfill.run,
        "corrections": amendments.run, "late prints": late.run,
        "prices without a stream": Unheard(market, feeds.heard, at_leisure).run, "averages": averages.run, "snapshots": polling.run,
        "the scanner": scanner.run, "price alerts": price_alerts.run, "drawings": drawings.run,
        "dropping old days": Retention(keeping.retention(), days, clock.now, door.trail.append).run,
    }  # fmt: skip
    return MarketSide(market, feeds, history, gaps, backfill, ticks, sessions, watchlists, scans, scanner, imports,
                      price_alerts, halts, drawings, averages, histories, prices, vendors, calendar, running)  # fmt: skip


def _ranked(keys: Keys) -> tuple[str, str | None]:
    """Whose prices count, and who stands in: without a Polygon key Alpaca is all there is."""
    if not keys.polygon or keys.prices == "alpaca":
        return AlpacaPrices.name, None
    return PolygonStream.name, AlpacaPrices.name if keys.alpaca and keys.prices == "auto" else None


def _vendors(settings: Settings, keys: Keys) -> tuple[Vendor, ...]:
    polygon = PolygonHistory(keys.polygon, settings.polygon_url, RateLimit(settings.polygon_per_minute))
    feed = settings.alpaca_prices_url.rstrip("/").rpartition("/")[2]
    token = "" if keys.alpaca else keys.token  # history is given for a token; prices as they happen are not
    alpaca = AlpacaHistory(
        keys.alpaca, keys.alpaca_secret, settings.alpaca_data_url, feed, RateLimit(settings.alpaca_per_minute), token
    )
    return (polygon, alpaca) if keys.polygon and keys.prices != "alpaca" else (alpaca,)


def _stream(
    name: str, settings: Settings, keys: Keys, feeds: Feeds, gaps: Gaps, market: MarketData, door: Entrance
) -> Prices:
    def on_state(state: object, detail: str) -> None:
        feeds.feed_changed(name, state, detail)  # type: ignore[arg-type]  # a FeedState, which the socket says

    def on_gap(start: datetime, end: datetime, reason: str) -> None:
        if name == feeds.primary:  # what the stand-in misses, nobody stores
            feeds.gap(start, end)
            gaps.found(name, start, end, reason)
        else:
            feeds.missed(start, end)

    now = door.clock.market
    if name == PolygonStream.name:
        return PolygonStream(settings.polygon_stream_url, keys.polygon, feeds.hear_from(name), on_state, on_gap, now=now,
                             expecting=market.busy)  # fmt: skip
    return AlpacaPrices(settings.alpaca_prices_url, keys.alpaca, keys.alpaca_secret, feeds.hear_from(name), on_state, on_gap, now=now,
                        expecting=market.busy)  # fmt: skip
