"""The backtest panel: a form to run one, its results, the runs that are kept and compared, and a day as it was traded."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.live_backtest import Asked
from qv_desktop.domain.run_comparison import RunComparison
from qv_desktop.domain.run_months import monthly
from qv_desktop.domain.strategies import Strategy
from qv_desktop.ui import theme
from qv_desktop.ui.chart.compare_page import ComparePage
from qv_desktop.ui.chart.equity_page import EquityPage
from qv_desktop.ui.chart.run_curves import ComparedRuns, RunCurves
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.live_page import LivePage
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.month_heat import MonthHeat
from qv_desktop.ui.models.name_bar import NameBar
from qv_desktop.ui.models.run_arrangement import Arrangement, mode_for
from qv_desktop.ui.models.run_form import RunForm
from qv_desktop.ui.models.run_list import RunList
from qv_desktop.ui.models.run_record import AGAIN, RunRecord
from qv_desktop.ui.models.run_tables import PART_COLUMNS, Part, numbered, parts
from qv_desktop.ui.models.run_trades import RunTrades
from qv_desktop.ui.models.statistics_list import StatisticsList
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

__all__ = ["BacktestsPanel", "mode_for"]

FORMS = {"html": "Report (HTML)", "csv": "Trades (CSV)", "json": "Whole run (JSON)"}  # form -> its name


class BacktestsPanel(QWidget):
    """Asks to run and to cancel; shows progress, failures, results and stored runs. Runs are named by their ids."""

    name = "backtests"
    title = "Backtests"

    run_asked = Signal(object)  # BacktestSpec
    cancel_asked = Signal(str)  # the run's id
    run_chosen = Signal(object)  # BacktestResult, perhaps without curves: ``show_whole`` brings them
    deploy_asked = Signal(object)  # BacktestSpec: what the form says is to be deployed
    live_asked = Signal(object)  # Asked: lay a day as it was traded beside its backtest
    chart_asked = Signal(object, int)  # BacktestResult, the number of the trade to go to or 0
    export_asked = Signal(str, str)  # id, a key of FORMS
    open_asked = Signal(object)  # Path of a report
    rerun_asked = Signal(str)
    rerun_cancel_asked = Signal(str)
    annotate_asked = Signal(str, bool, str)  # id, starred, note
    delete_asked = Signal(list)  # ids
    compare_asked = Signal(list)  # ids
    more_asked = Signal()  # older runs
    form_used = Signal(object)  # what stood in the form when a run was asked for, as texts by name
    preset_save_asked = Signal(str, object)  # name, the same
    preset_delete_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        today = QDate.currentDate()
        self.form = RunForm(_plain(today.addYears(-1)), _plain(today.addDays(-1)))
        self.equity, self.statistics, self.live = EquityPage(), StatisticsList(), LivePage()
        self.months, self.trades, self.record = MonthHeat(), RunTrades(), RunRecord()
        self.runs, self.compare = RunList(), ComparePage()
        self.parts_model: TableModel[Part] = TableModel(PART_COLUMNS, key=lambda row: row.of.symbol)
        self.parts: Table[Part] = Table(self.parts_model, empty="What each symbol added stands here.")
        self._run_button = theme.button("Run backtest   Ctrl+Enter", "primary")
        self.deploy = theme.button("Deploy…")
        self._cancel = theme.button("Cancel")
        self._bar = QProgressBar()
        self._step = theme.label("", "hint")
        self._naming, self._asking = NameBar(), ConfirmBar(keep="OK", kind="primary")
        self._presets: dict[str, Mapping[str, object]] = {}
        self._lacking: Mapping[str, str] = {}
        self._run: BacktestResult | None = None  # on the screen
        self._wanted = ""  # the run that is chosen, drawn or on its way
        self._running: str | None = None  # the run under way; "" until its id is known
        self.setMinimumSize(280, 160)
        self._build()
        self._connect()
        self._show_running(None)
        self._dress()
        self._arrangement.fit(self.width(), self.height())

    # pages

    def _build(self) -> None:
        self.parts.setAccessibleName("Symbols of the run")
        self._form_page = self._form_column()
        self._statistics_page, self._months_page = _scrolled(self.statistics), _scrolled(self.months)
        rest = [(self._months_page, "Months"), (self.trades, "Trades"), (self.parts, "Symbols"), (self.record, "Record"),
                (self.runs, "Runs"), (self.compare, "Compare"), (self.live, "Live")]  # fmt: skip
        self._arrangement = Arrangement(self, self._form_page, self.equity, self._statistics_page, rest, self._corner())
        self._tabs = self._arrangement.tabs
        self._arrangement.offer(self.parts, False)
        for bar in (self._naming, self._asking):
            self._arrangement.below(bar)

    def _corner(self) -> QWidget:
        """What can be done with the run on the screen, beside the tabs."""
        corner = QWidget()
        row = QHBoxLayout(corner)
        row.setContentsMargins(2, 0, 4, 0)
        row.setSpacing(0)
        self._export = menu_button("Export ▾", "Export this run", self._offer_exports)
        self._more = menu_button("⋯", "What can be done with this run", self._offer)
        for button in (self._export, self._more):
            button.setFixedHeight(24)
            row.addWidget(button)
        return corner

    def _form_column(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(10, 4, 8, 8)
        column.setSpacing(6)
        column.addWidget(_scrolled(self.form), 1)
        self._step.setWordWrap(True)
        column.addWidget(self._step)
        column.addWidget(self._bar)
        row = QHBoxLayout()
        row.setSpacing(6)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        row.addWidget(self._run_button, 1)
        row.addWidget(self._cancel, 1)
        row.addWidget(menu_button("Presets ▾", "Terms that are kept under names", self._offer_presets))
        row.addWidget(self.deploy)
        column.addLayout(row)
        return page

    def _connect(self) -> None:
        self._run_button.clicked.connect(self.ask)
        self.deploy.setToolTip("Deploy this strategy with these parameters to paper")
        self.deploy.clicked.connect(self._ask_deploy)
        self._cancel.clicked.connect(self._ask_cancel)
        self.runs.table.row_chosen.connect(self._choose)
        self.runs.table.row_opened.connect(self._reuse)
        for ours, theirs in ((self.annotate_asked, self.runs.annotate_asked), (self.delete_asked, self.runs.delete_asked),
                             (self.more_asked, self.runs.more_asked), (self.rerun_asked, self.record.rerun_asked),
                             (self.rerun_cancel_asked, self.record.cancel_asked)):  # fmt: skip
            theirs.connect(ours)
        self.runs.compare_asked.connect(self._ask_compare)
        self.trades.chart_asked.connect(self._ask_chart)
        self.equity.record_asked.connect(lambda: self._arrangement.bring(self.record))
        self.form.changed.connect(lambda: self._say("", bad=False))
        self.live.compare_asked.connect(self._ask_live)
        self.live.picked.connect(self._pick)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.ask)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._arrangement.fit(self.width(), self.height()):
            self._export.setVisible(self._arrangement.mode != "narrow")

    # asking

    def ask(self) -> None:
        """Ask for a run of what the form says, unless one is under way; what is wrong in it is said."""
        if self._running is not None or not self._run_button.isEnabled():
            return
        try:
            spec = self.form.spec()
        except BadInput as error:
            self._say(str(error), bad=True)
            return
        self._show_running("")
        self._say("waiting for bars", bad=False)
        self.form_used.emit(self.form.saved())
        self.run_asked.emit(spec)

    def _ask_deploy(self) -> None:
        try:
            self.deploy_asked.emit(self.form.spec())
        except BadInput as error:
            self._say(str(error), bad=True)

    def _ask_cancel(self) -> None:
        if self._running:
            self._say("cancelling", bad=False)
            self.cancel_asked.emit(self._running)

    def _ask_live(self, day: date, shares: Decimal | None) -> None:
        try:
            self.live_asked.emit(Asked(self.form.spec(), day, shares))
        except BadInput as error:
            self.live.show_failed(str(error))

    def _ask_compare(self, ids: list[str]) -> None:
        self._say("reading the runs", bad=False)
        self.compare_asked.emit(ids)

    def _ask_chart(self, number: int) -> None:
        if self._run is not None:
            self.chart_asked.emit(self._run, number)

    def _pick(self, strategy: str, symbol: str) -> None:
        """The form is what the backtest of the day runs with."""
        self.choose_strategy(strategy)
        self.form.symbol.setText(symbol)

    def _choose(self, run: BacktestResult) -> None:
        if run.id == self._wanted:
            return
        self._wanted = run.id
        if run.whole:
            self._draw(run)
        self.run_chosen.emit(run)

    def _reuse(self, run: BacktestResult) -> None:
        self.form.show_spec(run.spec)
        self._arrangement.bring(self._form_page)
        self._say("the terms of that run; change them or run it again", bad=False)

    # menus

    def _offer_exports(self, menu: QMenu) -> None:
        why = self._lacking.get("export", "") or ("" if self._run is not None else "Choose a run first")
        for form, name in FORMS.items():
            entry(menu, name, partial(self._ask_export, form), why)

    def _ask_export(self, form: str) -> None:
        if self._run is not None:
            self.export_asked.emit(self._run.id, form)

    def _offer(self, menu: QMenu) -> None:
        run, none = self._run, "" if self._run is not None else "Choose a run first"
        entry(
            menu,
            "Show trades on chart",
            lambda: self._ask_chart(0),
            none or ("" if run and run.trades else "It made no trades"),
        )
        entry(menu, "Use these terms in the form", lambda: self._reuse(run) if run else None, none)
        entry(menu, AGAIN, self.record.ask, none or self._lacking.get("run", ""))
        entry(menu, "Copy hashes and versions", lambda: QGuiApplication.clipboard().setText(self.record.text()), none)
        menu.addSeparator()
        self._offer_exports(menu)

    def _offer_presets(self, menu: QMenu) -> None:
        for name, kept in self._presets.items():
            entry(menu, name, partial(self.form.restore, kept))
        if self._presets:
            menu.addSeparator()
        entry(menu, "Save as preset…", self._ask_preset)
        if self._presets:
            gone = menu.addMenu("Delete")
            for name in self._presets:
                entry(gone, name, partial(self.preset_delete_asked.emit, name))

    def _ask_preset(self) -> None:
        self._naming.ask_name(
            "Name of the preset", "Save", lambda name: self.preset_save_asked.emit(name, self.form.saved())
        )

    # showing

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """What can be tested."""
        self.form.show_strategies(strategies)

    def choose_strategy(self, name: str) -> None:
        """Set the form to a strategy; an unknown name changes nothing."""
        self.form.strategy.setCurrentText(name)

    def show_presets(self, presets: Mapping[str, Mapping[str, object]]) -> None:
        """Terms that are kept under names, as ``preset_save_asked`` gave them."""
        self._presets = dict(presets)

    def show_runs(self, runs: Sequence[BacktestResult], more: bool = False) -> None:
        """Stored runs; ``more`` says that older ones are stored. The newest is chosen if none is yet."""
        self.runs.show_runs(runs, more)
        self._count()
        if runs and not self._wanted:
            self._choose(max(runs, key=lambda run: run.started))

    def show_older(self, runs: Sequence[BacktestResult], more: bool) -> None:
        """Further runs that were asked for."""
        self.runs.add(runs, more)
        self._count()

    def show_whole(self, result: BacktestResult, curves: RunCurves | None = None) -> None:
        """A chosen run with its curves and trades; nothing happens when another one was chosen meanwhile."""
        if result.id == self._wanted:
            self._draw(result, curves)

    def show_newer(self, runs: Sequence[BacktestResult]) -> None:
        """The newest runs, into the list as far as it reaches."""
        self.show_older(runs, self.runs.has_more)

    def show_unread(self, run: str, sentence: str) -> None:
        """A chosen run could not be read, and why; choosing it again tries again."""
        if self._wanted == run:
            self._wanted = self._run.id if self._run is not None else ""
        self.show_failed(sentence)

    def show_result(self, result: BacktestResult, curves: RunCurves | None = None) -> None:
        """A run has ended well: keep it in the list and draw it."""
        self._wanted = result.id
        self.runs.add([result], self.runs.has_more)
        self._show_running(None)
        self._say(f"{result.bars:,} bars in {result.seconds:.2f} s", bad=False)
        self._draw(result, curves)
        self._arrangement.bring(self.equity)
        self.runs.table.select_key(result.id)

    def show_progress(self, run: str, fraction: float, step: str) -> None:
        """How far a run is, 0 to 1, and what it is doing."""
        if self._running not in (None, "", run):
            return  # another run's news
        if self._running != run:
            self._show_running(run)
        self._bar.setValue(round(fraction * 1000))
        self._say(step, bad=False)

    def show_failure(self, run: str, reason: str) -> None:
        """A run has ended without a result, and why; an empty id stands for one that never began."""
        if self._running in ("", run) or not run:
            self._show_running(None)
        self._say(reason, bad=True)

    def show_failed(self, sentence: str) -> None:
        """Something that was asked about stored runs came to nothing, and why."""
        self._say("", bad=False)
        self._asking.tell(sentence)

    def show_comparison(self, told: RunComparison, curves: ComparedRuns | None = None) -> None:
        """Runs beside each other."""
        self._say("", bad=False)
        self.compare.show_comparison(told, curves)
        self._arrangement.title(self.compare, f"Compare {len(told.runs)}")
        self._arrangement.bring(self.compare, roomy=True)

    def show_rerunning(self, run: str, step: str = "") -> None:
        """A stored run is being repeated, and what is being done; its page comes to the front when that begins."""
        self.record.show_rerunning(run, step)
        if not step:
            self._arrangement.bring(self.record)

    def show_verdict(self, run: str, same: bool, sentences: Sequence[str]) -> None:
        """What the repetition of a stored run came to."""
        self.record.show_verdict(run, same, sentences)

    def show_written(self, files: Sequence[Path]) -> None:
        """Where a report is, with a button that opens it."""
        if files:
            path = files[0]
            self._asking.ask(f"Saved {path.name} in {path.parent}.", "Open", lambda: self.open_asked.emit(path))

    def show_annotated(self, run: str, starred: bool, note: str) -> None:
        """A run's star and note as they are stored now."""
        self.runs.show_annotated(run, starred, note)

    def show_deleted(self, ids: Sequence[str]) -> None:
        """Runs that are stored no more."""
        self.runs.remove(ids)
        self._count()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run`` one, ``create`` a note, ``delete`` or ``export``; what is absent is allowed."""
        self._lacking = lacking
        forbid(self._run_button, lacking.get("run", ""))
        forbid(self.deploy, lacking.get("deploy", ""))
        for part in (self.live, self.runs, self.record):
            part.forbid(lacking)

    def _show_running(self, run: str | None) -> None:
        self._running = run
        self._run_button.setVisible(run is None)
        self._cancel.setVisible(run is not None)
        self._cancel.setEnabled(bool(run))
        self._bar.setVisible(run is not None)
        self._bar.setRange(0, 1000 if run else 0)  # no end known while nothing is heard of it yet

    def _say(self, words: str, *, bad: bool) -> None:
        self._step.setText(words)
        theme.wear(self._step, lambda: f"color:{theme.BAD if bad else theme.TX2};")
        self._step.setVisible(bool(words))

    def _draw(self, run: BacktestResult, curves: RunCurves | None = None) -> None:
        self._run = run
        self.equity.show_result(run, curves)
        self.statistics.show_result(run)
        ours = {(year, month): value for year, month, value in run.monthly} or monthly(run.at, run.equity)
        self.months.show_months(ours, monthly(run.at, run.benchmark))
        self.trades.show_trades(numbered(run))
        self.parts_model.replace(parts(run))
        self.record.show_result(run)
        self._dress()
        self._count()

    def _dress(self) -> None:
        run = self._run
        self._arrangement.offer(self.parts, run is not None and len(run.contributions) > 1)
        self._arrangement.title(self.record, "Record ⚠" if run is not None and run.missing else "Record")

    def _count(self) -> None:
        trades, runs = len(self.trades.model.all_rows()), len(self.runs.model.all_rows())
        self._arrangement.title(self.trades, f"Trades {trades:,}" if trades else "Trades")
        self._arrangement.title(self.runs, f"Runs {runs:,}" if runs else "Runs")


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area


def _plain(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())
