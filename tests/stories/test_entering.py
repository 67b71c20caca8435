"""At the real log-in, with its dialog and its loop, passwords are worked on beside the window's thread, which goes on meanwhile."""

import json
import sys
from typing import Any

import pytest

from tests.stories import program


@pytest.fixture(scope="module")
def sittings() -> dict[str, dict[str, Any]]:
    """What was seen when the first Admin was made, and at the next start."""
    seen = {}
    with program.a_home() as home:
        for step in ("first", "again"):
            surroundings = {"QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
            with program.running(home, step, module=("tests.stories.entering",), **surroundings) as process:
                said, complaints = process.communicate(timeout=program.PATIENCE)
            assert said, complaints[-3000:]
            seen[step] = json.loads(said.splitlines()[-1])
            sys.stdout.write(f"{step}: by the clock {seen[step]['gaps_ms']}, worked {seen[step]['work_ms']}\n")
    return seen


def test_no_password_is_worked_on_by_the_windows_thread(sittings: dict[str, dict[str, Any]]) -> None:
    for step, least in (("first", 2), ("again", 4)):  # made and verified; a name that is not there takes the same work
        work = sittings[step]["work"]
        assert len(work) >= least
        assert not [stretch for on_the_windows, _, stretch in work if on_the_windows]


def test_the_window_goes_on_while_a_password_is_worked_on(sittings: dict[str, dict[str, Any]]) -> None:
    """However slow the machine: argon2 lets other threads run, and the window waits for none of it."""
    assert sum(ticks for _, ticks, _ in sittings["again"]["work"]) > 0


def test_the_window_behind_the_log_in_is_built_in_steps(sittings: dict[str, dict[str, Any]]) -> None:
    """Whoever types a password waits for one panel at a time, and not for twenty."""
    for step in ("first", "again"):
        assert len(set(sittings[step]["docked"])) > 5
