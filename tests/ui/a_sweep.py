"""A sweep to show: a plateau with noise over two or three parameters, with block sums that fit its figures."""

import math
from datetime import UTC, date, datetime
from itertools import product

import numpy as np

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.sweeps import Axis, SweepResult, SweepRow, SweepSpec

BASE = BacktestSpec("sma_cross", 3, ("SPY",), "1D", date(1999, 11, 1), date(2020, 8, 28), ())


def a_spec(fast: int = 28, slow: int = 28, third: int = 0) -> SweepSpec:
    axes = [Axis("fast", (), 5, 5 + 2 * (fast - 1), 2), Axis("slow", (), 20, 20 + 8 * (slow - 1), 8)]
    if third:
        axes.append(Axis("stop", (), 0.01, round(0.01 * third, 2), 0.01))
    return SweepSpec(BASE, tuple(axes), "fast < slow", blocks=64)


def a_sweep(spec: SweepSpec | None = None, seed: int = 1, merit: float = 0.0) -> SweepResult:
    """``merit`` is a true daily return of the best region; without it all is luck."""
    spec = spec or a_spec()
    chance = np.random.default_rng(seed)
    points = [p for p in product(*(axis.points for axis in spec.axes)) if p[0] < p[1]]
    market = chance.normal(0.0002, 0.01, 64 * 80)
    rows = []
    for number, point in enumerate(points):
        near = math.exp(-(((point[0] - 21) / 12) ** 2) - ((point[1] - 100) / 60) ** 2)
        own = market * (0.3 + 0.3 * near) + merit * near + chance.normal(0, 0.004, len(market))
        if number == len(points) // 2:
            rows.append(SweepRow(point, error="ValueError: slow needs more bars than there are"))
            continue
        blocks = own.reshape(64, 80)
        equity = np.cumprod(1 + own)
        rows.append(SweepRow(point, float(equity[-1] - 1), float(own.mean() / own.std(ddof=1) * math.sqrt(252)),
                             float((equity / np.maximum.accumulate(equity) - 1).min()), 40 + number % 30,
                             float(own.std() * math.sqrt(252)),
                             0.6, 1.4, 0.3, 0.0, 3.0, tuple(blocks.sum(axis=1).tolist()),
                             tuple((blocks**2).sum(axis=1).tolist())))  # fmt: skip
    return SweepResult("s1", spec, "demo", datetime(2026, 11, 27, 14, 30, tzinfo=UTC), 0.93, tuple(rows), (80,) * 64, 5120, 252.0,
                       "c0de" * 16, "da7a" * 16, "5bec" * 16, "0123" * 16, "sweep kernel 1", "2 processes")  # fmt: skip
