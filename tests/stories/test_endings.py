"""Asked to end at any moment of the start, the program ends as asked and leaves nothing running behind it."""

import itertools
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.stories.program import is_one_sentence, running, server_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals between processes")
HEADLESS = ("demo", "--headless", "--for", "5")
MOMENTS = (0.0, 0.1, 0.3, 0.5, 0.8, 1.2, 1.6, 2.0)  # seconds after the program listens for signals


def listens(process: subprocess.Popen[str]) -> bool:
    """Whether the program has a handler for SIGTERM of its own; Python sets none."""
    if not Path("/proc").is_dir():
        time.sleep(0.3)
        return True
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def end_at(home: Path, number: signal.Signals, seconds: float) -> tuple[int, str, list[psutil.Process]]:
    """Exit code, standard error, and the processes that the program had started by the moment it was asked to end."""
    with running(home, *HEADLESS, "--out", str(home / "out")) as process:
        until = time.monotonic() + 60
        while not listens(process):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.005)
        time.sleep(seconds)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _, words = process.communicate(timeout=90)
        return process.returncode, words, children


@pytest.mark.parametrize(
    ("seconds", "number"), list(zip(MOMENTS, itertools.cycle([signal.SIGINT, signal.SIGTERM]), strict=False))
)
def test_a_start_that_is_told_to_end_ends_clean(home: Path, seconds: float, number: signal.Signals) -> None:
    code, words, children = end_at(home, number, seconds)
    assert code == 128 + number, words
    assert words == "" or is_one_sentence(words), words
    assert server_of(home / "demo" / "postgres") is None
    _, alive = psutil.wait_procs(children, timeout=5)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_next_start_after_that_finds_nothing_in_its_way(home: Path, number: signal.Signals) -> None:
    for seconds in (0.2, 0.4):
        code, words, _ = end_at(home, number, seconds)
        assert (code, words) == (128 + number, "")
