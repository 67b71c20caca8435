"""Reconciliation: our books beside the broker's, each difference with what it puts at risk and the entry that would settle it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from qv_desktop.domain.reconciliation import Break, Reconciliation
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.json_difference import DifferenceView
from qv_desktop.ui.models.layouts import Bar, forbid, note, paint_note, paint_pill, pill, stacked, tint
from qv_desktop.ui.models.ledger import Ledger, Line, scrolled
from qv_desktop.ui.models.split import DetailSplit, pane
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

_RANKS = {"high": 3, "medium": 2, "low": 1}
_MEANINGS: dict[str, str] = {  # break class -> what it means in one sentence
    "missing here": "The broker has it and our books have no row for it.",
    "missing there": "Our books have it and the broker does not know it.",
    "quantity": "Both have it, with different quantities.",
    "price": "Both have it, at different prices.",
    "side": "Both have it, on opposite sides.",
    "status": "Both have it, in different states.",
    "duplicate": "One side has it twice.",
    "timing": "One side has it earlier than the other; it may settle by itself.",
    "external": "It was made outside this program.",
    "corporate action": "A split, a transfer or the like accounts for it.",
}
_BREAKS, _MATCHED, _NEVER, _HISTORY = range(4)  # pages


class ReconciliationPanel(QWidget):
    """Emits ``run_asked`` and ``export_asked(list[str])`` with the formats: csv, json, html."""

    name = "reconciliation"
    title = "Reconciliation"

    run_asked = Signal()
    export_asked = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self._run: Reconciliation | None = None
        self._lacking: Mapping[str, str] = {}  # run, export -> why the person may not
        self.model = TableModel(_columns(), key=lambda b: (b.section, b.key, b.kind))
        self.model.sort(0, Qt.SortOrder.DescendingOrder)
        self.table = Table(self.model, empty="No breaks.")
        self.table.setAccessibleName("Breaks")
        self.runs = TableModel(_run_columns(), key=lambda run: run.id)
        self.runs.sort(0, Qt.SortOrder.DescendingOrder)
        self.history = Table(self.runs, empty="No runs yet. Press Run now to make the first.")
        self.history.setAccessibleName("Earlier runs")
        self._build()
        self._lay_out()
        self._connect()
        self._show_header()
        self._show_page()

    # ---- in

    def show_run(self, run: Reconciliation) -> None:
        """The outcome of a run: its breaks, or that everything matches."""
        self._run = run
        self.runs.upsert([run])
        self.model.replace(run.breaks)
        self._settle()
        self._say("", "TX1")
        self.views.choose("Breaks")
        self._show_header()
        self._show_page()
        if run.breaks:
            self.table.selectRow(0)

    def show_history(self, runs: Iterable[Reconciliation]) -> None:
        """Earlier runs; the newest is shown when no run is yet."""
        kept = list(runs)
        self.runs.replace(kept)
        if self._run is None and kept:
            self.show_run(max(kept, key=lambda run: run.at))
            self.runs.replace(kept)

    def show_exported(self, paths: Sequence[Path]) -> None:
        """Where the report was written."""
        names = ", ".join(path.name for path in paths)
        self._say(
            f"Saved {names} in {paths[0].parent}." if paths else "Nothing was saved.", "GOOD" if paths else "WARN"
        )

    def show_failed(self, sentence: str) -> None:
        """A run or an export that came to nothing, and what to do."""
        self._settle()
        self._say(sentence, "BAD")

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run`` or ``export``; what is absent is allowed."""
        self._lacking = lacking
        self._settle()
        self._show_header()

    # ---- building

    def _build(self) -> None:
        self.as_of, self.account, self.matched, self.breaks, self.tolerances = (pill() for _ in range(5))
        self.views = theme.Segmented(("Breaks", "History"))
        self.views.setFixedWidth(140)
        self.run = theme.button("Run now", "primary")
        self.run.setToolTip("Ask the broker for positions, orders, fills and balances, and compare")
        self.exports = {kind: theme.button(kind.upper(), "ghost") for kind in ("csv", "json", "html")}
        self.exports["csv"].setText("⤓ CSV")
        for kind, export in self.exports.items():
            export.setAccessibleName(f"Export as {kind.upper()}")
        self.note = note()
        self.heading, self.meaning = theme.label("", "title"), theme.label("")
        self.meaning.setWordWrap(True)
        self.compared = DifferenceView("Our row and the broker's row")
        self.facts = Ledger("The break")
        self.verdict, self.detail = theme.label("", "title"), theme.label("", "label")

    def _lay_out(self) -> None:
        facts = (self.breaks, self.matched, self.as_of, self.account, self.tolerances)
        self.strip = Bar(self.views, *facts, None, self.run, *self.exports.values(),
                         yielding=(self.tolerances, self.account, self.as_of, *self.exports.values(), self.matched))  # fmt: skip
        self.pages = QStackedWidget()
        self.compared.setFixedHeight(68)
        side = pane(self.heading, self.meaning, self.compared, self.facts)
        self.pages.addWidget(DetailSplit(self.table, scrolled(side), wide=270))
        self.pages.addWidget(_centred("✓", self.verdict, self.detail))
        self.first = theme.button("Run the first reconciliation", "primary")
        hint = theme.label("A run compares positions, open orders, fills and cash with the broker.")
        self.pages.addWidget(_centred("", theme.label("Nothing was compared yet", "title"), hint, self.first))
        self.pages.addWidget(self.history)
        stacked(self, self.strip, self.pages, self.note).setStretch(1, 1)

    def _connect(self) -> None:
        self.run.clicked.connect(self._ask)
        self.first.clicked.connect(self._ask)
        self.views.chosen.connect(lambda _: self._show_page())
        self.table.row_chosen.connect(self._show_break)
        self.history.row_opened.connect(self.show_run)
        for kind, export in self.exports.items():
            export.clicked.connect(lambda _=False, kind=kind: self.export_asked.emit([kind]))

    # ---- hands

    def _ask(self) -> None:
        self.run.setEnabled(False)
        self.first.setEnabled(False)
        self.run.setText("Comparing…")
        self._say("", "TX1")
        self.run_asked.emit()

    def _settle(self) -> None:
        for ask in (self.run, self.first):
            forbid(ask, self._lacking.get("run", ""))
        self.run.setText("Run now")

    # ---- eyes

    def _show_page(self) -> None:
        if self.views.choice() == "History":
            self.pages.setCurrentIndex(_HISTORY)
        elif self._run is None:
            self.pages.setCurrentIndex(_NEVER)
        else:
            self.pages.setCurrentIndex(_MATCHED if self._run.passed else _BREAKS)

    def _show_header(self) -> None:
        run = self._run
        for fact in (self.as_of, self.account, self.matched, self.breaks, self.tolerances):
            self.strip.want(fact, run is not None)
        for export in self.exports.values():
            forbid(export, self._lacking.get("export", "" if run is not None else "Run a reconciliation first"))
        if run is None:
            return
        limits = run.tolerances
        self.as_of.setText(f"As of {words.clock(run.at)} ET")
        self.as_of.setToolTip(f"Ours at {run.local_at.isoformat()}, the broker's at {run.broker_at.isoformat()}")
        self.account.setText(f"Account {run.account}")
        self.matched.setText(f"Matched {run.matched:,}")
        self.tolerances.setText(f"Tolerance {words.money(limits.price)} a share · {words.quantity(limits.quantity)} sh")
        self.breaks.setText(
            f"Breaks {len(run.breaks)} · {words.money(run.at_risk)} at risk" if run.breaks else "✓ No breaks"
        )
        paint_pill(self.breaks, "WARN" if run.breaks else "GOOD", "WARN" if run.breaks else "LINE")
        self.verdict.setText("Our books and the broker's are the same")
        self.detail.setText(
            f"{run.matched:,} rows matched at {words.clock(run.at)} ET · account {run.account} · run by {run.operator} · "
            f"input {run.input_hash[:8]}"
        )
        tint(self.verdict, "TX0")

    def _show_break(self, found: Break) -> None:
        self.heading.setText(f"{found.section.capitalize()} · {found.key}")
        self.heading.setToolTip(found.key)
        self.meaning.setText(_MEANINGS[found.kind])
        self.compared.show_lines(
            [("-", f"here   {found.internal}"), ("+", f"there  {found.external}"), (" ", f"       {found.difference}")]
        )
        self.facts.show_lines(
            [
                Line("Class", f"{found.kind} · {found.severity}"),
                Line("At risk", words.money(found.at_risk)),
                Line("Proposed entry", found.proposal, "ACCENT", tip=found.proposal),
            ]
        )

    def _say(self, text: str, token: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        paint_note(self.note, token)


def _columns() -> list[Column[Break]]:
    return [
        Column("Severity", lambda b: b.severity.capitalize(), key=lambda b: (_RANKS[b.severity], b.at_risk),
               raw=lambda b: b.severity, chip=lambda b: b.severity,
               width=76),
        Column("Section", lambda b: b.section.removeprefix("open ").capitalize(), width=78, color=lambda b: "TX1"),
        Column("Class", lambda b: b.kind.capitalize(), width=92),
        Column("Key", lambda b: b.key, bold=True, width=90, tip=lambda b: b.key),
        Column("Internal", lambda b: b.internal, right=True, width=92, tip=lambda b: b.internal),
        Column("External", lambda b: b.external, right=True, width=118, tip=lambda b: b.external),
        Column("Difference", _signed, right=True, width=72, color=_difference_color),
        Column("At risk", lambda b: words.money(b.at_risk), key=lambda b: b.at_risk, right=True, width=98),
        Column("Proposed entry", lambda b: b.proposal, width=98, stretch=True, color=lambda b: "TX1", tip=lambda b: b.proposal),
    ]  # fmt: skip


def _run_columns() -> list[Column[Reconciliation]]:
    return [
        Column("As of ET", lambda r: f"{words.day(r.at)} {words.clock(r.at)}", key=lambda r: r.at, width=156),
        Column("Verdict", lambda r: "Passed" if r.passed else "Breaks", chip=lambda r: "ok" if r.passed else "medium", width=80),
        Column("Matched", lambda r: f"{r.matched:,}", key=lambda r: r.matched, right=True, width=76),
        Column("Breaks", lambda r: f"{len(r.breaks):,}", key=lambda r: len(r.breaks), right=True, width=64),
        Column("At risk", lambda r: words.money(r.at_risk), key=lambda r: r.at_risk, right=True, width=100),
        Column("Account", lambda r: r.account, width=90),
        Column("Operator", lambda r: r.operator, width=90),
        Column("Reason", lambda r: r.reason, width=120, stretch=True, color=lambda r: "TX2", tip=lambda r: r.reason),
        Column("Input", lambda r: r.input_hash[:8], mono=True, width=80, color=lambda r: "TX2", tip=lambda r: r.input_hash),
    ]  # fmt: skip


def _signed(found: Break) -> str:
    """The difference with the minus that stands as wide as a plus."""
    return found.difference.replace("-", words.MINUS, 1) if found.difference.startswith("-") else found.difference


def _difference_color(found: Break) -> str:
    return {"+": "UP", "-": "DOWN", "−": "DOWN"}.get(found.difference[:1], "TX1")


def _centred(sign: str, *parts: QWidget) -> QWidget:
    """A quiet page: a large green sign where there is one, and lines under it."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setSpacing(8)
    column.addStretch(1)
    if sign:
        big = theme.label(sign, "title")
        font = QFont(theme.strong())
        font.setPixelSize(34)
        big.setFont(font)
        tint(big, "GOOD")
        column.addWidget(big, alignment=Qt.AlignmentFlag.AlignHCenter)
    for part in parts:
        column.addWidget(part, alignment=Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(1)
    return page
