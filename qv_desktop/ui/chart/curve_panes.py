"""Panes of curves over one axis of bars, of pyqtgraph's parts without its menus, which take longer to build than a frame lasts."""

from collections.abc import Callable
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QLabel, QWidget

from qv_desktop.ui import format, theme
from qv_desktop.ui.chart import times
from qv_desktop.ui.chart.axis import boundaries
from qv_desktop.ui.chart.filled import Filled
from qv_desktop.ui.chart.run_curves import Bars
from qv_desktop.ui.chart.strokes import faint

AXIS_WIDE, GRID = 58, 51  # px, and how opaque the grid is, of 255
FEWEST = 10  # bars that can be seen


class Moments(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph ships no types
    """The axis of bars: years, months, days or hours where they begin."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._bars: Bars | None = None
        dress(self)

    def take(self, bars: Bars) -> None:
        """The bars to write the times of."""
        self._bars = bars
        self.picture = None
        self.update()

    def moment(self, index: int) -> str:
        """A bar's time in words."""
        return times.moment(int(self._bars.local[index]), self._bars.intraday) if self._bars is not None else ""

    def tickValues(self, least: float, most: float, size: float) -> list[tuple[float, list[int]]]:
        """The bars to mark between ``least`` and ``most`` over ``size`` px."""
        ranks = self._bars.ranks if self._bars is not None else ()
        first, last = max(0, int(least)), min(len(ranks), int(most) + 1)
        if self._bars is None or first >= last:
            return []
        marks = boundaries(self._bars.ranks[first:last], size / max(most - least, 1e-9), size)
        return [(1.0, [first + i for i in marks])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Their words."""
        bars = self._bars
        if bars is None:
            return []
        return [times.label(int(bars.local[int(i)]), int(bars.ranks[int(i)]), bars.intraday) for i in values]


class Values(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph ships no types
    """The axis of dollars or of percent; ``log`` says that positions are powers of ten."""

    def __init__(self, percent: bool, sign: bool = True) -> None:
        super().__init__("right")
        self._percent, self._sign, self.log = percent, sign, False
        dress(self)
        self.setWidth(AXIS_WIDE)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Their words: whole dollars in thousands, or whole percent."""
        if self._percent:
            return [format.percent(v, 0, self._sign) for v in values]
        return [_short(10.0**v if self.log else v) for v in values]


def _short(dollars: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "K")):
        if abs(dollars) >= unit:
            return f"{dollars / unit:,.2f}".rstrip("0").rstrip(".") + name
    return f"{dollars:,.0f}"


def dress(axis: Any, grid: int | None = GRID) -> None:
    """Give an axis the theme's colours and type."""
    axis.setTickFont(theme.small())
    axis.setStyle(tickLength=0, tickTextOffset=6)
    if grid is not None:
        axis.setGrid(grid)
    theme.follow(axis, lambda: (axis.setPen(pg.mkPen(theme.LINE)), axis.setTextPen(pg.mkPen(theme.TX2))))


class Panes(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph ships no types
    """Panes under each other, then the axis of time. All show the same bars; the wheel zooms in time, values fit themselves."""

    def __init__(self, *axes: Values) -> None:
        super().__init__()
        theme.follow(self, self.dress)
        self.setMinimumSize(160, 90)
        self.moments, self.axes, self.views = Moments(), axes, list[Any]()
        layout = self.ci.layout
        layout.setHorizontalSpacing(0)
        layout.setVerticalSpacing(0)
        layout.setContentsMargins(0, 0, 0, 0)
        for row, axis in enumerate(axes):
            view = pg.ViewBox(enableMenu=False, defaultPadding=0.04)
            view.setMouseEnabled(x=True, y=False)
            view.setLimits(minXRange=FEWEST)
            view.setAutoVisible(y=True)
            self.addItem(view, row=row, col=0)
            self.addItem(axis, row=row, col=1)
            axis.linkToView(view)
            if self.views:
                view.setXLink(self.views[0])
            self.views.append(view)
        self.addItem(self.moments, row=len(axes), col=0)
        self.moments.linkToView(self.views[0])
        self.rules = [self._rule(view) for view in self.views]

    def dress(self) -> None:
        """Put the theme's colours on; called with every theme."""
        self.setBackground(theme.color("BG1"))

    def curve(self, pane: int, pen: Callable[[], QPen]) -> Any:
        """A line in a pane, thinned to what can be seen; ``pen`` makes one of the colours in force."""
        curve = pg.PlotDataItem(antialias=True)
        theme.follow(curve, lambda: curve.setPen(pen()))
        curve.setDownsampling(auto=True, method="peak")
        curve.opts["autoDownsampleFactor"] = 1.0  # two points for each pixel: more take long to paint
        self.views[pane].addItem(curve)
        curve.setClipToView(True)
        return curve

    def filled(self, pane: int, token: str) -> Filled:
        """A curve in a pane that is filled down to zero."""
        filled = Filled()
        theme.follow(filled, lambda: filled.dress(theme.color(token), faint(token, 0.33)))
        self.views[pane].addItem(filled)
        return filled

    def _rule(self, view: Any) -> Any:
        rule = pg.InfiniteLine(angle=90)
        theme.follow(rule, lambda: rule.setPen(QPen(theme.color("CROSS"), 0, Qt.PenStyle.DashLine)))
        rule.hide()
        view.addItem(rule, ignoreBounds=True)
        return rule

    def show_all(self, bars: int) -> None:
        """All bars in view, and values fitted."""
        self.views[0].setXRange(0, max(1, bars - 1), padding=0.01)
        for view in self.views:
            view.enableAutoRange(axis="y")

    def point(self, index: int | None) -> None:
        """The rule through a bar, or none."""
        for rule in self.rules:
            rule.setVisible(index is not None)
            if index is not None:
                rule.setValue(index)


def words(parent: QWidget) -> QLabel:
    """A line of words over the curves that stays legible on them."""
    label = QLabel(parent)
    label.setFont(theme.small())
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    theme.wear(label, _veil)
    label.move(7, 6)
    return label


def _veil() -> str:
    ground: QColor = theme.color("BG1")
    return f"background:rgba({ground.red()},{ground.green()},{ground.blue()},190); border-radius:3px; padding:0 3px;"


def ink(token: str, text: str) -> str:
    """Words in a colour, as rich text; what is told must be escaped."""
    return f"<span style='color:{theme.color(token).name()}'>{text}</span>"
