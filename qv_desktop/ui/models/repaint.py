"""Which cells of a table are painted, and when: those that look other than before, and those that a region uncovers."""

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QTableView

from qv_desktop.ui.models.cells import Cells, Span
from qv_desktop.ui.models.sort_values import Places


def changed[R](view: QTableView, cells: Cells[R], rows: Places, columns: Iterable[int]) -> QRegion:
    """Where the cells of ``rows`` and ``columns`` that are on the screen look other than they were last painted."""
    region, shown = QRegion(), _rows_in(view, view.viewport().rect())
    touched = rows[(rows >= shown.start) & (rows < shown.stop)]
    if not len(touched):
        return region
    spans = _spans(view, columns)
    for place in np.unique(touched).tolist():
        for rect in _changed_in(view, cells, place, spans):
            region += rect
    return region


def paint[R](view: QTableView, cells: Cells[R], painter: QPainter, region: QRegion) -> None:
    """Every cell that ``region`` touches, once: the view's own way of asking for each costs more than painting it."""
    spans = _spans(view, range(view.model().columnCount()))
    rects = list(region)  # type: ignore[call-overload]  # the stubs forget that it iterates
    if len(rects) == 1:
        _paint_in(view, cells, painter, rects[0], spans, None)
        return
    painted = set[tuple[int, int]]()
    for rect in rects:
        _paint_in(view, cells, painter, rect, spans, painted)


def _paint_in[R](view: QTableView, cells: Cells[R], painter: QPainter, rect: QRect, spans: Sequence[Span],
                 painted: set[tuple[int, int]] | None) -> None:  # fmt: skip
    """The cells in ``rect`` but for those that are ``painted`` already; what is the same for a row is asked once."""
    here = [span for span in spans if span[0] <= rect.right() and span[0] + span[1] > rect.left()]
    tall, selection = view.verticalHeader().defaultSectionSize(), view.selectionModel()
    for place in _rows_in(view, rect):
        wanted = here
        if painted is not None:
            wanted = [span for span in here if (place, span[2]) not in painted]
            painted.update((place, span[2]) for span in wanted)
        if wanted:
            selected, top = selection.isRowSelected(place), view.rowViewportPosition(place)
            cells.paint_row(painter, place, top, tall, wanted, selected=selected)
            if cells.is_head(place):
                cells.paint_title(painter, _title_box(view, cells, place, spans), place)


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


def _title_box[R](view: QTableView, cells: Cells[R], place: int, spans: Sequence[Span]) -> QRect:
    """From the first column to the first that shows a total."""
    left = spans[0][0]
    ends = [span[0] for span in spans[1:] if cells.shows_total(place, span[2])]
    return _box(view, place, left, (ends[0] if ends else view.viewport().width()) - left)


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
