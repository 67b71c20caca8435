"""Who may, by the token and by what is stored now; and while the database is away only what makes things safer."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from qv_desktop.domain.access import Action, Permission, Resource, Role, UserState
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.services import login
from qv_desktop.services.login import GONE, Login
from tests.builders import NOW, a_limit
from tests.fakes import Trail, Users
from tests.services.test_orders import Desk, on_a_desk

CANCEL = Permission(Resource.TRADING, Action.DELETE)


def without_a_database(story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role = Role.TRADER) -> None:
    """``story`` on a desk whose last look at the role is too old, and whose database has just gone away."""

    async def told(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00")) if role is Role.TRADER else None
        desk.users.down = desk.trail.down = desk.journal.down = True
        desk.later(5)
        await story(desk)

    on_a_desk(told, role)


def test_a_cancel_goes_out_though_the_role_cannot_be_read() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.cancel(["qv-1"])
        assert desk.broker.steps[-1] == "cancel qv-1"

    without_a_database(story)


def test_a_database_that_never_answers_holds_a_cancel_up_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "BRAKE_WAITS", 0.01)

    async def story(desk: Desk) -> None:
        desk.users.mute = True
        await desk.orders.cancel(["qv-1"])
        assert desk.broker.steps[-1] == "cancel qv-1"

    without_a_database(story)


def test_an_order_still_needs_a_role_that_was_read() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(DatabaseDown):
            await desk.orders.submit(a_limit("100.00", id="qv-2"))

    without_a_database(story)


def test_who_lacked_the_permission_lacks_it_still_and_the_refusal_waits_in_the_spool() -> None:
    async def story(desk: Desk) -> None:
        kept: list[Draft] = []
        desk.orders._login.spool = kept.append
        with pytest.raises(NotPermitted, match="trading: delete"):
            await desk.orders._login.require(CANCEL, even_without_database=True)
        assert [(draft.action, draft.outcome) for draft in kept] == [("permission.refuse", "refused")]

    without_a_database(story, Role.VIEWER)


# ---- a suspension, whatever the clocks show


@pytest.mark.parametrize("hours", [-24, -1, 24])
def test_setting_the_clock_keeps_nobody_permitted_who_was_suspended(hours: int) -> None:
    async def story(desk: Inside) -> None:
        await desk.login.require(CANCEL)
        desk.set_by = timedelta(hours=hours)
        assert desk.users.user is not None
        desk.users.user = replace(desk.users.user, state=UserState.SUSPENDED)
        desk.later(seconds=1.5)
        with pytest.raises(NotPermitted):
            await desk.login.require(CANCEL)
        assert desk.ended == [GONE]

    within(story)


def test_the_clock_set_back_by_as_much_as_has_passed_does_not_stand_still_for_us() -> None:
    async def story(desk: Inside) -> None:
        await desk.login.require(CANCEL)
        desk.later(seconds=1.5)
        desk.set_by = timedelta(seconds=-1.5)  # frozen: the wall shows the moment of the last look
        desk.users.user = None
        with pytest.raises(NotPermitted):
            await desk.login.require(CANCEL)

    within(story)


@pytest.mark.parametrize("set_by", [0, -4])
def test_a_machine_that_slept_asks_again_though_its_own_clock_stood(set_by: int) -> None:
    async def story(desk: Inside) -> None:
        await desk.login.require(CANCEL)
        desk.later(hours=3)
        desk.slept, desk.set_by = (
            timedelta(hours=3),
            timedelta(hours=set_by),
        )  # and somebody set the wall's back meanwhile
        desk.users.user = None
        with pytest.raises(NotPermitted):
            await desk.login.require(CANCEL)

    within(story)


# ---- tokens


class Inside:
    """A log-in whose person is inside, with tokens good for a quarter of an hour; ``kept`` is what a keyring was told."""

    def __init__(self) -> None:
        self.now, self.users, self.trail = NOW, Users(access_ends=NOW + timedelta(minutes=15)), Trail()
        self.slept = self.set_by = timedelta(0)  # how long the machine was asleep, and what the wall's clock was set by
        self.login = Login(self.users, self.trail, lambda: self.now + self.set_by, "here", self.elapsed)
        self.kept: list[str] = []
        self.ended: list[str] = []
        self.login.ended = self.ended.append

    async def keep(self, text: str) -> None:
        self.kept.append(text)

    async def begin(self) -> "Inside":
        self.login.tokens.keep = self.keep
        await self.login.resume("first")
        return self

    def later(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now

    def elapsed(self) -> float:
        """What a clock counts that nobody sets and that stands while the machine sleeps."""
        return (self.now - NOW - self.slept).total_seconds()


def within(story: Callable[[Inside], Coroutine[Any, Any, None]]) -> None:
    async def told() -> None:
        await story(await Inside().begin())

    asyncio.run(told())


def test_what_is_kept_is_at_every_moment_enough_to_ask_for_the_same_renewal_again() -> None:
    async def story(desk: Inside) -> None:
        (token, successor), *_ = desk.users.renewed
        assert desk.kept == [f"{token} {successor}", successor]
        fresh = Inside()  # the next start after a crash between the store's answer and the keyring
        await fresh.login.resume(desk.kept[0])
        assert fresh.users.renewed == [(token, successor)]

    within(story)


def test_an_access_token_is_renewed_before_its_end_and_once_for_all_who_ask_at_the_same_time() -> None:
    async def story(desk: Inside) -> None:
        desk.later(minutes=9, seconds=59)
        await desk.login.require(CANCEL)
        assert len(desk.users.renewed) == 1
        desk.users.access_ends = desk.later(seconds=2) + timedelta(minutes=15)
        await asyncio.gather(*(desk.login.require(CANCEL) for _ in range(5)))
        assert len(desk.users.renewed) == 2
        assert desk.users.renewed[1][0] == desk.users.renewed[0][1]
        assert desk.login.tokens.access == "access 2"

    within(story)


def test_a_token_that_no_longer_says_what_is_so_is_renewed_and_the_new_role_decides() -> None:
    async def story(desk: Inside) -> None:
        desk.users.outdated.add("access 1")
        assert desk.users.user is not None
        desk.users.user = replace(desk.users.user, role=Role.VIEWER, role_version=2)
        desk.later(seconds=1)
        with pytest.raises(NotPermitted, match="Viewer"):
            await desk.login.require(CANCEL)
        assert len(desk.users.renewed) == 2

    within(story)


def test_a_refused_renewal_ends_the_session_with_a_sentence_and_forgets_what_was_kept() -> None:
    async def story(desk: Inside) -> None:
        desk.users.user = None
        desk.later(minutes=11)
        with pytest.raises(NotPermitted, match="session has ended"):
            await desk.login.require(CANCEL)
        assert desk.ended == ["This session has ended; log in with your password."]
        assert (desk.login.session, desk.kept[-1]) == (None, "")

    within(story)


def test_an_outage_throws_nobody_out_and_the_renewal_that_got_no_answer_is_asked_for_again() -> None:
    async def story(desk: Inside) -> None:
        desk.users.down = True
        desk.later(hours=2)
        with pytest.raises(DatabaseDown):
            await desk.login.require(CANCEL)
        assert (await desk.login.require(CANCEL, even_without_database=True)).user.name  # a cancel goes out
        desk.users.down, desk.users.access_ends = False, desk.now + timedelta(minutes=15)
        await desk.login.require(CANCEL)
        first, *others = desk.users.renewed[1:]
        assert others == [first, first]  # the same token, the same successor: no second use
        assert not desk.ended

    within(story)


def test_who_stays_signed_in_keeps_the_session_at_the_end_and_who_signs_out_forgets_it() -> None:
    async def story(desk: Inside) -> None:
        kept = desk.kept[-1]
        await desk.login.leave()
        assert (desk.login.session, desk.kept[-1]) == (None, kept)
        await desk.login.resume(kept)
        await desk.login.sign_out()
        assert desk.kept[-1] == ""
        other = Inside()
        await other.login.sign_in("demo", "right")
        await other.login.leave()
        assert (other.kept, other.login.session) == ([], None)

    within(story)


def test_another_desk_goes_on_with_the_session_and_the_tokens_of_the_one_that_is_left() -> None:
    async def story(desk: Inside) -> None:
        other = Login(desk.users, desk.trail, lambda: desk.now, "here")
        other.follow(desk.login)
        desk.later(minutes=11)
        await other.require(CANCEL)
        assert desk.users.renewed[1][0] == desk.users.renewed[0][1]
        assert desk.kept[-1] == desk.users.renewed[1][1]
        assert (desk.login.session, desk.login.tokens.access) == (None, "")

    within(story)


def test_a_suspended_person_who_asks_for_nothing_is_out_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "LOOKS", 0.001)

    async def story(desk: Inside) -> None:
        watching = asyncio.ensure_future(desk.login.watch())
        desk.users.down = True
        desk.later(seconds=2)
        await asyncio.sleep(0.02)
        assert desk.login.session is not None
        desk.users.down, desk.users.user = False, None
        await asyncio.sleep(0.05)
        assert desk.ended == [GONE]
        watching.cancel()

    within(story)


# ---- the password once more


def test_a_password_that_was_given_counts_once_and_for_one_deed() -> None:
    async def story(desk: Inside) -> None:
        for deed in ("limits.raise", ""):
            with pytest.raises(NotPermitted, match="takes your password"):
                desk.login.require_given(deed)
        assert await desk.login.confirm("wrong", "limits.raise")
        with pytest.raises(NotPermitted):
            desk.login.require_given("limits.raise")
        assert await desk.login.confirm("right", "limits.raise") == ""
        with pytest.raises(NotPermitted):
            desk.login.require_given("role.change")
        assert await desk.login.confirm("right", "limits.raise") == ""
        desk.login.require_given("limits.raise")
        with pytest.raises(NotPermitted):
            desk.login.require_given("limits.raise")

    within(story)


def test_a_locked_desk_opens_into_the_same_session_or_into_a_new_one_where_that_has_ended() -> None:
    async def story(desk: Inside) -> None:
        session = desk.login.session
        assert await desk.login.unlock("demo", "wrong")
        assert await desk.login.unlock("demo", "right") == ""
        assert desk.login.session == session
        user, desk.users.user = desk.users.user, None
        assert await desk.login.unlock("demo", "right") == GONE  # suspended while it was locked
        desk.users.user = user
        assert await desk.login.unlock("demo", "right") == ""
        assert desk.login.session is not None

    within(story)


def test_a_password_that_was_given_counts_for_a_minute() -> None:
    """Whoever goes away in the middle of a deed leaves nobody the rest of it."""

    async def story(desk: Inside) -> None:
        for seconds, counts in ((59, True), (61, False)):
            assert await desk.login.confirm("right", "limits.raise") == ""
            desk.later(seconds=seconds)
            if counts:
                desk.login.require_given("limits.raise")
                continue
            with pytest.raises(NotPermitted):
                desk.login.require_given("limits.raise")

    within(story)
