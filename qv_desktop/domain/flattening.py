"""Closing what is held: what will be cancelled, what will be sent, and what it is likely to bring, before anybody does it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from qv_desktop.domain.orders import Order, OrderRequest, OrderType, Side, TimeInForce
from qv_desktop.domain.positions import Position, unrealised

CLOSING, OPENING = "Flatten", "Reverse"  # the orders' sources: alike in all else, they are still two intents


@dataclass(frozen=True, slots=True)
class Plan:
    """How one position is closed, or turned round with ``reverse``. ``held`` is signed; ``last`` is None while unknown.

    ``refused`` says why the closing order would not be taken; then nothing is to be cancelled for it.
    """

    symbol: str
    held: Decimal
    cancels: int  # open orders of the symbol, on both sides
    last: Decimal | None
    profit: Decimal | None  # dollars that closing at ``last`` would take
    reverse: bool = False
    refused: str = ""

    @property
    def side(self) -> Side:
        """What closes it."""
        return Side.SELL if self.held > 0 else Side.BUY

    @property
    def quantity(self) -> Decimal:
        """Shares that close it."""
        return abs(self.held)

    @property
    def value(self) -> Decimal | None:
        """Dollars that closing is about, or None while the price is unknown."""
        return None if self.last is None else self.last * self.quantity


def planned(position: Position, orders: Iterable[Order], last: Decimal | None, *, reverse: bool = False) -> Plan:
    """How ``position`` would be closed beside these ``orders``."""
    ours = sum(order.open and order.request.symbol == position.symbol for order in orders)
    profit = None if last is None else unrealised(position, last)
    return Plan(position.symbol, position.quantity, ours, last, profit, reverse)


def closing_order(plan: Plan, client_order_id: str, quantity: Decimal) -> OrderRequest:
    """What closes ``quantity`` shares of the plan's position."""
    return market_order(client_order_id, plan.symbol, plan.side, quantity, CLOSING)


def market_order(client_order_id: str, symbol: str, side: Side, quantity: Decimal, source: str) -> OrderRequest:
    """The order that closes, or that opens the other side, as ``source`` says."""
    return OrderRequest(
        client_order_id, symbol, side, quantity, OrderType.MARKET, time_in_force=TimeInForce.DAY, source=source
    )
