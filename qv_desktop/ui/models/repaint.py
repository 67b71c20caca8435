"""Which cells of a table are painted, and when: those that look other than before, and those that a region uncovers."""

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QTableView

from qv_desktop.ui import theme
from qv_desktop.ui.models.cells import Cells, Span, Strip
from qv_desktop.ui.models.sort_values import Places


def changed[R](view: QTableView, cells: Cells[R], places: Places, columns: Iterable[int]) -> QRegion:
    """Where the cells of ``places`` and ``columns`` that are on the screen look other than they were last painted."""
    region, spans = QRegion(), _spans(view, columns)
    for place in _on_screen(view, places):
        for left, width, _ in cells.changed(place, spans):
            region += _box(view, place, left, width)
    return region


def _on_screen(view: QTableView, places: Places) -> list[int]:
    shown = rows_in(view, view.viewport().rect())
    touched = places[(places >= shown.start) & (places < shown.stop)]
    return np.unique(touched).tolist() if len(touched) else []


def paint[R](view: QTableView, cells: Cells[R], painter: QPainter, region: QRegion) -> None:
    """Every cell that ``region`` touches, once: the view's own way of asking for each costs more than painting it."""
    spans, tall = _spans(view, range(view.model().columnCount())), view.verticalHeader().defaultSectionSize()
    if not _covered(view, spans, region.boundingRect()):
        painter.fillRect(region.boundingRect(), theme.color("BG1"))
    strips = _strips(view, spans, list(region))  # type: ignore[call-overload]  # the stubs forget that it iterates
    heads = [strip for strip in strips if cells.is_head(strip[0])]
    cells.paint_rows(painter, [strip for strip in strips if strip not in heads] if heads else strips, tall)
    for strip in heads:
        cells.paint_totals(painter, strip, tall)
        cells.paint_title(painter, _title_box(view, cells, strip[0], spans), strip[0])


def _covered(view: QTableView, spans: Sequence[Span], rect: QRect) -> bool:
    """Whether cells, each of which has its own ground, leave nothing of ``rect`` bare."""
    across = bool(spans) and spans[0][0] <= rect.left() and spans[-1][0] + spans[-1][1] > rect.right()
    return across and view.rowAt(rect.top()) >= 0 and view.rowAt(rect.bottom()) >= 0


def _strips(view: QTableView, spans: Sequence[Span], rects: Sequence[QRect]) -> list[Strip]:
    """Of each row the cells that ``rects`` touch, none twice; what is the same for a row is asked once."""
    touched = dict[int, dict[Span, None]]()  # row as shown -> its spans
    for rect in rects:
        here = [span for span in spans if span[0] <= rect.right() and span[0] + span[1] > rect.left()]
        for place in rows_in(view, rect):
            touched.setdefault(place, {}).update(dict.fromkeys(here))
    lit = _selected(view)
    return [
        (place, view.rowViewportPosition(place), sorted(found), any(place in rows for rows in lit))
        for place, found in touched.items()
        if found
    ]


def _selected(view: QTableView) -> list[range]:
    """The selected rows, in pieces: asked once, for Qt goes through them anew for each row that it is asked about."""
    selection = view.selectionModel().selection()
    pieces = (selection.at(number) for number in range(selection.count()))
    return [range(piece.top(), piece.bottom() + 1) for piece in pieces]


def _title_box[R](view: QTableView, cells: Cells[R], place: int, spans: Sequence[Span]) -> QRect:
    """From the first column to the first that shows a total."""
    left = spans[0][0]
    ends = [span[0] for span in spans[1:] if cells.shows_total(place, span[2])]
    return _box(view, place, left, (ends[0] if ends else view.viewport().width()) - left)


def _box(view: QTableView, place: int, left: int, width: int) -> QRect:
    return QRect(left, view.rowViewportPosition(place), width, view.verticalHeader().defaultSectionSize())


def rows_in(view: QTableView, rect: QRect) -> range:
    """The rows that ``rect`` of the viewport touches."""
    first, last = view.rowAt(rect.top()), view.rowAt(rect.bottom())
    if first < 0:
        return range(0)
    return range(first, view.model().rowCount() if last < 0 else last + 1)


def _spans(view: QTableView, columns: Iterable[int]) -> list[Span]:
    """Those of ``columns`` that are shown, from left to right."""
    shown = (c for c in columns if not view.isColumnHidden(c))
    return sorted((view.columnViewportPosition(c), view.columnWidth(c), c) for c in shown)
