"""Shares from dollars, from equity and from what may be lost: rounded down, never up, and unknown is a sentence."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sizing import FINEST, WHOLE, Basis, Sizing, affordable, share_of, shares_for

D = Decimal
AAPL = Basis(D("231.44"), D(100_000), D("229.13"))
prices = st.decimals(min_value="0.0001", max_value=10**6, places=4)
amounts = st.decimals(min_value="0.01", max_value=10**9, places=2)


@pytest.mark.parametrize(
    ("sizing", "amount", "shares"),
    [
        (Sizing.SHARES, "12.5", "12.5"),
        (Sizing.NOTIONAL, "9999", "43"),
        (Sizing.NOTIONAL, "231.44", "1"),
        (Sizing.EQUITY, "10", "43"),
        (Sizing.RISK, "100", "43"),  # 2.31 a share
    ],
)
def test_each_measure_comes_to_whole_shares_rounded_down(sizing: Sizing, amount: str, shares: str) -> None:
    assert shares_for(sizing, D(amount), AAPL) == D(shares)


def test_fractions_come_out_only_where_they_are_taken() -> None:
    assert shares_for(Sizing.NOTIONAL, D(500), Basis(D(231), step=FINEST)) == D("2.164502164")


@pytest.mark.parametrize(
    ("sizing", "amount", "basis", "words"),
    [
        (Sizing.NOTIONAL, 1_000, Basis(), "no price to work shares out from"),
        (Sizing.NOTIONAL, 1_000, Basis(D(0)), "no price to work shares out from"),
        (Sizing.NOTIONAL, 200, AAPL, "less than one share"),
        (Sizing.EQUITY, 10, Basis(D(231)), "equity is not known"),
        (Sizing.EQUITY, 10, Basis(D(231), D(-5)), "equity is not known"),
        (Sizing.EQUITY, 1_001, AAPL, "at most 1,000 %"),
        (Sizing.RISK, 100, Basis(D(231)), "type one, or size by shares"),
        (Sizing.RISK, 100, Basis(D(231), stop=D(231)), "at the price itself"),
        (Sizing.NOTIONAL, D("1e12"), Basis(D("1e-30")), "too many shares"),
    ],
)
def test_what_is_unknown_or_too_little_is_one_sentence_that_says_what_to_do(
    sizing: Sizing, amount: int, basis: Basis, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        shares_for(sizing, D(amount), basis)


@given(
    st.sampled_from([Sizing.NOTIONAL, Sizing.EQUITY, Sizing.RISK]),
    amounts,
    prices,
    prices,
    prices,
    st.sampled_from([WHOLE, FINEST]),
)
def test_no_size_costs_or_risks_more_than_was_asked_for(
    sizing: Sizing, amount: Decimal, price: Decimal, stop: Decimal, equity: Decimal, step: Decimal
) -> None:
    try:
        shares = shares_for(sizing, amount, Basis(price, equity, stop, step))
    except BadInput:
        return
    asked = equity * amount / 100 if sizing is Sizing.EQUITY else amount
    each = abs(price - stop) if sizing is Sizing.RISK else price
    assert shares > 0
    assert shares % step == 0
    assert shares * each <= asked


def test_a_part_of_a_position_is_whole_shares_and_all_of_it_is_all() -> None:
    assert [share_of(D(part), D("10.5")) for part in ("0.25", "0.5", "1")] == [2, 5, D("10.5")]


def test_buying_power_carries_whole_shares_and_none_at_no_price() -> None:
    assert (affordable(D(1_000), D("231.44")), affordable(D(-5), D(10)), affordable(D(5), D(0))) == (4, 0, 0)
