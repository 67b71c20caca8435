"""One table model for every table: declared columns over frozen rows, sorted and filtered inside for live data."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from qv_desktop.ui import theme

type Index = QModelIndex | QPersistentModelIndex

CHIP = Qt.ItemDataRole.UserRole + 1  # a key of theme.CHIPS
RAW = Qt.ItemDataRole.UserRole + 2  # the value itself, for the clipboard
GROUND = Qt.ItemDataRole.UserRole + 3  # a token or "#aarrggbb" behind the text, for flashes


@dataclass(frozen=True)
class Column[R]:
    """One column: what it shows of a row, how it sorts, and how it looks. Colours are tokens or ``#rrggbb``."""

    title: str
    text: Callable[[R], str]
    key: Callable[[R], object] | None = None  # sorts by this value, unknown (None) last; without it by the text
    raw: Callable[[R], object] | None = None  # is copied and exported, where that is not what the column sorts by
    right: bool = False
    color: Callable[[R], str | None] | None = None
    chip: Callable[[R], str | None] | None = None  # key of theme.CHIPS: drawn as a chip
    bar: Callable[[R], float | None] | None = None  # from 0 to 1: drawn as a bar before the text
    width: int = 80
    bold: bool = False
    mono: bool = False
    tip: Callable[[R], str] | None = None
    shown: bool = True
    ground: Callable[[R], str | None] | None = None
    stretch: bool = False  # takes the room that is left
    aging: bool = False  # its text or colour changes with the time alone


