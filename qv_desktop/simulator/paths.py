"""A session's minutes of one symbol as arrays, and the deterministic expansion of a minute into trades and quotes."""

from dataclasses import dataclass, field
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qv_desktop.simulator.listings import Stock
from qv_desktop.simulator.ticks import MINUTE, Bar, Quote, Session, Trade

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

MILLISECOND = 1_000_000
EXCHANGES = ("V", "Q", "N", "P", "Z", "K", "D")
TICK = 0.01


def dice(seed: int, name: str, *numbers: int) -> np.random.Generator:
    """A generator that depends on nothing but its arguments."""
    return np.random.default_rng([seed, crc32(name.encode()), *numbers])


@dataclass(frozen=True, slots=True)
class DayPath:
    """One symbol's minutes from pre-market open to post-market close (arrays of one length, minute 0 first).

    `count` 0 means no trades in that minute (prices there are NaN); `level` is the price at each minute's end, traded
    or not. `regular` are the minutes that a day bar folds. `halts` are (start, end) in ns.
    """

    stock: Stock
    session: Session
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    level: Floats
    volume: Ints
    count: Ints
    regular: slice
    seed: int
    halts: tuple[tuple[int, int], ...] = ()

    @property
    def vwap(self) -> Floats:
        """Each minute's volume-weighted price, modelled as its typical price."""
        mean: Floats = np.round((self.open + self.high + self.low + self.close) / 4, 4)
        return mean

    def bars(self, first: int, last: int) -> list[Bar]:
        """The bars of minutes `first` to before `last`, only where something traded."""
        symbol, window = self.stock.symbol, slice(first, last)
        columns = (self.open, self.high, self.low, self.close, self.volume, self.count, self.vwap)
        rows = zip(range(first, last), *(column[window].tolist() for column in columns), strict=True)
        base = self.session.pre_open
        return [Bar(symbol, base + minute * MINUTE, *row) for minute, *row in rows if row[5]]


@dataclass(frozen=True)
class Minute:
    """The trades and quotes of one minute of one symbol, each in order of time."""

    trades: tuple[Trade, ...] = ()
    quotes: tuple[Quote, ...] = field(default=())

    @cached_property
    def second_bars(self) -> list[Bar]:
        """Bars of one second, only for seconds with trades."""
        return folded_seconds(self.trades, 1)


def expanded(path: DayPath, minute: int) -> Minute:
    """The minute's ticks: they fold to exactly its bar, and every trade is at the bid or the ask that stands then."""
    stock, start = path.stock, path.session.pre_open + minute * MINUTE
    if any(begin <= start < end for begin, end in path.halts):
        return Minute()
    rng = dice(path.seed, stock.symbol, path.session.day.toordinal(), minute)
    count = int(path.count[minute])
    times = np.sort(rng.integers(5 * MILLISECOND, 59_900 * MILLISECOND, count)) + np.arange(count) * 20_000
    prices = _prices(path, minute, rng)
    trades = _trades(path, minute, start + times, prices, rng)
    quotes = _quotes(path, minute, start, times, prices, rng)
    return Minute(trades, quotes)


