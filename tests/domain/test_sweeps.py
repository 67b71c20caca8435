"""What a sweep asks for: axes as they are typed, combinations in a fixed order, constraints that never run, and what makes two differ."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Parameter
from qv_desktop.domain.sweep_axes import fitting, read_axis, words_of
from qv_desktop.domain.sweep_constraints import Constraint
from qv_desktop.domain.sweeps import (
    Axis,
    SweepResult,
    SweepRow,
    SweepSpec,
    best,
    combinations,
    rows_hash,
    same_numbers,
    spec_hash,
)

BASE = BacktestSpec("sma_cross", 1, ("SPY",), "1D", date(2020, 1, 1), date(2021, 1, 1), (("lag", 2.0),))
SPEC = SweepSpec(BASE, (read_axis("fast=5:15:5"), read_axis("slow=10,20")), "fast < slow")


def test_a_grid_is_every_combination_that_the_constraint_lets_through_in_order() -> None:
    assert combinations(SPEC) == ((5, 10), (5, 20), (10, 20), (15, 20))
    assert combinations(replace(SPEC, constraint="fast * lag < slow")) == ((5, 20),)


@pytest.mark.parametrize(("words", "points"), [
    ("a=1:2:0.25", (1.0, 1.25, 1.5, 1.75, 2.0)), ("a=0.1:0.3:0.1", (0.1, 0.2, 0.3)), ("a=3,1,3", (3.0, 1.0)), ("a=5:5:1", (5.0,)),
])  # fmt: skip
def test_a_range_has_both_its_ends_and_no_dust(words: str, points: tuple[float, ...]) -> None:
    assert read_axis(words).points == points
    assert read_axis(f"a={words_of(read_axis(words))}") == read_axis(words)


@pytest.mark.parametrize("words", ["fast", "=1,2", "fast=", "fast=a", "fast=1:2:3:4", "fast=1:2,3", "fast=1:"])
def test_what_cannot_be_read_says_how_to_write_it(words: str) -> None:
    with pytest.raises(BadInput, match="low:high:step"):
        read_axis(words)


@pytest.mark.parametrize(("spec", "sentence"), [
    (replace(SPEC, axes=()), "Nothing is swept"), (replace(SPEC, axes=(SPEC.axes[0],) * 2), "swept twice"),
    (replace(SPEC, objective="luck"), "no objective"), (replace(SPEC, search="magic"), "no search"),
    (replace(SPEC, search="random"), "needs from 1"), (replace(SPEC, constraint="fast > 99"), "No combination fulfils"),
    (replace(SPEC, axes=(Axis("fast", low=1, high=9),)), "has no values"), (replace(SPEC, axes=(read_axis("fast=9:1:1"),)), "no values"),
    (replace(SPEC, axes=(read_axis("fast=0:400:1"), read_axis("slow=0:400:1"))), "160,801 combinations"),
    (replace(SPEC, axes=(read_axis("fast=0:1:0.000001"),)), "1,000,001 values"),
    (replace(SPEC, axes=(Axis("fast", (math.nan,)),)), "no number"),
    (replace(SPEC, blocks=99), "blocks"),
])  # fmt: skip
def test_a_sweep_that_cannot_be_is_refused(spec: SweepSpec, sentence: str) -> None:
    free = spec if "fulfils" in sentence else replace(spec, constraint="")
    with pytest.raises(BadInput, match=sentence):
        combinations(free)


def test_a_random_search_draws_different_ones_the_same_for_a_seed() -> None:
    wide = replace(SPEC, axes=(read_axis("fast=2:400:1"), read_axis("slow=5:500:1")), search="random", samples=300)
    drawn = combinations(wide)
    assert len(set(drawn)) == len(drawn) == 300
    assert all(fast < slow for fast, slow in drawn)
    assert drawn == combinations(wide) != combinations(replace(wide, seed=2))
    loose = combinations(replace(wide, axes=(read_axis("fast=1:2"), read_axis("slow=5"))))
    assert len(set(loose)) == 300
    assert all(1 <= fast <= 2 for fast, _ in loose)


def test_a_random_search_takes_all_there_are_and_says_when_a_loose_one_finds_too_few() -> None:
    assert set(combinations(replace(SPEC, search="random", samples=50))) == set(combinations(SPEC))
    rare = replace(
        SPEC, axes=(read_axis("fast=0:1"), read_axis("slow=5")), constraint="fast > 2", search="random", samples=3
    )
    with pytest.raises(BadInput, match="only 0 fulfil"):
        combinations(rare)


@pytest.mark.parametrize("text", [
    "__import__('os').system('x')", "fast.real < 1", "fast[0]", "(lambda: 1)()", "'a' < 'b'", "fast if slow else 1", "fast ** 9 ** 9 > 1",
    "f'{fast}'", "fast := 1", "[fast]", "fast < ", "x" * 201, "fast << 2", "True", "1j < 2", "(" * 150 + ")" * 150,
])  # fmt: skip
def test_a_constraint_that_is_more_than_a_comparison_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Constraint(text, ("fast", "slow"))


def test_a_constraint_reads_as_people_write_it() -> None:
    names, values = ("fast", "slow"), {"fast": 5.0, "slow": 20.0}
    for text in (
        "fast < slow",
        "slow - fast >= 10",
        "0 < fast < slow",
        "not fast > slow and slow / fast == 4",
        "fast*2 <= slow or fast == 1",
        "",
    ):
        assert Constraint(text, names).holds(values), text
    assert not Constraint("slow / (fast - 5) > 1", names).holds(values)
    with pytest.raises(BadInput, match="names quick, which is no parameter; use fast, slow"):
        Constraint("quick < slow", names)


@given(some.integers(0, 50), some.integers(0, 50), some.integers(1, 9))
def test_a_constraint_is_the_comparison_that_it_says(fast: int, slow: int, times: int) -> None:
    assert Constraint("fast * n + 1 < slow", ("fast", "slow", "n")).holds({"fast": fast, "slow": slow, "n": times}) == (
        fast * times + 1 < slow
    )


def test_an_axis_keeps_to_its_parameter() -> None:
    known = (Parameter("fast", 10, 2, 50), Parameter("level", 0.5, 0, 1, whole=False))
    fitting((read_axis("fast=2:50:2"), read_axis("level=0:1")), known, "X")
    for words, sentence in (
        ("fast=1,5", "goes from 2 to 50"),
        ("fast=2:3:0.5", "whole numbers"),
        ("fast=2:9", "whole"),
        ("slow=1,2", "no parameter slow"),
    ):
        with pytest.raises(BadInput, match=sentence):
            fitting((read_axis(words),), known, "X")


def row(sharpe: float, *values: float) -> SweepRow:
    return SweepRow(
        values or (1.0,), sharpe=sharpe, total_return=0.1, trades=3, block_sums=(0.1,), block_squares=(0.01,)
    )


def test_the_best_is_the_first_with_the_most_and_rows_without_a_figure_do_not_count() -> None:
    rows = (row(math.nan), row(1.0, 2.0), row(2.0, 3.0), row(2.0, 4.0))
    assert best(rows, "sharpe") == rows[2]
    assert best((row(math.nan),), "sharpe") is None


def test_two_runs_are_the_same_by_every_bit_and_say_why_they_are_not() -> None:
    rows = (row(1.0), row(math.nan))
    found = SweepResult("1", SPEC, "u", datetime(2026, 1, 1, tzinfo=UTC), 1.0, rows, (3,), 3, 252.0, "c", "d", spec_hash(SPEC),
                        rows_hash(rows), "kernel", "2")  # fmt: skip
    assert same_numbers(found, replace(found, id="2", workers="1")) == ()
    others = (row(math.nextafter(1.0, 2)), row(math.nan))
    told = same_numbers(found, replace(found, rows=others, rows_hash=rows_hash(others), data_hash="e"))
    assert told == ("1 of 2 rows have other numbers.", "The bars are not the same.")


def test_the_backtest_of_a_combination_has_its_values_and_what_stays() -> None:
    assert dict(SPEC.backtest((5.0, 20.0)).parameters) == {"lag": 2.0, "fast": 5.0, "slow": 20.0}
    assert spec_hash(SPEC) != spec_hash(replace(SPEC, seed=2))
