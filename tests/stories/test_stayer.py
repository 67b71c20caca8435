"""Staying signed in over restarts and a crash, the locked desk of the real program, and a log-out that forgets."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories import program


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with program.a_home() as folder:
        yield folder


def lived(step: str, home: Path) -> tuple[int, dict[str, Any], list[str]]:
    """Exit code, what was seen, and what the keyring holds afterwards."""
    ring = home / "ring.json"
    surroundings = {"QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "tests.stories.stayer.FileKeyring",
                    "KEYRING_OF_THE_TEST": str(ring)}  # fmt: skip
    with program.running(home, step, module=("tests.stories.stayer",), **surroundings) as process:
        said, complaints = process.communicate(timeout=program.PATIENCE)
    assert said, complaints[-3000:]
    kept = (
        [text for name, text in json.loads(ring.read_text()).items() if name.startswith("refresh_token ")]
        if ring.exists()
        else []
    )
    return process.returncode, json.loads(said.splitlines()[-1]), kept


@pytest.fixture(scope="module")
def sittings(home: Path) -> dict[str, tuple[int, dict[str, Any], list[str]]]:
    return {step: lived(step, home) for step in ("first", "resumed", "leaves", "asked")}


def test_who_logs_out_may_log_in_again_and_stay(sittings: dict[str, tuple[int, dict[str, Any], list[str]]]) -> None:
    code, seen, kept = sittings["first"]
    assert (code, seen["windows"], len(kept)) == (0, 1, 1)
    assert " " not in kept[0]  # no renewal is under way


def test_the_next_start_asks_nothing_and_a_locked_desk_shows_nothing(
    sittings: dict[str, tuple[int, dict[str, Any], list[str]]],
) -> None:
    code, seen, kept = sittings["resumed"]
    assert (seen["title"], seen["closed"]) == ("QuantVision · Locked", ["LoginDialog"])
    assert code == -signal.SIGKILL
    assert len(kept) == 1
    assert kept != sittings["first"][2]  # each use gives another one


def test_after_a_crash_the_person_is_still_signed_in_and_a_log_out_forgets_that(
    sittings: dict[str, tuple[int, dict[str, Any], list[str]]],
) -> None:
    code, seen, kept = sittings["leaves"]
    assert (code, seen["user"], kept) == (0, "ada", [])
    code, seen, kept = sittings["asked"]
    assert (code, seen["inside"], kept) == (0, False, [])
