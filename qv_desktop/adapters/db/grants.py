"""Makes Postgres agree with the table of permissions: a group for each role, its grants and row security, and each person's login.

All of it is one transaction; done twice it changes nothing, and what a group should no longer have is taken away.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql
from sqlalchemy import URL

from qv_desktop.adapters.db import privileges
from qv_desktop.adapters.db.database_words import parsed, place, sentence
from qv_desktop.adapters.db.privileges import DOOR, Policy
from qv_desktop.adapters.db.tables import HEAD
from qv_desktop.domain.access import Permission
from qv_desktop.domain.errors import BadInput, DatabaseDown, QvError

LONGEST_LOGIN = 63  # bytes of a name in Postgres
WAIT = "10s"  # for terminals that are in the middle of something
PATCHABLE = 160_000  # servers from here on let a membership be set without being inherited

type Roles = Mapping[str, Collection[Permission]]  # role's name -> what it may
type Server = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Login:
    """A person's way in: ``role`` None takes it away; ``password`` None leaves it as it is; ``accounts`` empty is every account."""

    name: str
    role: str | None
    password: str | None = None
    accounts: tuple[str, ...] = ()


def granted(address: str, roles: Roles) -> bool:
    """Bring groups, grants, row security and memberships to what ``roles`` says; whether anything had to change. Raises QvError."""
    with _opened(address) as server:
        _check(server)
        before = _standing(server)
        _grant(server, roles)
        changed = _standing(server) != before
        if not changed:
            server.rollback()
        return changed


def let_in(address: str, roles: Roles, login: Login) -> str:
    """Make or change a person's login; the address to give to the person, without a password. Raises QvError."""
    with _opened(address) as server:
        _check(server)
        if not _exists(server, DOOR):
            raise BadInput("This database has no groups yet; run qv-desktop db grant once without a login.")
        _check_login(server, login)
        _let_in(server, roles, login)
    ours = parsed(address)
    url = URL.create("postgresql", login.name, None, ours.host, ours.port, ours.database, ours.query)
    return url.render_as_string(hide_password=False).replace(" ", "%20")


def known(address: str, name: str) -> bool:
    """Whether there is a login of this name already. Raises QvError."""
    with _opened(address) as server:
        return _exists(server, name)


def change_own_password(address: str, password: str) -> None:
    """Give the login of ``address`` another password. Raises QvError."""
    with _opened(address) as server:
        _password(server, _one(server, "SELECT session_user"), password)


# ---- the groups


def _grant(server: Server, roles: Roles) -> None:
    groups = _groups(roles)
    stale = [name for name in _ours(server) if name not in groups and name not in privileges.RESERVED]
    server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    server.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC")
    _make(server, DOOR)
    for name in groups:
        _make(server, name)
        _join(server, DOOR, name)
    for name in (DOOR, *groups, *stale):
        _strip(server, name)
    _give(server, DOOR, set(privileges.pairs(privileges.AT_THE_DOOR)), privileges.DOOR_FUNCTIONS)
    for name, role in groups.items():
        _give(server, name, privileges.rights(roles[role]), privileges.functions(roles[role]))
    _secure_rows(server, [*privileges.door_policies(), *(p for r in roles for p in privileges.policies(r, roles[r]))])
    _realign(server, groups)


def _groups(roles: Roles) -> dict[str, str]:
    """group -> role. Raises BadInput when two roles would share a group."""
    groups: dict[str, str] = {}
    for role in roles:
        name = privileges.group(role)
        if name in groups:
            raise BadInput(
                f"The roles “{groups[name]}” and “{role}” are too alike for the database; rename one of them."
            )
        groups[name] = role
    return groups


def _make(server: Server, name: str) -> None:
    if not _exists(server, name):
        _say(server, "CREATE ROLE {} NOLOGIN", name)
    elif _one(server, "SELECT rolsuper OR rolcanlogin OR rolbypassrls FROM pg_roles WHERE rolname = %s", name):
        raise BadInput(
            f"The server has a role {name} that may log in or more; rename it, the program needs the name for a group."
        )


def _strip(server: Server, name: str) -> None:
    """Take away what the group has here, columns and functions too."""
    for what in (
        "ALL TABLES IN SCHEMA public",
        "ALL FUNCTIONS IN SCHEMA public",
        "ALL SEQUENCES IN SCHEMA public",
        "SCHEMA public",
    ):
        _say(server, f"REVOKE ALL ON {what} FROM {{}}", name)
    _say(server, "REVOKE ALL ON DATABASE {} FROM {}", _one(server, "SELECT current_database()"), name)


