"""How long the program takes to its log-in dialog and to its window, and whether heavy libraries were loaded by then."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

HEAVY = {"vectorbt", "numba", "pandas", "scipy", "talib"}  # none may be loaded when the log-in dialog shows
RUNS = 5
PATIENCE = 180  # s for one start, the first of which creates the database


def figures() -> dict[str, object]:
    """Seconds from the start of the process, median of five on a warm disk with the database in place."""
    with _home() as home:
        _started(home)  # creates the database and warms the disk; not counted
        starts = [_started(home) for _ in range(RUNS)]
    loaded = {name for start in starts for name in start["heavy_modules"]} & HEAVY
    return {
        "login_s": round(median(start["login_s"] for start in starts), 3),
        "window_s": round(median(start["window_s"] for start in starts), 3),
        "heavy_modules": sorted(loaded),
    }


def _started(home: Path) -> dict[str, Any]:
    """What one start of the real program says of itself."""
    report = home / "startup.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "qv_desktop", "demo", "--headless", "--for", "1", "--out", str(home / "out")]
    environment = {**os.environ, "QV_HOME": str(home), "QV_STARTUP_REPORT": str(report), "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a warm start finds its modules compiled
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if not report.is_file():
        raise SystemExit(f"The program did not report its start (exit code {done.returncode}).\n{done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return said


@contextmanager
def _home() -> Iterator[Path]:
    """A new folder for everything the program keeps, open to the account that the database runs as for root."""
    folder = Path(tempfile.mkdtemp(prefix="qv-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
