"""A desk that nobody touches locks by itself, however the time passed, and an Admin bounds for how long it may stay open."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.services.auto_lock import USUAL, AutoLock
from qv_desktop.services.login import Login
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


@dataclass
class Times:
    """Idle times in memory."""

    minutes: dict[str, int] = field(default_factory=dict)
    most: int | None = None
    recorded: list[Draft] = field(default_factory=list)

    async def idle_times(self, user: str) -> tuple[int | None, int | None]:
        return self.minutes.get(user), self.most

    async def save_idle_time(self, user: str, minutes: int) -> None:
        self.minutes[user] = minutes

    async def save_idle_bound(self, minutes: int, by: Draft) -> None:
        self.most = minutes
        self.recorded.append(by)


class Room:
    """A desk with two clocks that are set by hand: the machine's and the one on the wall."""

    def __init__(self, role: Role = Role.TRADER) -> None:
        self.elapsed, self.now, self.times = 0.0, NOW, Times()
        session = a_session(role)
        login = Login(Users(session.user, session), Trail(), lambda: self.now, "here")
        login.session = session
        self.user = session.user.id
        self.auto = AutoLock(self.times, login, lambda: self.now, lambda: self.elapsed)

    def waits(self, **span: float) -> None:
        self.sleeps(**span)
        self.elapsed += timedelta(**span).total_seconds()

    def sleeps(self, **span: float) -> None:
        """The machine is asleep: its own clock stands still."""
        self.now += timedelta(**span)


def told(story: Callable[[Room], Coroutine[Any, Any, None]], role: Role = Role.TRADER) -> None:
    asyncio.run(story(Room(role)))


def test_it_is_due_after_the_minutes_without_a_touch_and_a_late_touch_does_not_turn_it_back() -> None:
    room = Room()
    room.waits(minutes=USUAL - 1)
    room.auto.touched()
    room.waits(minutes=USUAL, seconds=-1)
    assert not room.auto.due
    room.waits(seconds=1)
    room.auto.touched()
    assert room.auto.due
    room.auto.begin()
    assert not room.auto.due


def test_a_machine_that_slept_and_a_clock_that_was_set_back_leave_nothing_open() -> None:
    room = Room()
    room.sleeps(minutes=USUAL)
    assert room.auto.due
    other = Room()
    other.waits(minutes=5)
    other.sleeps(hours=-3)
    other.waits(minutes=USUAL - 5)
    assert other.auto.due


def test_a_person_chooses_within_the_bound_and_never_only_without_one() -> None:
    async def story(room: Room) -> None:
        await room.auto.choose(0)
        room.waits(days=2)
        assert not room.auto.due
        room.times.most = 30
        await room.auto.load()
        assert (room.auto.minutes, room.auto.after, room.auto.due) == (0, 30, True)
        for minutes in (0, 31):
            with pytest.raises(BadInput, match="at most 30"):
                await room.auto.choose(minutes)
        await room.auto.choose(30)
        assert room.times.minutes == {room.user: 30}

    told(story)


@pytest.mark.parametrize("minutes", [-1, 481])
def test_a_time_beyond_reason_is_refused(minutes: int) -> None:
    async def story(room: Room) -> None:
        with pytest.raises(BadInput, match="1 to 480"):
            await room.auto.choose(minutes)

    told(story)


def test_only_who_may_change_users_sets_the_bound_and_that_is_recorded() -> None:
    async def trader(room: Room) -> None:
        with pytest.raises(NotPermitted):
            await room.auto.bound(10)
        assert room.times.most is None

    async def admin(room: Room) -> None:
        await room.auto.bound(10)
        assert (room.auto.after, room.times.most) == (10, 10)
        draft = room.times.recorded[0]
        assert (draft.action, draft.before, draft.after) == ("settings.change", "0", "10")

    told(trader)
    told(admin, Role.ADMIN)
