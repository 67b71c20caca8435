"""The ladder's decisions: what each loss leads to, what stays, and what lifts it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_ladder import (
    GRAVITY,
    Hand,
    Ladder,
    Losses,
    Rung,
    Stand,
    Step,
    by_hand,
    climbed,
    joined,
    of_new_day,
    read,
    required,
    resumed,
    still_past,
    written,
)
from qv_desktop.domain.risk import TradingState

NOW = datetime(2026, 9, 15, 14, 30, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
LIMITS = Limits(daily_loss=Decimal(2_000), reducing_fraction=Decimal("0.8"), drawdown_fraction=Decimal("0.2"))
ACTIVE, REDUCING, HALTED = GRAVITY


def losing(dollars: str | None, drawdown: str | None = "0") -> Losses:
    return Losses(None if dollars is None else -Decimal(dollars), None if drawdown is None else Decimal(drawdown))


def climbing(*dollars: str) -> Stand:
    stand = Stand()
    for loss in dollars:
        stand = climbed(stand, losing(loss), LIMITS, NOW)
    return stand


@pytest.mark.parametrize(
    ("loss", "drawdown", "state", "steps"),
    [
        ("-500", "0", ACTIVE, []),  # a profit
        ("0", "0", ACTIVE, []),
        ("1599.99", "0", ACTIVE, []),
        ("1600", "0", REDUCING, [Step.NEAR]),
        ("1999.99", "0", REDUCING, [Step.NEAR]),
        ("2000", "0", HALTED, [Step.NEAR, Step.LOSS]),
        ("9000", "0", HALTED, [Step.NEAR, Step.LOSS]),
        ("0", "0.1999", ACTIVE, []),
        ("0", "0.2", HALTED, [Step.DRAWDOWN]),
        (None, None, ACTIVE, []),  # what is not known trips nothing
    ],
)
def test_each_loss_stands_on_its_rungs(
    loss: str | None, drawdown: str | None, state: TradingState, steps: list[Step]
) -> None:
    stand = climbed(Stand(), losing(loss, drawdown), LIMITS, NOW)
    assert (stand.state, [rung.step for rung in stand.held]) == (state, steps)


def test_a_loss_limit_of_nothing_halts_at_the_first_cent_and_not_before() -> None:
    none = replace(LIMITS, daily_loss=Decimal(0))
    assert climbed(Stand(), losing("0"), none, NOW).state is ACTIVE
    assert climbed(Stand(), losing("0.01"), none, NOW).state is HALTED


def test_a_reducing_fraction_above_all_of_it_never_lets_the_halt_come_first() -> None:
    steps = [rung.step for rung in required(losing("2000"), replace(LIMITS, reducing_fraction=Decimal(3)), NOW)]
    assert steps == [Step.NEAR, Step.LOSS]


def test_prices_that_come_back_free_nothing_within_the_day() -> None:
    assert climbing("1700", "100", "0").state is REDUCING
    assert climbing("2500", "0").state is HALTED


def test_the_rung_keeps_when_it_was_reached_and_with_what() -> None:
    first = climbed(Stand(), losing("1700"), LIMITS, NOW)
    later = climbed(first, losing("1800"), LIMITS, NOW + timedelta(minutes=5))
    assert later is first
    assert first.held[0].words == "The day's loss of $1,700 is near its limit: only what reduces is taken from $1,600."
    assert climbing("2100").held[1].words == "The day's loss of $2,100 has reached the limit of $2,000."


def test_a_new_trading_day_lifts_the_days_rungs_and_neither_a_hand_nor_a_drawdown() -> None:
    stand = climbed(climbing("2500"), losing("2500", "0.3"), LIMITS, NOW)
    braked = by_hand(stand, HALTED, "anna", "news", NOW)
    fresh = of_new_day(braked, losing("0", "0.3"), LIMITS, TOMORROW)
    assert [rung.step for rung in fresh.held] == [Step.DRAWDOWN]
    assert fresh.hand == Hand(HALTED, "anna", "news", NOW)
    assert of_new_day(climbing("2500"), losing("0"), LIMITS, TOMORROW).state is ACTIVE
    assert of_new_day(climbing("2500"), losing("0"), LIMITS, NOW + timedelta(hours=3)).state is HALTED


def test_a_day_that_begins_with_the_old_loss_still_told_or_with_none_told_lifts_nothing() -> None:
    assert of_new_day(climbing("2500"), losing("2500"), LIMITS, TOMORROW).state is HALTED
    assert of_new_day(climbing("2500"), losing(None), LIMITS, TOMORROW).state is HALTED


def test_a_halt_is_not_lifted_while_the_loss_is_past_it_and_the_sentence_has_the_numbers() -> None:
    stand = climbing("2500")
    why = still_past(stand, losing("2140"), LIMITS, NOW)
    assert why.startswith("The day's loss of $2,140 has reached the limit of $2,000.")
    assert "raise the daily loss limit first" in why
    assert still_past(stand, losing(None), LIMITS, NOW).startswith("The loss is not known now")
    assert still_past(stand, losing("1900"), LIMITS, NOW) == ""
    assert still_past(stand, losing("2140"), replace(LIMITS, daily_loss=Decimal(3_000)), NOW) == ""
    assert "count the drawdown anew" in still_past(
        climbed(Stand(), losing("0", "0.25"), LIMITS, NOW), losing("0", "0.25"), LIMITS, NOW
    )


def test_whoever_resumes_near_the_limit_has_the_halt_as_the_next_rung() -> None:
    free = resumed(climbing("1700"), losing("1700"), LIMITS, NOW)
    assert (free.state, [rung.step for rung in free.passed]) == (ACTIVE, [Step.NEAR])
    assert climbed(free, losing("1900"), LIMITS, NOW).state is ACTIVE
    assert climbed(free, losing("2000"), LIMITS, NOW).state is HALTED
    assert climbed(of_new_day(free, losing("0"), LIMITS, TOMORROW), losing("1700"), LIMITS, TOMORROW).state is REDUCING


def test_resuming_from_a_halt_that_shrank_does_not_trip_the_lower_rung_at_once() -> None:
    free = resumed(climbing("2500"), losing("1900"), LIMITS, NOW)
    assert climbed(free, losing("1900"), LIMITS, NOW).state is ACTIVE
    assert climbed(free, losing("2001"), LIMITS, NOW).state is HALTED


def test_a_halt_by_hand_over_the_ladders_leaves_the_rung_below_it() -> None:
    both = by_hand(climbing("2500"), HALTED, "anna", "lunch", NOW)
    assert (both.halted_by_ladder, both.way_out) == (True, False)
    assert climbing("2500").way_out
    assert by_hand(climbing("2500"), REDUCING, "anna", "", NOW).state is HALTED


MONEY = st.one_of(st.none(), st.decimals(0, 5_000, places=2))
FALL = st.one_of(st.none(), st.decimals(0, 1, places=3))


def figures(loss: Decimal | None, fall: Decimal | None) -> Losses:
    return Losses(None if loss is None else -loss, fall)


@given(st.decimals(0, 5_000, places=2), st.decimals(0, 1, places=3), st.decimals(0, 3_000, places=2), st.decimals(0, 1, places=3),
       st.lists(st.tuples(MONEY, FALL), max_size=4))  # fmt: skip
def test_a_greater_loss_never_gives_a_freer_state(loss: Decimal, fall: Decimal, more: Decimal, deeper: Decimal,
                                                  before: list[tuple[Decimal | None, Decimal | None]]) -> None:  # fmt: skip
    stand = Stand()
    for each in before:
        stand = climbed(stand, figures(*each), LIMITS, NOW)
    small = climbed(stand, figures(loss, fall), LIMITS, NOW)
    great = climbed(stand, figures(loss + more, min(fall + deeper, Decimal(1))), LIMITS, NOW)
    assert GRAVITY.index(great.state) >= GRAVITY.index(small.state) >= GRAVITY.index(stand.state)
    tight = replace(LIMITS, daily_loss=LIMITS.daily_loss / 2, drawdown_fraction=LIMITS.drawdown_fraction / 2)
    assert GRAVITY.index(climbed(stand, figures(loss, fall), tight, NOW).state) >= GRAVITY.index(small.state)


@given(st.lists(st.tuples(MONEY, FALL), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_what_one_moment_tells_does_not_matter(
    told: list[tuple[Decimal | None, Decimal | None]], dice: object
) -> None:
    def after(moments: list[tuple[Decimal | None, Decimal | None]]) -> Stand:
        stand = Stand()
        for each in moments:
            stand = climbed(stand, figures(*each), LIMITS, NOW)
        return stand

    mixed = list(told)
    dice.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    one, other = after(told), after(mixed)
    assert one.state is other.state
    assert {rung.step for rung in one.held} == {rung.step for rung in other.held}


@given(st.lists(st.tuples(MONEY, FALL), max_size=4), st.sampled_from(GRAVITY), st.booleans())
def test_what_is_kept_is_what_is_read(
    told: list[tuple[Decimal | None, Decimal | None]], hand: TradingState, freed: bool
) -> None:
    stand = Stand()
    for each in told:
        stand = climbed(stand, figures(*each), LIMITS, NOW)
    stand = by_hand(stand, hand, "anna", "why", NOW) if hand is not ACTIVE else stand
    stand = resumed(stand, figures(Decimal(1_700), None), LIMITS, NOW) if freed else stand
    assert read(written(stand), stand.state) == stand
    assert joined((stand, stand, Stand())) == stand


def test_a_row_of_before_there_was_a_ladder_was_set_by_a_hand() -> None:
    assert read({}, HALTED, "anna", "drill", NOW) == Stand(Hand(HALTED, "anna", "drill", NOW))
    assert read({}, ACTIVE, "anna", "over", NOW) == Stand()


def test_of_several_that_braked_the_gravest_of_each_counts() -> None:
    whole = joined((climbing("1700"), by_hand(Stand(), REDUCING, "anna", "", NOW), climbing("2500")))
    assert (whole.state, whole.hand.actor) == (HALTED, "anna")
    assert {rung.step for rung in whole.held} == {Step.NEAR, Step.LOSS}


def test_the_picture_says_why_since_when_and_who_lifts_it() -> None:
    def picture(stand: Stand, loss: str) -> Ladder:
        return Ladder(NOW, stand, losing(loss), LIMITS)

    near = picture(climbing("1700"), "1700")
    assert (near.who, near.since) == ("risk: run", NOW)
    assert near.rearm == "Whoever may halt (“risk: run”, a Trader) resumes it, or the next trading day lifts it."
    halt = picture(climbing("2500"), "1500")
    assert (
        halt.rearm
        == "Whoever may change limits (“risk: change”, an Admin) resumes it, or the next trading day lifts it."
    )
    assert picture(climbing("2500"), "2500").rearm == (
        "Nobody can resume while it is past the limit. Raise the daily loss limit first, or wait for the next trading day. "
        "Then “risk: change”, an Admin, resumes it."
    )
    hand = picture(by_hand(climbing("2500"), HALTED, "anna", "news", NOW), "1500")
    assert "next trading day" not in hand.rearm
    assert "By anna: news" in hand.why
    assert picture(Stand(), "0").rearm == picture(Stand(), "0").why == ""
    assert Rung(Step.DRAWDOWN, NOW, Decimal("0.251"), Decimal("0.2")).words.startswith("The equity is 25.1% below")
