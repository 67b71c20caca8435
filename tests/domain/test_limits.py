"""Limits: the tightest counts, what is wider is known, and what people type is read back as it was meant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limit_changes import changes, owner, until
from qv_desktop.domain.limit_reasons import LIMITS_OF, explained
from qv_desktop.domain.limit_words import WORDS, read, sensible, short, told, typed
from qv_desktop.domain.limits import (
    NAMES,
    WHOLE,
    WIDEST,
    Limits,
    Scope,
    ScopedLimits,
    binding,
    in_force,
    looser,
    raised,
)
from qv_desktop.domain.risk import Check
from qv_desktop.domain.rules import judged
from tests.builders import a_limit, a_view

VALUE = {name: some.integers(0, 1_440) if name in WHOLE else some.decimals(0, 10_000, places=3) for name in NAMES}
VALUES = some.fixed_dictionaries({}, optional=VALUE)
EVERY = some.fixed_dictionaries(VALUE)


def scoped(firm: dict[str, Decimal | int], *others: dict[str, Decimal | int]) -> list[ScopedLimits]:
    found = [ScopedLimits(Scope.FIRM, "", firm)]
    return found + [ScopedLimits(scope, "x", values) for scope, values in zip(WIDEST[1:], others, strict=False)]


@given(EVERY, some.lists(VALUES, min_size=4, max_size=4))
def test_what_counts_is_never_wider_than_any_scope_has_it_and_is_what_its_scope_says(
    firm: dict[str, Decimal | int], others: list[dict[str, Decimal | int]]
) -> None:
    every = scoped(firm, *others)
    force = in_force(every)
    for name in NAMES:
        value = getattr(force, name)
        assert not any(looser(name, value, one.values[name]) for one in every if name in one.values)
        assert binding(name, every).values[name] == value


@given(EVERY, VALUES, VALUES)
def test_a_change_that_is_called_no_raise_lets_no_more_pass(
    firm: dict[str, Decimal | int], before: dict[str, Decimal | int], after: dict[str, Decimal | int]
) -> None:
    wider = raised(Scope.ACCOUNT, before, after)
    was, becomes = in_force(scoped(firm, before)), in_force(scoped(firm, after))
    for name in NAMES:
        if name not in wider:
            assert not looser(name, getattr(becomes, name), getattr(was, name))


@given(some.sampled_from(NAMES), some.data())
def test_what_is_shown_is_read_back_as_the_same_value(name: str, data: some.DataObject) -> None:
    value = data.draw(VALUE[name])
    for words in (typed(name, value), short(name, value), told(name, value)):
        if not words.endswith("New York time"):
            assert read(name, words) == value


def test_every_limit_has_words() -> None:
    assert set(WORDS) == set(NAMES)


@pytest.mark.parametrize(("name", "text", "why"), [
    ("order_value", "", "type a number"), ("order_value", "ten", "type a number"), ("order_value", "-1", "zero or more"),
    ("order_value", "1e5", "type a number"), ("order_value", "10k", "type a number"), ("order_value", "1000000000000", "no limit any more"),
    ("collar", "0,5", "not clear"), ("collar", "0.1234567891", "round it"), ("opens", "25:00", "00:00 to 24:00"),
    ("opens", "9:75", "00:00 to 24:00"), ("orders_per_minute", "1.5", "whole number"), ("order_value", "NaN", "type a number"),
])  # fmt: skip
def test_what_is_no_value_is_told_in_a_sentence(name: str, text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read(name, text)


@pytest.mark.parametrize(("name", "text", "value"), [
    ("order_value", " $5,000.50 ", Decimal("5000.50")), ("collar", "12.5 %", Decimal("0.125")),
    ("position_fraction", "25 % of equity", Decimal("0.25")),
    ("opens", "9:30", 570), ("closes", "24:00", 1_440), ("duplicate_seconds", "2 s", Decimal(2)), ("orders_per_minute", "60 orders", 60),
])  # fmt: skip
def test_values_are_typed_with_or_without_their_unit(name: str, text: str, value: Decimal | int) -> None:
    assert read(name, text) == value


def test_the_firm_sets_a_limit_that_it_had_not_only_with_a_second_person() -> None:
    assert raised(Scope.FIRM, {}, {"order_value": Decimal(1)}) == ("order_value",)
    assert raised(Scope.FIRM, {"order_value": Decimal(2)}, {"order_value": Decimal(1)}) == ()
    assert raised(Scope.FIRM, {"order_value": Decimal(2)}, {}) == ("order_value",)


def test_limits_that_only_a_newer_program_knows_change_nothing() -> None:
    newer = ScopedLimits(Scope.SYMBOL, "KO", {"moon_phase": Decimal(1), "collar": Decimal(0)})
    assert in_force([newer]).collar == 0
    assert in_force([ScopedLimits(Scope.FIRM, "", {"moon_phase": Decimal(1)})]) == Limits()


def test_changes_are_told_limit_by_limit() -> None:
    assert changes({"order_value": Decimal(5), "opens": 570}, {"order_value": Decimal(7), "closes": 960}) == [
        "Value of an order: $5 → $7",
        "Opening orders from: 09:30 New York time → not set",
        "Opening orders until: not set → 16:00 New York time",
    ]


def test_names_are_kept_as_they_are_compared() -> None:
    assert owner(Scope.USER, " Anna ") == "anna"
    assert owner(Scope.SYMBOL, "brk.b") == "BRK.B"
    assert owner(Scope.FIRM, "x") == ""
    for scope, of in ((Scope.USER, " "), (Scope.SYMBOL, "A B"), (Scope.STRATEGY, "x" * 81)):
        with pytest.raises(BadInput):
            owner(scope, of)


def test_until_is_a_time_in_new_york() -> None:
    assert until("2026-12-31 16:00") == datetime(2026, 12, 31, 21, 0, tzinfo=UTC)
    assert until("2026-07-01") == datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
    assert until(" ") is None
    with pytest.raises(BadInput, match="2026-12-31"):
        until("tomorrow")


def test_a_refusal_says_whose_limit_it_is_and_nothing_that_explains_it_lets_it_pass() -> None:
    order, tight = a_limit("100.00", 60), replace(Limits(), order_value=Decimal(1_000))
    of_gme = ScopedLimits(Scope.SYMBOL, "GME", {"order_value": Decimal(1_000)}, 1, "ada")
    firm = ScopedLimits(Scope.FIRM, "", {"order_value": Decimal(1_000)}, 1, "QuantVision")

    def message(explain: Callable[[Check], Check]) -> str:
        verdict = judged(order, a_view(), tight, explain)
        assert not verdict.passed
        return next(check.message for check in verdict.refusals if check.code == "ORDER_VALUE")

    plain = message(lambda check: check)
    assert (
        message(lambda check: explained(check, lambda name: of_gme, "anna"))
        == f"{plain} That is the limit of GME, set by ada."
    )
    assert message(lambda check: explained(check, lambda name: firm, "anna")) == plain
    assert message(lambda check: replace(check, passed=True)) == plain


def test_what_explains_a_refusal_names_limits_that_there_are() -> None:
    assert {name for names in LIMITS_OF.values() for name in names} <= set(NAMES)


def test_equal_orders_are_looked_for_no_longer_than_the_gate_remembers_them() -> None:
    assert sensible({"duplicate_seconds": Decimal(60)}) == {"duplicate_seconds": Decimal(60)}
    with pytest.raises(BadInput, match="last 60 s"):
        sensible({"duplicate_seconds": Decimal(61)})
