"""Risk limits, trading states and risk events; reconciliation runs and their breaks."""

from alembic import op

revision, down_revision = "0004", "0003"

STATEMENTS = (
    """
    CREATE TABLE risk_limits (
        account text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        set_at timestamptz NOT NULL,
        set_by text NOT NULL,
        order_value numeric NOT NULL CHECK (order_value >= 0),
        order_quantity numeric NOT NULL CHECK (order_quantity >= 0),
        position_fraction numeric NOT NULL CHECK (position_fraction >= 0),
        gross_fraction numeric NOT NULL CHECK (gross_fraction >= 0),
        daily_loss numeric NOT NULL CHECK (daily_loss >= 0),
        collar numeric NOT NULL CHECK (collar >= 0),
        quote_age numeric NOT NULL CHECK (quote_age >= 0),
        orders_per_minute integer NOT NULL CHECK (orders_per_minute >= 0),
        duplicate_seconds numeric NOT NULL CHECK (duplicate_seconds >= 0),
        PRIMARY KEY (account, version)
    )
    """,
    """
    CREATE TABLE risk_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account text NOT NULL,
        at timestamptz NOT NULL,
        kind text NOT NULL CHECK (kind IN ('state', 'limits', 'breach')),
        state text CHECK (state IN ('ACTIVE', 'REDUCING', 'HALTED')),
        actor text NOT NULL,
        reason text NOT NULL,
        CHECK ((kind = 'state') = (state IS NOT NULL))
    )
    """,
    "CREATE INDEX risk_events_state ON risk_events (account, id) WHERE kind = 'state'",
    """
    CREATE TABLE reconciliation_runs (
        id text PRIMARY KEY CHECK (id <> ''),
        at timestamptz NOT NULL,
        account text NOT NULL,
        operator text NOT NULL,
        reason text NOT NULL,
        local_at timestamptz NOT NULL,
        broker_at timestamptz NOT NULL,
        tolerance_quantity numeric NOT NULL CHECK (tolerance_quantity >= 0),
        tolerance_price numeric NOT NULL CHECK (tolerance_price >= 0),
        tolerance_cash numeric NOT NULL CHECK (tolerance_cash >= 0),
        matched integer NOT NULL CHECK (matched >= 0),
        input_hash text NOT NULL
    )
    """,
    "CREATE INDEX reconciliation_runs_at ON reconciliation_runs (at)",
    """
    CREATE TABLE reconciliation_breaks (
        run text NOT NULL REFERENCES reconciliation_runs ON DELETE CASCADE,
        number integer NOT NULL CHECK (number >= 0),
        section text NOT NULL CHECK (section IN ('positions', 'open orders', 'fills', 'cash', 'equity')),
        key text NOT NULL,
        kind text NOT NULL,
        severity text NOT NULL CHECK (severity IN ('high', 'medium', 'low')),
        internal text NOT NULL,
        external text NOT NULL,
        difference text NOT NULL,
        at_risk numeric NOT NULL,
        proposal text NOT NULL,
        PRIMARY KEY (run, number)
    )
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
