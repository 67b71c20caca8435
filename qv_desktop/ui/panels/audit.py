"""The audit trail: who did what when, what changed, and whether the chain of hashes is whole."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QWidget

from qv_desktop.domain.audit import Entry, Verification
from qv_desktop.domain.audit_query import PAGE, AuditQuery
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui import theme
from qv_desktop.ui.models.audit_columns import audit_columns, tail
from qv_desktop.ui.models.audit_details import AuditDetails
from qv_desktop.ui.models.audit_export_bar import AuditExportBar
from qv_desktop.ui.models.audit_filters import AuditFilters, State
from qv_desktop.ui.models.audit_proof import AuditProof, coverage, coverage_in_short
from qv_desktop.ui.models.audit_tail import AuditTail
from qv_desktop.ui.models.layouts import Bar, across, forbid, stacked
from qv_desktop.ui.models.split import DetailSplit
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

MOST_LIVE, MOST = (
    1_500,
    5_000,
)  # rows kept while the newest are read, and while somebody goes back; the others are read again
AROUND = 100  # rows above one that is looked for
EMPTY = "No row matches. Widen the filters, or clear them."
NOTHING = "Nothing is recorded yet. Log-ins, orders, changes and exports appear here as they happen."
SEARCHING = "Searching…"
WIDE = 860  # px from which the filters are open unless a person closed them


@dataclass(slots=True)
class _Place:
    """Where a person was before they followed a story."""

    filters: State
    sequence: int | None


class AuditTable(Table[Entry]):
    """Space opens a row as Enter does; Home asks for the newest."""

    newest_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.selected()
        if event.key() == Qt.Key.Key_Space and chosen:
            self.row_opened.emit(chosen[0])
        elif event.key() == Qt.Key.Key_Home:
            self.newest_wanted.emit()
        else:
            super().keyPressEvent(event)


class AuditSplit(DetailSplit):
    """Where there is no room for both, the details take the place of the rows while they are ``open``."""

    def __init__(self, main: QWidget, detail: QWidget, *, wide: int) -> None:
        self.open, self._rows, self._details = False, main, detail
        super().__init__(main, detail, wide=wide)

    @property
    def narrow(self) -> bool:
        """Whether only one of the two is in view."""
        return self.open or self._details.isHidden()

    def flip(self, open_: bool) -> None:
        """Show the details in place of the rows, or the rows again; nothing changes where both are in view."""
        self.open = open_
        self.want_detail(True)

    def want_detail(self, wanted: bool) -> None:
        super().want_detail(wanted)
        self.open = self.open and self._details.isHidden()
        if self.open:
            self._details.show()
        self._rows.setVisible(not self.open)


class AuditPanel(QWidget):
    """Emits ``page_asked(AuditQuery)`` when the filters change or an end is reached, ``count_asked(AuditQuery)`` before an export,
    ``export_asked(AuditQuery, str)`` with csv, json or bundle, ``export_cancelled``; ``verify_asked(bool)``, true for “since the last
    checkpoint only”, and ``verify_cancelled``. ``now`` gives the moment that ranges such as Today are counted from."""

    name = "audit"
    title = "Audit"

    page_asked = Signal(object)
    count_asked = Signal(object)
    export_asked = Signal(object, str)
    export_cancelled = Signal()
    verify_asked = Signal(bool)
    verify_cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._query = AuditQuery()
        self._asking = False  # whether a page is on its way
        self._oldest = False  # whether the oldest row that matches is shown
        self._newest_gone = False  # whether rows that are newer than those shown are not
        self._newest = 0  # the row that was chosen for being the newest; a person's own choice is another
        self._wanted: int | None = None  # the row that is looked for
        self._back: list[_Place] = []
        self._strip: bool | None = None  # whether a person wants the filters open
        self._forbidden = ""
        self._proved: Verification | None = None  # what was verified last
        self._build_rows()
        self._build_bars()
        stacked(self, self.bar, self.filters.strip, self.filters.chips, self.trail, self.proof.banner, self.split, self.export_bar,
                self.foot).setStretch(5, 1)  # fmt: skip
        self._connect()
        self._show_state()

    # ---- rows in

    def show_page(self, entries: Iterable[Entry], query: AuditQuery) -> None:
        """The rows that ``query`` asked for, newest first, wherever they belong."""
        if query == self._query:
            self.show_entries(entries, query)
        elif query.after is not None:
            self.show_newer(entries, query)
        else:
            self.show_older(entries, query)

    def show_entries(self, entries: Iterable[Entry], query: AuditQuery | None = None) -> None:
        """Replace the rows with the page of ``query``, newest first; an answer to an earlier question is passed over."""
        if query not in (None, self._query):
            return
        page = list(entries)
        self._asking, self._oldest = False, len(page) < PAGE
        self._newest_gone = self._query.before is not None
        self.tail.forget_to(max((entry.sequence for entry in page), default=0))
        self.model.replace(page)
        self._learn(page)
        if self._wanted is not None:
            self._choose_near(self._wanted)
        else:
            self.table.scrollToTop()
            self._choose_newest(reading=False)
        if not page:
            self.details.show_entry(None)
        self._show_state()
        if self._newest_gone:
            self._ask_newer()

    def show_older(self, entries: Iterable[Entry], query: AuditQuery | None = None) -> None:
        """Add the page that follows the oldest row; an empty one says there are no more."""
        if query is not None and query.whole != self._query.whole:
            return
        page = list(entries)
        self._asking, self._oldest = False, len(page) < PAGE
        self.model.upsert(page)
        self._learn(page)
        self._trim()
        self._show_state()

    def show_newer(self, entries: Iterable[Entry], query: AuditQuery | None = None) -> None:
        """Add the page before the newest row shown, newest first; an empty one says that the newest is shown."""
        if query is not None and query.whole != self._query.whole:
            return
        page = list(entries)
        self._asking = False
        self._put_above(page)
        self._newest_gone = len(page) >= PAGE
        self.tail.forget_to(max((entry.sequence for entry in page), default=0))
        self._learn(page)
        self._show_state()

    def prepend(self, entry: Entry) -> None:
        """A row was just recorded: it is shown where the filters let it through, once nobody is disturbed by it."""
        if not self._forbidden and self._query.whole.holds(entry):
            self.tail.hear(entry)

    def show_failed(self, query: AuditQuery, sentence: str) -> None:
        """A page could not be read, and why."""
        if query.whole == self._query.whole:
            self._asking = False
            self.table.set_empty(sentence)
            self.state.setText(sentence)
            self.state.setToolTip(sentence)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``view`` or ``export``; what is absent is allowed."""
        forbid(self.export, lacking.get("export", "") or lacking.get("view", ""))
        before, self._forbidden = self._forbidden, lacking.get("view", "")
        for part in (
            self.filters.search,
            self.opener,
            self.live,
            self.proof.verify,
            self.proof.how,
            *self.filters.fields,
        ):
            forbid(part, self._forbidden)
        if self._forbidden:
            self.tail.forget()
            self.model.replace([])
            self.details.show_entry(None)
            self.export_bar.dismiss()
        if self._forbidden != before:
            self._show_state()
            if not self._forbidden:
                self.page_asked.emit(self._query)

    # ---- proof and export in

    def show_verification(self, found: Verification, since: bool = False) -> None:
        """The chain's state: whole up to its head, or where and why it breaks; and what no checkpoint covers."""
        self.proof.show_found(found, since)
        self._proved = found
        self._show_coverage()
        self.model.refresh(0)
        if not found.whole and found.broken_at is not None:
            self.show_row(found.suspect_from or found.broken_at)

    def show_row(self, sequence: int) -> None:
        """Choose the row of that number, without filters where it is not among those shown."""
        if self.model.place(sequence) is not None:
            self._choose_near(sequence)
            return
        self._back.clear()
        self.filters.restore({})
        self._wanted = sequence
        self._ask_for(AuditQuery(before=sequence + AROUND))

    def ask_export(self) -> None:
        """Ask how what is filtered is to be exported."""
        if self.export.isEnabled():
            self.export_bar.ask(self._query.whole)

    # ---- building

    def _build_rows(self) -> None:
        self.proof = AuditProof(self)
        self.model = TableModel(
            audit_columns(
                lambda: self.now().astimezone(NEW_YORK).date(),
                lambda entry: not self._query.chain and self.proof.broken(entry.sequence),
            ),
            key=lambda entry: entry.sequence,
        )
        self.table = AuditTable(self.model, empty=NOTHING)
        self.table.setAccessibleName("Audit trail")
        self.details = AuditDetails()
        self.split = AuditSplit(self.table, self.details, wide=280)
        self.tail = AuditTail(self._held, self)

    def _build_bars(self) -> None:
        self.filters = AuditFilters(lambda: self.now(), self)
        self.opener = theme.button("Filters", "ghost")
        self.opener.setCheckable(True)
        self.opener.setToolTip("Filter by time, actor, action, object and outcome")
        self.live = theme.button("● Live", "ghost")
        self.live.setCheckable(True)
        self.fresh = theme.button("")
        self.fresh.setToolTip("Show the rows that were recorded meanwhile  (Home)")
        self.export = theme.button("⤓ Export", "ghost")
        self.export.setToolTip("Export the rows that match, as CSV, JSON or a signed bundle")
        self.bar = Bar(self.filters.search, self.opener, self.live, self.fresh, self.proof.chain, self.proof.verify, self.proof.how,
                       self.export, yielding=(self.proof.chain, self.live))  # fmt: skip
        self.bar.want(self.fresh, False)
        self.back, self.following = theme.button("← Back"), theme.label("", "label")
        self.back.setFixedHeight(22)
        self.trail = QWidget()
        row = across(self.back, self.following, None)
        row.setContentsMargins(8, 2, 8, 2)
        self.trail.setLayout(row)
        self.trail.hide()
        self.export_bar = AuditExportBar()
        self.state, self.covers = theme.label("", "hint"), theme.label("Not verified in this sitting.", "hint")
        for part in (self.state, self.covers):
            part.setMinimumWidth(40)
        self.foot = QWidget()
        foot = across(self.state, None, self.covers, spacing=12)
        foot.setContentsMargins(10, 1, 10, 3)
        self.foot.setLayout(foot)

    def _connect(self) -> None:
        self.filters.changed.connect(self._ask)
        self.filters.search.left.connect(self.table.setFocus)
        self.opener.clicked.connect(self._open_strip)
        self.live.clicked.connect(self._turn_live)
        self.fresh.clicked.connect(self.show_newest)
        self.tail.due.connect(self._come)
        self.tail.waiting_changed.connect(lambda _: self._show_fresh())
        self.table.row_chosen.connect(self.details.show_entry)
        self.table.row_opened.connect(self._open_row)
        self.table.newest_wanted.connect(self.show_newest)
        self.table.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.details.followed.connect(self.follow)
        self.back.clicked.connect(self.go_back)
        self.proof.asked.connect(self.verify_asked)
        self.proof.cancelled.connect(self.verify_cancelled)
        self.proof.row_wanted.connect(self.show_row)
        self.export.clicked.connect(self.ask_export)
        self.export_bar.count_asked.connect(self.count_asked)
        self.export_bar.chosen.connect(self.export_asked)
        self.export_bar.cancelled.connect(self.export_cancelled)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._focus_search)

    # ---- hands

    def _ask(self) -> None:
        """Ask for the first page of what the filters say, if they say something new."""
        query = self.filters.query()
        self._wanted = None
        if self.filters.complaint:
            self._show_state()
        elif query != self._query:
            if not query.correlation:
                self._back.clear()
            self._ask_for(query)

    def _ask_for(self, query: AuditQuery) -> None:
        self._query, self._asking = query, True
        self.tail.forget()
        self._show_state()
        self.page_asked.emit(query)

    def _scrolled(self, position: int) -> None:
        """Reaching an end asks for what lies beyond it."""
        scroll = self.table.verticalScrollBar()
        rows = self.model.rows()
        if self._asking or not rows or scroll.maximum() <= 0:
            return
        if not self._oldest and position >= scroll.maximum() - 2:
            self._asking = True  # until the page arrives, so that it is asked for once
            self.page_asked.emit(replace(self._query.whole, before=min(entry.sequence for entry in rows)))
        elif self._newest_gone and position <= 2:
            self._ask_newer()
        elif position == 0:
            self.tail.look()

    def _ask_newer(self) -> None:
        rows = self.model.rows()
        if rows:
            self._asking = True
            self.page_asked.emit(replace(self._query.whole, after=max(entry.sequence for entry in rows)))

    def show_newest(self) -> None:
        """Go to the newest rows and follow them."""
        self.live.setChecked(False)
        self.table.clearSelection()
        self._newest = 0
        if self._newest_gone:
            self._ask_for(replace(self._query.whole))
            return
        self.tail.release()
        self.table.scrollToTop()
        self._choose_newest(reading=False)
        self._show_state()

    def follow(self, id_: str) -> None:
        """Show the story of a correlation or causation id, with a way back."""
        chosen = self.table.selected()
        self._back.append(_Place(self.filters.state(), chosen[0].sequence if chosen else None))
        if self.split.open:
            self.split.flip(False)
        self.filters.follow(id_)

    def go_back(self) -> None:
        """Where the person was before they followed the story."""
        if not self._back:
            return
        place = self._back.pop()
        self.filters.restore(place.filters)
        self._wanted = place.sequence
        query = self.filters.query()
        far = place.sequence is not None and not query.correlation
        self._ask_for(replace(query, before=place.sequence + AROUND) if far and place.sequence is not None else query)

    def _open_row(self, entry: Entry) -> None:
        if self.split.narrow:
            self.split.flip(True)
        self.details.change.setFocus()

    def _open_strip(self) -> None:
        self._strip = self.opener.isChecked()
        self._fit()

    def _turn_live(self) -> None:
        if not self.live.isChecked():
            self.show_newest()
        self._show_state()

    def _focus_search(self) -> None:
        self.filters.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filters.search.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes one step back."""
        if event.key() != Qt.Key.Key_Escape or not self._step_back():
            super().keyPressEvent(event)

    def _step_back(self) -> bool:
        if not self.export_bar.isHidden():
            self.export_bar.dismiss()
        elif self.split.open:
            self.split.flip(False)
        elif not self._in_details():
            if not self._back:
                return False
            self.go_back()
        self.table.setFocus()
        return True

    def _in_details(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and self.details.isAncestorOf(focused)

    # ---- live

    def _held(self) -> str:
        """Why new rows wait, or nothing."""
        if self.live.isChecked():
            return "paused"
        if self._newest_gone or self._asking:
            return "newer rows are read first"
        if not self.isVisible():
            return "out of view"
        if self.table.verticalScrollBar().value() > 0:
            return "older rows are read"
        if self.table.viewport().underMouse():
            return "the pointer is over the rows"
        chosen = [entry.sequence for entry in self.table.selected()]
        return "a row is read" if chosen not in ([], [self._newest]) else ""

    def _come(self, entries: list[Entry], missing: bool) -> None:
        """What was recorded comes in above, and the oldest give way."""
        if missing:
            self.model.replace(entries[::-1])
            self._oldest = False
        else:
            self._put_above(entries[::-1], MOST_LIVE)
        self._choose_newest()
        self._learn(entries)
        self._show_state()

    def _put_above(self, entries: list[Entry], most: int = MOST) -> None:
        """Rows, newest first, above those shown, which stay where they are on the screen unless the newest is followed."""
        fresh = [entry for entry in entries if self.model.place(entry.sequence) is None]
        if not fresh:
            return
        scroll = self.table.verticalScrollBar()
        position = scroll.value()
        rows = [*fresh, *self.model.all_rows()]
        if len(rows) > most:
            rows, self._oldest = rows[:most], False
        self.model.replace(rows)
        if position > 0 or self._newest_gone:
            self._scroll_to(position + len(fresh))

    def _trim(self) -> None:
        """Going back, the newest give way, so that a walk through millions of rows needs no more room than one through thousands."""
        over = self.model.rowCount() - MOST
        if over <= 0 or self._query.correlation:
            return
        scroll = self.table.verticalScrollBar()
        position = scroll.value()
        self.model.replace(self.model.all_rows()[over:])
        self._newest_gone = True
        self._scroll_to(max(3, position - over))

    def _scroll_to(self, position: int) -> None:
        """Put the row of that place at the top, also when the table has yet to hear how many rows there are."""
        scroll = self.table.verticalScrollBar()
        if scroll.maximum() < position:
            scroll.setMaximum(position)
        asking, self._asking = self._asking, True  # the program scrolls, and no person: that asks for nothing
        scroll.setValue(position)
        self._asking = asking

    # ---- eyes

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tail.look()
        self._choose_newest(reading=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wanted = self.width() >= WIDE if self._strip is None else self._strip
        self.filters.strip.setVisible(wanted)
        self.opener.setChecked(wanted)
        self.export.setText("⤓ Export" if self.width() >= 620 else "⤓")
        self._show_coverage()

    def _show_coverage(self) -> None:
        found = self._proved
        if found is not None:
            self.covers.setText(coverage(found) if self.width() >= 760 else coverage_in_short(found))
            self.covers.setToolTip(coverage(found))

    def _choose_newest(self, *, reading: bool = True) -> None:
        """Choose the newest row, unless a person has chosen another one or is ``reading`` older ones."""
        chosen = [entry.sequence for entry in self.table.selected()]
        away = reading and self.table.verticalScrollBar().value() > 0
        if chosen not in ([], [self._newest]) or away or not self.model.rowCount() or self._newest_gone:
            return
        self._newest = self.model.row(0).sequence
        self.table.select_key(self._newest)
        self.table.scrollToTop()

    def _choose_near(self, sequence: int) -> None:
        """Choose the row of that number; of one that is gone, the one before it."""
        self._wanted = None
        near = max((e.sequence for e in self.model.all_rows() if e.sequence <= sequence), default=None)
        if near is not None:
            self.table.clearSelection()
            self.table.select_key(near)

    def _learn(self, entries: Iterable[Entry]) -> None:
        known = list(entries)
        self.filters.learn({e.draft.actor.name for e in known}, {e.draft.object_type for e in known})

    def _show_state(self) -> None:
        """Chips, the story followed, what the rows are, and what stands where there are none."""
        self.filters.show_chips()
        count = self.filters.count()
        self.opener.setText(f"Filters {count}" if count else "Filters")
        self.trail.setVisible(bool(self._back))
        self.following.setText(f"Story of {tail(self._query.correlation, 10)}")
        self.following.setToolTip(self._query.correlation)
        self.live.setText("⏸ Paused" if self.live.isChecked() else "● Live")
        self.live.setToolTip(
            "Go on showing new rows as they are recorded"
            if self.live.isChecked()
            else "Pause: keep the rows as they are"
        )
        words = self._words()
        self.state.setText(words)
        self.state.setToolTip(words)
        self.table.set_empty(self._forbidden or self.filters.complaint or self._empty())
        self._show_fresh()

    def _empty(self) -> str:
        return SEARCHING if self._asking else NOTHING if self._query.anything else EMPTY

    def _words(self) -> str:
        if self._forbidden or self.filters.complaint:
            return self._forbidden or self.filters.complaint
        if self._asking:
            return SEARCHING
        rows = self.model.rowCount()
        if self._oldest or not rows:
            return f"{rows:,} row{'' if rows == 1 else 's'}, all that match" if rows else ""
        return f"{rows:,} rows shown; scroll on for older ones"

    def _show_fresh(self) -> None:
        waiting = self.tail.waiting
        self.fresh.setText(f"▲ {waiting:,} new" if waiting else "▲ Newest")
        self.bar.want(self.fresh, (waiting > 0 and bool(self._held()) and self.isVisible()) or self._newest_gone)
