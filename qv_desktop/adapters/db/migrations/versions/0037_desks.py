"""Two desks on one account: intents are written in turn, each beside all that other desks wrote down before it.

And what a personal login could still write at a prompt that the program never does: how another day began, money that never moved, and
other words of an alert without a line of its history.
"""

from alembic import op

revision, down_revision = "0037", "0036"

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

POSITIONS = (
    # when the newest execution in it happened: a desk that is behind does not write over one that knows more
    "ALTER TABLE positions ADD told timestamptz",
)

ALERTS = (
    # of one person's two terminals each goes on with its own
    "ALTER TABLE alerts ADD terminal text NOT NULL DEFAULT ''",
)

GUARDS = (
    # of days that are over or to come: what is counted today follows from them
    """
    CREATE FUNCTION guard_counters() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        moment timestamp := clock_timestamp() AT TIME ZONE 'America/New_York';
    BEGIN
        IF public.shared_login() THEN
            RETURN NEW;
        END IF;
        IF NEW.day NOT BETWEEN (moment - interval '5 minutes')::date AND (moment + interval '5 minutes')::date THEN
            RAISE EXCEPTION 'how a day began is written on that day' USING ERRCODE = 'insufficient_privilege';
        END IF;
        NEW.at := clock_timestamp();
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER guarded BEFORE INSERT ON risk_counters FOR EACH ROW EXECUTE FUNCTION guard_counters()",
    # as in step 0031, and what is in the highest equity of money that moved does not grow without it: the program takes that off again
    """
    CREATE OR REPLACE FUNCTION guard_peaks() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        counted numeric := CASE WHEN NEW.day <= OLD.day THEN OLD.adjusted ELSE 0 END;
    BEGIN
        IF NEW.account = OLD.account AND public.may('risk: change') THEN
            RETURN NEW;
        END IF;
        IF NEW.account <> OLD.account OR NEW.equity < OLD.equity OR NEW.equity - NEW.adjusted < OLD.equity - counted THEN
            RAISE EXCEPTION 'the highest equity is lowered by whoever may change limits' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.day < OLD.day OR NEW.day > (clock_timestamp() AT TIME ZONE 'America/New_York')::date + 1 THEN
            RAISE EXCEPTION 'the day of the highest equity is today' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    # looked at when the transaction ends, for the program writes the alert first; what its history says is never changed
    """
    CREATE FUNCTION guard_alerts() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NOT public.shared_login()
            AND NOT EXISTS (SELECT FROM public.alert_deeds d WHERE d.alert = NEW.id AND public.of_this_transaction(d.xmin)) THEN
            RAISE EXCEPTION 'alert % changes with a line of its history', NEW.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER told AFTER UPDATE ON alerts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION guard_alerts()
    """,
    "REVOKE ALL ON FUNCTION guard_counters(), guard_peaks(), guard_alerts() FROM PUBLIC",
)

STATEMENTS = (*TURNS, *POSITIONS, *ALERTS, *GUARDS)


def upgrade() -> None:
    """Number the orders, let desks take turns, know the newer of two positions and whose an alert is, and guard what is told."""
    for statement in STATEMENTS:
        op.execute(statement)
