"""The table that every blotter is: dense rows, chips, value sorting, a column chooser and a sentence when empty."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QTableView,
    QWidget,
)

from qv_desktop.domain.spreadsheets import neutral
from qv_desktop.ui import theme
from qv_desktop.ui.models import repaint, row_moves
from qv_desktop.ui.models.cells import ROW, Cells, Index
from qv_desktop.ui.models.holding import Holding
from qv_desktop.ui.models.table_model import TableModel, raw_value

HEADER = 24  # px
FORMS = {"csv": "CSV", "parquet": "Parquet"}  # what a table is exported as -> how it is called
SQUEEZE = 0.85  # columns give way to this share of their width before the table scrolls sideways
TITLE_ROOM = 14  # px beside a title
BROADEST = 200  # px that a column takes by itself


class Table[R](QTableView):
    """A table over ``TableModel``. Keys: Enter opens, Del asks for deletion, Ctrl+C copies raw values as TSV.

    A right click on the header chooses columns and exports; ``export_menu`` is the same for a panel's own button or Ctrl+E.
    """

    row_chosen = Signal(object)
    row_opened = Signal(object)
    cell_opened = Signal(object, str)  # a double click: the row, and the title of the column
    delete_asked = Signal(list)
    export_asked = Signal(str)  # a key of FORMS
    filter_wanted = Signal(str)  # the title of the column to filter by, from the header's menu

    def __init__(self, model: TableModel[R], *, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._empty = model, empty
        self._wanted = {place: column.width for place, column in enumerate(model.columns)}  # column -> px
        self._whole: dict[int, int] = {}  # column -> px that its figures need: a price that is cut is another price
        self._dragged: set[int] = set()  # columns whose width a person chose
        self._widen = QTimer(self, interval=0, singleShot=True)
        self._widen.timeout.connect(self._show_whole)
        self._fitting = False
        self._no_export = ""
        self.filterable = False  # whether somebody hears ``filter_wanted``
        self.setModel(model)
        self._cells = Cells(model, self)
        self.setItemDelegate(self._cells)
        self._set_manner()
        self._set_columns()
        self.holding = Holding(self, model)
        row_moves.keep_layout(self, model)
        self.selectionModel().selectionChanged.connect(self._on_selected)
        self.doubleClicked.connect(self._double_clicked)
        model.layoutChanged.connect(self._rows_moved)
        model.rowsInserted.connect(self.viewport().update)
        model.rowsRemoved.connect(self.viewport().update)

    def set_empty(self, sentence: str) -> None:
        """Change the sentence that stands where rows will be."""
        self._empty = sentence
        self.viewport().update()

    @property
    def rows_model(self) -> TableModel[R]:
        """Its rows and columns."""
        return self._model

    def selected(self) -> list[R]:
        """The selected rows, top to bottom."""
        return self._model.rows_at(self._chosen())

    def in_view(self) -> list[R]:
        """The rows on the screen, top to bottom."""
        return self._model.rows_at(repaint.rows_in(self, self.viewport().rect()))

    def _chosen(self) -> list[int]:
        """Where the selected rows stand, top to bottom, heads among them.

        From the ranges, which are of whole rows: Qt's own list of rows asks the model about each cell of them.
        """
        selection = self.selectionModel().selection()
        ranges = [selection.at(number) for number in range(selection.count())]
        return sorted({place for found in ranges for place in range(found.top(), found.bottom() + 1)})

    def select_key(self, key: object) -> None:
        """Select the row of ``key`` and bring it into view; an unknown key clears the selection."""
        place = self._model.place(key)
        if place is None:
            self.clearSelection()
        else:
            self.selectRow(place)
            self.scrollTo(self._model.index(place, 0))

    def tsv(self) -> str:
        """The selected rows (all, when none is selected) with their titles, raw values, tab separated."""
        columns = [self._model.columns[c] for c in self._visual_order() if not self.isColumnHidden(c)]
        values = [raw_value(column) for column in columns]
        rows = self.selected() or self._model.rows()
        out = io.StringIO()
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow([column.title for column in columns])
        writer.writerows([_plain(value(row)) for value in values] for row in rows)
        return out.getvalue()

    def _set_manner(self) -> None:
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)  # the delegate paints the zebra
        self.viewport().setAttribute(
            Qt.WidgetAttribute.WA_OpaquePaintEvent
        )  # else every widget behind it is painted too
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(16)
        self.verticalHeader().setDefaultSectionSize(ROW)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def _set_columns(self) -> None:
        header = self.horizontalHeader()
        header.setFixedHeight(HEADER)
        header.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # sections and the rest cover all of it
        header.setFont(theme.small())
        header.setHighlightSections(False)
        # of its own and empty: painted titles would ask of each column whether all of its cells are selected
        header.setSelectionModel(QItemSelectionModel(self._model, header))
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setMinimumSectionSize(28)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.sectionClicked.connect(self._turn_sort)
        header.sectionResized.connect(self._note_width)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)
        for place, column in enumerate(self._model.columns):
            self.setColumnHidden(place, not column.shown)
        self._fit()

    def _fit(self) -> None:
        """Give the room that is left to the stretching columns, or to the last one; take a little from all when it is short."""
        shown = [c for c in self._visual_order() if not self.isColumnHidden(c)]
        room = self.viewport().width()
        total = sum(self._wanted[c] for c in shown)
        growing = [c for c in shown if self._model.columns[c].stretch] or shown[-1:]
        least = {c: self._least(c) for c in shown} if room < total else {}
        give, lack = total - sum(least.values()), total - room
        scale = lack / give if least and lack <= give else 0.0
        widths = dict[int, int]()
        for c in shown:
            extra = max(0, room - total) // len(growing) if c in growing else 0
            less = math.ceil((self._wanted[c] - least[c]) * scale) if least else 0
            widths[c] = self._wanted[c] - less + extra
        if growing:  # what rounding left over: beside the last column nothing would be painted
            widths[growing[-1]] += max(0, room - sum(widths.values()))
        self._fitting = True
        for c, width in widths.items():
            self.horizontalHeader().resizeSection(c, width)
        self._fitting = False

    def _least(self, column: int) -> int:
        """How narrow a column may become: its title stays whole, and so do figures and symbols."""
        wanted, words = self._wanted[column], self._model.columns[column].title
        title = self.horizontalHeader().fontMetrics().horizontalAdvance(words) + TITLE_ROOM
        return min(wanted, max(title, int(wanted * SQUEEZE), self._whole.get(column, 0)))

    def _show_whole(self) -> None:
        """Columns whose figures were cut grow, unless a person made them narrow."""
        lacking, self._cells.lacking = self._cells.lacking, {}
        for column, needed in lacking.items():
            if column not in self._dragged:
                self._whole[column] = min(needed, BROADEST)
                self._wanted[column] = max(self._wanted[column], self._whole[column])
        self._fit()

    def _note_width(self, column: int, _before: int, width: int) -> None:
        """A width that a person drags is kept."""
        if not self._fitting:
            self._wanted[column] = width
            self._dragged.add(column)

    def _visual_order(self) -> list[int]:
        header = self.horizontalHeader()
        return [header.logicalIndex(place) for place in range(len(self._model.columns))]

    def _turn_sort(self, column: int) -> None:
        """First click down, second up, third back to the order of arrival."""
        now = self._model.sorting()
        if now is None or now[0] != column:
            self._model.sort(column, Qt.SortOrder.DescendingOrder)
        elif now[1]:
            self._model.sort(column, Qt.SortOrder.AscendingOrder)
        else:
            self._model.sort(-1)

    def column_menu(self) -> QMenu:
        """The column chooser: one checked entry per column."""
        menu = QMenu(self)
        for place, column in enumerate(self._model.columns):
            entry = QAction(column.title or "·", menu, checkable=True)
            entry.setChecked(not self.isColumnHidden(place))
            entry.toggled.connect(lambda on, c=place: self._show_column(c, on))
            menu.addAction(entry)
        menu.addSeparator()
        self.offer_export(menu)
        return menu

    def saved(self) -> dict[str, Any]:
        """Its columns by title, in order, with what a person chose, and the sorting, as JSON values."""
        model, order = self._model, self._visual_order()
        sorting = model.sorting()
        return {
            "columns": [
                {"title": model.columns[c].title, "hidden": self.isColumnHidden(c),
                 **({"width": self._wanted[c]} if c in self._dragged else {})}
                for c in order
            ],
            "sorting": None if sorting is None else [model.columns[sorting[0]].title, sorting[1]],
        }  # fmt: skip

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up what ``saved`` gave; columns that it does not know stay as they are, what cannot be read is passed over."""
        place = {column.title: number for number, column in enumerate(self._model.columns)}
        header, at = self.horizontalHeader(), 0
        for kept in saved.get("columns") or ():
            column = place.get(kept.get("title", "")) if isinstance(kept, Mapping) else None
            if column is None:
                continue
            header.moveSection(header.visualIndex(column), at)
            at += 1
            self.setColumnHidden(column, bool(kept.get("hidden")))
            if isinstance(width := kept.get("width"), int):
                self._wanted[column] = width
                self._dragged.add(column)
        self._fit()
        match saved.get("sorting"):
            case [str(title), bool(down)] if title in place:
                self._model.sort(place[title], Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder)
            case None if "sorting" in saved:
                self._model.sort(-1)

    def forbid_export(self, why: str) -> None:
        """Why the person may not export, or nothing when they may."""
        self._no_export = why

    def offer_export(self, menu: QMenu) -> None:
        """Add what the table can be exported as to ``menu``."""
        menu.setToolTipsVisible(True)
        for form, name in FORMS.items():
            entry = menu.addAction(f"Export as {name}")
            entry.setEnabled(not self._no_export)
            entry.setToolTip(self._no_export)
            entry.triggered.connect(lambda _=False, form=form: self.export_asked.emit(form))

    def export_menu(self) -> QMenu:
        """A menu of the forms alone, open at the table's middle: what Ctrl+E shows."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.offer_export(menu)
        menu.popup(self.mapToGlobal(self.rect().center()))
        menu.setActiveAction(menu.actions()[0])
        return menu

    def _show_column(self, column: int, shown: bool) -> None:
        self.setColumnHidden(column, not shown)
        self._fit()

    def _choose_columns(self, at: QPoint) -> None:
        menu = self.column_menu()
        title = self._model.columns[max(0, self.horizontalHeader().logicalIndexAt(at))].title
        if title and self.filterable:
            entry = QAction(f"Filter by {title}…", menu)
            entry.triggered.connect(lambda: self.filter_wanted.emit(title))
            menu.insertAction(menu.actions()[0], entry)
            menu.insertSeparator(menu.actions()[1])
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.horizontalHeader().mapToGlobal(at))

    def _double_clicked(self, index: Index) -> None:
        if self._model.head(index.row()) is None:
            row = self._model.row(index.row())
            self.cell_opened.emit(
                row, self._model.columns[index.column()].title
            )  # first, for it may have opened something
            self.row_opened.emit(row)

    def _on_selected(self) -> None:
        chosen = self.selected()
        if len(chosen) == 1:
            self.row_chosen.emit(chosen[0])

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint only the cells on the screen that look other than before."""
        touched = self._model.touched
        if touched is None and first.column() == 0:
            super().dataChanged(first, last, roles)
            return
        places = np.arange(first.row(), last.row() + 1) if touched is None else touched
        region = repaint.changed(self, self._cells, places, range(first.column(), last.column() + 1))
        if not region.isEmpty():
            self.viewport().update(region)

    def _rows_moved(self) -> None:
        row_moves.show(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.selected()
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.tsv())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and chosen:
            self.row_opened.emit(chosen[0])
        elif event.key() == Qt.Key.Key_Delete and chosen:
            self.delete_asked.emit(chosen)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        repaint.paint(self, self._cells, painter, event.region())
        painter.end()
        if not self._model.rowCount():
            self._paint_empty()
        if self._cells.lacking.keys() - self._dragged:
            self._widen.start()

    def _paint_empty(self) -> None:
        painter = QPainter(self.viewport())
        painter.setPen(theme.color("TX2"))
        painter.setFont(theme.body())
        room = self.viewport().rect().adjusted(16, 8, -16, -8)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()


def _plain(value: object) -> str:
    """A value for the clipboard: no grouping, no exponent, nothing for unknown, and no text that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return neutral(value) if isinstance(value, str) else str(value)