class TableModel[R](QAbstractTableModel):
    """Rows by key, in the order they came until a column is chosen to sort by."""

    def __init__(
        self, columns: Sequence[Column[R]], key: Callable[[R], Hashable], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._key = key
        self._rows: dict[Hashable, R] = {}  # key -> row, in order of arrival
        self._shown: list[Hashable] = []  # keys as shown
        self._places: dict[Hashable, int] = {}  # key -> row number as shown
        self.touched: list[int] | None = (
            None  # while a change is announced: the rows of it, when fewer than all between
        )
        self._words: tuple[str, ...] = ()
        self._sorted: tuple[int, bool] | None = None  # column, descending

    def upsert(self, rows: Iterable[R]) -> None:
        """Add or replace rows by key; one change signal for all that differ from what is shown."""
        touched = {self._key(row): row for row in rows}
        touched = {key: row for key, row in touched.items() if self._rows.get(key) != row}
        resort = self._moves(touched)
        self._rows.update(touched)
        if resort:
            self._arrange()
        places = [self._places[key] for key in touched if key in self._places]
        if places:
            self.touched = places
            self._announce(min(places), max(places))
            self.touched = None

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Take rows away; unknown keys are passed over."""
        gone = set(keys)
        self._arrange({key: row for key, row in self._rows.items() if key not in gone})

    def replace(self, rows: Iterable[R]) -> None:
        """Show these rows and no others; rows that stay keep their selection."""
        self._arrange({self._key(row): row for row in rows})
        if self._shown:
            self._announce(0, len(self._shown) - 1)

    def key_of(self, row: R) -> Hashable:
        """The key that tells ``row`` from others."""
        return self._key(row)

    def row(self, i: int) -> R:
        """The row shown at ``i``. Raises IndexError."""
        return self._rows[self._shown[i]]

    def rows(self) -> list[R]:
        """The rows as shown: filtered and in order."""
        return [self._rows[key] for key in self._shown]

    def place(self, key: Hashable) -> int | None:
        """Where the row of ``key`` is shown, or None."""
        return self._places.get(key)

    def get(self, key: Hashable) -> R | None:
        """The row of ``key``, shown or filtered out, or None."""
        return self._rows.get(key)

    def set_filter(self, text: str) -> None:
        """Show only rows that hold every word of ``text`` in some column."""
        self._words = tuple(text.casefold().split())
        self._arrange()

    def refresh(self, column: int | None = None) -> None:
        """Say that shown texts changed by something outside the rows, such as the time."""
        if self._shown:
            first, last = (0, len(self.columns) - 1) if column is None else (column, column)
            self.dataChanged.emit(self.index(0, first), self.index(len(self._shown) - 1, last))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column's values, unknown last; −1 returns to the order of arrival."""
        self._sorted = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._arrange()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def sorting(self) -> tuple[int, bool] | None:
        """The column sorted by and whether it runs downward, or None."""
        return self._sorted

    def _announce(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _moves(self, touched: dict[Hashable, R]) -> bool:
        """Whether these rows may change what is shown where."""
        if self._words or any(key not in self._rows for key in touched):
            return True
        if self._sorted is None:
            return False
        value = self._value_of(self._sorted[0])
        return any(value(self._rows[key]) != value(row) for key, row in touched.items())

    def _value_of(self, column: int) -> Callable[[R], Any]:
        return self.columns[column].key or self.columns[column].text

    def _passes(self, row: R) -> bool:
        if not self._words:
            return True
        text = " ".join(column.text(row) for column in self.columns).casefold()
        return all(word in text for word in self._words)

    def _wanted(self, rows: dict[Hashable, R]) -> list[Hashable]:
        keys = [key for key, row in rows.items() if self._passes(row)]
        if self._sorted is None:
            return keys
        column, descending = self._sorted
        value = self._value_of(column)
        known = {key: found for key in keys if (found := value(rows[key])) is not None}
        return sorted(known, key=known.__getitem__, reverse=descending) + [key for key in keys if key not in known]

    def _arrange(self, rows: dict[Hashable, R] | None = None) -> None:
        """Bring what is shown to what is wanted of ``rows``, by removals, additions at the end and one permutation.

        Rows that go are forgotten only once they are taken off the screen, for views still ask for them meanwhile.
        """
        fresh = self._rows if rows is None else rows
        wanted = self._wanted(fresh)
        kept = set(wanted)
        self._drop([place for place, key in enumerate(self._shown) if key not in kept])
        self._rows = fresh
        added = [key for key in wanted if key not in self._places]
        if added:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(added) - 1)
            self._show(self._shown + added)
            self.endInsertRows()
        if wanted != self._shown:
            self._permute(wanted)

    def _drop(self, places: list[int]) -> None:
        for first, last in reversed(_runs(places)):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._show(self._shown[:first] + self._shown[last + 1 :])
            self.endRemoveRows()

    def _permute(self, wanted: list[Hashable]) -> None:
        self.layoutAboutToBeChanged.emit()
        before, keys = self.persistentIndexList(), self._shown
        self._show(wanted)
        after = [self.index(self._places[keys[index.row()]], index.column()) for index in before]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _show(self, keys: list[Hashable]) -> None:
        self._shown = keys
        self._places = {key: place for place, key in enumerate(keys)}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column, row = self.columns[index.column()], self._rows[self._shown[index.row()]]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.ForegroundRole:
                token = column.color(row) if column.color else None
                return theme.color(token) if token else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return int(_aligned(column.right))
            case Qt.ItemDataRole.FontRole:
                return _font(column.bold, column.mono)
            case Qt.ItemDataRole.ToolTipRole:
                return column.tip(row) if column.tip else None
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.title} {column.text(row)}"
        return self._own(column, row, role)

    def _own(self, column: Column[R], row: R, role: int) -> Any:
        if role == CHIP:
            return column.chip(row) if column.chip else None
        if role == GROUND:
            return column.ground(row) if column.ground else None
        if role == RAW:
            return (column.raw or column.key or column.text)(row)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            mark = "" if self._sorted is None or self._sorted[0] != section else " ▾" if self._sorted[1] else " ▴"
            return column.title + mark
        return int(_aligned(column.right)) if role == Qt.ItemDataRole.TextAlignmentRole else None


def _aligned(right: bool) -> Qt.AlignmentFlag:
    return (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter


def _font(bold: bool, mono: bool) -> QFont | None:
    return theme.mono() if mono else theme.bold() if bold else None


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as (first, last) pairs."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs
