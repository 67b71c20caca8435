"""All symbols as they trade: what a batch changes, and what moved since it was last shown."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from qv_desktop.domain.events import BarsAmended
from qv_desktop.domain.market import SECOND, Bar, Batch, Quote, Snapshot, Trade, ns, utc
from qv_desktop.services.clock import Clock
from qv_desktop.services.live_bars import MINUTE
from qv_desktop.services.ticker import Ticker, day_end

AHEAD = 60 * SECOND  # of waiting; a stamp further in the future says that the market's clock was set back


class Tickers:
    """Takes batches. ``moved`` are the symbols that changed since their ``moved`` flag was last cleared; ``amended`` the minutes
    that a vendor told anew since the list was last taken."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._whole_from = 0  # ns; before it nothing counts as heard
        self.known: dict[str, Ticker] = {}  # symbol -> all that is known of it
        self.moved: list[Ticker] = []
        self.amended: list[BarsAmended] = []
        self.partly: list[BarsAmended] = []  # minutes told whole of which charts have heard a part, until taken
        self.token = (
            object()
        )  # another one after every hole and change of source: what was heard before it counts no more
        self.source = ""  # whose prices are in force

    def of(self, symbol: str) -> Ticker:
        """The symbol's record, made when it is first asked for."""
        ticker = self.known.get(symbol)
        if ticker is None:
            ticker = self.known[symbol] = Ticker(symbol)
        return ticker

    def show(self, ticker: Ticker) -> None:
        """It changed and is to be shown."""
        if not ticker.moved:
            ticker.moved = True
            self.moved.append(ticker)

    def seed(self, snapshots: Iterable[Snapshot], anew: bool) -> None:
        """Take what a vendor's REST knows."""
        today = day_end(self._clock.market_ns())
        for told in snapshots:
            ticker = self.of(told.symbol)
            ticker.seed(told, today, anew)
            self.show(ticker)

    def interrupt(self) -> None:
        """Something is not heard from now on."""
        self.token = object()

    def gap(self, end: datetime) -> None:
        """Something was not heard, until ``end`` at the latest."""
        self.token, self._whole_from = object(), max(self._whole_from, ns(end))

    def change_source(self, source: str) -> None:
        """Batches are another vendor's from now on."""
        self.source, self.token = source, object()

    def take(self, batch: Batch) -> None:
        """Take all that a stream said at once."""
        now = self._monotonic()
        if batch.trades:
            self._trades(batch.trades, now)
        if batch.quotes:
            self._quotes(batch.quotes, now)
        if batch.minutes or batch.days or batch.halts or batch.corrections:
            self._others(batch)

    def _trades(self, trades: Sequence[Trade], now: float) -> None:
        """The hot path: a few hundred nanoseconds a trade, and nothing made. What is rare is looked at only when it may be."""
        tickers, moved, token = self.known, self.moved, self.token
        for trade in trades:
            symbol, at, price, size, _, _, _, _ = trade
            ticker = tickers.get(symbol) or self.of(symbol)
            if ticker.token is not token:
                self._met(ticker, at)
            if not ticker.start <= at < ticker.end and self._outside(ticker, at, price, size):
                continue
            if at >= ticker.last_at:
                ticker.last = ticker.close = price
                ticker.last_at = at
            if price > ticker.high:
                ticker.high = price
            elif price < ticker.low:
                ticker.low = price
            ticker.volume += size
            ticker.value += price * size
            ticker.count += 1
            ticker.trades.append(trade)
            ticker.heard_at = now
            if ticker.seconds:
                for seconds in ticker.seconds.values():
                    seconds.take(trade)
            if not ticker.moved:
                ticker.moved = True
                moved.append(ticker)

    def _outside(self, ticker: Ticker, at: int, price: float, size: float) -> bool:
        """A trade outside the minute under way begins the next one; True when it is late and belongs to none."""
        horizon = self._clock.market_ns() + AHEAD * self._clock.speed
        if at < ticker.start <= horizon:
            ticker.late(price, size)
            ticker.heard_at = self._monotonic()
            self.show(ticker)
            return True
        if at < ticker.last_at > horizon:
            ticker.last_at = 0
        ticker.turn(at, price)
        return False

    def _met(self, ticker: Ticker, at: int) -> None:
        """The first event of a symbol after a hole, a change of source or a new subscription."""
        if ticker.source != self.source:
            ticker.source, ticker.quote = self.source, None  # the old source's quote must not look like the new one's
        ticker.token, ticker.since = self.token, max(at, self._whole_from)
        ticker.minute_heard, ticker.partly = False, ticker.start

    def _quotes(self, quotes: Sequence[Quote], now: float) -> None:
        tickers, moved, token = self.known, self.moved, self.token
        for quote in quotes:
            ticker = tickers.get(quote.symbol) or self.of(quote.symbol)
            if ticker.token is not token:
                self._met(ticker, quote.at)
            ticker.quote = quote
            ticker.quotes += 1
            ticker.heard_at = now
            if not ticker.moved:
                ticker.moved = True
                moved.append(ticker)

    def _others(self, batch: Batch) -> None:
        for bar in batch.minutes:
            self._minute(self.of(bar.symbol), bar)
        for day in batch.days:
            told = Snapshot(
                day.symbol,
                last_at=day.start,
                day_open=day.open,
                day_high=day.high,
                day_low=day.low,
                day_volume=day.volume,
            )
            ticker = self.of(day.symbol)
            ticker.seed(told, day_end(day.start), anew=False)
            self.show(ticker)
        for halt in batch.halts:
            ticker = self.of(halt.symbol)
            ticker.halted = halt.halted
            self.show(ticker)
        for correction in batch.corrections:
            ticker = self.of(correction.symbol)
            if ticker.start <= correction.at < ticker.end and ticker.correct(correction):
                self.show(ticker)

    def _minute(self, ticker: Ticker, bar: Bar) -> None:
        """A minute as the vendor tells it: charts of minutes take it, and one that was told before is an amendment."""
        known, start = ticker.official, utc(bar.start)
        event = BarsAmended(bar.symbol, start, start + timedelta(minutes=1))
        if MINUTE in ticker.charts:
            if bar.start < ticker.start:
                ticker.done.append((str(MINUTE), bar))
            self.show(ticker)
        if bar.start == ticker.partly and ticker.by_minutes:
            ticker.partly = 0
            self.partly.append(event)
        if known is None or bar.start > known.start:
            ticker.official = bar
        elif bar != known:
            ticker.official = bar if bar.start == known.start else known
            self.amended.append(event)
