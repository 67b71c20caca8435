"""Administering users in Postgres: who there is and where they are signed in, and changes that leave the desk an Admin."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select, update

from qv_desktop.adapters.db import resets, server_time
from qv_desktop.adapters.db import sessions as kept
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.roles import MEANWHILE, PERMITTED, alone, checked, user_of
from qv_desktop.adapters.db.tables import audit_log, lockouts, sessions, users
from qv_desktop.domain.access import Role, User, UserState
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.people import MADE_ADMIN, RECOVERY, RESET, Person, Recovered, Seat

LAST_ADMIN = "{} is the last active Admin: make somebody else an Admin first."
LAST_ABLE = ("{} is the last active Admin with a password: with a reset nobody could sign in as one until the code is used. Let another "
             "Admin choose a password first; who forgot theirs is helped by “qv-desktop recover”.")  # fmt: skip


class PeopleStore:
    """Every change is written together with its row in the trail; what time it is says the database."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def all(self) -> list[Person]:
        """Everybody by name."""

        def work(connection: Connection) -> list[Person]:
            moment = server_time.moment(connection)
            return [_person(row, moment) for row in connection.execute(_people())]

        return await self._database.read(work)

    async def get(self, user: str) -> User:
        """The user of this id as stored now. Raises BadInput when there is none."""
        query = select(*_USER).where(users.c.id == user)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise BadInput("This user is gone; look at the list again.")
        return user_of(row)

    async def change(self, user: User, role: str, state: UserState, by: Draft) -> User:
        """Give a user another role or state; their next action is judged by it, and a suspended one is out.

        Raises BadInput when the user was changed meanwhile, there is no such role, or no active Admin would be left.
        """
        return await self._trail.write(lambda connection: changed(connection, user, role, state), by)

    async def unlock(self, user: User, by: Draft) -> None:
        """Forget the wrong passwords of a name. Raises BadInput when it is not locked."""

        def work(connection: Connection) -> None:
            mine = (lockouts.c.name == func.lower(user.name)) & (lockouts.c.locked_until > server_time.now())
            if connection.execute(delete(lockouts).where(mine)).rowcount != 1:
                raise BadInput(f"{user.name} is not locked any more.")

        await self._trail.write(work, by)

    async def seats(self, user: str) -> list[Seat]:
        """The running sessions of a user, newest first."""
        seen = func.coalesce(sessions.c.seen, sessions.c.started)
        query = select(sessions.c.id, sessions.c.host, sessions.c.started, seen.label("seen"), sessions.c.expires)
        query = query.where(sessions.c.user_id == user, *_running()).order_by(sessions.c.started.desc())
        return await self._database.read(lambda connection: [Seat(*row) for row in connection.execute(query)])

    async def revoke(self, user: User, ids: Collection[str], by: Draft) -> int:
        """End these sessions of a user; how many were still running. Raises BadInput when none was."""

        def work(connection: Connection) -> int:
            mine = select(sessions.c.id).where(sessions.c.user_id == user.id, sessions.c.id.in_(ids), *_running())
            running = list(connection.execute(mine).scalars())
            if not running:
                raise BadInput("That session has ended already.")
            return sum(kept.ended(connection, "an Admin ended it", session=each) for each in running)

        return await self._trail.write(work, by)

    async def recovered(self, since: datetime) -> list[Recovered]:
        """Who was recovered from the command line since then, of every installation on this database, oldest first."""
        c = audit_log.c
        by_hand = (c.action == MADE_ADMIN) | ((c.action == RESET) & (c.reason == RECOVERY))
        query = select(c.action, c.object_id, c.actor, c.host, c.at).where(by_hand, c.at >= since).order_by(c.at)
        return await self._database.read(lambda connection: [Recovered(*row) for row in connection.execute(query)])

    async def seen(self, session: str) -> None:
        """Note that a session is in use."""
        noted = (
            update(sessions).where(sessions.c.id == session, sessions.c.ended.is_(None)).values(seen=server_time.now())
        )
        await self._database.write(lambda connection: connection.execute(noted))


def changed(connection: Connection, user: User, role: str, state: UserState) -> User:
    """The user with another role or state. Raises BadInput as ``PeopleStore.change`` says; then nothing must be committed."""
    alone(connection)
    checked(connection, role)
    same = (users.c.id == user.id) & (users.c.role_version == user.role_version)
    values = {"role": role, "state": state, "role_version": user.role_version + 1}
    if connection.execute(update(users).where(same).values(values)).rowcount != 1:
        raise BadInput(MEANWHILE.format(user.name))
    _keep_an_admin(connection, user)
    if state is UserState.SUSPENDED:
        kept.ended(connection, "the user was suspended", user=user.id)
    return user_of(connection.execute(select(*_USER).where(users.c.id == user.id)).one())


_USER = (users.c.id, users.c.name, users.c.role, users.c.state, users.c.role_version, PERMITTED)


def _people() -> Select[Any]:
    """Users with what their sessions and lock-outs say."""
    seen = func.max(func.coalesce(sessions.c.seen, sessions.c.started))
    count = func.count(sessions.c.id).filter(*_running())
    locked = select(lockouts.c.locked_until).where(lockouts.c.name == func.lower(users.c.name)).scalar_subquery()
    columns = (
        *_USER,
        users.c.created,
        seen.label("seen"),
        count.label("running"),
        locked.label("locked_until"),
        resets.pending().label("waits"),
    )
    joined = users.outerjoin(sessions, sessions.c.user_id == users.c.id)
    return select(*columns).select_from(joined).group_by(users.c.id).order_by(func.lower(users.c.name))


def _running() -> tuple[Any, ...]:
    return sessions.c.ended.is_(None), sessions.c.expires > server_time.now()


def _person(row: Row[Any], now: datetime) -> Person:
    locked = row.locked_until if row.locked_until is not None and row.locked_until > now else None
    return Person(user_of(row), row.created, row.seen, row.running, locked, row.waits)


def reset(connection: Connection, user: str, by: str) -> str:
    """A reset code for the user with this id, who was no Admin or leaves another one. Raises BadInput; then nothing must be committed."""
    alone(connection)
    was_able = user in _able(connection)
    code = resets.issued(connection, user, by)
    if was_able and not _able(connection):
        name = connection.execute(select(users.c.name).where(users.c.id == user)).scalar_one()
        raise BadInput(LAST_ABLE.format(name))
    return code


def _keep_an_admin(connection: Connection, changed: User) -> None:
    """Raises BadInput when ``changed`` was the last one; the caller's transaction then leaves everything as it was."""
    if changed.role != Role.ADMIN or changed.state is not UserState.ACTIVE:
        return
    if not _able(connection):
        raise BadInput(LAST_ADMIN.format(changed.name))


def _able(connection: Connection) -> set[str]:
    """The ids of the Admins who can sign in.

    One who has yet to choose a password does not count: the code may run out, and then nobody is left.
    """
    able = users.c.role == Role.ADMIN, users.c.state == UserState.ACTIVE, ~resets.pending()
    return set(connection.execute(select(users.c.id).where(*able)).scalars())
