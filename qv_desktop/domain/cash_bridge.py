"""The bridge of cash: from what the account held at one comparison to what it holds now, by what was booked between."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate, combinations

from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Fill

ZERO = Decimal(0)
BLUR = timedelta(seconds=10)  # around a question about cash within which an entry may be in the answer or not
MOST = 8  # entries without a time of which it is tried whether they are in


@dataclass(frozen=True, slots=True)
class Mark:
    """Cash that agreed: dollars at ``at``; ``settled`` are ids of entries that are in it."""

    at: datetime
    cash: Decimal
    settled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry: signed dollars, None when the broker tells none; it happened between ``first`` and ``last``."""

    id: str
    first: datetime
    last: datetime
    dollars: Decimal | None

    @property
    def timed(self) -> bool:
        """Whether its moment is known, and not its day alone."""
        return self.first == self.last


@dataclass(frozen=True, slots=True)
class Bridge:
    """What was expected now and what is left over; ``settled`` are the entries that are in. ``why`` says why it is not known."""

    expected: Decimal | None
    rest: Decimal = ZERO
    settled: frozenset[str] = frozenset()
    why: str = ""


def of_fill(fill: Fill) -> Movement:
    """What an execution moved: out for a buy, in for a sell, less its fee."""
    return Movement(
        f"fill {fill.execution_id}", fill.at, fill.at, -fill.side.sign * fill.quantity * fill.price - fill.fee
    )


def of_activity(one: Activity) -> Movement | None:
    """What an activity moved; of one that tells its day alone, some time of that day in New York. None without either."""
    if one.at is not None:
        return Movement(one.id, one.at, one.at, one.net)
    if one.day is None:
        return None
    start = datetime.combine(one.day, time(), NEW_YORK).astimezone(UTC)
    return Movement(one.id, start, start + timedelta(days=1), one.net)


def bridged(mark: Mark, cash: Decimal, at: datetime, movements: Sequence[Movement], tolerance: Decimal) -> Bridge:
    """From ``mark`` to ``cash`` at ``at``. An entry near either moment may be in or not: what makes the sum right is believed."""
    fresh = [
        one for one in movements if one.id not in mark.settled and one.last >= mark.at - BLUR and one.first <= at + BLUR
    ]
    if nameless := [one for one in fresh if one.dollars is None]:
        return Bridge(None, why=f"the broker tells no amount of {len(nameless)} of what it booked")
    timed = sorted((one for one in fresh if one.timed), key=lambda one: one.first)
    dated = [one for one in fresh if not one.timed]
    chosen = _choice(mark, at, timed, dated, cash - mark.cash, tolerance)
    if chosen is None:
        between = (
            one for one in fresh if not one.timed or mark.at < one.first <= at
        )  # by their own moments, when nothing fits
        expected = mark.cash + _sum(between)
        return Bridge(expected, cash - expected)
    known = frozenset(one.id for one in movements)
    return Bridge(mark.cash + _sum(chosen), settled=frozenset(one.id for one in chosen) | (mark.settled & known))


def _choice(mark: Mark, at: datetime, timed: list[Movement], dated: list[Movement], wanted: Decimal,
            tolerance: Decimal) -> list[Movement] | None:  # fmt: skip
    """The entries that bring ``wanted`` dollars: those between, with the last ones before and the first ones after in turn."""
    first = sum(one.first <= mark.at + BLUR for one in timed)  # from here on surely in
    last = max(first, sum(one.first < at - BLUR for one in timed))  # up to here surely in
    sums = list(accumulate((one.dollars or ZERO for one in timed), initial=ZERO))
    for some in _subsets(dated):
        rest = wanted - _sum(some)
        for start in range(first, -1, -1):
            for end in range(last, len(timed) + 1):
                if abs(sums[end] - sums[start] - rest) <= tolerance:
                    return [*timed[start:end], *some]
    return None


def _subsets(dated: Sequence[Movement]) -> Iterator[tuple[Movement, ...]]:
    """Of entries that tell their day alone any may be in, the most first; of too many only all or none is tried."""
    for size in range(len(dated), -1, -1) if len(dated) <= MOST else (len(dated), 0):
        yield from combinations(dated, size)


def _sum(movements: Iterable[Movement]) -> Decimal:
    return sum((one.dollars or ZERO for one in movements), ZERO)
