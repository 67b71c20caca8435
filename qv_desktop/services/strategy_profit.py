"""The day's profit by strategy: what was traded in each name, at last prices; the rest is by hand."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.domain.orders import TICKET, Fill
from qv_desktop.domain.positions import Position, after
from qv_desktop.domain.risk_measures import BY_HAND, ZERO, Earned

AGAIN = 30.0  # seconds

type Book = dict[tuple[str, str], Position]  # strategy and symbol -> what its own fills made


class StrategyProfit:
    """``read`` tells every execution of the account in a strategy's name; ``named`` the strategy of an order's source."""

    def __init__(
        self, read: Callable[[], Awaitable[list[Fill]]], named: Callable[[str], str], elapsed: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._read, self._named, self._elapsed = read, named, elapsed
        self._again = 0.0  # before then a store that refused is not asked again
        self._before: Book = {}  # as it stood when the day began
        self._day: datetime | None = None
        self._fills = -1
        self._book: Book = {}
        self.trouble = "It was not read yet."

    async def begin(self, since: datetime) -> None:
        """Read what was traded before the day that began at ``since``, unless that is known."""
        if since == self._day or self._elapsed() < self._again:
            return
        try:
            done = await self._read()
        except (DatabaseDown, NotPermitted) as error:
            self.trouble, self._again = str(error), self._elapsed() + AGAIN
            return
        self._before, self._day, self._fills, self.trouble = (
            folded((f for f in done if f.at < since), {}),
            since,
            -1,
            "",
        )

    def earned(
        self, fills: Mapping[str, Fill], prices: Mapping[str, Decimal], realised: Decimal, unrealised: Decimal | None,
    ) -> tuple[Earned, ...]:  # fmt: skip
        """By strategy, largest loss first; by hand is what is left of the book's ``realised`` and ``unrealised`` dollars of today."""
        if self._day is None:
            return ()
        if len(fills) != self._fills:
            self._book = folded(self._today(fills.values(), self._day), self._fresh())
            self._fills = len(fills)
        found = [self._one(name, prices) for name in dict.fromkeys(name for name, _ in self._book)]
        taken = sum((one.realised for one in found), ZERO)
        known = unrealised is not None and all(one.unrealised is not None for one in found)
        rest = (
            unrealised - sum((one.unrealised or ZERO for one in found), ZERO)
            if known and unrealised is not None
            else None
        )
        found.append(Earned(BY_HAND, realised - taken, rest))
        return tuple(sorted(found, key=lambda one: one.total if one.total is not None else ZERO))

    def _fresh(self) -> Book:
        return {key: replace(held, realised=ZERO) for key, held in self._before.items() if held.quantity}

    def _today(self, fills: Iterable[Fill], since: datetime) -> list[Fill]:
        of_strategies = (fill for fill in fills if fill.source != TICKET and fill.at >= since)
        return sorted(
            (replace(f, source=self._named(f.source)) for f in of_strategies), key=lambda f: (f.at, f.execution_id)
        )

    def _one(self, name: str, prices: Mapping[str, Decimal]) -> Earned:
        held = [position for (owner, _), position in self._book.items() if owner == name]
        open_ = [one for one in held if one.quantity]
        unpriced = any(one.symbol not in prices for one in open_)
        unrealised = sum(
            ((prices[one.symbol] - one.average) * one.quantity for one in open_ if one.symbol in prices), ZERO
        )
        return Earned(name, sum((one.realised for one in held), ZERO), None if unpriced else unrealised, len(open_))


def folded(fills: Iterable[Fill], book: Book) -> Book:
    """``book`` with these fills in it, oldest first; each fill's ``source`` is the strategy."""
    found = dict(book)
    for fill in fills:
        key = (fill.source, fill.symbol)
        found[key] = after(found.get(key) or Position(fill.symbol), fill)
    return found
