"""Conditions as people write them: read, written again, judged with what is known; each mistake is one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.alert_terms import (
    MOST_COMPARISONS,
    Comparison,
    Condition,
    Group,
    Quantity,
    comparisons,
    decisive,
    judged,
    read,
)
from qv_desktop.domain.errors import BadInput

PRICE, DAY = Quantity("price", "AAPL"), Quantity("profit", scope="day")


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("aapl price above 230", "AAPL price > 230"),
        ("AAPL price >= 1,230.50", "AAPL price >= 1,230.5"),
        ("AAPL rsi(14) on 5m > 70 AND brk.b profit < -$200", "AAPL rsi(14) 5m > 70 and BRK.B profit < -200"),
        (
            "day profit under −500 or (AAPL price < 3 and AAPL price > 2)",
            "day profit < -500 or (AAPL price < 3 and AAPL price > 2)",
        ),
        ('strategy "my cross" profit > 100', 'strategy "my cross" profit > 100'),
        ("AAPL macd.signal(12,26,9) 1m < 0", "AAPL macd.signal(12, 26, 9) 1m < 0"),
        ("AAPL sma(50) 1D > 200", "AAPL sma(50) 1D > 200"),
        ("KO macd 1m > 0.00004", "KO macd 1m > 0.00004"),
        ("AAPL price > 230.123456", "AAPL price > 230.123456"),
        ("AAPL sma(1234567.5) 1m > 1", "AAPL sma(1234567.5) 1m > 1"),
        ('strategy "price" profit > 1', 'strategy "price" profit > 1'),
        ('strategy "2nd(a)" profit > 1', 'strategy "2nd(a)" profit > 1'),
    ],
)
def test_what_is_written_is_understood(text: str, again: str) -> None:
    assert str(read(text)) == again
    assert read(again) == read(text)


def test_and_binds_closer_than_or() -> None:
    condition = read("AAPL price > 1 or AAPL price > 2 and AAPL price > 3")
    assert isinstance(condition, Group)
    assert (condition.every, isinstance(condition.parts[1], Group)) == (False, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write it as"), ("AAPL", "comes price, profit or an indicator"), ("AAPL price", "comes >, >=, < or <="),
        ("AAPL price >", "needs a number"), ("AAPL price > x", "not “x”"), ("AAPL rsi(14) > 70", "length of its bars"),
        ("AAPL price > 3 AAPL", "is not expected there"), ("(AAPL price > 3", "not closed"), ("%", "cannot be read"),
        ("5 > 3", "begins with a symbol"), ("strategy x price > 3", "only the profit"), ("AAPL rsi(14 5m > 3", "with commas"),
        ("AAPL price > 3 and", "begins with a symbol"), ("AAPL price = 3", "cannot be read"), ("AAPL price > 1,23", "is not expected"),
        ("AAPL price > nan", "not “nan”"), ("AAPL price > inf", "not “inf”"), ("AAPL rsi(nan) 5m > 1", "not “nan”"),
        ("AAPL price > " + "9" * 350, "needs a number"), ("(" * 380 + "A price > 1", "deep in one another"),
        ("A price > 1 and " * 12 + "A price > 1", "comparisons at most"), ("A" * 500, "characters at most"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as told:
        read(text)
    assert "\n" not in str(told.value)
    assert str(told.value).endswith(".")


@given(st.text(max_size=60))
def test_no_text_at_all_does_anything_but_read_or_complain(text: str) -> None:
    condition = understood(text)
    assert condition is None or read(str(condition)) == condition


def understood(text: str) -> Condition | None:
    """What ``text`` says, or None where it is refused in a sentence."""
    try:
        return read(text)
    except BadInput:
        return None


LEAVES = st.builds(Comparison, st.sampled_from([PRICE, DAY, Quantity("study", "KO", "symbol", "rsi", (14.0,), "", "5m")]), st.booleans(),
                   st.booleans(), st.integers(-999, 999).map(float))  # fmt: skip
CONDITIONS = st.recursive(LEAVES, lambda inner: st.builds(
    Group, st.lists(inner, min_size=2, max_size=3).map(tuple), st.booleans()), max_leaves=MOST_COMPARISONS)  # fmt: skip


def flat(condition: Condition) -> bool:
    """Whether no group stands in one of its own kind, which parentheses would not keep apart."""
    return isinstance(condition, Comparison) or all(
        flat(part) and not (isinstance(part, Group) and part.every is condition.every) for part in condition.parts
    )


@given(CONDITIONS.filter(flat).filter(lambda one: len(str(one)) <= 400))
def test_what_is_written_by_us_is_read_as_the_same(condition: Condition) -> None:
    assert read(str(condition)) == condition


@given(CONDITIONS, st.dictionaries(st.sampled_from([PRICE, DAY]), st.floats(-1e3, 1e3)))
def test_what_is_known_already_is_not_changed_by_what_becomes_known(
    condition: Condition, known: dict[Quantity, float]
) -> None:
    now = judged(condition, known)
    later = judged(condition, dict.fromkeys((one.quantity for one in comparisons(condition)), 1.0) | known)
    assert later is not None
    assert now in (None, later)


def test_the_comparison_that_tells_most_is_the_first_that_holds() -> None:
    condition = read("AAPL price > 500 or day profit < -100")
    assert decisive(condition, {PRICE: 230.0, DAY: -120.0}).quantity == DAY
    assert decisive(condition, {PRICE: 230.0, DAY: 5.0}).quantity == PRICE


def test_an_inclusive_comparison_holds_at_the_threshold() -> None:
    assert [read(f"AAPL price {sign} 5").holds(5.0) for sign in (">", ">=", "<", "<=")] == [False, True, False, True]  # type: ignore[union-attr]
