"""Orders with real money are a right of their own, which a Trader has; a role of the desk's own that could send orders keeps it, too.

``permitted`` is replaced in its place, so that what asks it and who may ask it stay as they are.
"""

from alembic import op

revision, down_revision = "0035", "0034"

RIGHT = "trading: run"
STATEMENTS = (
    f"""
    DO $$
    DECLARE
        before text := pg_get_functiondef('permitted(text)'::regprocedure);
        after text := replace(before, ',trading: export,strategies', ',trading: export,{RIGHT},strategies');
    BEGIN
        IF after = before THEN
            RAISE EXCEPTION 'permitted() is not as the steps before left it';
        END IF;
        EXECUTE after;
    END $$
    """,
    f"""
    UPDATE roles SET permissions = permissions || '{RIGHT}'::text
    WHERE 'trading: create' = ANY (permissions) AND NOT '{RIGHT}' = ANY (permissions)
    """,  # noqa: S608 - constants
)


def upgrade() -> None:
    """Know the right."""
    for statement in STATEMENTS:
        op.execute(statement)
