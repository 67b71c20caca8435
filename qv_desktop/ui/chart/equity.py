"""A backtest's curves: equity against its benchmark, the drawdown and the exposure below, on one axis of bars."""

from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QResizeEvent

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.curve_panes import Panes, Values, ink, words
from qv_desktop.ui.chart.run_curves import Floats, RunCurves, curves_of
from qv_desktop.ui.models.run_tables import symbols

BENCHMARK, EXPOSURE = "CROSS", "BLUE"
ROOMY = 230  # px of height from which the exposure has room
MOST = 16_777_215.0  # px: as high as may be
TOP, LOW, FOOT = 0, 1, 2  # panes


class EquityPlot(Panes):
    """Shows one result; the pointer reads out a bar, the wheel zooms in time, a double click shows all again."""

    _built = False  # pyqtgraph resizes while it is being built

    def __init__(self) -> None:
        self._result: BacktestResult | None = None
        self._curves: RunCurves | None = None
        self._log, self._wants_exposure = False, True
        self._dollars = Values(False)
        super().__init__(self._dollars, Values(True), Values(True, sign=False))
        self.setAccessibleName("Equity curve")
        self._benchmark = self.curve(TOP, lambda: pg.mkPen(theme.color(BENCHMARK).name(), width=1))
        self._equity = self.curve(TOP, lambda: pg.mkPen(theme.ACCENT, width=1))
        self._drawdown, self._exposure = self.filled(LOW, "DOWN"), self.filled(FOOT, EXPOSURE)
        self._legend, self._depth, self._held = words(self), words(self), words(self)
        self._built = True
        self.scene().sigMouseMoved.connect(self._read)
        self._arrange()

    def dress(self) -> None:
        super().dress()
        if self._built and self._result is not None:
            self._say(len(self._result.at) - 1)

    def show_result(self, result: BacktestResult | None, curves: RunCurves | None = None) -> None:
        """Draw a result's curves, all of them in view; None clears. ``curves`` are its arrays, where they are made already."""
        self._result = result
        if result is None:
            self._curves = None
            for curve in (self._equity, self._benchmark):
                curve.clear()
            for filled in (self._drawdown, self._exposure):
                filled.show_values(np.empty(0))
            for label in (self._legend, self._depth, self._held):
                label.clear()
            return
        self._curves = curves or curves_of(result)
        self.moments.take(self._curves.bars)
        self._arrange()
        self._draw()
        self.show_all(len(result.at))
        self._say(len(result.at) - 1)

    def set_log(self, on: bool) -> None:
        """Equal ratios as equal heights."""
        self._log = self._dollars.log = on
        self._draw()

    def set_exposure(self, on: bool) -> None:
        """Whether the exposure is shown where there is room for it."""
        self._wants_exposure = on
        self._arrange()

    def _arrange(self) -> None:
        """The heights of the panes."""
        known = self._result is None or bool(self._result.exposure)
        shown = self._wants_exposure and known and self.height() >= ROOMY
        layout = self.ci.layout
        for part in (self.views[FOOT], self.axes[FOOT], self._held):
            part.setVisible(shown)
        layout.setRowMaximumHeight(FOOT, MOST if shown else 0.0)
        for row, share in enumerate((62, 22, 16, 0) if shown else (70, 30, 0, 0)):
            layout.setRowStretchFactor(row, share)
        layout.activate()
        self._place()

    def _draw(self) -> None:
        found = self._curves
        if found is None:
            return
        x = np.arange(len(found.equity), dtype=np.float64)
        for curve, y in ((self._equity, found.equity), (self._benchmark, found.benchmark)):
            curve.setData(x[: len(y)], np.log10(np.maximum(y, 1e-9)) if self._log else y)
        self._drawdown.show_values(found.drawdown)
        self._exposure.show_values(found.exposure)

    def _say(self, index: int) -> None:
        """The legend at a bar: equity and benchmark in dollars and percent by then, the drawdown and the exposure."""
        result, found = self._result, self._curves
        if result is None or found is None or not len(found.equity):
            return
        when = self.moments.moment(index) if index < len(found.equity) - 1 else ""
        held = escape(result.spec.benchmark or f"{symbols(result.spec.symbols)} held")
        name = escape(f"{result.spec.strategy} v{result.spec.version}")
        self._legend.setText(
            f"{ink('ACCENT', name)} {_gain(found.equity, index, 'ACCENT')}<br>"
            f"{ink(BENCHMARK, held)} {_gain(found.benchmark, index, BENCHMARK)}&nbsp;&nbsp;{ink('TX2', when)}"
        )
        depth = found.drawdown[index] if when and index < len(found.drawdown) else found.deepest
        self._depth.setText(ink("DOWN", f"drawdown&nbsp; {format.percent(float(depth), 1)}"))
        if len(found.exposure):
            now = float(found.exposure[index]) if when else found.held
            told = f"exposure&nbsp; {format.percent(now, 0, sign=False)}{'' if when else ' on average'}"
            self._held.setText(ink(EXPOSURE, told))
        for label in (self._legend, self._depth, self._held):
            label.adjustSize()
        self._place()

    def _place(self) -> None:
        """The words of the lower panes at their feet."""
        for label, view in ((self._depth, self.views[LOW]), (self._held, self.views[FOOT])):
            box = view.sceneBoundingRect()
            label.move(7, max(0, int(box.bottom()) - label.height() - 3))

    def _read(self, at: QPointF) -> None:
        if self._curves is None or not len(self._curves.equity):
            return
        index, last = round(self.views[TOP].mapSceneToView(at).x()), len(self._curves.equity) - 1
        inside = 0 <= index <= last and self.rect().contains(at.toPoint())
        self.point(index if inside else None)
        self._say(index if inside else last)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        if self._curves is not None:
            self.show_all(len(self._curves.equity))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._built:
            self._arrange()


def _gain(values: Floats, index: int, token: str) -> str:
    """What a curve had made by a bar, and what it stood at."""
    if index >= len(values) or not values[0]:
        return format.UNKNOWN
    now = float(values[index])
    return ink(token, f"<b>{format.percent(now / float(values[0]) - 1)}</b>&nbsp; {format.money(now)}")
