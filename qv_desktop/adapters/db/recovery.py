"""The way back in for whoever owns the database when no Admin can sign in; it leaves a row in the trail and a word to everybody."""

import asyncio
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import ProgrammingError

from qv_desktop.adapters.db import lockouts, passwords, resets, sessions
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.door import LONGEST_NAME
from qv_desktop.adapters.db.roles import alone
from qv_desktop.adapters.db.tables import users
from qv_desktop.domain.access import Role, UserState
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import BadInput, RowRefused
from qv_desktop.domain.people import MADE_ADMIN

NOT_THE_OWNER = "This database login may not change users; name the owner's in QV_DATABASE_URL."


class Recovery:
    """Makes somebody an Admin without asking one: who can do that could write the tables by hand as well."""

    def __init__(self, trail: AuditTrail, now: Callable[[], datetime]) -> None:
        self._trail, self._now = trail, now

    async def admin(self, name: str, by: Actor) -> str:
        """The user of that name, made if there is none, is an active Admin: the code with which they choose a password.

        Their sessions end, a lock on their name is lifted. Raises BadInput, DatabaseDown.
        """
        name = name.strip()
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise BadInput(f"A user's name has 1 to {LONGEST_NAME} visible characters.")
        unknown = await asyncio.to_thread(passwords.hashed, secrets.token_urlsafe(48))
        now = self._now()

        def work(connection: Connection) -> tuple[str, list[Draft]]:
            alone(connection)
            found = connection.execute(select(users).where(func.lower(users.c.name) == func.lower(name))).first()
            id_ = found.id if found is not None else _made(connection, name, unknown, now)
            connection.execute(update(users).where(users.c.id == id_).values(
                role=Role.ADMIN, state=UserState.ACTIVE, role_version=users.c.role_version + 1))  # fmt: skip
            sessions.ended(connection, "recovered from the command line", user=id_)
            lockouts.cleared(connection, name, braked=False)
            return resets.issued(connection, id_, by.name), [_draft(found, name, by)]

        try:
            return await self._trail.write_found(work)
        except (ProgrammingError, RowRefused) as error:
            raise BadInput(NOT_THE_OWNER) from error


def _made(connection: Connection, name: str, password_hash: str, now: datetime) -> str:
    id_ = str(uuid4())
    row = {"id": id_, "name": name, "role": Role.ADMIN, "state": UserState.ACTIVE, "role_version": 1,
           "password_hash": password_hash, "created": now}  # fmt: skip
    connection.execute(insert(users).values(row))
    return id_


def _draft(found: Row[*tuple[Any, ...]] | None, name: str, by: Actor) -> Draft:
    before = json.dumps({"role": found.role, "state": found.state}) if found is not None else ""
    after = json.dumps({"role": Role.ADMIN, "state": UserState.ACTIVE})
    reason = "from the command line, without an Admin's consent"
    return Draft(by, MADE_ADMIN, "user", found.name if found is not None else name, "ok", reason, before, after)
