"""Prices to the screen: chart, tape and the ticket's quote; and what a person chooses to look at."""

from collections.abc import Callable

import structlog

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.events import MarketMoved
from qv_desktop.services.closes import Closes
from qv_desktop.wiring import Desk
from qv_desktop.wiring.charts import ChartsWiring
from qv_desktop.wiring.focus_symbol import shown_symbol
from qv_desktop.wiring.scanning import ScanningWiring
from qv_desktop.wiring.watching import WatchingWiring

log = structlog.get_logger(__name__)


class MarketWiring:
    """Holds the charts, and which symbol the other linked panels show."""

    def __init__(self, desk: Desk, defaults: tuple[str, ...]) -> None:
        self._desk = desk
        self._in_ticket = ""
        self._closes = Closes(desk.services.market)
        self.charts = ChartsWiring(desk, self.pick, self._seed)
        self.watching = WatchingWiring(desk, defaults, self.pick, self._seed)
        self.scanning = ScanningWiring(desk, self.pick)
        self.watching.renamed, self.watching.listed = self.scanning.list_renamed, self.scanning.lists_changed
        self._connect()

    def _connect(self) -> None:
        panels, window = self._desk.panels, self._desk.window
        panels.ticket.symbol_asked.connect(lambda symbol: self.pick("ticket", symbol))
        window.symbol_chosen.connect(lambda symbol: self.pick(self.charts.active.name, symbol))
        window.links.followed.connect(self._follow)
        self._desk.services.bus.subscribe(MarketMoved, self._moved)

    def _spawn(self, work: object) -> None:
        self._desk.tasks.spawn(work)  # type: ignore[arg-type]  # coroutines of this class

    async def start(self) -> None:
        """Load the person's watchlists, and show the symbols of the last time, or the first of the list."""
        await self.watching.start()
        await self.charts.start()
        symbols = list(self.watching.symbols)
        if not self.charts.show_kept() and symbols:
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
        self._desk.window.links.choose(panel, symbol)
        chart = self.charts.get(panel)
        if chart is not None:
            chart.show(symbol)  # chosen in the chart itself, which also ends a replay
        else:
            self._follow(panel, symbol, "")

    def symbol_in_focus(self) -> str:
        """The symbol that the panel in focus shows itself, or none: a key must not act on what another panel shows."""
        focused = self._desk.window.focused_panel()
        chart = self.charts.get(focused)
        return chart.symbol if chart is not None else shown_symbol(self._desk.panels, focused)

    def _follow(self, panel: str, symbol: str, frame: str) -> None:
        """Show what was chosen; empty where the panel keeps its own."""
        panels, chart = self._desk.panels, self.charts.get(panel)
        if chart is not None:
            chart.follow(symbol, frame)
            return
        shows: dict[str, Callable[[str], None]] = {
            "watchlist": panels.watchlist.show_chosen, "quotes": panels.quotes.show_chosen, "scanner": panels.scanner.show_chosen,
            "tape": self._show_tape, "ticket": self._show_in_ticket,
        }  # fmt: skip
        if panel in shows and symbol:
            shows[panel](symbol)

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

    def listed(self) -> None:
        """The broker's list of instruments has come: what was chosen before it is looked up again."""
        if self._in_ticket:
            self._desk.panels.ticket.show_instrument(self._desk.services.risk.instrument(self._in_ticket))
        self.charts.trading.listed()

    def _moved(self, event: MarketMoved) -> None:
        panels, market = self._desk.panels, self._desk.services.market
        for snapshot in event.snapshots:
            if snapshot.symbol == self._in_ticket:
                panels.ticket.show_snapshot(snapshot, market.quote_age(snapshot.symbol))
        if event.trades:
            panels.tape.add(event.trades)

    def tick(self) -> None:
        """Once a second: ages and countdowns."""
        services, panels = self._desk.services, self._desk.panels
        self.watching.tick()
        if symbols := self._closes.due():
            self._spawn(self._seed_closes(symbols))
        self.charts.tick()
        if self._in_ticket:
            market = services.market
            panels.ticket.show_snapshot(market.snapshot(self._in_ticket), market.quote_age(self._in_ticket))
