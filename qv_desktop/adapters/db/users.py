"""Users in Postgres: signing in, resuming, signing out, and what their standing is now."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db import lockouts, passwords, roles, sessions
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import users
from qv_desktop.domain.access import Session, SignIn, User, UserState
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import BadInput

LONGEST_NAME = 64
WRONG = "The name or the password is wrong."
AGAIN = "This session has ended; log in with your password."
SUSPENDED = "This user is suspended; ask an administrator."

type Known = Row[*tuple[Any, ...]]  # id, name, role, state, role_version, password_hash, permissions


class Users:
    """``ports.Users`` on Postgres; passwords are hashed on a thread, never on the loop's."""

    def __init__(self, database: Database, trail: AuditTrail, now: Callable[[], datetime]) -> None:
        self._database = database
        self._trail = trail
        self._now = now

    async def any(self) -> bool:
        """Whether a first user exists."""
        query = select(users.c.id).limit(1)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def all(self) -> list[User]:
        """Every user by name."""
        query = select(*_COLUMNS).order_by(func.lower(users.c.name))
        return await self._database.read(lambda connection: [_user(row) for row in connection.execute(query)])

    async def create(self, name: str, password: str, role: str, by: Draft) -> User:
        """Create a user. Raises BadInput when the name is taken or empty, the role unknown or the password too weak."""
        name = name.strip()
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise BadInput(f"A user's name has 1 to {LONGEST_NAME} visible characters.")
        passwords.checked(password, name)
        user = User(str(uuid4()), name, str(role))
        row = {"id": user.id, "name": name, "role": user.role, "state": user.state, "role_version": user.role_version,
               "password_hash": await asyncio.to_thread(passwords.hashed, password), "created": self._now()}  # fmt: skip

        def work(connection: Connection) -> User:
            roles.checked(connection, role)
            connection.execute(insert(users).values(row))
            return roles.user_of(connection.execute(select(*_COLUMNS).where(users.c.id == user.id)).one())

        try:
            return await self._trail.write(work, by)
        except IntegrityError as error:
            raise BadInput(f"A user named “{name}” exists already; choose another name.") from error

    async def change(self, user: User, role: str, state: UserState, by: Draft) -> User:
        """Give a user another role or state; the next question about their standing hears of it, a suspended one is out."""
        changed = replace(user, role=role, state=state, role_version=user.role_version + 1)
        now = self._now()

        def work(connection: Connection) -> None:
            same = (users.c.id == user.id) & (users.c.role_version == user.role_version)
            values = {"role": role, "state": state, "role_version": changed.role_version}
            if connection.execute(update(users).where(same).values(values)).rowcount != 1:
                raise BadInput(f"{user.name} was changed by someone else meanwhile; look again and repeat.")
            if state is UserState.SUSPENDED:
                sessions.ended(connection, "the user was suspended", now, user=user.id)

        await self._trail.write(work, by)
        return changed

    async def sign_in(self, name: str, password: str, host: str) -> SignIn:
        """Verify a password; five failures lock the name, known or not, for 15 minutes."""
        known = await self._verified(_cleaned(name), password, host, "session.start")
        return known if isinstance(known, SignIn) else await self._admitted(_user(known), host)

    async def confirm(self, session: Session, password: str) -> str:
        """Empty once the session's person has given the password again, else why not; failures count as those of a log-in."""
        name = session.user.name
        known = await self._verified(name, password, session.host, "password.confirm")
        if isinstance(known, SignIn):
            return known.message
        now = self._now()
        await self._database.write(lambda connection: lockouts.cleared(connection, name.lower(), now))
        return ""

    async def _verified(self, name: str, password: str, host: str, action: str) -> Known | SignIn:
        """The user whose password this is, or the refusal, written down as one of ``action``."""
        now = self._now()
        attempt = await self._database.write(lambda connection: lockouts.counted(connection, name.lower(), now))
        if not attempt.admitted:
            return await self._refused(name, host, action, _locked(attempt.locked_until, now), attempt.locked_until)
        query = select(*_COLUMNS).where(func.lower(users.c.name) == name.lower())
        known = await self._database.read(lambda connection: connection.execute(query).first())
        if (
            not await asyncio.to_thread(passwords.matches, known.password_hash if known else None, password)
            or known is None
        ):
            message = _locked(attempt.locked_until, now) if attempt.locked_until else WRONG
            return await self._refused(name, host, action, message, attempt.locked_until)
        if known.state != UserState.ACTIVE:
            return await self._refused(name, host, action, SUSPENDED)
        await self._renew(known, password)
        return known

    async def resume(self, refresh_token: str, host: str) -> SignIn:
        """Trade a refresh token for a session and the next token; a reused token ends its family."""
        now = self._now()

        def work(connection: Connection) -> tuple[SignIn, list[Draft]]:
            found, first_use = sessions.used(connection, refresh_token, now)
            if found is not None and not first_use:
                sessions.ended(connection, "a refresh token was used twice", now, session=found)
                return SignIn(None, AGAIN), [
                    _refusal("", host, "session.resume", "session", found, "refresh token used twice")
                ]
            session = sessions.running(connection, found, now) if found else None
            if session is None:
                return SignIn(None, AGAIN), [
                    _refusal("", host, "session.resume", "session", found or "", "unknown or ended")
                ]
            token = sessions.issued(connection, session.id, now)
            return SignIn(session, refresh_token=token), [_session_draft("session.resume", session, host)]

        return await self._trail.write_found(work)

    async def sign_out(self, session: Session) -> None:
        """End the session and its tokens; ending it twice is ending it once."""
        now = self._now()

        def work(connection: Connection) -> tuple[None, list[Draft]]:
            count = sessions.ended(connection, "signed out", now, session=session.id)
            return None, [_session_draft("session.end", session, session.host)] if count else []

        await self._trail.write_found(work)

    async def standing(self, session: Session) -> User | None:
        """The session's user as stored now, or None when the session or the user has ended."""
        now = self._now()
        found = await self._database.read(lambda connection: sessions.running(connection, session.id, now))
        return found.user if found else None

    async def _admitted(self, user: User, host: str) -> SignIn:
        now = self._now()

        def work(connection: Connection) -> tuple[SignIn, list[Draft]]:
            lockouts.cleared(connection, user.name.lower(), now)
            session, token = sessions.begun(connection, user, host, now)
            return SignIn(session, refresh_token=token), [_session_draft("session.start", session, host)]

        return await self._trail.write_found(work)

    async def _refused(self, name: str, host: str, action: str, message: str, until: datetime | None = None) -> SignIn:
        await self._trail.append(_refusal(name, host, action, "user", name, message))
        return SignIn(None, message, until)

    async def _renew(self, known: Known, password: str) -> None:
        """Hash again when the parameters have risen since."""
        if passwords.outdated(known.password_hash):
            fresh = await asyncio.to_thread(passwords.hashed, password)
            renewed = update(users).where(users.c.id == known.id).values(password_hash=fresh)
            await self._database.write(lambda connection: connection.execute(renewed))


_COLUMNS = (users.c.id, users.c.name, users.c.role, users.c.state, users.c.role_version, users.c.password_hash,
            roles.PERMITTED)  # fmt: skip


def _user(row: Known) -> User:
    return roles.user_of(row)


def _cleaned(name: str) -> str:
    return name.strip()[:LONGEST_NAME].encode("utf-8", "replace").decode().replace("\0", "")


def _locked(until: datetime | None, now: datetime) -> str:
    minutes = max(1, -(-int((until - now).total_seconds()) // 60)) if until else 15
    return f"Too many wrong passwords; this name is locked for {minutes} more minute{'s' if minutes > 1 else ''}."


def _session_draft(action: str, session: Session, host: str) -> Draft:
    user = session.user
    return Draft(Actor(user.name, "human", user.role, session.id, host), action, "session", session.id)


def _refusal(name: str, host: str, action: str, object_type: str, object_id: str, reason: str) -> Draft:
    return Draft(Actor(name, "human", host=host), action, object_type, object_id, "refused", reason)
