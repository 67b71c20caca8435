"""The columns of the positions, and the row that each position is at its last price."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qv_desktop.domain.position_days import DayBasis
from qv_desktop.domain.positions import Position, market_value, unrealised
from qv_desktop.domain.risk_measures import UNKNOWN_SECTOR
from qv_desktop.ui import format as words
from qv_desktop.ui.models.column import Column
from qv_desktop.ui.models.order_words import price_text

STALE = 2.0  # seconds
ZERO = Decimal(0)
CARRIED = "carried"  # shares that no fill of today brought


@dataclass(frozen=True, slots=True)
class Row:
    """A position at its last price: dollars and fractions, None while the price is unknown."""

    position: Position
    last: Decimal | None
    age: float | None  # of the quote, seconds
    value: Decimal | None  # signed
    unrealised: Decimal | None
    unrealised_fraction: Decimal | None  # of what was paid
    day: Decimal | None  # earned since the close before, taken or not; None while that close is unknown
    share: Decimal | None  # absolute value as a fraction of equity
    day_fraction: Decimal | None = None  # of what it was worth at the close before and what was put in since
    cover: Decimal | None = None  # shares that resting stop orders protect; None while the orders are not known
    split: tuple[tuple[str, Decimal], ...] = ()  # source -> signed shares, largest first
    sector: str = ""  # "" while unknown

    @property
    def main_source(self) -> str:
        """Where most of it came from."""
        return self.split[0][0] if self.split else CARRIED


def priced(
    position: Position, last: Decimal | None, age: float | None, begun: DayBasis, equity: Decimal | None,
    cover: Decimal | None = None, split: Mapping[str, Decimal] | None = None, sector: str = "",
) -> Row:  # fmt: skip
    """The row of ``position``; ``begun`` is what today's profit counts from. A flat one needs no price.

    ``cover`` counts shares under resting stops, ``split`` today's shares by where they came from.
    """
    parts = _parts(position, split or {})
    if position.quantity and last is None:
        return Row(position, None, age, None, None, None, None, None, None, cover, parts, sector)
    price = last or ZERO
    value, earned = market_value(position, price), unrealised(position, price)
    cost = position.average * abs(position.quantity)
    day = None if begun.carried is None else earned - begun.carried + position.realised
    return Row(position, last, age, value, earned, earned / cost if cost else None, day,
               abs(value) / equity if equity else None, day / begun.base if day is not None and begun.base else None, cover, parts,
               sector)  # fmt: skip


def _parts(position: Position, split: Mapping[str, Decimal]) -> tuple[tuple[str, Decimal], ...]:
    """Where the shares came from; what today's fills do not tell was carried over."""
    if not position.quantity:
        return ()
    rest = position.quantity - sum(split.values(), ZERO)
    parts = [(source, shares) for source, shares in (*split.items(), (CARRIED, rest)) if shares]
    return tuple(sorted(parts, key=lambda part: -abs(part[1])))


