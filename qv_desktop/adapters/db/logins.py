"""Each person's login on the server: made, moved to the group of the person's role, limited to accounts, and taken away."""

from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import URL

from qv_desktop.adapters.db import privileges
from qv_desktop.adapters.db.database_words import parsed
from qv_desktop.adapters.db.grants import Roles
from qv_desktop.adapters.db.owner import Server, check, exists, join, one, only, opened, say
from qv_desktop.adapters.db.privileges import DOOR
from qv_desktop.domain.errors import BadInput

LONGEST_LOGIN = 63  # bytes of a name in Postgres
SECRET = ("password", "sslpassword", "user")  # words of an address that are not the next person's


@dataclass(frozen=True, slots=True)
class Login:
    """A person's way in: ``role`` None takes it away; ``password`` None leaves it as it is; ``accounts`` empty is every account."""

    name: str
    role: str | None
    password: str | None = None
    accounts: tuple[str, ...] = ()


def let_in(address: str, roles: Roles, login: Login) -> str:
    """Make or change a person's login; the address to give to the person, without a password. Raises QvError."""
    with opened(address) as server:
        check(server)
        if not exists(server, DOOR):
            raise BadInput("This database has no groups yet; run qv-desktop db grant once without a login.")
        _check_login(server, login)
        _let_in(server, roles, login)
    if login.role is None:
        with opened(address) as server:  # once it is true for all: who is cut off now does not come back
            _end(server, login.name)
    ours = parsed(address)
    url = URL.create(
        "postgresql", login.name, None, ours.host, ours.port, ours.database, ours.query
    ).difference_update_query(SECRET)
    return url.render_as_string(hide_password=False).replace(" ", "%20")


def known(address: str, name: str) -> bool:
    """Whether there is a login of this name already. Raises QvError."""
    with opened(address) as server:
        return exists(server, name)


def change_own_password(address: str, password: str) -> None:
    """Give the login of ``address`` another password. Raises QvError."""
    with opened(address) as server:
        _password(server, one(server, "SELECT session_user"), password)


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
        only(server, name, None)
        say(server, "ALTER ROLE {} NOLOGIN PASSWORD NULL", name)
        _forget_accounts(server, name)
        return
    group = privileges.group(_role(roles, login.role))
    _check_person(server, name, group)
    if not exists(server, name):
        say(server, "CREATE ROLE {} LOGIN NOINHERIT", name)
    say(server, "ALTER ROLE {} LOGIN NOINHERIT", name)
    if login.password is not None:
        _password(server, name, login.password)
    suspended = one(server, "SELECT bool_or(state <> 'active') FROM public.users WHERE lower(name) = lower(%s)", name)
    only(server, name, DOOR if suspended else group)
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
    role = one(server, "SELECT max(role) FROM public.users WHERE lower(name) = lower(%s)", name)
    if role is not None and privileges.group(role) != group:
        raise BadInput(
            f"The user {name} has the role {role}; change that in the program first, or give the login the same role."
        )


def _account(server: Server, wanted: str) -> str:
    """An account's id, also for its number; one that no terminal has used yet is taken as it is."""
    query = "SELECT account FROM public.account_snapshots WHERE number = %s ORDER BY at DESC LIMIT 1"
    return str(one(server, query, wanted) or wanted)


def _forget_accounts(server: Server, name: str) -> None:
    server.execute("DELETE FROM public.account_access WHERE login = lower(%s)", (name,))


def _end(server: Server, login: str) -> None:
    """Cut what the login still has open, for which this one must have its rights for a moment."""
    keeper = str(one(server, "SELECT session_user"))
    join(server, login, keeper, inherit=True)
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (login,))
    say(server, "REVOKE {} FROM {}", login, keeper)


def _password(server: Server, login: str, password: str) -> None:
    """Hashed here, so that the server's log never has it."""
    hashed = server.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
    server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(login), sql.Literal(hashed)))
