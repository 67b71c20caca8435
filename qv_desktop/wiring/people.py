"""Users and roles: what the panels ask for is done, and a change of one's own role shows at once, whoever made it."""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from qv_desktop.domain.access import Permission, User
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.people import Recovered
from qv_desktop.domain.roles import KnownRole, listed, written
from qv_desktop.services.people import TRAIL, VIEW
from qv_desktop.wiring import Desk

SEEN_EVERY, READ_EVERY = 30, 5  # ticks, which come once a second
LOUD = timedelta(days=7)  # for which a recovery is told at every start

_RESET = "The old password and every session of theirs end now. You get a code that you pass on."

type StepUp = Callable[[str, str, str, str], Awaitable[bool]]  # deed, title, words, button -> whether it was given
type Said = Callable[[str], None]


class PeopleWiring:
    """``step_up`` asks the person for their password once more; ``told`` is called once the own role was read anew."""

    def __init__(self, desk: Desk, step_up: StepUp, told: Callable[[], None] = lambda: None) -> None:
        self._desk, self._step_up, self._told = desk, step_up, told
        self._people, self._roles = desk.services.people, desk.services.roles
        self._users_panel, self._roles_panel = desk.panels.users, desk.panels.roles
        self._ticks, self._looking = 0, False
        self._recovered: set[Recovered] = set()  # of whom was told already
        self._user = desk.services.login.session.user if desk.services.login.session is not None else None
        self._connect_users()
        self._connect_roles()

    def _connect_users(self) -> None:
        panel, people = self._users_panel, self._people
        panel.refresh_asked.connect(lambda: self._spawn(self._refresh()))
        panel.seats_asked.connect(lambda user: self._spawn(self._seats(user)))
        panel.create_asked.connect(lambda name, role: self._do(self._create(name, role), panel.show_wrong))
        panel.role_asked.connect(lambda user, role: self._do(self._give(user, role), panel.show_wrong))
        panel.reset_asked.connect(lambda user: self._do(self._reset(user), panel.show_wrong))
        panel.suspend_asked.connect(
            lambda user: self._do(
                self._done(people.suspend(user), f"{user.name} is suspended and out everywhere."), panel.show_wrong
            )
        )
        panel.activate_asked.connect(
            lambda user: self._do(
                self._done(people.activate(user), f"{user.name} may sign in again."), panel.show_wrong
            )
        )
        panel.unlock_asked.connect(
            lambda user: self._do(
                self._done(people.unlock(user), f"{user.name} may try to sign in again at once."), panel.show_wrong
            )
        )
        panel.revoke_asked.connect(lambda user, ids: self._do(self._revoke(user, ids), panel.show_wrong))

    def _connect_roles(self) -> None:
        panel = self._roles_panel
        panel.refresh_asked.connect(lambda: self._spawn(self._refresh()))
        panel.make_asked.connect(lambda name, granted: self._do(self._make(name, granted), panel.show_wrong))
        panel.edit_asked.connect(
            lambda role, name, granted: self._do(self._edit(role, name, granted), panel.show_wrong)
        )
        panel.delete_asked.connect(lambda role: self._do(self._delete(role), panel.show_wrong))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def _do(self, work: Coroutine[Any, Any, None], wrong: Said) -> None:
        self._spawn(self._tried(work, wrong))

    async def _tried(self, work: Coroutine[Any, Any, None], wrong: Said) -> None:
        """Why it was not done is said where it was asked for; what others changed meanwhile is shown."""
        try:
            await work
        except QvError as error:
            wrong(str(error))
            await self._refresh()

    # ---- users

    async def _done(self, work: Awaitable[object], sentence: str) -> None:
        await work
        await self._refresh()
        self._users_panel.show_said(sentence)

    async def _create(self, name: str, role: str) -> None:
        if await self._step_up(
            "user.create", f"New user {name}", f"{name} may do all that the role {role} may.", "Make user"
        ):
            invitation = await self._people.create(name, role)
            self._users_panel.show_code(invitation)
            await self._done(_nothing(), f"{invitation.name} is {role} and signs in with the code, within a day.")

    async def _give(self, user: User, role: str) -> None:
        if await self._step_up(
            "user.role",
            f"Another role for {user.name}",
            f"{user.name} is {user.role} now and will be {role}.",
            "Change role",
        ):
            await self._done(self._people.give(user, role), f"{user.name} is {role} from now on, at every terminal.")

    async def _reset(self, user: User) -> None:
        if await self._step_up("user.reset", f"Reset the password of {user.name}", _RESET, "Reset password"):
            invitation = await self._people.reset(user)
            self._users_panel.show_code(invitation)
            await self._done(
                _nothing(), f"{user.name} is out everywhere, and chooses a password with the code within a day."
            )

    async def _revoke(self, user: User, ids: list[str]) -> None:
        count = await self._people.revoke(user, ids)
        await self._done(_nothing(), f"{count} session{'' if count == 1 else 's'} of {user.name} ended.")

    async def _seats(self, user: str) -> None:
        self._users_panel.show_seats(user, await self._people.seats(user))

    # ---- roles

    async def _make(self, name: str, granted: frozenset[Permission]) -> None:
        if await self._step_up("role.create", f"New role {name}", f"It may: {listed(written(granted))}.", "Make role"):
            made = await self._roles.make(name, granted)
            await self._saved(f"The role {made.name} is made; give it to somebody under Users.", made.name)

    async def _edit(self, role: KnownRole, name: str, granted: frozenset[Permission]) -> None:
        if await self._step_up(
            "role.change", f"Change the role {role.name}", _difference(role, name, granted), "Change role"
        ):
            after = await self._roles.edit(role, name, granted)
            whose = f" for {listed(role.holders)}" if role.holders else ""
            await self._saved(f"The role {after.name} is changed{whose}, from the next action on.", after.name)

    async def _delete(self, role: KnownRole) -> None:
        if await self._step_up("role.delete", f"Delete the role {role.name}", "Nobody has it.", "Delete role"):
            await self._roles.delete(role)
            await self._saved(f"The role {role.name} is deleted.", "")

    async def _saved(self, sentence: str, name: str) -> None:
        await self._refresh()
        self._roles_panel.show_saved(sentence)
        self._roles_panel.table.select_key(name)

    # ---- what stands

    async def start(self) -> None:
        """Show who and what there is, and say who was made an Admin without being asked for it here."""
        await self._refresh()
        await self._tell_recovered()

    async def _refresh(self) -> None:
        session = self._desk.services.login.session
        if session is None:
            return
        roles = await self._roles.all()
        self._roles_panel.show_roles(roles, session.user.role, session.user.permissions)
        if not self._desk.services.login.may(VIEW):
            return
        self._users_panel.show_roles([role.name for role in roles])
        self._users_panel.show_people(await self._people.all(), session.user.id)
        chosen = self._users_panel.chosen()
        if chosen is not None:
            await self._seats(chosen.person.user.id)

    async def _tell_recovered(self) -> None:
        """Loud for a week, to whoever administers users; once in a sitting."""
        services = self._desk.services
        if not (services.login.may(VIEW) and services.login.may(TRAIL)):
            return
        for each in await self._people.recovered(services.clock.now() - LOUD):
            if each not in self._recovered:
                self._recovered.add(each)
                key = f"recovered {each.at}"
                services.notices.tell("critical", "Recovered from outside", str(each), key, kind="risk", panel="users")

    def tick(self) -> None:
        """Once a second: whether the own role is still the same, and now and then who is here."""
        self._ticks += 1
        if not self._looking:
            self._looking = True
            self._spawn(self._look())

    async def _look(self) -> None:
        try:
            await self._desk.services.login.look()
            self._notice()
            if self._ticks % SEEN_EVERY == 1:
                await self._people.seen()
                await self._tell_recovered()
            if self._ticks % READ_EVERY == 0 and (self._users_panel.isVisible() or self._roles_panel.isVisible()):
                await self._refresh()
        except QvError:
            return  # the status bar says that the database is away; what is shown stays
        finally:
            self._looking = False

    def _notice(self) -> None:
        """Say that the role, or what it may do, is another one now."""
        session = self._desk.services.login.session
        if session is None:
            return
        before, self._user = self._user, session.user
        if before is None or (before.role, before.permissions) == (session.user.role, session.user.permissions):
            return
        self._told()
        self._desk.window.account.show_user(session.user)
        words = _changed(before, session.user) if before.id == session.user.id else ""
        if words:
            self._desk.services.notices.tell("warning", "Your role was changed", words, "own role", panel="roles")
            self._spawn(self._refresh())


def _changed(before: User, now: User) -> str:
    lost, won = before.permissions - now.permissions, now.permissions - before.permissions
    parts = [
        f"You are {now.role} now." if now.role != before.role else f"The role {now.role} is another one now.",
        f"You may no longer: {listed(written(lost))}." if lost else "",
        f"You may now: {listed(written(won))}." if won else "",
    ]
    return " ".join(filter(None, parts))


def _difference(role: KnownRole, name: str, granted: frozenset[Permission]) -> str:
    """What changes for whom, before it does."""
    lost, won = role.permissions - granted, granted - role.permissions
    parts = [
        f"Its name becomes {name}." if name != role.name else "",
        f"It takes away: {listed(written(lost))}." if lost else "",
        f"It grants: {listed(written(won))}." if won else "",
        f"This concerns {listed(role.holders)}." if role.holders else "Nobody has it.",
    ]
    return " ".join(filter(None, parts))


async def _nothing() -> None:
    return None
