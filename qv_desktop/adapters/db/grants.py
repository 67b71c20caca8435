"""Makes Postgres agree with the table of permissions: a group for each role, with its grants and row security.

All of it is one transaction; done twice it changes nothing, and what a group should no longer have is taken away.
"""

from collections.abc import Collection, Mapping, Sequence

from qv_desktop.adapters.db import privileges
from qv_desktop.adapters.db.owner import Server, check, exists, one, only, opened, say
from qv_desktop.adapters.db.privileges import DOOR, Policy
from qv_desktop.domain.access import BUILT_IN, Permission, UserState
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.roles import read

type Roles = Mapping[str, Collection[Permission]]  # role's name -> what it may


def stored(address: str) -> Roles:
    """The built-in roles and those of the desk's own making. Raises QvError."""
    with opened(address) as server:
        check(server)
        rows = server.execute("SELECT name, permissions FROM public.roles ORDER BY name").fetchall()
    return {**BUILT_IN, **{name: read(permissions) for name, permissions in rows if name not in BUILT_IN}}


def stand(address: str) -> bool:
    """Whether this database has groups, and this login may grant to them. Raises QvError."""
    with opened(address) as server:
        query = "SELECT bool_or(relrowsecurity AND pg_has_role(relowner, 'USAGE')) FROM pg_class WHERE oid = to_regclass('public.orders')"
        return bool(one(server, query)) and exists(server, DOOR)


def granted(address: str, roles: Roles) -> bool:
    """Bring groups, grants, row security and memberships to what ``roles`` says; whether anything had to change. Raises QvError."""
    with opened(address) as server:
        check(server)
        before = standing(server)
        _grant(server, roles)
        changed = standing(server) != before
        if not changed:
            server.rollback()
        return changed


def _grant(server: Server, roles: Roles) -> None:
    groups = {privileges.group(role): role for role in roles}
    _renamed(server, roles)
    stale = [name for name in _ours(server) if name not in groups and name not in privileges.RESERVED]
    server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    server.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC")
    _make(server, DOOR)
    only(server, DOOR, None)
    for name in groups:
        _make(server, name)
        only(server, name, DOOR, inherit=True)
    for name in (DOOR, *groups, *stale):
        _strip(server, name)
    _give(server, DOOR, set(privileges.pairs(privileges.AT_THE_DOOR)), privileges.DOOR_FUNCTIONS)
    for name, role in groups.items():
        _give(server, name, privileges.rights(roles[role]), privileges.functions(roles[role]))
    _secure_rows(server, [*privileges.door_policies(), *(p for r in roles for p in privileges.policies(r, roles[r]))])
    _realign(server, groups, [*groups, *stale])


def _renamed(server: Server, roles: Roles) -> None:
    """Groups from before their names told alike roles apart keep their members under the new name; one that two roles claim is none's."""
    former: dict[str, list[str]] = {}
    for role in roles:
        if role not in BUILT_IN:
            former.setdefault(privileges.former_group(role), []).append(privileges.group(role))
    taken = {*map(privileges.group, [*BUILT_IN, *roles]), *privileges.RESERVED}
    for name in former.keys() - taken & {*_ours(server)}:
        if len(former[name]) == 1 and not exists(server, former[name][0]):
            say(server, "ALTER ROLE {} RENAME TO {}", name, former[name][0])


def _make(server: Server, name: str) -> None:
    if not exists(server, name):
        say(server, "CREATE ROLE {} NOLOGIN", name)
    elif one(server, "SELECT rolsuper OR rolcanlogin OR rolbypassrls FROM pg_roles WHERE rolname = %s", name):
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
        say(server, f"REVOKE ALL ON {what} FROM {{}}", name)
    say(server, "REVOKE ALL ON DATABASE {} FROM {}", one(server, "SELECT current_database()"), name)


def _give(server: Server, name: str, rights: Collection[tuple[str, str]], functions: Sequence[str]) -> None:
    say(server, "GRANT USAGE ON SCHEMA public TO {}", name)
    for table, verb in sorted(rights):
        columns = privileges.COLUMNS.get((table, verb))
        what = f"{verb} ({columns})" if columns else verb
        say(server, f"GRANT {what} ON public.{{}} TO {{}}", table, name)
    for function in functions:
        say(server, f"GRANT EXECUTE ON FUNCTION public.{function} TO {{}}", name)
    if any(table == "bars" and verb == "INSERT" for table, verb in rights):  # rows are merged through a temporary table
        say(server, "GRANT TEMPORARY ON DATABASE {} TO {}", one(server, "SELECT current_database()"), name)


def _secure_rows(server: Server, policies: Sequence[Policy]) -> None:
    query = "SELECT polname, relname FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = 'public'::regnamespace"
    for policy, table in server.execute(query).fetchall():
        say(server, "DROP POLICY {} ON public.{}", policy, table)
    shared = exists(server, "qv_app")
    for table in sorted(
        {policy.table for policy in policies}
        | {"lockouts", "account_access", "password_resets", *privileges.CLOSED.split()}
    ):
        say(server, "ALTER TABLE public.{} ENABLE ROW LEVEL SECURITY", table)
        if shared:
            server.execute(str(Policy("qv_shared", table, "ALL", "qv_app", "true")).encode())
    for policy in policies:
        server.execute(str(policy).encode())


def _realign(server: Server, groups: Mapping[str, str], ever: Sequence[str]) -> None:
    """Every login of ours is in the group of its person's role as stored, a suspended one's at the door; of a person who is not there,
    it stays where it is.

    ``ever`` are all groups that there have been, those of roles that are gone too.
    """
    query = """SELECT DISTINCT m.rolname, u.role, u.state FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
               JOIN pg_roles g ON g.oid = a.roleid JOIN public.users u ON lower(u.name) = lower(m.rolname)
               WHERE m.rolcanlogin AND NOT m.rolsuper AND m.rolname <> session_user AND g.rolname = ANY (%s)"""
    for login, role, state in server.execute(query, ([DOOR, *ever],)).fetchall():
        if state != UserState.ACTIVE:
            only(server, login, DOOR)
        elif (name := privileges.group(role)) in groups:
            only(server, login, name)


def _ours(server: Server) -> list[str]:
    query = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'qv\\_%' AND NOT rolcanlogin ORDER BY 1"
    return [str(row[0]) for row in server.execute(query).fetchall()]


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


def standing(server: Server) -> list[tuple[str, ...]]:
    """All that this file can change, in a fixed order of entries and, within an access list, of grantees."""
    rows = server.execute(_STANDING).fetchall()
    return sorted(
        (kind, name, ",".join(sorted((a or "").strip("{}").split(","))), b or "") for kind, name, a, b in rows
    )
