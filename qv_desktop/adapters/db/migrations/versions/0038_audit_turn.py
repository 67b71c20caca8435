"""Whoever adds to a chain of the audit trail takes its turn and hears of its end in one question: an order waits for every one of them."""

from alembic import op

revision, down_revision = "0038", "0037"

# with the caller's rights, who needs them for the end of the chain. Each statement in here sees what was committed until it began: the
# end is that of the moment at which the lock is held. How long locks are waited for stays so until the transaction ends.
TURN = """
CREATE FUNCTION audit_turn(of_chain text, OUT mark text, OUT sequence bigint, OUT hash text) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    mark := pg_current_xact_id()::text;
    PERFORM set_config('lock_timeout', '2s', true);
    PERFORM pg_advisory_xact_lock(hashtext('audit'), hashtext(of_chain));
    SELECT h.sequence, h.hash INTO audit_turn.sequence, audit_turn.hash FROM public.audit_head(of_chain) h;
END $$
"""


def upgrade() -> None:
    """Make it."""
    op.execute(TURN)
