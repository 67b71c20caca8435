"""Strategies and their versions, backtests with their curves, and deployments."""

from alembic import op

revision, down_revision = "0006", "0005"

STATEMENTS = (
    """
    CREATE TABLE strategies (
        id text PRIMARY KEY CHECK (id <> ''),
        name text NOT NULL UNIQUE CHECK (name <> '')
    )
    """,
    """
    CREATE TABLE strategy_versions (
        strategy text NOT NULL REFERENCES strategies,
        version integer NOT NULL CHECK (version > 0),
        title text NOT NULL,
        parameters jsonb NOT NULL,
        source text NOT NULL,
        code_hash text NOT NULL CHECK (code_hash <> ''),
        author text NOT NULL,
        created timestamptz NOT NULL,
        PRIMARY KEY (strategy, version),
        UNIQUE (strategy, code_hash)
    )
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON strategy_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TABLE backtests (
        id text PRIMARY KEY CHECK (id <> ''),
        strategy text NOT NULL,
        version integer NOT NULL,
        symbol text NOT NULL,
        timeframe text NOT NULL,
        first date NOT NULL,
        last date NOT NULL CHECK (last >= first),
        parameter_names text[] NOT NULL,
        parameter_values double precision[] NOT NULL,
        fees double precision NOT NULL,
        slippage double precision NOT NULL,
        size double precision NOT NULL,
        cash double precision NOT NULL,
        "user" text NOT NULL,
        started timestamptz NOT NULL,
        seconds double precision NOT NULL CHECK (seconds >= 0),
        at bigint[] NOT NULL,
        equity double precision[] NOT NULL,
        benchmark double precision[] NOT NULL,
        drawdown double precision[] NOT NULL,
        statistic_names text[] NOT NULL,
        statistic_values double precision[] NOT NULL,
        trade_entered bigint[] NOT NULL,
        trade_left bigint[] NOT NULL,
        trade_size double precision[] NOT NULL,
        trade_entry double precision[] NOT NULL,
        trade_exit double precision[] NOT NULL,
        trade_profit double precision[] NOT NULL,
        trade_fraction double precision[] NOT NULL,
        bars integer NOT NULL CHECK (bars >= 0),
        code_hash text NOT NULL,
        data_hash text NOT NULL,
        spec_hash text NOT NULL,
        engine text NOT NULL,
        CHECK (cardinality(parameter_names) = cardinality(parameter_values)),
        CHECK (cardinality(statistic_names) = cardinality(statistic_values)),
        CHECK (cardinality(at) = cardinality(equity) AND cardinality(at) = cardinality(benchmark)
               AND cardinality(at) = cardinality(drawdown)),
        CHECK (cardinality(trade_entered) = cardinality(trade_left) AND cardinality(trade_entered) = cardinality(trade_size)
               AND cardinality(trade_entered) = cardinality(trade_entry) AND cardinality(trade_entered) = cardinality(trade_exit)
               AND cardinality(trade_entered) = cardinality(trade_profit)
               AND cardinality(trade_entered) = cardinality(trade_fraction))
    )
    """,
    "CREATE INDEX backtests_started ON backtests (started)",
    """
    CREATE TABLE deployments (
        id text PRIMARY KEY CHECK (id <> ''),
        strategy text NOT NULL,
        version integer NOT NULL,
        account text NOT NULL CHECK (account <> ''),
        symbol text NOT NULL CHECK (symbol <> ''),
        timeframe text NOT NULL,
        parameter_names text[] NOT NULL,
        parameter_values double precision[] NOT NULL,
        state text NOT NULL CHECK (state IN ('starting', 'running', 'stopped', 'failed')),
        started_by text NOT NULL,
        started timestamptz NOT NULL,
        ended timestamptz CHECK (ended >= started),
        reason text NOT NULL,
        FOREIGN KEY (strategy, version) REFERENCES strategy_versions,
        CHECK (cardinality(parameter_names) = cardinality(parameter_values)),
        CHECK ((state IN ('stopped', 'failed')) = (ended IS NOT NULL))
    )
    """,
    # one strategy trades one symbol of one account once
    """
    CREATE UNIQUE INDEX deployments_live ON deployments (account, strategy, symbol) WHERE ended IS NULL
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
