"""What the rows of a table are sorted by, kept as numbers so that ten thousand of them are put in order within a millisecond."""

import math
from array import array
from collections.abc import Callable, Iterable
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
            self._numbers.extend(map(_number, values))
        except TypeError:
            self._words = values

    def add(self, row: R) -> None:
        """Take the value of a row that follows all others."""
        value = self._value(row)
        number = self._read(value)
        if self._words is not None:
            self._words.append(value)
        else:
            self._numbers.append(number)

    def change(self, place: int, row: R) -> bool:
        """Take the value of a row that became another; whether it differs from before."""
        value = self._value(row)
        number = self._read(value)
        if self._words is not None:
            earlier, self._words[place] = self._words[place], value
            return bool(earlier != value)
        before, self._numbers[place] = self._numbers[place], number
        return number != before and not (math.isnan(number) and math.isnan(before))

    def _read(self, value: Any) -> float:
        """The value as a number; with the first that is none, all are words from now on."""
        if self._words is not None:
            return UNKNOWN
        try:
            return _number(value)
        except TypeError:
            self._words = [None if math.isnan(number) else number for number in self._numbers]
            return UNKNOWN

    def order(self, places: Places, *, descending: bool) -> Places:
        """``places`` in order of their values; equal ones stay as they were, unknown ones come last both ways."""
        numbers = self._ranked() if self._words is not None else np.frombuffer(self._numbers)
        chosen = numbers[places]
        return places[np.argsort(-chosen if descending else chosen, kind="stable")]

    def _ranked(self) -> NDArray[np.float64]:
        """The rank of each word among the different ones."""
        words = self._words or []
        rank = {word: float(i) for i, word in enumerate(sorted({word for word in words if word is not None}, key=_mixed))}
        return np.array([UNKNOWN if word is None else rank[word] for word in words])


def _mixed(word: Any) -> tuple[bool, Any]:
    """Numbers before words, so that a column may hold both."""
    return isinstance(word, str), word


def _number(value: Any) -> float:
    """A value as a number, NaN while unknown. Raises TypeError for what is none."""
    if value is None:
        return UNKNOWN
    if isinstance(value, (float, int, Decimal)):
        return float(value)
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError
