"""A seeded market: daily levels for all years, and each session's minutes, the same for the same seed, symbol and day."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from qv_desktop.simulator import sessions
from qv_desktop.simulator.listings import ANCHOR_DAY, Stock
from qv_desktop.simulator.paths import TICK, DayPath, Floats, Ints, dice
from qv_desktop.simulator.ticks import MINUTE, Session

MARKET = "the market"
MARKET_DAY = 0.0088  # the market's daily volatility
DRIFT = 0.0003  # log return a day
TAILS = 5  # degrees of freedom of daily returns
PULL = 0.0015  # share of a symbol's own wandering taken back each day
JUMP_CHANCE, HALT_CHANCE = 0.04, 0.002  # per symbol and day
HALT_MINUTES = 5
PRE_MINUTES, POST_MINUTES = 330, 240
EXTENDED_SHARE = 0.03  # of mid-day activity


@dataclass(frozen=True, slots=True)
class Daily:
    """Opens and closes of one symbol on every trading day, and what an unfolded day bar needs beside them."""

    open: Floats
    close: Floats
    previous: Floats
    volatility: Floats


class Synthetic:
    """The random market of one seed; all answers depend on seed, symbol and day only."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._days = sessions.day_numbers()
        self._calm = _regime(len(self._days), dice(seed, MARKET, 1))
        self._market_night, self._market_day = self._market_returns()
        self._dailies: dict[str, Daily] = {}
        self._path = lru_cache(maxsize=6000)(self._made_path)
        self._market_walk = lru_cache(maxsize=200)(self._made_market_walk)

    def path(self, stock: Stock, day: date, scale: float = 1.0) -> DayPath:
        """The minutes of a symbol on a trading day; `scale` moves its whole price level."""
        return self._path(stock, day, scale)

    def daily(self, stock: Stock) -> Daily:
        """Opens and closes of a symbol, unrounded, indexed like `sessions.trading_days()`."""
        if stock.symbol not in self._dailies:
            self._dailies[stock.symbol] = self._made_daily(stock)
        return self._dailies[stock.symbol]

    def rough_range(self, stock: Stock, first: int, last: int) -> tuple[Floats, Floats, Ints, Ints]:
        """High, low, volume and count of days `first` to `last` (exclusive) too long ago to be worth their minutes.

        High and low are drawn from the law of a Brownian bridge's extremes.
        """
        daily, rng = self.daily(stock), dice(self._seed, stock.symbol, 3)
        luck = 1 - rng.random((3, len(daily.open)))
        up = np.log(daily.close / daily.open)
        reach = np.sqrt(up**2 - 2 * daily.volatility**2 * np.log(luck[:2]))
        high = daily.open * np.exp((up + reach[0]) / 2)
        low = daily.open * np.exp((up - reach[1]) / 2)
        busy = 1 + 12 * np.abs(up) + 0.4 * luck[2]
        count = np.round(stock.trades * 390 * 1.45 * busy * 0.8).astype(np.int64)
        window = slice(first, last)
        return high[window], low[window], (count * 290)[window], count[window]

    def _market_returns(self) -> tuple[Floats, Floats]:
        rng = dice(self._seed, MARKET, 2)
        noise = _fat(rng, (2, len(self._days))) * MARKET_DAY * self._calm
        return 0.5 * noise[0], 0.87 * noise[1]

    def _made_daily(self, stock: Stock) -> Daily:
        rng, size = dice(self._seed, stock.symbol, 2), len(self._days)
        total = stock.volatility / 252**0.5
        own = max(total**2 - (stock.beta * MARKET_DAY) ** 2, (0.25 * total) ** 2) ** 0.5
        noise = _fat(rng, (3, size)) * own * self._calm**0.5
        news = noise[2] * 3 * (rng.random(size) < 0.016)
        night = np.clip(stock.beta * self._market_night + 0.45 * noise[0] + news + DRIFT, -0.16, 0.16)
        day = np.clip(stock.beta * self._market_day + 0.85 * noise[1] - _pull(noise[0] + noise[1] + news), -0.14, 0.14)
        level = np.cumsum(night + day)
        level += np.log(stock.price) - level[self._days[ANCHOR_DAY]]
        close = np.exp(level)
        opened = np.exp(level - day)
        volatility = total * 0.9 * self._calm
        return Daily(opened, close, opened / np.exp(night), volatility)

    def _made_market_walk(self, day: date, minutes: int) -> Floats:
        return dice(self._seed, MARKET, 4, day.toordinal()).standard_normal(minutes)

    def _made_path(self, stock: Stock, day: date, scale: float) -> DayPath:
        session, number = sessions.known(day), self._days[day]
        daily, rng = self.daily(stock), dice(self._seed, stock.symbol, 5, day.toordinal())
        minutes = (session.close - session.open) // MINUTE
        ends = np.round(np.array([daily.previous[number], daily.open[number], daily.close[number]]) * scale, 2)
        level = np.concatenate(self._walks(stock, day, minutes, ends, float(daily.volatility[number]), rng))
        count = _counts(stock, minutes, rng)
        halts = _halts(session, level, count, rng)
        first = PRE_MINUTES
        count[first] = max(count[first], 3)
        count[first + minutes - 1] = max(count[first + minutes - 1], 3)
        regular = slice(first, first + minutes)
        return _candles(
            stock, session, level, count, ends, float(daily.volatility[number]), regular, self._seed, halts, rng
        )

    def _walks(
        self, stock: Stock, day: date, minutes: int, ends: Floats, volatility: float, rng: np.random.Generator
    ) -> list[Floats]:
        """Price levels at the end of each minute of pre-market, regular hours and post-market."""
        market = self._market_walk(day, minutes)
        tie = float(np.clip(stock.beta * MARKET_DAY / (stock.volatility / 252**0.5), -0.85, 0.85))
        shape = _volatility_shape(minutes)
        steps = (tie * market + (1 - tie**2) ** 0.5 * rng.standard_normal(minutes)) * shape * volatility
        jump_at, jump = int(rng.integers(20, minutes - 20)), 0.0
        if rng.random() < JUMP_CHANCE:
            jump = float(rng.normal(0, 0.9 * volatility))
        steps += shape**2 * (float(np.log(ends[2] / ends[1])) - jump - steps.sum())
        steps[jump_at] += jump
        early = rng.standard_normal(PRE_MINUTES) * 0.25 * volatility / PRE_MINUTES**0.5
        begin = ends[0] * (ends[1] / ends[0]) ** 0.6
        early += (float(np.log(ends[1] / begin)) - early.sum()) / PRE_MINUTES
        post_minutes = (sessions.known(day).post_close - sessions.known(day).close) // MINUTE
        late = rng.standard_normal(post_minutes) * 0.15 * volatility / POST_MINUTES**0.5
        return [begin * np.exp(early.cumsum()), ends[1] * np.exp(steps.cumsum()), ends[2] * np.exp(late.cumsum())]


