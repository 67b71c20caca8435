"""Sessions and their refresh tokens: opaque, stored hashed, good for one use; a second use ends the whole family."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from qv_desktop.adapters.db.tables import refresh_tokens, sessions, users
from qv_desktop.domain.access import Role, Session, User, UserState

LIFE = timedelta(days=7)


def begun(connection: Connection, user: User, host: str, now: datetime) -> tuple[Session, str]:
    """A new session and its first refresh token."""
    session = Session(str(uuid4()), user, host, now, now + LIFE)
    connection.execute(
        insert(sessions).values(id=session.id, user_id=user.id, host=host, started=now, expires=session.expires)
    )
    return session, issued(connection, session.id, now)


def issued(connection: Connection, session: str, now: datetime) -> str:
    """The session's next token."""
    token = secrets.token_urlsafe(32)
    connection.execute(insert(refresh_tokens).values(hash=_hash(token), session_id=session, issued=now))
    return token


def used(connection: Connection, token: str, now: datetime) -> tuple[str | None, bool]:
    """Use up a token: its session's id if it is known, and whether this was its first use."""
    mine = refresh_tokens.c.hash == _hash(token)
    fresh = (
        update(refresh_tokens)
        .where(mine, refresh_tokens.c.used.is_(None))
        .values(used=now)
        .returning(refresh_tokens.c.session_id)
    )
    if first := connection.execute(fresh).scalar():
        return first, True
    return connection.execute(select(refresh_tokens.c.session_id).where(mine)).scalar(), False


def ended(connection: Connection, because: str, now: datetime, *, session: str = "", user: str = "") -> int:
    """End one session, or every one of a user; how many were still running."""
    whose = sessions.c.id == session if session else sessions.c.user_id == user
    return connection.execute(
        update(sessions).where(whose, sessions.c.ended.is_(None)).values(ended=now, ended_because=because)
    ).rowcount


def running(connection: Connection, session: str, now: datetime) -> Session | None:
    """The session with its user as stored now, or None once either has ended."""
    query = (
        select(
            sessions.c.id,
            sessions.c.host,
            sessions.c.started,
            sessions.c.expires,
            users.c.id,
            users.c.name,
            users.c.role,
            users.c.state,
            users.c.role_version,
        )
        .join_from(sessions, users, users.c.id == sessions.c.user_id)
        .where(
            sessions.c.id == session,
            sessions.c.ended.is_(None),
            sessions.c.expires > now,
            users.c.state == UserState.ACTIVE,
        )
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    user = User(row[4], row.name, Role(row.role), UserState(row.state), row.role_version)
    return Session(row[0], user, row.host, row.started, row.expires)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
