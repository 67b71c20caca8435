"""What tests of the wiring share. They run without a display."""

import gc
import os
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest


@pytest.fixture
def collected_here() -> Iterator[None]:
    """As in the program, no thread collects garbage: windows of tests before may only be taken down where they were made."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
