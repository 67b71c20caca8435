"""Which cells of a table are painted, and when: those that look other than before, and those that a region uncovers."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QTableView

from qv_desktop.ui.models.cells import Cells

type Span = tuple[int, int, int]  # left edge and width in px, and number of a column


def changed[R](view: QTableView, cells: Cells[R], rows: Iterable[int], columns: Iterable[int]) -> QRegion:
    """Where the cells of ``rows`` and ``columns`` that are on the screen look other than they were last painted."""
    spans, region = _spans(view, columns), QRegion()
    shown = _rows_in(view, view.viewport().rect())
    for place in sorted(place for place in rows if place in shown):
        for rect in _changed_in(view, cells, place, spans):
            region += rect
    return region


def paint[R](view: QTableView, cells: Cells[R], painter: QPainter, region: QRegion) -> None:
    """Every cell that ``region`` touches, once: the view's own way of asking for each costs more than painting it."""
    spans, painted = _spans(view, range(view.model().columnCount())), set[tuple[int, int]]()
    for rect in region:  # type: ignore[attr-defined]  # the stubs forget that it iterates
        for place in _rows_in(view, rect):
            for left, width, column in spans:
                if left <= rect.right() and left + width > rect.left() and (place, column) not in painted:
                    painted.add((place, column))
                    selected = view.selectionModel().isRowSelected(place)
                    cells.paint_cell(painter, _box(view, place, left, width), place, column, selected=selected)


def _changed_in[R](view: QTableView, cells: Cells[R], place: int, spans: Sequence[Span]) -> list[QRect]:
    """From left to right; neighbours are one, for regions grow slow."""
    rects: list[QRect] = []
    for left, width, column in spans:
        if cells.changed(place, column):
            if rects and rects[-1].right() + 1 == left:
                rects[-1].setRight(left + width - 1)
            else:
                rects.append(_box(view, place, left, width))
    return rects


def _box(view: QTableView, place: int, left: int, width: int) -> QRect:
    return QRect(left, view.rowViewportPosition(place), width, view.verticalHeader().defaultSectionSize())


def _rows_in(view: QTableView, rect: QRect) -> range:
    first, last = view.rowAt(rect.top()), view.rowAt(rect.bottom())
    if first < 0:
        return range(0)
    return range(first, view.model().rowCount() if last < 0 else last + 1)


def _spans(view: QTableView, columns: Iterable[int]) -> list[Span]:
    """Those of ``columns`` that are shown, from left to right."""
    shown = (c for c in columns if not view.isColumnHidden(c))
    return sorted((view.columnViewportPosition(c), view.columnWidth(c), c) for c in shown)
