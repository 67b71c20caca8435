"""Reset codes, stored hashed, and the brake that slows guessing over many names."""

from alembic import op

revision, down_revision = "0013", "0012"

STATEMENTS = (
    # one code a user: a newer one takes the place of the older
    """
    CREATE TABLE password_resets (
        user_id text PRIMARY KEY REFERENCES users,
        code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
        issued timestamptz NOT NULL,
        expires timestamptz NOT NULL CHECK (expires > issued),
        issued_by text NOT NULL CHECK (issued_by <> '')
    )
    """,
    # one row: how full the bucket of failed log-ins is, and when that was
    """
    CREATE TABLE login_brake (
        one boolean PRIMARY KEY CHECK (one),
        level double precision NOT NULL CHECK (level >= 0 AND level < 'Infinity'),
        at timestamptz NOT NULL
    )
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON password_resets, login_brake TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
