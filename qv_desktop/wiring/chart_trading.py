"""What is ours on the charts: orders, fills, position, alerts, drawings and halts of each chart's symbol, and the hands on them."""

from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any

from qv_desktop.domain.events import DrawingsChanged, Filled, HaltsChanged, PositionChanged, PriceAlertsChanged
from qv_desktop.domain.market import utc
from qv_desktop.domain.orders import Fill, OrderRequest
from qv_desktop.ui.chart.amending import PriceDraft
from qv_desktop.ui.panels.chart import ChartPanel
from qv_desktop.wiring import Desk
from qv_desktop.wiring.chart import ChartWiring


class ChartTrading:
    """Keeps every chart's own things right; a chart that replays history shows none of them."""

    def __init__(self, desk: Desk, charts: Callable[[], Iterable[ChartWiring]]) -> None:
        self._desk, self._charts = desk, charts
        self._read: dict[str, str] = {}  # chart -> the symbol whose drawings were asked for
        bus = desk.services.bus
        bus.subscribe(Filled, lambda event: self._of(event.fill.symbol, self._show_fills))
        bus.subscribe(PositionChanged, lambda event: self._of(event.position.symbol, self._show_position))
        bus.subscribe(PriceAlertsChanged, lambda event: self._all(self._show_alerts))
        bus.subscribe(DrawingsChanged, lambda event: self._of(event.symbol, self._show_drawings))
        bus.subscribe(HaltsChanged, lambda event: self._of(event.symbol, self._show_halts))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    # ---- eyes

    def show(self, chart: ChartWiring) -> None:
        """Everything of the chart's symbol; nothing while it replays history."""
        services = self._desk.services
        chart.panel.show_instrument(services.risk.instrument(chart.symbol))
        if self._read.get(chart.name) != chart.symbol:
            self._read[chart.name] = chart.symbol
            self._spawn(services.drawings.load(chart.symbol))
        for part in (
            self._show_orders,
            self._show_fills,
            self._show_position,
            self._show_alerts,
            self._show_drawings,
            self._show_halts,
        ):
            part(chart)

    def listed(self) -> None:
        """The broker's list of instruments has come."""
        self._all(lambda chart: chart.panel.show_instrument(self._desk.services.risk.instrument(chart.symbol)))

    def orders_changed(self, symbols: Collection[str]) -> None:
        """Orders of these symbols have changed since the last frame."""
        for chart in self._charts():
            if chart.symbol in symbols:
                self._show_orders(chart)

    def _of(self, symbol: str, part: Callable[[ChartWiring], None]) -> None:
        for chart in self._charts():
            if chart.symbol == symbol:
                part(chart)

    def _all(self, part: Callable[[ChartWiring], None]) -> None:
        for chart in self._charts():
            part(chart)

    def _show_orders(self, chart: ChartWiring) -> None:
        book = self._desk.services.orders.book
        chart.panel.show_orders([] if chart.replaying.on else list(book.values()))

    def _show_fills(self, chart: ChartWiring) -> None:
        fills = self._desk.services.orders.fills.values()
        chart.panel.show_fills([] if chart.replaying.on else _of_symbol(fills, chart.symbol))

    def _show_position(self, chart: ChartWiring) -> None:
        held = self._desk.services.positions.held().get(chart.symbol)
        chart.panel.show_position(None if chart.replaying.on else held)

    def _show_alerts(self, chart: ChartWiring) -> None:
        chart.panel.show_alerts(() if chart.replaying.on else self._desk.services.price_alerts.all)

    def _show_drawings(self, chart: ChartWiring) -> None:
        chart.panel.show_drawings(self._desk.services.drawings.of(chart.symbol))

    def _show_halts(self, chart: ChartWiring) -> None:
        now = self._desk.services.clock.market()
        spans = () if chart.replaying.on else self._desk.services.halts.of(chart.symbol)
        chart.panel.show_halts([(utc(one.start), now if one.end is None else utc(one.end)) for one in spans])

    def tick(self) -> None:
        """Once a second: a halt under way grows."""
        for chart in self._charts():
            if any(span.end is None for span in self._desk.services.halts.of(chart.symbol)):
                self._show_halts(chart)

    # ---- hands

    def connect(self, chart: ChartWiring) -> None:
        """Hear what a person does on this chart."""
        panel, services = chart.panel, self._desk.services
        panel.amend_asked.connect(lambda key, request: self._spawn(services.orders.replace(key, request)))
        panel.amend_drafted.connect(lambda key, request: self._judge(panel, key, request))
        panel.cancel_asked.connect(lambda ids: self._spawn(services.orders.cancel(ids)))
        panel.order_drafted.connect(self._draft)
        panel.alert_asked.connect(lambda price: self._spawn(services.price_alerts.add(chart.symbol, price)))
        panel.alert_moved.connect(lambda id_, price: self._spawn(services.price_alerts.move(id_, price)))
        panel.alert_removed.connect(lambda id_: self._spawn(services.price_alerts.remove(id_)))
        panel.drawing_changed.connect(lambda drawing: self._spawn(services.drawings.put(drawing)))
        panel.drawing_removed.connect(lambda symbol, id_: self._spawn(services.drawings.remove(symbol, id_)))

    def _judge(self, panel: ChartPanel, key: str, request: OrderRequest | None) -> None:
        """What the rules say of the changed order, as if the one it replaces were gone."""
        services = self._desk.services
        if request is not None:
            panel.show_verdict(services.orders.checks_of_change(key, request))

    def _draft(self, draft: PriceDraft) -> None:
        self._desk.panels.ticket.fill_at(draft.symbol, draft.side, draft.type, draft.price)
        self._desk.window.raise_panel("ticket")


def _of_symbol(fills: Iterable[Fill], symbol: str) -> list[Fill]:
    return [fill for fill in fills if fill.symbol == symbol]
