"""The audit trail: who did what when, what changed, and whether the chain of hashes is whole."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QWidget

from qv_desktop.domain.audit import Entry, Verification
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui import theme
from qv_desktop.ui.models.audit_columns import audit_columns, tail
from qv_desktop.ui.models.audit_details import AuditDetails
from qv_desktop.ui.models.audit_export_bar import AuditExportBar
from qv_desktop.ui.models.audit_filters import AuditFilters, State
from qv_desktop.ui.models.audit_proof import AuditProof, coverage, coverage_in_short
from qv_desktop.ui.models.audit_rows import SEARCHING, AuditRows
from qv_desktop.ui.models.audit_table import AuditSplit, AuditTable
from qv_desktop.ui.models.layouts import Bar, across, forbid, stacked
from qv_desktop.ui.models.table_model import TableModel

EMPTY = "No row matches. Widen the filters, or clear them."
NOTHING = "Nothing is recorded yet. Log-ins, orders, changes and exports appear here as they happen."
WIDE = 860  # px from which the filters are open unless a person closed them


@dataclass(slots=True)
class _Place:
    """Where a person was before they followed a story."""

    filters: State
    sequence: int | None


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
        page = list(entries)
        first = query == self.rows.query
        self.rows.show_page(page, query)
        if first and not page:
            self.details.show_entry(None)

    def prepend(self, entry: Entry) -> None:
        """A row was just recorded: it is shown where the filters let it through, once nobody is disturbed by it."""
        if not self._forbidden:
            self.rows.hear(entry)

    def show_failed(self, query: AuditQuery, sentence: str) -> None:
        """A page could not be read, and why."""
        if query.whole == self.rows.query.whole:
            self.rows.asking = False
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
            self.rows.clear()
            self.details.show_entry(None)
            self.export_bar.dismiss()
        if self._forbidden != before:
            self._show_state()
            if not self._forbidden:
                self.page_asked.emit(self.rows.query)

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
            self.rows.choose_near(sequence)
            return
        self._back.clear()
        self.filters.restore({})
        self.rows.ask_around(AuditQuery(), sequence)

    def ask_export(self) -> None:
        """Ask how what is filtered is to be exported."""
        if self.export.isEnabled():
            self.export_bar.ask(self.rows.query.whole)

    # ---- building

    def _build_rows(self) -> None:
        self.proof = AuditProof(self)
        self.model = TableModel(
            audit_columns(
                lambda: self.now().astimezone(NEW_YORK).date(),
                lambda entry: not self.rows.query.chain and self.proof.broken(entry.sequence),
            ),
            key=lambda entry: entry.sequence,
        )
        self.table = AuditTable(self.model, empty=NOTHING)
        self.table.setAccessibleName("Audit trail")
        self.details = AuditDetails()
        self.split = AuditSplit(self.table, self.details, wide=280)
        self.rows = AuditRows(self.table, self.model, self._resting)
        self.tail = self.rows.tail

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
        self.rows.page_asked.connect(self.page_asked)
        self.rows.changed.connect(self._show_state)
        self.rows.read.connect(self._learn)
        self.tail.waiting_changed.connect(lambda _: self._show_fresh())
        self.table.row_chosen.connect(self.details.show_entry)
        self.table.row_opened.connect(self._open_row)
        self.table.newest_wanted.connect(self.show_newest)
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
        self.rows.wanted = None
        if self.filters.complaint:
            self._show_state()
        elif query != self.rows.query:
            if not query.correlation:
                self._back.clear()
            self.rows.ask_for(query)

    def show_newest(self) -> None:
        """Go to the newest rows and follow them."""
        self.live.setChecked(False)
        self.rows.ask_newest()

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
        query = self.filters.query()
        if place.sequence is not None and not query.correlation:
            self.rows.ask_around(query, place.sequence)
        else:
            self.rows.ask_for(query, place.sequence)

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

    # ---- eyes

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tail.look()
        self.rows.choose_newest()

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

    def _show_state(self) -> None:
        """Chips, the story followed, what the rows are, and what stands where there are none."""
        self.filters.show_chips()
        count = self.filters.count()
        self.opener.setText(f"Filters {count}" if count else "Filters")
        self.trail.setVisible(bool(self._back))
        self.following.setText(f"Story of {tail(self.rows.query.correlation, 10)}")
        self.following.setToolTip(self.rows.query.correlation)
        self.live.setText("⏸ Paused" if self.live.isChecked() else "● Live")
        self.live.setToolTip(
            "Go on showing new rows as they are recorded"
            if self.live.isChecked()
            else "Pause: keep the rows as they are"
        )
        words = self._forbidden or self.filters.complaint or self.rows.words()
        self.state.setText(words)
        self.state.setToolTip(words)
        self.table.set_empty(self._forbidden or self.filters.complaint or self._empty())
        self._show_fresh()

    def _show_fresh(self) -> None:
        waiting = self.tail.waiting
        self.fresh.setText(f"▲ {waiting:,} new" if waiting else "▲ Newest")
        self.bar.want(
            self.fresh, (waiting > 0 and bool(self.rows.held()) and self.isVisible()) or self.rows.newest_gone
        )

    def _empty(self) -> str:
        return SEARCHING if self.rows.asking else NOTHING if self.rows.query.anything else EMPTY

    def _resting(self) -> str:
        """Why new rows wait whatever is done with those shown, or nothing."""
        if self.live.isChecked():
            return "paused"
        return "" if self.isVisible() else "out of view"

    def _learn(self, entries: list[Entry]) -> None:
        self.filters.learn({e.draft.actor.name for e in entries}, {e.draft.object_type for e in entries})
