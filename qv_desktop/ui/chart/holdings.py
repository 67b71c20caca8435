"""What the chart knows besides bars: last price and previous close, our orders, position and fills, and the market's time."""

from dataclasses import dataclass, field

from qv_desktop.domain.market import Bar, Snapshot
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.positions import Position
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.ui.chart.order_lines import Level, alert_levels, order_levels, position_level


@dataclass(slots=True)
class Holdings:
    """Everything ours about one chart; ``now`` is the newest market time seen, in ns."""

    previous_close: float | None = None
    now: int | None = None
    halted: bool = False
    orders: tuple[Order, ...] = ()
    position: Position | None = None
    fills: tuple[Fill, ...] = ()
    alerts: tuple[PriceAlert, ...] = ()
    _levels: dict[str, list[Level]] = field(default_factory=dict)  # symbol -> levels of its orders

    def take_orders(self, orders: tuple[Order, ...]) -> None:
        """Replace all orders."""
        self.orders, self._levels = orders, {}

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """The previous close, a halt, and the time of the last trade."""
        self.halted = snapshot.halted
        if snapshot.previous_close is not None:
            self.previous_close = snapshot.previous_close
        if snapshot.last_at is not None:
            self.now = max(self.now or 0, snapshot.last_at)

    def levels(self, live: Bar) -> list[Level]:
        """Levels of orders, alerts and the position in the live bar's symbol."""
        if live.symbol not in self._levels:
            self._levels = {live.symbol: order_levels(self.orders, live.symbol)}
        held = position_level(self.position, live.symbol, live.close)
        alerts = alert_levels(self.alerts, live.symbol)
        return self._levels[live.symbol] + alerts + ([held] if held is not None else [])

    def own_fills(self, symbol: str) -> tuple[Fill, ...]:
        """Fills in ``symbol``."""
        return tuple(fill for fill in self.fills if fill.symbol == symbol)

    def day_change(self, live: Bar) -> float | None:
        """Dollars since the previous close, or None while it is unknown."""
        return None if self.previous_close is None else live.close - self.previous_close
