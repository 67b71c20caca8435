"""An order made elsewhere may be of a type that the broker added since; it is kept as such, as every other order is."""

from alembic import op

revision, down_revision = "0036", "0035"

STATEMENTS = (
    "ALTER TABLE orders DROP CONSTRAINT orders_type_check",
    """
    ALTER TABLE orders ADD CONSTRAINT orders_type_check
        CHECK (type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop')
               OR (type = 'unknown' AND broker_id IS NOT NULL))
    """,
)


def upgrade() -> None:
    """Take the word in; nothing of this type is ever sent."""
    for statement in STATEMENTS:
        op.execute(statement)
