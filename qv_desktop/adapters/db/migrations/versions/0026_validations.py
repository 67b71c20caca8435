"""What tests of sweeps told, and what the look-ahead check told of code with certain parameters: written once, never changed."""

from alembic import op

revision, down_revision = "0026", "0025"

STATEMENTS = (
    """
    CREATE TABLE validations (
        id text PRIMARY KEY CHECK (id <> ''),
        kind text NOT NULL CHECK (kind IN ('overfitting', 'walk_forward', 'cross_validation', 'monte_carlo')),
        sweep text NOT NULL CHECK (sweep <> ''),
        chosen double precision[] NOT NULL,
        "user" text NOT NULL,
        at timestamptz NOT NULL,
        seconds double precision NOT NULL CHECK (seconds >= 0),
        settings jsonb NOT NULL,
        figures jsonb NOT NULL,
        curves jsonb NOT NULL,
        level text NOT NULL CHECK (level IN ('good', 'doubtful', 'bad', 'unknown')),
        sentence text NOT NULL CHECK (sentence <> '')
    )
    """,
    "CREATE INDEX validations_sweep ON validations (sweep, kind, at)",
    """
    CREATE TABLE look_ahead_checks (
        code_hash text NOT NULL CHECK (code_hash <> ''),
        parameters_hash text NOT NULL CHECK (parameters_hash <> ''),
        parameter_names text[] NOT NULL,
        parameter_values double precision[] NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('passed', 'fails', 'unsteady', 'unable')),
        bar integer,
        bar_at bigint,
        symbol text NOT NULL,
        shown integer NOT NULL CHECK (shown >= 0),
        compared integer NOT NULL CHECK (compared >= 0),
        unable integer NOT NULL CHECK (unable >= 0),
        bars integer NOT NULL CHECK (bars >= 0),
        reason text NOT NULL,
        "user" text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (code_hash, parameters_hash),
        CHECK (cardinality(parameter_names) = cardinality(parameter_values)),
        CHECK ((outcome = 'fails') = (bar IS NOT NULL))
    )
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT ON validations, look_ahead_checks TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
