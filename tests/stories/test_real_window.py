"""A real window on a real X server: the first Admin, the log-in, the desk, and the way out."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tests.simulator.process import Simulator
from tests.stories import program

XVFB = shutil.which("Xvfb")
SIZE = (1920, 1080)
MARKET = ("--seed", "2")  # a market and a broker in the vendors' place


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """The name of a display of our own."""
    if sys.platform != "linux" or XVFB is None:
        pytest.skip("there is no Xvfb on this machine (Debian: apt-get install xvfb)")
    told, telling = os.pipe()
    words = [XVFB, "-displayfd", str(telling), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=[telling], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(telling)
    try:
        with os.fdopen(told) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(20)


@dataclass(frozen=True)
class Room:
    """Where one person sits: a home, a display, vendors."""

    home: Path
    display: str
    simulator: Simulator

    def sits(self, step: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, what was seen, and standard error of one sitting."""
        web, socket = self.simulator.url, self.simulator.ws
        variables = {
            "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", "QV_ALPACA_URL": web, "QV_ALPACA_DATA_URL": web,
            "QV_ALPACA_STREAM_URL": f"{socket}/stream", "QV_POLYGON_URL": web, "QV_POLYGON_STREAM_URL": f"{socket}/stocks",
            "QV_ALPACA_KEY": self.simulator.key, "QV_ALPACA_SECRET": self.simulator.secret, "QV_POLYGON_KEY": self.simulator.polygon_key,
        }  # fmt: skip
        with program.running(self.home, step, str(self.home), module=["tests.stories.person"], **variables) as process:
            out, errors = process.communicate(timeout=180)
        return process.returncode, json.loads(out.splitlines()[-1]) if out else {}, errors


@pytest.fixture(scope="module")
def room(display: str, simulator: Simulator) -> Iterator[Room]:
    """An empty home for all sittings of this file."""
    with program.a_home() as home:
        yield Room(home, display, simulator)


@pytest.fixture(scope="module")
def first(room: Room) -> tuple[int, dict[str, Any], str]:
    """The first sitting of all."""
    return room.sits("first")


def test_the_first_start_makes_an_admin_and_opens_the_desk(room: Room, first: tuple[int, dict[str, Any], str]) -> None:
    code, seen, errors = first
    assert code == 0, errors
    assert seen["platform"] == "xcb"
    assert "differ" in seen["differing"]
    assert "too short" in seen["short"]
    assert seen["size"][0] > 1000
    assert colours(room.home / "first.png") > 30
    assert colours(room.home / "window.png") > 500
    assert program.server_of(room.home / "postgres") is None


@pytest.mark.usefixtures("first")
def test_the_next_start_asks_who_it_is_and_says_when_the_password_is_wrong(room: Room) -> None:
    code, seen, errors = room.sits("again")
    assert code == 0, errors
    assert program.is_one_sentence(seen["wrong"])
    assert "password" in seen["wrong"]
    assert "QuantVision" in seen["title"]


@pytest.mark.usefixtures("first")
def test_five_wrong_passwords_lock_even_the_right_one_out(room: Room) -> None:
    code, seen, errors = room.sits("locked")
    assert code == 0, errors
    assert seen["inside"] is False
    assert "password" in seen["said"][0]
    assert "lock" in seen["said"][-1].lower() or "minute" in seen["said"][-1], seen["said"]


def colours(file: Path) -> int:
    """How many different colours a picture has."""
    picture = QImage(str(file))
    assert picture.size().toTuple() == SIZE
    plain = picture.convertToFormat(QImage.Format.Format_RGB32)
    return len(np.unique(np.frombuffer(plain.constBits(), dtype=np.uint32)))
