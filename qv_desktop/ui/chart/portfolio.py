"""The account's equity over a period: one curve with holes where nothing is known, its baseline, and the money that came and went."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QLabel

from qv_desktop.domain.account_history import ACTIVITIES, MOVED, Curve, profit
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.curve_panes import AXIS_WIDE, Moments, Values, dress
from qv_desktop.ui.chart.run_curves import bars_of

DAY = 86_400
SIGN = 9  # px of a mark for money that came or went


class Dollars(Values):
    """The axis of dollars: as many digits as it takes to tell one line from the next."""

    def __init__(self) -> None:
        super().__init__(percent=False)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Their words: in thousands only while the steps are so wide."""
        if spacing >= 1000:
            return super().tickStrings(values, scale, spacing)
        return [format.price(value, 0 if spacing >= 1 else 2) for value in values]


class PortfolioPlot(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph ships no types
    """Shows one curve; the pointer reads out a point, the wheel zooms in time, a double click shows all again."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(160, 80)
        self.setAccessibleName("Equity of the account")
        self._curve: Curve | None = None
        self._moments, self._dollars = Moments(), Dollars()
        self._plot = self._plotted()
        self._line = self._plot.plot(connect="finite", antialias=True)
        self._lone = self._marks("o", 4)
        self._flows = {True: self._marks("t1", SIGN), False: self._marks("t", SIGN)}  # came in -> its marks
        self._base = pg.InfiniteLine(angle=0)
        self._plot.addItem(self._base, ignoreBounds=True)
        self._rules = [self._rule(90), self._rule(0)]
        self._legend = self._words()
        self.scene().sigMouseMoved.connect(self._read)
        self.ci.layout.setContentsMargins(0, 0, 0, 0)
        theme.follow(self, self._dress)

    def _dress(self) -> None:
        self.setBackground(theme.color("BG1"))
        self._line.setPen(pg.mkPen(theme.ACCENT, width=1.5))
        self._base.setPen(QPen(theme.color("TX2"), 0, Qt.PenStyle.DashLine))
        for marks in (self._lone, *self._flows.values()):
            marks.setPen(pg.mkPen(theme.color("BG1")))
        for rule in self._rules:
            rule.setPen(QPen(theme.color("CROSS"), 0, Qt.PenStyle.DashLine))
        if self._curve is not None:
            self._draw(self._curve)
            self._say(None)

    def _plotted(self) -> Any:
        plot = self.addPlot(row=0, col=0, axisItems={"bottom": self._moments, "right": self._dollars})
        plot.hideAxis("left")
        plot.showAxis("right")
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=True, y=False)
        plot.setDefaultPadding(0.06)
        plot.vb.setLimits(minXRange=4)
        plot.vb.setAutoVisible(y=True)
        plot.showGrid(x=True, y=True, alpha=0.2)
        for axis in (self._moments, self._dollars):
            dress(axis, None)
        self._dollars.setWidth(AXIS_WIDE + 8)
        return plot

    def _marks(self, symbol: str, size: int) -> Any:
        marks = pg.ScatterPlotItem(symbol=symbol, size=size, pxMode=True)
        self._plot.addItem(marks)
        return marks

    def _rule(self, angle: int) -> Any:
        rule = pg.InfiniteLine(angle=angle)
        rule.hide()
        self._plot.addItem(rule, ignoreBounds=True)
        return rule

    def _words(self) -> QLabel:
        words = QLabel(self)
        words.setFont(theme.small())
        words.setTextFormat(Qt.TextFormat.RichText)
        words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        words.move(10, 4)
        return words

    def show_curve(self, curve: Curve) -> None:
        """Draw a period; another period is shown whole, the same one keeps what is zoomed to."""
        before, self._curve = self._curve, curve
        stamps = tuple(int(point.at.timestamp()) * 1_000_000_000 for point in curve.points)
        self._moments.take(bars_of(stamps, curve.timeframe != "1D"))
        self._draw(curve)
        if before is None or before.period is not curve.period:
            self.show_all()
        self._say(None)

    def show_all(self) -> None:
        """Bring every point into view."""
        count = len(self._curve.points) if self._curve is not None else 0
        self._plot.setXRange(0, max(1, count - 1), padding=0.02)
        self._plot.enableAutoRange(axis="y")

    def _draw(self, curve: Curve) -> None:
        values = heights(curve)
        ink = theme.color(format.trend(profit(curve)).replace("TX1", "ACCENT"))
        self._line.setPen(pg.mkPen(ink, width=1.5))
        base = curve.baseline
        ground = QColor(ink)
        ground.setAlpha(38)
        self._line.setFillLevel(None if base is None or np.isnan(values).any() else float(base))
        self._line.setFillBrush(ground)
        self._line.setData(np.arange(len(values), dtype=np.float64), values)
        alone = lone(values)
        self._lone.setData(x=alone.astype(np.float64), y=values[alone], brush=ink)
        self._base.setVisible(base is not None)
        if base is not None:
            self._base.setValue(float(base))
        self._mark(curve, values)

    def _mark(self, curve: Curve, values: NDArray[np.float64]) -> None:
        """Money from and to outside, on the curve; where that has a hole, at its last known height."""
        for came, marks in self._flows.items():
            places = [place for place, point in enumerate(curve.points) if point.flow and (point.flow > 0) == came]
            known = [(place, height) for place in places if (height := _height(values, place)) is not None]
            marks.setData(x=[place for place, _ in known], y=[height for _, height in known],
                          brush=theme.color("VIOLET" if came else "WARN"))  # fmt: skip

    def _say(self, index: int | None) -> None:
        """The legend at a point, or how to read the marks while none is pointed at."""
        if self._curve is not None:
            self._legend.setText(legend(self._curve, index, self._moments.moment))
            self._legend.adjustSize()

    def _read(self, at: QPointF) -> None:
        curve = self._curve
        if curve is None or not curve.points:
            return
        index = round(self._plot.vb.mapSceneToView(at).x())
        inside = 0 <= index < len(curve.points) and self.rect().contains(at.toPoint())
        value = curve.points[index].equity if inside else None
        for rule, seen, place in zip(self._rules, (inside, value is not None), (index, value), strict=True):
            rule.setVisible(seen)
            if seen:
                rule.setValue(float(place or 0))
        self._say(index if inside else None)

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        for rule in self._rules:
            rule.hide()
        self._say(None)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        self.show_all()

    @property
    def words(self) -> str:
        """What the legend says, as rich text."""
        return self._legend.text()


def heights(curve: Curve) -> NDArray[np.float64]:
    """Equity of each point in dollars, NaN for a hole."""
    return np.array([np.nan if p.equity is None else float(p.equity) for p in curve.points], dtype=np.float64)


def lone(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Points with a hole on either side, which no line would show."""
    known = ~np.isnan(values)
    padded = np.concatenate(([False], known, [False]))
    return np.flatnonzero(known & ~padded[:-2] & ~padded[2:]).astype(np.int64)


def _height(values: NDArray[np.float64], place: int) -> float | None:
    known = np.flatnonzero(~np.isnan(values[: place + 1]))
    return float(values[known[-1]]) if len(known) else None


def legend(curve: Curve, index: int | None, moment: Any) -> str:
    """What stands over the curve at a point: time, equity, change since the baseline, and money that came or went."""
    hint = theme.TX2
    if index is None:
        return f"<span style='color:{hint}'>{'&nbsp; '.join(_keys(curve))}</span>"
    point = curve.points[index]
    parts = [f"<span style='color:{hint}'>{moment(index)}</span>", f"<b>{format.money(point.equity)}</b>"]
    if point.equity is not None and curve.baseline is not None:
        change = point.equity - curve.baseline
        parts.append(
            f"<span style='color:{theme.color(format.trend(change)).name()}'>{format.signed_money(change)}</span>"
        )
    return "&nbsp; ".join(parts + _flow_words(curve.flows.get(index, ())))


def _keys(curve: Curve) -> list[str]:
    """What the dashed line is, and the marks when there are any."""
    of = f" of {curve.base_of}" if curve.base_of is not None and curve.baseline == curve.base else ""
    keys = [f"┄ baseline {format.money(curve.baseline)}{of}"] if curve.baseline is not None else []
    if any(point.flow for point in curve.points):
        inks = {"▲</span> in": "VIOLET", "▼</span> out": "WARN"}
        keys += [f"<span style='color:{theme.color(token).name()}'>{words}" for words, token in inks.items()]
    return keys


def _flow_words(flows: Sequence[tuple[str, Any]]) -> list[str]:
    return [f"<span style='color:{theme.color('VIOLET' if code in MOVED else 'TX1').name()}'>"
            f"{escape(ACTIVITIES[code][1] if code in ACTIVITIES else f'UNKNOWN ({code})')} {format.signed_money(dollars)}</span>"
            for code, dollars in flows]  # fmt: skip
