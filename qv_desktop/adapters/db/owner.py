"""A connection of whoever keeps the database: what it asks and says, in one transaction, and its refusals in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql
from sqlalchemy import URL

from qv_desktop.adapters.db.database_words import parsed, place, sentence
from qv_desktop.adapters.db.tables import HEAD
from qv_desktop.domain.errors import BadInput, DatabaseDown, QvError

WAIT = "10s"  # for terminals that are in the middle of something
PATCHABLE = 160_000  # servers from here on let a membership be set without being inherited

type Server = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def opened(address: str) -> Iterator[Server]:
    """A connection as the login itself, committed at the end. Raises QvError in one sentence."""
    url = parsed(address)
    words: dict[str, Any] = {key: text if isinstance(text, str) else ",".join(text) for key, text in url.query.items()}
    words |= url.translate_connect_args(username="user", database="dbname")
    try:
        with psycopg.connect(**{"connect_timeout": 5, "application_name": "qv-desktop grant", **words}) as server:
            server.execute(f"SET lock_timeout = '{WAIT}'".encode())
            server.execute("SELECT pg_advisory_xact_lock(hashtext('qv_grant'))")
            yield server
    except QvError:
        raise
    except errors.InsufficientPrivilege as error:
        raise BadInput(_refusal(error, url)) from error
    except (errors.LockNotAvailable, errors.DeadlockDetected) as error:
        raise DatabaseDown(
            "Terminals are using the tables right now; close them, or try again in a moment. Nothing was changed."
        ) from error
    except psycopg.OperationalError as error:
        raise sentence(error, url, first=True) from error
    except psycopg.Error as error:
        said = str(error).partition("\n")[0]
        raise BadInput(f"The server refuses this ({said}); nothing was changed.") from error


def _refusal(error: psycopg.Error, url: URL) -> str:
    said = str(error).partition("\n")[0]
    return (f"The login {url.username} may not do this on {place(url)} ({said}); use the login that owns the tables and has CREATEROLE, "
            "or have a superuser grant it that. Nothing was changed.")  # fmt: skip


def check(server: Server) -> None:
    """Raises BadInput unless this login owns the newest tables and may make roles."""
    login = one(server, "SELECT session_user")
    owner = one(
        server, "SELECT max(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = to_regclass('public.audit_log')"
    )
    if owner is None:
        raise BadInput("This database has no tables yet; run qv-desktop db migrate with this login first.")
    if not one(server, "SELECT pg_has_role(%s::name, 'USAGE')", owner):
        raise BadInput(
            f"The tables belong to {owner}, and the login {login} may not grant rights on them; use {owner}'s login."
        )
    if not one(server, "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = session_user"):
        raise BadInput(f"The login {login} may not make roles; have a superuser run: ALTER ROLE {login} CREATEROLE.")
    here = one(server, "SELECT max(version_num) FROM public.alembic_version")
    if here != HEAD:
        raise BadInput(
            f"This database is at step {here or 0} and this program knows {HEAD}; run qv-desktop db migrate first."
        )


def exists(server: Server, name: str) -> bool:
    """Whether the server has a role of this name."""
    return bool(one(server, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", name))


def one(server: Server, query: str, *values: object) -> Any:
    """The first column of the first row, or None."""
    row = server.execute(query.encode(), values or None).fetchone()
    return row[0] if row else None


def say(server: Server, statement: str, *names: str) -> None:
    """``statement`` with a quoted name for each {}; all else in it is ours."""
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def memberships(server: Server, login: str) -> list[str]:
    """The roles that ``login`` was given, by name."""
    query = """SELECT DISTINCT g.rolname FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
               WHERE m.rolname = %s ORDER BY 1"""
    return [str(row[0]) for row in server.execute(query, (login,)).fetchall()]


def only(server: Server, login: str, group: str | None, *, inherit: bool = False) -> None:
    """The role ``login`` is a member of ``group`` and of nothing else. Raises BadInput when that cannot be brought about."""
    for other in memberships(server, login):
        if other != group:
            say(server, "REVOKE {} FROM {}", other, login)
    if group is not None:
        join(server, group, login, inherit=inherit)
    left = [other for other in memberships(server, login) if other != group]
    if left:
        raise BadInput(
            f"The role {login} is also a member of {', '.join(left)}, which only a superuser can take away; do that first."
        )


def join(server: Server, group: str, member: str, *, inherit: bool) -> None:
    """Let ``member`` act as ``group``, and with ``inherit`` have its rights without doing so."""
    if server.info.server_version >= PATCHABLE:
        say(server, f"GRANT {{}} TO {{}} WITH INHERIT {inherit}, SET TRUE", group, member)
    elif group not in memberships(server, member):
        say(server, "GRANT {} TO {}", group, member)
