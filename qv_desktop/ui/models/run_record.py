"""What a run was made of: the data that was missing, hashes and versions to copy, what it printed, and whether it can be repeated."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.ui import theme
from qv_desktop.ui.models.flow import Flow
from qv_desktop.ui.models.layouts import forbid, note, paint_note

AGAIN = "Run again and compare to the stored numbers"
WHOLE = "No data was missing."
EMPTY = "What a run was made of stands here."


class RunRecord(QScrollArea):
    """``rerun_asked`` gives the run's id, ``cancel_asked`` that of a run that is being repeated."""

    rerun_asked = Signal(str)
    cancel_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._run: BacktestResult | None = None
        self._repeating: set[str] = set()  # ids of runs
        self._lacking: Mapping[str, str] = {}
        self.missing, self.notes, self.verdict = note(), note(), note()
        self.again = theme.button(AGAIN)
        self.copy = theme.button("Copy all", "ghost")
        self.facts, self._lines = QWidget(), list[_Fact]()
        self._grid = QGridLayout(self.facts)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(1, 1)
        self.log = QPlainTextEdit()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()
        self.show_result(None)

    def _build(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(8)
        self.log.setReadOnly(True)
        self.log.setFont(theme.mono())
        self.log.setAccessibleName("What the strategy printed")
        self.log.setMinimumHeight(90)
        self._log_head = theme.caption("What the strategy printed")
        self._empty = theme.label(EMPTY, "hint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for label in (self._empty, self.missing, self.notes):
            column.addWidget(label)
        column.addWidget(Flow(self.again, self.copy, sides=0))
        for part in (self.verdict, self.facts, self._log_head, self.log):
            column.addWidget(part)
        column.addStretch(1)
        self.setWidget(page)
        self.again.clicked.connect(self.ask)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))

    # ---- in

    def show_result(self, run: BacktestResult | None) -> None:
        """One run; None clears."""
        if run is None or self._run is None or run.id != self._run.id:
            self.verdict.hide()
        self._run = run
        for part in (self.again, self.copy, self.facts, self._log_head, self.log, self.missing):
            part.setVisible(run is not None)
        self._empty.setVisible(run is None)
        self.notes.setVisible(run is not None and bool(run.notes))
        if run is None:
            return
        _say(self.missing, "Missing data", run.missing, "WARN") if run.missing else _say(
            self.missing, "", (WHOLE,), "GOOD"
        )
        if run.notes:
            _say(self.notes, "", run.notes, "TX1")
        self._show_facts(run)
        self.log.setVisible(bool(run.log))
        self._log_head.setVisible(bool(run.log))
        self.log.setPlainText(run.log)
        self._dress()

    def show_rerunning(self, run: str, step: str = "") -> None:
        """The run is being repeated, and what is being done."""
        self._repeating.add(run)
        if self._run is not None and self._run.id == run:
            _say(self.verdict, "", (f"Running again: {step}…" if step else "Running again…",), "ACCENT")
            self._dress()

    def show_verdict(self, run: str, same: bool, sentences: Sequence[str]) -> None:
        """What the repetition came to."""
        self._repeating.discard(run)
        if self._run is None or self._run.id != run:
            return
        _say(self.verdict, "", sentences, "GOOD" if same else "BAD")
        self._dress()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run``."""
        self._lacking = lacking
        self._dress()

    def _dress(self) -> None:
        repeating = self._run is not None and self._run.id in self._repeating
        self.again.setText("Cancel" if repeating else AGAIN)
        forbid(self.again, self._lacking.get("run", ""))

    def ask(self) -> None:
        """Ask to repeat the run, or to cancel that while it is under way."""
        if self._run is not None:
            asked = self.cancel_asked if self._run.id in self._repeating else self.rerun_asked
            asked.emit(self._run.id)

    # ---- facts

    def _rows(self, run: BacktestResult) -> list[tuple[str, str]]:
        return [
            ("Run", run.id), ("By", f"{run.user}, {run.started:%Y-%m-%d %H:%M:%S} UTC, in {run.seconds:.2f} s"),
            ("Bars", f"{run.bars:,}"), ("Terms SHA-256", run.spec_hash), ("Code SHA-256", run.code_hash),
            ("Data SHA-256", run.data_hash), ("Engine", run.engine), *((name.capitalize(), version) for name, version in run.versions),
        ]  # fmt: skip

    def _show_facts(self, run: BacktestResult) -> None:
        rows = self._rows(run)
        for line in range(len(self._lines), len(rows)):
            self._lines.append(_Fact(self._grid, line))
        for line, fact in enumerate(self._lines):
            fact.show_fact(*(rows[line] if line < len(rows) else ("", "")))

    def text(self) -> str:
        """Everything here as lines, for the clipboard."""
        if self._run is None:
            return ""
        lines = [f"{name}: {value}" for name, value in self._rows(self._run)]
        return "\n".join(
            [*lines, *(f"Missing: {one}" for one in self._run.missing), *(f"Note: {one}" for one in self._run.notes)]
        )


class _Fact:
    """One line: a name, its value to select, and for hashes a button that copies it."""

    def __init__(self, grid: QGridLayout, line: int) -> None:
        self.name, self.value, self.copy = (
            theme.label("", "hint"),
            theme.label("", "label"),
            theme.button("Copy", "ghost"),
        )
        self.value.setFont(theme.mono())
        self.value.setMinimumWidth(40)
        self.value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy.setFixedHeight(20)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.value.text()))
        for column, part in enumerate((self.name, self.value, self.copy)):
            grid.addWidget(part, line, column)

    def show_fact(self, name: str, value: str) -> None:
        """Without a name the line is not there."""
        self.name.setText(name)
        self.value.setText(value)
        self.value.setToolTip(value)
        self.copy.setAccessibleName(f"Copy {name}")
        for part in (self.name, self.value):
            part.setVisible(bool(name))
        self.copy.setVisible("SHA" in name or name == "Run")


def _say(where: QLabel, title: str, sentences: Sequence[str], token: str) -> None:
    where.setText("\n".join([*([title] if title else []), *sentences]))
    paint_note(where, token)
    where.show()
