"""What an Admin does at one terminal counts at every other one on the next action, within a second: real services, one database."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Action, Permission, Resource, Role, User, UserState
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.limits import Scope
from qv_desktop.services.limits import RiskLimits
from qv_desktop.services.login import GONE, Login
from tests.adapters.db.conftest import Clock
from tests.adapters.db.personal import plain

RIGHT = "correct horse battery"
TRADE = Permission(Resource.TRADING, Action.CREATE)
CANCEL = Permission(Resource.TRADING, Action.DELETE)


class Terminal:
    """One program: its own connections, its own chain, its own key for tokens."""

    def __init__(self, url: str, clock: Clock, host: str) -> None:
        self.database = Database(url)
        self.trail = AuditTrail(self.database, f"chain-{uuid4().hex[:8]}", "1", clock, lambda entry: None)
        self.users = Users(self.database, self.trail, clock)
        self.login = Login(self.users, self.trail, clock, host)
        self.ended: list[str] = []
        self.login.ended = self.ended.append


type Story = Callable[[Terminal, list[Terminal], User], Coroutine[Any, Any, None]]


@pytest.fixture
def told(postgres_url: str, server_clock: Clock) -> Callable[[Story], None]:
    """Live a story of an Admin's terminal and two at which the same Trader is signed in."""

    def tell(story: Story) -> None:
        terminals = [Terminal(postgres_url, server_clock, host) for host in ("office", "left", "right")]

        async def life() -> None:
            admin, *desks = terminals
            name = f"maria-{uuid4().hex[:6]}"
            maria = await admin.users.create(name, RIGHT, Role.TRADER, Draft(SYSTEM, "user.create", "user", name))
            for desk in desks:
                assert (await desk.login.sign_in(name, RIGHT)).session is not None
                await desk.login.require(TRADE)
            await story(admin, desks, maria)

        try:
            asyncio.run(life())
        finally:
            for terminal in terminals:
                terminal.database.close()

    return tell


BY = Draft(SYSTEM, "user.change", "user", "maria")


def test_a_suspended_person_is_out_everywhere(told: Callable[[Story], None], clock: Clock) -> None:
    async def story(admin: Terminal, desks: list[Terminal], maria: User) -> None:
        await admin.users.change(maria, Role.TRADER, UserState.SUSPENDED, BY)
        clock.advance(seconds=1)
        for desk in desks:
            for permission in (TRADE, CANCEL):
                with pytest.raises(NotPermitted):
                    await desk.login.require(permission)
            assert (desk.ended, desk.login.session) == ([GONE], None)
            assert "suspended" in (await desk.login.sign_in(maria.name, RIGHT)).message

    told(story)


def test_a_demoted_person_stays_in_with_less_and_gets_it_back(told: Callable[[Story], None], clock: Clock) -> None:
    async def story(admin: Terminal, desks: list[Terminal], maria: User) -> None:
        viewer = await admin.users.change(maria, Role.VIEWER, UserState.ACTIVE, BY)
        clock.advance(seconds=1)
        before = [desk.login.tokens.access for desk in desks]
        for desk in desks:
            with pytest.raises(NotPermitted, match="Viewer"):
                await desk.login.require(TRADE)
            assert not desk.ended
        assert [desk.login.tokens.access for desk in desks] != before  # the old tokens named the old role
        await admin.users.change(viewer, Role.TRADER, UserState.ACTIVE, BY)
        clock.advance(seconds=1)
        for desk in desks:
            await desk.login.require(TRADE)

    told(story)


def test_a_reset_and_a_changed_password_end_the_sessions_elsewhere(told: Callable[[Story], None], clock: Clock) -> None:
    async def story(admin: Terminal, desks: list[Terminal], maria: User) -> None:
        left, right = desks
        assert await left.login.change_password(RIGHT, "another horse battery") == ""
        clock.advance(seconds=1)
        await left.login.require(TRADE)
        with pytest.raises(NotPermitted):
            await right.login.require(TRADE)
        code = await admin.users.reset(maria, BY)
        clock.advance(seconds=1)
        with pytest.raises(NotPermitted):
            await left.login.require(TRADE)
        assert (await right.login.redeem(maria.name, code, "yet another battery")).session is not None
        await right.login.require(TRADE)

    told(story)


