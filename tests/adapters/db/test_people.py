"""Administering people on a real database, from two machines: what one does, the other's next action hears within a second."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.people import PeopleStore
from qv_desktop.adapters.db.roles import RoleStore
from qv_desktop.adapters.db.tables import roles
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import BUILT_IN, Action, Permission, Resource, Role, Session, User, UserState
from qv_desktop.domain.audit import SYSTEM, Draft, Entry
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.people import Invitation
from qv_desktop.domain.roles import KnownRole
from qv_desktop.services.login import Login
from qv_desktop.services.people import People
from qv_desktop.services.roles import Roles
from tests.adapters.db.conftest import Clock

RIGHT = "correct horse battery"
TRADE = Permission(Resource.TRADING, Action.CREATE)
LOOK = Permission(Resource.MARKET, Action.VIEW)
HELP = frozenset(
    Permission(Resource.USERS, action) for action in (Action.VIEW, Action.CREATE, Action.CHANGE, Action.DELETE)
)

type Story = Callable[["Machine", "Machine"], Coroutine[Any, Any, None]]


class Machine:
    """A program of its own on the shared database: connections, chain, log-in and services."""

    def __init__(self, url: str, clock: Clock, host: str) -> None:
        self.database, self.rows, self.clock = Database(url), list[Entry](), clock
        trail = AuditTrail(self.database, f"{host}-{uuid4().hex[:8]}", "1", clock, self.rows.append)
        self.users, self.store = Users(self.database, trail, clock), PeopleStore(self.database, trail)
        self.login = Login(self.users, trail, clock, host)
        self.roles = Roles(RoleStore(self.database, trail, clock), self.login, trail)
        self.people = People(self.store, self.users, self.roles, self.login, trail)

    async def given(self, deed: str, password: str = RIGHT) -> None:
        """The person gives the password for a deed."""
        await self.login.confirm(password, deed)

    async def give(self, user: User, role: str, password: str = RIGHT) -> User:
        await self.given("user.role", password)
        return await self.people.give(user, role)

    async def invite(self, name: str, role: str, password: str = RIGHT) -> Invitation:
        await self.given("user.create", password)
        return await self.people.create(name, role)

    async def reset(self, user: User, password: str = RIGHT) -> Invitation:
        await self.given("user.reset", password)
        return await self.people.reset(user)

    async def make(self, name: str, permissions: Collection[Permission], password: str = RIGHT) -> KnownRole:
        await self.given("role.create", password)
        return await self.roles.make(name, permissions)

    async def edit(self, before: KnownRole, name: str, permissions: Collection[Permission]) -> KnownRole:
        await self.given("role.change")
        return await self.roles.edit(before, name, permissions)

    async def delete(self, role: KnownRole) -> None:
        await self.given("role.delete")
        await self.roles.delete(role)

    async def enters(self, name: str, password: str = RIGHT) -> Session:
        answer = await self.login.sign_in(name, password)
        assert answer.session is not None, answer.message
        return answer.session

    async def may(self, permission: Permission) -> bool:
        """Whether the next action is let through, a second after the last one."""
        self.clock.advance(seconds=1)
        try:
            await self.login.require(permission)
        except NotPermitted:
            return False
        return True

    async def named(self, name: str) -> User:
        return next(person.user for person in await self.store.all() if person.user.name == name)

    def told(self) -> list[tuple[str, str, str]]:
        return [(row.draft.action, row.draft.object_id, row.draft.outcome) for row in self.rows]


@contextmanager
def machines(url: str, clock: Clock) -> Iterator[tuple[Machine, Machine]]:
    one, two = Machine(url, clock, "desk-1"), Machine(url, clock, "desk-2")
    try:
        yield one, two
    finally:
        one.database.close()
        two.database.close()


@pytest.fixture
def told(postgres_url: str, clock: Clock) -> Iterator[Callable[[Story], None]]:
    """Tells a story on two machines, where Ada is the Admin at the first one and Tom, a Trader, sits at the second."""

    with ExitStack() as stack:
        one, two = stack.enter_context(machines(postgres_url, clock))

        async def tell(story: Story) -> None:
            await one.database.write(_emptied)
            for name, role in (("Ada", Role.ADMIN), ("Tom", Role.TRADER)):
                await one.users.create(name, RIGHT, role, Draft(SYSTEM, "user.create", "user", name))
            await one.enters("Ada")
            await two.enters("Tom")
            await story(one, two)

        yield lambda story: asyncio.run(tell(story))


def _emptied(connection: Connection) -> None:
    """Without the people of the story before."""
    for table in ("password_resets", "refresh_tokens", "sessions", "lockouts", "login_brake", "users"):
        connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of our own
    connection.execute(roles.delete().where(roles.c.name.not_in(list(BUILT_IN))))


async def refused(work: Awaitable[object], words: str, error: type[Exception] = BadInput) -> None:
    with pytest.raises(error, match=words):
        await work


def test_who_is_suspended_demoted_or_let_in_again_is_so_at_the_other_machine_within_a_second(
    told: Callable[[Story], None],
) -> None:
    async def story(one: Machine, two: Machine) -> None:
        assert await two.may(TRADE)
        tom = await one.give(await one.named("Tom"), "Viewer")
        assert (await two.may(TRADE), await two.may(LOOK)) == (False, True)
        tom = await one.people.suspend(tom)
        assert not await two.may(LOOK)
        assert two.login.session is None
        assert (await two.login.sign_in("Tom", RIGHT)).message.startswith("This user is suspended")
        await one.people.activate(tom)
        await two.enters("Tom")
        assert [row for row in one.told() if row[0].startswith("user.") and row[1] == "Tom"][1:] == [
            ("user.role", "Tom", "ok"), ("user.suspend", "Tom", "ok"), ("user.activate", "Tom", "ok")]  # fmt: skip
        given = next(row.draft for row in one.rows if row.draft.action == "user.role")
        assert (given.before, given.after) == ('{"role": "Trader"}', '{"role": "Viewer"}')

    told(story)


def test_a_role_of_the_desks_own_is_held_changed_and_deleted_and_its_holders_feel_it_within_a_second(
    told: Callable[[Story], None],
) -> None:
    async def story(one: Machine, two: Machine) -> None:
        made = await one.make("  Night  desk ", {TRADE})
        assert made.permissions == {TRADE, Permission(Resource.TRADING, Action.VIEW)}
        await one.give(await one.named("Tom"), "Night desk")
        assert (await two.may(TRADE), await two.may(LOOK)) == (True, False)
        held = await one.roles.named("Night desk")
        assert held.holders == ("Tom",)
        version = (await one.named("Tom")).role_version
        after = await one.edit(held, "Day desk", {LOOK})
        assert (await two.may(TRADE), await two.may(LOOK)) == (False, True)
        assert two.login.session is not None
        assert two.login.session.user.role == "Day desk"
        assert (await one.named("Tom")).role_version == version + 1
        await refused(one.delete(after), "“Day desk” is the role of Tom; give them another one first")
        await one.give(await one.named("Tom"), "Trader")
        await one.delete(await one.roles.named("Day desk"))
        assert [role.name for role in await one.roles.all()] == list(BUILT_IN)
        changed = next(row.draft for row in one.rows if row.draft.action == "role.change")
        assert '"trading: create"' in changed.before
        assert changed.after == '{"name": "Day desk", "permissions": ["market data: view"]}'

    told(story)


def test_the_last_active_admin_can_neither_be_demoted_nor_suspended_however_it_is_tried(
    told: Callable[[Story], None],
) -> None:
    async def story(one: Machine, two: Machine) -> None:
        ada = await one.named("Ada")
        await refused(one.people.suspend(ada), "You cannot suspend yourself")
        await refused(one.give(ada, "Trader"), "Ada is the last active Admin: make somebody else an Admin first")
        assert ("user.role", "Ada", "refused") in one.told()
        await one.invite("Zoe", "Admin")  # who has yet to choose a password, and may never do so
        await refused(one.give(ada, "Trader"), "Ada is the last active Admin")
        bo = await one.users.create("Bo", RIGHT, "Admin", Draft(SYSTEM, "user.create", "user", "Bo"))
        await two.enters("Bo")
        both = await asyncio.gather(one.people.suspend(bo), two.people.suspend(ada), return_exceptions=True)
        assert sorted(isinstance(answer, User) for answer in both) == [False, True]
        standing = [person.user.state for person in await one.store.all() if person.user.role == "Admin"]
        assert sorted(standing) == [UserState.ACTIVE, UserState.ACTIVE, UserState.SUSPENDED]  # Zoe is one of them

    told(story)


def test_two_admins_who_reset_each_other_leave_one_who_can_sign_in(told: Callable[[Story], None]) -> None:
    async def story(one: Machine, two: Machine) -> None:
        ada = await one.named("Ada")
        bo = await one.users.create("Bo", RIGHT, "Admin", Draft(SYSTEM, "user.create", "user", "Bo"))
        await two.enters("Bo")
        await one.given("user.reset")
        await two.given("user.reset")
        both = await asyncio.gather(one.people.reset(bo), two.people.reset(ada), return_exceptions=True)
        assert sorted(isinstance(answer, Invitation) for answer in both) == [False, True]
        refusal = next(str(answer) for answer in both if not isinstance(answer, Invitation))
        left, kept = ("Ada", one) if "Ada is the last active Admin with a password" in refusal else ("Bo", two)
        assert (await kept.login.sign_in(left, RIGHT)).session is not None
        assert [row[2] for row in (one if kept is two else two).told() if row[0] == "user.reset"] == ["refused"]
        assert await kept.invite("Zoe", "Admin")  # somebody new takes no Admin away

    told(story)


def test_of_two_admins_who_change_the_same_person_or_role_the_second_hears_it(told: Callable[[Story], None]) -> None:
    async def story(one: Machine, two: Machine) -> None:
        await one.users.create("Bo", RIGHT, "Admin", Draft(SYSTEM, "user.create", "user", "Bo"))
        await two.enters("Bo")
        tom = await one.named("Tom")
        await one.give(tom, "Analyst")
        await refused(two.give(tom, "Viewer"), "Tom was changed by someone else meanwhile; look again and repeat")
        assert ("user.role", "Tom", "refused") in two.told()
        role = await one.make("Desk", {LOOK})
        await one.edit(role, "Desk", {TRADE})
        await refused(two.edit(role, "Desk", set()), "The role “Desk” was changed by someone else meanwhile")
        await refused(two.delete(role), "changed by someone else meanwhile")
        await refused(two.make("desk", {LOOK}), "There is a role “Desk” already")

    told(story)


def test_nobody_grants_what_they_lack_nor_touches_who_may_do_more(told: Callable[[Story], None]) -> None:
    async def story(one: Machine, two: Machine) -> None:
        await one.make("Help desk", HELP | BUILT_IN["Viewer"])
        await one.give(await one.named("Tom"), "Help desk")
        assert await two.may(Permission(Resource.USERS, Action.CHANGE))
        ada, lacks = await two.named("Ada"), "You cannot grant what you lack yourself"
        for work in (two.people.suspend(ada), two.reset(ada), two.people.unlock(ada), two.people.revoke(ada, ["x"])):
            await refused(work, "Ada's role, Admin, may do what yours may not", NotPermitted)
        await refused(two.invite("Eve", "Trader"), lacks, NotPermitted)
        await refused(two.give(await two.named("Tom"), "Trader"), lacks, NotPermitted)
        await refused(two.make("Mine", {TRADE}), lacks, NotPermitted)
        desk = await one.make("Desk", {TRADE})
        await refused(two.edit(desk, "Desk", {LOOK}), "You cannot grant", NotPermitted)
        assert {row[2] for row in two.told() if row[0].startswith(("user.", "role."))} == {"refused"}
        assert [person.user.name for person in await one.store.all()] == ["Ada", "Tom"]

    told(story)


def test_what_makes_mightier_takes_the_own_password_and_the_built_in_roles_stay(told: Callable[[Story], None]) -> None:
    async def story(one: Machine, two: Machine) -> None:
        tom, admin = await one.named("Tom"), await one.roles.named("Admin")
        for work in (one.give(tom, "Admin", "wrong password"), one.make("Desk", {LOOK}, "wrong password"),
                     one.invite("Eve", "Viewer", "wrong password"), one.reset(tom, "wrong password")):  # fmt: skip
            await refused(work, "This takes your password", NotPermitted)
        await refused(one.edit(admin, "Boss", {LOOK}), "The role Admin is built in and stays as it is")
        await refused(one.delete(admin), "built in")
        pretended = replace(admin, name="Admin", permissions=frozenset())
        await refused(RoleStore(one.database, one.roles._trail, one.clock).edit(pretended, pretended, Draft(SYSTEM, "x", "role", "Admin")),
                      "changed by someone else")  # fmt: skip
        assert (await one.named("Tom")).role == "Trader"
        await one.give(tom, "Viewer")
        await refused(one.people.give(await one.named("Tom"), "Admin"), "This takes your password", NotPermitted)
        assert one.told()[-1] == ("user.role", "Tom", "refused")

    told(story)


def test_the_database_itself_keeps_the_built_in_roles_and_knows_no_role_that_is_not_there(database: Database) -> None:
    for statement in ("UPDATE roles SET version = 2 WHERE name = 'Viewer'", "DELETE FROM roles WHERE name = 'Admin'",
                      "INSERT INTO roles VALUES ('VIEWER', '{}', 1, now(), 'x')",
                      "INSERT INTO users VALUES ('x', 'x', 'King', 'active', 1, '$argon2id$x', now())"):  # fmt: skip
        with pytest.raises(Exception, match=r"built in|roles_name|users_role_known"):
            asyncio.run(database.write(lambda connection, words=statement: connection.execute(text(words))))  # type: ignore[misc]


def test_a_new_user_and_a_reset_one_choose_their_password_with_a_code_that_is_written_nowhere(
    told: Callable[[Story], None],
) -> None:
    async def story(one: Machine, two: Machine) -> None:
        made = await one.invite(" Eve ", "Viewer")
        assert made.name == "Eve"
        assert made.code not in repr(made)
        eve = next(person for person in await one.people.all() if person.user.name == "Eve")
        assert eve.waits
        answer = await two.users.redeem("Eve", made.code, "a password of her own", "desk-2")
        assert answer.session is not None
        reset = await one.reset(await one.named("Tom"))
        assert not await two.may(LOOK)
        assert (await two.login.sign_in("Tom", RIGHT)).session is None
        everything = " ".join(repr(row) for row in one.rows)
        assert made.code not in everything
        assert reset.code not in everything
        await refused(one.reset(await one.named("Ada")), "Change your own password")

    told(story)


def test_sessions_are_seen_with_host_and_times_and_end_one_by_one_or_all(
    told: Callable[[Story], None], server_clock: Clock
) -> None:
    clock = server_clock

    async def story(one: Machine, two: Machine) -> None:
        tom = await one.named("Tom")
        clock.advance(minutes=5)
        await two.people.seen()
        clock.advance(minutes=5)
        again = await one.users.sign_in("Tom", RIGHT, "laptop")
        assert again.session is not None
        seats = await one.people.seats(tom.id)
        assert [(seat.host, clock() - seat.started, clock() - seat.seen) for seat in seats] == [
            ("laptop", timedelta(0), timedelta(0)), ("desk-2", timedelta(minutes=10), timedelta(minutes=5))]  # fmt: skip
        person = next(each for each in await one.people.all() if each.user == tom)
        assert (person.sessions, person.seen) == (2, clock())
        assert await one.people.revoke(tom, [again.session.id]) == 1
        assert await two.may(LOOK)
        await refused(one.people.revoke(tom, [again.session.id]), "ended already")
        assert await one.people.revoke(tom, [seat.id for seat in await one.people.seats(tom.id)]) == 1
        assert not await two.may(LOOK)
        assert (await one.people.seats(tom.id), one.told()[-1][:2]) == ([], ("session.revoke", "Tom"))
        await refused(
            one.people.revoke(await one.named("Tom"), [one.login.session.id if one.login.session else ""]),
            "ended already",
        )
        assert await one.may(LOOK)

    told(story)


def test_a_locked_name_is_seen_and_unlocked_before_its_time(told: Callable[[Story], None], server_clock: Clock) -> None:
    async def story(one: Machine, two: Machine) -> None:
        tom = await one.named("Tom")
        await refused(one.people.unlock(tom), "Tom is not locked any more")
        for _ in range(5):
            await two.users.sign_in("Tom", "wrong password", "desk-2")
        person = next(each for each in await one.people.all() if each.user == tom)
        assert person.locked_until == server_clock() + timedelta(minutes=15)
        await one.people.unlock(tom)
        assert (await two.users.sign_in("Tom", RIGHT, "desk-2")).session is not None
        assert ("user.unlock", "Tom", "ok") in one.told()

    told(story)


def test_what_a_newer_program_grants_that_this_one_does_not_know_is_refused(told: Callable[[Story], None]) -> None:
    async def story(one: Machine, two: Machine) -> None:
        await one.make("Later", {LOOK})
        await one.give(await one.named("Tom"), "Later")
        grown = text(
            "UPDATE roles SET permissions = permissions || ARRAY['moon: fly', 'trading: all'] WHERE name = 'Later'"
        )
        await one.database.write(lambda connection: connection.execute(grown))
        assert (await two.may(LOOK), await two.may(TRADE)) == (True, False)
        assert (await one.roles.named("Later")).permissions == {LOOK}

    told(story)


def test_what_a_newer_program_grants_is_kept_when_this_one_changes_the_role(told: Callable[[Story], None]) -> None:
    async def story(one: Machine, two: Machine) -> None:
        await one.make("Later", {LOOK})
        grown = text("UPDATE roles SET permissions = permissions || ARRAY['moon: fly'] WHERE name = 'Later'")
        await one.database.write(lambda connection: connection.execute(grown))
        after = await one.edit(await one.roles.named("Later"), "Later still", {TRADE})
        stored = text("SELECT permissions FROM roles WHERE name = 'Later still'")
        kept = await one.database.read(lambda connection: connection.execute(stored).scalar_one())
        assert kept == ["trading: view", "trading: create", "moon: fly"]
        assert (after.unknown, after.permissions) == (
            ("moon: fly",),
            (await one.roles.named("Later still")).permissions,
        )
        change = next(row.draft for row in one.rows if row.draft.action == "role.change")
        assert "moon: fly" in change.before
        assert "moon: fly" in change.after
        copied = await one.make("Copy", after.permissions)
        assert (await one.roles.named("Copy")).unknown == copied.unknown == ()  # nobody grants what they do not know

    told(story)


def test_roles_stand_in_the_order_of_the_table_and_then_by_name(told: Callable[[Story], None]) -> None:
    async def story(one: Machine, two: Machine) -> None:
        for name in ("zeta", "Alpha"):
            await one.make(name, ())
        assert {role.holders for role in await two.roles.all()} == {()}  # Tom may not view users
        roles = await one.roles.all()
        assert [role.name for role in roles] == ["Admin", "Trader", "Analyst", "Viewer", "Alpha", "zeta"]
        assert roles[0] == KnownRole("Admin", BUILT_IN["Admin"], 1, ("Ada",))

    told(story)
