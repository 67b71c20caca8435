"""The audit trail: who did what when, what changed, and whether the chain of hashes is whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from qv_desktop.domain.audit import Entry, Verification
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.json_difference import DifferenceView, difference
from qv_desktop.ui.models.layouts import Bar, across, forbid, paint_pill, pill, stacked
from qv_desktop.ui.models.ledger import Ledger, Line
from qv_desktop.ui.models.split import DetailSplit, pane
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

_PAUSE_MS = 250  # after the last key of a search
NAME = 16  # characters; longer ones are ids
_CAP, _SPARE = 1_500, 100  # rows kept while the newest are read, and how many more may gather
_ACTIONS = ("order.*", "fill.*", "risk.*", "login.*", "reconciliation.*", "backtest.*", "user.*", "settings.*")
_OUTCOMES = ("ok", "refused", "rejected", "failed", "unresolved")
_TOKENS = {"ok": "GOOD", "refused": "BAD", "rejected": "BAD", "failed": "BAD", "unresolved": "WARN"}


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which rows to bring, newest first; empty fields mean any, ``action`` may end with *, ``before`` is a sequence number."""

    actor: str = ""
    action: str = ""
    outcome: str = ""
    text: str = ""
    before: int | None = None

    def holds(self, entry: Entry) -> bool:
        """Whether ``entry`` is one of the rows asked for."""
        draft = entry.draft
        action = draft.action.startswith(self.action[:-1]) if self.action.endswith("*") else draft.action == self.action
        texts = (
            draft.action,
            draft.object_id,
            draft.object_type,
            draft.reason,
            draft.before,
            draft.after,
            draft.correlation,
            draft.actor.name,
        )
        return (
            self.actor in ("", draft.actor.name)
            and (not self.action or action)
            and self.outcome in ("", draft.outcome)
            and self.text.casefold() in " ".join(texts).casefold()
        )


