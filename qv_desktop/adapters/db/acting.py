"""As whom a connection acts: ``qv_app`` for a login that the desk shares; the door, and then the role's group, for a person's own."""

from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from qv_desktop.adapters.db.privileges import DOOR
from qv_desktop.domain.errors import NotPermitted

SHARED = "qv_app"
_ROLES = """
    SELECT session_user::text, coalesce(array_agg(rolname::text), '{}'),
           (SELECT coalesce(bool_or(relrowsecurity), false) FROM pg_class WHERE oid = to_regclass('public.orders')) FROM pg_roles
    WHERE rolname IN ('qv_app', 'qv_door') AND pg_has_role(session_user, oid, %s)
"""
_MEMBER = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :group AND pg_has_role(session_user, oid, :how))")
_OWN = text("""SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'qv\\_%' AND rolname NOT IN ('qv_door', 'qv_app')
               AND NOT rolcanlogin AND pg_has_role(session_user, oid, :how)""")
SET_IS_A_RIGHT = (
    160_000  # servers from here on tell a membership that may be acted as from one that may only be given away
)


class Acting:
    """``personal`` once connected says whether the login is a person's own; ``group`` is as whom it acts then, None at the door."""

    def __init__(self) -> None:
        self.personal, self.login = False, ""
        self.unguarded = False  # a login beside the groups, which may do what any role may
        self.group: str | None = None
        self._how = "MEMBER"

    def enter(self, connection: DBAPIConnection) -> None:
        """Take a new connection's role: the least that will do; the login's own rights where neither role exists."""
        version: int = connection.info.server_version
        self._how = "SET" if version >= SET_IS_A_RIGHT else "MEMBER"
        cursor = connection.cursor()
        cursor.execute(_ROLES, (self._how,))
        self.login, roles, granted = cursor.fetchone() or ("", [], False)
        self.personal = DOOR in roles and SHARED not in roles
        self.unguarded = granted and not self.personal
        if roles:
            role = (self.group or DOOR) if self.personal else SHARED
            cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        cursor.close()
        connection.commit()

    def own(self, connection: Connection) -> str:
        """The login's one group, for a command line where nobody signs in. Raises NotPermitted when it has none, or more."""
        found = [str(name) for name in connection.execute(_OWN, {"how": self._how}).scalars()]
        if len(found) != 1:
            raise NotPermitted(
                f"Your database login {self.login} is in {'more than one group' if found else 'no group'} of this database; ask "
                f"whoever keeps it to run qv-desktop db grant --login {self.login}, with your role."
            )
        return found[0]

    def check(self, connection: Connection, group: str) -> None:
        """Raises NotPermitted unless the login may act as ``group``."""
        if not connection.execute(_MEMBER, {"group": group, "how": self._how}).scalar():
            raise NotPermitted(
                f"Your database login {self.login} is not in the group {group} of your role; ask whoever keeps the database to run "
                f"qv-desktop db grant --login {self.login}, with your role."
            )
