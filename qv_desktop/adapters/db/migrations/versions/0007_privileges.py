"""The role that the program works as: it may use the tables, not change them, and only add to those that are append-only.

Where the migrating user may not make roles, the program works as that user and the triggers alone stand guard.
"""

from alembic import op

revision, down_revision = "0007", "0006"

STATEMENTS = (
    """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            CREATE ROLE qv_app NOLOGIN;
        END IF;
        IF NOT pg_has_role('qv_app', 'MEMBER') THEN
            EXECUTE format('GRANT qv_app TO %I', current_user);
        END IF;
    EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'working without the role qv_app';
    END $$
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT USAGE ON SCHEMA public TO qv_app;
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO qv_app;
            REVOKE UPDATE, DELETE ON audit_log, order_events, fills, strategy_versions FROM qv_app;
            REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM qv_app;
            GRANT EXECUTE ON FUNCTION add_partition(text, bigint) TO qv_app;
            EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO qv_app', current_database());
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the role and grant it what the program does."""
    for statement in STATEMENTS:
        op.execute(statement)
