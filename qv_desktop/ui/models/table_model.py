"""One table model for every table: declared columns over live rows, as Qt asks for their cells."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from qv_desktop.ui import theme
from qv_desktop.ui.models.column import Column, Head
from qv_desktop.ui.models.live_rows import LiveRows

__all__ = ["CHIP", "GROUND", "RAW", "Column", "Head", "TableModel", "raw_value"]

type Index = QModelIndex | QPersistentModelIndex

CHIP = Qt.ItemDataRole.UserRole + 1  # a key of theme.CHIPS
RAW = Qt.ItemDataRole.UserRole + 2  # the value itself, for the clipboard
GROUND = Qt.ItemDataRole.UserRole + 3  # a token or "#aarrggbb" behind the text, for flashes


class TableModel[R](LiveRows[R]):
    """Rows by key, in the order they came until a column is chosen to sort by."""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        head = self.head(index.row())
        if head is not None:
            return self._of_head(head, index.column(), role)
        column, row = self.columns[index.column()], self.row(index.row())
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
            return raw_value(column)(row)
        return None

    def _of_head(self, head: Head, column: int, role: int) -> Any:
        """A head is read as its title in the first column, and its totals in theirs."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return head.totals[column] or (head.title if column == 0 else "")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Heads cannot be selected."""
        if index.isValid() and self._sections is not None and self._shown[index.row()] < 0:
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            mark = "" if self._sorted is None or self._sorted[0] != section else " ▾" if self._sorted[1] else " ▴"
            return column.title + mark
        return int(_aligned(column.right)) if role == Qt.ItemDataRole.TextAlignmentRole else None


def raw_value[R](column: Column[R]) -> Callable[[R], object]:
    """The value of a column that is copied and exported."""
    return column.raw or column.key or column.text


def _aligned(right: bool) -> Qt.AlignmentFlag:
    return (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter


def _font(bold: bool, mono: bool) -> QFont | None:
    return theme.mono() if mono else theme.bold() if bold else None
