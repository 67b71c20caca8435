"""Other symbols over a chart: loaded for the same bars, kept up with the market, and let go."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import MarketMoved
from qv_desktop.domain.market import Bar, Timeframe
from qv_desktop.ui.chart.comparison import COLOURS
from qv_desktop.wiring import Desk

if TYPE_CHECKING:
    from qv_desktop.wiring.chart import ChartWiring


type _Range = tuple[Timeframe, str, int]  # of the chart's bars: timeframe, adjustment, first start (ns)


class Comparing:
    """The symbols that one chart compares with."""

    def __init__(self, desk: Desk, chart: "ChartWiring") -> None:
        self._desk, self._chart = desk, chart
        self._bars: dict[str, list[Bar]] = {}  # symbol -> its bars, the live one last
        self._tracked: dict[str, Timeframe] = {}  # symbol -> in which timeframe its live bar is kept
        self._moved: set[str] = set()  # symbols whose live bar moved in this second
        self._owner = f"compare {chart.owner}"  # which the market data ranks behind what may cost money
        self._range: _Range | None = None  # of the bars that were asked for
        chart.panel.compare_asked.connect(lambda symbol: self._spawn(self.add(symbol)))
        chart.panel.compare_removed.connect(self.remove)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    async def add(self, symbol: str) -> None:
        """Lay a symbol over. Raises BadInput for one that is not listed, FeedDown when no vendor answers."""
        if self._desk.services.risk.instrument(symbol) is None:
            self._chart.panel.show_compare(symbol, ())
            raise BadInput(f"The broker does not list “{symbol}”; check the symbol.")
        if symbol not in self._bars and len(self._bars) >= len(COLOURS):
            raise BadInput(f"A chart compares with {len(COLOURS)} symbols at most; remove one first.")
        self._bars.setdefault(symbol, [])
        self._watch()
        await self._load(symbol)

    async def _load(self, symbol: str) -> None:
        chart, frame, adjustment = self._chart, self._chart.frame, self._chart.adjustment
        try:
            loaded = await chart.history(symbol, frame)
        except QvError:
            self._range = None  # what the chart shows next asks again
            raise
        if symbol not in self._bars or (frame, adjustment) != (chart.frame, chart.adjustment):
            return  # the person has moved on
        self._bars[symbol] = list(loaded.bars)
        self._track(symbol, frame, loaded.bars[-1] if loaded.bars else None)
        chart.panel.show_compare(symbol, loaded.bars)

    def _track(self, symbol: str, frame: Timeframe, last: Bar | None) -> None:
        market = self._desk.services.market
        if symbol in self._tracked and self._tracked[symbol] != frame:
            market.untrack(symbol, self._tracked[symbol], self._owner)
        self._tracked[symbol] = frame
        market.track(symbol, frame, last, self._owner)

    def remove(self, symbol: str) -> None:
        """Take a symbol away."""
        self._bars.pop(symbol, None)
        if symbol in self._tracked:
            self._desk.services.market.untrack(symbol, self._tracked.pop(symbol), self._owner)
        self._watch()

    def clear(self) -> None:
        """Take all away."""
        for symbol in tuple(self._bars):
            self.remove(symbol)

    def loaded(self, first: int) -> None:
        """The chart has its bars, from ``first`` (ns) on: the others follow when those are of another kind or reach further back."""
        wanted = (self._chart.frame, self._chart.adjustment, first)
        if self._range is None or self._range[:2] != wanted[:2] or first < self._range[2]:
            self._range = wanted
            for symbol in self._bars:
                self._spawn(self._load(symbol))
            return
        for symbol, bars in self._bars.items():
            if bars:  # another symbol of the same range has come under them
                self._chart.panel.show_compare(symbol, bars)

    def amended(self, symbol: str) -> None:
        """Stored bars of ``symbol`` changed."""
        if symbol in self._bars:
            self._spawn(self._load(symbol))

    def _watch(self) -> None:
        self._desk.services.market.watch(self._owner, tuple(self._bars))

    # ---- live

    def moved(self, event: MarketMoved) -> None:
        """Take the live bars of the compared symbols."""
        if not self._bars:
            return
        for frame, bar in event.bars:
            held = self._bars.get(bar.symbol)
            if held is None or frame != str(self._chart.frame):
                continue
            if held and held[-1].start == bar.start:
                held[-1] = bar
            elif not held or held[-1].start < bar.start:
                held.append(bar)
            self._moved.add(bar.symbol)

    def tick(self) -> None:
        """Once a second: lines that moved."""
        moved, self._moved = self._moved, set()
        for symbol in moved:
            if self._bars.get(symbol):
                self._chart.panel.show_compare(symbol, self._bars[symbol])
