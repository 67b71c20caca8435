"""Stock splits: the market's own prices are today's, so what traded before a split is scaled back to what it traded at then.

Of a live split, one that takes effect while the market runs, the prices before it are those that traded; adjusted ones are scaled.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from math import prod

from qv_desktop.simulator import sessions
from qv_desktop.simulator.ticks import Bar, Quote, Trade

MOST = 1000  # shares for one


@dataclass(frozen=True, slots=True, order=True)
class Split:
    """From `ex` on, `new` shares stand for `old` ones; `live`: it took effect while the market ran."""

    ex: date
    symbol: str
    new: int
    old: int
    live: bool = False

    @property
    def ratio(self) -> float:
        """Shares for each old one."""
        return self.new / self.old

    @property
    def id(self) -> str:
        """The same split always has the same id."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.symbol} {self.ex} {self.new}:{self.old}"))


@dataclass(slots=True)
class Splits:
    """The splits that were asked for, of all symbols."""

    _made: list[Split] = field(default_factory=list)

    def add(self, split: Split) -> None:
        """One split for a symbol and day; the later one asked for stands."""
        self._made = sorted([one for one in self._made if (one.symbol, one.ex) != (split.symbol, split.ex)] + [split])

    def of(self, symbol: str | None = None) -> list[Split]:
        """The splits of one symbol, or of all, oldest first."""
        return [one for one in self._made if symbol in (None, one.symbol)]

    def ratio(self, symbol: str, t: int) -> float:
        """How many of today's shares a share at `t` ns has become."""
        return self._product(symbol, t, live=False)

    def _product(self, symbol: str, t: int, *, live: bool) -> float:
        found = (one for one in self._made if (one.symbol, one.live) == (symbol, live))
        return prod(one.ratio for one in found if t < sessions.midnight(one.ex))

    def as_traded[Point: (Bar, Trade, Quote)](self, points: Iterable[Point]) -> list[Point]:
        """The points at the prices and in the shares of their own day."""
        given = list(points)
        if not given or not self.of(given[0].symbol):
            return given
        return [_scaled(point, self.ratio(point.symbol, point.t)) for point in given]

    def as_adjusted[Point: (Bar, Trade, Quote)](self, points: Iterable[Point]) -> list[Point]:
        """The points at today's prices and in today's shares."""
        given = list(points)
        if not given or not any(one.live for one in self.of(given[0].symbol)):
            return given
        return [_scaled(point, 1 / self._product(point.symbol, point.t, live=True)) for point in given]


def _scaled[Point: (Bar, Trade, Quote)](point: Point, ratio: float) -> Point:
    if ratio == 1:
        return point
    match point:
        case Bar():
            prices = {name: round(getattr(point, name) * ratio, 4) for name in ("open", "high", "low", "close", "vwap")}
            return replace(point, **prices, volume=max(1, round(point.volume / ratio)))
        case Trade():
            return replace(point, price=round(point.price * ratio, 4), size=max(1, round(point.size / ratio)))
        case Quote():
            return replace(point, bid=round(point.bid * ratio, 4), ask=round(point.ask * ratio, 4))
