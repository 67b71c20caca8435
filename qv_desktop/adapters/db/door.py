"""The door: log-in, unlocking, resuming, another password, signing out, and what a session's standing is now."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Update, func, select, update

from qv_desktop.adapters.db import lockouts, passwords, resets, roles, sessions
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.lockouts import Attempt
from qv_desktop.adapters.db.recalled import Recalled
from qv_desktop.adapters.db.tables import users
from qv_desktop.adapters.db.tokens import AccessTokens, Claims
from qv_desktop.domain.access import Session, SignIn, User, UserState
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import BadInput, NotPermitted, TokenOutdated

LONGEST_NAME = 64
WRONG = "The name or the password is wrong."
AGAIN = "This session has ended; log in with your password."
SUSPENDED = "This user is suspended; ask an administrator."
RESET = "Your password was reset; choose “I have a reset code” and use the one that your Admin gave you."
WRONG_CODE = "The name or the code is wrong, or the code has run out; ask an Admin for another."

type Known = Row[*tuple[Any, ...]]  # id, name, role, state, role_version, permissions, and what else was asked for

COLUMNS = (users.c.id, users.c.name, users.c.role, users.c.state, users.c.role_version, roles.PERMITTED)  # fmt: skip


class Door:
    """What ``Users`` does for who is outside or inside; passwords are hashed on a thread, never on the loop's.

    ``tokens`` mints and checks the sessions' access tokens; by default with a key of this object's own.
    """

    def __init__(
        self, database: Database, trail: AuditTrail, now: Callable[[], datetime], tokens: AccessTokens | None = None
    ) -> None:
        self._database = database
        self._trail = trail
        self._now = now
        self.tokens = tokens or AccessTokens(now)
        self._recalled = Recalled()

    async def sign_in(self, name: str, password: str, host: str) -> SignIn:
        """Verify a password; five failures lock the name, known or not, for 15 minutes."""
        known = await self._verified(_cleaned(name), password, host, "session.start")
        return known if isinstance(known, SignIn) else await self._admitted(known_user(known), host)

    async def confirm(self, session: Session, password: str, deed: str = "password.confirm") -> str:
        """Empty once the session's person has given the password again, else why not; failures count as those of a log-in."""
        known = await self._verified(session.user.name, password, session.host, deed, braked=False)
        if isinstance(known, SignIn):
            return known.message
        await self._clear(session.user.name)
        return ""

    async def recall(self, session: Session, password: str) -> str:
        """Empty when this is the password that was right when the database last said so; for a lock while it is away."""
        return await asyncio.to_thread(self._recalled.asked, session.user.id, password)

    async def change_password(self, session: Session, old: str, new: str) -> str:
        """Empty once the session's person has another password and their other sessions have ended, else why not."""
        name = session.user.name
        try:
            passwords.checked(new, name)
        except BadInput as no:
            return str(no)
        if why := await self.confirm(session, old, "password.change"):
            return why
        if old == new:
            return "That is the password you have; choose another."
        fresh = await asyncio.to_thread(passwords.hashed, new)

        def work(connection: Connection) -> tuple[None, list[Draft]]:
            connection.execute(_with_password(session.user.id, fresh))
            count = sessions.ended(connection, "the password was changed", user=session.user.id, but=session.id)
            done = session_draft("password.change", session, session.host)
            return None, [replace(done, object_type="user", object_id=name, reason=f"{count} other sessions ended")]

        await self._trail.write_found(work)
        self._recalled.heard(session.user.id, fresh)
        return ""

    async def redeem(self, name: str, code: str, password: str, host: str) -> SignIn:
        """Set the password with a reset code, and sign in. Raises BadInput when the password is too weak."""
        name = _cleaned(name)
        passwords.checked(password, name)
        attempt = await self._database.write(lambda connection: lockouts.counted(connection, name))
        if not attempt.admitted:
            return await self._turned_away(name, host, "password.redeem", attempt)
        fresh = await asyncio.to_thread(passwords.hashed, password)  # also for a wrong code: the same work

        def work(connection: Connection) -> tuple[User | None, list[Draft]]:
            found = resets.spent(connection, name, code)
            if found is None:
                return None, []
            connection.execute(_with_password(found, fresh))
            sessions.ended(connection, "the password was reset", user=found)
            user = known_user(connection.execute(select(*COLUMNS).where(users.c.id == found)).one())
            return user, [Draft(Actor(user.name, "human", user.role, host=host), "password.redeem", "user", user.name)]

        user = await self._trail.write_found(work)
        if user is None:
            return await self._refused(name, host, "password.redeem", WRONG_CODE, attempt)
        self._recalled.heard(user.id, fresh)
        return await self._admitted(user, host)

    async def _verified(
        self, name: str, password: str, host: str, action: str, *, braked: bool = True
    ) -> Known | SignIn:
        """The user whose password this is, or the refusal, written down as one of ``action``."""
        attempt = await self._database.write(lambda c: lockouts.counted(c, name, braked=braked))
        if not attempt.admitted:
            return await self._turned_away(name, host, action, attempt)
        query = select(*COLUMNS, users.c.password_hash, resets.pending().label("reset")).where(
            func.lower(users.c.name) == func.lower(name)
        )
        known = await self._database.read(lambda connection: connection.execute(query).first())
        right = await asyncio.to_thread(passwords.matches, known.password_hash if known else None, password)
        if known is None or not right:
            return await self._refused(name, host, action, WRONG, attempt)
        if known.state != UserState.ACTIVE or known.reset:
            return await self._refused(name, host, action, SUSPENDED if known.state != UserState.ACTIVE else RESET)
        await self._renew(known, password)
        self._recalled.heard(known.id, known.password_hash)
        return known

    async def resume(self, refresh_token: str, host: str, successor: str = "") -> SignIn:
        """Begin a sitting with a kept refresh token, which ``successor`` follows; a reused token ends its family."""
        return await self._rotated(refresh_token, successor or sessions.fresh(), host, "session.resume")

    async def renew(self, refresh_token: str, successor: str, host: str) -> SignIn:
        """The next pair of tokens for a sitting that goes on; recorded only when it is refused."""
        return await self._rotated(refresh_token, successor, host, "session.renew")

    async def _rotated(self, token: str, successor: str, host: str, action: str) -> SignIn:
        def work(connection: Connection) -> tuple[Session | None, list[Draft]]:
            found, first_use = sessions.rotated(connection, token, successor)
            if found is not None and not first_use:
                sessions.ended(connection, "a refresh token was used twice", session=found)
                return None, [_refusal("", host, action, "session", found, "refresh token used twice")]
            session = sessions.running(connection, found) if found else None
            if session is None:
                return None, [_refusal("", host, action, "session", found or "", "unknown or ended")]
            return session, [session_draft(action, session, host)] if action == "session.resume" else []

        session = await self._trail.write_found(work)
        return SignIn(None, AGAIN) if session is None else await self._with_tokens(session, successor)

    async def _with_tokens(self, session: Session, refresh: str) -> SignIn:
        access, ends = await asyncio.to_thread(self.tokens.mint, session)
        return SignIn(session, refresh_token=refresh, access_token=access, access_ends=ends)

    async def vouch(self, session: Session, access_token: str) -> User | None:
        """The user as stored now, once the token proves to be this session's; None when session or user has ended.

        Raises NotPermitted for a token that is not ours, TokenOutdated for one that has run out or names an older role;
        both are recorded.
        """
        try:
            claims = self.tokens.verified(access_token)
            user = await self.standing(session)
            _compare(claims, session, user)
        except NotPermitted as no:
            draft = session_draft("token.refuse", session, session.host)
            await self._trail.append(replace(draft, outcome="refused", reason=str(no)))
            raise
        return user

    async def sign_out(self, session: Session) -> None:
        """End the session and its tokens; ending it twice is ending it once."""

        def work(connection: Connection) -> tuple[None, list[Draft]]:
            count = sessions.ended(connection, "signed out", session=session.id)
            return None, [session_draft("session.end", session, session.host)] if count else []

        await self._trail.write_found(work)

    async def standing(self, session: Session) -> User | None:
        """The session's user as stored now, or None when the session or the user has ended."""
        found = await self._database.read(lambda connection: sessions.running(connection, session.id))
        return found.user if found else None

    async def _admitted(self, user: User, host: str) -> SignIn:
        def work(connection: Connection) -> tuple[tuple[Session, str], list[Draft]]:
            lockouts.cleared(connection, user.name)
            session, token = sessions.begun(connection, user, host)
            return (session, token), [session_draft("session.start", session, host)]

        return await self._with_tokens(*await self._trail.write_found(work))

    async def _clear(self, name: str) -> None:
        await self._database.write(lambda c: lockouts.cleared(c, name, braked=False))

    async def _turned_away(self, name: str, host: str, action: str, attempt: Attempt) -> SignIn:
        """Nothing was looked at: the name is locked, or too many others were tried."""
        return await self._refused(name, host, action, attempt.brake or locked_words(lockouts.LOCK), attempt)

    async def _refused(self, name: str, host: str, action: str, message: str, attempt: Attempt | None = None) -> SignIn:
        """``message``, or for how long the ``attempt`` found or left the name locked."""
        left = attempt.left if attempt is not None else None
        words = locked_words(left) if left is not None else message
        await self._trail.append(_refusal(name, host, action, "user", name, words))
        return SignIn(None, words, attempt.locked_until if attempt is not None else None, left)

    async def _renew(self, known: Known, password: str) -> None:
        """Hash again when the parameters have risen since."""
        if passwords.outdated(known.password_hash):
            fresh = await asyncio.to_thread(passwords.hashed, password)
            renewed = update(users).where(users.c.id == known.id).values(password_hash=fresh)
            await self._database.write(lambda connection: connection.execute(renewed))


