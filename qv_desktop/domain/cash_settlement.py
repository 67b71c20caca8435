"""Settlement in a cash account: what money is settled, what was bought with money that is not, and what breaks good faith.

Regulation T, 12 CFR 220.8: a cash account pays for what it buys in full, and does not sell it before it has. Proceeds of a sale may be
used at once in good faith; a purchase made with them and sold before they are settled is a *good-faith violation*. A purchase that no
money at all covers, and that is paid for by its own sale, is *free-riding*.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from qv_desktop.domain.day_trades import Leg
from qv_desktop.domain.trading_days import TradingDays

ZERO = Decimal(0)
NOTHING: Mapping[str, Decimal] = MappingProxyType({})
GOOD_FAITH, FREE_RIDING = "good-faith violation", "free-riding"


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares that were bought, and from which day on the money for them is settled; None while no money covers them."""

    quantity: Decimal
    paid: date | None
    bought: date


@dataclass(frozen=True, slots=True)
class Violation:
    """A sale that broke the rule: ``amount`` dollars of what it sold were not paid for with settled money."""

    order: str
    symbol: str
    kind: str  # GOOD_FAITH or FREE_RIDING
    at: datetime
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Purse:
    """The money and the lots of a cash account as they stand on ``day``."""

    day: date
    settled: Decimal = ZERO
    coming: tuple[tuple[date, Decimal], ...] = ()  # proceeds by the day on which they are settled, soonest first
    lots: Mapping[str, tuple[Lot, ...]] = field(default_factory=dict)  # symbol -> oldest first
    violations: tuple[Violation, ...] = ()

    @property
    def unsettled(self) -> Decimal:
        """Dollars of proceeds that are not settled yet."""
        return sum((amount for _, amount in self.coming), ZERO)

    def unpaid(self, symbol: str) -> tuple[Lot, ...]:
        """Lots of ``symbol`` that are not paid for with settled money today."""
        return tuple(lot for lot in self.lots.get(symbol, ()) if lot.paid is None or lot.paid > self.day)


class _Till:
    """The purse while it is counted: changed in place, for the trades of many days may be many."""

    def __init__(self, day: date, settled: Decimal, days: TradingDays) -> None:
        self.day, self.settled, self._days = day, settled, days
        self.coming: dict[date, Decimal] = {}  # proceeds by the day on which they are settled, soonest first
        self.lots: dict[str, list[Lot]] = {}  # symbol -> oldest first
        self.violations: list[Violation] = []

    def begin(self, day: date) -> None:
        """What is settled by ``day`` is settled money; once none is owed, what no money covered is paid for."""
        self.day = day
        for when in [when for when in self.coming if when <= day]:
            self.settled += self.coming.pop(when)
        if self.settled >= 0:
            for symbol, lots in self.lots.items():
                if any(lot.paid is None for lot in lots):
                    self.lots[symbol] = [replace(lot, paid=lot.paid or day) for lot in lots]

    def bought(self, leg: Leg) -> None:
        """Settled money goes first, then the proceeds that are settled soonest, then what is not there."""
        spent = min(leg.value, max(self.settled, ZERO))
        self.settled -= spent
        left, paid = leg.value - spent, self.day
        for when in list(self.coming):
            used = min(self.coming[when], left)
            if used > 0:
                left, paid = left - used, when
                self.coming[when] -= used
                if not self.coming[when]:
                    del self.coming[when]
        self.settled -= left
        self.lots.setdefault(leg.symbol, []).append(Lot(leg.quantity, None if left > 0 else paid, self.day))

    def sold(self, leg: Leg) -> None:
        """The oldest lots go first; those that were not paid for yet make one violation of the order."""
        left, kept, price = leg.quantity, list[Lot](), leg.value / leg.quantity
        early = {GOOD_FAITH: ZERO, FREE_RIDING: ZERO}
        for lot in self.lots.get(leg.symbol, ()):
            gone = min(lot.quantity, left)
            left -= gone
            if gone and (lot.paid is None or lot.paid > self.day):
                early[FREE_RIDING if lot.paid is None else GOOD_FAITH] += gone * price
            if lot.quantity > gone:
                kept.append(replace(lot, quantity=lot.quantity - gone))
        self.violations += [
            Violation(leg.order, leg.symbol, kind, leg.at, self.day, amount) for kind, amount in early.items() if amount
        ]
        self.lots[leg.symbol] = kept
        when = self._days.settles(self.day)
        self.coming[when] = self.coming.get(when, ZERO) + leg.value

    def purse(self) -> Purse:
        """As it stands."""
        lots = {symbol: tuple(some) for symbol, some in self.lots.items() if some}
        return Purse(self.day, self.settled, tuple(sorted(self.coming.items())), lots, tuple(self.violations))


def settled_up(
    cash: Decimal, by_day: Mapping[date, Mapping[str, Mapping[str, Leg]]], today: date, days: TradingDays,
    held: Mapping[str, Decimal] = NOTHING,
) -> Purse:  # fmt: skip
    """The purse today, of an account whose broker tells ``cash`` dollars in all after the trades in ``by_day``, and that holds ``held``
    signed shares by symbol.

    What it had before them is what is left once they are taken back: money that came in or went out meanwhile is taken as there from
    the beginning. Shares held from before are paid for, and go first.
    """
    till = _Till(min((*by_day, today)), cash - flow(by_day), days)
    for symbol, quantity in _before(by_day, held).items():
        till.lots[symbol] = [Lot(quantity, till.day, till.day)]
    for day in sorted(by_day):
        till.begin(day)
        orders = (leg for symbol in by_day[day].values() for leg in symbol.values())
        for leg in sorted(orders, key=lambda leg: (leg.at, leg.order)):
            (till.bought if leg.sign > 0 else till.sold)(leg)
    till.begin(max(today, till.day))
    return till.purse()


def flow(by_day: Mapping[date, Mapping[str, Mapping[str, Leg]]]) -> Decimal:
    """Dollars that the trades brought in; less than nothing when they cost more."""
    return sum((-leg.sign * leg.value for leg in _all(by_day)), ZERO)


def _before(by_day: Mapping[date, Mapping[str, Mapping[str, Leg]]], held: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """symbol -> shares that were there before the trades, of those that traded."""
    found: dict[str, Decimal] = {}
    for leg in _all(by_day):
        found[leg.symbol] = found.get(leg.symbol, held.get(leg.symbol, ZERO)) - leg.sign * leg.quantity
    return {symbol: quantity for symbol, quantity in found.items() if quantity > 0}


def _all(by_day: Mapping[date, Mapping[str, Mapping[str, Leg]]]) -> Iterable[Leg]:
    return (leg for symbols in by_day.values() for orders in symbols.values() for leg in orders.values())
