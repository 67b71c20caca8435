"""Positions: moved by our fills, adopted from the broker at start."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.events import PositionChanged
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.positions import Position, after, realised_of
from qv_desktop.services.ports.callbacks import Publish


class Positions:
    """The book of what is held. ``changed`` is called with every position that moved, for whoever keeps them."""

    def __init__(self, publish: Publish, changed: Callable[[Position], None] = lambda position: None) -> None:
        self._publish, self._changed = publish, changed
        self._held: dict[str, Position] = {}  # symbol -> position, flat ones of today included
        self.open: dict[str, Position] = {}  # symbol -> position that is not flat; to be read only
        self.touched: set[str] = set()  # symbols that moved since whoever keeps sums of them has cleared this
        self.latest: dict[
            str, datetime
        ] = {}  # symbol -> when the newest execution that was taken in happened; to be read only
        self.disordered: set[str] = set()  # symbols whose executions came in another order than they happened in

    def __getitem__(self, symbol: str) -> Position:
        return self._held.get(symbol) or Position(symbol)

    def all(self) -> dict[str, Position]:
        """Every position, flat ones of today included."""
        return dict(self._held)

    def held(self) -> dict[str, Position]:
        """Every position that is not flat."""
        return {symbol: p for symbol, p in self._held.items() if p.quantity}

    def fill(self, fill: Fill) -> Position:
        """Take in an execution that has not been taken before."""
        if fill.at < self.latest.setdefault(fill.symbol, fill.at):
            self.disordered.add(fill.symbol)
        self.latest[fill.symbol] = max(self.latest[fill.symbol], fill.at)
        return self._set(after(self[fill.symbol], fill))

    def adopt(self, theirs: Mapping[str, Position]) -> None:
        """Take over the broker's quantities and averages; what it does not name is flat. Today's realised profit stays ours."""
        for symbol in self._held.keys() | theirs.keys():
            known, told = self[symbol], theirs.get(symbol) or Position(symbol)
            taken = Position(symbol, told.quantity, told.average, known.realised)
            if taken != known:
                self._set(taken)

    def restore(self, kept: Iterable[Position], traded: Collection[str] = ()) -> None:
        """Go on from what was kept of an earlier sitting, with what has traded in this one so far; the profit of symbols that were
        ``traded`` earlier today is today's."""  # fmt: skip
        for one in kept:
            today = one.symbol in traded
            if not one.quantity and not today:
                continue  # flat since an earlier day
            now, before = self[one.symbol], one.realised if today else Decimal(0)
            self._set(Position(one.symbol, one.quantity + now.quantity, one.average, before + now.realised))

    def correct(self, told: Position) -> None:
        """Take the broker's quantity and average of one symbol, for a corporate action or an entry that a person booked."""
        self._set(Position(told.symbol, told.quantity, told.average, self[told.symbol].realised))

    def take_realised(self, fills: Iterable[Fill]) -> None:
        """Count today's realised profit anew from all of today's ``fills``; where they do not tell it, what was counted here stands."""
        done: dict[str, list[Fill]] = {}  # symbol -> fills, oldest first
        for fill in sorted(fills, key=lambda fill: fill.at):
            done.setdefault(fill.symbol, []).append(fill)
        for symbol, theirs in done.items():
            known = self[symbol]
            counted = realised_of(theirs, known)
            fresh = counted if counted is not None else known.realised
            if fresh != known.realised:
                self._set(replace(known, realised=fresh))

    def begin_day(self) -> None:
        """Midnight has passed: nothing has been taken today."""
        for known in [one for one in self._held.values() if one.realised]:
            self._set(replace(known, realised=Decimal(0)))
        self.disordered.clear()

    def recount(self, symbol: str, fills: Iterable[Fill], average: Decimal) -> None:
        """Count today's realised profit of one symbol anew from all of today's ``fills``, in the order in which they happened.

        ``average`` is the broker's: ours may be off by as much as a comparison allows, which grows with what was brought over.
        """
        self.disordered.discard(symbol)
        known, ordered = self[symbol], sorted(fills, key=lambda fill: fill.at)
        counted = realised_of(ordered, replace(known, average=average))
        if counted is not None and counted != known.realised:
            self._set(replace(known, realised=counted))

    def realised(self) -> Decimal:
        """Dollars taken today over all symbols."""
        return sum((p.realised for p in self._held.values()), Decimal(0))

    def _set(self, position: Position) -> Position:
        self._held[position.symbol] = position
        self.touched.add(position.symbol)
        if position.quantity:
            self.open[position.symbol] = position
        else:
            self.open.pop(position.symbol, None)
        self._changed(position)
        self._publish(PositionChanged(position))
        return position
