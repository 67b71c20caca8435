"""Numbers and times as a trader reads them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.ui import format as fmt

SHOWN = [fmt.price, fmt.quantity, fmt.money, fmt.signed_money, fmt.signed, fmt.percent, fmt.volume, fmt.age, fmt.clock,
         fmt.clock_ms, fmt.day]  # fmt: skip


@pytest.mark.parametrize("show", SHOWN)
def test_unknown_is_an_em_dash(show: object) -> None:
    assert show(None) == "—"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (fmt.price(1231.4), "1,231.40"),
        (fmt.price(Decimal("0.1234"), 4), "0.1234"),
        (fmt.quantity(Decimal("1200")), "1,200"),
        (fmt.quantity(Decimal("-0.125000000")), "−0.125"),
        (fmt.money(Decimal("-5")), "−$5.00"),
        (fmt.signed_money(Decimal("1284.07")), "+$1,284.07"),
        (fmt.signed(Decimal("-1234.56")), "−1,234.56"),
        (fmt.percent(0.0125), "+1.25%"),
        (fmt.percent(Decimal("-0.101"), 1), "−10.1%"),
        (fmt.percent(0.74, 0, sign=False), "74%"),
        (fmt.volume(950), "950"),
        (fmt.volume(412_800), "412.8K"),
        (fmt.volume(1_234_567), "1.23M"),
        (fmt.age(0.24), "0.2s"),
        (fmt.age(-3), "0.0s"),
        (fmt.age(48.2), "48s"),
        (fmt.age(3_700), "1h"),
    ],
)
def test_numbers_read_as_written_on_the_street(shown: str, expected: str) -> None:
    assert shown == expected


def test_zero_is_zero_and_never_minus_zero() -> None:
    assert fmt.signed(Decimal("-0.001")) == "0.00"
    assert fmt.money(-0.001) == "$0.00"
    assert fmt.price(-0.0001) == "0.00"


def test_times_are_new_yorks() -> None:
    at = datetime(2026, 11, 20, 15, 42, 17, 31_000, UTC)
    assert (fmt.clock(at), fmt.clock_ms(at), fmt.day(at)) == ("10:42:17", "10:42:17.031", "2026-11-20")
    assert fmt.day(datetime(2026, 11, 20, 3, 0, tzinfo=UTC)) == "2026-11-19"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_money_reads_back_as_the_same_amount(amount: Decimal) -> None:
    shown = fmt.signed_money(amount)
    assert Decimal(shown.replace("$", "").replace(",", "").replace("−", "-")) == amount
    assert (shown[0] in "+−") == (amount != 0)


def test_trend_names_the_colour_of_a_change() -> None:
    assert [fmt.trend(v) for v in (1, Decimal(-1), 0, None)] == ["UP", "DOWN", "TX1", "TX1"]
