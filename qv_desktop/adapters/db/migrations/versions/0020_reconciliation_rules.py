"""What a reconciliation lets pass and what it books without a person, per account; every change is a row of its own."""

from alembic import op

revision, down_revision = "0020", "0019"

STATEMENTS = (
    """
    CREATE TABLE reconciliation_rules (
        account text NOT NULL CHECK (account <> ''),
        version integer NOT NULL CHECK (version > 0),
        set_at timestamptz NOT NULL,
        set_by text NOT NULL CHECK (set_by <> ''),
        quantity numeric NOT NULL CHECK (quantity >= 0),
        price numeric NOT NULL CHECK (price >= 0),
        cash numeric NOT NULL CHECK (cash >= 0),
        automatic text[] NOT NULL,
        PRIMARY KEY (account, version)
    )
    """,
    """
    CREATE TRIGGER next_version BEFORE INSERT ON reconciliation_rules FOR EACH ROW
    WHEN (current_user LIKE 'qv\\_%') EXECUTE FUNCTION next_version('account')
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT ON reconciliation_rules TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the table; without a row the rules are those that the program comes with."""
    for statement in STATEMENTS:
        op.execute(statement)
