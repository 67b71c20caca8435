"""Bars for chart tests: seeded, on New York's clock."""

from datetime import datetime, timedelta

import numpy as np

from qv_desktop.domain.market import NEW_YORK, Bar, Timeframe, ns

FIVE = Timeframe(5, "m")
BEGIN = datetime(2025, 11, 18, 9, 30, tzinfo=NEW_YORK)


def walk(
    count: int, frame: Timeframe = FIVE, begin: datetime = BEGIN, symbol: str = "AAPL", seed: int = 5
) -> list[Bar]:
    """A random walk near 230 dollars, one bar after the other without a break."""
    rng = np.random.default_rng(seed)
    close = np.round(230 + np.cumsum(rng.normal(0, 0.2, count)), 2)
    open_ = np.concatenate(([230.0], close[:-1]))
    high = np.round(np.maximum(open_, close) + rng.uniform(0, 0.3, count), 2)
    low = np.round(np.minimum(open_, close) - rng.uniform(0, 0.3, count), 2)
    volume = rng.integers(100, 10_000, count)
    return [Bar(symbol, ns(begin + timedelta(seconds=frame.seconds * i)), float(open_[i]), float(high[i]), float(low[i]),
                float(close[i]), float(volume[i])) for i in range(count)]  # fmt: skip
