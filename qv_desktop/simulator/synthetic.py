"""A seeded market: daily levels for all years, the same for the same seed, symbol and day."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from qv_desktop.simulator import sessions
from qv_desktop.simulator.intraday import Outline
from qv_desktop.simulator.listings import ANCHOR_DAY, Stock
from qv_desktop.simulator.paths import TICK, DayPath, Floats, Ints, dice

MARKET = "the market"
MARKET_DAY = 0.0088  # the market's daily volatility
DRIFT = 0.0003  # log return a day
TAILS = 5  # degrees of freedom of daily returns
PULL = 0.0015  # share of a symbol's own wandering taken back each day
KEPT_PATHS = 500  # some 50 kB each
YEAR = 252  # sessions


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
        self._path = lru_cache(maxsize=KEPT_PATHS)(self._made_path)
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
        total = stock.volatility / YEAR**0.5
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
        session, number, daily = sessions.known(day), self._days[day], self.daily(stock)
        ends = np.array([daily.previous[number], daily.open[number], daily.close[number]]) * scale
        outline = Outline(stock, session, np.maximum(np.round(ends, 2), TICK), float(daily.volatility[number]))
        tie = float(np.clip(stock.beta * MARKET_DAY / (stock.volatility / YEAR**0.5), -0.85, 0.85))
        market = self._market_walk(day, outline.minutes)
        return outline.path(market, tie, self._seed, dice(self._seed, stock.symbol, 5, day.toordinal()))


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
