"""The break queue as values: how runs meet it, what people may decide, and who may sign."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.breaks import (
    BreakItem,
    State,
    decided,
    met,
    next_day,
    reopened,
    signed,
    standing,
    taken,
    words,
)
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances, Uncompared

FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
NVDA = Break("positions", "NVDA", "quantity", "high", "250", "262", "+12", Decimal("1694.04"), "book BUY 12 @ 141.17")
FILL = Break("fills", "8f2c", "missing here", "high", "—", "BUY 12 NVDA @ 141.17", "+12", Decimal("1694.04"), "book it")


def a_run(at: datetime, *breaks: Break) -> Reconciliation:
    return Reconciliation(f"r{at:%d%H%M%S}", at, "••••7Q2", "system", "", at, at, Tolerances(), 10, breaks, "h")


def after(queue: Sequence[BreakItem], run: Reconciliation) -> list[BreakItem]:
    """The queue once ``run`` met it."""
    changes = met(queue, run, "a")
    told = {change.after.id: change.after for change in changes}
    known = [told.pop(item.id, item) for item in queue]
    return known + list(told.values())


def an_item(found: Break = NVDA) -> BreakItem:
    return after([], a_run(FRIDAY, found))[0]


def later(minutes: float = 1) -> datetime:
    return FRIDAY + timedelta(minutes=minutes)


def test_a_new_difference_opens_an_item_and_the_same_one_later_is_that_item_with_the_newest_figures() -> None:
    item = an_item()
    assert (item.state, item.first_seen, item.times, item.version) == ("open", FRIDAY, 1, 1)
    (same,) = after([item], a_run(later(), NVDA))
    assert (same.id, same.last_seen, same.version) == (item.id, later(), 1)
    (grown,) = after([same], a_run(later(2), replace(NVDA, external="270", difference="+20", severity="medium")))
    assert (grown.id, grown.difference, grown.severity, grown.version, grown.opened) == (
        item.id,
        "+20",
        "medium",
        2,
        FRIDAY,
    )


def test_another_class_section_or_account_is_another_item() -> None:
    others = (replace(NVDA, kind="side"), replace(NVDA, section="open orders"), replace(NVDA, key="AMD"))
    items = after([an_item()], a_run(later(), NVDA, *others))
    assert len({item.id for item in items}) == 4
    (elsewhere,) = met([], a_run(FRIDAY, NVDA), "b")
    assert elsewhere.after.id != an_item().id


def test_what_is_not_found_any_more_is_gone_by_itself_and_keeps_its_owner_when_it_comes_back() -> None:
    mine = taken(an_item(), "ann")
    (gone,) = after([mine], a_run(later()))
    assert (gone.state, gone.owner, gone.closed) == ("gone", "ann", True)
    assert met([gone], a_run(later(2)), "a") == ()
    (back,) = after([gone], a_run(later(3), NVDA))
    assert (back.state, back.owner, back.times, back.first_seen, back.opened) == ("open", "ann", 2, FRIDAY, later(3))


def test_a_fill_that_a_later_day_does_not_compare_is_not_said_to_be_gone() -> None:
    item = an_item(FILL)
    assert after([item], a_run(FRIDAY + timedelta(days=3)))[0].state == "open"
    assert after([item], a_run(later()))[0].state == "gone"
    assert after([an_item()], a_run(FRIDAY + timedelta(days=3)))[0].state == "gone"  # positions are compared every day


def test_what_a_run_could_not_compare_is_not_said_to_be_gone() -> None:
    cash = replace(NVDA, section="cash", key="2026-11-19")
    missing = replace(
        a_run(later()), uncompared=(Uncompared("cash", "cash", "not told"), Uncompared("positions", "AMD", "moving"))
    )
    assert after([an_item(cash)], missing)[0].state == "open"
    assert after([an_item(replace(NVDA, key="AMD"))], missing)[0].state == "open"
    assert after([an_item()], missing)[0].state == "gone"


def test_a_run_that_was_stored_late_changes_nothing() -> None:
    (item,) = after([an_item()], a_run(later(5), NVDA))
    assert met([item], a_run(later(3)), "a") == ()
    assert met([item], a_run(later(3), NVDA), "a") == ()


def test_what_was_resolved_and_is_found_again_is_open_again_even_when_it_was_signed() -> None:
    resolved = decided(an_item(), "resolved", "ann", later(), "booked it")
    assert met([resolved], a_run(later(2)), "a") == ()
    for item in (resolved, signed(resolved, "bob", later(1))):
        (change,) = met([item], a_run(later(2), NVDA), "a")
        assert change.what == "found again"
        assert (change.after.state, change.after.decided_by, change.after.signed_by, change.after.reason) == (
            "open",
            "",
            "",
            "",
        )


def test_what_is_explained_stays_so_while_it_is_found_and_goes_when_it_is_not() -> None:
    item = decided(an_item(), "explained", "ann", later(), "a split that the broker books tomorrow")
    assert after([item], a_run(later(2), NVDA))[0].state == "explained"
    assert after([item], a_run(later(2)))[0].state == "gone"


def test_what_is_carried_opens_again_on_its_day_and_not_before() -> None:
    item = decided(an_item(), "carried", "ann", later(), "the broker answers on Monday")
    assert (item.until, standing(item)) == (date(2026, 11, 23), "Carried to 2026-11-23")
    night = datetime(2026, 11, 23, 4, 59, tzinfo=UTC)  # still Sunday in New York
    assert after([item], a_run(night, NVDA))[0].state == "carried"
    assert after([item], a_run(night + timedelta(minutes=1), NVDA))[0].state == "open"


@pytest.mark.parametrize(
    ("day", "expected"), [(19, 20), (20, 23), (21, 23), (22, 23), (23, 24)], ids=["Thu", "Fri", "Sat", "Sun", "Mon"]
)
def test_the_next_day_is_a_weekday(day: int, expected: int) -> None:
    assert next_day(datetime(2026, 11, day, 15, tzinfo=UTC)) == date(2026, 11, expected)


@pytest.mark.parametrize("state", ["explained", "carried", "resolved"])
def test_a_decision_needs_a_reason_and_a_second_person(state: State) -> None:
    for empty in ("", "  \n\t", "\u200b\x00"):
        with pytest.raises(BadInput, match="Give a reason"):
            decided(an_item(), state, "ann", later(), empty)
    item = decided(an_item(), state, "ann", later(), " it is\nknown ")
    assert (item.reason, item.owner, item.waits) == ("it is known", "ann", True)
    with pytest.raises(BadInput, match="Four eyes"):
        signed(item, "ann", later(2))
    done = signed(item, "bob", later(2))
    assert (done.signed_by, done.waits, done.closed) == ("bob", False, state == "resolved")
    with pytest.raises(BadInput, match="nothing to sign"):
        signed(done, "cat", later(3))


def test_what_makes_no_sense_is_refused_with_what_to_do() -> None:
    item, resolved = an_item(), decided(an_item(), "resolved", "ann", later(), "booked")
    with pytest.raises(BadInput, match="nothing to sign"):
        signed(item, "bob", later())
    with pytest.raises(BadInput, match="reopen it first"):
        decided(resolved, "explained", "bob", later(), "no")
    with pytest.raises(BadInput, match="can be reopened"):
        reopened(item, "why")
    with pytest.raises(BadInput, match="yours already"):
        taken(taken(item, "ann"), "ann")
    with pytest.raises(BadInput, match="closed"):
        taken(replace(item, state="gone"), "ann")
    with pytest.raises(BadInput, match="501"):
        words("x" * 501, "a reason")
    with pytest.raises(BadInput, match="reopen it first"):
        decided(replace(item, state="gone"), "resolved", "ann", later(), "x")


def test_what_is_reopened_has_no_decision_left_and_a_higher_version() -> None:
    item = signed(decided(an_item(), "carried", "ann", later(), "later"), "bob", later(2))
    again = reopened(item, "not so")
    assert (again.state, again.until, again.signed_by, again.decided_at, again.version) == (
        "open",
        None,
        "",
        None,
        item.version + 1,
    )


STEPS = st.lists(
    st.sampled_from(["found", "missing", "take", "explain", "carry", "resolve", "sign", "reopen"]), max_size=30
)


@given(STEPS)
def test_whatever_happens_four_eyes_hold_versions_rise_and_no_difference_that_is_there_is_called_settled(
    steps: list[str],
) -> None:
    queue, at = [an_item()], FRIDAY
    for step in steps:
        before, at = queue[0], at + timedelta(minutes=1)
        try:
            queue = _stepped(queue, step, at)
        except BadInput:
            continue
        item = queue[0]
        assert len(queue) == 1
        assert item.version >= before.version
        assert item.version > before.version or replace(item, last_seen=at, last_run="") == replace(
            before, last_seen=at, last_run=""
        )
        assert not item.signed_by or item.signed_by != item.decided_by != ""
        if step == "found":
            assert item.state not in ("gone", "resolved")


def _stepped(queue: list[BreakItem], step: str, at: datetime) -> list[BreakItem]:
    item = queue[0]
    states: dict[str, State] = {"explain": "explained", "carry": "carried", "resolve": "resolved"}
    match step:
        case "found" | "missing":
            return after(queue, a_run(at, *([NVDA] if step == "found" else [])))
        case "take":
            return [taken(item, "ann" if at.minute % 2 else "bob")]
        case "sign":
            return [signed(item, "ann" if at.minute % 3 else "bob", at)]
        case "reopen":
            return [reopened(item, "why")]
    return [decided(item, states[step], "ann" if at.minute % 2 else "bob", at, "because")]


@pytest.mark.parametrize("state", ["resolved", "explained", "carried"])
@pytest.mark.parametrize("days", [0, 5])
def test_a_run_takes_an_item_one_version_on_whatever_changes_with_it(state: State, days: int) -> None:
    """The database takes no other: a comparison that wants two could not be stored, and none after it."""
    item = decided(an_item(), state, "ada", later(), "it will be booked")
    moved = replace(NVDA, external="270", difference="+20")
    (found,) = after([item], a_run(later(2) + timedelta(days=days), moved))
    assert (found.difference, found.version) == ("+20", item.version + 1)
