"""What today's profit of a position counts from: what it was worth at the close before, and what has been put into it since."""

from dataclasses import dataclass, replace
from decimal import Decimal

from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.positions import Position

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TradedToday:
    """Today's executions of one symbol: net signed shares, and dollars bought and sold for."""

    shares: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO

    def __add__(self, fill: Fill) -> "TradedToday":
        """With one more execution."""
        shares, dollars = self.shares + fill.quantity * fill.side.sign, fill.quantity * fill.price
        if fill.side is Side.BUY:
            return replace(self, shares=shares, bought=self.bought + dollars)
        return replace(self, shares=shares, sold=self.sold + dollars)


@dataclass(frozen=True, slots=True)
class DayBasis:
    """Dollars, None while unknown: ``carried`` stood unrealised at the close before and is no profit of today's; ``base`` is what
    today's profit is a part of."""

    carried: Decimal | None
    base: Decimal | None


UNKNOWN = DayBasis(None, None)


def day_basis(position: Position, traded: TradedToday, close: Decimal | None) -> DayBasis:
    """What today's profit of ``position`` counts from; ``close`` is the price at the close before, in shares of today.

    Today's profit is what it is worth now, less what was held at the close before at that close, less what was paid since, net:
    ``carried`` is what the unrealised and realised profit of today's books exceed that by, whatever the price is now. ``base`` is
    the worth at the close before and what was put in since, on the position's side.
    """
    before = position.quantity - traded.shares
    if before and close is None:
        return UNKNOWN
    worth = before * (close or ZERO)
    paid = traded.bought - traded.sold
    carried = worth + paid + position.realised - position.quantity * position.average
    put_in = traded.bought if before > 0 else traded.sold if before < 0 else max(traded.bought, traded.sold)
    return DayBasis(carried, abs(worth) + put_in)
