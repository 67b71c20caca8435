"""Settlement in a cash account: what money is settled, what was bought with money that is not, and what breaks good faith.

Regulation T, 12 CFR 220.8: a cash account pays for what it buys in full, and does not sell it before it has. Proceeds of a sale may be
used at once in good faith; a purchase made with them and sold before they are settled is a *good-faith violation*. A purchase that no
money at all covers, and that is paid for by its own sale, is *free-riding*.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from qv_desktop.domain.day_trades import Leg
from qv_desktop.domain.trading_days import TradingDays

ZERO = Decimal(0)
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


def at_day(purse: Purse, day: date) -> Purse:
    """The purse once ``day`` has begun: what is settled by then is settled money. It pays first what no money covered."""
    settled = purse.settled + sum((amount for when, amount in purse.coming if when <= day), ZERO)
    left = tuple((when, amount) for when, amount in purse.coming if when > day)
    lots = purse.lots
    if settled >= 0 and any(lot.paid is None for kept in lots.values() for lot in kept):
        lots = {s: tuple(replace(lot, paid=lot.paid or day) for lot in kept) for s, kept in lots.items()}
    return replace(purse, day=day, settled=settled, coming=left, lots=lots)


def bought(purse: Purse, leg: Leg) -> Purse:
    """After a purchase: settled money goes first, then the proceeds that are settled soonest, then what is not there."""
    left, kept, paid = leg.value - max(purse.settled, ZERO), list[tuple[date, Decimal]](), purse.day
    settled = purse.settled - min(leg.value, max(purse.settled, ZERO))
    uncovered: date | None = purse.day
    for when, amount in purse.coming:
        used = min(amount, max(left, ZERO))
        left -= used
        paid = when if used > 0 else paid
        if amount > used:
            kept.append((when, amount - used))
    if left > 0:
        settled, uncovered = settled - left, None
    lot = Lot(leg.quantity, paid if uncovered is not None else None, purse.day)
    lots = {**purse.lots, leg.symbol: (*purse.lots.get(leg.symbol, ()), lot)}
    return replace(purse, settled=settled, coming=tuple(kept), lots=lots)


def sold(purse: Purse, leg: Leg, days: TradingDays) -> Purse:
    """After a sale: the oldest lots go first; those that were not paid for yet make one violation of the order."""
    left, kept, price = leg.quantity, list[Lot](), leg.value / leg.quantity
    early = {GOOD_FAITH: ZERO, FREE_RIDING: ZERO}
    for lot in purse.lots.get(leg.symbol, ()):
        gone = min(lot.quantity, left)
        left -= gone
        if gone and (lot.paid is None or lot.paid > purse.day):
            early[FREE_RIDING if lot.paid is None else GOOD_FAITH] += gone * price
        if lot.quantity > gone:
            kept.append(replace(lot, quantity=lot.quantity - gone))
    made = tuple(
        Violation(leg.order, leg.symbol, kind, leg.at, purse.day, amount) for kind, amount in early.items() if amount
    )
    coming = dict(purse.coming)
    when = days.settles(purse.day)
    coming[when] = coming.get(when, ZERO) + leg.value
    return replace(purse, coming=tuple(sorted(coming.items())), lots={**purse.lots, leg.symbol: tuple(kept)},
                   violations=(*purse.violations, *made))  # fmt: skip


def settled_up(
    cash: Decimal, by_day: Mapping[date, Mapping[str, Mapping[str, Leg]]], today: date, days: TradingDays
) -> Purse:
    """The purse today, of an account whose broker tells ``cash`` dollars in all after the trades in ``by_day``.

    What it had before them is what is left once they are taken back: money that came in or went out meanwhile is taken as there from
    the beginning. Shares held from before are paid for.
    """
    flow = sum((-leg.sign * leg.value for leg in _all(by_day)), ZERO)
    first = min(by_day, default=today)
    purse = Purse(min(first, today), cash - flow)
    for day in sorted(by_day):
        purse = at_day(purse, day)
        orders = (leg for symbol in by_day[day].values() for leg in symbol.values())
        for leg in sorted(orders, key=lambda leg: (leg.at, leg.order)):
            purse = bought(purse, leg) if leg.sign > 0 else sold(purse, leg, days)
    return at_day(purse, max(today, purse.day))


def _all(by_day: Mapping[date, Mapping[str, Mapping[str, Leg]]]) -> Iterable[Leg]:
    return (leg for symbols in by_day.values() for orders in symbols.values() for leg in orders.values())
