"""Users where each person has a database login of their own: the server counts, compares and locks, and then lets the role's group in."""

import asyncio
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db import passwords, sessions
from qv_desktop.adapters.db.privileges import group
from qv_desktop.adapters.db.tables import users
from qv_desktop.adapters.db.users import SUSPENDED, WRONG, Known, Users, _locked, _session_draft
from qv_desktop.domain.access import Role, Session, SignIn, User, UserState
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, NotPermitted

_ANYBODY = text("SELECT door_anybody()")
_SALT = text("SELECT door_salt()")
_ENTER = text("SELECT * FROM door_enter(:proof)")
_FIRST = text("SELECT door_first_admin(:id, :name, :hash)")


class PersonalUsers(Users):
    """``ports.Users`` over a personal login, whose name is the user's; the database acts as the user's group while signed in."""

    async def any(self) -> bool:
        """Whether a first user exists."""
        return bool(await self._database.read(lambda connection: connection.execute(_ANYBODY).scalar()))

    async def all(self) -> list[User]:
        """Every user by name whom the login may see."""
        c = users.c
        query = select(c.id, c.name, c.role, c.state, c.role_version).order_by(func.lower(c.name))
        return await self._database.read(
            lambda connection: [
                User(id, name, Role(role), UserState(state), version)
                for id, name, role, state, version in connection.execute(query)
            ]
        )

    async def create(self, name: str, password: str, role: str, by: Draft) -> User:
        """Create a user; the first of all only by a login of the administrators' group, and of that login's name."""
        if await self.any():
            return await super().create(name, password, role, by)
        name, login = name.strip(), self._database.acting.login
        if name.lower() != login.lower():
            raise BadInput(f"This terminal uses the database login {login}; call the first Admin {login} too.")
        passwords.checked(password, name)
        row = {"id": str(uuid4()), "name": name, "hash": await asyncio.to_thread(passwords.hashed, password)}

        def work(connection: Connection) -> None:
            if not connection.execute(_FIRST, row).scalar():
                raise NotPermitted(f"The first user is made with an administrator's login, and {login} is none; "
                                   "ask whoever keeps the database.")  # fmt: skip

        try:
            await self._trail.write(work, by)
        except IntegrityError as error:
            raise BadInput(f"A user cannot be called “{name}”; choose another name.") from error
        return User(row["id"], name, Role.ADMIN)

    async def confirm(self, session: Session, password: str) -> str:
        """Empty once the session's person has given the password again, else why not; failures count as those of a log-in."""
        known = await self._verified(session.user.name, password, session.host, "password.confirm")
        return known.message if isinstance(known, SignIn) else ""

    async def resume(self, refresh_token: str, host: str) -> SignIn:
        """Trade a refresh token for a session and the next token, and let the group in."""
        answer = await super().resume(refresh_token, host)
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

    async def _verified(self, name: str, password: str, host: str, action: str) -> Known | SignIn:
        login = self._database.acting.login
        if name.lower() != login.lower():
            return await self._refused(name, host, action, f"This terminal uses the database login {login}: log in as {login}, or use "
                                       "a terminal with your own login.")  # fmt: skip
        salt = await self._database.read(lambda connection: connection.execute(_SALT).scalar())
        proof = await asyncio.to_thread(passwords.proof, salt, password)
        found = await self._database.write(
            lambda connection: connection.execute(_ENTER, {"proof": proof}).one(), recorded=True
        )
        if found.outcome == "ok":
            return found
        words = {"locked": _locked(found.locked_until, self._now()), "suspended": SUSPENDED}.get(found.outcome, WRONG)
        if found.outcome == "wrong" and found.locked_until:
            words = _locked(found.locked_until, self._now())
        return await self._refused(name, host, action, words, found.locked_until)

    async def _admitted(self, user: User, host: str) -> SignIn:
        """A session, once the database acts as the user's group. The password was right, so its failures are forgotten already."""
        try:
            await self._become(user)
        except NotPermitted as error:
            return await self._refused(user.name, host, "session.start", str(error))
        now: datetime = self._now()

        def work(connection: Connection) -> tuple[SignIn, list[Draft]]:
            session, token = sessions.begun(connection, user, host, now)
            return SignIn(session, refresh_token=token), [_session_draft("session.start", session, host)]

        return await self._trail.write_found(work)

    async def _become(self, user: User) -> None:
        await asyncio.to_thread(self._database.become, group(user.role))
