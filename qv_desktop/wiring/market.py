"""Prices to the screen: chart, tape and the ticket's quote; and what a person chooses to look at."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from qv_desktop.domain.errors import BadInput, FeedDown, QvError
from qv_desktop.domain.events import BarsAmended, GapFilled, GapFound, MarketMoved, RequestChanged, SessionsKnown
from qv_desktop.domain.history import HistoryRequest
from qv_desktop.domain.market import Bar, Gap, Timeframe, bar_start, ns, timeframe
from qv_desktop.services.closes import Closes
from qv_desktop.services.history import Loaded
from qv_desktop.wiring import Desk
from qv_desktop.wiring.scanning import ScanningWiring
from qv_desktop.wiring.watching import WatchingWiring

log = structlog.get_logger(__name__)

BARS = 600  # loaded at once; more than two screens at the opening zoom
MOST = 20_000  # bars that a person can go back; more would hold up the window while they are laid out
AGAIN = 2  # times that a load is repeated because a minute ended under it
RETRY = 30.0  # seconds until a chart that no vendor answered for is asked for again
MINUTE = Timeframe(1, "m")


class MarketWiring:
    """Holds which symbol and timeframe the linked panels show. ``chosen`` hears of every new symbol."""

    def __init__(self, desk: Desk, defaults: tuple[str, ...], chosen: Callable[[str], None]) -> None:
        self._desk, self._chosen = desk, chosen
        self.symbol = ""  # of the chart
        self._in_ticket = ""
        self.frame = Timeframe(1, "m")
        self._gaps: dict[tuple[str, datetime, tuple[str, ...]], Gap] = {}  # unfilled ones, by feed, start and symbols
        self._differs = self._differed = (
            False  # a finished bar on the chart is not the vendor's, noticed in this second or the last
        )
        self._bars = BARS  # how many the chart is to show; more when the person goes back
        self._asking = ""  # what the chart waits for, as the history calls it
        self._cancelled = False  # by the person, what the chart waited for
        self._retry_at: float | None = None  # loop time, when the chart could not be loaded
        self._closes = Closes(desk.services.market)
        self.watching = WatchingWiring(desk, defaults, self.pick, self._seed)
        self.scanning = ScanningWiring(desk, self.pick)
        self.watching.renamed, self.watching.listed = self.scanning.list_renamed, self.scanning.lists_changed
        self._connect()

    def _connect(self) -> None:
        panels, window = self._desk.panels, self._desk.window
        panels.chart.symbol_asked.connect(self._asked_in_chart)
        panels.chart.timeframe_chosen.connect(self._frame_asked)
        panels.chart.older_asked.connect(self._go_back)
        panels.ticket.symbol_asked.connect(lambda symbol: self.pick("ticket", symbol))
        window.symbol_chosen.connect(lambda symbol: self.pick("chart", symbol))
        window.links.followed.connect(lambda panel, symbol, _: self._follow(panel, symbol))
        bus = self._desk.services.bus
        bus.subscribe(MarketMoved, self._moved)
        bus.subscribe(GapFound, self._gap_found)
        bus.subscribe(GapFilled, self._gap_filled)
        bus.subscribe(BarsAmended, self._amended)
        bus.subscribe(RequestChanged, lambda event: self._request(event.request))
        bus.subscribe(SessionsKnown, lambda event: panels.chart.show_sessions(event.sessions))

    def _spawn(self, work: object) -> None:
        self._desk.tasks.spawn(work)  # type: ignore[arg-type]  # coroutines of this class

    async def start(self) -> None:
        """Load the person's watchlists and show the first symbol."""
        await self.watching.start()
        symbols = list(self.watching.symbols)
        if symbols:
            self.pick("watchlist", symbols[0])
        await self._seed(symbols)

    async def _seed(self, symbols: list[str]) -> None:
        services = self._desk.services
        if symbols:
            services.market.seed(await services.history.snapshots(symbols))

    async def _seed_closes(self, symbols: list[str]) -> None:
        """Another day began; it is asked again when no vendor answers."""
        try:
            await self._seed(symbols)
        except FeedDown as error:
            log.info("closes_unknown", reason=str(error), symbols=len(symbols))

    # ---- the symbol

    def pick(self, panel: str, symbol: str) -> None:
        """Somebody chose ``symbol`` in ``panel``: it and every panel linked to it show it."""
        self._desk.window.links.choose(panel, symbol, str(self.frame))
        self._follow(panel, symbol)

    def _asked_in_chart(self, text: str) -> None:
        """A whole symbol typed on the chart is shown at once; anything else opens the palette with it."""
        if self._desk.services.risk.instrument(text.upper()) is not None:
            self.pick("chart", text.upper())
        else:
            self._desk.window.open_palette(text)

    def _follow(self, panel: str, symbol: str) -> None:
        panels = self._desk.panels
        shows: dict[str, Callable[[str], None]] = {
            "watchlist": panels.watchlist.show_chosen, "quotes": panels.quotes.show_chosen, "scanner": panels.scanner.show_chosen,
            "chart": self._show, "tape": self._show_tape, "ticket": self._show_in_ticket,
        }  # fmt: skip
        if panel in shows:
            shows[panel](symbol)

    def _show(self, symbol: str) -> None:
        if symbol == self.symbol:
            return
        services = self._desk.services
        services.market.untrack(self.symbol, self.frame)
        self.symbol = symbol
        services.market.watch("chart", [symbol])
        self._spawn(self._load(symbol, self.frame))
        self._chosen(symbol)

    def _show_tape(self, symbol: str) -> None:
        self._desk.services.market.watch("tape", [symbol])
        self._desk.panels.tape.show_symbol(symbol)

    def _show_in_ticket(self, symbol: str) -> None:
        ticket, services = self._desk.panels.ticket, self._desk.services
        self._in_ticket = symbol
        services.market.watch("ticket", [symbol])
        ticket.show_symbol(symbol)
        ticket.show_instrument(services.risk.instrument(symbol))
        ticket.show_snapshot(services.market.snapshot(symbol), services.market.quote_age(symbol))
        ticket.show_position(services.positions.held().get(symbol))

    # ---- the chart

    def _frame_asked(self, text: str) -> None:
        try:
            frame = timeframe(text)
        except BadInput as error:
            self._desk.services.notices.tell("warning", "Timeframe", str(error))
            return
        self._desk.services.market.untrack(self.symbol, self.frame)
        self.frame = frame
        self._spawn(self._load(self.symbol, frame))

    def _go_back(self) -> None:
        """The person nears the first bar: twice as many, as long as that is quick to lay out."""
        if self._bars < MOST:
            self._bars = min(MOST, self._bars * 2)
            self._spawn(self._load(self.symbol, self.frame, quietly=True))

    async def _load(self, symbol: str, frame: Timeframe, quietly: bool = False, again: int = 0) -> None:
        """``quietly``: without a word, for the chart shows these bars already or says why not; ``again`` is how often in a row."""
        services, until = self._desk.services, self._desk.services.clock.market()
        if not quietly:
            self._asking, self._retry_at, self._bars = f"{symbol} {frame}", None, BARS
            self._desk.panels.chart.show_message(f"Loading {symbol} {frame}…")
        try:
            loaded = await services.history.latest(symbol, frame, self._bars, until)
        except QvError as error:
            self._not_loaded(symbol, frame, str(error), quietly)
            return
        finally:
            self._asking = "" if self._asking == f"{symbol} {frame}" and not quietly else self._asking
        if (symbol, frame) != (self.symbol, self.frame):
            return  # the person has moved on
        self._show_loaded(symbol, frame, loaded)
        if not quietly and services.market.snapshot(symbol).previous_close is None:
            self._spawn(self._seed_closes([symbol]))  # the bars are worth showing without it
        if again < AGAIN and bar_start(ns(services.clock.market()), MINUTE) > bar_start(ns(until), MINUTE):
            # a minute ended while history was asked: it is in neither the answer nor the live bar
            await self._load(symbol, frame, quietly=True, again=again + 1)

    def _show_loaded(self, symbol: str, frame: Timeframe, loaded: Loaded) -> None:
        chart, services, bars = self._desk.panels.chart, self._desk.services, loaded.bars
        self._retry_at = None
        services.market.track(symbol, frame, bars[-1] if bars else None)
        chart.show_history(symbol, frame, bars, services.market.snapshot(symbol).previous_close)
        chart.show_snapshot(services.market.snapshot(symbol))
        self._show_gaps()
        if not loaded.complete:
            services.notices.tell(
                "warning", f"{symbol} {frame} is incomplete", loaded.why, f"incomplete {symbol} {frame}"
            )
        if not bars:
            chart.show_message(f"There are no bars of {symbol} in {frame}; choose another symbol or timeframe.")
        self._chosen(symbol)

    def _not_loaded(self, symbol: str, frame: Timeframe, why: str, quietly: bool) -> None:
        """Say why, and try again by and by unless the person has cancelled it."""
        chart = self._desk.panels.chart
        if (symbol, frame) != (self.symbol, self.frame) or (quietly and chart.canvas.series is not None):
            return
        if self._cancelled:
            chart.show_message(why)
            return
        self._retry_at = asyncio.get_running_loop().time() + RETRY
        chart.show_message(f"{why} It is tried again every {RETRY:.0f} s.")

    def _retry(self) -> None:
        if self._retry_at is not None and asyncio.get_running_loop().time() >= self._retry_at:
            self._retry_at = None
            self._spawn(self._load(self.symbol, self.frame, quietly=True))

    def _request(self, request: HistoryRequest) -> None:
        """How far the chart's own question is, where the person waits for it."""
        if request.label.split(" ")[0] == self.symbol:
            self._cancelled = request.state == "cancelled"
        if self._asking and request.state in ("waiting", "asking") and request.label.split(" ")[0] == self.symbol:
            detail = f" {request.detail}" if request.detail else ""
            self._desk.panels.chart.show_message(
                f"Loading {self._asking} from {request.vendor}… {request.fraction:.0%}.{detail}"
            )

    # ---- holes and amended bars

    def _gap_found(self, event: GapFound) -> None:
        gap = event.gap
        self._gaps[gap.feed, gap.start, gap.symbols] = gap
        self._show_gaps()

    def _gap_filled(self, event: GapFilled) -> None:
        gap = event.gap
        self._gaps.pop((gap.feed, gap.start, gap.symbols), None)
        self._show_gaps()

    def _amended(self, event: BarsAmended) -> None:
        """Stored bars of the chart's symbol changed, also where there were none: show them now, without moving what is being read."""
        if event.symbol == self.symbol:
            self._spawn(self._load(self.symbol, self.frame, quietly=True))

    def _show_gaps(self) -> None:
        """Hatch what the feed left out of the shown symbol; while it is still out there is nothing to hatch."""
        holes = [
            (gap.start, gap.end) for gap in self._gaps.values() if gap.end is not None and self.symbol in gap.symbols
        ]
        self._desk.panels.chart.show_gaps(holes)

    def _moved(self, event: MarketMoved) -> None:
        panels, market = self._desk.panels, self._desk.services.market
        for frame, bar in event.bars:
            if bar.symbol == self.symbol and frame == str(self.frame):
                self._show_bar(bar)
        for snapshot in event.snapshots:
            if snapshot.symbol == self.symbol:
                panels.chart.show_snapshot(snapshot)
            if snapshot.symbol == self._in_ticket:
                panels.ticket.show_snapshot(snapshot, market.quote_age(snapshot.symbol))
        if event.trades:
            panels.tape.add(event.trades)

    def _show_bar(self, bar: Bar) -> None:
        """The live bar; or the vendor's word on a minute that is over, which may leave out prints that we took in."""
        chart = self._desk.panels.chart
        shown = chart.bar_before(bar.start)
        if shown is None:
            chart.show_bar(bar)
        elif (shown.open, shown.high, shown.low, shown.close, shown.volume) != (
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
        ):
            self._differs = True  # the store has it within a second

    def tick(self) -> None:
        """Once a second: ages and the countdown, and the chart anew when the vendor's bars are others than ours."""
        if self._differed:
            self._spawn(self._load(self.symbol, self.frame, quietly=True))
        self._differed, self._differs = self._differs, False
        services, panels = self._desk.services, self._desk.panels
        self.watching.tick()
        self._retry()
        if symbols := self._closes.due():
            self._spawn(self._seed_closes(symbols))
        panels.chart.show_now(services.clock.market())
        if self._in_ticket:
            market = services.market
            panels.ticket.show_snapshot(market.snapshot(self._in_ticket), market.quote_age(self._in_ticket))
