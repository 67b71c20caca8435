"""A backtest's curves under a line that says what they are; a sentence stands here until there are any."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.look_ahead import LookAhead
from qv_desktop.ui import theme
from qv_desktop.ui.chart.run_curves import RunCurves
from qv_desktop.ui.models.look_ahead_chip import LookAheadChip
from qv_desktop.ui.models.plain_tip import plain_tip
from qv_desktop.ui.models.run_tables import symbols

if TYPE_CHECKING:
    from qv_desktop.ui.chart.equity import EquityPlot

ROOMY = 460  # px from which the header has room for words
EMPTY = "Choose a strategy and press Ctrl+Enter: the curves, statistics and trades of the run stand here."


class EquityPage(QWidget):
    """Heading, what was missing, origin of the figures, switches, and the curves. ``record_asked``: more of what was missing."""

    record_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._plot: EquityPlot | None = None
        self._run: BacktestResult | None = None
        self._waiting: tuple[BacktestResult, RunCurves | None] | None = None  # not drawn yet, for nobody sees the page
        self._heading, self._origin = theme.label("", "value"), theme.label("", "hint")
        self._log, self._exposure = theme.button("Log", "ghost"), theme.button("Exposure", "ghost")
        self.missing = theme.button("", "ghost")
        self.look_ahead, self.look_ahead_of = LookAheadChip(), _unknown  # the badge, and what is known of a run
        self._empty = QLabel(EMPTY)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(self._header())
        self._empty.setFont(theme.body())
        theme.wear(self._empty, lambda: f"color:{theme.TX1}; padding:16px;")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._column.addWidget(self._empty, 1)
        for part in (self._log, self._exposure, self.missing, self.look_ahead):
            part.hide()

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 2, 8, 2)
        row.setSpacing(10)
        self._heading.setFont(theme.bold())
        self._origin.setMinimumWidth(10)
        for switch, tip in (
            (self._log, "Equal ratios as equal heights"),
            (self._exposure, "How much of the equity was at work"),
        ):
            switch.setCheckable(True)
            switch.setFixedHeight(22)
            switch.setToolTip(tip)
        self._exposure.setChecked(True)
        self._heading.setMinimumWidth(40)
        self._origin.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.missing.setFixedHeight(20)
        self.missing.setFont(theme.small_bold())
        theme.wear(
            self.missing,
            lambda: f"QPushButton {{ {theme.chip('warning')} border:none; border-radius:4px; padding:0 8px; }}",
        )
        self.missing.clicked.connect(self.record_asked)
        row.addWidget(self._heading)
        row.addWidget(self.look_ahead)
        row.addWidget(self.missing)
        row.addWidget(self._origin, 1)
        row.addWidget(self._exposure)
        row.addWidget(self._log)
        return row

    @property
    def plot(self) -> "EquityPlot":
        """The curves; built when they are first needed, for pyqtgraph takes long to load and the window opens without it."""
        if self._plot is None:
            from qv_desktop.ui.chart.equity import EquityPlot

            self._plot = EquityPlot()
            self._plot.set_log(self._log.isChecked())
            self._plot.set_exposure(self._exposure.isChecked())
            self._log.toggled.connect(self._plot.set_log)
            self._exposure.toggled.connect(self._plot.set_exposure)
            self._column.addWidget(self._plot, 1)
            self._plot.show()
        return self._plot

    def show_result(self, run: BacktestResult, curves: RunCurves | None = None) -> None:
        """Say which run on which data it is, and draw it as soon as somebody sees the page."""
        self._empty.hide()
        self._log.show()
        self._exposure.setVisible(bool(run.exposure))
        self._run, spec = run, run.spec
        self._name_missing(run)
        self.show_look_ahead()
        self._heading.setText(f"{spec.strategy} v{spec.version} · {symbols(spec.symbols)} {spec.timeframe}")
        self._heading.setToolTip(plain_tip(spec.symbol))
        self._origin.setText(f"{run.bars:,} bars · {run.seconds:.2f} s · data {run.data_hash[:6]} · code {run.code_hash[:6]}"
                             f" · {run.engine}")  # fmt: skip
        self._origin.setToolTip(f"data {run.data_hash}\ncode {run.code_hash}\nterms {run.spec_hash}")
        self._waiting = run, curves
        if self.isVisible():
            self._draw()

    def show_look_ahead(self) -> None:
        """What is known now of the run's code."""
        self.look_ahead.setVisible(self._run is not None)
        if self._run is not None:
            self.look_ahead.shorten(self.width() < ROOMY)
            self.look_ahead.show_check(self.look_ahead_of(self._run))

    def _name_missing(self, run: BacktestResult) -> None:
        """What was missing, loudly; the sign with its number alone where there is no room for words."""
        count = len(run.missing)
        words = f"⚠ {count} gap{'' if count == 1 else 's'} in the data" if self.width() >= ROOMY else f"⚠ {count}"
        self.missing.setText(words)
        self.missing.setFixedWidth(self.missing.fontMetrics().horizontalAdvance(words) + 20)
        self.missing.setToolTip(plain_tip("\n".join(run.missing[:12])))
        self.missing.setVisible(bool(count))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._origin.setVisible(self.width() >= ROOMY)
        if self._run is not None:
            self._name_missing(self._run)
            self.look_ahead.shorten(self.width() < ROOMY)

    def _draw(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.plot.show_result(*waiting)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def text(self) -> str:
        """What the page says, for a screen reader."""
        return f"{self._heading.text()}, {self._origin.text()}" if self._empty.isHidden() else EMPTY


def _unknown(run: BacktestResult) -> LookAhead | None:
    """Nobody has said yet what is known."""
    return None