class AuditPanel(QWidget):
    """Emits ``page_asked(AuditQuery)`` when the filters change or the end is reached, ``verify_asked`` and ``export_asked``."""

    name = "audit"
    title = "Audit"

    page_asked = Signal(object)
    verify_asked = Signal()
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._query = AuditQuery()
        self._whole = False  # whether the oldest row that matches is shown
        self._newest = 0  # the row that was chosen for being the newest; a person's own choice is another
        self.model = TableModel(_columns(), key=lambda entry: entry.sequence)
        self.model.sort(0, Qt.SortOrder.DescendingOrder)
        self.table = Table(self.model, empty="No row matches. Widen the filters, or clear the search.")
        self.table.setAccessibleName("Audit trail")
        self._build_filters()
        self._build_details()
        self.split = DetailSplit(self.table, self.details, wide=260)
        stacked(self, self.filters, self.split).setStretch(1, 1)
        self._connect()
        self._show_details(None)

    # ---- in

    def show_entries(self, entries: Iterable[Entry]) -> None:
        """Replace the rows with the newest page of what was asked."""
        page = list(entries)
        self._whole = not page
        self.model.replace(page)
        self._learn_actors(page)
        self._newest = 0
        self._follow_newest()

    def show_older(self, entries: Iterable[Entry]) -> None:
        """Add the page that follows the oldest row; an empty one says there are no more."""
        page = list(entries)
        self._whole = not page
        self.model.upsert(page)
        self._learn_actors(page)

    def prepend(self, entry: Entry) -> None:
        """Add a row that was just recorded, where the filters let it through; the oldest give way, unless they are being read."""
        if not self._query.holds(entry):
            return
        self.model.upsert([entry])
        if self.model.rowCount() > _CAP + _SPARE and self.table.verticalScrollBar().value() == 0:
            self.model.remove(sorted(row.sequence for row in self.model.rows())[:-_CAP])
            self._whole = False
        if self.isVisible():
            self._follow_newest()
        self._learn_actors([entry])

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export``; what is absent is allowed."""
        forbid(self.export, lacking.get("export", ""))

    def show_verification(self, found: Verification) -> None:
        """The chain's state: whole up to its head, or where and why it breaks."""
        self.verify.setEnabled(True)
        self.verify.setText("Verify")
        if found.whole:
            self.chain.setText(f"✓ chain whole to #{found.head:,}")
            self.chain.setToolTip(f"{found.rows:,} rows read; head {found.head_hash}")
            paint_pill(self.chain, "GOOD", "LINE")
        else:
            self.chain.setText(f"✗ chain broken at #{found.broken_at:,}")
            self.chain.setToolTip(found.reason)
            paint_pill(self.chain, "BAD", "BAD")

    # ---- building

    def _build_filters(self) -> None:
        self.actor = _choice("Actor", "Any actor", (), 112)
        self.action = _choice("Action, may end with *", "Any action", _ACTIONS, 128)
        self.action.setEditable(True)
        self.action.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.outcome = _choice("Outcome", "Any outcome", _OUTCOMES, 112)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search object, reason, values, correlation…")
        self.search.setAccessibleName("Search the audit trail")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(120)
        self.chain = pill("chain not checked")
        self.verify, self.export = theme.button("Verify"), theme.button("⤓ Export", "ghost")
        self.verify.setToolTip("Read every row and check that each hash fits the one before it")
        self.filters = Bar(self.actor, self.action, self.outcome, self.search, self.chain, self.verify, self.export,
                           yielding=(self.search, self.outcome, self.export, self.actor, self.action))  # fmt: skip
        self._pause = QTimer(self, interval=_PAUSE_MS, singleShot=True)

    def _build_details(self) -> None:
        self.heading = theme.label("", "title")
        self.facts, self.seals = Ledger("Entry"), Ledger("Hashes of the entry")
        self.change = DifferenceView("What the entry changed")
        self.follow, self.copy = theme.button("Follow correlation"), theme.button("Copy")
        hands = QWidget()
        hands.setLayout(across(self.follow, self.copy, None))
        self.details = pane(self.heading, self.facts, self.change, self.seals, hands, grow=2)

    def _connect(self) -> None:
        self.actor.activated.connect(self._ask)
        self.outcome.activated.connect(self._ask)
        self.action.activated.connect(self._ask)
        editor = self.action.lineEdit()
        if editor is not None:
            editor.setPlaceholderText("Any action")
            editor.editingFinished.connect(self._ask)
        self.search.textChanged.connect(lambda _: self._pause.start())
        self.search.returnPressed.connect(self._ask)
        self._pause.timeout.connect(self._ask)
        self.table.row_chosen.connect(self._show_details)
        self.table.verticalScrollBar().valueChanged.connect(self._ask_older)
        self.verify.clicked.connect(self._verify)
        self.export.clicked.connect(self.export_asked)
        self.follow.clicked.connect(self._follow)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._as_text()))

    # ---- hands

    def _ask(self) -> None:
        """Ask for the first page of what the filters say, if they say something new."""
        self._pause.stop()
        query = AuditQuery(_chosen(self.actor), _chosen(self.action), _chosen(self.outcome), self.search.text().strip())
        if query != self._query:
            self._query = query
            self.page_asked.emit(query)

    def _ask_older(self, position: int) -> None:
        scroll = self.table.verticalScrollBar()
        rows = self.model.rows()
        if rows and not self._whole and scroll.maximum() > 0 and position >= scroll.maximum() - 2:
            self._whole = True  # until the page arrives, so that it is asked for once
            self.page_asked.emit(replace(self._query, before=min(entry.sequence for entry in rows)))

    def _verify(self) -> None:
        self.verify.setEnabled(False)
        self.verify.setText("Checking…")
        self.verify_asked.emit()

    def _follow(self) -> None:
        chosen = self.table.selected()
        if chosen:
            self.search.setText(chosen[0].draft.correlation)
            self._ask()

    def _learn_actors(self, entries: Iterable[Entry]) -> None:
        for name in sorted({entry.draft.actor.name for entry in entries}):
            if self.actor.findText(name) < 0:
                self.actor.addItem(name)

    # ---- eyes

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_newest(reading=False)

    def _follow_newest(self, *, reading: bool = True) -> None:
        """Choose the newest row, unless a person has chosen another one or is ``reading`` older ones."""
        chosen = [entry.sequence for entry in self.table.selected()]
        away = reading and self.table.verticalScrollBar().value() > 0
        if chosen not in ([], [self._newest]) or away or not self.model.rowCount():
            return
        self._newest = self.model.row(0).sequence
        self.table.select_key(self._newest)
        self.table.scrollToTop()

    def _show_details(self, entry: Entry | None) -> None:
        for part in (self.follow, self.copy):
            part.setEnabled(entry is not None)
        if entry is None:
            self.heading.setText("No entry selected")
            return
        draft, actor = entry.draft, entry.draft.actor
        who = " · ".join(filter(None, (actor.name, actor.role, actor.host)))
        self.heading.setText(f"Entry #{entry.sequence:,}")
        self.facts.show_lines(
            [
                Line("Action", draft.action),
                Line("Actor", who),
                Line("Outcome", str(draft.outcome), _TOKENS.get(draft.outcome, "TX0")),
                *([Line("Reason", draft.reason, "TX1", tip=draft.reason)] if draft.reason else []),
            ]
        )
        self.change.show_lines(difference(draft.before, draft.after) or [(" ", "nothing changed")])
        self.seals.show_lines(
            [
                Line("Previous", _short(entry.previous), "TX1", mono=True, tip=entry.previous),
                Line("Hash", _short(entry.hash), "TX1", mono=True, tip=entry.hash),
            ]
        )
        self.follow.setEnabled(bool(draft.correlation))

    def _as_text(self) -> str:
        """The selected entry for the clipboard, with its whole hashes."""
        rows = self.table.selected()
        if not rows:
            return ""
        entry, draft = rows[0], rows[0].draft
        return "\n".join((
            f"#{entry.sequence} {entry.at.isoformat()} {draft.actor.name} {draft.action} {draft.outcome}",
            f"object: {draft.object_type} {draft.object_id}",
            f"reason: {draft.reason}", f"before: {draft.before}", f"after: {draft.after}", f"correlation: {draft.correlation}",
            f"previous: {entry.previous}", f"hash: {entry.hash}",
        ))  # fmt: skip


