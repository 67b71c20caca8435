"""What a deployment's own orders have come to: its shares, its profit, its day, and what it paid beyond the signals' bars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.orders import Fill, Order, OrderStatus
from qv_desktop.domain.positions import Position, after
from qv_desktop.domain.signals import Tally

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """A deployment in dollars at last prices. ``unrealised``, ``exposure`` and ``day`` are None while a price of what it holds is unknown.

    ``day`` is what was taken today and what is open; ``slippage`` what fills cost beyond the closes of their signals' bars.
    """

    held: tuple[tuple[str, Decimal], ...] = ()
    exposure: Decimal | None = ZERO
    realised: Decimal = ZERO
    unrealised: Decimal | None = ZERO
    day: Decimal | None = ZERO
    orders: int = 0
    fills: int = 0
    slippage: Decimal | None = None

    @property
    def profit(self) -> Decimal | None:
        """Taken and open, since it began on this account."""
        return None if self.unrealised is None else self.realised + self.unrealised


class Ledger:
    """Built anew from the journal at each start, so that nothing is lost with the program: ``begin``, then ``take`` and ``sent``."""

    def __init__(self) -> None:
        self._positions: dict[str, Position] = {}
        self._opened: dict[str, datetime] = {}  # symbol -> when what it holds was begun
        self._known: set[str] = set()  # execution ids
        self._today: set[str] = set()  # ids of orders of the day
        self._before = ZERO  # taken before the day began
        self._prices: dict[str, Decimal] = {}  # client order id -> close of its signal's bar
        self._slippage: Decimal | None = None

    def begin(self, fills: Iterable[Fill], today: Iterable[str], since: datetime) -> None:
        """Every execution so far, oldest first, and the ids of orders since the day began at ``since``."""
        self._positions, self._known, self._slippage = {}, set(), None
        self._today = set(today)
        begun = False
        for fill in fills:
            if not begun and fill.at >= since:
                self._before, begun = self.realised, True
            self.take(fill)
        if not begun:
            self._before = self.realised

    def turn(self) -> None:
        """Midnight of New York."""
        self._before, self._today = self.realised, set()

    def price(self, order: str, close: Decimal) -> None:
        """The close of the bar whose signal an order is of; before its fills are taken."""
        self._prices[order] = close

    def take(self, fill: Fill) -> None:
        """An execution, once."""
        if fill.execution_id in self._known:
            return
        self._known.add(fill.execution_id)
        before = self[fill.symbol].quantity
        self._positions[fill.symbol] = after(self[fill.symbol], fill)
        if before * self[fill.symbol].quantity <= 0:
            self._opened[fill.symbol] = fill.at
        close = self._prices.get(fill.client_order_id)
        if close is not None:
            self._slippage = (self._slippage or ZERO) + (fill.price - close) * fill.side.sign * fill.quantity

    def sent(self, order: Order) -> None:
        """An order of the day; one that was refused here was none."""
        if order.status is OrderStatus.REFUSED:
            self._today.discard(order.id)
        else:
            self._today.add(order.id)

    def reserve(self, order: str) -> None:
        """An order that is about to leave counts before it has left: two symbols at once do not share the last one of the day."""
        self._today.add(order)

    def release(self, order: str) -> None:
        """It did not leave."""
        self._today.discard(order)

    def __getitem__(self, symbol: str) -> Position:
        return self._positions.get(symbol) or Position(symbol)

    def held(self) -> dict[str, Decimal]:
        """Shares that are not flat."""
        return {symbol: p.quantity for symbol, p in self._positions.items() if p.quantity}

    def opened(self, symbol: str) -> datetime:
        """When what it holds of a symbol was begun."""
        return self._opened[symbol]

    @property
    def realised(self) -> Decimal:
        """Dollars taken so far."""
        return sum((p.realised for p in self._positions.values()), ZERO)

    def figures(self, prices: Mapping[str, float]) -> Figures:
        """All of it at these last prices."""
        open_, exposure = ZERO, ZERO
        known = True
        for symbol, quantity in self.held().items():
            if (last := prices.get(symbol)) is None:
                known = False
                continue
            price = Decimal(repr(last))
            open_ += (price - self[symbol].average) * quantity
            exposure += abs(price * quantity)
        day = self.realised - self._before + open_
        return Figures(tuple(sorted(self.held().items())), exposure if known else None, self.realised, open_ if known else None,
                       day if known else None, len(self._today), len(self._known), self._slippage)  # fmt: skip

    def tally(self, prices: Mapping[str, float]) -> Tally:
        """The day, for the bounds."""
        figures = self.figures(prices)
        return Tally(figures.orders, figures.day)
