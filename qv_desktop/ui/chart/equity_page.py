"""A backtest's curves under a line that says what they are; a sentence stands here until there are any."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.ui import theme

if TYPE_CHECKING:
    from qv_desktop.ui.chart.equity import EquityPlot

EMPTY = "Choose a strategy and press Ctrl+Enter: the curves, statistics and trades of the run stand here."


class EquityPage(QWidget):
    """Heading, origin of the figures, a logarithmic switch, and the curves."""

    def __init__(self) -> None:
        super().__init__()
        self._plot: EquityPlot | None = None
        self._waiting: BacktestResult | None = None  # not drawn yet, for nobody sees the page
        self._heading, self._origin = QLabel(), theme.label("", "hint")
        self._log = theme.button("Log", "ghost")
        self._empty = QLabel(EMPTY)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(self._header())
        self._empty.setFont(theme.body())
        self._empty.setStyleSheet(f"color:{theme.TX1}; padding:16px;")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._column.addWidget(self._empty, 1)
        self._log.hide()

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 2, 8, 2)
        row.setSpacing(10)
        self._heading.setFont(theme.bold())
        self._origin.setMinimumWidth(10)
        self._log.setCheckable(True)
        self._log.setFixedHeight(22)
        self._log.setToolTip("Equal ratios as equal heights")
        row.addWidget(self._heading)
        row.addWidget(self._origin, 1)
        row.addWidget(self._log)
        return row

    @property
    def plot(self) -> "EquityPlot":
        """The curves; built when they are first needed, for pyqtgraph takes long to load and the window opens without it."""
        if self._plot is None:
            from qv_desktop.ui.chart.equity import EquityPlot

            self._plot = EquityPlot()
            self._log.toggled.connect(self._plot.set_log)
            self._column.addWidget(self._plot, 1)
            self._plot.show()
        return self._plot

    def show_result(self, run: BacktestResult) -> None:
        """Say which run on which data it is, and draw it as soon as somebody sees the page."""
        self._empty.hide()
        self._log.show()
        spec = run.spec
        self._heading.setText(f"{spec.strategy} v{spec.version} · {spec.symbol} {spec.timeframe}")
        self._origin.setText(f"{run.bars:,} bars · {run.seconds:.2f} s · data {run.data_hash[:6]} · code {run.code_hash[:6]}"
                             f" · {run.engine}")  # fmt: skip
        self._origin.setToolTip(f"data {run.data_hash}\ncode {run.code_hash}\nterms {run.spec_hash}")
        self._waiting = run
        if self.isVisible():
            self._draw()

    def _draw(self) -> None:
        run, self._waiting = self._waiting, None
        if run is not None:
            self.plot.show_result(run)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def text(self) -> str:
        """What the page says, for a screen reader."""
        return f"{self._heading.text()}, {self._origin.text()}" if self._empty.isHidden() else EMPTY
