"""When a rule's alert begins and ends: it holds first, does not flap, and what is unknown changes nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.alert_rules import Level, Rule, Standing, checked, moved, reached, said
from qv_desktop.domain.desk_alert_rules import RULES, notice_key, told_by
from qv_desktop.domain.errors import BadInput

LOSS = Rule("loss", "Loss", "", "critical", "%", 100, 80, hold=2, clears=5, slack=0.05)
ROOM = Rule("room", "Room", "", "critical", "GB", 1, 5, below=True, hold=0, clears=5, slack=0.1)


def through(rule: Rule, *values: float | None) -> list[Level]:
    """The level after each value, read once a second."""
    standing, levels = Standing(), []
    for at, value in enumerate(values):
        standing = moved(rule, standing, value, float(at))
        levels.append(standing.level)
    return levels


C, N, B = Level.CLEAR, Level.NEAR, Level.BREACHED


def test_a_level_must_hold_before_it_counts() -> None:
    assert through(LOSS, 0, 85, 85, 0, 85, 85, 85) == [C, C, C, C, C, C, N]
    assert through(LOSS, 120, 120, 120) == [C, C, B]
    assert through(ROOM, 3, 0.5) == [N, B]


def test_near_may_grow_into_a_breach_and_ease_again() -> None:
    assert through(LOSS, 85, 85, 85, 100, 100, 100, 85, 85, 85, 85, 85, 85) == [C, C, N, N, N, B, B, B, B, B, B, N]
    assert through(LOSS, 100, 100, 100, *[0] * 6) == [C, C, B, B, B, B, B, B, C]


def test_it_ends_only_beyond_the_slack_and_after_a_while() -> None:
    assert through(LOSS, 100, 100, 100, 97, 97, 97, 97, 97, 97, 97)[-1] is B  # 95 is where the breach is left
    assert through(ROOM, 4, 5.2, 5.2, 5.2, 5.2, 5.2, 5.2, 5.2)[-1] is N  # as 5.5 is here
    assert through(ROOM, 4, *[5.6] * 6) == [N, N, N, N, N, N, C]


def test_a_value_that_swings_round_the_threshold_is_one_alert() -> None:
    assert set(through(LOSS, 101, 101, 101, *[99, 101] * 20)[3:]) == {B}


def test_what_is_unknown_neither_raises_nor_clears() -> None:
    assert through(LOSS, 120, 120, None, 120, 120, 120) == [C, C, C, C, C, B]
    assert through(LOSS, 120, 120, 120, *[None] * 20) == [C, C, *[B] * 21]
    assert through(LOSS, 120, 120, float("nan"))[-1] is C


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=60))
def test_a_breach_was_there_for_as_long_as_it_must_hold_and_its_end_for_as_long_as_it_must_be_over(
    values: list[float | None],
) -> None:
    for at, (level, before) in enumerate(zip(levels := through(LOSS, *values), [C, *levels], strict=False)):
        lately = values[max(0, at - 2) : at + 1]
        if level is B and before is not B:
            assert len(lately) == 3
            assert all(value is not None and value >= 100 for value in lately)
        if level is C and before is not C:
            assert all(value is not None and value < 80 for value in values[at - 5 : at + 1])


@given(st.floats(0, 200), st.floats(0, 200), st.sampled_from(Level))
def test_a_graver_value_never_stands_lower(one: float, other: float, before: Level) -> None:
    low, high = sorted((one, other))
    assert reached(LOSS, low, before) <= reached(LOSS, high, before)
    assert reached(ROOM, low, before) >= reached(ROOM, high, before)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"near": 100.0}, "Near must lie below"), ({"breached": -1.0}, "zero or more"), ({"near": float("inf")}, "plain numbers"),
        ({"hold": 4_000.0}, "0 to 3,600 seconds"), ({"escalate": 500.0}, "1 to 240 minutes"), ({"severity": "loud"}, "severity is one of"),
    ],
)  # fmt: skip
def test_numbers_that_make_no_sense_are_one_sentence(changed: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words) as told:
        checked(replace(LOSS, **changed))  # type: ignore[arg-type]
    assert str(told.value).count(".") == 1 or "3,600" in str(told.value)


def test_where_less_is_worse_near_lies_above_the_breach() -> None:
    with pytest.raises(BadInput, match="Near must lie above"):
        checked(replace(ROOM, near=0.5))
    assert checked(ROOM) is ROOM


def test_every_desk_rule_makes_sense_as_it_comes() -> None:
    assert len(RULES) == 21
    assert all(checked(rule) is rule and rule.code == code and rule.what.endswith(".") for code, rule in RULES.items())


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("Polygon mute", ("feed_mute", "Polygon")), ("Alpaca orders backing off", ("feed_lost", "Alpaca orders")),
        ("Alpaca prices off", ("feed_lost", "Alpaca prices")), ("unresolved qv-1", ("order_unresolved", "qv-1")),
        ("broker down", ("broker_silent", "")), ("breaks", ("reconciliation_break", "")), ("margin deficit 2026-03-18 5", ("margin", "")),
        ("fill qv-1", None), ("Polygon back", None),
    ],
)  # fmt: skip
def test_notices_that_tell_the_same_are_known_by_their_keys(key: str, found: tuple[str, str] | None) -> None:
    assert told_by(key) == found


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_notice_that_a_rule_tells_under_a_joined_key_is_its_own(code: str) -> None:
    key = notice_key(code, "")
    assert told_by(key) in (None, (code, ""))


def test_figures_are_read_with_their_units() -> None:
    assert [said(85, "%"), said(1.25, "s"), said(1234.5, "ms"), said(-500, "$"), said(None, "GB"), said(-3, "")] == [
        "85 %", "1.25 s", "1,234 ms", "−$500.00", "—", "−3"]  # fmt: skip