def _compare(claims: Claims, session: Session, user: User | None) -> None:
    if (claims.session, claims.user) != (session.id, session.user.id):
        raise NotPermitted("This token is of another session; log in again.")
    if user is not None and claims.role_version != user.role_version:
        raise TokenOutdated("The role has changed since this token was given.")


def _with_password(user: str, password_hash: str) -> Update:
    return update(users).where(users.c.id == user).values(password_hash=password_hash)


def known_user(row: Known) -> User:
    """The user of a row of ``COLUMNS``."""
    return roles.user_of(row)


def _cleaned(name: str) -> str:
    return name.strip()[:LONGEST_NAME].encode("utf-8", "replace").decode().replace("\0", "")


def locked_words(left: timedelta) -> str:
    """How long a name is still locked."""
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    return f"Too many wrong passwords; this name is locked for {minutes} more minute{'s' if minutes > 1 else ''}."


def session_draft(action: str, session: Session, host: str) -> Draft:
    """The row of something that the session's person did to it."""
    user = session.user
    return Draft(Actor(user.name, "human", user.role, session.id, host), action, "session", session.id)


def _refusal(name: str, host: str, action: str, object_type: str, object_id: str, reason: str) -> Draft:
    return Draft(Actor(name, "human", host=host), action, object_type, object_id, "refused", reason)
