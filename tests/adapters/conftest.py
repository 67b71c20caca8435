"""What tests of adapters share: a real simulator process, recorded payloads, and a screenless Qt."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.process import Simulator, running

if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

WIRE = Path(__file__).parents[2] / ".." / "shared" / "wire"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """The market of seed 1 at 10:30 of the latest session, in a process of its own."""
    with running("--seed", "1") as started:
        yield started


@pytest.fixture(scope="session")
def wire() -> Path:
    """The recorded payloads."""
    if not WIRE.is_dir():
        pytest.skip("the recorded payloads are not beside this checkout")
    return WIRE
