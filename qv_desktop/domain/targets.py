"""Targets: what parts of its capital a strategy that weighs a universe wants to hold, and the next order on the way there."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from qv_desktop.domain.deployments import Bounds, Terms
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.orders import Side
from qv_desktop.domain.signals import Deed, Kind
from qv_desktop.domain.sizing import Sizing

ZERO = Decimal(0)
SLIGHT = Decimal("1.01")  # prices move between what was reckoned and what is bought
NOTHING_KNOWN = "What it has earned is not known: a price of what it holds is missing."

type Row = tuple[tuple[str, float], ...]  # symbols with the parts of capital that are told for them


@dataclass(frozen=True, slots=True)
class Weights:
    """Parts of capital for ``symbols`` at the bars that start ``at`` (ns); NaN leaves a position as it is."""

    symbols: tuple[str, ...]
    at: tuple[int, ...]
    rows: tuple[tuple[float, ...], ...]

    def row(self, place: int) -> Row:
        """What is told of the bar at ``place``; empty where it leaves everything as it is."""
        pairs = zip(self.symbols, self.rows[place], strict=True)
        return tuple((symbol, weight) for symbol, weight in pairs if not math.isnan(weight))


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be held from one bar on, which starts at ``bar`` (ns). ``closes`` are the newest by then, ``absent`` had no bar.

    ``late`` says why it does not trade any more, empty when it is in time; ``missed``: nobody was there when it was due.
    """

    deployment: str
    bar: int
    weights: Row
    closes: tuple[tuple[str, float], ...]
    at: datetime
    absent: tuple[str, ...] = ()
    late: str = ""
    missed: bool = False


def capital(terms: Terms, profit: Decimal | None, equity: Decimal | None) -> Decimal:
    """Dollars that the weights are parts of: the size with what was earned since, or a part of the account's equity. Raises BadInput."""
    if terms.sizing is Sizing.EQUITY:
        if equity is None:
            raise BadInput("The account's equity is not known yet.")
        found = equity * terms.amount / 100
    elif profit is None:
        raise BadInput(NOTHING_KNOWN)
    else:
        found = terms.amount + profit
    if found <= 0:
        raise BadInput(f"Nothing is left of its capital (${found:,.2f}).")
    return found


def wanted(bounds: Bounds, weight: Decimal, dollars: Decimal, price: Decimal) -> Decimal:
    """Whole shares that ``weight`` of ``dollars`` comes to within the bounds, short below 0. Raises BadInput for what may not be."""
    if price <= 0:
        raise BadInput("There is no price to work shares out from.")
    if weight < 0 and not bounds.shorts:
        raise BadInput("It tells a short position, and its terms do not allow it to sell short.")
    shares = min(abs(weight) * dollars / price, bounds.shares, bounds.value / price).to_integral_value(ROUND_DOWN)
    return shares.copy_sign(weight) if shares else ZERO


def next_step(held: Decimal, goal: Decimal) -> tuple[Deed, Decimal] | None:
    """The next order from ``held`` shares to ``goal`` and its size, None when there is nothing left to do.

    What crosses zero closes first: opening is bound by more than closing is.
    """
    if held == goal:
        return None
    if held * goal < 0:
        goal = ZERO
    rest = goal - held
    closes = abs(goal) < abs(held)
    return Deed(Kind.TARGET, Side.BUY if rest > 0 else Side.SELL, closes), abs(rest)


def affordable(rest: Decimal, price: Decimal, dollars: Decimal, held: Iterable[Decimal]) -> Decimal:
    """Of ``rest`` shares those for which the capital is not spent yet; ``held`` are the dollars in each position."""
    free = dollars * SLIGHT - sum(held, ZERO)
    return max(min(rest, (free / price).to_integral_value(ROUND_DOWN)), ZERO)


def exposures(held: Mapping[str, Decimal], prices: Mapping[str, float]) -> list[Decimal]:
    """Dollars in each position, at last prices. Raises BadInput while one is not known."""
    if not held.keys() <= prices.keys():
        raise BadInput(NOTHING_KNOWN)
    return [abs(shares * Decimal(repr(prices[symbol]))) for symbol, shares in held.items()]
