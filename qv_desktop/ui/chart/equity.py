"""A backtest's curves: equity against its benchmark, the drawdown and the exposure below, on one axis of bars."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen, QResizeEvent
from PySide6.QtWidgets import QLabel

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.market import timeframe
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart import times
from qv_desktop.ui.chart.axis import boundaries
from qv_desktop.ui.chart.filled import Filled
from qv_desktop.ui.chart.strokes import faint
from qv_desktop.ui.models.run_tables import symbols

AXIS_WIDE = 58  # px
BENCHMARK, EXPOSURE = "CROSS", "BLUE"
ROOMY = 230  # px of height from which the exposure has room
MOST = 16_777_215.0  # px: as high as may be


class Moments(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph ships no types
    """The axis of bars: years, months, days or hours where they begin."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._local: times.Whole = np.empty(0, dtype=np.int64)
        self._ranks: NDArray[np.int8] = np.empty(0, dtype=np.int8)
        self._intraday = False

    def take(self, at: Sequence[int] | NDArray[np.int64], intraday: bool) -> None:
        """The bars' times in ns."""
        self._local = times.local_seconds(np.array(at, dtype=np.int64))
        self._ranks, self._intraday = times.ranks(self._local), intraday
        self.picture = None

    def share(self, other: "Moments") -> None:
        """The same bars as another axis has."""
        self._local, self._ranks, self._intraday = other._local, other._ranks, other._intraday
        self.picture = None

    def moment(self, index: int) -> str:
        """A bar's time in words."""
        return times.moment(int(self._local[index]), self._intraday)

    def tickValues(self, least: float, most: float, size: float) -> list[tuple[float, list[int]]]:
        """The bars to mark between ``least`` and ``most`` over ``size`` px."""
        first, last = max(0, int(least)), min(len(self._ranks), int(most) + 1)
        if first >= last:
            return []
        marks = boundaries(self._ranks[first:last], size / max(most - least, 1e-9), size)
        return [(1.0, [first + i for i in marks])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Their words."""
        return [times.label(int(self._local[int(i)]), int(self._ranks[int(i)]), self._intraday) for i in values]


class Values(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph ships no types
    """The axis of dollars or of percent; ``log`` says that positions are powers of ten."""

    def __init__(self, percent: bool, sign: bool = True) -> None:
        super().__init__("right")
        self._percent, self._sign, self.log = percent, sign, False

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Their words: whole dollars in thousands, or whole percent."""
        if self._percent:
            return [format.percent(v, 0, self._sign) for v in values]
        return [_short(10.0**v if self.log else v) for v in values]


def _ink(ink: str, words: str) -> str:
    return f"<span style='color:{ink}'>{words}</span>"


def _short(dollars: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "K")):
        if abs(dollars) >= unit:
            return f"{dollars / unit:,.2f}".rstrip("0").rstrip(".") + name
    return f"{dollars:,.0f}"