def _fat(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    """Fat-tailed draws of unit variance."""
    draws: Floats = rng.standard_t(TAILS, size) * ((TAILS - 2) / TAILS) ** 0.5
    return draws.clip(-6, 6)


def _pull(own: Floats) -> Floats:
    """What draws a symbol's own wandering back, so that twenty years do not carry it out of all proportion."""
    rest = (1 - PULL) ** np.arange(1.0, len(own) + 1)
    wandered = rest * (own / rest).cumsum()
    return PULL * np.concatenate([[0.0], wandered[:-1]])


def _regime(size: int, rng: np.random.Generator) -> Floats:
    """A slowly changing factor around 1: calm and rough months follow each other."""
    level, steps = 0.0, (rng.standard_normal(size) * 0.07).tolist()
    levels = [level := 0.97 * level + step for step in steps]
    return np.exp(np.array(levels) - 0.04)


@lru_cache
def _volatility_shape(minutes: int) -> Floats:
    """The intraday U as weights whose squares add up to 1."""
    x = (np.arange(minutes) + 0.5) / minutes
    shape = 1 + 1.8 * np.exp(-12 * x) + 0.8 * np.exp(-11 * (1 - x))
    unit: Floats = shape / np.sqrt((shape**2).sum())
    return unit


@lru_cache
def _activity_shape(minutes: int) -> Floats:
    """The intraday U of trading, 0.8 at mid-day."""
    x = (np.arange(minutes) + 0.5) / minutes
    shape: Floats = 0.8 + 2.6 * np.exp(-14 * x) + 1.9 * np.exp(-12 * (1 - x))
    return shape


def _counts(stock: Stock, minutes: int, rng: np.random.Generator) -> Ints:
    """Trades in each minute of the whole session."""
    post = POST_MINUTES  # after an early close too: 13:00 to 17:00
    before = EXTENDED_SHARE * (0.3 + 2.5 * np.linspace(0, 1, PRE_MINUTES) ** 4)
    after = EXTENDED_SHARE * (0.3 + 2.5 * np.linspace(1, 0, post) ** 6)
    busy = np.concatenate([before, _activity_shape(minutes), after]) * rng.gamma(4, 0.25, PRE_MINUTES + minutes + post)
    return rng.poisson(stock.trades * busy).astype(np.int64)


def _halts(session: Session, level: Floats, count: Ints, rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
    """On rare days a five-minute pause after a fast move; empties those minutes of trades."""
    minutes = (session.close - session.open) // MINUTE
    first = PRE_MINUTES + int(rng.integers(15, minutes - 30))
    if rng.random() >= HALT_CHANCE:
        return ()
    count[first : first + HALT_MINUTES] = 0
    begin = session.pre_open + first * MINUTE
    return ((begin, begin + HALT_MINUTES * MINUTE),)


def _candles(
    stock: Stock,
    session: Session,
    level: Floats,
    count: Ints,
    ends: Floats,
    volatility: float,
    regular: slice,
    seed: int,
    halts: tuple[tuple[int, int], ...],
    rng: np.random.Generator,
) -> DayPath:
    """Minute bars around the levels, in whole cents, that their few trades can really have made."""
    wiggle = volatility / 20 * level
    close = np.maximum(np.round(level, 2), TICK)
    close[regular.stop - 1] = ends[2]
    before = np.concatenate([[ends[0]], close[:-1]])
    opened = np.maximum(np.round(before + rng.normal(0, 0.15, len(level)) * wiggle, 2), TICK)
    opened[regular.start] = ends[1]
    opened = np.where(count == 1, close, opened)
    reach = np.abs(rng.normal(0, 0.5, (2, len(level)))) * wiggle
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    high = np.where(count < 3, top, np.round(top + reach[0], 2))
    low = np.where(count < 4, bottom, np.maximum(np.round(bottom - reach[1], 2), TICK))
    size = 100 * (1 + rng.gamma(1.2, 1.6, len(level)))
    size[regular.start] *= 6
    size[regular.stop - 1] *= 12
    volume = np.maximum(np.round(count * size).astype(np.int64), count)
    empty = count == 0
    for prices in (opened, high, low, close):
        prices[empty] = np.nan
    return DayPath(stock, session, opened, high, low, close, level, volume, count, regular, seed, halts)
