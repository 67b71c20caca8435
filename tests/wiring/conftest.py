"""What tests of the wiring share. They run without a display."""

import gc
import os
import sys
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest


@pytest.fixture(autouse=True, scope="module")
def _as_if_alone() -> None:
    """Not in the dress that another file left on: it makes a window cost three times as much. Who wants it puts it on."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is not None and (app := widgets.QApplication.instance()) is not None:
        app.setStyleSheet("")


@pytest.fixture
def collected_here() -> Iterator[None]:
    """As in the program, no thread collects garbage: windows of tests before may only be taken down where they were made."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
