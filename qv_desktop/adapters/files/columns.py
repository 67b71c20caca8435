"""Bars and trades as columns, made into values only where somebody looks: five million of them would not fit otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from qv_desktop.domain.market import Bar, Trade

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BarColumns(Sequence[Bar]):
    """Bars; ``codes`` are places in ``symbols``. ``vwap`` is NaN and ``counts`` 0 where unknown."""

    symbols: list[str]
    codes: Ints
    start: Ints
    values: tuple[Floats, Floats, Floats, Floats, Floats]  # open, high, low, close, volume
    counts: Ints
    vwap: Floats

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, place: int) -> Bar: ...
    @overload
    def __getitem__(self, place: slice) -> list[Bar]: ...
    def __getitem__(self, place: int | slice) -> Bar | list[Bar]:
        if not isinstance(place, slice):
            return self[_one(place, len(self))][0]
        vwap = [None if value != value else value for value in self.vwap[place].tolist()]
        return [Bar(*row) for row in zip(_named(self.symbols, self.codes[place]), self.start[place].tolist(),
                                         *(column[place].tolist() for column in self.values), self.counts[place].tolist(), vwap,
                                         strict=True)]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TradeColumns(Sequence[Trade]):
    """Trades. Without ids of their own they are known by their time and their place (``order``) among those of that time.

    ``texts`` are arrow arrays of id, exchange, tape and conditions; None where the file has no such column.
    """

    symbols: list[str]
    codes: Ints
    at: Ints
    price: Floats
    size: Floats
    order: Ints
    texts: tuple[Any, Any, Any, Any]

    def __len__(self) -> int:
        return len(self.at)

    @overload
    def __getitem__(self, place: int) -> Trade: ...
    @overload
    def __getitem__(self, place: slice) -> list[Trade]: ...
    def __getitem__(self, place: int | slice) -> Trade | list[Trade]:
        if not isinstance(place, slice):
            return self[_one(place, len(self))][0]
        at = self.at[place].tolist()
        texts = [_texts(column, place, len(at)) for column in self.texts]
        if self.texts[0] is None:
            texts[0] = [f"{time}-{order}" for time, order in zip(at, self.order[place].tolist(), strict=True)]
        return [Trade(*row) for row in zip(_named(self.symbols, self.codes[place]), at, self.price[place].tolist(),
                                           self.size[place].tolist(), *texts, strict=True)]  # fmt: skip


def _one(place: int, length: int) -> slice:
    if not -length <= place < length:
        raise IndexError(place)
    place %= length
    return slice(place, place + 1)


def _named(symbols: list[str], codes: Ints) -> list[str]:
    return [symbols[code] for code in codes.tolist()]


def _texts(column: Any, place: slice, length: int) -> list[str]:
    return [""] * length if column is None else [text or "" for text in column[place].to_pylist()]
