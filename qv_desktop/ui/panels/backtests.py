"""The backtest panel: a form to run one, its curves, statistics and trades, the runs that are kept, and a day as it was traded."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from PySide6.QtCore import QDate, Qt, Signal
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

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.live_backtest import Asked
from qv_desktop.domain.strategies import Strategy
from qv_desktop.ui import theme
from qv_desktop.ui.chart.equity_page import EquityPage
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.live_page import LivePage
from qv_desktop.ui.models.run_form import RunForm
from qv_desktop.ui.models.run_tables import RUN_COLUMNS, TRADE_COLUMNS, NumberedTrade, numbered
from qv_desktop.ui.models.statistics_list import StatisticsList
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

type Mode = Literal["narrow", "medium", "low", "tall"]

WIDE, WIDER, TALL = (
    620,
    960,
    460,
)  # px from which there is room for two columns, for three, and for tables under the curves
FORM_WIDE, STATISTICS_WIDE = 324, 216  # px


def mode_for(width: int, height: int) -> Mode:
    """How the pages are arranged in a panel of this size."""
    if width < WIDE:
        return "narrow"
    if width < WIDER:
        return "medium"
    return "tall" if height >= TALL else "low"


class BacktestsPanel(QWidget):
    """Asks to run and to cancel; shows progress, failures, results and stored runs."""

    name = "backtests"
    title = "Backtests"

    run_asked = Signal(object)  # BacktestSpec
    cancel_asked = Signal(str)  # the run's id
    run_chosen = Signal(object)  # BacktestResult
    deploy_asked = Signal(object)  # BacktestSpec: what the form says is to be deployed
    live_asked = Signal(object)  # Asked: lay a day as it was traded beside its backtest

    def __init__(self) -> None:
        super().__init__()
        today = QDate.currentDate()
        self.form = RunForm(_plain(today.addYears(-1)), _plain(today.addDays(-1)))
        self.equity, self.statistics, self.live = EquityPage(), StatisticsList(), LivePage()
        self._trades: TableModel[NumberedTrade] = TableModel(TRADE_COLUMNS, key=lambda row: row.number)
        self._runs: TableModel[BacktestResult] = TableModel(RUN_COLUMNS, key=lambda run: run.id)
        self.trades: Table[NumberedTrade] = Table(self._trades, empty="A run's round trips stand here.")
        self.runs: Table[BacktestResult] = Table(
            self._runs, empty="No runs are kept yet; the first one you run stays here."
        )
        self._run_button = theme.button("Run backtest   Ctrl+Enter", "primary")
        self.deploy = theme.button("Deploy…")
        self._cancel = theme.button("Cancel")
        self._bar = QProgressBar()
        self._step = theme.label("", "hint")
        self._drawn = ""  # the result on the screen
        self._running: str | None = None  # the run under way; "" until its id is known
        self._mode: Mode | None = None
        self._tabs = QTabWidget()
        self._split: QSplitter | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        # the pages' own least sizes would keep a panel from shrinking into its next arrangement
        self._box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(280, 160)
        self._pages()
        self._connect()
        self._show_running(None)
        self._arrange(mode_for(self.width(), self.height()))

    # pages

    def _pages(self) -> None:
        self.trades.setAccessibleName("Trades")
        self.runs.setAccessibleName("Stored runs")
        self._form_page = self._form_column()
        self._statistics_page = QScrollArea()
        self._statistics_page.setWidgetResizable(True)
        self._statistics_page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._statistics_page.setWidget(self.statistics)
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setFont(theme.body())

    def _form_column(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(10, 4, 8, 8)
        column.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        column.addWidget(scroll, 1)
        self._step.setWordWrap(True)
        column.addWidget(self._step)
        column.addWidget(self._bar)
        row = QHBoxLayout()
        row.setSpacing(6)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        row.addWidget(self._run_button, 1)
        row.addWidget(self._cancel, 1)
        row.addWidget(self.deploy)
        column.addLayout(row)
        return page

    def _connect(self) -> None:
        self._run_button.clicked.connect(self._ask)
        self.deploy.setToolTip("Deploy this strategy with these parameters to paper")
        self.deploy.clicked.connect(self._ask_deploy)
        self._cancel.clicked.connect(self._ask_cancel)
        self.runs.row_chosen.connect(self._choose)
        self.runs.row_opened.connect(self._reuse)
        self.form.changed.connect(lambda: self._say("", bad=False))
        self.live.compare_asked.connect(self._ask_live)
        self.live.picked.connect(self._pick)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._ask)

    # arrangement

    def _arrange(self, mode: Mode) -> None:
        """Put the pages where this size has room for them."""
        if mode == self._mode:
            return
        self._mode = mode
        kept = self._tabs.tabText(self._tabs.currentIndex()).split(" ")[0]
        self._tabs.clear()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        tables: list[tuple[QWidget, str]] = [(self.trades, "Trades"), (self.runs, "Runs"), (self.live, "Live")]
        if mode == "narrow":
            tabs = [
                (self._form_page, "Run"),
                (self.equity, "Equity"),
                (self._statistics_page, "Stats"),
                *tables,
            ]
            self._fill(split, tabs, [])
        elif mode == "medium":
            self._fill(
                split,
                [(self.equity, "Equity"), (self._statistics_page, "Statistics"), *tables],
                [self._form_page],
            )
        elif mode == "low":
            self._fill(split, [(self.equity, "Equity"), *tables], [self._form_page, self._statistics_page])
        else:
            self._fill(split, tables, [self._form_page, self._statistics_page])
            stack = QSplitter(Qt.Orientation.Vertical)
            stack.setHandleWidth(1)
            stack.setChildrenCollapsible(False)
            stack.addWidget(self.equity)
            split.insertWidget(1, stack)
            stack.addWidget(self._tabs)
            self.equity.show()
            self._show_whole(split, kept)
            stack.setSizes([self.height() * 3 // 5, self.height() * 2 // 5])
            return
        self._show_whole(split, kept)

    def _fill(self, split: QSplitter, tabs: Sequence[tuple[QWidget, str]], sides: Sequence[QWidget]) -> None:
        """The form at the left, the tabs in the middle, the statistics at the right, as far as they are given."""
        for widget, text in tabs:
            self._tabs.addTab(widget, text)
        for widget in [*sides[:1], self._tabs, *sides[1:]]:
            split.addWidget(widget)
            widget.show()

    def _show_whole(self, split: QSplitter, kept: str) -> None:
        self._box.addWidget(split)
        if self._split is not None:
            self._split.hide()
            self._split.deleteLater()
        self._split = split
        count = split.count()
        middle = 0 if count == 1 else 1
        for place in range(count):
            split.setStretchFactor(place, 1 if place == middle else 0)
        split.setSizes([10_000] if count == 1 else [FORM_WIDE, 10_000, STATISTICS_WIDE][:count])
        self._count()
        for place in range(self._tabs.count()):
            if self._tabs.tabText(place).split(" ")[0] == kept:
                self._tabs.setCurrentIndex(place)

    def _count(self) -> None:
        for table, word in ((self.trades, "Trades"), (self.runs, "Runs")):
            place = self._tabs.indexOf(table)
            count = len(self._trades.rows()) if word == "Trades" else len(self._runs.rows())
            if place >= 0:
                self._tabs.setTabText(place, f"{word} {count}" if count else word)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(mode_for(self.width(), self.height()))

    # asking

    def _ask(self) -> None:
        if self._running is not None or not self._run_button.isEnabled():
            return
        try:
            spec = self.form.spec()
        except BadInput as error:
            self._say(str(error), bad=True)
            return
        self._show_running("")
        self._say("waiting for bars", bad=False)
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

    def _pick(self, strategy: str, symbol: str) -> None:
        """The form is what the backtest of the day runs with."""
        self.choose_strategy(strategy)
        self.form.symbol.setText(symbol)

    def _choose(self, run: BacktestResult | None) -> None:
        if run is not None and run.id != self._drawn:
            self._draw(run)
            self.run_chosen.emit(run)

    def _reuse(self, run: BacktestResult) -> None:
        self.form.show_spec(run.spec)

    # showing

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """What can be tested."""
        self.form.show_strategies(strategies)

    def choose_strategy(self, name: str) -> None:
        """Set the form to a strategy; an unknown name changes nothing."""
        self.form.strategy.setCurrentText(name)

    def show_runs(self, runs: Sequence[BacktestResult]) -> None:
        """All stored runs; the newest is drawn if nothing is yet."""
        self._runs.replace(runs)
        self._count()
        if runs and not self._drawn:
            self._draw(max(runs, key=lambda run: run.started))

    def show_result(self, result: BacktestResult) -> None:
        """A run has ended well: keep it in the list and draw it."""
        self._runs.upsert([result])
        self._show_running(None)
        self._say(f"{result.bars:,} bars in {result.seconds:.2f} s", bad=False)
        self._draw(result)
        self.runs.select_key(result.id)

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

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run`` one or ``export``; what is absent is allowed."""
        forbid(self._run_button, lacking.get("run", ""))
        forbid(self.deploy, lacking.get("deploy", ""))
        self.live.forbid(lacking)

    def _show_running(self, run: str | None) -> None:
        self._running = run
        self._run_button.setVisible(run is None)
        self._cancel.setVisible(run is not None)
        self._cancel.setEnabled(bool(run))
        self._bar.setVisible(run is not None)
        self._bar.setRange(0, 1000 if run else 0)  # no end known while nothing is heard of it yet

    def _say(self, words: str, *, bad: bool) -> None:
        self._step.setText(words)
        self._step.setStyleSheet(f"color:{theme.BAD if bad else theme.TX2};")
        self._step.setVisible(bool(words))

    def _draw(self, run: BacktestResult) -> None:
        self._drawn = run.id
        self.equity.show_result(run)
        self.statistics.show_result(run)
        self._trades.replace(numbered(run))
        self._count()


def _plain(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())
