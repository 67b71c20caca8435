"""Counters: round trips, losses in a row and orders of one scope, folded from its executions, so that the journal alone gives them anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from types import MappingProxyType

from qv_desktop.domain.limits import Limits, Scope
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.positions import Position, after

ZERO = Decimal(0)
NOTHING: Mapping[str, "Holding"] = MappingProxyType({})

type Key = tuple[Scope, str]  # whom it counts for: a scope and a name within it

ACCOUNT: Key = (Scope.ACCOUNT, "")


@dataclass(frozen=True, slots=True)
class Counters:
    """What happened so far: losing round trips in a row, when the last one ended, and round trips that began today."""

    consecutive_losses: int = 0
    last_loss_at: datetime | None = None
    trades_today: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """One symbol of a scope. ``trip`` is the cash of the open round trip, ``today`` that of the day: in for sells, out for buys and fees.

    ``opened`` are the shares at midnight, ``basis`` what each was worth then, as far as executions tell it: its average price.
    """

    quantity: Decimal = ZERO
    trip: Decimal = ZERO
    today: Decimal = ZERO
    opened: Decimal = ZERO
    basis: Decimal = ZERO

    @property
    def average(self) -> Decimal:
        """What a share of the open round trip must bring for it to end without profit or loss."""
        return -self.trip / self.quantity if self.quantity else ZERO


@dataclass(frozen=True, slots=True)
class Tally:
    """Counters and holdings of one scope on a day of New York."""

    day: date
    counters: Counters = Counters()
    holdings: Mapping[str, Holding] = field(default_factory=lambda: NOTHING)

    def held(self, symbol: str) -> Decimal:
        """Signed shares."""
        found = self.holdings.get(symbol)
        return found.quantity if found else ZERO


def day_of(moment: datetime) -> date:
    """The day in New York that a moment belongs to."""
    return moment.astimezone(NEW_YORK).date()


def midnight(day: date) -> datetime:
    """When a day of New York begins, in UTC."""
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)


def ordered(fills: Iterable[Fill]) -> list[Fill]:
    """In the order in which they count: by time, and those of one moment by the broker's id, whichever way they came."""
    return sorted({fill.execution_id: fill for fill in fills}.values(), key=lambda fill: (fill.at, fill.execution_id))


def folded(tally: Tally, fills: Iterable[Fill]) -> Tally:
    """``tally`` with ``fills`` in it, ``ordered`` and none from before it; days that begin between them are turned."""
    counters, holdings, day = tally.counters, dict(tally.holdings), tally.day
    ends = midnight(day + timedelta(days=1))
    for fill in fills:
        if fill.at >= ends:
            day = day_of(fill.at)
            counters, holdings = turned(Tally(day, counters, holdings), day)
            ends = midnight(day + timedelta(days=1))
        before = holdings.get(fill.symbol, Holding())
        holdings[fill.symbol], counters = _traded(before, counters, fill)
    return Tally(day, counters, holdings)


def of_day(tally: Tally, day: date) -> Tally:
    """The tally on ``day``, with midnights passed since; an earlier day changes nothing."""
    if day <= tally.day:
        return tally
    counters, holdings = turned(tally, day)
    return Tally(day, counters, holdings)


def turned(tally: Tally, day: date) -> tuple[Counters, dict[str, Holding]]:
    """Midnight: what is held stays, what was done today has been done. Losses in a row go on."""
    kept = {
        symbol: Holding(one.quantity, one.trip, ZERO, one.quantity, one.average)
        for symbol, one in tally.holdings.items()
        if one.quantity
    }
    return replace(tally.counters, trades_today=0), kept


def _traded(before: Holding, counters: Counters, fill: Fill) -> tuple[Holding, Counters]:
    """One execution; one that crosses zero ends a round trip and begins the next one with what is left."""
    change = fill.quantity * fill.side.sign
    cash = -change * fill.price - fill.fee
    held, total = before.quantity, before.quantity + change
    day = replace(before, quantity=total, today=before.today + cash)
    if held == 0:
        return replace(day, trip=cash), replace(counters, trades_today=counters.trades_today + 1)
    if held * total > 0:
        return replace(day, trip=before.trip + cash), counters
    rest = -total * fill.price  # of what goes beyond zero, if anything
    ended = _ended(counters, before.trip + cash - rest, fill.at)
    if total:
        ended = replace(ended, trades_today=ended.trades_today + 1)
    return replace(day, trip=rest), ended


def _ended(counters: Counters, profit: Decimal, at: datetime) -> Counters:
    if profit < 0:
        return replace(counters, consecutive_losses=counters.consecutive_losses + 1, last_loss_at=at)
    return replace(counters, consecutive_losses=0)


def profit_of(tally: Tally, marks: Mapping[str, Decimal], closes: Mapping[str, Decimal]) -> Decimal | None:
    """Dollars since midnight, taken and open, at ``marks``; None while the price of something held is unknown.

    What was held at midnight counts from its previous close, or from its average price while no close is known.
    """
    total = ZERO
    for symbol, one in tally.holdings.items():
        if one.quantity and symbol not in marks:
            return None
        worth = one.quantity * marks[symbol] if one.quantity else ZERO
        total += one.today + worth - one.opened * closes.get(symbol, one.basis)
    return total


def opening_of(quantity: Decimal, average: Decimal) -> Holding:
    """What was brought over from before anything was counted here."""
    return Holding(quantity, -quantity * average, ZERO, quantity, average)


@dataclass(frozen=True, slots=True)
class Standing:
    """One scope as the rules see it: its counters, its own limits, and the dollars of its day (None while unknown).

    ``held`` tells the signed shares that the scope itself holds of a symbol.
    """

    key: Key
    limits: Limits
    counters: Counters = Counters()
    profit: Decimal | None = None
    held: Mapping[str, Holding] = field(default_factory=lambda: NOTHING)
    drawdown: Decimal | None = None  # fraction of the highest equity that is lost; the account's alone
    sources: frozenset[str] | None = None  # of its orders, for a strategy; None where that does not tell them apart

    def holds(self, symbol: str) -> Decimal:
        """Signed shares of a symbol."""
        found = self.held.get(symbol)
        return found.quantity if found else ZERO

    @property
    def whose(self) -> str:
        """Whom it binds, for a sentence."""
        scope, of = self.key
        return "the account" if scope in (Scope.ACCOUNT, Scope.FIRM) else of if scope is Scope.USER else f"{scope} {of}"

    @property
    def cooling_until(self) -> datetime | None:
        """When the cooldown after too many losses in a row ends; None where there is none."""
        last = self.counters.last_loss_at
        if last is None or self.counters.consecutive_losses < max(self.limits.consecutive_losses, 1):
            return None
        return last + timedelta(seconds=min(float(self.limits.cooldown_seconds), 10 * 365 * 86_400.0))


type Standings = tuple[
    Standing, ...
]  # the account's first, then those of the user, the strategy and the symbol that have limits


def brought_over(now: Position, fills: Iterable[Fill]) -> Holding | None:
    """What was held of a symbol before ``fills``, oldest first, led to ``now``; None when nothing was."""
    done = tuple(fills)
    opening = now.quantity - sum((fill.quantity * fill.side.sign for fill in done), ZERO)
    if not opening:
        return None
    ends = [reduce(after, done, Position(now.symbol, opening, paid)).average for paid in (ZERO, Decimal(1))]
    share = ends[1] - ends[0]  # of today's average, how much is still the opening's
    paid = (now.average - ends[0]) / share if share else done[0].price
    return opening_of(opening, paid)
