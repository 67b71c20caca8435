"""The minutes of one synthetic session of one symbol, drawn between its known open and close."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qv_desktop.simulator.listings import Stock
from qv_desktop.simulator.paths import TICK, DayPath, Floats, Ints
from qv_desktop.simulator.ticks import MINUTE, Session

PRE_MINUTES, POST_MINUTES = 330, 240  # an early close at 13:00 has its post-market until 17:00
JUMP_CHANCE, HALT_CHANCE = 0.04, 0.002  # for each symbol and day
HALT_MINUTES = 5
EXTENDED_SHARE = 0.03  # of mid-day activity
FEWEST_CROSSED = 3  # trades in the first and last regular minute


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a session before its minutes are drawn.

    `ends` are the previous close, the open and the close in dollars; `volatility` is the day's, as a log return.
    """

    stock: Stock
    session: Session
    ends: Floats
    volatility: float

    @property
    def minutes(self) -> int:
        """How many minutes regular hours have."""
        return (self.session.close - self.session.open) // MINUTE

    @property
    def regular(self) -> slice:
        """Which minutes of the whole session are regular hours."""
        return slice(PRE_MINUTES, PRE_MINUTES + self.minutes)

    def path(self, market: Floats, tie: float, seed: int, rng: np.random.Generator) -> DayPath:
        """Draw the minutes; `market` are unit steps that all symbols share, `tie` the correlation with them."""
        level = np.concatenate(self._levels(market, tie, rng))
        count = self._counts(rng)
        halts = self._halts(count, rng)
        for edge in (self.regular.start, self.regular.stop - 1):
            count[edge] = max(count[edge], FEWEST_CROSSED)
        o, h, low, c = self._candles(level, count, rng)
        volume = self._volumes(count, rng)
        return DayPath(self.stock, self.session, o, h, low, c, level, volume, count, self.regular, seed, halts)

    def _levels(self, market: Floats, tie: float, rng: np.random.Generator) -> list[Floats]:
        """Price levels at the end of each minute of pre-market, regular hours and post-market."""
        previous, opened, closed = self.ends.tolist()
        early = rng.standard_normal(PRE_MINUTES) * 0.25 * self.volatility / PRE_MINUTES**0.5
        begin = previous * (opened / previous) ** 0.6
        early += (np.log(opened / begin) - early.sum()) / PRE_MINUTES
        late = rng.standard_normal(POST_MINUTES) * 0.15 * self.volatility / POST_MINUTES**0.5
        steps = self._regular_steps(market, tie, rng)
        return [begin * np.exp(early.cumsum()), opened * np.exp(steps.cumsum()), closed * np.exp(late.cumsum())]

    def _regular_steps(self, market: Floats, tie: float, rng: np.random.Generator) -> Floats:
        """Log steps from the open to the close: a bridge with the intraday U of volatility, and rarely a jump."""
        minutes, shape = self.minutes, _volatility_shape(self.minutes)
        own = rng.standard_normal(minutes)
        steps: Floats = (tie * market + (1 - tie**2) ** 0.5 * own) * shape * self.volatility
        jump_at, jump = int(rng.integers(20, minutes - 20)), 0.0
        if rng.random() < JUMP_CHANCE:
            jump = float(rng.normal(0, 0.9 * self.volatility))
        steps += shape**2 * (np.log(self.ends[2] / self.ends[1]) - jump - steps.sum())
        steps[jump_at] += jump
        return steps

    def _counts(self, rng: np.random.Generator) -> Ints:
        """Trades in each minute of the whole session."""
        before = EXTENDED_SHARE * (0.3 + 2.5 * np.linspace(0, 1, PRE_MINUTES) ** 4)
        after = EXTENDED_SHARE * (0.3 + 2.5 * np.linspace(1, 0, POST_MINUTES) ** 6)
        shape = np.concatenate([before, _activity_shape(self.minutes), after])
        return rng.poisson(self.stock.trades * shape * rng.gamma(4, 0.25, len(shape))).astype(np.int64)

    def _halts(self, count: Ints, rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
        """On rare days a pause of some minutes, (start, end) in ns; empties those minutes of trades."""
        first = PRE_MINUTES + int(rng.integers(15, self.minutes - 30))
        if rng.random() >= HALT_CHANCE:
            return ()
        count[first : first + HALT_MINUTES] = 0
        begin = self.session.pre_open + first * MINUTE
        return ((begin, begin + HALT_MINUTES * MINUTE),)

    def _candles(self, level: Floats, count: Ints, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
        """Open, high, low and close around the levels, in cents, as each minute's few trades can really make them."""
        wiggle = self.volatility / 20 * level
        close = _cents(level)
        close[self.regular.stop - 1] = self.ends[2]
        before = np.concatenate([self.ends[:1], close[:-1]])
        opened = _cents(before + rng.normal(0, 0.15, len(level)) * wiggle)
        opened[self.regular.start] = self.ends[1]
        opened = np.where(count == 1, close, opened)
        reach = np.abs(rng.normal(0, 0.5, (2, len(level)))) * wiggle
        top, bottom = np.maximum(opened, close), np.minimum(opened, close)
        high = np.where(count < 3, top, _cents(top + reach[0]))
        low = np.where(count < 4, bottom, _cents(bottom - reach[1]))
        for prices in (opened, high, low, close):
            prices[count == 0] = np.nan
        return opened, high, low, close

    def _volumes(self, count: Ints, rng: np.random.Generator) -> Ints:
        """Shares in each minute; the opening and closing crosses are large."""
        size = 100 * (1 + rng.gamma(1.2, 1.6, len(count)))
        size[self.regular.start] *= 6
        size[self.regular.stop - 1] *= 12
        return np.maximum(np.round(count * size).astype(np.int64), count)


def _cents(prices: Floats) -> Floats:
    return np.maximum(np.round(prices, 2), TICK)


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
