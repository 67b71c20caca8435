"""Two desks on one account: intents are written in turn, each beside all that other desks wrote down before it."""

from alembic import op

revision, down_revision = "0038", "0035"

TURNS = (
    # ``desk`` is the program that wrote an intent down, empty for what is none of ours; nobody chooses a number
    "ALTER TABLE orders ADD number bigint GENERATED ALWAYS AS IDENTITY, ADD desk text NOT NULL DEFAULT ''",
    "CREATE INDEX orders_of_desks ON orders (account, number) WHERE desk <> ''",
    # with the caller's rights; each statement in here sees what was committed until it began, so that nothing is missed once the lock is
    # held. A way out goes on without it: whoever may connect can hold such a lock. A desk that has heard of nothing (below zero) is told
    # of what is open.
    """
    CREATE FUNCTION take_turn(of_account text, of_desk text, heard bigint, way_out boolean) RETURNS SETOF public.orders LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp SET lock_timeout = '250ms' AS $$
    BEGIN
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('intents'), hashtext(of_account));
        EXCEPTION WHEN lock_not_available THEN
            IF NOT way_out THEN
                RAISE;
            END IF;
        END;
        RETURN QUERY SELECT o.* FROM public.orders o
            WHERE o.account = of_account AND o.desk <> '' AND o.desk <> of_desk AND o.number > heard
                AND (heard >= 0 OR o.status NOT IN ('refused', 'filled', 'canceled', 'expired', 'rejected', 'replaced'))
            ORDER BY o.number LIMIT 1000;
    END $$
    """,
)

STATEMENTS = TURNS


def upgrade() -> None:
    """Number the orders, and let desks take turns."""
    for statement in STATEMENTS:
        op.execute(statement)
