"""Sweeps: what was run at which parameters, and the figures of every combination as the bytes of their numbers."""

from alembic import op

revision, down_revision = "0024", "0023"

STATEMENTS = (
    """
    CREATE TABLE sweeps (
        id text PRIMARY KEY CHECK (id <> ''),
        strategy text NOT NULL,
        version integer NOT NULL,
        symbol text NOT NULL,
        timeframe text NOT NULL,
        first date NOT NULL,
        last date NOT NULL CHECK (last >= first),
        spec text NOT NULL,
        "user" text NOT NULL,
        started timestamptz NOT NULL,
        seconds double precision NOT NULL CHECK (seconds >= 0),
        combinations integer NOT NULL CHECK (combinations > 0),
        columns integer NOT NULL CHECK (columns > 0),
        "values" bytea NOT NULL,
        figures bytea NOT NULL,
        failed integer[] NOT NULL,
        failures text[] NOT NULL,
        block_bars integer[] NOT NULL,
        bars integer NOT NULL CHECK (bars >= 0),
        year_bars double precision NOT NULL,
        code_hash text NOT NULL,
        data_hash text NOT NULL,
        spec_hash text NOT NULL,
        rows_hash text NOT NULL,
        engine text NOT NULL,
        workers text NOT NULL,
        missing text[] NOT NULL,
        CHECK (octet_length("values") % (8 * combinations) = 0),
        CHECK (octet_length(figures) = 8 * combinations * columns),
        CHECK (cardinality(failed) = cardinality(failures))
    )
    """,
    "CREATE INDEX sweeps_started ON sweeps (started)",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON sweeps TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the table; a row's numbers are little-endian float64, combinations by columns."""
    for statement in STATEMENTS:
        op.execute(statement)
