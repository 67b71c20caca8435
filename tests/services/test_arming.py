"""Trading keys are disarmed until armed, and disarmed again by whatever makes a key press doubtful."""

from dataclasses import dataclass, field

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.events import ArmingChanged, Event, FeedChanged
from qv_desktop.domain.market import FeedState
from qv_desktop.services.arming import AWAY, IDLE, Arming, hindrance
from qv_desktop.services.login import Login
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


@dataclass
class Keys:
    """An ``Arming`` whose time and hindrance the test moves."""

    seconds: float = 0.0
    hindered: str = ""
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arming = Arming(self.events.append, lambda: self.hindered, lambda: self.seconds)

    def after(self, seconds: float) -> "Keys":
        self.seconds += seconds
        self.arming.tick()
        return self


def test_they_are_disarmed_at_first_and_count_down_once_armed() -> None:
    keys = Keys()
    assert (keys.arming.armed, keys.arming.left) == (False, 0)
    assert keys.arming.arm() == ""
    assert keys.after(61).arming.left == IDLE - 61
    assert keys.events == [ArmingChanged(True, "")]


def test_idleness_disarms_and_a_touch_begins_the_time_anew() -> None:
    keys = Keys()
    keys.arming.arm()
    keys.after(IDLE - 1).arming.touched()
    assert keys.after(IDLE - 1).arming.armed
    assert not keys.after(2).arming.armed
    assert keys.arming.why == "nothing was touched for 5 minutes"


def test_a_touch_after_the_time_is_up_does_not_bring_it_back() -> None:
    keys = Keys()
    keys.arming.arm()
    keys.seconds += IDLE + 1  # no tick came in between
    keys.arming.touched()
    assert not keys.after(0).arming.armed


def test_a_person_may_choose_another_time() -> None:
    keys = Keys()
    keys.arming.idle_after = 90.0
    keys.arming.arm()
    assert not keys.after(90).arming.armed
    assert keys.arming.why == "nothing was touched for 90 seconds"


def test_another_program_in_front_disarms_after_a_minute_and_not_at_once() -> None:
    keys = Keys()
    keys.arming.arm()
    keys.arming.in_front(False)
    assert keys.after(AWAY - 1).arming.armed
    keys.arming.in_front(True)
    keys.arming.in_front(False)
    assert keys.after(AWAY - 1).arming.armed
    assert not keys.after(1).arming.armed
    assert keys.arming.why == "another program was in front for 1 minute"


def test_a_hindrance_disarms_at_once_and_keeps_them_from_being_armed() -> None:
    keys = Keys()
    keys.arming.arm()
    keys.hindered = "Polygon is mute"
    keys.after(0.25)
    assert keys.events[-1] == ArmingChanged(False, "Polygon is mute")
    assert keys.arming.arm() == "Polygon is mute"
    assert not keys.arming.armed


def test_disarming_twice_is_told_once() -> None:
    keys = Keys()
    keys.arming.disarm("by hand")
    keys.arming.arm()
    keys.arming.disarm("by hand")
    keys.arming.disarm("by hand")
    assert keys.events == [ArmingChanged(True, ""), ArmingChanged(False, "by hand")]


@pytest.mark.parametrize(
    ("prices", "updates", "role", "locked", "why"),
    [
        ("live", "live", Role.TRADER, False, ""),
        ("backfilling", "quiet", Role.ADMIN, False, ""),
        ("mute", "live", Role.TRADER, False, "Polygon is mute"),
        ("live", "backing off", Role.TRADER, False, "Alpaca orders is backing off"),
        ("live", "live", Role.TRADER, True, "the desk is locked"),
        ("live", "live", Role.VIEWER, False, "your role, Viewer, lacks “trading: create”"),
    ],
)
def test_what_hinders(prices: FeedState, updates: FeedState, role: Role, locked: bool, why: str) -> None:
    login = Login(Users(), Trail(), lambda: NOW, "host")
    login.session = a_session(role)
    feeds = {
        name: FeedChanged(name, state, "", NOW) for name, state in (("Polygon", prices), ("Alpaca orders", updates))
    }
    assert hindrance(login, feeds, "Polygon", "Alpaca orders", locked=locked) == why


def test_a_feed_that_was_never_heard_of_and_an_ended_session_hinder() -> None:
    login = Login(Users(), Trail(), lambda: NOW, "host")
    assert hindrance(login, {}, "Polygon", "Alpaca orders", locked=False) == "the session has ended"
    login.session = a_session()
    assert hindrance(login, {}, "Polygon", "Alpaca orders", locked=False) == "Polygon is off"
