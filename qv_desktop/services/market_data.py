"""Live market data: the newest of everything per symbol, bars folded from trades, and what moved since the last frame."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from qv_desktop.domain.events import BarsAmended, BarsClosed, MarketMoved, PricesPrinted
from qv_desktop.domain.market import Bar, Batch, Correction, Halt, Quote, Snapshot, Timeframe, Trade
from qv_desktop.domain.price_alerts import Print
from qv_desktop.services.clock import Clock
from qv_desktop.services.last_prints import LastPrints
from qv_desktop.services.live_bars import MINUTE
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.staleness import forget, looked_at
from qv_desktop.services.ticker import Ticker
from qv_desktop.services.tickers import Tickers
from qv_desktop.services.wants import Listener, Wants

TAPE = 200  # trades handed to a frame at most; the store keeps all of them
FRAME = 400  # symbols in a frame at most, under two milliseconds; a scan that asks of thousands shows over several
LATENCIES = 50_000  # newest samples kept
SETTLES = 10.0  # seconds after which a vendor's history has a minute that its stream told
TEXT_EVERY = 1 / 15  # seconds: nobody reads numbers that change faster
SECOND_BARS = Timeframe(1, "s")


class MarketData:
    """Holds snapshots and live bars; ``hear`` takes what the stream in force says, ``flush`` gives a frame what moved.

    ``keep_trades``, ``keep_bars`` and ``keep_corrections`` hand on what is stored; ``keep_late`` gets what a batch says
    of its own late prints, after its bars; ``hear_halts`` gets what is shown of halts. ``open_now`` tells whether regular hours are
    on; ``monotonic`` gives the seconds that a person waits.
    """

    def __init__(
        self,
        clock: Clock,
        publish: Publish,
        keep_trades: Callable[[Sequence[Trade]], None],
        keep_bars: Callable[[Timeframe, Sequence[Bar]], None],
        keep_corrections: Callable[[Sequence[Correction]], None] = lambda corrections: None,
        *,
        keep_late: Callable[[Sequence[Trade]], None] = lambda trades: None,
        hear_halts: Callable[[Sequence[Halt]], None] = lambda halts: None,
        open_now: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._publish = clock, publish
        self._keep_trades, self._keep_bars, self._keep_corrections = keep_trades, keep_bars, keep_corrections
        self._keep_late, self._open_now, self._monotonic = keep_late, open_now, monotonic
        self._hear_halts = hear_halts
        self._tickers = Tickers(clock, monotonic)
        self._prints = LastPrints(self._tickers)
        self._wants = Wants()
        self._tape: deque[Trade] = deque(maxlen=TAPE)
        self._shown_at = float("-inf")  # monotonic, of the last frame with everything
        self._stored = True  # whether what is heard is stored too
        self._busy = False
        self._later: deque[tuple[float, BarsAmended]] = deque()  # with the monotonic time from which a vendor can tell
        self._settling: list[BarsAmended] = []  # minutes that were amended before the last look
        self.latencies: deque[float] = deque(maxlen=LATENCIES)  # ms from stamp to receipt
        self.messages = 0
        self.trades = 0  # handed on to be stored
        self.bars = 0

    # ---- who wants what

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every symbol that somebody watches, most wanted first."""
        return self._wants.wanted

    def watch(self, owner: str, symbols: Iterable[str]) -> None:
        """Replace what ``owner`` watches, most wanted first; ``ticket`` and ``chart`` are shown anew in every frame."""
        for symbol in self._wants.watch(owner, symbols):
            forget(self._tickers.of(symbol))

    def follow(self, symbols: Iterable[str]) -> None:
        """From now on publish every last price of these symbols and no others, not only the newest of a frame."""
        self._prints.follow(symbols)

    def unheard(self, symbols: Iterable[str]) -> None:
        """The stream in force hears of these no more, for its plan allows no more; what is known of them is stale."""
        for ticker in map(self._tickers.of, symbols):
            forget(ticker)
            if self._open_now() and ticker.heard and ticker.symbol in self.wanted:
                ticker.stale_at = self._monotonic()
            self._tickers.show(ticker)

    def subscribe(self, listener: Listener) -> None:
        """Tell ``listener`` what is wanted, now and after every change."""
        self._wants.subscribe(listener)

    def track(self, symbol: str, frame: Timeframe, last: Bar | None, owner: str = "chart") -> None:
        """Keep a live bar of ``symbol`` in ``frame`` for ``owner``, continuing ``last`` from history; again after a reload."""
        self._tickers.of(symbol).track(frame, last, owner)

    def untrack(self, symbol: str, frame: Timeframe, owner: str = "chart") -> None:
        """That owner needs the live bar no longer; it goes with the last one."""
        self._tickers.of(symbol).untrack(frame, owner)

    # ---- what is known

    def snapshot(self, symbol: str) -> Snapshot:
        """What is known of ``symbol`` now."""
        ticker = self._tickers.known.get(symbol)
        return Snapshot(symbol) if ticker is None else ticker.snapshot()

    def prices(self) -> dict[str, float]:
        """Last prices by symbol, of those that have one."""
        return {symbol: one.last for symbol, one in self._tickers.known.items() if one.last is not None}

    def last(self, symbol: str) -> float | None:
        """The last price of ``symbol``; None while unknown."""
        ticker = self._tickers.known.get(symbol)
        return None if ticker is None else ticker.last

    def lasts(self, symbols: Iterable[str]) -> list[float | None]:
        """The last price of each of ``symbols``, in their order."""
        known = self._tickers.known
        return [None if (ticker := known.get(symbol)) is None else ticker.last for symbol in symbols]

    def since(self, seconds: float) -> int:
        """The stamp, in market ns, of what is as old as that now."""
        return self._clock.market_ns() - int(seconds * self._clock.speed * 1e9)

    def marked(self, symbols: Iterable[str]) -> Iterator[tuple[str, float | None, Quote | None, float | None]]:
        """Symbol, last price, quote and previous close of those that are known at all."""
        known = self._tickers.known
        for symbol in symbols:
            if (ticker := known.get(symbol)) is not None:
                yield symbol, ticker.last, ticker.quote, ticker.previous_close

    def quote_age(self, symbol: str) -> float | None:
        """Seconds since the newest quote of ``symbol``; None without one."""
        ticker = self._tickers.known.get(symbol)
        return None if ticker is None or ticker.quote is None else self._clock.age(ticker.quote.at)

    @property
    def source(self) -> str:
        """The stream whose prices are in force; empty while there is none."""
        return self._tickers.source

    def busy(self) -> bool:
        """Whether silence is a fault of the feed now: regular hours are on and a symbol is wanted that trades busily."""
        return self._busy and self._open_now()

    def stale(self) -> list[str]:
        """The wanted symbols that have fallen silent although they trade busily and the market is open."""
        known = self._tickers.known
        return [symbol for symbol in self.wanted if symbol in known and known[symbol].stale]

    def heard_since(self, symbol: str) -> int | None:
        """Since when (ns) the stream whose prints are stored has told of ``symbol`` without a hole; None while it does not."""
        ticker = self._tickers.known.get(symbol)
        return ticker.since if ticker and self._stored and ticker.token is self._tickers.token else None

    def seed(self, snapshots: Iterable[Snapshot], anew: bool = False) -> None:
        """Take what a vendor's REST knows; live values that are newer stay.

        The day's range and volume widen what is known, for some vendors answer late; after a correction or a backfill they
        replace it (``anew``).
        """
        told = list(snapshots)
        before = self._prints.stamps(one.symbol for one in told if one.symbol in self._prints.symbols)
        halted = [one.symbol for one in told if one.halted and one.symbol not in self._tickers.known]
        self._tickers.seed(told, anew)
        if halted:  # at first sight; later the stream knows better
            at = self._clock.market_ns()
            self._hear_halts([Halt(symbol, at, True, "") for symbol in halted])
        self._tell_prints(self._prints.seeded(before))

    # ---- what is heard

    def hear(self, batch: Batch) -> None:
        """Take a batch of the stream in force: show it, and hand it on to be stored."""
        self.show(batch)
        self._store(batch)

    def keep(self, batch: Batch) -> None:
        """Hand a batch on to be stored without showing it: its stream is whole and not in force."""
        self.messages += batch.events
        self._store(batch)

    def show(self, batch: Batch) -> None:
        """Show a batch without storing it: its stream stands in for another, whose history fills the hole under its own ids."""
        self.messages += batch.events
        followed = self._prints.among(batch.trades) if self._prints.symbols else []
        before = self._prints.stamps({trade.symbol for trade in followed})
        self._tickers.take(batch)
        self._tape.extend(batch.trades[-TAPE:])
        self._sample(batch)
        if batch.halts:
            self._hear_halts(batch.halts)
        self._tell_prints(self._prints.printed(followed, before))
        if batch.minutes:
            self._publish(BarsClosed(MINUTE, tuple(batch.minutes)))

    def _tell_prints(self, prints: tuple[Print, ...]) -> None:
        if prints:
            self._publish(PricesPrinted(prints))

    def interrupt(self) -> None:
        """The stream whose prints are stored fell silent; how long the hole is will be known when it ends."""
        self._tickers.interrupt()

    def gap(self, start: datetime, end: datetime) -> None:
        """Nothing is known of what the stream said between these times."""
        self._tickers.gap(end)

    def missed(self, start: datetime, end: datetime) -> None:
        """The stream in force was not heard between these times and is not stored: only what is charted is to be put right."""
        self._tickers.gap(end)
        charted = [ticker.symbol for ticker in self._tickers.known.values() if ticker.by_minutes]
        self._tickers.partly += [BarsAmended(symbol, start, end) for symbol in charted]

    def change_source(self, source: str, stored: bool = True) -> None:
        """From now on ``hear`` and ``show`` bring the prices of ``source``, which are ``stored`` or not; empty while there is none.

        What the last source told is stale until the new one speaks of the symbol, when the market is open.
        """
        self._stored = stored
        self._tickers.change_source(source)
        if self._open_now():
            for ticker in map(self._tickers.of, self.wanted):
                ticker.stale_at = self._monotonic() if ticker.heard else ticker.stale_at
                self._tickers.show(ticker)

    # ---- what is shown

    def flush(self) -> None:
        """Publish what moved since the last call, if anything did: bars and urgent symbols at once, text at 15 Hz."""
        now, everyone = self._monotonic(), self._tickers.moved
        if now - self._shown_at >= TEXT_EVERY:
            self._shown_at, self._tickers.moved = now, everyone[FRAME:]
            self._frame(everyone[:FRAME], tuple(self._tape))
            self._tape.clear()
        else:
            urgent = self._wants.urgent
            at_once = [one for one in everyone if one.tracked or one.symbol in urgent]
            if at_once:
                self._tickers.moved = [one for one in everyone if not (one.tracked or one.symbol in urgent)]
                self._frame(at_once, ())

    def _frame(self, moved: list[Ticker], trades: tuple[Trade, ...]) -> None:
        if moved or trades:
            bars = tuple(bar for ticker in moved for bar in ticker.bars())
            self._publish(MarketMoved(tuple(ticker.shown() for ticker in moved), bars, trades))

    def tick(self) -> None:
        """Once a second: judge who has fallen silent, and tell of amended minutes that the store has had a second to take."""
        wanted = [self._tickers.of(symbol) for symbol in self.wanted]
        changed, self._busy = looked_at(wanted, self._monotonic(), self._open_now())
        for ticker in changed:
            self._tickers.show(ticker)
        ripe, self._settling, self._tickers.amended = self._settling, self._tickers.amended, []
        for event in (*ripe, *self._can_be_told()):
            self._publish(event)

    def _can_be_told(self) -> list[BarsAmended]:
        """Minutes of which charts have only the part that was heard, once a vendor's history has had time to know the whole."""
        now, due = self._monotonic(), list[BarsAmended]()
        self._later.extend((now + SETTLES, event) for event in self._tickers.partly)
        self._tickers.partly.clear()
        while self._later and self._later[0][0] <= now:
            due.append(self._later.popleft()[1])
        return due

    def _store(self, batch: Batch) -> None:
        if batch.trades:
            self.trades += len(batch.trades)
            self._keep_trades(batch.trades)
        if batch.minutes:
            self.bars += len(batch.minutes)
            self._keep_bars(MINUTE, batch.minutes)
        if batch.late:
            self._keep_late(batch.late)
        if batch.seconds:
            self._keep_bars(SECOND_BARS, batch.seconds)
        if batch.corrections:
            self._keep_corrections(batch.corrections)

    def _sample(self, batch: Batch) -> None:
        """How old the oldest and the newest of each kind are; no more, for a batch may hold thousands."""
        for kind in (batch.trades, batch.quotes):
            if kind:
                self.latencies.append(self._clock.age(kind[0].at) * 1000)
                self.latencies.append(self._clock.age(kind[-1].at) * 1000)
