"""vectorbt's side of the benchmark of sweeps, in a process of its own: all pairs in one portfolio, as its guide does it."""

import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import vectorbt as vbt

from qv_desktop.analytics.sweep_blocks import bars_a_year
from tests.benchmarks._sweep_work import BARS, CASH, FEES, MINUTE, PAIRS, SIZE, SLIPPAGE, Memory, prices

LOOK = 0.02  # s between two looks at the memory


def main(out: Path) -> None:
    """Once to warm, and once by the clock."""
    table, at = prices(BARS), np.arange(BARS, dtype=np.int64) * MINUTE
    index = pd.DatetimeIndex(pd.to_datetime(at, unit="ns", utc=True))
    opens, closes = pd.Series(table[:, 0], index=index), pd.Series(table[:, 3], index=index)
    year = pd.Timedelta(minutes=bars_a_year(at))
    figures(opens, closes, year)
    began, at_work = time.perf_counter(), time.process_time()
    rows = figures(opens, closes, year)
    seconds, processor = time.perf_counter() - began, time.process_time() - at_work
    np.save(out, rows)
    told = {"peer_seconds": seconds, "peer_processor_seconds": processor, "peer_rss_mb": watched(opens, closes, year),
            "peer": f"vectorbt {vbt.__version__}"}  # fmt: skip
    sys.stdout.write(json.dumps(told) + "\n")


def figures(opens: "pd.Series[float]", closes: "pd.Series[float]", year: pd.Timedelta) -> np.ndarray:
    """Total return, Sharpe, drawdown and trades by pair; the flags are those of the strategy that ships, a bar later."""
    windows = sorted({int(window) for pair in PAIRS for window in pair})
    averages = vbt.talib("SMA").run(closes, timeperiod=windows).real.to_numpy()
    place = {window: i for i, window in enumerate(windows)}
    fast, slow = (averages[:, [place[int(pair[side])] for pair in PAIRS]] for side in (0, 1))
    above, known = fast > slow, ~np.isnan(fast) & ~np.isnan(slow)
    before, was_known = later(above), later(known)
    columns = pd.MultiIndex.from_tuples(PAIRS, names=["fast", "slow"])
    entries, exits = (
        pd.DataFrame(later(flags), index=closes.index, columns=columns)
        for flags in (above & ~before & known, ~above & before & was_known)
    )
    made = vbt.Portfolio.from_signals(
        closes, entries, exits, price=opens, size=SIZE, size_type="percent", init_cash=CASH, fees=FEES / 10_000,
        slippage=SLIPPAGE / 10_000, freq=pd.Timedelta(minutes=1),
    )  # fmt: skip
    sharpe = made.get_returns_acc(year_freq=year).sharpe_ratio()
    return np.column_stack((made.total_return(), sharpe, made.max_drawdown(), made.trades.count()))


def later(flags: np.ndarray) -> np.ndarray:
    """Of the bar before."""
    return np.concatenate((np.zeros((1, flags.shape[1]), dtype=bool), flags[:-1]))


def watched(opens: "pd.Series[float]", closes: "pd.Series[float]", year: pd.Timedelta) -> float:
    """MB of a run that is not timed."""
    memory, over = Memory(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            memory.look()

    watcher = threading.Thread(target=look)
    watcher.start()
    figures(opens, closes, year)
    over.set()
    watcher.join()
    return memory.together


if __name__ == "__main__":
    main(Path(sys.argv[1]))
