"""The equity of several runs over one axis of time, each from 100 % at its own first bar."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QLabel

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.market import timeframe
from qv_desktop.domain.run_comparison import LETTERS
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.equity import AXIS_WIDE, Moments, Values

INKS = ("ACCENT", "YELLOW", "PINK", "CYAN", "LIME", "ORANGE")  # of the runs in turn
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.SolidLine, Qt.PenStyle.SolidLine,
          Qt.PenStyle.DashLine, Qt.PenStyle.DashLine, Qt.PenStyle.DashLine)  # fmt: skip


class ComparedCurves(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph ships no types
    """The pointer reads every run at a moment; the wheel zooms in time, a double click shows all again."""

    def __init__(self) -> None:
        super().__init__()
        self.setBackground(theme.color("BG1"))
        self.setMinimumSize(160, 90)
        self.setAccessibleName("Curves of the compared runs")
        self._runs: Sequence[BacktestResult] = ()
        self._at: np.ndarray[Any, np.dtype[np.int64]] = np.empty(0, dtype=np.int64)
        self._gains: list[np.ndarray[Any, np.dtype[np.float64]]] = []  # run -> gain at each of its bars
        self._moments = Moments()
        self._plot = self.addPlot(row=0, col=0, axisItems={"bottom": self._moments, "right": Values(True)})
        self._legend = QLabel(self)
        self._rule = pg.InfiniteLine(angle=90, pen=QPen(theme.color("CROSS"), 0, Qt.PenStyle.DashLine))
        self._set_manner()
        self.scene().sigMouseMoved.connect(self._read)

    def _set_manner(self) -> None:
        plot = self._plot
        plot.hideAxis("left")
        plot.showAxis("right")
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=True, y=False)
        plot.vb.setLimits(minXRange=10)
        plot.vb.setAutoVisible(y=True)
        plot.showGrid(x=True, y=True, alpha=0.2)
        for name in ("bottom", "right"):
            axis = plot.getAxis(name)
            axis.setPen(pg.mkPen(theme.LINE))
            axis.setTextPen(pg.mkPen(theme.TX2))
            axis.setTickFont(theme.small())
            axis.setStyle(tickLength=0, tickTextOffset=6)
        plot.getAxis("right").setWidth(AXIS_WIDE)
        self.ci.layout.setContentsMargins(0, 0, 0, 0)
        self._legend.setFont(theme.small())
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._legend.move(10, 6)

    def show_runs(self, runs: Sequence[BacktestResult]) -> None:
        """Draw the runs in this order."""
        self._runs = [run for run in runs if run.at]
        self._plot.clear()
        self._plot.addItem(self._rule, ignoreBounds=True)
        self._rule.hide()
        if not self._runs:
            self._legend.clear()
            return
        self._at = np.unique(np.concatenate([np.array(run.at, dtype=np.int64) for run in self._runs]))
        intraday = any(timeframe(run.spec.timeframe).intraday for run in self._runs)
        self._moments.take(self._at, intraday)
        self._gains = [_gain(run) for run in self._runs]
        for place, run in enumerate(self._runs):
            pen = QPen(theme.color(INKS[place]), 0, DASHES[place])
            curve = self._plot.plot(
                np.searchsorted(self._at, np.array(run.at, dtype=np.int64)), self._gains[place], pen=pen, antialias=True
            )
            curve.setDownsampling(auto=True, method="peak")
            curve.opts["autoDownsampleFactor"] = 1.0  # two points for each pixel are all that can be seen
            curve.setClipToView(True)
        self._show_all()
        self._say(len(self._at) - 1)

    def _show_all(self) -> None:
        if len(self._at):
            self._plot.setXRange(0, max(1, len(self._at) - 1), padding=0.01)
        self._plot.enableAutoRange(axis="y")

    def _say(self, index: int) -> None:
        """What each run had made by a moment."""
        moment, lines = int(self._at[index]), list[str]()
        for place, run in enumerate(self._runs):
            bar = int(np.searchsorted(np.array(run.at, dtype=np.int64), moment, side="right")) - 1
            words = format.percent(float(self._gains[place][bar])) if bar >= 0 else format.UNKNOWN
            lines.append(
                f"<span style='color:{theme.color(INKS[place]).name()}'><b>{LETTERS[place]}</b>&nbsp; {words}</span>"
            )
        when = self._moments.moment(index) if index < len(self._at) - 1 else ""
        self._legend.setText("&nbsp;&nbsp;&nbsp;".join([*lines, f"<span style='color:{theme.TX2}'>{when}</span>"]))
        self._legend.adjustSize()

    def _read(self, at: QPointF) -> None:
        if not len(self._at):
            return
        index = round(self._plot.vb.mapSceneToView(at).x())
        inside = 0 <= index < len(self._at) and self.rect().contains(at.toPoint())
        self._rule.setVisible(inside)
        self._rule.setValue(index)
        self._say(index if inside else len(self._at) - 1)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        self._show_all()


def _gain(run: BacktestResult) -> "np.ndarray[Any, np.dtype[np.float64]]":
    equity = np.array(run.equity, dtype=np.float64)
    return equity / (equity[0] or 1.0) - 1.0
