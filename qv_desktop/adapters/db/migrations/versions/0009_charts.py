"""What a person puts on charts: drawings, and prices at which to be told."""

from alembic import op

revision, down_revision = "0009", "0008"

STATEMENTS = (
    """
    CREATE TABLE drawings (
        "user" text NOT NULL,
        id text NOT NULL CHECK (id <> ''),
        symbol text NOT NULL CHECK (symbol <> ''),
        kind text NOT NULL CHECK (kind <> ''),
        body jsonb NOT NULL,
        changed timestamptz NOT NULL,
        PRIMARY KEY ("user", id)
    )
    """,
    'CREATE INDEX drawings_symbol ON drawings ("user", symbol)',
    """
    CREATE TABLE price_alerts (
        "user" text NOT NULL,
        id text NOT NULL CHECK (id <> ''),
        symbol text NOT NULL CHECK (symbol <> ''),
        price double precision NOT NULL CHECK (price > 0 AND price < 'Infinity'),
        direction text NOT NULL CHECK (direction IN ('up', 'down', 'either')),
        note text NOT NULL,
        repeats boolean NOT NULL,
        state text NOT NULL CHECK (state IN ('armed', 'fired')),
        created timestamptz NOT NULL,
        fired_at timestamptz,
        PRIMARY KEY ("user", id)
    )
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON drawings, price_alerts TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
