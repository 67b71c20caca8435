"""Price alerts' panel, and the prints that the alerts look at."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from qv_desktop.domain.errors import FeedDown, QvError
from qv_desktop.domain.events import MarketMoved, PriceAlertsChanged, PricesPrinted
from qv_desktop.wiring import Desk

log = structlog.get_logger(__name__)


class PriceAlertsWiring:
    """Shows the alerts and keeps what a person wants of them; ``pick`` hears of a symbol that was chosen in the panel."""

    def __init__(self, desk: Desk, pick: Callable[[str, str], None]) -> None:
        self._desk, self._pick = desk, pick
        self._panel, self._alerts = desk.panels.price_alerts, desk.services.price_alerts
        self._connect()

    def _connect(self) -> None:
        panel, bus = self._panel, self._desk.services.bus
        panel.add_asked.connect(lambda *what: self._spawn(self._add(*what)))
        panel.move_asked.connect(lambda id_, price: self._spawn(self._said(self.move(id_, price))))
        panel.rearm_asked.connect(lambda ids: self._spawn(self._each(self._rearm, ids)))
        panel.remove_asked.connect(lambda ids: self._spawn(self._each(self.remove, ids)))
        panel.symbol_chosen.connect(lambda symbol: self._pick("chart", symbol))
        bus.subscribe(PricesPrinted, self._alerts.hear)
        bus.subscribe(PriceAlertsChanged, self._changed)
        bus.subscribe(MarketMoved, lambda event: panel.upsert(event.snapshots))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    async def start(self) -> None:
        """Load the person's alerts and what vendors know of their symbols."""
        await self._alerts.load()
        await self._seed(list(dict.fromkeys(alert.symbol for alert in self._alerts.all)))

    async def add(self, symbol: str, price: float, note: str = "", repeats: bool = False) -> None:
        """Set an alert, from a panel or a chart; the last price decides from where it is reached, so it is asked for unless it is live.

        Raises BadInput, NotPermitted, DatabaseDown.
        """
        await self._seed([symbol.strip().upper()])
        await self._alerts.add(symbol, price, note=note, repeats=repeats)

    async def move(self, id_: str, price: float) -> None:
        """Set an alert at another price. Raises BadInput, NotPermitted, DatabaseDown."""
        await self._seed([alert.symbol for alert in self._alerts.all if alert.id == id_])
        await self._alerts.move(id_, price)

    async def remove(self, id_: str) -> None:
        """Forget an alert. Raises BadInput, NotPermitted, DatabaseDown."""
        await self._alerts.remove(id_)

    async def _rearm(self, id_: str) -> None:
        await self._seed([alert.symbol for alert in self._alerts.all if alert.id == id_])
        await self._alerts.rearm(id_)

    async def _add(self, symbol: str, price: float, note: str, repeats: bool) -> None:
        try:
            await self.add(symbol, price, note, repeats)
        except QvError as error:
            self._panel.show_wrong(str(error))
        else:
            self._panel.show_added()

    async def _each(self, ask: Callable[[str], Awaitable[object]], ids: list[str]) -> None:
        for id_ in ids:
            await self._said(ask(id_))

    async def _said(self, asked: Awaitable[object]) -> None:
        try:
            await asked
        except QvError as error:
            self._panel.show_wrong(str(error))
        else:
            self._panel.show_wrong("")

    async def _seed(self, symbols: list[str]) -> None:
        """What vendors know of symbols that have no price, or one from when they were watched last.

        An alert can be set all the same when they do not answer.
        """
        services = self._desk.services
        live = {symbol for symbol in services.market.wanted if services.market.snapshot(symbol).last is not None}
        unknown = [symbol for symbol in symbols if symbol and symbol not in live]
        try:
            if unknown:
                services.market.seed(await services.history.snapshots(unknown))
        except FeedDown as error:
            log.info("alert_prices_unknown", reason=str(error), symbols=len(unknown))

    def _changed(self, event: PriceAlertsChanged) -> None:
        market = self._desk.services.market
        self._panel.show_alerts(event.alerts)
        self._panel.upsert([market.snapshot(symbol) for symbol in {alert.symbol for alert in event.alerts}])
