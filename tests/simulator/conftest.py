"""A simulator process shared by the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.simulator.process import Simulator, running


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """The market of seed 1 at 10:30 of the latest session, in a process of its own."""
    with running("--seed", "1") as started:
        yield started