class EquityPlot(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph ships no types
    """Shows one result; the pointer reads out a bar, the wheel zooms in time, a double click shows all again."""

    _built = False  # pyqtgraph resizes while it is being built

    def __init__(self) -> None:
        super().__init__()
        self.setBackground(theme.color("BG1"))
        self.setMinimumSize(160, 90)
        self.setAccessibleName("Equity curve")
        self._result: BacktestResult | None = None
        self._log, self._wants_exposure = False, True
        self._moments, self._times, self._dollars = Moments(), Moments(), Values(False)
        self._top = self._plot(0, {"bottom": pg.AxisItem("bottom"), "right": self._dollars})
        self._low = self._plot(1, {"bottom": self._times, "right": Values(True)})
        self._foot = self._plot(2, {"bottom": self._moments, "right": Values(True, sign=False)})
        self._top.hideAxis("bottom")
        for plot in (self._low, self._foot):
            plot.setXLink(self._top)
        self._benchmark = self._curve(self._top, theme.color(BENCHMARK).name())
        self._equity = self._curve(self._top, theme.ACCENT)
        self._drawdown, self._exposure = self._filled(self._low, "DOWN"), self._filled(self._foot, EXPOSURE)
        self._rules = [self._rule(plot) for plot in (self._top, self._low, self._foot)]
        self._legend, self._depth, self._held = self._words(), self._words(), self._words()
        self._built = True
        self.scene().sigMouseMoved.connect(self._read)
        self.ci.layout.setSpacing(0)
        self.ci.layout.setContentsMargins(0, 0, 0, 0)
        self._arrange()

    def _plot(self, row: int, axes: dict[str, Any]) -> Any:
        plot = self.addPlot(row=row, col=0, axisItems=axes)
        plot.hideAxis("left")
        plot.showAxis("right")
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=True, y=False)
        plot.setDefaultPadding(0.04)
        plot.vb.setLimits(minXRange=10)
        plot.vb.setAutoVisible(y=True)
        plot.showGrid(x=True, y=True, alpha=0.2)
        for axis in axes.values():
            axis.setPen(pg.mkPen(theme.LINE))
            axis.setTextPen(pg.mkPen(theme.TX2))
            axis.setTickFont(theme.small())
            axis.setStyle(tickLength=0, tickTextOffset=6)
        axes["right"].setWidth(AXIS_WIDE)
        return plot

    def _filled(self, plot: Any, token: str) -> Filled:
        filled = Filled(theme.color(token), faint(token, 0.33))
        plot.addItem(filled)
        return filled

    def _curve(self, plot: Any, ink: str) -> Any:
        curve = plot.plot(pen=pg.mkPen(ink, width=1), antialias=True)
        curve.setDownsampling(auto=True, method="peak")
        curve.opts["autoDownsampleFactor"] = (
            1.0  # two points for each pixel: more cannot be seen and take long to paint
        )
        curve.setClipToView(True)
        return curve

    def _rule(self, plot: Any) -> Any:
        rule = pg.InfiniteLine(angle=90, pen=QPen(theme.color("CROSS"), 0, Qt.PenStyle.DashLine))
        rule.hide()
        plot.addItem(rule, ignoreBounds=True)
        return rule

    def _words(self) -> QLabel:
        words = QLabel(self)
        words.setFont(theme.small())
        words.setTextFormat(Qt.TextFormat.RichText)
        words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        ground = theme.color("BG1")
        words.setStyleSheet(
            f"background:rgba({ground.red()},{ground.green()},{ground.blue()},190); border-radius:3px; padding:0 3px;"
        )
        words.move(7, 6)
        return words

    def show_result(self, result: BacktestResult | None) -> None:
        """Draw a result's curves, all of them in view; None clears."""
        self._result = result
        if result is None:
            for curve in (self._equity, self._benchmark):
                curve.clear()
            for filled in (self._drawdown, self._exposure):
                filled.show_values(np.empty(0))
            for words in (self._legend, self._depth, self._held):
                words.clear()
            return
        self._moments.take(result.at, timeframe(result.spec.timeframe).intraday)
        self._times.share(self._moments)
        self._arrange()
        self._draw()
        self._show_all()
        self._say(len(result.at) - 1)

    def _show_all(self) -> None:
        if self._result is not None:
            self._top.setXRange(0, max(1, len(self._result.at) - 1), padding=0.01)
        self._top.enableAutoRange(axis="y")
        self._low.enableAutoRange(axis="y")
        self._foot.enableAutoRange(axis="y")

    def set_log(self, on: bool) -> None:
        """Equal ratios as equal heights."""
        self._log = self._dollars.log = on
        self._draw()

    def set_exposure(self, on: bool) -> None:
        """Whether the exposure is shown where there is room for it."""
        self._wants_exposure = on
        self._arrange()

    def _arrange(self) -> None:
        """The heights of the panes; the axis of time stands under the last one that is shown."""
        known = self._result is None or bool(self._result.exposure)
        shown = self._wants_exposure and known and self.height() >= ROOMY
        layout = self.ci.layout
        for part in (self._foot, self._held):
            part.setVisible(shown)
        layout.setRowMaximumHeight(2, MOST if shown else 0.0)
        for row, share in enumerate((62, 22, 16) if shown else (70, 30, 0)):
            layout.setRowStretchFactor(row, share)
        self._low.showAxis("bottom", not shown)
        self._foot.showAxis("bottom", shown)
        layout.activate()
        self._place()

    def _draw(self) -> None:
        if self._result is None:
            return
        x = np.arange(len(self._result.at), dtype=np.float64)
        for curve, values in ((self._equity, self._result.equity), (self._benchmark, self._result.benchmark)):
            y = np.array(values, dtype=np.float64)
            curve.setData(x, np.log10(np.maximum(y, 1e-9)) if self._log else y)
        self._drawdown.show_values(np.array(self._result.drawdown, dtype=np.float64))
        self._exposure.show_values(np.array(self._result.exposure, dtype=np.float64))

    def _say(self, index: int) -> None:
        """The legend at a bar: equity and benchmark in dollars and percent by then, the drawdown and the exposure."""
        result = self._result
        if result is None or not result.at:
            return
        when = self._moments.moment(index) if index < len(result.at) - 1 else ""
        held = escape(result.spec.benchmark or f"{symbols(result.spec.symbols)} held")
        name = escape(f"{result.spec.strategy} v{result.spec.version}")
        self._legend.setText(
            f"{_ink(theme.ACCENT, name)} {self._gain(result.equity, index, theme.ACCENT)}<br>"
            f"{_ink(theme.color(BENCHMARK).name(), held)} {self._gain(result.benchmark, index, theme.color(BENCHMARK).name())}"
            f"&nbsp;&nbsp;{_ink(theme.TX2, when)}")  # fmt: skip
        depth = min(result.drawdown) if not when else result.drawdown[index]
        self._depth.setText(_ink(theme.DOWN, f"drawdown&nbsp; {format.percent(depth, 1)}"))
        if result.exposure:
            now = result.exposure[index] if when else sum(result.exposure) / len(result.exposure)
            words = f"exposure&nbsp; {format.percent(now, 0, sign=False)}{'' if when else ' on average'}"
            self._held.setText(_ink(theme.color(EXPOSURE).name(), words))
        for label in (self._legend, self._depth, self._held):
            label.adjustSize()
        self._place()

    def _gain(self, values: Sequence[float], index: int, ink: str) -> str:
        """What a curve had made by a bar, and what it stood at."""
        if not values or not values[0]:
            return format.UNKNOWN
        return _ink(ink, f"<b>{format.percent(values[index] / values[0] - 1)}</b>&nbsp; {format.money(values[index])}")

    def _place(self) -> None:
        """The words of the lower panes at their feet."""
        for words, plot in ((self._depth, self._low), (self._held, self._foot)):
            box = plot.vb.sceneBoundingRect()
            words.move(7, max(0, int(box.bottom()) - words.height() - 3))

    def _read(self, at: QPointF) -> None:
        if self._result is None or not self._result.at:
            return
        index = round(self._top.vb.mapSceneToView(at).x())
        inside = 0 <= index < len(self._result.at) and self.rect().contains(at.toPoint())
        for rule in self._rules:
            rule.setVisible(inside)
            rule.setValue(index)
        self._say(index if inside else len(self._result.at) - 1)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        self._show_all()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._built:
            self._arrange()
