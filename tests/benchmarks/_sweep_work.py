"""What the benchmark of sweeps runs, the same for both sides: bars, the strategy, the pairs."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import combinations, product

import numpy as np
import psutil
from numpy.typing import NDArray

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.market import SECOND, Bar
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import Axis, SweepSpec
from qv_desktop.strategies.built_in import built_in

MINUTE = 60 * SECOND
BARS, LONG = 20_000, 100_000
FEES, SLIPPAGE, SIZE, CASH = 1.0, 2.0, 0.95, 100_000.0
PAIRS = tuple((float(fast), float(slow)) for fast, slow in combinations(range(5, 45), 2))  # 780
THOUSAND = tuple((float(fast), float(slow)) for fast, slow in product(range(5, 45), range(50, 75)))
TEN_THOUSAND = tuple((float(fast), float(slow)) for fast, slow in product(range(5, 105), range(110, 210)))


def prices(count: int) -> NDArray[np.float64]:
    """Open, high, low and close of one-minute bars around the clock."""
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0.00002, 0.002, count)))
    opens = np.concatenate(([100.0], close[:-1])) * np.exp(rng.normal(0, 0.0005, count))
    return np.column_stack((opens, np.maximum(opens, close) * 1.001, np.minimum(opens, close) * 0.999, close))


def bars(count: int) -> list[Bar]:
    """The same as the program has them."""
    return [Bar("SPY", i * MINUTE, *row, 1e4) for i, row in enumerate(prices(count).tolist())]


def strategy() -> Strategy:
    """The averages' cross that ships."""
    return next(one for one in built_in(datetime(2026, 1, 1, tzinfo=UTC)) if one.name == "sma_cross")


def spec(pairs: tuple[tuple[float, float], ...]) -> SweepSpec:
    """A sweep of the pairs."""
    base = BacktestSpec(
        "sma_cross", 1, ("SPY",), "1m", date(2020, 1, 1), date(2021, 1, 1), (), fees=FEES, slippage=SLIPPAGE, cash=CASH
    )
    fast, slow = (tuple(sorted({pair[i] for pair in pairs})) for i in (0, 1))
    return SweepSpec(base, (Axis("fast", fast), Axis("slow", slow)), "fast < slow")


class Memory:
    """The most that this process and those it started have had, looked at when ``look`` is called."""

    def __init__(self) -> None:
        self.together = self.each = 0.0  # MB; shared pages counted once, and of any one process with all that it shares
        self._own = psutil.Process()

    def look(self) -> None:
        """Look now."""
        shared, single = 0.0, 0.0
        for process in (self._own, *self._own.children(recursive=True)):
            try:
                shared += _proportional(process)
                if process.pid != self._own.pid:
                    single = max(single, process.memory_info().rss / 1e6)
            except (psutil.Error, OSError):
                continue  # it has just ended
        self.together, self.each = max(self.together, shared), max(self.each, single)


def _proportional(process: psutil.Process) -> float:
    found = process.memory_full_info()
    return float(getattr(found, "pss", found.rss)) / 1e6


def timed(clock: Callable[[], float], work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    began = clock()
    work()
    return clock() - began
