"""Curves are kept while they are fresh, pages are joined without loss, and nobody without the permission is answered."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.account_history import Activity, Curve, Kind, Page, Period, Point, Wanted
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.errors import BrokerDown, NotPermitted
from qv_desktop.services.account_history import FRESH, SETTLED, AccountHistory
from qv_desktop.services.login import Login
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users


@dataclass
class Reads:
    """Numbered activities, newest first, in pages of three; ``grow`` adds newer ones."""

    count: int = 8
    down: bool = False
    asked: list[str] = field(default_factory=list)
    since: list[datetime | None] = field(default_factory=list)

    async def configuration(self) -> Configuration:
        self._ask("settings")
        return Configuration(suspended=False)

    async def curve(self, period: Period, since: datetime | None) -> Curve:
        self._ask(period)
        self.since.append(since)
        await asyncio.sleep(0)
        return Curve(period, (Point(NOW, Decimal(len(self.asked))),))

    async def activities(self, wanted: Wanted, token: str = "") -> Page:
        self._ask(f"page {token}")
        told = [Activity(str(n), "FEE") for n in range(self.count, 0, -1) if not token or n < int(token)]
        page = told[:3]
        return Page(tuple(page), page[-1].id if len(told) > 3 else "")

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise BrokerDown("The broker does not answer.")


class Desk:
    def __init__(self, role: Role | None = Role.VIEWER) -> None:
        self.reads, self.now = Reads(), 1000.0
        users = Users()
        login = Login(users, Trail(), lambda: NOW, "host")
        if role is not None:
            login.session = a_session(role)
        self.history = AccountHistory(self.reads, login, lambda: NOW - timedelta(days=400), lambda: self.now)

    def ids(self) -> list[str]:
        return [one.id for one in self.history.loaded.activities]


def test_a_fresh_curve_is_not_asked_for_again_and_two_who_ask_at_once_ask_once() -> None:
    async def story() -> None:
        desk = Desk()
        first, second = await asyncio.gather(desk.history.curve(Period.DAY), desk.history.curve(Period.DAY))
        assert first is second
        desk.now += FRESH - 1
        assert await desk.history.curve(Period.DAY) is first
        assert (desk.reads.asked, desk.history.curve_age(Period.DAY)) == (["1D"], FRESH - 1)
        desk.now += 1
        assert await desk.history.curve(Period.DAY) is not first
        assert await desk.history.curve(Period.DAY, anew=True) is not first
        await desk.history.curve(Period.ALL)
        assert desk.reads.asked == ["1D", "1D", "1D", "All"]
        assert desk.reads.since[-1] == NOW - timedelta(days=400)

    asyncio.run(story())


def test_a_failure_keeps_the_curve_with_its_age() -> None:
    async def story() -> None:
        desk = Desk()
        told = await desk.history.curve(Period.WEEK)
        desk.reads.down, desk.now = True, desk.now + 120
        with pytest.raises(BrokerDown):
            await desk.history.curve(Period.WEEK)
        assert desk.history.kept_curve(Period.WEEK) is told
        assert desk.history.curve_age(Period.WEEK) == 120
        assert desk.history.curve_age(Period.DAY) is None

    asyncio.run(story())


def test_settings_are_asked_for_now_and_then() -> None:
    async def story() -> None:
        desk = Desk()
        for passes in (0, SETTLED, 1):
            desk.now += passes
            await desk.history.configuration()
        assert desk.reads.asked == ["settings", "settings"]

    asyncio.run(story())


def test_older_pages_follow_until_the_end_and_newer_ones_go_on_top() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.history.activities(Wanted())
        assert desk.ids() == ["8", "7", "6"]
        for _ in range(4):  # one more than there is
            await desk.history.older()
        assert (desk.ids(), desk.history.loaded.token) == (["8", "7", "6", "5", "4", "3", "2", "1"], "")
        assert desk.reads.asked == ["page ", "page 6", "page 3"]
        desk.reads.count = 10
        await desk.history.activities(Wanted())
        assert desk.ids() == [str(n) for n in range(10, 0, -1)]

    asyncio.run(story())


def test_newer_ones_that_do_not_reach_down_to_the_known_begin_anew_rather_than_hide_a_gap() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.history.activities(Wanted())
        desk.reads.count = 20
        found = await desk.history.activities(Wanted())
        assert (desk.ids(), found.token) == (["20", "19", "18"], "18")

    asyncio.run(story())


def test_another_choice_forgets_what_was_loaded_and_a_late_page_of_the_old_one_is_dropped() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.history.activities(Wanted())
        chosen = Wanted(Kind.FEE)
        _, found = await asyncio.gather(desk.history.older(), desk.history.activities(chosen))
        assert desk.history.loaded.wanted == chosen
        assert len(desk.ids()) == len(set(desk.ids()))
        assert found.wanted == chosen

    asyncio.run(story())


def test_a_failed_older_page_loses_nothing() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.history.activities(Wanted())
        desk.reads.down = True
        with pytest.raises(BrokerDown):
            await desk.history.older()
        assert (desk.ids(), desk.history.loaded.token) == (["8", "7", "6"], "6")

    asyncio.run(story())


def test_nobody_is_answered_before_signing_in() -> None:
    async def story() -> None:
        desk = Desk(role=None)
        for ask in (
            desk.history.curve(Period.DAY),
            desk.history.activities(Wanted()),
            desk.history.older(),
            desk.history.configuration(),
        ):
            with pytest.raises(NotPermitted):
                await ask
        assert desk.reads.asked == []

    asyncio.run(story())
