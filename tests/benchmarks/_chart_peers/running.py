"""Runs the peers' charts in their isolated environment, each in a process of its own with a time limit."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[3]
ENVIRONMENT = ROOT / ".bench"
PEERS = {"finplot": "finplot_chart", "vnpy": "vnpy_chart"}  # by name: module here
LIMIT = 60.0  # s for each; what was measured by then counts
ABSENT = "The peers' charts are not installed (packaging/dev does it where a package index is reachable): ours is measured alone.\n"


def figures() -> dict[str, dict[str, object]]:
    """Each peer's figures by name; none, and one sentence that says so, without their environment."""
    if not (ENVIRONMENT / "locked").exists():
        sys.stderr.write(ABSENT)
        return {}
    return {name: one(name, f"{__package__}.{module}", LIMIT) for name, module in PEERS.items()}


def one(name: str, module: str, limit: float) -> dict[str, object]:
    """What one peer's module tells within ``limit`` seconds; nothing without their environment."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (ENVIRONMENT / "locked").exists():
        sys.stderr.write(
            f"{name} is not installed (packaging/dev does it where a package index is reachable): ours is measured alone.\n"
        )
        return {}
    return told([str(python), "-m", module], limit)


def told(command: Sequence[str], limit: float) -> dict[str, object]:
    """What a peer's process told within ``limit`` seconds; ``incomplete`` says why it is not everything."""
    with TemporaryDirectory() as folder:
        Path(folder, ".vntrader").mkdir()  # vnpy keeps its settings and logs here, and else in the person's home
        try:
            done = subprocess.run(
                command, cwd=folder, env=_surroundings(), capture_output=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired as error:
            return read(error.stdout or b"") | {"incomplete": f"stopped after {limit:g} s"}
    found = read(done.stdout)
    if done.returncode == 0:
        return found
    last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no word"])[-1]
    return found | {"incomplete": f"ended with code {done.returncode}: {last}"}


def read(text: bytes) -> dict[str, object]:
    """The figures of all whole lines; the last may have been cut off, and what is no JSON object is somebody else's."""
    out: dict[str, object] = {}
    for line in text.decode(errors="replace").splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            out |= found
    return out


def _surroundings() -> dict[str, str]:
    return {"QT_QPA_PLATFORM": "offscreen"} | os.environ | {"PYQTGRAPH_QT_LIB": "PySide6", "PYTHONPATH": str(ROOT)}
