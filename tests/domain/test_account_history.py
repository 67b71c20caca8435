"""What a period earned, what only moved, and the words for what happened and how the account stands."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain import account_standing as standing
from qv_desktop.domain.account_history import (
    ACTIVITIES,
    MOVED,
    Activity,
    Curve,
    Kind,
    Period,
    Point,
    codes,
    funded,
    gain,
    moved,
    profit,
)
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.accounts import day_profit, margin_used
from tests.builders import NOW, an_account


def a_curve(*equities: str | None, base: str | None = "100", flows: dict[int, str] | None = None) -> Curve:
    points = tuple(Point(NOW + timedelta(days=place), None if value is None else Decimal(value), Decimal((flows or {}).get(place, "0")))
                   for place, value in enumerate(equities))  # fmt: skip
    told = None if base is None else Decimal(base)
    return Curve(Period.MONTH, funded(points, told), told)


@pytest.mark.parametrize(("curve", "earned", "share"), [
    (a_curve("101", "110"), "10", "0.1"),
    (a_curve("101", "160", flows={1: "50"}), "10", "0.06666666666666666666666666667"),
    (a_curve("101", "60", flows={1: "-50"}), "10", "0.1"),
    (a_curve("101", None, "90", None), "-10", "-0.1"),
    (a_curve("0", "0", "1000", "1100", base="0"), "100", "0.1"),
    (a_curve("0", "1000", "2100", base=None, flows={1: "1000", 2: "1000"}), "100", "0.05"),
])  # fmt: skip
def test_profit_is_what_was_earned_and_not_what_was_moved(curve: Curve, earned: str, share: str) -> None:
    assert (profit(curve), gain(curve)) == (Decimal(earned), Decimal(share))


@pytest.mark.parametrize(
    "curve", [a_curve(), a_curve(None, None), a_curve(None, None, base=None), a_curve("0", "0", base="0")]
)
def test_a_curve_without_figures_has_no_profit_rather_than_none_earned(curve: Curve) -> None:
    assert (profit(curve), gain(curve)) == (None, None)


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(-(10**4), 10**4)), min_size=1, max_size=20))
def test_moving_money_alone_earns_nothing(steps: list[tuple[int, int]]) -> None:
    equity, points = Decimal(10**9), []
    for place, (_, flow) in enumerate(steps):
        equity += flow
        points.append(Point(NOW + timedelta(days=place), equity, Decimal(flow)))
    curve = Curve(Period.YEAR, tuple(points), Decimal(10**9))
    assert (profit(curve), moved(curve)) == (0, sum(flow for _, flow in steps))


def test_zeros_before_the_first_money_are_holes_and_zeros_after_it_are_losses() -> None:
    curve = a_curve("0", None, "0", "500", "0", base="0")
    assert [point.equity for point in curve.points] == [None, None, None, 500, 0]
    assert profit(curve) == -500
    ruined = a_curve("0", "0", base="100")
    assert profit(ruined) == -100


def test_every_code_has_one_kind_and_an_unknown_one_is_shown_with_its_code() -> None:
    assert sorted(code for kind in Kind for code in codes(kind)) == sorted(ACTIVITIES)
    assert {"CSD", "CSW", "JNLC"} <= MOVED
    assert not MOVED & {"DIV", "FEE", "INT", "FILL"}
    unknown = Activity("1", "ZZZ")
    assert (unknown.kind, unknown.words, Activity("2", "").words) == (Kind.OTHER, "UNKNOWN (ZZZ)", "UNKNOWN")


# ---- how the account stands


def test_an_account_that_is_as_it_should_be_has_nothing_to_say() -> None:
    account = an_account(trading_blocked=False, transfers_blocked=False, account_blocked=False, suspended=False)
    told = standing.facts(account)
    assert {fact.mood for fact in told} == {"good"}
    assert standing.attention(account) == ()


@pytest.mark.parametrize(("status", "mood", "shown"), [
    ("ACTIVE", "good", "ACTIVE"), ("ACCOUNT_UPDATED", "warn", "ACCOUNT_UPDATED"), ("REJECTED", "bad", "REJECTED"),
    ("UNDER_THE_WEATHER", "unknown", "UNKNOWN (UNDER_THE_WEATHER)"), ("", "unknown", "—"),
])  # fmt: skip
def test_a_status_is_good_or_says_what_it_means(status: str, mood: str, shown: str) -> None:
    fact = standing.status_fact(status)
    assert (fact.mood, fact.value) == (mood, shown)
    assert bool(fact.meaning) == (mood != "good")


def test_blocks_come_with_their_meaning_the_worst_first_and_unknown_flags_are_dashes() -> None:
    told = standing.facts(
        an_account(trading_blocked=True, transfers_blocked=True, suspended=None, shorting_enabled=False)
    )
    found = {fact.title: (fact.value, fact.mood) for fact in told}
    assert found["Trading"] == ("Blocked", "bad")
    assert found["Transfers"] == ("Blocked", "warn")
    assert found["Suspended by you"] == ("—", "unknown")
    assert found["Short selling"] == ("Not allowed", "warn")
    assert all(fact.meaning for fact in told if fact.mood != "good")
    account = an_account(trading_blocked=True, transfers_blocked=True, suspended=None, shorting_enabled=False)
    assert [fact.title for fact in standing.attention(account)] == ["Trading", "Transfers"]


@pytest.mark.parametrize(("gone", "titles"), [
    ({"last_equity": None}, ["Daily loss"]), ({"buying_power": None}, ["Buying power"]), ({}, []),
    ({"last_equity": None, "buying_power": None}, ["Daily loss", "Buying power"]),
])  # fmt: skip
def test_rules_that_cannot_be_checked_for_want_of_a_figure_are_said_aloud(gone: dict, titles: list[str]) -> None:
    told = standing.attention(an_account(**gone))
    assert [(fact.title, fact.value) for fact in told] == [(title, "NOT CHECKED") for title in titles]


@pytest.mark.parametrize(
    ("adjusted", "earned"), [(None, "-3000"), ("0", "-3000"), ("5000", "-8000"), ("-2000", "-1000")]
)
def test_money_that_was_moved_is_neither_profit_nor_loss_of_the_day(adjusted: str | None, earned: str) -> None:
    account = an_account(
        "97000", last_equity=Decimal(100_000), adjustments=None if adjusted is None else Decimal(adjusted)
    )
    assert day_profit(account) == Decimal(earned)


def test_settings_are_words_and_new_words_are_named_as_such() -> None:
    found = {
        fact.title: fact.value
        for fact in standing.settings(Configuration(True, False, True, "8", "weekly", False, 2, True))
    }
    assert found == {"Suspend trade": "On", "Long only": "Off", "Fractions of shares": "On", "Highest multiplier": "UNKNOWN (8)",
                     "Overnight session": "Off", "Partnerships (PTP)": "Refused", "Options level": "2",
                     "Mail for fills": "UNKNOWN (weekly)"}  # fmt: skip
    assert {fact.value for fact in standing.settings(None)} == {"—"}


@pytest.mark.parametrize(
    ("equity", "maintenance", "used"), [("1000", "250", "0.25"), ("0", "250", None), ("-5", "250", None)]
)
def test_margin_in_use_is_a_share_of_what_is_there(equity: str, maintenance: str, used: str | None) -> None:
    found = margin_used(an_account(equity, maintenance_margin=Decimal(maintenance)))
    assert found == (None if used is None else Decimal(used))
    assert margin_used(an_account(maintenance_margin=None)) is None