def _give(server: Server, name: str, rights: Collection[tuple[str, str]], functions: Sequence[str]) -> None:
    _say(server, "GRANT USAGE ON SCHEMA public TO {}", name)
    for table, verb in sorted(rights):
        columns = privileges.COLUMNS.get((table, verb))
        what = f"{verb} ({columns})" if columns else verb
        _say(server, f"GRANT {what} ON public.{{}} TO {{}}", table, name)
    for function in functions:
        _say(server, f"GRANT EXECUTE ON FUNCTION public.{function} TO {{}}", name)
    if any(table == "bars" and verb == "INSERT" for table, verb in rights):  # rows are merged through a temporary table
        _say(server, "GRANT TEMPORARY ON DATABASE {} TO {}", _one(server, "SELECT current_database()"), name)


def _secure_rows(server: Server, policies: Sequence[Policy]) -> None:
    query = "SELECT polname, relname FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = 'public'::regnamespace"
    for policy, table in server.execute(query).fetchall():
        _say(server, "DROP POLICY {} ON public.{}", policy, table)
    shared = _exists(server, "qv_app")
    for table in sorted({policy.table for policy in policies} | {"lockouts", "account_access"}):
        _say(server, "ALTER TABLE public.{} ENABLE ROW LEVEL SECURITY", table)
        if shared:
            server.execute(str(Policy("qv_shared", table, "ALL", "qv_app", "true")).encode())
    for policy in policies:
        server.execute(str(policy).encode())


def _realign(server: Server, groups: Mapping[str, str]) -> None:
    """Every login of ours is in the group of its person's role as stored; of a person who is not there, it stays where it is."""
    query = """SELECT DISTINCT m.rolname, u.role FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
               JOIN pg_roles g ON g.oid = a.roleid JOIN public.users u ON lower(u.name) = lower(m.rolname)
               WHERE m.rolcanlogin AND NOT m.rolsuper AND m.rolname <> session_user AND g.rolname = ANY (%s)"""
    for login, role in server.execute(query, (list(groups),)).fetchall():
        _only(server, login, privileges.group(role))


# ---- a login


def _check_login(server: Server, login: Login) -> None:
    """Raises BadInput when it is none that a person may have."""
    name = login.name
    if not name.isprintable() or name != name.strip() or not 1 <= len(name.encode()) <= LONGEST_LOGIN:
        raise BadInput(
            f"A login's name has 1 to {LONGEST_LOGIN} visible characters; it is the name of the person's user."
        )
    if name.lower().startswith(("qv_", "pg_")) or name.lower() in ("postgres", "public", "none"):
        raise BadInput(f"“{name}” is no name for a person's login; use the name of the person's user.")
    found = server.execute("SELECT rolsuper OR rolcreaterole OR rolbypassrls OR rolreplication, rolname = session_user, "
                           "EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) FROM pg_roles r WHERE rolname = %s",
                           (name,)).fetchone()  # fmt: skip
    if found is None and login.role is None:
        raise BadInput(f"There is no login {name}.")
    if found is not None and any(found):
        raise BadInput(f"The login {name} keeps the database or owns tables in it; give the person another one.")


def _let_in(server: Server, roles: Roles, login: Login) -> None:
    name = login.name
    if login.role is None:
        _only(server, name, None)
        _say(server, "ALTER ROLE {} NOLOGIN PASSWORD NULL", name)
        _forget_accounts(server, name)
        _end(server, name)
        return
    group = privileges.group(_role(roles, login.role))
    _check_person(server, name, group)
    if not _exists(server, name):
        _say(server, "CREATE ROLE {} LOGIN NOINHERIT", name)
    _say(server, "ALTER ROLE {} LOGIN NOINHERIT", name)
    if login.password is not None:
        _password(server, name, login.password)
    _only(server, name, group)
    _forget_accounts(server, name)
    for account in login.accounts:
        server.execute("INSERT INTO public.account_access VALUES (lower(%s), %s) ON CONFLICT DO NOTHING",
                       (name, _account(server, account)))  # fmt: skip


def _role(roles: Roles, wanted: str) -> str:
    found = next((role for role in roles if role.lower() == wanted.lower()), None)
    if found is None:
        raise BadInput(f"There is no role “{wanted}”; choose {', '.join(roles)}.")
    return found


def _check_person(server: Server, name: str, group: str) -> None:
    """A login and its person agree: two sources of one truth would hide a mistake."""
    role = _one(server, "SELECT max(role) FROM public.users WHERE lower(name) = lower(%s)", name)
    if role is not None and privileges.group(role) != group:
        raise BadInput(
            f"The user {name} has the role {role}; change that in the program first, or give the login the same role."
        )


def _account(server: Server, wanted: str) -> str:
    """An account's id, also for its number; one that no terminal has used yet is taken as it is."""
    query = "SELECT account FROM public.account_snapshots WHERE number = %s ORDER BY at DESC LIMIT 1"
    return str(_one(server, query, wanted) or wanted)


