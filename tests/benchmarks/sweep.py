"""How fast a sweep is beside plain vectorbt at the same work, how much memory it takes, and how soon it shows something.

Each side runs in a process of its own, once to warm and then by the clock; ours with two workers. ``rss_mb`` adds the program and all
its workers with shared pages counted once; of vectorbt it is the one process. On a busy machine the figures of processor time hold:
``ratio_by_processor_time`` compares one process with one process, ``frame_own_longest_ms`` is what all threads of the program did between
two ticks of the window's. ``first_result_s`` counts from the start of the whole program, with its database, market, log-in and window, to
the first rows; ``first_result_of_pool_s`` is what Qt and the pool alone take of that.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from qv_desktop import paths
from tests.stories.program import a_home

GOALS = {"ratio": 20.0, "rss_mb": 300.0, "max_relative_difference": 1e-9, "thousand_by_100k_s": 15.0,
         "thousand_rss_mb_per_worker": 1000.0, "first_result_s": 5.0, "frame_late_longest_ms": 50.0}  # fmt: skip
AT_LEAST = {"ratio"}
PATIENCE = 900  # s
STARTS = 3


def figures() -> dict[str, object]:
    """Seconds, MB and ms; ``max_relative_difference`` over total return, Sharpe, drawdown and trade count of every pair."""
    with tempfile.TemporaryDirectory() as folder:
        mine, theirs = Path(folder) / "ours.npy", Path(folder) / "theirs.npy"
        ours, peer, window = _told("_sweep_ours", mine), _told("_sweep_peer", theirs), _told("_sweep_window")
        whole = _first_result()
        found, other = np.load(mine), np.load(theirs)
    apart = np.abs(found - other) / np.maximum(np.maximum(np.abs(found), np.abs(other)), np.finfo(float).tiny)
    ratio = float(peer["peer_seconds"]) / float(ours["seconds"])
    by_work = float(peer["peer_processor_seconds"]) / float(ours["processor_seconds"])
    growth = float(ours["ten_thousand_by_100k_s"]) / float(ours["thousand_by_100k_s"])
    return {**ours, **peer, **window, **whole, "ratio": ratio,
            "ratio_by_processor_time": by_work, "ten_times_the_combinations_take": growth,
            "max_relative_difference": float(apart.max()), "processors": os.cpu_count()}  # fmt: skip


def report(found: Mapping[str, Any]) -> str:
    """One figure a line, and whether each goal is met."""
    lines = [
        f"{name:<34} {value:,.4g}" if isinstance(value, float) else f"{name:<34} {value}"
        for name, value in found.items()
    ]
    for name, goal in GOALS.items():
        met = found[name] >= goal if name in AT_LEAST else found[name] <= goal
        lines.append(
            f"{name}: {found[name]:.4g}, goal {'at least' if name in AT_LEAST else 'at most'} {goal:g}: {'met' if met else 'MISSED'}"
        )
    return "\n".join(lines) + "\n"


def _first_result() -> dict[str, Any]:
    """Of the whole program, signed in: median of three starts with the database in place and the bars stored, as on most days."""
    with a_home() as home:
        starts = [_told("_sweep_program", home / "out", QV_HOME=str(home)) for _ in range(STARTS + 1)][1:]
    return {name: median(start[name] for start in starts) for name in starts[0]}


def _told(module: str, *words: object, **more: str) -> dict[str, Any]:
    """What a process says at its end."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(paths.compiled()), "OMP_NUM_THREADS": "1", **more}
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise SystemExit(f"{module} failed (exit code {done.returncode}).\n{done.stderr[-3000:]}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


__all__ = ["figures", "report"]
