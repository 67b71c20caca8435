"""The audit trail: append-only by trigger and privilege, one line of descent by constraint."""

from alembic import op

revision, down_revision = "0002", "0001"

STATEMENTS = (
    """
    CREATE TABLE audit_log (
        chain text NOT NULL CHECK (chain <> ''),
        sequence bigint NOT NULL CHECK (sequence > 0),
        at timestamptz NOT NULL,
        actor text NOT NULL,
        actor_type text NOT NULL CHECK (actor_type IN ('human', 'strategy', 'system', 'broker')),
        role text NOT NULL,
        session text NOT NULL,
        host text NOT NULL,
        action text NOT NULL CHECK (action <> ''),
        object_type text NOT NULL,
        object_id text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('ok', 'refused', 'rejected', 'failed', 'unresolved')),
        reason text NOT NULL,
        before text NOT NULL,
        after text NOT NULL,
        correlation text NOT NULL,
        causation text NOT NULL,
        app_version text NOT NULL,
        previous text NOT NULL CHECK (previous ~ '^[0-9a-f]{64}$'),
        hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
        PRIMARY KEY (chain, sequence),
        CONSTRAINT audit_log_no_fork UNIQUE (chain, previous),
        CHECK ((sequence = 1) = (previous = repeat('0', 64)))
    )
    """,
    "CREATE INDEX audit_log_actor ON audit_log (actor, sequence)",
    "CREATE INDEX audit_log_action ON audit_log (action text_pattern_ops, sequence)",
    "CREATE INDEX audit_log_correlation ON audit_log (correlation) WHERE correlation <> ''",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
