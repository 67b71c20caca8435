"""People: who may sign in, with which role, and from where; administered by those who may, and never beyond their own role."""

import json
import secrets
from collections.abc import Awaitable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource, User, UserState
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.people import Invitation, Person, Recovered, Seat
from qv_desktop.domain.roles import outranked, ungranted
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.roles import Roles

VIEW = Permission(Resource.USERS, Action.VIEW)
TRAIL = Permission(Resource.AUDIT, Action.VIEW)
CREATE = Permission(Resource.USERS, Action.CREATE)
CHANGE = Permission(Resource.USERS, Action.CHANGE)


class Store(Protocol):
    """Where people are kept; each change is written together with its row in the audit trail."""

    async def all(self) -> list[Person]:
        """Everybody by name. Raises DatabaseDown."""

    async def get(self, user: str) -> User:
        """The user of this id as stored now. Raises BadInput when there is none."""

    async def change(self, user: User, role: str, state: UserState, by: Draft) -> User:
        """Another role or state. Raises BadInput when ``user`` is not as stored any more, or no active Admin would be left."""

    async def unlock(self, user: User, by: Draft) -> None:
        """Forget the wrong passwords. Raises BadInput when the name is not locked."""

    async def seats(self, user: str) -> list[Seat]:
        """The running sessions, newest first."""

    async def revoke(self, user: User, ids: Collection[str], by: Draft) -> int:
        """End sessions; how many. Raises BadInput when none was running."""

    async def recovered(self, since: datetime) -> list[Recovered]:
        """Who was recovered from the command line since then, oldest first."""

    async def seen(self, session: str) -> None:
        """Note that a session is in use."""


class Passwords(Protocol):
    """Making users, and letting them choose a password."""

    async def create(self, name: str, password: str, role: str, by: Draft) -> User:
        """Create a user. Raises BadInput when the name is taken or empty, or there is no such role."""

    async def reset(self, user: User, by: Draft, *, freely: bool = False) -> str:
        """A one-time code with which the person chooses a new password; the old one and every session end now.

        Raises BadInput when nobody could sign in as an Admin any more, unless ``freely``.
        """


class People:
    """Every change raises NotPermitted, DatabaseDown, or BadInput with what to do; it counts for the next action on any machine.

    What makes somebody mightier takes the administrator's own password, given for that deed, see ``Login.confirm``: ``user.create``,
    ``user.role`` or ``user.reset``.
    """

    def __init__(self, store: Store, passwords: Passwords, roles: Roles, login: Login, trail: Trail) -> None:
        self._store, self._passwords, self._roles, self._login, self._trail = store, passwords, roles, login, trail

    async def all(self) -> list[Person]:
        """Everybody by name."""
        await self._login.require(VIEW)
        return await self._store.all()

    async def seats(self, user: str) -> list[Seat]:
        """Where somebody is signed in, newest first."""
        await self._login.require(VIEW)
        return await self._store.seats(user)

    async def create(self, name: str, role: str) -> Invitation:
        """A new user, who chooses a password with the code; until then nobody can sign in as them."""
        actor = (await self._login.require(CREATE)).user
        draft = Draft(self._login.actor, "user.create", "user", name.strip(), after=_json(role=role, state="active"))
        await self._refuse(ungranted(actor, (await self._roles.named(role)).permissions), draft)
        await self._given(draft)
        made = await self._passwords.create(name, secrets.token_urlsafe(48), role, draft)
        first = self._draft("user.reset", made, "first password")
        return Invitation(made.name, await self._passwords.reset(made, first, freely=True))

    async def give(self, user: User, role: str) -> User:
        """Another role."""
        actor = (await self._login.require(CHANGE)).user
        if role == user.role:
            raise BadInput(f"{user.name} is {role} already; choose another role.")
        before, after = _json(role=user.role), _json(role=role)
        draft = Draft(self._login.actor, "user.role", "user", user.name, before=before, after=after)
        wanted = (await self._roles.named(role)).permissions
        await self._refuse(outranked(actor, user) or ungranted(actor, wanted), draft)
        await self._given(draft)
        return await self._change(user, role, user.state, draft)

    async def suspend(self, user: User) -> User:
        """Out of every session, and not in again until somebody lets them."""
        return await self._turn(user, UserState.SUSPENDED, "user.suspend")

    async def activate(self, user: User) -> User:
        """May sign in again, with the password of before."""
        return await self._turn(user, UserState.ACTIVE, "user.activate")

    async def reset(self, user: User) -> Invitation:
        """A code with which the person chooses a new password; until then the person is out everywhere."""
        draft = await self._administers(user, "user.reset")
        self._not_oneself(user, "Change your own password from the menu.")
        await self._given(draft)
        return Invitation(user.name, await self._told(self._passwords.reset(user, draft), draft))

    async def unlock(self, user: User) -> None:
        """Let a name that was locked by wrong passwords try again at once."""
        draft = await self._administers(user, "user.unlock")
        await self._store.unlock(user, draft)

    async def revoke(self, user: User, ids: Collection[str]) -> int:
        """End sessions of somebody; how many were running."""
        draft = await self._administers(user, "session.revoke")
        return await self._store.revoke(user, ids, replace(draft, after=_json(sessions=", ".join(sorted(ids)))))

    async def recovered(self, since: datetime) -> list[Recovered]:
        """Who was recovered from the command line since then, oldest first, as the trail has it: that asked nobody."""
        await self._login.require(TRAIL)
        return await self._store.recovered(since)

    async def seen(self) -> None:
        """The signed-in session is in use; nobody needs a permission for that."""
        if self._login.session is not None:
            await self._store.seen(self._login.session.id)

    async def _turn(self, user: User, state: UserState, action: str) -> User:
        draft = await self._administers(user, action)
        if state is UserState.SUSPENDED:
            self._not_oneself(user, "You cannot suspend yourself; ask another Admin.")
        if state is user.state:
            raise BadInput(f"{user.name} is {state} already.")
        return await self._change(
            user, user.role, state, replace(draft, before=_json(state=user.state), after=_json(state=state))
        )

    async def _change(self, user: User, role: str, state: UserState, draft: Draft) -> User:
        return await self._told(self._store.change(user, role, state, draft), draft)

    async def _told[Made](self, work: Awaitable[Made], draft: Draft) -> Made:
        """What comes of ``work``; when it is refused, that is written down."""
        try:
            return await work
        except BadInput as error:
            await self._trail.append(replace(draft, outcome="refused", reason=str(error)))
            raise

    async def _administers(self, user: User, action: str) -> Draft:
        """What is to be recorded. Raises NotPermitted also when the other's role is mightier."""
        actor = (await self._login.require(CHANGE)).user
        draft = self._draft(action, user)
        await self._refuse(outranked(actor, await self._store.get(user.id)), draft)
        return draft

    def _not_oneself(self, user: User, sentence: str) -> None:
        if self._login.session is not None and self._login.session.user.id == user.id:
            raise BadInput(sentence)

    async def _given(self, draft: Draft) -> None:
        try:
            self._login.require_given(draft.action)
        except NotPermitted as error:
            await self._refuse(str(error), draft)

    async def _refuse(self, why: str, draft: Draft) -> None:
        """Raises NotPermitted with the reason, if there is one, and writes it down."""
        if why:
            await self._trail.append(replace(draft, outcome="refused", reason=why))
            raise NotPermitted(why)

    def _draft(self, action: str, user: User, reason: str = "") -> Draft:
        return Draft(self._login.actor, action, "user", user.name, reason=reason)


def _json(**words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
