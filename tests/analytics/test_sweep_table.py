"""Heat maps show what the rows hold, and a neighbourhood is that of a count by hand."""

import math
from itertools import product

import numpy as np
import pytest

from qv_desktop.analytics.sweep_table import SweepTable, blocks_of_rows, bounds, grid, neighbourhood, table_of
from qv_desktop.domain.sweeps import SweepRow

NAMES = ("fast", "slow", "stop")


def rows(skip: int = 0) -> list[SweepRow]:
    found = []
    for number, (fast, slow, stop) in enumerate(product((5.0, 10.0, 15.0), (20.0, 40.0), (0.1, 0.2))):
        if number != skip or not skip:
            found.append(SweepRow((fast, slow, stop), sharpe=fast / 10 - slow / 100 + stop, total_return=fast))
    return found


def test_a_cell_shows_the_best_of_the_others_and_knows_its_row() -> None:
    table = table_of(NAMES, rows())
    found = grid(table, "fast", "slow", "sharpe", "best", {})
    assert (found.x, found.y) == ((5.0, 10.0, 15.0), (20.0, 40.0))
    for (line, slow), (column, fast) in product(enumerate(found.y), enumerate(found.x)):
        assert found.scores[line, column] == pytest.approx(fast / 10 - slow / 100 + 0.2)
        assert tuple(table.values[found.rows[line, column]]) == (fast, slow, 0.2)
    assert np.all(found.counts == 2)


def test_a_cell_can_show_the_mean_or_one_value_of_the_others() -> None:
    table = table_of(NAMES, rows())
    assert grid(table, "fast", "slow", "sharpe", "mean", {}).scores[0, 0] == pytest.approx(0.5 - 0.2 + 0.15)
    assert grid(table, "slow", "fast", "sharpe", "fixed", {"stop": 0.1}).scores[0, 0] == pytest.approx(0.5 - 0.2 + 0.1)


def test_what_has_no_combination_or_an_error_is_unknown() -> None:
    some = [row for row in rows() if row.values[:2] != (5.0, 20.0)]
    some = [SweepRow(row.values, error="ValueError: no") if row.values[:2] == (10.0, 40.0) else row for row in some]
    found = grid(table_of(NAMES, some), "fast", "slow", "sharpe", "best", {})
    assert math.isnan(found.scores[0, 0])
    assert found.rows[0, 0] == -1
    assert math.isnan(found.scores[1, 1])
    assert found.counts[1, 1] == 0


def test_one_outlier_does_not_stretch_the_colours() -> None:
    low, high = bounds(np.concatenate((np.linspace(0, 1, 500), [1e6, math.nan])))
    assert low < 0.05
    assert high < 1.01
    assert all(math.isnan(v) for v in bounds(np.array([math.nan])))


def test_the_neighbourhood_on_a_grid_is_that_of_a_loop() -> None:
    some = rows(skip=5)
    table = table_of(NAMES, some)
    found = neighbourhood(table, "sharpe")
    steps = [sorted({row.values[axis] for row in some}) for axis in range(3)]
    places = {tuple(steps[a].index(v) for a, v in enumerate(row.values)): row.sharpe for row in some}
    for row, mean in zip(some, found, strict=True):
        own = tuple(steps[a].index(v) for a, v in enumerate(row.values))
        near = [
            score
            for place, score in places.items()
            if place != own and max(abs(a - b) for a, b in zip(own, place, strict=True)) == 1
        ]
        assert mean == pytest.approx(np.mean(near))


def test_a_lonely_peak_has_poor_neighbours_and_a_plateau_good_ones() -> None:
    flat = [SweepRow((float(x), float(y)), sharpe=1.0 if x < 5 else 0.0) for x in range(10) for y in range(10)]
    flat[99] = SweepRow((9.0, 9.0), sharpe=3.0)
    found = neighbourhood(table_of(("x", "y"), flat), "sharpe")
    assert found[11] == 1.0
    assert found[99] == 0.0


def test_drawn_by_chance_the_nearest_count() -> None:
    rng = np.random.default_rng(1)
    points = rng.random((300, 3)) * [1, 100, 10_000]
    table = table_of(NAMES, [SweepRow(tuple(map(float, p)), sharpe=float(p[0])) for p in points])
    found = neighbourhood(table, "sharpe")
    scaled = points / np.ptp(points, axis=0)
    for place in (0, 17, 299):
        apart = np.linalg.norm(scaled - scaled[place], axis=1)
        nearest = np.argsort(apart)[1:9]
        assert found[place] == pytest.approx(points[nearest, 0].mean())


def test_one_parameter_alone_has_neighbours_at_both_sides() -> None:
    table = table_of(("length",), [SweepRow((float(i),), sharpe=float(i * i)) for i in range(4)])
    assert neighbourhood(table, "sharpe").tolist() == [1.0, 2.0, 5.0, 4.0]


def test_no_rows_give_no_table_and_no_error() -> None:
    table = table_of(NAMES, [])
    assert isinstance(table, SweepTable)
    assert grid(table, "fast", "slow", "sharpe", "best", {}).scores.shape == (0, 0)
    assert len(neighbourhood(table, "sharpe")) == 0


def test_blocks_are_those_of_the_rows_that_have_them() -> None:
    some = [SweepRow((1.0,), block_sums=(0.1, 0.2), block_squares=(0.01, 0.02)), SweepRow((2.0,), error="no"),
            SweepRow((3.0,), block_sums=(0.3, math.nan), block_squares=(0.0, 0.0)),
            SweepRow((4.0,), block_sums=(0.5, 0.6), block_squares=(0.05, 0.06))]  # fmt: skip
    blocks, places = blocks_of_rows(some, (10, 12))
    assert places.tolist() == [0, 3]
    np.testing.assert_allclose(blocks.sums, [[0.1, 0.5], [0.2, 0.6]])
    np.testing.assert_allclose(blocks.counts, [10, 12])
    assert blocks.squares.shape == (2, 2)
