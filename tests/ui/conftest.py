"""Every interface test runs without a display, dressed as the program is."""

import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

from qv_desktop.ui import theme


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's warnings fail tests; this one only says that the offscreen platform has no window manager to tell sizes to."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"))


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    theme.apply(qapp)
    QCursor.setPos(-1_000, -1_000)  # where the test before left it, it would point at what this one shows
