"""Instruments: what can be traded, and in which steps of price."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

PENNY = Decimal("0.01")
HALF_PENNY = Decimal("0.005")  # of symbols that are quoted tightly, told by the listing
SUB_PENNY = Decimal("0.0001")  # below one dollar, 17 CFR 242.612


@dataclass(frozen=True, slots=True)
class Instrument:
    """One US equity as the broker lists it; ``tick`` is its price step at one dollar and above."""

    symbol: str
    name: str
    exchange: str
    tick: Decimal = PENNY
    tradable: bool = True
    marginable: bool = True
    shortable: bool = True
    easy_to_borrow: bool = True
    fractionable: bool = True


def price_step(instrument: Instrument, price: Decimal) -> Decimal:
    """The smallest legal price step at ``price`` in dollars."""
    return SUB_PENNY if price < 1 else instrument.tick


def on_tick(instrument: Instrument, price: Decimal) -> Decimal:
    """The legal price nearest to ``price``."""
    step = price_step(instrument, price)
    return (price / step).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * step


def decimals(instrument: Instrument, price: Decimal) -> int:
    """How many digits after the point a price of this instrument shows."""
    exponent = price_step(instrument, price).normalize().as_tuple().exponent
    return max(2, -exponent if isinstance(exponent, int) else 2)