def _columns() -> list[Column[Entry]]:
    return [
        Column("#", lambda e: f"{e.sequence:,}", key=lambda e: e.sequence, width=52),
        Column("Time ET", lambda e: words.clock_ms(e.at), key=lambda e: e.at, width=92, tip=lambda e: e.at.isoformat()),
        Column("Actor", lambda e: e.draft.actor.name, width=62),
        Column("Role", lambda e: e.draft.actor.role or words.UNKNOWN, width=54, color=lambda e: "TX1"),
        Column("Action", lambda e: e.draft.action, width=122),
        Column("Object", _object, width=142, tip=lambda e: f"{e.draft.object_type} {e.draft.object_id}"),
        Column("Outcome", lambda e: e.draft.outcome, chip=lambda e: e.draft.outcome, width=78),
        Column("Reason", lambda e: e.draft.reason, color=lambda e: "TX2", width=56, stretch=True, tip=lambda e: e.draft.reason),
        Column("Correlation", lambda e: _tail(e.draft.correlation, 6), key=lambda e: e.draft.correlation, color=lambda e: "ACCENT",
               tip=lambda e: e.draft.correlation, width=86),
        Column("Hash", lambda e: _short(e.hash), key=lambda e: e.hash, mono=True, color=lambda e: "TX2", width=78, tip=lambda e: e.hash),
    ]  # fmt: skip


def _object(entry: Entry) -> str:
    """What was acted on, its id cut to its telling end."""
    return f"{entry.draft.object_type} {_tail(entry.draft.object_id, 6)}".strip()


def _tail(text: str, length: int) -> str:
    """Ids begin alike and differ at their end."""
    return text if len(text) <= NAME else f"…{text[-length:]}"


def _short(digest: str) -> str:
    return digest if len(digest) <= 9 else f"{digest[:4]}…{digest[-4:]}"


def _choice(name: str, everything: str, options: Iterable[str], width: int) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.addItem(everything)
    box.addItems(list(options))
    box.setFixedWidth(width)
    return box


def _chosen(box: QComboBox) -> str:
    """The chosen text, empty for the first entry that means any."""
    text = box.currentText().strip()
    return "" if text == box.itemText(0) else text
