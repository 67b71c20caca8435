"""What tests of the wiring share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def collected_here() -> Iterator[None]:
    """As in the program, no thread collects garbage: windows of tests before may only be taken down where they were made."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
