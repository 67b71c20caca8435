"""Positions: what is held, what it cost, and what it has earned."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qv_desktop.domain.orders import Fill

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Position:
    """Shares of one symbol; negative is short. ``average`` is the price paid per share, ``realised`` today's profit."""

    symbol: str
    quantity: Decimal = ZERO
    average: Decimal = ZERO
    realised: Decimal = ZERO


def after(position: Position, fill: "Fill") -> Position:
    """The position once ``fill`` is in it: adding moves the average, reducing realises profit, crossing starts anew."""
    change = fill.quantity * fill.side.sign
    held = position.quantity
    total = held + change
    if held * change >= 0:
        cost = position.average * abs(held) + fill.price * fill.quantity
        return replace(position, quantity=total, average=cost / abs(total) if total else ZERO)
    closed = min(abs(held), fill.quantity)
    profit = (fill.price - position.average) * closed * (1 if held > 0 else -1)
    average = fill.price if held * total < 0 else (position.average if total else ZERO)
    return replace(position, quantity=total, average=average, realised=position.realised + profit)


def realised_of(fills: "Iterable[Fill]", now: Position) -> Decimal | None:
    """Dollars that today's ``fills`` of one symbol took, oldest first, when they led to ``now``.

    What was paid for shares brought over from before follows from today's average; None when nothing is left to tell it by.
    """
    done = tuple(fills)
    opening = now.quantity - sum((fill.quantity * fill.side.sign for fill in done), ZERO)
    if not opening:
        return reduce(after, done, Position(now.symbol)).realised
    ends = [reduce(after, done, Position(now.symbol, opening, paid)).average for paid in (ZERO, Decimal(1))]
    share = ends[1] - ends[0]  # of today's average, how much is still the opening's
    if not share:
        return None
    return reduce(after, done, Position(now.symbol, opening, (now.average - ends[0]) / share)).realised


def market_value(position: Position, last: Decimal) -> Decimal:
    """Signed dollars at ``last``; short positions are negative."""
    return position.quantity * last


def unrealised(position: Position, last: Decimal) -> Decimal:
    """Dollars earned but not taken at ``last``."""
    return (last - position.average) * position.quantity
