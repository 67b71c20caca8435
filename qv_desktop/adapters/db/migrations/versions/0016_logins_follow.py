"""A person's login follows the role that an Admin gives the person: it moves from the one group to the other in the same transaction.

Only what an Admin does moves a login, or whoever owns the tables. A role of the desk's own that may change users moves nobody, or it
could make its holder an Admin at a prompt; ``db grant`` moves those.
"""

from alembic import op

revision, down_revision = "0016", "0015"

STATEMENTS = (
    """
    CREATE FUNCTION login_follows() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        wanted name := public.group_of(NEW.role);
        login pg_roles;
    BEGIN
        IF NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'public.users'::regclass), 'MEMBER')
            AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_admin' AND pg_has_role(session_user, oid, 'MEMBER')) THEN
            RETURN NULL;
        END IF;
        SELECT * INTO login FROM pg_roles WHERE lower(rolname) = lower(NEW.name) AND rolcanlogin
            AND NOT (rolsuper OR rolcreaterole OR rolbypassrls);
        IF login.oid IS NULL OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted AND NOT rolcanlogin)
            OR NOT EXISTS (SELECT FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
                           WHERE a.member = login.oid AND g.rolname = public.group_of(OLD.role)) THEN
            RETURN NULL;
        END IF;
        EXECUTE format('REVOKE %I FROM %I', public.group_of(OLD.role), login.rolname);
        EXECUTE format(CASE WHEN current_setting('server_version_num')::integer >= 160000
                            THEN 'GRANT %I TO %I WITH INHERIT FALSE, SET TRUE' ELSE 'GRANT %I TO %I' END, wanted, login.rolname);
        RETURN NULL;
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN NULL;  -- the login stays where it is, and may nothing until ``db grant`` has moved it
    END $$
    """,
    "REVOKE ALL ON FUNCTION login_follows() FROM PUBLIC",
    """
    CREATE TRIGGER login_follows AFTER UPDATE OF role ON users FOR EACH ROW
    WHEN (OLD.role IS DISTINCT FROM NEW.role) EXECUTE FUNCTION login_follows()
    """,
)


def upgrade() -> None:
    """Make the trigger; where nobody has a login it finds none."""
    for statement in STATEMENTS:
        op.execute(statement)