def test_a_stolen_refresh_token_that_is_used_ends_the_session_of_thief_and_owner(
    told: Callable[[Story], None], clock: Clock
) -> None:
    async def story(admin: Terminal, desks: list[Terminal], maria: User) -> None:
        owner, thief = desks
        stolen = owner.login.tokens._refresh
        assert (await thief.login.resume(stolen)).session is not None
        clock.advance(minutes=11)
        with pytest.raises(NotPermitted):
            await owner.login.require(TRADE)
        assert owner.ended == ["This session has ended; log in with your password."]
        with pytest.raises(NotPermitted):
            await thief.login.require(TRADE)

    told(story)


def test_a_day_at_the_desk_goes_on_without_a_password(told: Callable[[Story], None], clock: Clock) -> None:
    async def story(admin: Terminal, desks: list[Terminal], maria: User) -> None:
        for _ in range(60):
            clock.advance(minutes=8)
            for desk in desks:
                await desk.login.require(TRADE)
        assert not any(desk.ended for desk in desks)
        clock.advance(days=7)
        for desk in desks:
            with pytest.raises(NotPermitted):
                await desk.login.require(TRADE)

    told(story)


# ---- over a connection that broke


def cut(url: str, terminal: Terminal) -> None:
    """The server ends every connection of a terminal; its next question goes over a new one."""
    name = f"desk-{uuid4().hex[:8]}"

    def named(connection: Connection) -> None:
        connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name})

    async def all_of_them() -> None:
        await asyncio.gather(*(terminal.database.write(named, lane) for lane in ("data", "records", "intents")))
        await asyncio.gather(*(terminal.database.read(named) for _ in range(4)))

    asyncio.run(all_of_them())
    with psycopg.connect(plain(url), autocommit=True) as server:
        ended = server.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = %s", (name,)
        ).fetchall()
    assert ended
    assert all(done for (done,) in ended)


def test_a_role_and_a_limit_that_changed_while_a_terminal_was_cut_off_count_at_its_first_look(
    postgres_url: str, server_clock: Clock
) -> None:
    office, desk = (Terminal(postgres_url, server_clock, host) for host in ("office", "desk"))
    name = f"maria-{uuid4().hex[:6]}"
    limits = [
        RiskLimits(
            LimitStore(one.database, one.trail),
            one.login,
            lambda event: None,
            server_clock,
            lambda: "acc",
            one.trail.append,
        )
        for one in (office, desk)
    ]
    try:
        maria = asyncio.run(office.users.create(name, RIGHT, Role.TRADER, Draft(SYSTEM, "user.create", "user", name)))
        boss = f"boss-{uuid4().hex[:6]}"
        asyncio.run(office.users.create(boss, RIGHT, Role.ADMIN, Draft(SYSTEM, "user.create", "user", boss)))
        assert asyncio.run(office.login.sign_in(boss, RIGHT)).session is not None
        assert asyncio.run(desk.login.sign_in(name, RIGHT)).session is not None
        asyncio.run(limits[1].load())
        before = limits[1].book
        cut(postgres_url, desk)
        asyncio.run(office.users.change(maria, Role.VIEWER, UserState.ACTIVE, BY))
        asyncio.run(limits[0].change(Scope.SYMBOL, "GME", {"order_value": Decimal(1)}, "it moves"))
        server_clock.advance(seconds=1)
        with pytest.raises(NotPermitted, match="Viewer"):
            asyncio.run(desk.login.require(TRADE))
        cut(postgres_url, desk)
        asyncio.run(limits[1].refresh())
        assert limits[1].book != before
        assert limits[1].book.version(Scope.SYMBOL, "GME").values == {"order_value": Decimal(1)}
    finally:
        for one in (office, desk):
            one.database.close()
