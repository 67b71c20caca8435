"""Mutated frames: no exception, no hang, each bad one counted, and nothing absurd in a batch."""

from collections.abc import Callable

import pytest

from tests.benchmarks import fuzz


@pytest.mark.parametrize("parser", [fuzz.polygon, fuzz.alpaca])
def test_no_mutated_frame_crashes_a_parser_or_passes_it_uncounted(parser: Callable[[int, int], fuzz.Tally]) -> None:
    tally = parser(25_000, 20261120)
    assert tally.frames == 25_000
    assert (tally.crashes, tally.hangs, tally.unaccounted, tally.absurd) == (0, 0, 0, 0), tally.examples[:3]
    assert tally.bad > 15_000


def test_the_same_seed_makes_the_same_frames() -> None:
    assert list(fuzz.mutated(fuzz.POLYGON, 50, 3)) == list(fuzz.mutated(fuzz.POLYGON, 50, 3))
