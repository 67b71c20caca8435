"""The whole path of market data: simulator, socket, model, window and database, with the real program under load."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.stories.program import a_home

USUAL, USUAL_S = 50_000, 60  # events per second, seconds
BUSY, BUSY_S = 200_000, 10
PATIENCE = 240.0  # seconds beyond the load itself; the first start creates the database
KEYS = (
    "sustained_events_per_s",
    "trades_lost",
    "receive_to_model_p99_ms",
    "gui_lag_p99_ms",
    "gui_lag_max_ms",
    "queue_max_rows",
)


def figures(usual_s: float = USUAL_S, busy_s: float = BUSY_S) -> dict[str, object]:
    """Events per second kept up, trades lost and delays in ms, at 50,000 events a second and (``_200k``) at 200,000."""
    usual, busy = under_load(USUAL, usual_s), under_load(BUSY, busy_s)
    return {key: usual[key] for key in KEYS} | {f"{key}_200k": busy[key] for key in KEYS}


def under_load(rate: int, seconds: float) -> dict[str, Any]:
    """What one run of the program, with a database of its own, says of itself."""
    with a_home() as home:
        out = home / "out"
        words = ["demo", "--headless", "--load", str(rate), "--for", f"{seconds:g}", "--out", str(out)]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("QV_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        environment = {**kept, "QV_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
        command = [sys.executable, "-m", "qv_desktop", *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=seconds + PATIENCE, check=False
        )
        return _read(out / "summary.json", done)


def _read(summary: Path, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    if not summary.is_file():
        raise SystemExit(f"The program left no figures (exit code {done.returncode}).\n{done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return said
