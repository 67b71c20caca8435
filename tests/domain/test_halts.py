"""Halts become stretches of time, whatever order and repetition they are told in."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.halts import Stop, continued
from qv_desktop.domain.market import Halt


def stops(*told: tuple[int, bool, str]) -> tuple[Stop, ...]:
    found: tuple[Stop, ...] = ()
    for at, halted, reason in told:
        found = continued(found, Halt("AAPL", at, halted, reason))
    return found


def test_a_halt_lasts_until_trading_resumes() -> None:
    assert stops((10, True, "LULD")) == (Stop(10, None, "LULD"),)
    assert stops((10, True, "LULD"), (20, False, ""), (30, True, "news")) == (
        Stop(10, 20, "LULD"),
        Stop(30, None, "news"),
    )


def test_a_halt_that_is_told_again_keeps_its_start() -> None:
    assert stops((10, True, "LULD"), (15, True, "news"), (16, True, "")) == (Stop(10, None, "news"),)


def test_old_news_and_a_resumption_of_nothing_change_nothing() -> None:
    assert stops((10, False, "")) == ()
    whole = ((10, True, "LULD"), (20, False, ""))
    assert stops(*whole, (15, True, "late"), (5, False, ""), (21, False, "")) == stops(*whole)


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.just("r"))))
def test_stops_never_overlap_and_only_the_last_is_open(told: list[tuple[int, bool, str]]) -> None:
    found = stops(*told)
    assert all(stop.end is not None and stop.start <= stop.end for stop in found[:-1])
    assert all(a.end is not None and a.end <= b.start for a, b in pairwise(found))
