"""Two windows on one database: an Admin administers in the one, and the other one's panels, menus and top bar follow."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.adapters.db.recovery import Recovery
from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import SYSTEM, Actor, Draft
from qv_desktop.domain.events import Noticed
from qv_desktop.services.bus import Bus
from qv_desktop.services.clock import Clock as ProgramClock
from qv_desktop.services.notices import Notices
from qv_desktop.ui import theme
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring import Desk, Panels
from qv_desktop.wiring.people import PeopleWiring
from qv_desktop.wiring.permissions import PermissionWiring
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_people import RIGHT, Machine, _emptied, machines
from tests.fakes import Users

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

TRADE = Permission(Resource.TRADING, Action.CREATE)

type Story = Callable[["Seat", "Seat"], Coroutine[Any, Any, None]]


class Seat:
    """A window with its panels at one machine, for whoever is signed in there."""

    def __init__(self, machine: Machine, window: MainWindow, panels: Panels) -> None:
        self.machine, self.window, self.panels = machine, window, panels
        self.notices: list[Notice] = []
        self.password = RIGHT
        bus = Bus()
        bus.subscribe(Noticed, lambda event: self.notices.append(event.notice))
        clock = ProgramClock(wall_ns=lambda: int(machine.clock().timestamp() * 1e9))
        services = SimpleNamespace(login=machine.login, people=machine.people, roles=machine.roles, clock=clock,
                                   notices=Notices(bus.publish, clock.now))  # fmt: skip
        self._tasks = Tasks(lambda error: None)
        self.desk = Desk(cast(Any, services), panels, window, self._tasks)
        self.permissions = PermissionWiring(self.desk)
        self.people = PeopleWiring(self.desk, self._given, self.permissions.tick)

    async def _given(self, deed: str, title: str, words: str, action: str) -> bool:
        return not await self.machine.login.confirm(self.password, deed)

    async def settled(self) -> None:
        """Everything that was asked for is done."""
        while running := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*running, return_exceptions=True)

    async def does(self, hand: Callable[[], object]) -> None:
        hand()
        await self.settled()

    async def second(self) -> None:
        """A second passes."""
        self.machine.clock.advance(seconds=1)
        await self.does(self.people.tick)

    def shown(self) -> set[str]:
        return {name for name in self.panels.by_name() if self.window.raise_panel(name)}


@pytest.fixture
def told(qtbot: QtBot, qapp: QApplication, postgres_url: str) -> Iterator[Callable[[Story], None]]:
    """Ada, an Admin, sits before the first window, and Tom, a Trader, before the second."""
    theme.apply(qapp)
    made = []
    for _ in range(2):
        panels = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
        window = MainWindow(panels.by_name())
        qtbot.addWidget(window)
        window.show()
        made.append((window, panels))

    with machines(postgres_url, Clock()) as (one, two):

        async def tell(story: Story) -> None:
            await one.database.write(_emptied)
            for name, role in (("Ada", "Admin"), ("Tom", "Trader")):
                await one.users.create(name, RIGHT, role, Draft(SYSTEM, "user.create", "user", name))
            await one.enters("Ada")
            await two.enters("Tom")
            first, second = Seat(one, *made[0]), Seat(two, *made[1])
            await first.people.start()
            await story(first, second)

        yield lambda story: asyncio.run(tell(story))


def test_a_demotion_and_a_role_of_ones_own_show_at_the_other_window_within_a_second(
    told: Callable[[Story], None],
) -> None:
    async def story(ada: Seat, tom: Seat) -> None:
        users = ada.panels.users
        assert {"users", "roles", "audit"} <= ada.shown()
        assert "users" not in tom.shown()
        users.table.select_key((await ada.machine.named("Tom")).id)
        await ada.settled()
        assert [seat.host for seat in users.seats_model.rows()] == ["desk-2"]
        await ada.does(lambda: users.role_asked.emit(users.chosen().person.user, "Viewer"))  # type: ignore[union-attr]
        assert users.said.text() == "Tom is Viewer from now on, at every terminal."
        await tom.second()
        assert tom.panels.ticket.message.text() == "Your role, Viewer, lacks “trading: create”; ask an Admin."
        assert "audit" not in tom.shown()
        assert not tom.window.commands.action("panel.audit").isVisible()
        assert tom.window.commands.hidden("panel.audit")
        assert [notice.title for notice in tom.notices] == ["Your role was changed"]
        assert tom.notices[0].text.startswith("You are Viewer now. You may no longer: market data: create,")

        roles = ada.panels.roles
        await ada.does(lambda: roles.make_asked.emit("Chartist", frozenset({Permission(Resource.MARKET, Action.VIEW)})))
        assert roles.said.text() == "The role Chartist is made; give it to somebody under Users."
        await ada.does(lambda: users.role_asked.emit(users.chosen().person.user, "Chartist"))  # type: ignore[union-attr]
        await tom.second()
        assert tom.shown() == {
            "watchlist",
            "quotes",
            "scanner",
            "data",
            "tape",
            "chart",
            "price_alerts",
            "alerts",
            "log",
            "roles",
        }
        assert tom.window.commands.hidden("workspace.research")
        assert not tom.window.commands.hidden("workspace.markets")
        chartist = next(role for role in await ada.machine.roles.all() if role.name == "Chartist")
        await ada.does(lambda: roles.edit_asked.emit(chartist, "Chartist", frozenset({TRADE})))
        await tom.second()
        assert {"ticket", "orders"} <= tom.shown()
        assert "chart" not in tom.shown()
        assert tom.panels.ticket.message.text() == ""

    told(story)


def test_what_cannot_be_done_is_said_where_it_was_asked_for(told: Callable[[Story], None]) -> None:
    async def story(ada: Seat, tom: Seat) -> None:
        users, admin = ada.panels.users, await ada.machine.named("Ada")
        await ada.does(lambda: users.role_asked.emit(admin, "Viewer"))
        assert users.said.text() == "Ada is the last active Admin: make somebody else an Admin first."
        ada.password = "wrong password"
        await ada.does(lambda: users.create_asked.emit("Zoe", "Viewer"))
        assert not users.code.isVisible()
        assert "Zoe" not in [listed.name for listed in users.model.rows()]
        ada.password = RIGHT
        await ada.does(lambda: ada.panels.roles.make_asked.emit("Trader", frozenset()))
        assert (
            ada.panels.roles.said.text()
            == "“Trader” is, or looks like, Trader, which the program keeps for itself; choose another name."
        )

    told(story)


def test_a_new_users_code_is_shown_and_works_and_a_suspended_one_is_out_at_once(told: Callable[[Story], None]) -> None:
    async def story(ada: Seat, tom: Seat) -> None:
        users, ended = ada.panels.users, []
        tom.machine.login.ended = ended.append
        await ada.does(lambda: users.create_asked.emit("Zoe", "Viewer"))
        code = users.code.code.text()
        assert (await tom.machine.users.redeem("Zoe", code, "a password of her own", "desk-9")).session is not None
        await ada.does(users.refresh_asked.emit)
        assert [(p.name, p.state) for p in users.model.rows()] == [
            ("Ada", "active"),
            ("Tom", "active"),
            ("Zoe", "active"),
        ]
        victim = await ada.machine.named("Tom")
        await ada.does(lambda: users.suspend_asked.emit(victim))
        await tom.second()
        assert tom.machine.login.session is None
        assert ended == ["Your account was suspended or your session was ended."]

    told(story)


def test_every_admin_hears_of_a_recovery_from_the_command_line_once(told: Callable[[Story], None]) -> None:
    async def story(ada: Seat, tom: Seat) -> None:
        await Recovery(ada.machine.people._trail, ada.machine.clock).admin(
            "Tom", Actor("root (command line)", "human", host="box")
        )  # type: ignore[arg-type]
        for _ in range(40):
            await ada.second()
        loud = [notice for notice in ada.notices if notice.title == "Recovered from outside"]
        assert [(notice.urgency, notice.count) for notice in loud] == [("critical", 1)]
        assert loud[0].text.startswith("Tom was made an Admin from the command line by root (command line) on box")

    told(story)


def test_a_database_that_is_away_leaves_the_role_as_it_was_and_says_nothing_new(told: Callable[[Story], None]) -> None:
    async def story(ada: Seat, tom: Seat) -> None:
        before = tom.shown()
        users = tom.machine.login._users = Users(down=True)
        await tom.second()
        assert users.asked == 1
        assert (tom.shown(), tom.notices) == (before, [])
        assert tom.machine.login.session is not None

    told(story)
