"""How long the window is not there while a person goes through the whole program: workspaces, panels, dialogs, tables, accounts."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.simulator.process import running
from tests.stories import program

PATIENCE = 900.0  # seconds


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where the stacks go, and on what the window is drawn."""
    parser.add_argument("--stacks", default="stacks.txt", help="the file for what the window's thread was doing")
    parser.add_argument(
        "--only",
        default="",
        help="parts, with commas: workspaces, panels, dialogs, tables, chart, layouts, work, accounts",
    )
    parser.add_argument("--pictures", default="", help="a folder for pictures of what is in view")


def figures(stacks: str = "stacks.txt", only: str = "", pictures: str = "") -> dict[str, object]:
    """Per stretch the longest wait in ms by the clock, and in ms that the window's own thread worked meanwhile."""
    with running("--seed", "2") as simulator, program.a_home() as home:
        web, socket = simulator.url, simulator.ws
        more = {
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"), "DISPLAY": os.environ.get("DISPLAY", ""),
            "QV_ALPACA_URL": web, "QV_ALPACA_DATA_URL": web, "QV_ALPACA_STREAM_URL": f"{socket}/stream", "QV_POLYGON_URL": web,
            "QV_ALPACA_PRICES_URL": f"{socket}/v2/iex",
            "QV_POLYGON_STREAM_URL": f"{socket}/stocks", "SECOND_KEY": simulator.key, "ONLY_OF_THE_TEST": only,
            "PICTURES_OF_THE_TEST": pictures, "QV_LOG_LEVEL": "INFO",
        }  # fmt: skip
        line = [sys.executable, "-m", "tests.benchmarks._smooth_program", str(Path(stacks).resolve())]
        environment = program.environment(home, **more)
        done = subprocess.run(
            line, cwd=program.ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
        )
    if not done.stdout:
        raise SystemExit(f"The program said nothing (exit code {done.returncode}).")
    said: dict[str, list[list[float]]] = json.loads(done.stdout.splitlines()[-1])
    return {name: waits[0] for name, waits in said.items() if waits}


def report(figures: dict[str, object]) -> str:
    """The longest first."""
    rows = sorted(figures.items(), key=lambda row: -row[1][0])  # type: ignore[index]
    return "".join(f"{clock:8.0f} ms by the clock {worked:8.0f} ms of work  {name}\n" for name, (clock, worked) in rows)  # type: ignore[misc]
