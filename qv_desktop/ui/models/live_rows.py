"""Rows by key in a live order: sorted, filtered and under heads inside the model, and still while somebody points at them."""

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from qv_desktop.ui.models.column import Column, Head
from qv_desktop.ui.models.row_filter import passing
from qv_desktop.ui.models.sections import Sections
from qv_desktop.ui.models.shown_rows import ShownRows
from qv_desktop.ui.models.sort_values import Places, SortValues

RESORT = 0.5  # seconds between two times that live data may move rows
GRACE = 0.15  # seconds more, so that whoever counts frames can ask for it in one that has time
FREE, POINTED, PRESSED = range(3)  # whether the pointer is over the rows, and whether it is down


class LiveRows[R](ShownRows):
    """Rows in the order they came until a column is chosen to sort by.

    What a person asks for (a sort, a filter, sections) moves rows at once. Live data moves them at most twice a second, and
    not at all while ``hold`` says that the pointer is over them; ``order_waits`` says when it would.
    """

    order_waits = Signal(bool)

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], Hashable],
        parent: QObject | None = None,
        *,
        changed: bool = False,
    ) -> None:
        """``changed`` says that a row that comes again as another object differs, so that it need not be compared."""
        super().__init__(len(columns), parent)
        self.columns = tuple(columns)
        self._key, self._sure = key, changed
        self._rows: list[R] = []  # in order of arrival; a row's place here is its number
        self._numbers: dict[Hashable, int] = {}  # key -> number
        self._gone: set[int] = set()  # numbers of rows that are only still on the screen
        self.touched: Places | None = None  # while a change is announced: the rows of it, when fewer than all between
        self._sorted: tuple[int, bool] | None = None  # column, descending
        self._values: SortValues[R] | None = None
        self._filter: Callable[[R], bool] | None = None
        self._passing: list[bool] = []  # by number, while there is a filter
        self._sections: Sections[R] | None = None
        self._gathered: list[tuple[Places, bool, bool]] | None = (
            None  # numbers touched, whether some may move, or are new
        )
        self._held = FREE
        self._stale = self._revalued = False  # whether rows would stand otherwise, and the sorted values are others
        self._ready: Places | None = None  # the wanted order, while nothing changed since it was found
        self._live_again = False  # whether live data moves the rows, and no person
        self._moved_at = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._live)

    # ---- rows

    def upsert(self, rows: Iterable[R]) -> list[R | None]:
        """Add or replace rows by key; one change signal for all that differ. What each was before, None for the new ones."""
        coming = list(rows)
        numbers = list(map(self._numbers.get, map(self._key, coming)))
        fresh: dict[Hashable, R] = {}
        before: list[R | None] = []
        if self._sure and None not in numbers and not self._gone:
            known, changed = self._rows, coming  # what a busy blotter gets thousands of
            touched: Places = np.array(numbers, np.int64)
            for number, row in zip(numbers, coming, strict=True):
                before.append(known[number])  # type: ignore[index]  # none of them is None
                known[number] = row  # type: ignore[index]
        else:
            places, changed, fresh = self._told_apart(coming, numbers, before)
            touched = np.array(places, np.int64)
        change = touched, self._changed(touched, changed), self._add(fresh)
        if self._gathered is None:
            self._heed(*change)
        else:
            self._gathered.append(change)
        return before

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is upserted within is announced once, at its end, and rows move for it once."""
        changes: list[tuple[Places, bool, bool]] = []
        self._gathered = changes
        try:
            yield
        finally:
            self._gathered = None
            if changes:
                touched, moved, added = zip(*changes, strict=True)
                self._heed(np.concatenate(touched), any(moved), any(added))

    def _heed(self, touched: Places, moved: bool, added: bool) -> None:
        """Announce rows that changed, and move what would stand otherwise for it: new ones alone do not move others about."""
        if added or moved:
            self._stir(at_once=not moved and not self._stale)
        self._tell(touched)

    def _told_apart(
        self, coming: list[R], numbers: list[int | None], before: list[R | None]
    ) -> tuple[list[int], list[R], dict[Hashable, R]]:
        """Numbers and rows of those that became others, and the new ones by key; ``before`` is filled in."""
        touched: list[int] = []
        changed: list[R] = []
        fresh: dict[Hashable, R] = {}
        known, gone = self._rows, self._gone
        for number, row in zip(numbers, coming, strict=True):
            if number is None:
                before.append(fresh.get(key := self._key(row)))
                fresh[key] = row
                continue
            before.append(known[number])
            if known[number] is not row and (self._sure or known[number] != row or number in gone):
                known[number] = row
                touched.append(number)
                changed.append(row)
                gone.discard(number)
        return touched, changed, fresh

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Take rows away; unknown keys are passed over. While the pointer is down they stay on the screen."""
        if not self._let_go(keys):
            return
        if self._held == POINTED:
            self._drop(self._shown[[number not in self._gone for number in self._shown.tolist()]])
            self._forget()  # the others stay where they are, for they are pointed at
        else:
            self._arrange_unless_pressed()

    def retire(self, keys: Iterable[Hashable]) -> None:
        """Like ``remove``, for live data: the rows stay on the screen while the pointer is over them."""
        if self._let_go(keys):
            self._stir(at_once=True)

    def replace(self, rows: Iterable[R]) -> None:
        """Show these rows and no others; rows that stay keep their selection."""
        self._renumber({self._key(row): row for row in rows})
        self._arrange_unless_pressed()
        if len(self._shown):
            self._announce(0, len(self._shown) - 1)

    def key_of(self, row: R) -> Hashable:
        """The key that tells ``row`` from others."""
        return self._key(row)

    def row(self, i: int) -> R:
        """The row shown at ``i``. Raises IndexError, also where the head of a section stands."""
        number = int(self._shown[i])
        if number < 0:
            raise IndexError(i)
        return self._rows[number]

    def rows_at(self, places: Sequence[int]) -> list[R]:
        """The rows shown at ``places``, which may hold heads; those are passed over."""
        return [self._rows[number] for number in self._shown[list(places)].tolist() if number >= 0]

    @property
    def sectioned(self) -> bool:
        """Whether rows stand under heads."""
        return self._sections is not None

    def head(self, i: int) -> Head | None:
        """The head of a section that stands at ``i``, or None where a row does."""
        number = self._shown[i]
        return None if number >= 0 or self._sections is None else self._sections.head(int(number))

    def rows(self) -> list[R]:
        """The rows as shown: filtered and in order."""
        return [self._rows[number] for number in self._shown.tolist() if number >= 0]

    def all_rows(self) -> list[R]:
        """Every row, shown or filtered out, in order of arrival."""
        return [row for number, row in enumerate(self._rows) if number not in self._gone]

    def counts(self) -> tuple[int, int]:
        """How many rows are shown, and how many there are."""
        return int(np.count_nonzero(self._shown >= 0)), len(self._rows) - len(self._gone)

    def place(self, key: Hashable) -> int | None:
        """Where the row of ``key`` is shown, or None."""
        number = self._numbers.get(key)
        place = -1 if number is None else int(self._places[number])
        return None if place < 0 else place

    def get(self, key: Hashable) -> R | None:
        """The row of ``key``, shown or filtered out, or None."""
        number = self._numbers.get(key)
        return None if number is None or number in self._gone else self._rows[number]

    # ---- what a person asks for

    def set_filter(self, text: str) -> None:
        """Show only rows that pass ``text``: words, ``column:word`` and ``column>number``."""
        self.filter_by(passing(text, self.columns))

    def filter_by(self, passes: Callable[[R], bool] | None) -> None:
        """Show only rows that pass; None shows all."""
        self._filter = passes
        self._pass_again()
        self._arrange()

    def group_by(self, title_of: Callable[[R], str] | None) -> None:
        """Put rows under heads by their titles; None shows one list."""
        heads = self._shown[self._shown < 0]
        self._drop(np.setdiff1d(self._shown, heads, assume_unique=True) if len(heads) else self._shown)
        self._sections = None if title_of is None else Sections(title_of, self.columns)
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column's values, unknown last; −1 returns to the order of arrival."""
        self._sorted = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._value_again()
        self._arrange()
        self._moved_at = 0.0
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def sorting(self) -> tuple[int, bool] | None:
        """The column sorted by and whether it runs downward, or None."""
        return self._sorted

    def refresh(self, column: int | None = None) -> None:
        """Say that shown texts changed by something outside the rows, such as the time."""
        if len(self._shown):
            first, last = (0, len(self.columns) - 1) if column is None else (column, column)
            self.dataChanged.emit(self.index(0, first), self.index(len(self._shown) - 1, last))

    def revalue(self, column: int) -> None:
        """Say that a column's values changed by something outside the rows, such as prices, so that it may be sorted again."""
        if self._sorted is not None and self._sorted[0] == column:
            self._revalued = True
            self._stir()
        self.refresh(column)

    # ---- the live order

    def hold(self, held: int) -> None:
        """Whether the pointer is over the rows (``POINTED``), down on them (``PRESSED``) or away (``FREE``)."""
        before, self._held = self._held, held
        if held == before:
            return
        self.order_waits.emit(held != FREE and self._stale)
        if self._stale and held == FREE:
            self._stir()

    @property
    def due(self) -> bool:
        """Whether rows stand where they do not belong and may be moved now."""
        return self._stale and self._held == FREE and time.monotonic() >= self._moved_at + RESORT

    def prepare(self) -> bool:
        """Find out where rows belong, so that ``settle`` has only to move them; False when that is known or depends on more."""
        if self._ready is not None or not self._all_shown or self._values is None or self._sorted is None:
            return False
        self._ready = self._values.order(self._shown, descending=self._sorted[1])
        return True

    def settle(self) -> None:
        """Bring live rows to where they belong without waiting, unless they are held."""
        if self._stale:
            self._live()

    def _stir(self, *, at_once: bool = False) -> None:
        """Rows would stand otherwise: move them now if live data has not done so for half a second, else soon."""
        first, self._stale, self._ready = not self._stale, True, None
        if self._held != FREE:
            if first:
                self.order_waits.emit(True)
            return
        if self._timer.isActive() and not at_once:
            return  # the timer does it, or a frame that has time for it before
        wait = 0.0 if at_once else self._moved_at + RESORT - time.monotonic()
        if wait <= 0:
            self._live()
        else:
            self._timer.start(int((wait + GRACE) * 1000))

    def _live(self) -> None:
        if not self._stale or self._held != FREE:
            return
        if self._revalued:
            self._value_again()
        self._live_again = self._values is not None
        self._arrange()
        self._live_again = False
        self._moved_at = time.monotonic()  # seconds

    def _arrange_unless_pressed(self) -> None:
        if self._held == PRESSED:
            self._stir()
        else:
            self._arrange()

    # ---- numbers

    def _changed(self, numbers: Places, rows: list[R]) -> bool:
        """Take note of rows that became others; whether any may move for it."""
        moved = bool(rows) and self._values is not None and self._values.change(numbers, rows)
        if self._filter is not None:
            for number, row in zip(numbers.tolist(), rows, strict=True):
                passes = self._filter(row)
                moved = moved or passes != self._passing[number]
                self._passing[number] = passes
        return moved or (self._sections is not None and bool(rows))

    def _add(self, fresh: dict[Hashable, R]) -> bool:
        """Take rows in, at the end; whether they may belong elsewhere."""
        if not fresh:
            return False
        first = len(self._rows)
        self._numbers |= {key: first + i for i, key in enumerate(fresh)}
        self._rows.extend(fresh.values())
        added = np.arange(first, len(self._rows))
        if self._values is not None:
            for row in fresh.values():
                self._values.add(row)
        if self._filter is not None:
            self._passing += map(self._filter, fresh.values())
            added = added[np.array(self._passing[first:], bool)]
        self._append(added)
        return self._values is not None or self._sections is not None

    def _let_go(self, keys: Iterable[Hashable]) -> bool:
        gone = {number for key in keys if (number := self._numbers.get(key)) is not None}
        self._gone |= gone
        return bool(gone)

    def _renumber(self, fresh: dict[Hashable, R]) -> None:
        """Number rows anew in the order of ``fresh``; those that are still on the screen follow as gone."""
        shown = [self._key(self._rows[number]) if number >= 0 else number for number in self._shown.tolist()]
        heads = self._shown < 0
        left = {
            key: self._rows[self._numbers[key]]
            for key, head in zip(shown, heads, strict=True)
            if not head and key not in fresh
        }
        self._gone = set(range(len(fresh), len(fresh) + len(left)))
        every = fresh | left
        self._rows = list(every.values())
        self._numbers = {key: number for number, key in enumerate(every)}
        numbers = (key if head else self._numbers[key] for key, head in zip(shown, heads, strict=True))
        self._value_again()
        self._pass_again()
        self._show(np.fromiter(numbers, np.int64, len(shown)))

    def _value_again(self) -> None:
        self._revalued = False
        column = None if self._sorted is None else self.columns[self._sorted[0]]
        self._values = None if column is None else SortValues(column.key or column.text, self._rows)

    def _pass_again(self) -> None:
        self._passing = [] if self._filter is None else [self._filter(row) for row in self._rows]

    # ---- what is shown

    @property
    def _all_shown(self) -> bool:
        """Whether every row is on the screen, and nothing else: then live data can only move rows."""
        alone = self._filter is None and self._sections is None and not self._gone
        return alone and len(self._shown) == len(self._rows)

    def _wanted(self) -> Places:
        if self._live_again and (self._ready is not None or self.prepare()):
            return self._ready  # type: ignore[return-value]  # it is there now
        here = np.ones(len(self._rows), bool)
        if self._filter is not None:
            here &= np.array(self._passing, bool)
        here[list(self._gone)] = False
        places = np.flatnonzero(here)
        if self._live_again:  # from where they stand now, for what is nearly sorted is sorted fastest
            shown = self._shown[self._shown >= 0]
            places = np.concatenate((shown[here[shown]], places[self._places[places] < 0]))
        if self._values is not None and self._sorted is not None:
            places = self._values.order(places, descending=self._sorted[1])
        return places if self._sections is None else self._sections.arranged(places, self._rows)

    def _arrange(self) -> None:
        """Bring what is shown to what is wanted, by removals, additions at the end and one permutation.

        Rows that go are forgotten only once they are taken off the screen, for views still ask for them meanwhile.
        """
        self._timer.stop()
        waited, self._stale = self._stale and self._held != FREE, False
        wanted = self._wanted()
        if not self._all_shown:
            self._drop(wanted)
            self._append(wanted[self._places_of(wanted) < 0])
        if not np.array_equal(wanted, self._shown):
            self._permute(wanted)
        if self._gone:
            self._forget()
        if waited:
            self.order_waits.emit(False)

    def _show(self, shown: Places) -> None:
        self._ready = None  # it was an order of those that were shown before
        super()._show(shown)

    @property
    def _size(self) -> int:
        return len(self._rows) + (0 if self._sections is None else len(self._sections))

    def _forget(self) -> None:
        """Let go of rows that are on the screen no more."""
        stays = [number for number in range(len(self._rows)) if number not in self._gone]
        renamed = np.full(self._size, -1)
        renamed[stays] = np.arange(len(stays))
        heads = self._shown < 0
        shown = np.where(heads, self._shown, renamed[np.where(heads, 0, self._shown)]) if len(renamed) else self._shown
        self._rows = [self._rows[number] for number in stays]
        self._numbers = {self._key(row): number for number, row in enumerate(self._rows)}
        self._gone = set()
        self._value_again()
        self._pass_again()
        self._show(shown)
        if self._sections is not None:
            self._sections.arranged(shown[shown >= 0], self._rows)

    # ---- telling

    def _tell(self, chosen: Places) -> None:
        """Announce the change of the rows of these numbers, and of the heads that they stand under."""
        if not len(chosen):
            return
        if self._sections is not None:
            chosen = np.concatenate((chosen, self._shown[self._shown < 0]))
        places = self._places_of(chosen)
        shown = places[places >= 0]
        if len(shown):
            self.touched = shown
            self._announce(int(shown.min()), int(shown.max()))
            self.touched = None

    def _announce(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.createIndex(first, 0), self.createIndex(last, len(self.columns) - 1))
