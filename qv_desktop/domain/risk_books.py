"""The quick measures of a book: exposure by sector, the day's profit by position, and strategy; plain sums of what is known."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk_measures import UNKNOWN_SECTOR, ZERO, Exposure, PositionLine

NO_PRICE = "No price yet."


def line(
    position: Position, last: Decimal | None, previous: Decimal | None, traded: tuple[Decimal, Decimal], equity: Decimal | None,
    sector: str = UNKNOWN_SECTOR, beta: float | None = None, leaves: float | None = None,
) -> PositionLine:  # fmt: skip
    """One position at ``last``; ``previous`` is the close before, ``traded`` what today's fills brought: shares and dollars, net;
    ``leaves`` the days that it takes to leave.

    Today's dollars are what it is worth now, less what the shares that were held at the close before were worth then, less what was
    paid today. Fees are not in it. Where the close before is not known of a position that was held over it, today's dollars are not.
    """
    symbol, quantity, sector = position.symbol, position.quantity, sector or UNKNOWN_SECTOR
    if last is None:
        return PositionLine(symbol, sector, quantity, None, None, None, position.realised, None, beta, leaves, NO_PRICE)
    value, (shares, paid) = quantity * last, traded
    held = quantity - shares  # at the close before
    today = value - paid if not held else None if previous is None else value - held * previous - paid
    return PositionLine(symbol, sector, quantity, value, float(value / equity) if equity and equity > 0 else None,
                        (last - position.average) * quantity, position.realised, today, beta, leaves)  # fmt: skip


def by_sector(lines: Iterable[PositionLine], equity: Decimal | None) -> tuple[Exposure, ...]:
    """Exposure by sector, largest gross first; what is unpriced is in none."""
    sums: dict[str, tuple[Decimal, Decimal, int]] = {}  # sector -> long, short, names
    for one in lines:
        if one.value is None:
            continue
        long, short, names = sums.get(one.sector, (ZERO, ZERO, 0))
        sums[one.sector] = (long + max(one.value, ZERO), short + min(one.value, ZERO), names + 1)
    found = [exposure(sector, long, short, equity, names) for sector, (long, short, names) in sums.items()]
    return tuple(sorted(found, key=lambda one: -one.gross))


def whole(lines: Sequence[PositionLine], equity: Decimal | None) -> Exposure:
    """The exposure of the whole book."""
    values = [one.value for one in lines if one.value is not None]
    long = sum((value for value in values if value > 0), ZERO)
    return exposure("Book", long, sum(values, ZERO) - long, equity, len(values))


def exposure(name: str, long: Decimal, short: Decimal, equity: Decimal | None, names: int) -> Exposure:
    """An exposure with its share of the equity; none where there is no equity."""
    return Exposure(name, long, short, float((long - short) / equity) if equity and equity > 0 else None, names)


def priced(symbols: Iterable[str], prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The prices above nothing of ``symbols``."""
    return {symbol: price for symbol in symbols if (price := prices.get(symbol)) is not None and price > 0}
