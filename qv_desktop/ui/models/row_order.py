"""Rows that a person puts in order: by Alt+Up and Alt+Down, or by dragging one between two others."""

from collections.abc import Hashable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame

from qv_desktop.ui import theme
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

SORTED = "Rows can be moved while no column sorts them; click the sorting title until its arrow goes."
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class RowOrder[R](QObject):
    """Watches ``table``. ``moved`` carries every key in the wanted order; ``refused`` says why a row cannot be moved."""

    moved = Signal(list)
    refused = Signal(str)

    def __init__(self, table: Table[R], model: TableModel[R]) -> None:
        super().__init__(table)
        self.why_not = ""  # why the person may not, or nothing
        self._table, self._model = table, model
        self._pressed: tuple[QPoint, Hashable] | None = None  # where, and on which row
        self._gap = -1  # the row before which a drop would put it
        self._line = QFrame(table.viewport())
        theme.wear(self._line, lambda: f"background: {theme.ACCENT};")
        self._line.hide()
        table.installEventFilter(self)
        table.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._keyed(event)
        if isinstance(event, QMouseEvent) and watched is self._table.viewport():
            return self._moused(event)
        return False

    def _keyed(self, event: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(event.key()))
        if self._pressed is not None and event.key() == Qt.Key.Key_Escape:
            self._forget()
            return True
        if step is None or event.modifiers() != Qt.KeyboardModifier.AltModifier:
            return False
        chosen = self._table.selected()
        place = self._model.place(self._model.key_of(chosen[0])) if len(chosen) == 1 else None
        if place is not None and 0 <= place + step < self._model.rowCount():
            self._move(self._model.key_of(chosen[0]), place + step + (step > 0))
        return True

    def _moused(self, event: QMouseEvent) -> bool:
        at = event.position().toPoint()
        if event.type() == QEvent.Type.MouseButtonPress:
            row = self._table.rowAt(at.y())
            plain = event.button() is Qt.MouseButton.LeftButton and not event.modifiers()
            self._pressed = (at, self._model.key_of(self._model.row(row))) if plain and row >= 0 else None
        elif event.type() == QEvent.Type.MouseMove and self._pressed is not None:
            self._drag(at)
            return True  # else the table would select every row on the way
        elif event.type() == QEvent.Type.MouseButtonRelease:
            pressed, gap = self._pressed, self._gap
            self._forget()
            self._table.holding.released()
            if pressed is not None and gap >= 0:
                self._move(pressed[1], gap)
                return True
        return False

    def _drag(self, at: QPoint) -> None:
        if (
            self._gap < 0
            and self._pressed
            and (at - self._pressed[0]).manhattanLength() < QApplication.startDragDistance()
        ):
            return
        tall = self._table.verticalHeader().defaultSectionSize()
        count = self._model.rowCount()
        self._gap = min(count, max(0, (at.y() - self._table.rowViewportPosition(0) + tall // 2) // tall))
        y = self._table.rowViewportPosition(0) + self._gap * tall - 1
        self._line.setGeometry(0, max(0, y), self._table.viewport().width(), 2)
        self._line.show()

    def _forget(self) -> None:
        self._pressed, self._gap = None, -1
        self._line.hide()

    def _move(self, key: Hashable, gap: int) -> None:
        """Put the row of ``key`` before the one that stands at ``gap`` now."""
        if self.why_not or self._model.sorting() is not None:
            self.refused.emit(self.why_not or SORTED)
            return
        before = [self._model.key_of(row) for row in self._model.rows()]
        after = [k for k in before[:gap] if k != key] + [key] + [k for k in before[gap:] if k != key]
        if after != before:
            self.moved.emit(after)
