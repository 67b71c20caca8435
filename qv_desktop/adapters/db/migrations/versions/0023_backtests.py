"""Backtests of several symbols: all of their terms, what each trade was and why it ended, what was missing; and what people noted."""

from alembic import op

revision, down_revision = "0023", "0022"

STATEMENTS = (
    # rows of earlier versions have no terms but those in columns of their own; what they could not tell is empty
    """
    ALTER TABLE backtests
        ADD COLUMN terms jsonb CHECK (terms IS NULL OR jsonb_typeof(terms) = 'object'),
        ADD COLUMN exposure double precision[] NOT NULL DEFAULT '{}',
        ADD COLUMN month_years integer[] NOT NULL DEFAULT '{}',
        ADD COLUMN month_numbers integer[] NOT NULL DEFAULT '{}',
        ADD COLUMN month_returns double precision[] NOT NULL DEFAULT '{}',
        ADD COLUMN part_symbols text[] NOT NULL DEFAULT '{}',
        ADD COLUMN part_profits double precision[] NOT NULL DEFAULT '{}',
        ADD COLUMN part_fees double precision[] NOT NULL DEFAULT '{}',
        ADD COLUMN part_trades integer[] NOT NULL DEFAULT '{}',
        ADD COLUMN missing text[] NOT NULL DEFAULT '{}',
        ADD COLUMN notes text[] NOT NULL DEFAULT '{}',
        ADD COLUMN version_names text[] NOT NULL DEFAULT '{}',
        ADD COLUMN version_values text[] NOT NULL DEFAULT '{}',
        ADD COLUMN log text NOT NULL DEFAULT '',
        ADD COLUMN trade_symbol text[] NOT NULL DEFAULT '{}',
        ADD COLUMN trade_side text[] NOT NULL DEFAULT '{}',
        ADD COLUMN trade_fees double precision[] NOT NULL DEFAULT '{}',
        ADD COLUMN trade_mae double precision[] NOT NULL DEFAULT '{}',
        ADD COLUMN trade_mfe double precision[] NOT NULL DEFAULT '{}',
        ADD COLUMN trade_open boolean[] NOT NULL DEFAULT '{}',
        ADD COLUMN trade_bars integer[] NOT NULL DEFAULT '{}',
        ADD COLUMN trade_reason text[] NOT NULL DEFAULT '{}',
        ADD CHECK (cardinality(exposure) IN (0, cardinality(at))),
        ADD CHECK (cardinality(month_years) = cardinality(month_numbers) AND cardinality(month_years) = cardinality(month_returns)),
        ADD CHECK (cardinality(part_symbols) = cardinality(part_profits) AND cardinality(part_symbols) = cardinality(part_fees)
                   AND cardinality(part_symbols) = cardinality(part_trades)),
        ADD CHECK (cardinality(version_names) = cardinality(version_values)),
        ADD CHECK (terms IS NULL OR (cardinality(trade_symbol) = cardinality(trade_entered)
                   AND cardinality(trade_side) = cardinality(trade_entered) AND cardinality(trade_fees) = cardinality(trade_entered)
                   AND cardinality(trade_mae) = cardinality(trade_entered) AND cardinality(trade_mfe) = cardinality(trade_entered)
                   AND cardinality(trade_open) = cardinality(trade_entered) AND cardinality(trade_bars) = cardinality(trade_entered)
                   AND cardinality(trade_reason) = cardinality(trade_entered)))
    """,
    "CREATE INDEX backtests_page ON backtests (started DESC, id)",
    """
    CREATE TABLE backtest_notes (
        run text PRIMARY KEY REFERENCES backtests ON DELETE CASCADE,
        starred boolean NOT NULL,
        remark text NOT NULL,
        by text NOT NULL CHECK (by <> ''),
        at timestamptz NOT NULL
    )
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON backtest_notes TO qv_app;
        END IF;
    END $$
    """,
)  # fmt: skip


def upgrade() -> None:
    """Widen the table; what is stored stays as it is."""
    for statement in STATEMENTS:
        op.execute(statement)
