"""What a new strategy begins with runs as it stands, and sees no future."""

from typing import Any

import numpy as np
import pytest

from qv_desktop.domain.strategy_source import read
from qv_desktop.domain.strategy_template import template
from tests.strategies.test_strategies import prefix, walk, walks


@pytest.mark.parametrize("kind", ["signals", "weights"])
def test_the_template_runs_and_what_it_says_does_not_change_later(kind: str) -> None:
    space: dict[str, Any] = {"__name__": "strategy"}
    exec(compile(template(kind), "<strategy>", "exec"), space)  # noqa: S102 - what a worker does
    params = {p.name: p.default for p in read(template(kind)).parameters}
    whole: Any = walks(400, 3) if kind == "weights" else walk(400)
    said = np.asarray(space[kind](whole, params), dtype=float)
    assert np.nansum(said) > 0
    for length in (0, 1, 70, 300):
        early = np.asarray(space[kind](prefix(whole, length), params), dtype=float)
        late = said[:length] if kind == "weights" else said[:, :length]
        assert np.array_equal(early, late, equal_nan=True)
