"""Which rows of the audit trail are shown: pages that were asked for, what is recorded meanwhile, and the one that is chosen."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.audit_query import PAGE, AuditQuery
from qv_desktop.ui.models.audit_tail import AuditTail
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

MOST_LIVE = 1_500  # rows kept while the newest are read
MOST = 5_000  # rows kept while somebody goes back; the others are read again
AROUND = 100  # rows above one that is looked for
SEARCHING = "Searching…"


class AuditRows(QObject):
    """Emits ``page_asked(AuditQuery)`` for rows that are not there yet, ``changed`` when what stands around the rows is to be said
    anew, and ``read(list[Entry])`` of rows that came. ``resting`` says why new rows wait beside what is done with the rows."""

    page_asked = Signal(object)
    changed = Signal()
    read = Signal(object)

    def __init__(self, table: Table[Entry], model: TableModel[Entry], resting: Callable[[], str]) -> None:
        super().__init__(table)
        self._table, self._model, self._resting = table, model, resting
        self.query = AuditQuery()  # of the first page
        self.asking = False  # whether a page is on its way
        self.newest_gone = False  # whether rows that are newer than those shown are not
        self._oldest = False  # whether the oldest row that matches is shown
        self._newest = 0  # the row that was chosen for being the newest; a person's own choice is another
        self.wanted: int | None = None  # the row that is looked for
        self.tail = AuditTail(self.held, self)
        self.tail.due.connect(self._come)
        table.verticalScrollBar().valueChanged.connect(self._scrolled)

    # ---- asking

    def ask_for(self, query: AuditQuery, wanted: int | None = None) -> None:
        """Ask for the first page of other rows, and look for the one that is ``wanted`` among them."""
        self.wanted = wanted
        self.query, self.asking = query, True
        self.tail.forget()
        self.changed.emit()
        self.page_asked.emit(query)

    def ask_around(self, query: AuditQuery, sequence: int) -> None:
        """Ask for the rows around one that is looked for."""
        self.ask_for(replace(query, before=sequence + AROUND), sequence)

    def ask_newest(self) -> None:
        """Go to the newest rows and follow them."""
        self._table.clearSelection()
        self._newest = 0
        if self.newest_gone:
            self.ask_for(replace(self.query.whole))
            return
        self.tail.release()
        self._table.scrollToTop()
        self.choose_newest()
        self.changed.emit()

    def _scrolled(self, position: int) -> None:
        """Reaching an end asks for what lies beyond it."""
        scroll = self._table.verticalScrollBar()
        rows = self._model.rows()
        if self.asking or not rows or scroll.maximum() <= 0:
            return
        if not self._oldest and position >= scroll.maximum() - 2:
            self.asking = True  # until the page arrives, so that it is asked for once
            self.page_asked.emit(replace(self.query.whole, before=min(entry.sequence for entry in rows)))
        elif self.newest_gone and position <= 2:
            self._ask_newer()
        elif position == 0:
            self.tail.look()

    def _ask_newer(self) -> None:
        rows = self._model.rows()
        if rows:
            self.asking = True
            self.page_asked.emit(replace(self.query.whole, after=max(entry.sequence for entry in rows)))

    # ---- pages

    def show_page(self, entries: Iterable[Entry], query: AuditQuery) -> None:
        """The rows that ``query`` asked for, newest first, wherever they belong; an answer to an earlier question is passed over."""
        page = list(entries)
        if query == self.query:
            self._show_first(page)
        elif query.whole == self.query.whole:
            (self._show_older if query.after is None else self._show_newer)(page)

    def clear(self) -> None:
        """Show none, and forget those that wait."""
        self.tail.forget()
        self._model.replace([])

    def _show_first(self, page: list[Entry]) -> None:
        """These rows in place of those shown."""
        self.asking, self._oldest = False, len(page) < PAGE
        self.newest_gone = self.query.before is not None
        self.tail.forget_to(max((entry.sequence for entry in page), default=0))
        self._model.replace(page)
        self.read.emit(page)
        if self.wanted is not None:
            self.choose_near(self.wanted)
        else:
            self._table.scrollToTop()
            self.choose_newest()
        self.changed.emit()
        if self.newest_gone:
            self._ask_newer()

    def _show_older(self, page: list[Entry]) -> None:
        """The page that follows the oldest row; an empty one says there are no more."""
        self.asking, self._oldest = False, len(page) < PAGE
        self._model.upsert(page)
        self.read.emit(page)
        self._trim()
        self.changed.emit()

    def _show_newer(self, page: list[Entry]) -> None:
        """The page before the newest row shown, newest first; an empty one says that the newest is shown."""
        self.asking = False
        self._put_above(page)
        self.newest_gone = len(page) >= PAGE
        self.tail.forget_to(max((entry.sequence for entry in page), default=0))
        self.read.emit(page)
        self.changed.emit()

    # ---- live

    def hear(self, entry: Entry) -> None:
        """A row was just recorded: it is shown where it is one of these rows, once nobody is disturbed by it."""
        if self.query.whole.holds(entry):
            self.tail.hear(entry)

    def held(self) -> str:
        """Why new rows wait, or nothing."""
        if self.newest_gone or self.asking:
            return "newer rows are read first"
        if resting := self._resting():
            return resting
        if self._table.verticalScrollBar().value() > 0:
            return "older rows are read"
        if self._table.viewport().underMouse():
            return "the pointer is over the rows"
        chosen = [entry.sequence for entry in self._table.selected()]
        return "a row is read" if chosen not in ([], [self._newest]) else ""

    def _come(self, entries: list[Entry], missing: bool) -> None:
        """What was recorded comes in above, and the oldest give way."""
        if missing:
            self._model.replace(entries[::-1])
            self._oldest = False
        else:
            self._put_above(entries[::-1], MOST_LIVE)
        self.choose_newest(reading=True)
        self.read.emit(entries)
        self.changed.emit()

    def _put_above(self, entries: list[Entry], most: int = MOST) -> None:
        """Rows, newest first, above those shown, which stay where they are on the screen unless the newest is followed."""
        fresh = [entry for entry in entries if self._model.place(entry.sequence) is None]
        if not fresh:
            return
        position = self._table.verticalScrollBar().value()
        rows = [*fresh, *self._model.all_rows()]
        if len(rows) > most:
            rows, self._oldest = rows[:most], False
        self._model.replace(rows)
        if position > 0 or self.newest_gone:
            self._scroll_to(position + len(fresh))

    def _trim(self) -> None:
        """Going back, the newest give way, so that a walk through millions of rows needs no more room than one through thousands."""
        over = self._model.rowCount() - MOST
        if over <= 0 or self.query.correlation:
            return
        position = self._table.verticalScrollBar().value()
        self._model.replace(self._model.all_rows()[over:])
        self.newest_gone = True
        self._scroll_to(max(3, position - over))

    def _scroll_to(self, position: int) -> None:
        """Put the row of that place at the top, also when the table has yet to hear how many rows there are."""
        scroll = self._table.verticalScrollBar()
        if scroll.maximum() < position:
            scroll.setMaximum(position)
        asking, self.asking = self.asking, True  # the program scrolls, and no person: that asks for nothing
        scroll.setValue(position)
        self.asking = asking

    # ---- the chosen one

    def choose_newest(self, *, reading: bool = False) -> None:
        """Choose the newest row, unless a person has chosen another one or is ``reading`` older ones."""
        chosen = [entry.sequence for entry in self._table.selected()]
        away = reading and self._table.verticalScrollBar().value() > 0
        if chosen not in ([], [self._newest]) or away or not self._model.rowCount() or self.newest_gone:
            return
        self._newest = self._model.row(0).sequence
        self._table.select_key(self._newest)
        self._table.scrollToTop()

    def choose_near(self, sequence: int) -> None:
        """Choose the row of that number; of one that is gone, the one before it."""
        self.wanted = None
        near = max((e.sequence for e in self._model.all_rows() if e.sequence <= sequence), default=None)
        if near is not None:
            self._table.clearSelection()
            self._table.select_key(near)

    def words(self) -> str:
        """How many rows are shown, and whether there are more."""
        if self.asking:
            return SEARCHING
        rows = self._model.rowCount()
        if self._oldest or not rows:
            return f"{rows:,} row{'' if rows == 1 else 's'}, all that match" if rows else ""
        return f"{rows:,} rows shown; scroll on for older ones"
