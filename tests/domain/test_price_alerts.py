"""When a price alert fires, what it says, and what cannot be an alert."""

import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.price_alerts import (
    MOST,
    Direction,
    PriceAlert,
    Print,
    armed,
    checked_count,
    checked_note,
    checked_price,
    crossed,
    direction,
    due,
    fired,
    told,
    written,
)
from tests.builders import NOW

UP = PriceAlert("a1", "AAPL", 231.4, "up", "", False, "armed", NOW)
DOWN, EITHER = replace(UP, direction="down"), replace(UP, direction="either")
PRICES = st.integers(1, 40).map(lambda cents: cents / 100)


@pytest.mark.parametrize(
    ("before", "after", "up", "down", "either"),
    [
        (231.39, 231.40, True, False, True),  # a touch is enough
        (231.39, 231.41, True, False, True),
        (231.41, 231.40, False, True, True),
        (240.00, 220.00, False, True, True),  # a jump over it
        (231.38, 231.39, False, False, False),
        (231.42, 231.41, False, False, False),
        (231.40, 231.40, True, True, True),  # set at the very price
        (231.40, 231.41, True, False, False),
        (None, 231.41, True, False, False),
        (None, 231.39, False, True, False),
        (None, 231.40, True, True, True),
    ],
)
def test_each_direction_fires_on_its_own_crossings(
    before: float | None, after: float, up: bool, down: bool, either: bool
) -> None:
    assert [crossed(alert, before, after) for alert in (UP, DOWN, EITHER)] == [up, down, either]


def test_one_that_fired_waits_for_a_step_that_it_sees() -> None:
    again = fired(replace(UP, repeats=True), NOW)
    assert not crossed(again, None, 240.0)
    assert not crossed(again, 231.4, 231.5)
    assert crossed(again, 231.0, 231.5)


@given(st.lists(PRICES, min_size=2, max_size=30), PRICES, st.sampled_from(["up", "down", "either"]))
def test_a_walk_that_ends_on_the_other_side_has_fired(walk: list[float], price: float, way: Direction) -> None:
    alert = replace(UP, price=price, direction=way)
    fires = [crossed(alert, a, b) for a, b in pairwise(walk)]
    ways = {"up": (1,), "down": (-1,), "either": (1, -1)}[way]
    if any(sign * walk[0] < sign * price <= sign * walk[-1] for sign in ways):
        assert any(fires)
    if all(one < price for one in walk) or all(one > price for one in walk):
        assert not any(fires)


def test_one_that_repeats_stays_armed_and_rests_for_a_minute() -> None:
    once, again = fired(UP, NOW), fired(replace(UP, repeats=True), NOW)
    assert (once.state, once.fired_at, again.state) == ("fired", NOW, "armed")
    assert [due(again, NOW + timedelta(seconds=s)) for s in (59, 60)] == [False, True]
    assert due(UP, NOW)
    assert not due(once, NOW + timedelta(days=1))


def test_setting_it_anew_looks_from_the_last_price() -> None:
    moved = armed(fired(UP, NOW), 225.0, 230.0)
    assert (moved.price, moved.direction, moved.state, moved.fired_at) == (225.0, "down", "armed", None)
    assert armed(UP, 225.0, None).direction == "up"
    assert [direction(10.0, last) for last in (9.0, 11.0, 10.0, None)] == ["up", "down", "either", "either"]


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf, -math.inf, 0.00004])
def test_what_is_no_price_is_refused(price: float) -> None:
    with pytest.raises(BadInput, match="price above zero"):
        checked_price(price)
    with pytest.raises(BadInput, match="price above zero"):
        armed(UP, price, 1.0)


def test_too_many_and_too_wordy_are_refused() -> None:
    checked_count([UP] * (MOST - 1))
    with pytest.raises(BadInput, match="200 price alerts"):
        checked_count([UP] * MOST)
    with pytest.raises(BadInput, match="200 printable characters"):
        checked_note("x" * 201)
    assert checked_note("  take\n profit ") == "take profit"


@pytest.mark.parametrize(
    ("alert", "before", "price", "words"),
    [
        (UP, 231.3, 231.42, "AAPL crossed 231.40 upwards, last 231.42"),
        (EITHER, 231.5, 231.4, "AAPL crossed 231.40 downwards, last 231.40"),
        (UP, None, 240.0, "AAPL is above 231.40 since it was last watched, last 240.00"),
        (DOWN, None, 230.0, "AAPL is below 231.40 since it was last watched, last 230.00"),
        (EITHER, None, 231.4, "AAPL stands at 231.40, last 231.40"),
        (UP, 231.4, 231.5, "AAPL left 231.40 upwards, last 231.50"),
    ],
)
def test_the_words_say_what_happened(alert: PriceAlert, before: float | None, price: float, words: str) -> None:
    assert told(alert, Print("AAPL", before, price)) == words


def test_prices_are_written_with_the_digits_that_they_need() -> None:
    assert [written(p) for p in (1231.4, 0.0815, 5.0, 10.125)] == ["1,231.40", "0.0815", "5.00", "10.125"]
    assert checked_price(231.39872134) == 231.3987
