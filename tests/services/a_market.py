"""A market model with a clock that a test turns, and what it told and handed on."""

from dataclasses import dataclass, field
from typing import Any

from qv_desktop.domain.events import Event, MarketMoved
from qv_desktop.domain.market import SECOND, Bar, Batch, Correction, Quote, Timeframe, Trade
from qv_desktop.services.clock import Clock
from qv_desktop.services.market_data import MarketData

T0 = 1_800_000_000 * SECOND  # Friday 2027-01-15 08:00 UTC, the first instant of a minute


@dataclass
class Floor:
    """``seconds`` is how long a person has waited; the market's clock runs with it."""

    seconds: float = 0.0
    open: bool = True
    events: list[Event] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    bars: list[tuple[str, Bar]] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock(wall_ns=lambda: T0 + int(self.seconds * SECOND))
        self.market = MarketData(
            self.clock,
            self.events.append,
            self.trades.extend,
            self._keep_bars,
            self.corrections.extend,
            open_now=lambda: self.open,
            monotonic=lambda: self.seconds,
        )

    def _keep_bars(self, frame: Timeframe, bars: Any) -> None:
        self.bars += [(str(frame), bar) for bar in bars]

    def hear(self, *trades: Trade) -> None:
        """Trades in one batch."""
        self.market.hear(Batch(trades, events=len(trades)))

    def quoted(self, *symbols: str) -> None:
        """A quote of each symbol, stamped now."""
        self.market.hear(Batch(quotes=[a_quote(symbol, self.seconds) for symbol in symbols], events=len(symbols)))

    def moved(self) -> MarketMoved:
        """What the next frame that shows everything is told."""
        self.seconds += 1
        self.market.flush()
        return self.kinds(MarketMoved)[-1]

    def bar(self, frame: str) -> Bar:
        """The live bar of that timeframe in the next frame."""
        return [bar for name, bar in self.moved().bars if name == frame][-1]

    def kinds(self, kind: type) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def a_trade(price: float, second: float = 0, symbol: str = "AAPL", size: float = 10, name: str = "") -> Trade:
    """A print at ``second`` after the beginning."""
    return Trade(symbol, T0 + int(second * SECOND), price, size, name or f"{second}", "4", "A")


def a_quote(symbol: str = "AAPL", second: float = 0, bid: float = 9.99) -> Quote:
    """A quote two cents wide."""
    return Quote(symbol, T0 + int(second * SECOND), bid, 100, bid + 0.02, 100)
