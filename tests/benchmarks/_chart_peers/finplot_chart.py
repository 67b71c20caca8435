"""finplot's chart as the benchmark drives it; run by the Python of the isolated environment.

Used as its examples do: `candlestick_ochl` of a DataFrame, `update_data` of the whole frame for a live bar, and `update_y_zoom`,
which its wheel and its keys call, to look around. It draws candles alone (ours draws volume and three studies besides), save in
the four charts, where averages and a strength index are added. Frames of pandas and studies are computed off the clock. It runs
on PySide6 instead of PyQt6, which made no difference to its figures.
"""

from collections.abc import Sequence
from typing import Any

import finplot as fplt
import numpy as np
import pandas as pd
from pyqtgraph.Qt import QtCore, QtWidgets

from tests.benchmarks._chart_market import Candle, Market
from tests.benchmarks._chart_measures import Sizes
from tests.benchmarks._chart_peers.qt import Watched, Window
from tests.benchmarks._chart_peers.telling import tell

SIZES = Sizes(pan=1_000_000, live=500_000, first=100_000, four=10_000, seconds=6.0)
RECENT = 600  # bars from which a study's last value is computed anew


def averaged(frame: pd.DataFrame, period: int) -> pd.Series:
    """The exponential average of closes."""
    return frame.close.ewm(span=period, adjust=False).mean()


def strength(frame: pd.DataFrame, period: int = 14) -> pd.Series:
    """Wilder's relative strength index of closes."""
    change = frame.close.diff()
    gains, losses = (
        part.ewm(alpha=1 / period, adjust=False).mean() for part in (change.clip(lower=0), -change.clip(upper=0))
    )
    return 100 * gains / (gains + losses).replace(0, np.nan)


STUDIES = (lambda frame: averaged(frame, 9), lambda frame: averaged(frame, 30), strength)


class FinplotChart(Watched):
    """Candles in one plot and, where studies are asked for, a second plot below."""

    def __init__(self, axes: Sequence[Any], *, studies: bool) -> None:
        super().__init__(axes[0].ax_widget.viewport())
        self.axes, self._studies = axes, studies
        self._candles: Any = None
        self._lines: list[Any] = []
        self._frame: pd.DataFrame | None = None  # what a person who uses it has to keep for updates
        self._values: list[pd.Series] = []

    def show(self, history: pd.DataFrame) -> None:
        """Bars on the screen."""
        self._candles = fplt.candlestick_ochl(history, ax=self.axes[0])
        if self._studies:
            self._values = [study(history) for study in STUDIES]
            places = (self.axes[0], self.axes[0], self.axes[1])
            self._lines = [
                fplt.plot(history.time, values, ax=ax) for values, ax in zip(self._values, places, strict=True)
            ]
        fplt.refresh()

    def look(self, left: float, right: float) -> None:
        """Other bars in view."""
        self.axes[0].vb.update_y_zoom(left, right)

    def tick(self, candle: Candle) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        """The whole frame with its last bar as it is now, and the studies' frames."""
        if self._frame is None:
            self._frame = self._candles.datasrc.df.iloc[:, :5].copy()
            self._frame.columns = ["time", "open", "close", "high", "low"]
        row = [candle.start, candle.open, candle.close, candle.high, candle.low]
        if self._frame.time.iloc[-1] == candle.start:
            self._frame.iloc[-1, 1:] = row[1:]
        else:
            self._frame = pd.concat((self._frame, pd.DataFrame([row], columns=self._frame.columns)), ignore_index=True)
        return self._frame.copy(), self._studied(self._frame)

    def _studied(self, frame: pd.DataFrame) -> list[pd.DataFrame]:
        out = []
        for i, study in enumerate(STUDIES if self._studies else ()):
            values = self._values[i].reindex(frame.index).copy()
            values.iloc[-1] = study(frame.iloc[-RECENT:]).iloc[-1]
            self._values[i] = values
            out.append(pd.DataFrame({"time": frame.time, "value": values}))
        return out

    def update(self, tick: tuple[pd.DataFrame, list[pd.DataFrame]]) -> None:
        """The live bar and the studies' last values."""
        frame, values = tick
        self._candles.update_data(frame)
        for line, studied in zip(self._lines, values, strict=True):
            line.update_data(studied)


class Finplot(Window):
    """Makes finplot's charts as widgets, as its examples for docks do."""

    def history(self, bars: Market) -> pd.DataFrame:
        """The frame that candlestick_ochl wants."""
        columns = {"open": bars.open, "close": bars.close, "high": bars.high, "low": bars.low}
        return pd.DataFrame({"time": pd.to_datetime(bars.start, utc=True), **columns})

    def window(self, count: int, *, studies: bool) -> list[FinplotChart]:
        """One chart or four."""
        charts, rows = [], []
        for _ in range(count):
            master = QtWidgets.QWidget()
            made = fplt.create_plot_widget(master, rows=2 if studies else 1, init_zoom_periods=250)
            axes = made if isinstance(made, list) else [made]
            master.axs = axes
            rows.append([ax.ax_widget for ax in axes])
            charts.append(FinplotChart(axes, studies=studies))
        self.fill(rows)
        return charts

    def close(self) -> None:
        """The window, and what finplot keeps of it."""
        fplt.windows.clear()
        fplt.overlay_axs.clear()
        fplt.master_data.clear()
        fplt.last_ax = None
        super().close()


if __name__ == "__main__":
    tell(Finplot(), SIZES, fplt.__version__, QtCore.QLibraryInfo.version().toString())
