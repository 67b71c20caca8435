"""By which ways a person is told, and when it is quiet."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from qv_desktop.domain.alerts import Kind, Notice, Urgency
from qv_desktop.domain.notifying import CHANNELS, KINDS, Notifying, QuietHours, read, tone, written

FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 10:30 in New York
NIGHT = QuietHours(on=True, start=time(20), end=time(4))


def notice(urgency: Urgency = "warning", kind: Kind = "feed") -> Notice:
    return Notice(FRIDAY, urgency, "x", "y", kind=kind)


def test_everything_is_told_by_every_way_at_first_but_the_rest_is_silent() -> None:
    choice = Notifying()
    for kind in KINDS:
        ways = choice.ways(notice(kind=kind), FRIDAY, in_front=False)
        assert ways == ({"toast"} if kind == "other" else set(CHANNELS))
    assert choice.ways(notice(), FRIDAY, in_front=True) == {"toast", "sound"}


def test_what_is_switched_off_is_off_and_no_volume_is_no_sound() -> None:
    choice = replace(Notifying(), off=frozenset({("feed", "toast")}))
    assert choice.ways(notice(), FRIDAY, in_front=True) == {"sound"}
    assert replace(choice, volume=0).ways(notice(), FRIDAY, in_front=True) == set()


@pytest.mark.parametrize(
    ("hour", "day", "quiet"),
    [(19, 0, False), (20, 0, True), (23, 0, True), (3, 1, True), (4, 1, False), (12, 0, False)],
)
def test_quiet_hours_go_past_midnight_in_new_york(hour: int, day: int, quiet: bool) -> None:
    at = datetime(2026, 11, 20, 5, tzinfo=UTC) + timedelta(hours=hour, days=day)  # midnight in New York is 05:00 UTC
    assert NIGHT.holds(at) is quiet
    assert not replace(NIGHT, on=False).holds(at)


def test_quiet_hours_belong_to_the_day_on_which_they_begin() -> None:
    weekdays = replace(NIGHT, days=frozenset(range(5)))
    midnight = datetime(2026, 11, 20, 5, tzinfo=UTC)  # of Friday in New York
    assert weekdays.holds(midnight + timedelta(hours=26))  # Saturday, two in the morning: Friday's night
    assert not weekdays.holds(midnight + timedelta(hours=45))  # Saturday evening
    assert not weekdays.holds(midnight + timedelta(hours=50))  # Sunday, two in the morning


@pytest.mark.parametrize(("before_dawn", "hour"), [(datetime(2026, 11, 1, tzinfo=UTC), 9), (datetime(2026, 3, 8, tzinfo=UTC), 8),
                                                   (datetime(2026, 7, 8, tzinfo=UTC), 8)])  # fmt: skip
def test_a_night_in_which_the_clocks_change_ends_by_the_clock_on_the_wall(before_dawn: datetime, hour: int) -> None:
    ends = before_dawn.replace(hour=hour)  # four o'clock in New York
    minutes = [before_dawn.replace(hour=2) + timedelta(minutes=30 * step) for step in range(20)]
    assert [NIGHT.holds(at) for at in minutes] == [at < ends for at in minutes]


def test_local_time_is_the_machines() -> None:
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)  # 07:00 in New York, 21:00 in Tokyo
    assert replace(NIGHT, zone="Local").holds(at, tokyo)
    assert not NIGHT.holds(at, tokyo)


def test_a_quiet_hour_takes_sound_and_tray_and_critical_ones_break_through_unless_that_is_off() -> None:
    night = datetime(2026, 11, 21, 3, tzinfo=UTC)
    choice = replace(Notifying(), quiet=NIGHT)
    assert choice.ways(notice(), night, in_front=False) == {"toast"}
    assert choice.ways(notice("critical"), night, in_front=False) == set(CHANNELS)
    strict = replace(choice, quiet=replace(NIGHT, critical_through=False))
    assert strict.ways(notice("critical"), night, in_front=False) == {"toast"}


def test_tones_tell_apart_what_happened() -> None:
    assert [tone(notice("good", "fill")), tone(notice("warning", "rejected")), tone(notice()), tone(notice("critical", "feed"))] == [
        "fill", "reject", "disconnect", "critical"]  # fmt: skip
    assert tone(notice("good", "feed")) is None  # that it is back is no alarm


def test_the_choice_is_kept_and_what_is_damaged_is_as_never_chosen() -> None:
    choice = Notifying(frozenset({("fill", "sound")}), 35, replace(NIGHT, zone="Local", days=frozenset({5, 6})), 12)
    assert read(written(choice)) == choice
    for damage in ("", "[]", "{}", '{"off": 3}', written(choice).replace("20:00", "late")):
        assert read(damage) == Notifying()
    assert read(written(choice).replace('"idle_minutes": 12', '"idle_minutes": 900')).idle_minutes == 60