def folded_seconds(trades: tuple[Trade, ...], seconds: int) -> list[Bar]:
    """Trades (in order) folded to bars of some seconds (a divisor of 60), only where there are trades."""
    span = seconds * MINUTE // 60
    groups: dict[int, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(trade.t - trade.t % span, []).append(trade)
    return [folded(group, t, seconds) for t, group in groups.items()]


def folded(trades: list[Trade], t: int, span: int) -> Bar:
    """Trades (in order, at least one) as one bar that starts at `t` and spans `span` seconds."""
    prices = [trade.price for trade in trades]
    volume = sum(trade.size for trade in trades)
    worth = sum(trade.price * trade.size for trade in trades)
    vwap = round(worth / volume, 4) if volume else prices[-1]
    high, low = max(prices), min(prices)
    return Bar(trades[0].symbol, t, prices[0], high, low, prices[-1], volume, len(trades), vwap, span)


def _prices(path: DayPath, minute: int, rng: np.random.Generator) -> Floats:
    """A walk open → one extreme → the other → close with as many points as trades."""
    count = int(path.count[minute])
    o, h, low, c = (float(prices[minute]) for prices in (path.open, path.high, path.low, path.close))
    if count < 4:
        middle = h if h > max(o, c) else low
        return np.array({0: [], 1: [c], 2: [o, c], 3: [o, middle, c]}[count], dtype=np.float64)
    first = int(rng.integers(1, count - 2))
    second = int(rng.integers(first + 1, count - 1))
    extremes = (low, h) if (c >= o) == (rng.random() < 0.7) else (h, low)
    knots = [0, first, second, count - 1]
    values = [o, *extremes, c]
    walk = np.interp(np.arange(count), knots, values)
    walk = np.round(walk + rng.normal(0, max((h - low) / 8, TICK / 2), count), 2).clip(low, h)
    walk[knots] = values
    return walk


def _sizes(volume: int, count: int, rng: np.random.Generator) -> list[int]:
    """Shares per trade that add up to the volume, in round lots where it is large enough."""
    weights = rng.lognormal(0, 0.8, count)
    weights /= weights.sum()
    if volume >= 100 * count:
        lots = 1 + rng.multinomial(volume // 100 - count, weights)
        sizes = lots * 100
        sizes[0] += volume % 100
    else:
        least = 1 if volume >= count else 0
        sizes = least + rng.multinomial(volume - least * count, weights)
    return [int(size) for size in sizes]


def _trades(path: DayPath, minute: int, times: Ints, prices: Floats, rng: np.random.Generator) -> tuple[Trade, ...]:
    count = len(prices)
    if not count:
        return ()
    stock, first = path.stock, minute * 10_000 + 1
    start = path.session.pre_open + minute * MINUTE
    conditions = ("@",) if path.session.open <= start < path.session.close else ("@", "T")
    venues = rng.integers(0, len(EXCHANGES), count).tolist()
    sizes = _sizes(int(path.volume[minute]), count, rng)
    return tuple(
        Trade(stock.symbol, t, price, size, first + index, EXCHANGES[venue], conditions, stock.tape)
        for index, (t, price, size, venue) in enumerate(
            zip(times.tolist(), prices.tolist(), sizes, venues, strict=True)
        )
    )


def spread_ticks(stock: Stock, price: float, regular: bool) -> int:
    """The usual spread in cents: wider for dear, quiet securities and outside regular hours."""
    basis_points = 0.6 + 5.0 / stock.trades
    cents = max(1, round(price * basis_points / 100))
    return cents if regular else max(2, 3 * cents)


def _quotes(
    path: DayPath, minute: int, start: int, times: Ints, prices: Floats, rng: np.random.Generator
) -> tuple[Quote, ...]:
    """A quote just before each trade that makes its price the bid or the ask, and others on the way between them.

    A listed symbol's market makers answer all the time: within regular hours some quote comes in every second.
    """
    stock, count = path.stock, len(prices)
    regular = path.session.open <= start < path.session.close
    spread = spread_ticks(stock, float(path.level[minute]), regular) * TICK
    lead = np.minimum(rng.integers(10_000, 3 * MILLISECOND, count), np.diff(times, prepend=0) - 5_000)
    buys = rng.random(count) < 0.5
    bids = np.where(buys, prices - spread, prices)
    wander = int(rng.poisson(1.5 * count + (0.6 if regular else 0.15)))
    moments = rng.integers(0, 59_900 * MILLISECOND, wander)
    if regular:
        moments = np.append(moments, _steady(rng))
    wander_times = _outside(np.sort(moments), times, lead)
    mids = np.interp(wander_times, times, prices) if count else np.full(len(wander_times), path.level[minute])
    drift = rng.normal(0, spread / 2, len(wander_times)).round(2)
    all_times = np.concatenate([times - lead, wander_times])
    all_bids = np.round(np.concatenate([bids, np.round(mids - spread / 2 + drift, 2)]), 4).clip(TICK)
    order = np.argsort(all_times, kind="stable")
    return _as_quotes(stock, start + all_times[order], all_bids[order], spread, rng)


def _steady(rng: np.random.Generator) -> Ints:
    """A moment in each second of a minute, at most 1.5 s after the one before."""
    return (1000 * np.arange(60) + rng.integers(250, 750, 60)) * MILLISECOND


def _outside(moments: Ints, times: Ints, lead: Ints) -> Ints:
    """The moments that do not fall between a trade and the quote that leads it."""
    following = np.searchsorted(times, moments)
    leads_off = np.append(times - lead, np.iinfo(np.int64).max)
    free: Ints = moments[moments < leads_off[following]]
    return free


def _as_quotes(stock: Stock, times: Ints, bids: Floats, spread: float, rng: np.random.Generator) -> tuple[Quote, ...]:
    sizes = (100 * (1 + rng.geometric(0.25, (2, len(bids))))).tolist()
    asks = np.round(bids + spread, 4).tolist()
    return tuple(
        Quote(stock.symbol, t, bid, bid_size, ask, ask_size, "V", ("R",), stock.tape)
        for t, bid, bid_size, ask, ask_size in zip(times.tolist(), bids.tolist(), sizes[0], asks, sizes[1], strict=True)
    )
