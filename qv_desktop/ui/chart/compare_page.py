"""Two to six runs beside each other: curves, statistics, what differs and the trades that they share."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.run_comparison import LETTERS, RunComparison
from qv_desktop.ui import theme
from qv_desktop.ui.chart.run_curves import ComparedRuns, compared_curves
from qv_desktop.ui.models.layouts import across
from qv_desktop.ui.models.run_compare_tables import differences_table, shared_table, statistics_table, table_wide
from qv_desktop.ui.models.run_tables import symbols

if TYPE_CHECKING:
    from qv_desktop.ui.chart.compared_curves import ComparedCurves

CURVES, STATISTICS, DIFFERENCES = "Curves", "Statistics", "What differs"
BESIDE, BROAD = 720, 520  # px from which curves and tables stand beside each other, and names beside the choice
INKS = ("ACCENT", "YELLOW", "PINK", "CYAN", "LIME", "ORANGE")
EMPTY = "Choose 2 to 6 runs in the list, with Ctrl and the mouse, and press Compare."


class ComparePage(QWidget):
    """Shows one comparison; wide, the curves stand beside the tables, narrow, one of them is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: RunComparison | None = None
        self._curves: ComparedCurves | None = None
        self.choice = theme.Segmented((CURVES, STATISTICS, DIFFERENCES))
        self.choice.setFixedWidth(270)
        self.names = QLabel()
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.names.setFont(theme.small())
        self.names.setWordWrap(True)
        self.names.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._left, self._right = QStackedWidget(), QStackedWidget()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._empty = theme.label(EMPTY, "hint")
        self._waiting: list[Callable[[], object]] = []  # tables that are to be built
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self._build_next)
        self._build()
        self._dress()

    def _build(self) -> None:
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._left)
        self._split.addWidget(self._right)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        self._head = QWidget()
        self._row = across(self.names, self.choice, spacing=6)
        self._row.setContentsMargins(10, 0, 8, 0)
        self._row.setStretch(0, 1)
        self._head.setLayout(self._row)
        for part in (self._head, self._split, self._empty):
            column.addWidget(part, 0 if part is self._head else 1)
        self.choice.chosen.connect(lambda _: self._dress())

    @property
    def curves(self) -> "ComparedCurves":
        """Built when first needed, for pyqtgraph takes long to load."""
        if self._curves is None:
            from qv_desktop.ui.chart.compared_curves import ComparedCurves

            self._curves = ComparedCurves()
            self._left.addWidget(self._curves)
        return self._curves

    def show_comparison(self, told: RunComparison, curves: ComparedRuns | None = None) -> None:
        """Draw a comparison in place of the last one; ``curves`` are its arrays, where they are made already."""
        self.shown = told
        self.names.setText("<br>".join(_named(place, run) for place, run in enumerate(told.runs)))
        self.curves.show_runs(curves or compared_curves(told.runs))
        while (gone := self._right.widget(0)) is not None:
            self._right.removeWidget(gone)
            gone.deleteLater()
        differing = QSplitter(Qt.Orientation.Vertical)
        differing.setHandleWidth(1)
        differing.setChildrenCollapsible(False)
        self._waiting = [
            lambda: self._right.insertWidget(0, statistics_table(told)), lambda: differing.addWidget(differences_table(told)),
            lambda: differing.addWidget(shared_table(told.shared)),
        ]  # fmt: skip
        self._right.addWidget(differing)
        self._soon.start()
        self._share()
        self._dress()

    def _build_next(self) -> None:
        """One table after another, each in a turn of its own: together they would cost the window a frame."""
        if self._waiting:
            self._waiting.pop(0)()
        if self._waiting:
            self._soon.start()
        else:
            self._dress()

    def _share(self) -> None:
        """The tables get the room that their columns need, up to six tenths; the curves the rest."""
        if self.shown is not None:
            tables = min(table_wide(len(self.shown.runs)), self.width() * 6 // 10)
            self._split.setSizes([max(1, self.width() - tables), tables])

    def _dress(self) -> None:
        known, wide = self.shown is not None, self.width() >= BESIDE
        self._empty.setVisible(not known)
        self._head.setVisible(known)
        self._split.setVisible(known)
        self.choice.segment(CURVES).setVisible(not wide)
        if wide and self.choice.choice() == CURVES:
            self.choice.choose(STATISTICS)
        chosen = self.choice.choice()
        self._left.setVisible(wide or chosen == CURVES)
        self._right.setVisible(wide or chosen != CURVES)
        self._right.setCurrentIndex(self._right.count() - 1 if chosen == DIFFERENCES else 0)
        self.choice.setFixedWidth(190 if wide else min(270, max(60, self.width() - 18)))
        way = QBoxLayout.Direction.LeftToRight if self.width() >= BROAD else QBoxLayout.Direction.TopToBottom
        if self._row.direction() != way:
            self._row.setDirection(way)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()
        self._dress()


def _named(place: int, run: BacktestResult) -> str:
    """A run with its letter in its colour."""
    spec = run.spec
    parameters = " ".join(f"{name} {value:g}" for name, value in spec.parameters)
    words = escape(f"{spec.strategy} v{spec.version} · {symbols(spec.symbols)} {spec.timeframe} · {parameters}")
    return f"<span style='color:{theme.color(INKS[place]).name()}'><b>{LETTERS[place]}</b></span>&nbsp; {words}"
