"""Earlier comparisons: the trend over days, the runs that said something new, and what one of them found, with its reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.break_split import BreakSplit
from qv_desktop.ui.models.break_trend import BreakTrend
from qv_desktop.ui.models.break_words import break_columns, run_columns, stamp
from qv_desktop.ui.models.flow import Flow
from qv_desktop.ui.models.layouts import divider, forbid, stacked
from qv_desktop.ui.models.ledger import Ledger, Line, scrolled
from qv_desktop.ui.models.split import pane
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

FORMS = ("pdf", "xlsx", "html", "csv", "json")


class RunHistory(QWidget):
    """Emits ``run_chosen(str)`` with the run to show, ``export_asked(str, str)`` with run and format, ``open_asked(Path)``."""

    run_chosen = Signal(str)
    export_asked = Signal(str, str)
    open_asked = Signal(Path)

    def __init__(self) -> None:
        super().__init__()
        self._run: Reconciliation | None = None
        self.trend = BreakTrend()
        self.runs = TableModel(run_columns(), key=lambda run: run.id)
        self.runs.sort(0, Qt.SortOrder.DescendingOrder)
        self.table = Table(self.runs, empty="No runs yet. Press Run now to make the first.")
        self.table.setAccessibleName("Earlier runs")
        self.found = TableModel(break_columns(), key=lambda b: (b.section, b.key, b.kind))
        self.found.sort(0, Qt.SortOrder.DescendingOrder)
        self.breaks = Table(self.found, empty="This run found no breaks.")
        self.breaks.setAccessibleName("Breaks of the run")
        self.breaks.setMinimumHeight(90)
        self.heading, self.facts = theme.label("Choose a run to see what it found", "title"), Ledger("The run")
        self.heading.setWordWrap(True)
        self.forms = {form: theme.button(form.upper()) for form in FORMS}
        self.files = Flow(sides=0)
        exports = Flow(theme.label("Report"), *self.forms.values(), sides=0)
        side = pane(self.heading, exports, self.files, self.facts, self.breaks, grow=4)
        stacked(self, self.trend, divider(), BreakSplit(self.table, scrolled(side), wide=360)).setStretch(2, 1)
        self.table.row_chosen.connect(lambda line: self.run_chosen.emit(line.id))
        for form, button in self.forms.items():
            button.setAccessibleName(f"Report of this run as {form.upper()}")
            button.clicked.connect(lambda _=False, form=form: self._export(form))
        self.forbid({})

    def show_history(self, runs: Sequence[RunLine], days: Sequence[Day]) -> None:
        """The stored runs and days; the chosen run stays chosen."""
        gone = {run.id for run in self.runs.all_rows()} - {run.id for run in runs}
        self.runs.upsert(runs)
        self.runs.retire(gone)
        self.trend.show_days(days)

    def show_run(self, run: Reconciliation, files: Sequence[Path] = ()) -> None:
        """What one run found, and its reports that are written already."""
        self._run = run
        verdict = (
            "everything matched" if run.passed else f"{len(run.breaks):,} break{'' if len(run.breaks) == 1 else 's'}"
        )
        self.heading.setText(f"{stamp(run.at)} ET · {verdict}")
        self.facts.show_lines([
            Line("Run", run.id[:12], mono=True, tip=run.id), Line("Operator", run.operator), Line("Reason", run.reason, tip=run.reason),
            Line("Account", run.account), Line("Matched", f"{run.matched:,}"), Line("At risk", words.money(run.at_risk)),
            Line("Our books at", words.clock_ms(run.local_at)), Line("The broker's at", words.clock_ms(run.broker_at)),
            Line("Input", run.input_hash[:16], mono=True, tip=run.input_hash),
        ])  # fmt: skip
        self.found.replace(run.breaks)
        self.show_files(files)
        self.forbid(self._lacking)

    def show_files(self, files: Sequence[Path]) -> None:
        """The reports of the run on this computer, each a button that opens it."""
        self.files.set_parts([self._opener(file) for file in files])

    def show_written(self, run: str, files: Sequence[Path]) -> None:
        """The reports of one run, if it is the one in view."""
        if self._run is not None and self._run.id == run:
            self.show_files(files)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export``."""
        self._lacking = lacking
        for button in self.forms.values():
            forbid(button, lacking.get("export", "" if self._run is not None else "Choose a run first"))

    def _opener(self, file: Path) -> QPushButton:
        opener = theme.button(f"Open {file.suffix.removeprefix('.').upper()}", "ghost")
        opener.setToolTip(str(file))
        opener.clicked.connect(lambda _=False: self.open_asked.emit(file))
        return opener

    def _export(self, form: str) -> None:
        if self._run is not None:
            self.export_asked.emit(self._run.id, form)
