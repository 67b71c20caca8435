"""Made-up runs for the worker, served in this process."""

import os
from collections.abc import Sequence

import numpy as np

from qv_desktop import paths
from qv_desktop.adapters.compute.messages import Done, Run, Terms

os.environ.setdefault("NUMBA_CACHE_DIR", str(paths.compiled()))  # before numba is imported, which reads it once

DAY = 86_400_000_000_000
NAN = float("nan")

type Columns = list[np.ndarray]  # at, open, high, low, close, volume


def terms(sizing: str = "percent", amount: float = 0.5, **others: float | str) -> Terms:
    """Terms without costs and stops but for ``others``."""
    plain: dict[str, float | str] = {"cash": 10_000.0, "fees": 0.0, "fees_per_share": 0.0, "slippage": 0.0, "loss": NAN,
                                     "profit": NAN, "trailing": NAN, "direction": "both"}  # fmt: skip
    return Terms(sizing=sizing, amount=amount, **(plain | others))  # type: ignore[arg-type]


def walk(seed: int, count: int, gaps: float = 0.0, first: int = 0) -> Columns:
    """A random walk of daily bars with gaps overnight; ``gaps`` is the part of days without a bar."""
    rng = np.random.default_rng(seed)
    opens = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, count)))
    close = opens * np.exp(rng.normal(0, 0.02, count))
    high = np.maximum(opens, close) * (1 + rng.uniform(0, 0.02, count))
    low = np.minimum(opens, close) * (1 - rng.uniform(0, 0.02, count))
    at = (np.arange(count, dtype=np.int64) + first) * DAY
    keep = rng.random(count) >= gaps
    keep[:2] = True
    return [column[keep] for column in (at, opens, high, low, close, np.full(count, 1e6))]


def run(source: str, each: Sequence[Columns], told: Terms, parameters: dict[str, float] | None = None) -> Run:
    """A request over symbols A, B, …"""
    symbols = [chr(65 + number) for number in range(len(each))]
    raw = [[column.tobytes() for column in columns] for columns in each]
    return Run("r", source, parameters or {}, symbols, raw, [], 86_400, 252.0, told)


def served(request: Run) -> Done:
    """What a worker answers."""
    from qv_desktop.adapters.compute import worker
    from qv_desktop.adapters.compute.kept_kernels import one_at_a_time

    one_at_a_time()
    return worker.serve(request, lambda fraction, step: None)
