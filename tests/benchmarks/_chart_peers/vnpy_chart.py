"""vnpy's chart as the benchmark drives it; run by the Python of the isolated environment.

Used as its chart wizard does: a `ChartWidget` with candles and volume, `update_history`, `update_bar` for a live bar. It is looked
around in by the range of its first plot, to which the other is linked, as a mouse's drag does. It has no studies.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from pyqtgraph.Qt import QtCore
from vnpy.chart import CandleItem, ChartWidget, VolumeItem
from vnpy.trader.constant import Exchange, Interval
from vnpy.trader.object import BarData

from tests.benchmarks._chart_market import Candle, Market
from tests.benchmarks._chart_measures import Sizes
from tests.benchmarks._chart_peers.qt import Watched, Window
from tests.benchmarks._chart_peers.telling import tell

SIZES = Sizes(pan=100_000, live=100_000, first=100_000, four=10_000, seconds=6.0)


def bar(start: int, opened: float, high: float, low: float, close: float, volume: float) -> BarData:
    """A bar of theirs."""
    return BarData(gateway_name="BENCH", symbol="TEST", exchange=Exchange.NASDAQ, interval=Interval.MINUTE,
                   datetime=datetime.fromtimestamp(start // 1_000_000_000, UTC), volume=volume, open_price=opened,
                   high_price=high, low_price=low, close_price=close)  # fmt: skip


class VnpyChart(Watched):
    """One widget with a plot of candles and one of volume."""

    def __init__(self) -> None:
        self.widget = ChartWidget()
        self.widget.add_plot("candle", hide_x_axis=True)
        self.widget.add_plot("volume", maximum_height=200)
        self.widget.add_item(CandleItem, "candle", "candle")
        self.widget.add_item(VolumeItem, "volume", "volume")
        super().__init__(self.widget.viewport())

    def show(self, history: Sequence[BarData]) -> None:
        """Bars on the screen."""
        self.widget.update_history(list(history))

    def look(self, left: float, right: float) -> None:
        """Other bars in view."""
        self.widget.get_plot("candle").setRange(xRange=(left, right), padding=0)

    def tick(self, candle: Candle) -> BarData:
        """The live bar as a bar of theirs."""
        return bar(candle.start, candle.open, candle.high, candle.low, candle.close, candle.volume)

    def update(self, tick: BarData) -> None:
        """As a live bar reaches the widget."""
        self.widget.update_bar(tick)


class Vnpy(Window):
    """Makes vnpy's charts."""

    def history(self, bars: Market) -> list[BarData]:
        """Bars as update_history takes them."""
        return [bar(*row) for row in bars.rows]

    def window(self, count: int, *, studies: bool) -> list[VnpyChart]:
        """One chart or four; there are no studies to show."""
        charts = [VnpyChart() for _ in range(count)]
        self.fill([[chart.widget] for chart in charts])
        return charts


if __name__ == "__main__":
    tell(Vnpy(), SIZES, version("vnpy"), QtCore.QLibraryInfo.version().toString())
