"""What ships, and what a new strategy begins with, through a worker's own code: text in, a result out."""

import pytest

from qv_desktop.domain.strategy_source import read
from qv_desktop.domain.strategy_template import template
from qv_desktop.strategies.built_in import built_in
from tests.adapters.compute.runs import run, served, terms, walk
from tests.builders import NOW

SOURCES = {
    **{s.name: s.source for s in built_in(NOW)},
    "a new one": template(),
    "a new one over a universe": template("weights"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_of_ours_runs_from_its_text(name: str) -> None:
    found = read(SOURCES[name])
    parameters = {p.name: p.default for p in found.parameters}
    columns = [walk(seed, 500) for seed in range(3 if found.kind == "weights" else 1)]
    done = served(run(SOURCES[name], columns, terms(), parameters))
    assert len(done.trades) > 0