def position_columns() -> list[Column[Row]]:
    return [
        Column("Symbol", lambda r: r.position.symbol, bold=True, width=70),
        Column("Side", _side, color=_side_color, width=56, whole=True),
        Column("Qty", lambda r: words.quantity(r.position.quantity), key=lambda r: r.position.quantity, right=True, stretch=True, width=70),
        Column("Avg", lambda r: price_text(_average(r)), key=_average, right=True, stretch=True, width=76),
        Column("Last", lambda r: price_text(r.last), key=lambda r: r.last, right=True, stretch=True, width=76, color=_faded),
        Column("Mkt value", lambda r: words.money(r.value), key=lambda r: r.value, right=True, stretch=True, width=104,
               total=_money(lambda r: r.value)),
        Column("Day P&L", lambda r: words.signed(r.day), key=lambda r: r.day, right=True, stretch=True, width=88,
               color=lambda r: words.trend(r.day), total=_signed(lambda r: r.day)),
        Column("Day %", lambda r: words.percent(r.day_fraction), key=lambda r: r.day_fraction, raw=lambda r: _percents(r.day_fraction),
               right=True, stretch=True, width=66, color=lambda r: words.trend(r.day)),
        Column("Unrealised", lambda r: words.signed(r.unrealised), key=lambda r: r.unrealised, right=True, stretch=True, width=92,
               color=lambda r: words.trend(r.unrealised), bold=True, total=_signed(lambda r: r.unrealised)),
        Column("Unreal. %", lambda r: words.percent(r.unrealised_fraction), key=lambda r: r.unrealised_fraction,
               raw=lambda r: _percents(r.unrealised_fraction), right=True,
               stretch=True, width=76,
               color=lambda r: words.trend(r.unrealised)),
        Column("Realised today", lambda r: words.signed(r.position.realised), key=lambda r: r.position.realised, right=True,
               stretch=True, width=106, total=_signed(lambda r: r.position.realised),
               color=lambda r: words.trend(r.position.realised)),
        Column("% equity", lambda r: words.percent(r.share, 1, sign=False), key=lambda r: r.share,
               raw=lambda r: _percents(r.share), right=True, stretch=True, width=72),
        Column("Stop cover", lambda r: words.quantity(_cover(r)), key=_cover, right=True, width=76, color=_cover_color, tip=_cover_tip),
        Column("Split", _split_text, width=120, color=lambda r: "TX1", tip=_split_text),
        Column("Quote age", lambda r: words.age(r.age), key=lambda r: r.age, right=True,
               stretch=True, width=76,
               color=lambda r: "WARN" if r.age is not None and r.age > STALE else "TX2"),
    ]  # fmt: skip


def _percents(fraction: Decimal | None) -> Decimal | None:
    return None if fraction is None else fraction * 100


def _side(row: Row) -> str:
    return "LONG" if row.position.quantity > 0 else "SHORT" if row.position.quantity < 0 else "FLAT"


def _side_color(row: Row) -> str:
    held = row.position.quantity
    return "BUY_INK" if held > 0 else "SELL_INK" if held < 0 else "TX1"


def _faded(row: Row) -> str | None:
    return "TX2" if row.age is not None and row.age > STALE else None


def _average(row: Row) -> Decimal | None:
    """Of what is flat, nothing was paid."""
    return row.position.average if row.position.quantity else None


def _cover(row: Row) -> Decimal | None:
    """Of what is flat, nothing is to be covered."""
    return row.cover if row.position.quantity else None


def _cover_color(row: Row) -> str | None:
    return "WARN" if row.cover is not None and row.cover < abs(row.position.quantity) else "TX1"


def _cover_tip(row: Row) -> str:
    held = words.quantity(abs(row.position.quantity))
    return "" if row.cover is None else f"Resting stop orders protect {words.quantity(row.cover)} of {held} shares"


def _split_text(row: Row) -> str:
    """``Ticket 150 · sma_cross 50``, largest first."""
    return " · ".join(f"{source} {words.quantity(shares)}" for source, shares in row.split)


def _signed(value: Callable[[Row], Decimal | None]) -> Callable[[Sequence[Row]], str]:
    return lambda rows: words.signed(_sum(value, rows))


def _money(value: Callable[[Row], Decimal | None]) -> Callable[[Sequence[Row]], str]:
    return lambda rows: words.money(_sum(value, rows))


def _sum(value: Callable[[Row], Decimal | None], rows: Sequence[Row]) -> Decimal | None:
    """None as soon as one is unknown."""
    values = known([value(row) for row in rows])
    return None if values is None else sum(values, ZERO)


def known(values: list[Decimal | None]) -> list[Decimal] | None:
    """The values, or None as soon as one is unknown."""
    found = [value for value in values if value is not None]
    return found if len(found) == len(values) else None


SECTIONS: Mapping[str, Callable[[Row], str]] = {
    "Strategy": lambda r: r.main_source,
    "Sector": lambda r: r.sector or UNKNOWN_SECTOR,
    "Side": lambda r: _side(r).title(),
}
