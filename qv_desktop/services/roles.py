"""Roles: the table that everybody may read, and those of the desk's own making, which nobody makes mightier than themselves."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource, User
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.role_names import checked_name
from qv_desktop.domain.roles import KnownRole, ungranted, whole, written
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail

VIEW = Permission(Resource.USERS, Action.VIEW)
CREATE = Permission(Resource.USERS, Action.CREATE)
CHANGE = Permission(Resource.USERS, Action.CHANGE)
DELETE = Permission(Resource.USERS, Action.DELETE)


class Store(Protocol):
    """Where roles are kept; each change is written together with its row in the audit trail."""

    async def all(self) -> list[KnownRole]:
        """Every role with its holders, the built-in ones first. Raises DatabaseDown."""

    async def make(self, role: KnownRole, by: Draft) -> None:
        """Keep a new one. Raises BadInput when its name is taken."""

    async def edit(self, before: KnownRole, after: KnownRole, by: Draft) -> None:
        """Replace one. Raises BadInput when it is not as ``before`` any more."""

    async def delete(self, role: KnownRole, by: Draft) -> None:
        """Forget one. Raises BadInput when somebody has it, or it was changed meanwhile."""


class Roles:
    """Every change takes the password given for its deed, see ``Login.confirm``: ``role.create``, ``role.change`` or
    ``role.delete``. It raises NotPermitted, DatabaseDown, or BadInput with what to do.
    """

    def __init__(self, store: Store, login: Login, trail: Trail) -> None:
        self._store, self._login, self._trail = store, login, trail

    async def all(self) -> list[KnownRole]:
        """Every role and what it may do: everybody may read that; who has one is for those who may view users, others find nobody."""
        roles = await self._store.all()
        return roles if self._login.may(VIEW) else [replace(role, holders=()) for role in roles]

    async def named(self, name: str) -> KnownRole:
        """The role as stored now. Raises BadInput when there is none of this name."""
        found = next((role for role in await self._store.all() if role.name == name), None)
        if found is None:
            raise BadInput(f"There is no role “{name}” any more; look at the list again.")
        return found

    async def make(self, name: str, permissions: Collection[Permission]) -> KnownRole:
        """A new role, from nothing or as a copy of another."""
        actor = (await self._login.require(CREATE)).user
        taken = [role.name for role in await self._store.all()]
        made = KnownRole(checked_name(name, taken), whole(permissions))
        draft = Draft(self._login.actor, "role.create", "role", made.name, after=_words(made))
        await self._granted(actor, made.permissions, draft)
        await self._given(draft)
        await self._store.make(made, draft)
        return made

    async def edit(self, before: KnownRole, name: str, permissions: Collection[Permission]) -> KnownRole:
        """Give a role another name or other permissions, which its holders have from their next action on."""
        actor = (await self._login.require(CHANGE)).user
        _own(before)
        if name != before.name:  # what older programs let through stays until it is renamed
            name = checked_name(name, [role.name for role in await self._store.all() if role.name != before.name])
        after = replace(before, name=name, permissions=whole(permissions), version=before.version + 1)
        draft = Draft(self._login.actor, "role.change", "role", before.name, before=_words(before), after=_words(after))
        await self._granted(actor, before.permissions | after.permissions, draft)
        await self._given(draft)
        await self._store.edit(before, after, draft)
        return after

    async def delete(self, role: KnownRole) -> None:
        """Forget a role that nobody has."""
        actor = (await self._login.require(DELETE)).user
        _own(role)
        draft = Draft(self._login.actor, "role.delete", "role", role.name, before=_words(role))
        await self._granted(actor, role.permissions, draft)
        await self._given(draft)
        await self._store.delete(role, draft)

    async def _granted(self, actor: User, permissions: Collection[Permission], draft: Draft) -> None:
        if why := ungranted(actor, permissions):
            await self._trail.append(replace(draft, outcome="refused", reason=why))
            raise NotPermitted(why)

    async def _given(self, draft: Draft) -> None:
        try:
            self._login.require_given(draft.action)
        except NotPermitted as error:
            await self._trail.append(replace(draft, outcome="refused", reason=str(error)))
            raise


def _own(role: KnownRole) -> None:
    if role.built_in:
        raise BadInput(f"The role {role.name} is built in and stays as it is; make a copy and change that.")


def _words(role: KnownRole) -> str:
    permissions = [*written(role.permissions), *role.unknown]
    return json.dumps({"name": role.name, "permissions": permissions}, ensure_ascii=False)
