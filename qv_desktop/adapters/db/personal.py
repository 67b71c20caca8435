"""Users where each person has a database login of their own: the server counts, compares and locks, and then lets the role's group in."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db import lockouts, passwords, resets, server_time, sessions
from qv_desktop.adapters.db.door import (
    RESET,
    SUSPENDED,
    WRONG,
    WRONG_CODE,
    known_user,
    session_draft,
)
from qv_desktop.adapters.db.privileges import group
from qv_desktop.adapters.db.users import THERE_IS_ONE, Users
from qv_desktop.domain.access import Role, Session, SignIn, User
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import BadInput, NotPermitted

_ANYBODY = text("SELECT door_anybody()")
_SALT = text("SELECT door_salt()")
_ENTER = text("SELECT door_enter(:proof)")
_OUTCOME = text("SELECT * FROM door_outcome(:attempt)")
_SHOW = text("SELECT door_show_code(:code)")
_REDEEM = text("SELECT * FROM door_redeem(:attempt, :code, :hash)")
_CHANGE = text("SELECT door_change_password(:attempt, :hash)")
_FIRST = text("SELECT door_first_admin(:id, :name, :hash)")
LATE = "The database took too long over this log-in; try again."


class PersonalUsers(Users):
    """``ports.users.Users`` over a personal login, whose name is the user's; the database acts as the user's group while signed in."""

    async def any(self) -> bool:
        """Whether a first user exists."""
        return bool(await self._database.read(lambda connection: connection.execute(_ANYBODY).scalar()))

    async def create_first(self, name: str, password: str, by: Draft) -> User:
        """Create the first Admin: only by a login of the administrators' group, and of that login's name."""
        name, login = name.strip(), self._database.acting.login
        if name.lower() != login.lower():
            raise BadInput(f"This terminal uses the database login {login}; call the first Admin {login} too.")
        passwords.checked(password, name)
        row = {"id": str(uuid4()), "name": name, "hash": await asyncio.to_thread(passwords.hashed, password)}

        def work(connection: Connection) -> None:
            if connection.execute(_FIRST, row).scalar():
                return
            if connection.execute(_ANYBODY).scalar():
                raise NotPermitted(THERE_IS_ONE)
            raise NotPermitted(f"The first user is made with an administrator's login, and {login} is none; ask whoever keeps "
                               "the database.")  # fmt: skip

        try:
            await self._trail.write(work, by)
        except IntegrityError as error:
            raise BadInput(f"A user cannot be called “{name}”; choose another name.") from error
        return User(row["id"], name, Role.ADMIN)

    async def confirm(self, session: Session, password: str, deed: str = "password.confirm") -> str:
        """Empty once the session's person has given the password again, else why not; failures count as those of a log-in."""
        known = await self._verified(session.user.name, password, session.host, deed)
        return known.message if isinstance(known, SignIn) else ""

    async def change_password(self, session: Session, old: str, new: str) -> str:
        """Empty once the session's person has another password and their other sessions have ended, else why not."""
        name = session.user.name
        try:
            passwords.checked(new, name)
        except BadInput as no:
            return str(no)
        known = await self._verified(name, old, session.host, "password.change")
        if isinstance(known, SignIn):
            return known.message
        if old == new:
            return "That is the password you have; choose another."
        fresh = await asyncio.to_thread(passwords.hashed, new)
        asked = {"attempt": known.attempt, "hash": fresh}

        def work(connection: Connection) -> tuple[str, list[Draft]]:
            if not connection.execute(_CHANGE, asked).scalar():
                return WRONG, []
            count = sessions.ended(connection, "the password was changed", user=session.user.id, but=session.id)
            done = session_draft("password.change", session, session.host)
            return "", [replace(done, object_type="user", object_id=name, reason=f"{count} other sessions ended")]

        if not (why := await self._trail.write_found(work)):
            self._recalled.heard(session.user.id, fresh)
        return why

    async def redeem(self, name: str, code: str, password: str, host: str) -> SignIn:
        """Set the password with a reset code, and sign in. Raises BadInput when the password is too weak.

        As a password, the code is counted before the server says what it was.
        """
        passwords.checked(password, name.strip())
        if foreign := self._foreign(name.strip()):
            return await self._refused(name, host, "password.redeem", foreign)
        fresh = await asyncio.to_thread(passwords.hashed, password)  # also for a wrong code: the same work
        asked = {"code": resets.hashed(code), "hash": fresh}
        attempt = await self._database.write(lambda c: c.execute(_SHOW, asked).scalar(), "records")
        told = await self._database.write(lambda c: c.execute(_OUTCOME, {"attempt": attempt}).first(), "records")
        if told is not None and told.outcome != "code":
            return await self._refused(
                name, host, "password.redeem", WRONG_CODE, await self._attempt(told.locked_until)
            )

        def work(connection: Connection) -> tuple[Row[Any] | None, list[Draft]]:
            found = connection.execute(_REDEEM, {**asked, "attempt": attempt}).first()
            if found is None:
                return None, []
            actor = Actor(found.name, "human", found.role, host=host)
            return found, [Draft(actor, "password.redeem", "user", found.name)]

        found = await self._trail.write_found(work)
        if found is None:
            return await self._refused(name, host, "password.redeem", LATE)
        self._recalled.heard(found.id, fresh)
        return await self._admitted(known_user(found), host)

    async def resume(self, refresh_token: str, host: str, successor: str = "") -> SignIn:
        """Begin a sitting with a kept refresh token, and let the group in."""
        answer = await super().resume(refresh_token, host, successor)
        if answer.session is None:
            return answer
        try:
            await self._become(answer.session.user)
        except NotPermitted as error:
            await self.sign_out(answer.session)
            return await self._refused(answer.session.user.name, host, "session.resume", str(error))
        return answer

    async def sign_out(self, session: Session) -> None:
        """End the session and its tokens, and go back to the door."""
        try:
            await super().sign_out(session)
        finally:
            await asyncio.to_thread(self._database.become, None)

    async def standing(self, session: Session) -> User | None:
        """The session's user as stored now; None too when the role is no longer the one that the database acts as."""
        user = await super().standing(session)
        return user if user is not None and group(user.role) == self._database.acting.group else None

    def _foreign(self, name: str) -> str:
        """Why ``name`` cannot log in here, or nothing."""
        login = self._database.acting.login
        if name.lower() == login.lower():
            return ""
        return (
            f"This terminal uses the database login {login}: log in as {login}, or use a terminal with your own login."
        )

    async def _proof(self, password: str) -> str:
        salt = await self._database.read(lambda connection: connection.execute(_SALT).scalar())
        return await asyncio.to_thread(passwords.proof, salt, password)

    async def _verified(
        self, name: str, password: str, host: str, action: str, *, braked: bool = True
    ) -> Row[Any] | SignIn:
        """As at every door; the brake on guessing over many names is left out, for a login guesses at its own name alone.

        The attempt is committed before the server says what became of it: a guess that is rolled back tells nothing.
        """
        if foreign := self._foreign(name):
            return await self._refused(name, host, action, foreign)
        proof = await self._proof(password)
        attempt = await self._database.write(lambda c: c.execute(_ENTER, {"proof": proof}).scalar(), "records")
        found = await self._database.write(lambda c: c.execute(_OUTCOME, {"attempt": attempt}).first(), "records")
        if found is None:
            return await self._refused(name, host, action, LATE)
        if found.outcome == "ok":
            self._recalled.heard(found.id, proof)
            return found
        words = {"suspended": SUSPENDED, "reset": RESET}.get(found.outcome, WRONG)
        return await self._refused(name, host, action, words, await self._attempt(found.locked_until))

    async def _attempt(self, until: datetime | None) -> lockouts.Attempt | None:
        """What the server said of the lock, by its own clock."""
        return (
            lockouts.Attempt(False, until, await self._database.read(server_time.moment)) if until is not None else None
        )

    async def _admitted(self, user: User, host: str) -> SignIn:
        """A session, once the database acts as the user's group. The password was right, so its failures are forgotten already."""
        try:
            await self._become(user)
        except NotPermitted as error:
            return await self._refused(user.name, host, "session.start", str(error))

        def work(connection: Connection) -> tuple[tuple[Session, str], list[Draft]]:
            session, token = sessions.begun(connection, user, host)
            return (session, token), [session_draft("session.start", session, host)]

        return await self._with_tokens(*await self._trail.write_found(work))

    async def _become(self, user: User) -> None:
        await asyncio.to_thread(self._database.become, group(user.role))
