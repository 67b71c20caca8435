"""What measures of risk keep: the vendors' SIC codes, a desk's own sectors, its stress scenarios, its settings, and VaR by day."""

from alembic import op

revision, down_revision = "0032", "0031"

STATEMENTS = (
    """
    CREATE TABLE sector_codes (
        symbol text PRIMARY KEY CHECK (symbol <> ''),
        code integer CHECK (code BETWEEN 0 AND 9999),
        words text NOT NULL,
        kind text NOT NULL,
        at timestamptz NOT NULL,
        source text NOT NULL CHECK (source <> '')
    )
    """,
    # of the account, not of a person: a limit of a sector must not be walked round by whoever it binds
    """
    CREATE TABLE sector_overrides (
        account text NOT NULL CHECK (account <> ''),
        symbol text NOT NULL CHECK (symbol <> ''),
        sector text NOT NULL CHECK (sector <> ''),
        set_by text NOT NULL,
        set_at timestamptz NOT NULL,
        PRIMARY KEY (account, symbol)
    )
    """,
    """
    CREATE TABLE risk_scenarios (
        account text NOT NULL CHECK (account <> ''),
        name text NOT NULL CHECK (name <> ''),
        shocks jsonb NOT NULL CHECK (jsonb_typeof(shocks) = 'array'),
        set_by text NOT NULL,
        set_at timestamptz NOT NULL,
        PRIMARY KEY (account, name)
    )
    """,
    """
    CREATE TABLE risk_settings (
        account text PRIMARY KEY CHECK (account <> ''),
        benchmark text NOT NULL CHECK (benchmark <> ''),
        participation double precision NOT NULL CHECK (participation > 0 AND participation <= 1),
        weighted boolean NOT NULL,
        set_by text NOT NULL,
        set_at timestamptz NOT NULL
    )
    """,
    # the VaR as last told on the day, for the next one, and what the day earned
    """
    CREATE TABLE risk_days (
        account text NOT NULL CHECK (account <> ''),
        day date NOT NULL,
        var95 double precision NOT NULL,
        var99 double precision NOT NULL,
        profit double precision NOT NULL,
        equity double precision NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (account, day)
    )
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE ON sector_codes, risk_settings, risk_days TO qv_app;
            GRANT SELECT, INSERT, UPDATE, DELETE ON sector_overrides, risk_scenarios TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
