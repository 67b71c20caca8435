"""Live market data: the newest of everything per symbol, bars folded from trades, and what moved since the last frame."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from qv_desktop.domain.events import FeedChanged, MarketMoved
from qv_desktop.domain.market import Bar, FeedState, Halt, Quote, Snapshot, Timeframe, Trade, folded
from qv_desktop.services.clock import Clock
from qv_desktop.services.ports import Publish, Stream

TAPE = 200  # trades handed to a frame at most; the store keeps all of them
LATENCIES = 50_000  # newest samples kept


class MarketData:
    """Holds snapshots and live bars; ``hear`` takes what a stream says, ``flush`` gives a frame what moved."""

    def __init__(
        self,
        clock: Clock,
        publish: Publish,
        keep_trades: Callable[[Sequence[Trade]], None],
        keep_bars: Callable[[Sequence[Bar]], None],
    ) -> None:
        self._clock, self._publish = clock, publish
        self._keep_trades, self._keep_bars = keep_trades, keep_bars
        self._stream: Stream | None = None
        self._snapshots: dict[str, Snapshot] = {}  # symbol -> newest
        self._bars: dict[tuple[str, Timeframe], Bar | None] = {}  # tracked charts -> live bar
        self._wanted: dict[str, frozenset[str]] = {}  # owner -> symbols
        self._moved: set[str] = set()
        self._moved_bars: set[tuple[str, Timeframe]] = set()
        self._tape: deque[Trade] = deque(maxlen=TAPE)
        self.latencies: deque[float] = deque(maxlen=LATENCIES)  # ms from stamp to receipt
        self.feeds: dict[str, FeedChanged] = {}  # feed -> its last state
        self.messages = 0
        self.trades = 0
        self.bars = 0

    def feed(self, stream: Stream) -> None:
        """Take prices from ``stream``, and ask it for all that is wanted."""
        self._stream = stream
        stream.want(self.wanted)

    @property
    def wanted(self) -> frozenset[str]:
        """Every symbol that somebody watches."""
        return frozenset().union(*self._wanted.values()) if self._wanted else frozenset()

    def watch(self, owner: str, symbols: Iterable[str]) -> None:
        """Replace what ``owner`` watches; the stream hears the union."""
        before = self.wanted
        self._wanted[owner] = frozenset(symbols)
        if self._stream is not None and self.wanted != before:
            self._stream.want(self.wanted)

    def track(self, symbol: str, frame: Timeframe, last: Bar | None) -> None:
        """Fold live bars of ``symbol`` in ``frame`` from now on, continuing ``last``."""
        self._bars[symbol, frame] = last

    def untrack(self, symbol: str, frame: Timeframe) -> None:
        """Fold that chart's bars no longer."""
        self._bars.pop((symbol, frame), None)
        self._moved_bars.discard((symbol, frame))

    def snapshot(self, symbol: str) -> Snapshot:
        """What is known of ``symbol`` now."""
        return self._snapshots.get(symbol) or Snapshot(symbol)

    def prices(self) -> dict[str, float]:
        """Last prices by symbol, of those that have one."""
        return {symbol: s.last for symbol, s in self._snapshots.items() if s.last is not None}

    def quote_age(self, symbol: str) -> float | None:
        """Seconds since the newest quote of ``symbol``; None without one."""
        quote = self.snapshot(symbol).quote
        return None if quote is None else self._clock.age(quote.at)

    def seed(self, snapshots: Iterable[Snapshot]) -> None:
        """Take what a vendor's REST knows; live values that are newer stay."""
        for fresh in snapshots:
            known = self.snapshot(fresh.symbol)
            newer = (known.last_at or 0) > (fresh.last_at or 0)
            self._snapshots[fresh.symbol] = replace(
                fresh,
                last=known.last if newer else fresh.last,
                last_at=known.last_at if newer else fresh.last_at,
                quote=known.quote or fresh.quote,
                halted=known.halted,
            )
            self._moved.add(fresh.symbol)

    def feed_changed(self, feed: str, state: FeedState, detail: str) -> None:
        """A feed went into ``state``."""
        event = FeedChanged(feed, state, detail, self._clock.now())
        self.feeds[feed] = event
        self._publish(event)

    def hear(self, batch: Sequence[Trade | Quote | Bar | Halt]) -> None:
        """Take a batch from a stream, oldest first."""
        self.messages += len(batch)
        trades = [item for item in batch if isinstance(item, Trade)]
        bars = [item for item in batch if isinstance(item, Bar)]
        for item in batch:
            if isinstance(item, Trade):
                self._trade(item)
            elif isinstance(item, Quote):
                self._quote(item)
            elif isinstance(item, Halt):
                self._halt(item)
        if trades:
            self.trades += len(trades)
            self._tape.extend(trades)
            self._keep_trades(trades)
        if bars:
            self.bars += len(bars)
            self._keep_bars(bars)

    def flush(self) -> None:
        """Publish what moved since the last call, if anything did."""
        if not self._moved and not self._moved_bars:
            return
        snapshots = tuple(self._snapshots[symbol] for symbol in self._moved)
        live = ((str(frame), self._bars.get((symbol, frame))) for symbol, frame in self._moved_bars)
        bars = tuple((frame, bar) for frame, bar in live if bar is not None)
        trades = tuple(self._tape)
        self._moved.clear()
        self._moved_bars.clear()
        self._tape.clear()
        self._publish(MarketMoved(snapshots, bars, trades))

    def _trade(self, trade: Trade) -> None:
        known = self.snapshot(trade.symbol)
        self._snapshots[trade.symbol] = replace(
            known,
            last=trade.price,
            last_at=trade.at,
            day_open=known.day_open if known.day_open is not None else trade.price,
            day_high=trade.price if known.day_high is None else max(known.day_high, trade.price),
            day_low=trade.price if known.day_low is None else min(known.day_low, trade.price),
            day_volume=(known.day_volume or 0.0) + trade.size,
        )
        self._moved.add(trade.symbol)
        self._sample(trade.at)
        for key, bar in self._bars.items():
            if key[0] == trade.symbol:
                self._bars[key] = folded(bar, trade, key[1])
                self._moved_bars.add(key)

    def _quote(self, quote: Quote) -> None:
        self._snapshots[quote.symbol] = replace(self.snapshot(quote.symbol), quote=quote)
        self._moved.add(quote.symbol)
        self._sample(quote.at)

    def _halt(self, halt: Halt) -> None:
        self._snapshots[halt.symbol] = replace(self.snapshot(halt.symbol), halted=halt.halted)
        self._moved.add(halt.symbol)

    def _sample(self, at: int) -> None:
        self.latencies.append(self._clock.age(at) * 1000)
