"""Roles in Postgres: those of a desk's own making, who holds them, and what a user's role may do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import roles, users
from qv_desktop.domain.access import BUILT_IN, User, UserState
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.roles import MOST, KnownRole, listed, read, unread, written

# what the role of the user at hand may do; empty for a built-in one
PERMITTED = select(roles.c.permissions).where(roles.c.name == users.c.role).scalar_subquery().label("permissions")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('people'))")

MEANWHILE = "{} was changed by someone else meanwhile; look again and repeat."


def user_of(row: Row[*tuple[Any, ...]]) -> User:
    """The user in a row with the columns id, name, role, state, role_version and ``PERMITTED``."""
    return User(row.id, row.name, row.role, UserState(row.state), row.role_version, read(row.permissions or ()))


def alone(connection: Connection) -> None:
    """Let one change of people and roles after another through: each must see what the one before has left."""
    connection.execute(_LOCK)


def checked(connection: Connection, role: str) -> None:
    """Raises BadInput when there is no such role."""
    if connection.execute(select(roles.c.name).where(roles.c.name == role)).first() is None:
        known = connection.execute(select(roles.c.name).order_by(roles.c.name)).scalars()
        raise BadInput(f"There is no role “{role}”; choose {listed(known)}.")


class RoleStore:
    """Every change is written together with its row in the trail. ``now`` is asked on the write thread."""

    def __init__(self, database: Database, trail: AuditTrail, now: Callable[[], datetime]) -> None:
        self._database, self._trail, self._now = database, trail, now

    async def all(self) -> list[KnownRole]:
        """The built-in roles, then the desk's own by name."""

        def work(connection: Connection) -> list[KnownRole]:
            holders: dict[str, list[str]] = {}  # role -> names of users
            for row in connection.execute(select(users.c.role, users.c.name).order_by(func.lower(users.c.name))):
                holders.setdefault(row.role, []).append(row.name)
            return [_role(row, holders.get(row.name, [])) for row in connection.execute(select(roles))]

        order = list(BUILT_IN)
        found = await self._database.read(work)
        return sorted(
            found, key=lambda role: (order.index(role.name) if role.built_in else len(order), role.name.casefold())
        )

    async def make(self, role: KnownRole, by: Draft) -> None:
        """Keep a new role. Raises BadInput when its name is taken, or there are too many."""

        def work(connection: Connection) -> None:
            alone(connection)
            if connection.execute(select(func.count()).select_from(roles)).scalar_one() >= MOST + len(BUILT_IN):
                raise BadInput(f"There are {MOST} roles, which is the most; delete one first.")
            connection.execute(insert(roles).values(name=role.name, version=1, **self._values(role, by)))

        try:
            await self._trail.write(work, by)
        except IntegrityError as error:
            raise BadInput(f"There is a role “{role.name}” already; choose another name.") from error

    async def edit(self, before: KnownRole, after: KnownRole, by: Draft) -> None:
        """Give a role other permissions or another name; its holders' next action is judged by them.

        Raises BadInput when it was changed meanwhile, is built in, or the name is taken.
        """

        def work(connection: Connection) -> None:
            alone(connection)
            values = {"name": after.name, "version": before.version + 1, **self._values(after, by)}
            if connection.execute(update(roles).where(*_same(before)).values(values)).rowcount != 1:
                raise BadInput(MEANWHILE.format(f"The role “{before.name}”"))
            risen = users.c.role_version + 1  # the users have the new name already
            connection.execute(update(users).where(users.c.role == after.name).values(role_version=risen))

        try:
            await self._trail.write(work, by)
        except IntegrityError as error:
            raise BadInput(f"There is a role “{after.name}” already; choose another name.") from error

    async def delete(self, role: KnownRole, by: Draft) -> None:
        """Forget a role. Raises BadInput when somebody has it, or it was changed meanwhile."""

        def work(connection: Connection) -> None:
            alone(connection)
            held = select(users.c.name).where(users.c.role == role.name).order_by(func.lower(users.c.name))
            if holders := list(connection.execute(held).scalars()):
                raise BadInput(f"“{role.name}” is the role of {listed(holders)}; give them another one first.")
            if connection.execute(delete(roles).where(*_same(role))).rowcount != 1:
                raise BadInput(MEANWHILE.format(f"The role “{role.name}”"))

        await self._trail.write(work, by)

    def _values(self, role: KnownRole, by: Draft) -> dict[str, object]:
        return {
            "permissions": [*written(role.permissions), *role.unknown],
            "changed": self._now(),
            "changed_by": by.actor.name,
        }


def _same(role: KnownRole) -> tuple[Any, ...]:
    """The row as it was seen, unless it is a built-in one."""
    return roles.c.name == role.name, roles.c.version == role.version, roles.c.name.not_in(BUILT_IN)


def _role(row: Row[Any], holders: list[str]) -> KnownRole:
    permissions = BUILT_IN.get(row.name) or read(row.permissions)
    return KnownRole(row.name, permissions, row.version, tuple(holders), unread(row.permissions))
