"""Blocks of returns that a test knows bar by bar."""

import numpy as np

from qv_desktop.analytics.blocks import Blocks, Floats


def blocks_of(returns: Floats, count: int) -> Blocks:
    """``returns`` (bars × trials) cut into ``count`` spans whose lengths differ by one at most."""
    starts = np.linspace(0, len(returns), count + 1).astype(np.int64)
    return Blocks(np.diff(starts).astype(np.float64), np.add.reduceat(returns, starts[:-1], axis=0),
                  np.add.reduceat(returns**2, starts[:-1], axis=0))  # fmt: skip