def _forget_accounts(server: Server, name: str) -> None:
    server.execute("DELETE FROM public.account_access WHERE login = lower(%s)", (name,))


def _only(server: Server, login: str, group: str | None) -> None:
    """The login is a member of ``group`` and of nothing else. Raises BadInput when that cannot be brought about."""
    for other in _memberships(server, login):
        if other != group:
            _say(server, "REVOKE {} FROM {}", other, login)
    if group is not None:
        _join(server, group, login, inherit=False)
    left = [other for other in _memberships(server, login) if other != group]
    if left:
        raise BadInput(
            f"The login {login} is also a member of {', '.join(left)}, which only a superuser can take away; do that first."
        )


def _memberships(server: Server, login: str) -> list[str]:
    query = """SELECT DISTINCT g.rolname FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
               WHERE m.rolname = %s ORDER BY 1"""
    return [str(row[0]) for row in server.execute(query, (login,)).fetchall()]


def _join(server: Server, group: str, member: str, *, inherit: bool = True) -> None:
    if server.info.server_version >= PATCHABLE:
        _say(server, f"GRANT {{}} TO {{}} WITH INHERIT {inherit}, SET TRUE", group, member)
    elif group not in _memberships(server, member):
        _say(server, "GRANT {} TO {}", group, member)


def _end(server: Server, login: str) -> None:
    """Cut what the login still has open; a server that does not let us is left to its superuser."""
    try:
        with server.transaction():
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (login,))
    except errors.InsufficientPrivilege:
        pass  # it is no member of anything any more, and its user's rows are refused to it at once when suspended


def _password(server: Server, login: str, password: str) -> None:
    """Hashed here, so that the server's log never has it."""
    hashed = server.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
    server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(login), sql.Literal(hashed)))


# ---- asking and telling


@contextmanager
def _opened(address: str) -> Iterator[Server]:
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
    except errors.LockNotAvailable as error:
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


def _check(server: Server) -> None:
    """Raises BadInput unless this login owns the newest tables and may make roles."""
    login = _one(server, "SELECT session_user")
    owner = _one(
        server, "SELECT max(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = to_regclass('public.audit_log')"
    )
    if owner is None:
        raise BadInput("This database has no tables yet; run qv-desktop db migrate with this login first.")
    if not _one(server, "SELECT pg_has_role(%s::name, 'USAGE')", owner):
        raise BadInput(
            f"The tables belong to {owner}, and the login {login} may not grant rights on them; use {owner}'s login."
        )
    if not _one(server, "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = session_user"):
        raise BadInput(f"The login {login} may not make roles; have a superuser run: ALTER ROLE {login} CREATEROLE.")
    here = _one(server, "SELECT max(version_num) FROM public.alembic_version")
    if here != HEAD:
        raise BadInput(
            f"This database is at step {here or 0} and this program knows {HEAD}; run qv-desktop db migrate first."
        )


def _ours(server: Server) -> list[str]:
    query = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'qv\\_%' AND NOT rolcanlogin ORDER BY 1"
    return [str(row[0]) for row in server.execute(query).fetchall()]


def _exists(server: Server, name: str) -> bool:
    return bool(_one(server, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", name))


def _one(server: Server, query: str, *values: object) -> Any:
    row = server.execute(query.encode(), values or None).fetchone()
    return row[0] if row else None


def _say(server: Server, statement: str, *names: str) -> None:
    """``statement`` with a quoted name for each {}; all else in it is ours."""
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


_STANDING = """
    SELECT 'table', relname, relacl::text, relrowsecurity::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'column', attrelid::regclass::text || '.' || attname, attacl::text, '' FROM pg_attribute
              JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attacl IS NOT NULL
    UNION ALL SELECT 'function', oid::regprocedure::text, proacl::text, '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'schema', nspname, nspacl::text, '' FROM pg_namespace WHERE nspname = 'public'
    UNION ALL SELECT 'database', datname, datacl::text, '' FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT 'policy', polrelid::regclass::text || ' ' || polname, pg_get_expr(polqual, polrelid) || polcmd::text,
              coalesce(pg_get_expr(polwithcheck, polrelid), '') || polroles::regrole[]::text FROM pg_policy
    UNION ALL SELECT 'role', rolname, rolcanlogin::text, rolinherit::text FROM pg_roles
    UNION ALL SELECT 'member', member::regrole::text, roleid::regrole::text, '' FROM pg_auth_members
"""


def _standing(server: Server) -> list[tuple[str, ...]]:
    """All that this file can change, in a fixed order of entries and, within an access list, of grantees."""
    rows = server.execute(_STANDING).fetchall()
    return sorted(
        (kind, name, ",".join(sorted((a or "").strip("{}").split(","))), b or "") for kind, name, a, b in rows
    )
