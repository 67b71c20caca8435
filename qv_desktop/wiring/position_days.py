"""What the positions' rows count from beside their prices: the close before, today's executions, and the sector."""

from datetime import datetime, time
from decimal import Decimal

from qv_desktop.domain.events import Filled
from qv_desktop.domain.market import NEW_YORK, money
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.position_days import DayBasis, TradedToday, day_basis
from qv_desktop.services.averages import previous_close
from qv_desktop.wiring import Desk

BEATS = 4  # between two looks at every symbol: closes become known, and midnight passes


class PositionDays:
    """Keeps sums of today's executions, so that one late in the day costs no more than the first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._day: datetime | None = None  # midnight in New York, since when executions are today's
        self._traded: dict[str, TradedToday] = {}  # symbol -> today's
        self._shown: dict[str, DayBasis] = {}
        self._stirred, self._beats = True, 0
        desk.services.bus.subscribe(Filled, self._filled)

    def start(self) -> None:
        """Count what has traded today, and show it."""
        self._count()
        self._show()

    def stir(self) -> None:
        """Positions moved: look at the next beat."""
        self._stirred = True

    def beat(self) -> None:
        """Four times a second."""
        self._beats = (self._beats + 1) % BEATS
        if self._beats and not self._stirred:
            return
        if self._day != self._midnight():
            self._count()
        self._show()

    def _midnight(self) -> datetime:
        today = self._desk.services.clock.market().astimezone(NEW_YORK).date()
        return datetime.combine(today, time(), NEW_YORK)

    def _count(self) -> None:
        self._day, self._traded = self._midnight(), {}
        for fill in self._desk.services.orders.fills.values():
            self._add(fill)

    def _filled(self, event: Filled) -> None:
        self._add(event.fill)
        self._stirred = True

    def _add(self, fill: Fill) -> None:
        if self._day is not None and fill.at >= self._day:
            self._traded[fill.symbol] = self._traded.get(fill.symbol, TradedToday()) + fill

    def _show(self) -> None:
        self._stirred = False
        services, panel = self._desk.services, self._desk.panels.positions
        positions = services.positions.all()
        found = {symbol: day_basis(position, self._traded.get(symbol, TradedToday()), self._close(symbol))
                 for symbol, position in positions.items()}  # fmt: skip
        if found != self._shown:
            self._shown = found
            panel.show_days(found)
        panel.show_sectors({symbol: sector for symbol in positions if (sector := services.sectors.of(symbol))})

    def _close(self, symbol: str) -> Decimal | None:
        """The close before, in shares of today."""
        services = self._desk.services
        close = previous_close(services.market.snapshot(symbol), services.averages)
        return money(close) if close is not None and close > 0 else None
