"""Warnings that refuse nothing: an unusual size, and a large value."""

from decimal import Decimal

from qv_desktop.domain.cautions import cautions
from tests.builders import a_request

D = Decimal


def test_a_size_is_told_against_the_usual_one_and_a_value_only_when_it_is_large() -> None:
    (small,) = cautions(a_request(410), D(100), D(100))
    assert (small.title, small.value, small.limit, small.passed) == ("Size vs usual", "4.1×", "5×", True)
    size, value = cautions(a_request(1_001), D(100), D(100))
    assert (size.value, value.value, value.limit, value.passed) == ("10.0×", "$100,100", "$100,000", True)


def test_what_is_unknown_warns_of_nothing() -> None:
    assert cautions(a_request(10**6), None, None) == ()
