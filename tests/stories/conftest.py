"""Stories run without a display unless they bring one of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest

from tests.simulator.process import Simulator, running
from tests.stories.program import a_home


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives the whole program."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.story)


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home for the program."""
    with a_home() as folder:
        yield folder


@pytest.fixture(scope="module")
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """The market with its broker for all tests of a module, whose ``MARKET`` says how it is started."""
    with running(*request.module.MARKET) as started:
        yield started
