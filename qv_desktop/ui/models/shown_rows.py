"""What of a table stands on the screen, as numbers: taken off, put at the end and moved as Qt wants to hear of it."""

from abc import abstractmethod

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex

from qv_desktop.ui.models.sort_values import Places

type Index = QModelIndex | QPersistentModelIndex

ROWS_ALONE = QAbstractTableModel.LayoutChangeHint.VerticalSortHint  # else the columns are laid out again, too
WITH_HINT = "QList<QPersistentModelIndex>,QAbstractItemModel::LayoutChangeHint"
RUNS = 8  # pieces up to which rows are taken off the screen where they stand


class ShownRows(QAbstractTableModel):
    """Rows are shown by their numbers; heads between them have the numbers -1, -2 …"""

    def __init__(self, width: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._width = width  # columns
        self._shown: Places = np.empty(0, np.int64)  # numbers as shown
        self._places: Places = np.empty(0, np.int64)  # row as shown by number, or -1; the heads' from the end

    @property
    @abstractmethod
    def _size(self) -> int:
        """How many rows and heads have numbers."""

    def _places_of(self, numbers: Places) -> Places:
        """Where rows and heads are shown, −1 where they are not."""
        if len(self._places) < self._size:
            self._show(self._shown)
        return self._places[numbers]

    def _drop(self, wanted: Places) -> None:
        """Take off the screen what is not wanted: where it stands, or in many pieces by way of the end."""
        stays = np.zeros(self._size, bool)
        stays[wanted] = True
        kept = stays[self._shown]
        places = np.flatnonzero(~kept)
        if not len(places):
            return
        runs = np.split(places, np.flatnonzero(np.diff(places) != 1) + 1)
        if len(runs) > RUNS:
            self._permute(np.concatenate((self._shown[kept], self._shown[~kept])))
            runs = [np.arange(int(kept.sum()), len(kept))]
        for run in reversed(runs):
            self.beginRemoveRows(QModelIndex(), int(run[0]), int(run[-1]))
            self._show(np.delete(self._shown, run))
            self.endRemoveRows()

    def _append(self, added: Places) -> None:
        if not len(added):
            self._show(self._shown)
            return
        first = len(self._shown)
        self.beginInsertRows(QModelIndex(), first, first + len(added) - 1)
        self._show(np.concatenate((self._shown, added)))
        self.endInsertRows()

    def _permute(self, wanted: Places) -> None:
        self.layoutAboutToBeChanged[WITH_HINT].emit([], ROWS_ALONE)  # type: ignore[index]  # the stubs forget its forms
        before = self.persistentIndexList()
        numbers = [int(self._shown[index.row()]) for index in before]
        self._show(wanted)
        after = [
            self.createIndex(int(self._places[n]), index.column()) for n, index in zip(numbers, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged[WITH_HINT].emit([], ROWS_ALONE)  # type: ignore[index]

    def _show(self, shown: Places) -> None:
        self._shown = shown
        self._places = np.full(self._size, -1)
        self._places[shown] = np.arange(len(shown))

    # ---- Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else self._width
