"""The rules of comparisons let nothing pass that the program would not offer, and are of who set them; entries are of who may book."""

from alembic import op

revision, down_revision = "0021", "0020"

OURS = "current_user LIKE 'qv\\_%'"  # the program and people, not the owner at a prompt

STATEMENTS = (
    # what is above was never one of the program's own
    """
    UPDATE reconciliation_rules SET quantity = least(quantity, 1), price = least(price, 1), cash = least(cash, 100)
    """,
    """
    ALTER TABLE reconciliation_rules ADD CONSTRAINT sensible CHECK (quantity <= 1 AND price <= 1 AND cash <= 100)
    """,
    """
    CREATE FUNCTION keep_rules() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF NOT public.shared_login() AND lower(NEW.set_by) <> lower(session_user) THEN
            RAISE EXCEPTION 'nobody sets rules in the name of %', NEW.set_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "REVOKE ALL ON FUNCTION keep_rules() FROM PUBLIC",
    f"CREATE TRIGGER kept BEFORE INSERT ON reconciliation_rules FOR EACH ROW WHEN ({OURS}) EXECUTE FUNCTION keep_rules()",
    # what is booked at one terminal is followed by the others, so that it must be of who may book
    """
    CREATE FUNCTION keep_bookings() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF NEW.what = 'book' AND NOT public.may('reconciliation: approve') THEN
            RAISE EXCEPTION 'entries are booked by who may approve reconciliations' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "REVOKE ALL ON FUNCTION keep_bookings() FROM PUBLIC",
    f"CREATE TRIGGER kept BEFORE INSERT ON break_remarks FOR EACH ROW WHEN ({OURS}) EXECUTE FUNCTION keep_bookings()",
)


def upgrade() -> None:
    """Make them."""
    for statement in STATEMENTS:
        op.execute(statement)
