"""The sweeps panel: a form of ranges, every combination as a row, on a map and on parallel axes, and how far the best can be believed."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLayout,
    QProgressBar,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.analytics.sweep_table import bounds
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult
from qv_desktop.domain.validation import Validation
from qv_desktop.ui import theme
from qv_desktop.ui.models.best_strip import BestStrip
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.map_page import MapPage
from qv_desktop.ui.models.parallel_axes import ParallelAxes
from qv_desktop.ui.models.score_colors import ScoreColors
from qv_desktop.ui.models.sweep_columns import KEPT_COLUMNS, MOST_AXES, KeptSweep, Line, LinesModel
from qv_desktop.ui.models.sweep_form import SweepForm
from qv_desktop.ui.models.sweep_shown import SweepShown, stability
from qv_desktop.ui.models.sweep_words import FIGURES, combination, summary, writer
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel
from qv_desktop.ui.models.validation_page import ValidationPage

type Mode = Literal["narrow", "medium", "wide"]

MEDIUM, WIDE = (
    620,
    1040,
)  # px from which the form has a column of its own, and from which pictures and rows stand beside each other
FORM_WIDE = 330  # px
ON_AXES = ("sharpe", "total_return", "max_drawdown", "trades")  # figures that stand beside the parameters
NO_ROWS = "Every combination stands here with its figures; press Ctrl+Enter to start a sweep."
NOT_KEPT = "No sweeps are kept yet; the first one you run stays here."


def mode_for(width: int) -> Mode:
    """How the pages are arranged in a panel of this width."""
    return "narrow" if width < MEDIUM else "medium" if width < WIDE else "wide"


class SweepsPanel(QWidget):
    """Asks to run, cancel, open and test; shows progress, rows, pictures and tests."""

    name = "sweeps"
    title = "Sweeps"

    run_asked = Signal(object, int, int)  # SweepSpec, workers (0: the program chooses), MB for each (0: so)
    cancel_asked = Signal(str)  # the sweep's id
    open_asked = Signal(object)  # BacktestSpec of one combination
    sweep_chosen = Signal(str)  # a kept sweep's id
    test_asked = Signal(str, str, object)  # the sweep's id, the kind of test, its terms
    test_cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.form, self.strip, self.map, self.axes = SweepForm(), BestStrip(), MapPage(), ParallelAxes()
        self.validation = ValidationPage()
        self._lines, self._kept = LinesModel(), TableModel(KEPT_COLUMNS, key=lambda kept: kept.result.id)
        self.rows: Table[Line] = Table(self._lines, empty=NO_ROWS)
        self.kept: Table[KeptSweep] = Table(self._kept, empty=NOT_KEPT)
        self._run = theme.button("Run sweep   Ctrl+Enter", "primary")
        self._cancel, self._clear = theme.button("Cancel"), theme.button("Clear ranges", "ghost")
        self._bar, self._said, self._counted = QProgressBar(), theme.label("", "hint"), theme.label("", "label")
        self._shown: SweepShown | None = None
        self._sweep = ""  # id of the finished sweep in view
        self._place = -1  # the combination in view
        self._running: str | None = None  # the sweep under way; "" until its id is known
        self._lacking: Mapping[str, str] = {}
        self._can_start = False
        self._mode: Mode | None = None
        self._split: QSplitter | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._box.setSizeConstraint(
            QLayout.SizeConstraint.SetNoConstraint
        )  # pages' own least sizes would hold the panel open
        self.setMinimumSize(280, 160)
        self._pages()
        self._connect()
        self._show_running(None)
        self._arrange(mode_for(self.width()))

    # pages

    def _pages(self) -> None:
        self.rows.setAccessibleName("Combinations")
        self.kept.setAccessibleName("Kept sweeps")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName("Progress")
        self._form_page = self._form_column()
        self._axes_page = QWidget()
        column = QVBoxLayout(self._axes_page)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setContentsMargins(6, 0, 4, 0)
        self._passing = theme.label("Drag along an axis to keep a range; double-click to keep all.", "hint")
        self._passing.setMinimumWidth(10)
        head.addWidget(self._passing, 1)
        head.addWidget(self._clear)
        self._clear.hide()
        column.addLayout(head)
        column.addWidget(self.axes, 1)
        self._show_parameters(0)  # they have no names yet

    def _form_column(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(10, 6, 8, 8)
        column.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        column.addWidget(scroll, 1)
        for label in (self._counted, self._said):
            label.setWordWrap(True)
            label.setMinimumWidth(10)
            column.addWidget(label)
        self._counted.setFont(theme.bold())
        column.addWidget(self._bar)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._run, 1)
        row.addWidget(self._cancel, 1)
        column.addLayout(row)
        return page

    def _connect(self) -> None:
        self._run.clicked.connect(self._ask)
        self._cancel.clicked.connect(self._ask_cancel)
        self.form.counted.connect(self._count)
        self.form.changed.connect(lambda: self._say("", bad=False))
        self.rows.row_chosen.connect(self._choose_line)
        self.rows.row_opened.connect(lambda line: self._open(line.place))
        self.map.chosen.connect(self.choose)
        self.map.opened.connect(self._open)
        self.axes.brushed.connect(self._brush)
        self._clear.clicked.connect(self.axes.clear_brushes)
        self.kept.row_chosen.connect(self._choose_kept)
        self.kept.row_opened.connect(lambda kept: self.form.show_spec(kept.result.spec))
        self.strip.export_asked.connect(lambda: self.rows.export_asked.emit("csv"))
        self.strip.open_asked.connect(lambda: self._open(self._place))
        self.strip.best_asked.connect(lambda: self.choose(self._shown.best if self._shown is not None else -1))
        self.validation.asked.connect(self._ask_test)
        self.validation.cancel_asked.connect(self.test_cancel_asked)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._ask)

    # arrangement

    def _arrange(self, mode: Mode) -> None:
        """Put the pages where this width has room for them."""
        if mode == self._mode:
            return
        self._mode = mode
        pictures = [(self.map, "Map"), (self._axes_page, "Parallel")]
        tables: list[tuple[QWidget, str]] = [
            (self.rows, "Combinations"),
            (self.validation, "Validation"),
            (self.kept, "Sweeps"),
        ]
        groups = {"narrow": [[(self._form_page, "Run"), *pictures, *tables]], "medium": [[*pictures, *tables]],
                  "wide": [pictures, tables]}[mode]  # fmt: skip
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        inner = QSplitter(Qt.Orientation.Horizontal)
        inner.setHandleWidth(1)
        inner.setChildrenCollapsible(False)
        for pages in groups:
            inner.addWidget(_tabs(pages))
        column.addWidget(inner, 1)
        if mode != "narrow":
            split.addWidget(self._form_page)
            self._form_page.show()
        split.addWidget(right)
        self._box.addWidget(split)
        if self._split is not None:
            self._split.hide()
            self._split.deleteLater()
        self._split = split
        split.setStretchFactor(split.count() - 1, 1)
        split.setSizes([FORM_WIDE, 10_000] if mode != "narrow" else [10_000])
        inner.setSizes([1000] * len(groups))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(mode_for(self.width()))

    def show_page(self, word: str) -> None:
        """Bring the page of this name to the front: Run, Map, Parallel, Combinations, Validation or Sweeps."""
        for tabs in self.findChildren(QTabWidget):
            for at in range(tabs.count()):
                if tabs.tabText(at).split(" ")[0] == word:
                    tabs.setCurrentIndex(at)

    # asking

    def _ask(self) -> None:
        if self._running is not None or not self._run.isEnabled():
            return
        try:
            spec, (workers, memory) = self.form.spec(), self.form.workers()
        except BadInput as error:
            self._say(str(error), bad=True)
            return
        self._show_running("")
        self._say("waiting for bars", bad=False)
        self.run_asked.emit(spec, workers, memory)

    def _ask_cancel(self) -> None:
        if self._running:
            self._say("cancelling", bad=False)
            self.cancel_asked.emit(self._running)

    def _ask_test(self, kind: str, terms: object) -> None:
        if self._sweep:
            self.validation.show_running(True, 0.0, "starting")
            self.test_asked.emit(self._sweep, kind, terms)

    def _open(self, place: int) -> None:
        if self._shown is not None and 0 <= place < len(self._shown.lines) and not self._lacking.get("run"):
            self.open_asked.emit(self._shown.spec.backtest(self._shown.lines[place].row.values))

    def _choose_line(self, line: Line | None) -> None:
        if line is not None and line.place != self._place:
            self.choose(line.place)

    def _choose_kept(self, kept: KeptSweep | None) -> None:
        if kept is not None and kept.result.id != self._sweep and self._running is None:
            self.sweep_chosen.emit(kept.result.id)

    def _brush(self) -> None:
        passing = self.axes.passing_rows()
        self._clear.setVisible(passing is not None)
        if passing is None:
            self._lines.filter_by(None)
            self._passing.setText("Drag along an axis to keep a range; double-click to keep all.")
            return
        self._passing.setText(f"{int(passing.sum()):,} of {len(passing):,} combinations lie in the ranges.")
        self._lines.filter_by(lambda line: bool(passing[line.place]) if line.place < len(passing) else True)

    # showing

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """What can be swept."""
        self.form.show_strategies(strategies)

    def show_progress(self, run: str, done: int, total: int) -> None:
        """How many combinations are done."""
        if self._running not in ("", run):
            return
        if self._running != run:
            self._show_running(run)
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * done / max(total, 1)))
        self._say(f"{done:,} of {total:,} combinations", bad=False)

    def show_rows(self, shown: SweepShown) -> None:
        """The rows that there are by now, of the sweep that runs."""
        fresh = self._shown is None or self._shown.spec != shown.spec
        self._shown = shown
        if fresh:
            self._sweep = ""
            self.validation.show_sweep(False)
            self._lines.name_parameters(shown.spec.names)
            self._show_parameters(len(shown.spec.names))
        self._lines.replace(shown.lines)
        score = shown.table.figures[shown.spec.objective]
        figures = [name for name in dict.fromkeys((*ON_AXES, shown.spec.objective)) if name in shown.table.figures]
        columns = np.column_stack([shown.table.values, *(shown.table.figures[name] for name in figures)])
        texts = [lambda v: f"{v:g}"] * len(shown.spec.names) + [writer(name) for name in figures]
        self.axes.show_rows(
            [*shown.spec.names, *(FIGURES[name] for name in figures)],
            texts,
            columns,
            score,
            ScoreColors(*bounds(score)),
        )
        self.map.show_table(shown.table, shown.spec.objective, shown.told)
        self.choose(shown.best)
        self.strip.show_verdict(None, "")

    def show_finished(self, result: SweepResult, shown: SweepShown, *, now: bool = True) -> None:
        """A sweep with all its rows; ``now`` says that it has just ended."""
        self.show_rows(shown)
        self._sweep = result.id
        self.validation.show_sweep(True)
        self.rows.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.choose(shown.best)
        if now:
            self._show_running(None)
            failed = sum(1 for row in result.rows if row.error)
            self._say(f"{len(result.rows):,} combinations of {result.bars:,} bars in {result.seconds:.1f} s, {result.workers}"
                      + (f"; {failed:,} failed" if failed else ""), bad=False)  # fmt: skip

    def show_failure(self, run: str, reason: str) -> None:
        """A sweep has ended without a result, and why; an empty id stands for one that never began."""
        if self._running in ("", run) or not run:
            self._show_running(None)
            self._say(reason, bad=True)

    def show_kept(self, kept: Sequence[KeptSweep]) -> None:
        """The sweeps that are stored."""
        self._kept.replace(kept)

    @property
    def sweep(self) -> str:
        """The id of the finished sweep in view, or nothing."""
        return self._sweep

    def show_validation(self, told: Validation) -> None:
        """A test's result; of no interest once another sweep is in view."""
        if told.sweep != self._sweep:
            return
        self.validation.show_validation(told)
        if told.kind == "overfitting":
            self.strip.show_verdict(told.verdict.level, told.verdict.sentence)

    def choose(self, place: int) -> None:
        """Bring one combination into view everywhere; -1 for none."""
        shown = self._shown
        self._place = place
        if shown is None or not 0 <= place < len(shown.lines):
            self.strip.hide()
            self.validation.show_combination(None)
            return
        line = shown.lines[place]
        best = place == shown.best
        kind = "Best" if best else f"Rank {line.rank:,}" if line.rank else "Failed"
        told = [summary(line.row), stability(shown, place)]
        self.strip.show_combination(
            f"{kind}: {combination(shown.spec.names, line.row.values)}", " · ".join(filter(None, told)), best=best
        )
        self.map.show_row(place)
        self.axes.show_row(place)
        if not any(chosen.place == place for chosen in self.rows.selected()):
            self.rows.blockSignals(True)
            self.rows.select_key(place)
            self.rows.blockSignals(False)
        self.validation.show_combination(line.row.values if line.rank else None)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run`` one or ``export``; what is absent is allowed."""
        self._lacking = lacking
        self._enable()
        self.strip.forbid(lacking.get("run", ""), lacking.get("export", ""))
        self.validation.forbid(lacking.get("run", ""))

    def _enable(self) -> None:
        forbid(self._run, self._lacking.get("run", ""))
        if not self._can_start:
            self._run.setEnabled(False)

    def _count(self, sentence: str, can_start: bool) -> None:
        self._can_start = can_start
        self._counted.setText(sentence)
        theme.wear(self._counted, lambda: f"color:{theme.TX0 if can_start else theme.BAD};")
        self._enable()

    def _show_parameters(self, count: int) -> None:
        for at in range(MOST_AXES):
            self.rows.setColumnHidden(1 + at, at >= count)

    def _show_running(self, run: str | None) -> None:
        self._running = run
        self._run.setVisible(run is None)
        self._cancel.setVisible(run is not None)
        self._cancel.setEnabled(bool(run))
        self._bar.setVisible(run is not None)
        self._bar.setRange(0, 1000 if run else 0)

    def _say(self, words: str, *, bad: bool) -> None:
        self._said.setText(words)
        theme.wear(self._said, lambda: f"color:{theme.BAD if bad else theme.TX2};")
        self._said.setVisible(bool(words))


def _tabs(pages: Sequence[tuple[QWidget, str]]) -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    tabs.tabBar().setFont(theme.body())
    for page, words in pages:
        tabs.addTab(page, words)
    return tabs
