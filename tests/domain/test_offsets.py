"""Distances as people type them, and the prices that they come to."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.offsets import Offset, offset, placed

D = Decimal


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2%", Offset(D(2), "%", False)),
        (" 1.5 % ", Offset(D("1.5"), "%", False)),
        ("2R", Offset(D(2), "R", False)),
        ("2.5r", Offset(D("2.5"), "R", False)),
        ("+1.50", Offset(D("1.50"), "$", True)),
        ("-$3", Offset(D(-3), "$", True)),
        ("−2%", Offset(D(-2), "%", True)),
        ("236", None),
        ("$236", None),
        ("", None),
        ("many", None),
    ],
)
def test_percent_r_and_signed_dollars_are_distances_and_all_else_is_a_price(text: str, found: Offset | None) -> None:
    assert offset(text) == found


@pytest.mark.parametrize("text", ["%", "R", "+", "+x", "--2", "2%%2%", "+NaN", "+Infinity", "1e9%"])
def test_a_distance_that_cannot_be_read_is_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"type (it like 2%, 2R or|a smaller distance)"):
        offset(text)


@pytest.mark.parametrize(
    ("text", "way", "price"),
    [("2%", 1, "102"), ("2%", -1, "98"), ("-2%", 1, "98"), ("3R", 1, "104.5"), ("3R", -1, "95.5"), ("+1.50", -1, "101.50"),
     ("-1.50", 1, "98.50")],
)  # fmt: skip
def test_without_a_sign_it_lies_where_it_belongs_and_a_sign_is_taken_literally(text: str, way: int, price: str) -> None:
    found = offset(text)
    assert found is not None
    assert placed(found, D(100), way, risk=D("1.5")) == D(price)


def test_what_it_counts_from_must_be_known() -> None:
    with pytest.raises(BadInput, match="no price to count from"):
        placed(Offset(D(2), "%", False), None, 1, None)
    with pytest.raises(BadInput, match="type the stop loss"):
        placed(Offset(D(2), "R", False), D(100), 1, None)
    with pytest.raises(BadInput, match="below zero"):
        placed(Offset(D(100), "%", False), D(100), -1, None)


@given(st.text(max_size=10) | st.decimals().map(str), st.sampled_from(["", "%", "R", "r"]))
def test_whatever_is_typed_is_a_price_a_distance_or_a_sentence(text: str, unit: str) -> None:
    try:
        found = offset(text + unit)
    except BadInput:
        return
    assert found is None or found.amount.is_finite()
