"""The pid file that a Postgres server leaves in its data folder, and whether the process it names is that server."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What ``postmaster.pid`` says: lines 1, 4, 5, 6 and 8 (PostgreSQL ``src/include/utils/pidfile.h``)."""

    pid: int
    port: int
    socket_folder: str
    address: str
    ready: bool


def read(data: Path) -> Postmaster | None:
    """The pid file of ``data``, or None when there is none that can be read whole enough."""
    try:
        lines = [line.strip() for line in (data / "postmaster.pid").read_text(errors="replace").splitlines()]
        lines += [""] * (8 - len(lines))
        return Postmaster(abs(int(lines[0])), int(lines[3] or 0), lines[4], lines[5], lines[7] == "ready")
    except (OSError, ValueError):
        return None


def serves(pid: int, data: Path) -> bool:
    """Whether process ``pid`` is a Postgres started on ``data``; a zombie has no command line and so is none."""
    command = _command(pid)
    return "/bin/postgres " in command and str(data) in command


def _command(pid: int) -> str:
    if sys.platform != "linux":
        ask = ["/bin/ps", "-ww", "-p", str(pid), "-o", "command="]
        return subprocess.run(ask, capture_output=True, text=True, check=False).stdout
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
    except OSError:
        return ""


def end(pid: int, data: Path, patience: float = 10.0) -> None:
    """Stop the server ``pid``: fast, then immediate, then by force; each is safe for what was committed."""
    for number, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
        if not serves(pid, data):
            return
        os.kill(pid, number)
        if gone(pid, data, seconds):
            return


def gone(pid: int, data: Path, seconds: float) -> bool:
    """Whether the server ends within ``seconds``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        _reap(pid)
        if not serves(pid, data):
            return True
        time.sleep(0.01)
    return False


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)  # only if it is our own child
    except OSError:
        return
