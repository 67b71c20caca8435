"""A stop loss may be a stop-limit order: its limit is part of what was asked for."""

from alembic import op

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    """Add the column; orders until now had none."""
    op.execute("ALTER TABLE orders ADD COLUMN stop_loss_limit numeric")
