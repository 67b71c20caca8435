"""Signals of strategies that weigh a universe: the part of the capital that was told, and the shares that it came to."""

from alembic import op

revision, down_revision = "0034", "0028"

STATEMENTS = (
    "ALTER TABLE signals ADD target numeric, ADD wanted numeric",
    "ALTER TABLE signals DROP CONSTRAINT signals_kind_check",
    """
    ALTER TABLE signals ADD CONSTRAINT signals_kind_check
        CHECK (kind IN ('entry', 'exit', 'short entry', 'short exit', 'target') AND (kind = 'target') = (target IS NOT NULL))
    """,
)


def upgrade() -> None:
    """Change the table."""
    for statement in STATEMENTS:
        op.execute(statement)
