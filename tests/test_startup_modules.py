"""What a start loads: none of the heavy libraries is there when the log-in dialog shows."""

import json
import os
import subprocess
import sys

import pytest

from tests.benchmarks.startup import HEAVY

TO_THE_DIALOG = """
import json, sys
import qv_desktop.app.running, qv_desktop.app.session  # all that is imported before anybody has signed in
from PySide6.QtWidgets import QApplication
from qv_desktop.ui import theme
from qv_desktop.ui.login_dialog import LoginDialog
application = QApplication([])
theme.apply(application)
dialog = LoginDialog("SIMULATION", "0")
dialog.show()
application.processEvents()
"""
TELL = "print(json.dumps({'modules': sorted(sys.modules), 'visible': dialog.isVisible()}))"


def after(code: str) -> dict[str, object]:
    """What a fresh interpreter says at the end of ``code``."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_no_heavy_library_is_loaded_when_the_login_dialog_shows() -> None:
    said = after(TO_THE_DIALOG + TELL)
    assert said["visible"]
    assert not HEAVY.intersection(said["modules"])  # type: ignore[arg-type]


@pytest.mark.parametrize("heavy", ["pandas", "talib"])
def test_the_check_sees_a_heavy_library_that_is_loaded(heavy: str) -> None:
    said = after(f"import {heavy}\n{TO_THE_DIALOG}{TELL}")
    assert heavy in said["modules"]  # type: ignore[operator]
