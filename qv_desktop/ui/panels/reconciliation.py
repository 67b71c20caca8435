"""Reconciliation: the break queue with what people do about it, the verdict of the last comparison, and what earlier ones found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu, QStackedWidget, QWidget

from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.breaks import WORKED, BreakItem, Remark
from qv_desktop.domain.entries import Entry, unbookable
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.reconciliation_rules import Rules
from qv_desktop.ui import theme
from qv_desktop.ui.models.break_details import BreakDetails
from qv_desktop.ui.models.break_filters import BreakFilters
from qv_desktop.ui.models.break_split import BreakSplit
from qv_desktop.ui.models.break_words import AGE, queue_columns
from qv_desktop.ui.models.entry_bar import EntryBar
from qv_desktop.ui.models.layouts import Bar, across, forbid, note, paint_note, stacked
from qv_desktop.ui.models.ledger import scrolled
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.reason_bar import ReasonBar
from qv_desktop.ui.models.report_days import ReportDays
from qv_desktop.ui.models.rules_page import RulesPage
from qv_desktop.ui.models.run_facts import RunFacts, centred
from qv_desktop.ui.models.run_history import FORMS, RunHistory
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

BREAKS, HISTORY, RULES = "Breaks", "History", "Rules"
RANGES = ("Today", "Last 7 days", "Last 30 days", "Last 365 days")
_QUEUE, _MATCHED, _NEVER, _HISTORY, _RULES = range(5)  # pages
_ASKED = {  # action -> the question, what is typed, the button
    "comment": ("Comment on {}", "What you found out", "Add"),
    "explain": ("Explain {}", "Why the difference is right as it is", "Explain"),
    "resolve": ("Resolve {}", "What was done about it", "Resolve"),
    "carry": ("Carry {} to the next day", "Why it cannot be settled today", "Carry forward"),
    "reopen": ("Reopen {}", "Why the decision does not stand", "Reopen"),
}


class ReconciliationPanel(QWidget):
    """Emits ``run_asked``; ``acted(str, BreakItem, str)`` with take, comment, explain, resolve, carry, reopen or sign and the words;
    ``entry_asked(BreakItem)`` for what would be booked to settle it, and ``booked(BreakItem, Entry, str)`` once the person agreed to it;
    ``story_asked(BreakItem)``, ``history_asked``, ``run_chosen(str)`` with the run of the history to show;
    ``export_asked(str, str)`` with a run and a format of ``FORMS``, ``range_asked(str, str, bool)`` with one of ``RANGES``, a format
    and whether every account is meant; ``days_asked`` and ``accounts_asked`` as ``ReportDays`` has them; ``rules_asked``,
    ``rules_given(Rules, str)`` with other rules and why; ``open_asked(Path)``. ``now`` tells ages."""

    name = "reconciliation"
    title = "Reconciliation"

    run_asked = Signal()
    acted = Signal(str, object, str)
    entry_asked = Signal(object)
    booked = Signal(object, object, str)
    story_asked = Signal(object)
    history_asked = Signal()
    run_chosen = Signal(str)
    export_asked = Signal(str, str)
    range_asked = Signal(str, str, bool)
    days_asked = Signal(object, object, object, str)
    accounts_asked = Signal()
    rules_asked = Signal()
    rules_given = Signal(object, str)
    open_asked = Signal(Path)

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._run: Reconciliation | None = None
        self._item: str | None = None  # id of the one that the details show
        self._saved: Path | None = None  # the report that was written last
        self._lacking: Mapping[str, str] = {}  # run, export, change, approve -> why the person may not
        self._build_queue()
        self._build_strip()
        self._lay_out()
        self._connect()
        self._show_header()
        self._show_page()

    # ---- in

    def show_run(self, run: Reconciliation) -> None:
        """The verdict of the newest run."""
        self._run = run
        self._settle()
        self._show_header()
        self._show_page()

    def show_queue(self, items: Iterable[BreakItem]) -> None:
        """The whole queue as stored; rows stay where they are while somebody points at them."""
        kept = list(items)
        self.model.retire({item.id for item in self.model.all_rows()} - {item.id for item in kept})
        self.model.upsert(kept)
        self._show_item(anew=True)
        self._show_page()

    def show_item(self, item: BreakItem) -> None:
        """One item that was just changed."""
        self.model.upsert([item])
        self._show_item(anew=True)
        self._show_page()

    def show_story(self, item: BreakItem, remarks: Sequence[Remark]) -> None:
        """What happened to an item, oldest first."""
        self.details.show_story(item.id, remarks)

    def show_entry(self, item: BreakItem, entry: Entry) -> None:
        """What would be booked to settle ``item``, unless the person looks at another one by now."""
        if item.id == self._item:
            self._say("", "TX1")
            self.reason.dismiss()
            self.entry.show_entry(item, entry)

    def show_booked(self, entry: Entry) -> None:
        """An entry that was booked."""
        self._say(f"Booked {entry.words}.", "GOOD")

    def ask_entry(self) -> bool:
        """As if the person asked for the entry of the chosen break, or of the heaviest that has one; False when there is none."""
        self.views.choose(BREAKS)
        self._show_page()
        rows = [
            item
            for item in self.model.rows()
            if item.state in WORKED and not unbookable(item.section, item.key, item.kind)
        ]
        chosen = next((item for item in rows if item.id == self._item), rows[0] if rows else None)
        if chosen is not None:
            self.table.select_key(chosen.id)
            self._act("book")
        return chosen is not None

    def show_history(self, runs: Sequence[RunLine], days: Sequence[Day]) -> None:
        """The stored runs that said something new, and each day's figures."""
        self.history.show_history(runs, days)

    def show_rules(self, rules: Rules, *, changed: bool = False) -> None:
        """The rules in force; ``changed``: just now, by this person."""
        self.rules.show_rules(rules)
        self.details.policy = rules.policy
        if changed:
            self._say("The rules were changed; they hold from the next comparison on.", "GOOD")

    def show_exported(self, paths: Sequence[Path]) -> None:
        """Where a report was written."""
        names = ", ".join(path.name for path in paths)
        self._say(
            f"Saved {names} in {paths[0].parent}." if paths else "Nothing was saved.", "GOOD" if paths else "WARN"
        )
        self._saved = paths[0] if paths else None
        for opener in (self.open_file, self.open_folder):
            opener.setVisible(bool(paths))

    def show_failed(self, sentence: str) -> None:
        """Something that came to nothing, and what to do."""
        self._settle()
        self._say(sentence, "BAD")

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run``, ``export``, ``change`` or ``approve``; what is absent is allowed."""
        self._lacking = lacking
        self._settle()
        self.details.forbid(lacking)
        self.history.forbid(lacking)
        self.days.forbid(lacking.get("export", ""))
        self.rules.forbid(lacking.get("approve", ""))
        self._show_header()

    def show_me(self, name: str) -> None:
        """Who is signed in: whose breaks are “mine”, and who cannot sign their own decisions."""
        if name != self.filters.me:
            self.filters.me = self.details.me = name
            self._filter()

    # ---- building

    def _build_queue(self) -> None:
        self.model = TableModel(queue_columns(lambda: self.now()), key=lambda item: item.id)
        self.model.sort(0, Qt.SortOrder.DescendingOrder)
        self.filters = BreakFilters()
        self.model.filter_by(self.filters.passes)
        self.table = Table(self.model, empty="No break matches the filters.")
        self.table.setAccessibleName("Breaks")
        self.details = BreakDetails(lambda: self.now())
        self.reason, self.entry = ReasonBar(), EntryBar()
        self.history, self.rules = RunHistory(), RulesPage()
        self.days = ReportDays(lambda: self.now(), FORMS)
        age = next(place for place, column in enumerate(self.model.columns) if column.title == AGE)
        self._aging = QTimer(self, interval=5_000)
        self._aging.timeout.connect(lambda: self.model.refresh(age))
        self._aging.start()

    def _build_strip(self) -> None:
        self.facts = RunFacts()
        self.views = theme.Segmented((BREAKS, HISTORY, RULES))
        self.views.setFixedWidth(184)
        self.run = theme.button("Run now", "primary")
        self.run.setToolTip("Ask the broker for positions, orders, fills and balances, and compare")
        self.report = menu_button("⤓ Report", "Write a report", self._fill_reports)
        self.first = theme.button("Run the first reconciliation", "primary")
        self.note = note()
        self.open_file, self.open_folder = theme.button("Open"), theme.button("Show folder")

    def _lay_out(self) -> None:
        facts = self.facts
        yielding = (facts.tolerances, facts.account, facts.matched, facts.as_of, facts.breaks)
        self.strip = Bar(self.views, *facts.pills, None, self.report, self.run, yielding=yielding)
        self.pages = QStackedWidget()
        self.pages.addWidget(BreakSplit(self.table, scrolled(self.details)))
        self.pages.addWidget(centred("✓", facts.verdict, facts.detail, facts.lacking))
        hint = theme.label("A run compares positions, open orders and fills with the broker.")
        self.pages.addWidget(centred("", theme.label("Nothing was compared yet", "title"), hint, self.first))
        self.pages.addWidget(self.history)
        self.pages.addWidget(scrolled(self.rules))
        said = QWidget()
        line = across(self.note, self.open_file, self.open_folder)
        line.setStretchFactor(self.note, 1)
        said.setLayout(line)
        for opener in (self.open_file, self.open_folder):
            opener.hide()
        parts = (self.strip, self.filters, self.pages, self.entry, self.reason, self.days, said)
        stacked(self, *parts).setStretch(2, 1)

    def _connect(self) -> None:
        for ask in (self.run, self.first):
            ask.clicked.connect(self._ask)
        self.views.chosen.connect(lambda _: self._view())
        self.filters.changed.connect(self._filter)
        self.table.row_chosen.connect(self._choose)
        self.table.row_opened.connect(lambda _: self.details.buttons["comment"].setFocus())
        self.details.wanted.connect(self._act)
        self.entry.booked.connect(self._book)
        self.rules.given.connect(self.rules_given)
        self.history.run_chosen.connect(self.run_chosen)
        self.history.export_asked.connect(self.export_asked)
        self.history.open_asked.connect(self.open_asked)
        self.days.chosen.connect(self.days_asked)
        self.days.accounts_asked.connect(self.accounts_asked)
        self.open_file.clicked.connect(lambda: self._open(folder=False))
        self.open_folder.clicked.connect(lambda: self._open(folder=True))

    # ---- hands

    def _ask(self) -> None:
        self.run.setEnabled(False)
        self.first.setEnabled(False)
        self.run.setText("Comparing…")
        self._say("", "TX1")
        self.run_asked.emit()

    def _view(self) -> None:
        self._show_page()
        if self.views.choice() == HISTORY:
            self.history_asked.emit()
        elif self.views.choice() == RULES:
            self.rules_asked.emit()

    def _choose(self, item: BreakItem) -> None:
        if item.id != self._item:
            self.reason.dismiss()  # its question was about another one
            self.entry.dismiss()
        self._item = item.id
        self._show_item(anew=True)

    def _act(self, action: str) -> None:
        """Ask for the words that the action takes; what is decided is about the item as it is shown then."""
        self.entry.dismiss()
        item = self.model.get(self._item) if self._item else None
        if action == "book":
            if item is not None:
                self._say("Asking the broker what it has…", "TX1")
                self.entry_asked.emit(item)
            return
        if action not in _ASKED:
            self._emit(action, "")
            return
        if item is not None:
            question, hint, answer = _ASKED[action]
            self.reason.ask_reason(question.format(item.key[:24]), hint, answer, lambda text: self._emit(action, text))

    def _emit(self, action: str, text: str) -> None:
        self.table.setFocus()
        item = self.model.get(self._item) if self._item else None
        if item is not None:
            self._say("", "TX1")
            self.acted.emit(action, item, text)

    def _book(self, item: BreakItem, entry: Entry, reason: str) -> None:
        self.table.setFocus()
        self._say("Booking…", "TX1")
        self.booked.emit(self.model.get(item.id) or item, entry, reason)

    def _export(self, form: str) -> None:
        if self._run is not None:
            self.export_asked.emit(self._run.id, form)

    def _open(self, *, folder: bool) -> None:
        if self._saved is not None:
            self.open_asked.emit(self._saved.parent if folder else self._saved)

    def _fill_reports(self, menu: QMenu) -> None:
        why = self._lacking.get("export", "")
        run = menu.addMenu("This run")
        run.setToolTipsVisible(True)
        for form in FORMS:
            entry(
                run,
                form.upper(),
                partial(self._export, form),
                why or ("" if self._run else "Run a reconciliation first"),
            )
        for title in RANGES:
            inner = menu.addMenu(title)
            inner.setToolTipsVisible(True)
            for every, whose in ((False, "this account"), (True, "every account")):
                for form in FORMS:
                    entry(inner, f"{form.upper()}, {whose}", partial(self.range_asked.emit, title, form, every), why)
        entry(menu, "Days and account…", self.days.ask, why)

    # ---- eyes

    def _settle(self) -> None:
        for ask in (self.run, self.first):
            forbid(ask, self._lacking.get("run", ""))
        self.run.setText("Run now")

    def _filter(self) -> None:
        self.model.filter_by(self.filters.passes)
        self._show_item(anew=False)
        self._show_page()

    def _show_item(self, *, anew: bool) -> None:
        """The chosen item as it is now; the first one, when none is chosen."""
        if (
            not self.table.selected()
            and self.model.rows()
            and (self._item is None or self.model.place(self._item) is None)
        ):
            self.table.selectRow(0)  # and comes here again
            return
        item = self.model.get(self._item) if self._item else None
        shown = item if item is not None and self.model.place(item.id) is not None else None
        self.details.show_item(shown)
        if shown is not None and anew:
            self.story_asked.emit(shown)

    def _show_page(self) -> None:
        rows, known = self.model.counts()
        self.filters.show_tally(rows, known)
        queue = self.views.choice() == BREAKS
        self.filters.setVisible(queue and known > 0)
        if not queue:
            self.pages.setCurrentIndex(_HISTORY if self.views.choice() == HISTORY else _RULES)
        elif rows or (self._run is not None and not self._run.passed):
            self.pages.setCurrentIndex(_QUEUE)
        elif self._run is not None:
            self.pages.setCurrentIndex(_MATCHED if self.filters.plain else _QUEUE)
        else:
            self.pages.setCurrentIndex(_NEVER)

    def _show_header(self) -> None:
        for fact in self.facts.pills:
            self.strip.want(fact, self._run is not None)
        if self._run is not None:
            self.facts.show_run(self._run)

    def _say(self, text: str, token: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        for opener in (self.open_file, self.open_folder):
            opener.hide()
        paint_note(self.note, token)
