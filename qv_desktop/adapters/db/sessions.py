"""Sessions and their refresh tokens: opaque, stored hashed, good for one use; a second use ends the whole family.

Whoever uses a token names its successor, made beforehand. So the same use can be asked for again when its answer got lost, by a
crash or by a broken connection, and is told from theft: only who asked the first time knows the successor. There is no span of
time in which a used token is good. All of it runs by the database's clock.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from qv_desktop.adapters.db import server_time
from qv_desktop.adapters.db.roles import PERMITTED
from qv_desktop.adapters.db.tables import refresh_tokens, sessions, users
from qv_desktop.domain.access import Session, User, UserState
from qv_desktop.domain.roles import read

LIFE = timedelta(days=7)
REMEMBERED = timedelta(days=30)  # after which the tokens of an expired session are forgotten


def begun(connection: Connection, user: User, host: str) -> tuple[Session, str]:
    """A new session and its first refresh token."""
    now = server_time.moment(connection)
    session = Session(str(uuid4()), user, host, now, now + LIFE)
    old = select(sessions.c.id).where(sessions.c.expires < now - REMEMBERED)
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(old)))
    connection.execute(
        insert(sessions).values(id=session.id, user_id=user.id, host=host, started=now, expires=session.expires)
    )
    token = fresh()
    _issue(connection, session.id, token)
    return session, token


def fresh() -> str:
    """A token of 256 random bits that nobody knows yet."""
    return secrets.token_urlsafe(32)


def rotated(connection: Connection, token: str, successor: str) -> tuple[str | None, bool]:
    """Use up ``token`` and let ``successor`` follow: its session's id if it is known, and whether this was no second use.

    Asked again with the same successor, before that was used itself, it is the same use.
    """
    mine = refresh_tokens.c.hash == _hash(token)
    first_use = (
        update(refresh_tokens)
        .where(mine, refresh_tokens.c.used.is_(None))
        .values(used=server_time.now())
        .returning(refresh_tokens.c.session_id)
    )
    if session := connection.execute(first_use).scalar():
        _issue(connection, session, successor)
        return session, True
    session = connection.execute(select(refresh_tokens.c.session_id).where(mine)).scalar()
    follows = select(refresh_tokens.c.hash).where(
        refresh_tokens.c.hash == _hash(successor),
        refresh_tokens.c.session_id == session,
        refresh_tokens.c.used.is_(None),
    )
    return session, session is not None and token != successor and connection.execute(follows).first() is not None


def _issue(connection: Connection, session: str, token: str) -> None:
    row = {"hash": _hash(token), "session_id": session, "issued": server_time.now()}
    connection.execute(insert(refresh_tokens).values(row))


def ended(connection: Connection, because: str, *, session: str = "", user: str = "", but: str = "") -> int:
    """End one session, or every one of a user ``but`` one; how many were still running."""
    whose = sessions.c.id == session if session else (sessions.c.user_id == user) & (sessions.c.id != but)
    return connection.execute(
        update(sessions).where(whose, sessions.c.ended.is_(None)).values(ended=server_time.now(), ended_because=because)
    ).rowcount


def running(connection: Connection, session: str) -> Session | None:
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
            PERMITTED,
        )
        .join_from(sessions, users, users.c.id == sessions.c.user_id)
        .where(
            sessions.c.id == session,
            sessions.c.ended.is_(None),
            sessions.c.expires > server_time.now(),
            users.c.state == UserState.ACTIVE,
        )
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    user = User(row[4], row.name, row.role, UserState(row.state), row.role_version, read(row.permissions or ()))
    return Session(row[0], user, row.host, row.started, row.expires)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
