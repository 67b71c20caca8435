"""Rows for the scanner: each symbol's newest prices beside its norms, and whether it has just made a high or low of the day."""

from collections.abc import Callable, Collection
from dataclasses import replace

from qv_desktop.domain.market import SECOND, Snapshot
from qv_desktop.domain.norms import jumped
from qv_desktop.domain.scan_rows import Moment, Row
from qv_desktop.services.averages import UNKNOWN, Averages
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.polling import Polling, unstreamed

RECENT = 60 * SECOND  # of market time: how long a high of the day counts as new


class Rows:
    """Prices of streamed symbols from the market, of all others by polling. ``streamed`` names the symbols that a stream tells of."""

    def __init__(
        self, market: MarketData, polling: Polling, averages: Averages, streamed: Callable[[], Collection[str]]
    ) -> None:
        self._market, self._polling, self._averages, self._streamed = market, polling, averages, streamed
        self._live: frozenset[str] = frozenset()
        self._extremes: dict[str, _Extremes] = {}  # symbol -> the day's high and low as they were watched

    def want(self, symbols: Collection[str], moment: Moment) -> None:
        """Rows will be asked of these, and of no others."""
        self._live = frozenset(self._streamed())
        self._polling.want(unstreamed(symbols, self._live), calm=moment.phase == "closed" and moment.began is not None)
        self._averages.want(symbols)

    def row(self, symbol: str, moment: Moment) -> Row:
        """The symbol at this moment."""
        snapshot, norms = self._snapshot(symbol), self._averages.of(symbol)
        high, low = self._watched(snapshot, moment.now)
        last, close = snapshot.last, norms.previous_close
        if last is not None and close is not None and jumped(close, last) and self._averages.doubt(symbol):
            # a split looks like a crash: until the vendor has said which, nothing that compares with yesterday is known
            return Row(replace(snapshot, previous_close=None), UNKNOWN, moment, high, low)
        return Row(snapshot, norms, moment, high, low)

    def _snapshot(self, symbol: str) -> Snapshot:
        polled = None if symbol in self._live else self._polling.snapshot(symbol)
        return polled or self._market.snapshot(symbol)

    def _watched(self, snapshot: Snapshot, now: int) -> tuple[bool | None, bool | None]:
        high, low = snapshot.day_high, snapshot.day_low
        if high is None or low is None:
            return None, None
        known = self._extremes.get(snapshot.symbol)
        if known is None or known.broken(high, low, now):
            known = self._extremes[snapshot.symbol] = _Extremes(high, low, now)
        return known.told(high, low, now)


class _Extremes:
    """One symbol's high and low of the day, and when they were seen to be passed."""

    __slots__ = ("high", "high_at", "low", "low_at", "seen", "since")

    def __init__(self, high: float, low: float, now: int) -> None:
        self.high, self.low, self.since, self.seen = high, low, now, now
        self.high_at: int | None = None
        self.low_at: int | None = None

    def broken(self, high: float, low: float, now: int) -> bool:
        """Another day, or too long a pause: when the present high was made is not known."""
        return high < self.high or low > self.low or not 0 <= now - self.seen <= RECENT

    def told(self, high: float, low: float, now: int) -> tuple[bool | None, bool | None]:
        """Whether high and low are new; None until they were watched long enough to say no."""
        self.seen = now
        if high > self.high:
            self.high, self.high_at = high, now
        if low < self.low:
            self.low, self.low_at = low, now
        return self._new(self.high_at, now), self._new(self.low_at, now)

    def _new(self, at: int | None, now: int) -> bool | None:
        if at is not None:
            return now - at <= RECENT
        return False if now - self.since >= RECENT else None
