"""Roles of a desk's own making beside the four built-in ones, and when a session was last heard of.

The built-in rows hold no permissions: what those roles may do stands in the program, and nobody can change it here.
"""

from alembic import op

revision, down_revision = "0014", "0013"

STATEMENTS = (
    """
    CREATE TABLE roles (
        name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 40),
        permissions text[] NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        changed timestamptz NOT NULL,
        changed_by text NOT NULL,
        CHECK (name NOT IN ('Admin', 'Trader', 'Analyst', 'Viewer') OR permissions = '{}')
    )
    """,
    "CREATE UNIQUE INDEX roles_name ON roles (lower(name))",
    """
    INSERT INTO roles SELECT name, '{}', 1, now(), 'system' FROM unnest(ARRAY['Admin', 'Trader', 'Analyst', 'Viewer']) AS name
    """,
    """
    CREATE FUNCTION keep_built_in_roles() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.name IN ('Admin', 'Trader', 'Analyst', 'Viewer') THEN
            RAISE EXCEPTION 'the role % is built in and cannot be changed', OLD.name;
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER built_in_roles BEFORE UPDATE OR DELETE ON roles FOR EACH ROW EXECUTE FUNCTION keep_built_in_roles()
    """,
    "ALTER TABLE users DROP CONSTRAINT users_role_check",
    "ALTER TABLE users ADD CONSTRAINT users_role_known FOREIGN KEY (role) REFERENCES roles (name) ON UPDATE CASCADE",
    "CREATE INDEX users_role ON users (role)",
    "CREATE INDEX audit_log_recoveries ON audit_log (at) WHERE action IN ('user.recover', 'password.reset')",
    "ALTER TABLE sessions ADD COLUMN IF NOT EXISTS seen timestamptz",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON roles TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the table, and let users have any role that it names."""
    for statement in STATEMENTS:
        op.execute(statement)
