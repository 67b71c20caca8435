"""Rows under heads: which row belongs to which section, and what each head says of its rows."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from qv_desktop.ui.models.column import Column, Head
from qv_desktop.ui.models.sort_values import Places

FRESH = 0.25  # seconds that a head's totals are good for


class Sections[R]:
    """Heads by the titles of their rows, in order of the titles. A head has a number below zero for as long as the table lives."""

    def __init__(self, title_of: Callable[[R], str], columns: Sequence[Column[R]]) -> None:
        self._title_of, self._columns = title_of, columns
        self._numbers: dict[str, int] = {}  # title -> head
        self._members: dict[int, list[int]] = {}  # head -> its rows
        self._heads: dict[int, tuple[float, Head]] = {}  # head -> when it was made, and what it says
        self._rows: Sequence[R] = ()

    def __len__(self) -> int:
        return len(self._numbers)

    def arranged(self, places: Places, rows: Sequence[R]) -> Places:
        """``places`` section by section, each after its head."""
        found: dict[str, list[int]] = {}
        for number in places.tolist():
            found.setdefault(self._title_of(rows[number]), []).append(number)
        out: list[int] = []
        self._members, self._rows = {}, rows
        self._heads.clear()
        for title in sorted(found, key=str.casefold):
            head = self._numbers.setdefault(title, -1 - len(self._numbers))
            self._members[head] = found[title]
            out += [head, *found[title]]
        return np.array(out, np.int64)

    def head(self, number: int) -> Head:
        """What the head says; totals are made again after a quarter of a second."""
        made, head = self._heads.get(number, (0.0, None))
        if head is None or time.monotonic() - made > FRESH:
            head = self._made(number)
            self._heads[number] = (time.monotonic(), head)
        return head

    def _made(self, number: int) -> Head:
        title = next(title for title, head in self._numbers.items() if head == number)
        members = [self._rows[place] for place in self._members.get(number, ())]
        totals = tuple(column.total(members) if column.total and members else "" for column in self._columns)
        return Head(f"{title or '—'} · {len(members)}", totals)
