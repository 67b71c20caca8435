"""The margin regime of each account, and what is written down of deficits and violations; neither is ever changed."""

from alembic import op

revision, down_revision = "0030", "0029"

STATEMENTS = (
    """
    CREATE TABLE margin_terms (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account text NOT NULL CHECK (account <> ''),
        at timestamptz NOT NULL,
        set_by text NOT NULL CHECK (set_by <> ''),
        terms text NOT NULL CHECK (terms::json ->> 'regime' IN ('INTRADAY_MARGIN', 'LEGACY_PDT', 'CASH'))
    )
    """,
    "CREATE INDEX margin_terms_newest ON margin_terms (account, id)",
    """
    CREATE TABLE margin_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account text NOT NULL CHECK (account <> ''),
        at timestamptz NOT NULL,
        kind text NOT NULL CHECK (kind IN ('deficit', 'met', 'good-faith violation', 'free-riding')),
        day date NOT NULL,
        key text NOT NULL CHECK (key <> ''),
        symbol text NOT NULL,
        amount numeric NOT NULL CHECK (amount >= 0 AND amount < 'Infinity'),
        words text NOT NULL,
        actor text NOT NULL
    )
    """,
    "CREATE INDEX margin_events_newest ON margin_events (account, at)",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT ON margin_terms, margin_events TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
