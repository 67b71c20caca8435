"""What a login may write where only the program stood guard before: who is in which group, people and roles, the trail's chains, the door.

Each function has its search path pinned and names its tables in full, and knows the person by ``session_user``, which no SET ROLE changes.
"""

from alembic import op

revision, down_revision = "0018", "0016"

# a login follows its person into no group but one of a role: one that the door knows, and none of the program's own
FOLLOWS = (
    """
    CREATE FUNCTION is_a_roles_group(wanted name) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT wanted NOT IN ('qv_app', 'qv_door', 'qv_owner') AND EXISTS (
            SELECT FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
            WHERE m.rolname = wanted AND g.rolname = 'qv_door'
                AND NOT (m.rolcanlogin OR m.rolsuper OR m.rolcreaterole OR m.rolbypassrls))
    $$
    """,
    "REVOKE ALL ON FUNCTION is_a_roles_group(name) FROM PUBLIC",
    """
    CREATE OR REPLACE FUNCTION login_follows() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        wanted name := public.group_of(NEW.role);
        login pg_roles;
    BEGIN
        IF NOT public.is_a_roles_group(wanted)
            OR NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'public.users'::regclass), 'MEMBER')
            AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_admin' AND pg_has_role(session_user, oid, 'MEMBER')) THEN
            RETURN NULL;
        END IF;
        SELECT * INTO login FROM pg_roles WHERE lower(rolname) = lower(NEW.name) AND rolcanlogin
            AND NOT (rolsuper OR rolcreaterole OR rolbypassrls);
        IF login.oid IS NULL OR NOT EXISTS (SELECT FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
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
    # roles of such names that there are already can be given another one, and nothing else
    """
    ALTER TABLE roles ADD CONSTRAINT roles_name_free
    CHECK (lower(regexp_replace(name, '[^A-Za-z0-9]+', '', 'g')) NOT IN ('app', 'door', 'owner')) NOT VALID
    """,
)

STATEMENTS = FOLLOWS


def upgrade() -> None:
    """Make them; nobody but their owner may call them until it is granted."""
    for statement in STATEMENTS:
        op.execute(statement)
