"""Users in Postgres: who there is, made, changed, given a reset code; what they do at the door is in ``door``."""

import asyncio
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db import lockouts, passwords, people, resets, roles, sessions
from qv_desktop.adapters.db.door import COLUMNS, LONGEST_NAME, Door, known_user
from qv_desktop.adapters.db.tables import users
from qv_desktop.domain.access import Role, User, UserState
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, NotPermitted

THERE_IS_ONE = "An Admin was made already, perhaps at another terminal just now; log in, or ask them for an account."
_FIRST = text("SELECT pg_advisory_xact_lock(hashtext('first user'))")


class Users(Door):
    """``ports.users.Users`` on Postgres."""

    async def any(self) -> bool:
        """Whether a first user exists."""
        query = select(users.c.id).limit(1)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def all(self) -> list[User]:
        """Every user by name."""
        query = select(*COLUMNS).order_by(func.lower(users.c.name))
        return await self._database.read(lambda connection: [known_user(row) for row in connection.execute(query)])

    async def create_first(self, name: str, password: str, by: Draft) -> User:
        """Create the first Admin. Raises NotPermitted when there is any user, even one made elsewhere at the same moment."""
        return await self.create(name, password, Role.ADMIN, by, first=True)

    async def create(self, name: str, password: str, role: str, by: Draft, *, first: bool = False) -> User:
        """Create a user. Raises BadInput when the name is taken or empty, the role unknown or the password too weak."""
        name = name.strip()
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise BadInput(f"A user's name has 1 to {LONGEST_NAME} visible characters.")
        passwords.checked(password, name)
        user = User(str(uuid4()), name, str(role))
        row = {"id": user.id, "name": name, "role": user.role, "state": user.state, "role_version": user.role_version,
               "password_hash": await asyncio.to_thread(passwords.hashed, password), "created": self._now()}  # fmt: skip

        def work(connection: Connection) -> User:
            if first:
                _require_nobody(connection)
            roles.checked(connection, role)
            connection.execute(insert(users).values(row))
            return known_user(connection.execute(select(*COLUMNS).where(users.c.id == user.id)).one())

        try:
            return await self._trail.write(work, by)
        except IntegrityError as error:
            raise BadInput(f"A user named “{name}” exists already; choose another name.") from error

    async def change(self, user: User, role: str, state: UserState, by: Draft) -> User:
        """Give a user another role or state; the next question about their standing hears of it, a suspended one is out."""
        return await self._trail.write(lambda connection: people.changed(connection, user, role, state), by)

    async def reset(self, user: User, by: Draft, *, freely: bool = False) -> str:
        """A code with which the user, and nobody for them, sets a new password; the old one is of no use from now on.

        It is told here, once: the database keeps its hash. Their sessions end, and a lock on their name is lifted. Raises BadInput when
        no active Admin with a password would be left, unless ``freely``: for somebody new, and for whoever owns the database.
        """

        def work(connection: Connection) -> str:
            issue = resets.issued if freely else people.reset
            code = issue(connection, user.id, by.actor.name)
            sessions.ended(connection, "the password was reset", user=user.id)
            lockouts.cleared(connection, user.name, braked=False)
            return code

        return await self._trail.write(work, by)

    async def unlock(self, user: User, by: Draft) -> None:
        """Lift a lock on the user's name before its time."""
        await self._trail.write(lambda c: lockouts.cleared(c, user.name, braked=False), by)

    async def locked(self) -> dict[str, datetime]:
        """The names that are locked now, in lower case, whether or not they have a user, and until when."""
        return await self._database.read(lockouts.locked)


def _require_nobody(connection: Connection) -> None:
    """Whoever comes second waits until the first has committed, and then sees them."""
    connection.execute(_FIRST)
    if connection.execute(select(users.c.id).limit(1)).first() is not None:
        raise NotPermitted(THERE_IS_ONE)
