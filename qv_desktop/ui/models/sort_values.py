"""What the rows of a table are sorted by, kept as numbers so that ten thousand of them are put in order within a millisecond."""

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Places = NDArray[np.int64]

UNKNOWN = math.nan


class SortValues[R]:
    """One value per row, numbered as the rows are; values that are no numbers (texts, pairs) are ranked when they are sorted."""

    def __init__(self, value: Callable[[R], Any], rows: Iterable[R]) -> None:
        self._value = value
        self._words: list[Any] | None = None
        self._numbers = array("d")
        values = [value(row) for row in rows]
        try:
            self._numbers.extend(_all_numbers(values))
        except KeyError:
            self._words = values

    def add(self, row: R) -> None:
        """Take the value of a row that follows all others."""
        value = self._value(row)
        number = self._read(value)
        if self._words is not None:
            self._words.append(value)
        else:
            self._numbers.append(number)

    def change(self, places: Places, rows: Sequence[R]) -> bool:
        """Take the values of ``rows``, which became others at these places; whether any differs from before."""
        values = list(map(self._value, rows))
        if self._words is None:
            try:
                return self._change_numbers(places, _all_numbers(values))
            except KeyError:
                self._to_words()
        words = self._words or []
        chosen = places.tolist()
        moved = any(words[place] != found for place, found in zip(chosen, values, strict=True))
        for place, found in zip(chosen, values, strict=True):
            words[place] = found
        return moved

    def _change_numbers(self, places: Places, numbers: list[float]) -> bool:
        here, fresh = np.frombuffer(self._numbers), np.array(numbers)
        before = here[places]
        here[places] = fresh
        return bool(
            ((before != fresh) & ((before == before) | (fresh == fresh))).any()
        )  # NaN is the only one unlike itself

    def _read(self, value: Any) -> float:
        """The value as a number; with the first that is none, all are words from now on."""
        if self._words is not None:
            return UNKNOWN
        try:
            return _NUMBERS[type(value)](value)
        except KeyError:
            self._to_words()
            return UNKNOWN

    def _to_words(self) -> None:
        self._words = [None if math.isnan(number) else number for number in self._numbers]

    def order(self, places: Places, *, descending: bool) -> Places:
        """``places`` in order of their values; equal ones stay as they were, unknown ones come last both ways."""
        numbers = self._ranked() if self._words is not None else np.frombuffer(self._numbers)
        chosen = numbers[places]
        return places[steady(-chosen if descending else chosen)]

    def _ranked(self) -> NDArray[np.float64]:
        """The rank of each word among the different ones."""
        words = self._words or []
        rank = {
            word: float(i) for i, word in enumerate(sorted({word for word in words if word is not None}, key=_mixed))
        }
        return np.array([UNKNOWN if word is None else rank[word] for word in words])


def _mixed(word: Any) -> tuple[bool, Any]:
    """Numbers before words, so that a column may hold both."""
    return isinstance(word, str), word


def steady(numbers: NDArray[np.float64]) -> Places:
    """What puts ``numbers`` in order, equal ones as they stood and NaN last: numpy's own stable sort takes three times as long."""
    if not len(numbers):
        return np.empty(0, np.int64)
    if (whole := _whole(numbers)) is not None:
        return whole
    known = np.where(np.isnan(numbers), np.inf, numbers)
    order = np.argsort(known)
    ranked = known[order]
    runs = np.zeros(len(order), np.int64)
    np.cumsum(ranked[1:] != ranked[:-1], out=runs[1:])
    runs *= len(order)
    keys = runs + order
    keys.sort()
    return keys - runs


def _whole(numbers: NDArray[np.float64]) -> Places | None:
    """The same of whole numbers that are known: one sort of value and place in one word. None where they are not all such."""
    places = (len(numbers) - 1).bit_length()  # bits
    low, high = float(numbers.min()), float(numbers.max())
    if not high - low < 1 << (62 - places) or not np.array_equal(numbers, np.trunc(numbers)):
        return None  # NaN among them is not less than anything
    words = (numbers - low).astype(np.int64) << places
    words |= np.arange(len(numbers))
    words.sort()
    return words & ((1 << places) - 1)


def _all_numbers(values: Sequence[Any]) -> list[float]:
    """The values as numbers. Raises KeyError for what is none."""
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return list(map(_NUMBERS[kinds.pop()], values))
    return [_NUMBERS[type(found)](found) for found in values]


_NUMBERS: dict[type, Callable[[Any], float]] = {  # what is sorted as a number -> how it becomes one; the unknown is NaN
    float: float, int: float, bool: float, Decimal: float, datetime: datetime.timestamp, type(None): lambda _: UNKNOWN,
}  # fmt: skip
