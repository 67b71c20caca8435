"""Prices to the screen: watchlist, chart, tape and the ticket's quote; and what a person chooses to look at."""

from collections.abc import Callable

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import GapFound, MarketMoved, SessionsKnown
from qv_desktop.domain.market import Gap, Timeframe, timeframe
from qv_desktop.wiring import Desk

BARS = 600  # loaded at once; more than two screens at the opening zoom
WATCHLIST = "Watchlist"
CHANGE = Permission(Resource.MARKET, Action.CHANGE)


class MarketWiring:
    """Holds which symbol and timeframe the linked panels show. ``chosen`` hears of every new symbol."""

    def __init__(self, desk: Desk, defaults: tuple[str, ...], chosen: Callable[[str], None]) -> None:
        self._desk, self._defaults, self._chosen = desk, defaults, chosen
        self.symbol = ""  # of the chart
        self._in_ticket = ""
        self.frame = Timeframe(1, "m")
        self._symbols: list[str] = []
        self._gaps: list[Gap] = []  # of this sitting, in order
        self._connect()

    def _connect(self) -> None:
        panels, window = self._desk.panels, self._desk.window
        panels.watchlist.symbol_chosen.connect(lambda symbol: self.pick("watchlist", symbol))
        panels.watchlist.symbol_add_asked.connect(lambda symbol: self._spawn(self._add(symbol)))
        panels.watchlist.symbol_remove_asked.connect(lambda symbol: self._spawn(self._remove(symbol)))
        panels.chart.symbol_asked.connect(self._asked_in_chart)
        panels.chart.timeframe_chosen.connect(self._frame_asked)
        panels.ticket.symbol_asked.connect(lambda symbol: self.pick("ticket", symbol))
        window.symbol_chosen.connect(lambda symbol: self.pick("chart", symbol))
        window.links.followed.connect(lambda panel, symbol, _: self._follow(panel, symbol))
        bus = self._desk.services.bus
        bus.subscribe(MarketMoved, self._moved)
        bus.subscribe(GapFound, self._gap_found)
        bus.subscribe(SessionsKnown, lambda event: panels.chart.show_sessions(event.sessions))

    def _spawn(self, work: object) -> None:
        self._desk.tasks.spawn(work)  # type: ignore[arg-type]  # coroutines of this class

    async def start(self) -> None:
        """Load the person's watchlist and show its first symbol."""
        services = self._desk.services
        kept = await services.preferences.watchlist(self._user(), WATCHLIST)
        self._symbols = list(kept if kept is not None else self._defaults)
        self._show_symbols()
        if self._symbols:
            self.pick("watchlist", self._symbols[0])
        await self._seed(self._symbols)

    def _user(self) -> str:
        session = self._desk.services.login.session
        return session.user.id if session else ""

    def _show_symbols(self) -> None:
        self._desk.panels.watchlist.show_symbols(self._symbols)
        self._desk.services.market.watch("watchlist", self._symbols)

    async def _seed(self, symbols: list[str]) -> None:
        services = self._desk.services
        services.market.seed(await services.history.snapshots(symbols))

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
        if panel == "watchlist":
            panels.watchlist.show_chosen(symbol)
        elif panel == "chart":
            self._show(symbol)
        elif panel == "tape":
            panels.tape.show_symbol(symbol)
        elif panel == "ticket":
            self._show_in_ticket(symbol)

    def _show(self, symbol: str) -> None:
        if symbol == self.symbol:
            return
        services = self._desk.services
        services.market.untrack(self.symbol, self.frame)
        self.symbol = symbol
        services.market.watch("chart", [symbol])
        self._spawn(self._load(symbol, self.frame))
        self._chosen(symbol)

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

    async def _load(self, symbol: str, frame: Timeframe) -> None:
        chart, services = self._desk.panels.chart, self._desk.services
        chart.show_message(f"Loading {symbol} {frame}…")
        try:
            bars = await services.history.newest(symbol, frame, BARS, services.clock.market())
            if services.market.snapshot(symbol).previous_close is None:
                await self._seed([symbol])
        except QvError as error:
            if (symbol, frame) == (self.symbol, self.frame):
                chart.show_message(str(error))
            return
        if (symbol, frame) != (self.symbol, self.frame):
            return  # the person has moved on
        services.market.track(symbol, frame, bars[-1] if bars else None)
        chart.show_history(symbol, frame, bars, services.market.snapshot(symbol).previous_close)
        chart.show_snapshot(services.market.snapshot(symbol))
        self._show_gaps()
        if not bars:
            chart.show_message(f"There are no bars of {symbol} in {frame}; choose another symbol or timeframe.")
        self._chosen(symbol)

    def _gap_found(self, event: GapFound) -> None:
        self._gaps.append(event.gap)
        self._show_gaps()

    def _show_gaps(self) -> None:
        """Hatch what the feed left out of the shown symbol; while it is still out there is nothing to hatch."""
        holes = [(gap.start, gap.end) for gap in self._gaps if gap.end is not None and self.symbol in gap.symbols]
        self._desk.panels.chart.show_gaps(holes)

    def _moved(self, event: MarketMoved) -> None:
        panels, market = self._desk.panels, self._desk.services.market
        panels.watchlist.upsert(s for s in event.snapshots if s.symbol in self._symbols)
        for frame, bar in event.bars:
            if bar.symbol == self.symbol and frame == str(self.frame):
                panels.chart.show_bar(bar)
        for snapshot in event.snapshots:
            if snapshot.symbol == self.symbol:
                panels.chart.show_snapshot(snapshot)
            if snapshot.symbol == self._in_ticket:
                panels.ticket.show_snapshot(snapshot, market.quote_age(snapshot.symbol))
        panels.tape.add(event.trades)

    def tick(self) -> None:
        """Once a second: ages and the countdown."""
        services, panels = self._desk.services, self._desk.panels
        panels.watchlist.show_age(services.clock.market_ns(), services.clock.speed)
        panels.chart.show_now(services.clock.market())
        if self._in_ticket:
            market = services.market
            panels.ticket.show_snapshot(market.snapshot(self._in_ticket), market.quote_age(self._in_ticket))

    # ---- the watchlist

    async def _add(self, symbol: str) -> None:
        services = self._desk.services
        await services.login.require(CHANGE)
        name = symbol.strip().upper()
        if services.risk.instrument(name) is None:
            raise BadInput(f"The broker does not list “{name}”; check the symbol.")
        if name not in self._symbols:
            await self._keep([*self._symbols, name])
            await self._seed([name])

    async def _remove(self, symbol: str) -> None:
        await self._desk.services.login.require(CHANGE)
        await self._keep([name for name in self._symbols if name != symbol])

    async def _keep(self, symbols: list[str]) -> None:
        await self._desk.services.preferences.save_watchlist(self._user(), WATCHLIST, symbols)
        self._symbols = symbols
        self._show_symbols()
