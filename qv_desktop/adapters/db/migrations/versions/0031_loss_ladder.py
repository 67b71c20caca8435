"""What the loss ladder stands on is kept with each state of trading; counters of each scope as a day began; the highest equity.

A halt of the ladder is lifted by whoever may change limits: the server holds personal logins to that, too."""

from alembic import op

revision, down_revision = "0031", "0030"

STATEMENTS = (
    "ALTER TABLE risk_events ADD COLUMN standing jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(standing) = 'object')",
    """
    CREATE TABLE risk_counters (
        account text NOT NULL CHECK (account <> ''),
        scope text NOT NULL CHECK (scope IN ('account', 'user', 'strategy', 'symbol')),
        name text NOT NULL,
        day date NOT NULL,
        consecutive_losses integer NOT NULL CHECK (consecutive_losses >= 0),
        last_loss_at timestamptz,
        trades integer NOT NULL CHECK (trades >= 0),
        holdings jsonb NOT NULL CHECK (jsonb_typeof(holdings) = 'object'),
        at timestamptz NOT NULL,
        PRIMARY KEY (account, scope, name, day)
    )
    """,
    """
    CREATE TABLE risk_peaks (
        account text PRIMARY KEY CHECK (account <> ''),
        equity numeric NOT NULL CHECK (equity < 'Infinity'),
        day date NOT NULL,
        adjusted numeric NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE FUNCTION guard_states() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        stood jsonb;
        began date := (now() AT TIME ZONE 'America/New_York')::date;
    BEGIN
        IF NEW.kind <> 'state' OR public.may('risk: change') THEN
            RETURN NEW;
        END IF;
        SELECT standing INTO stood FROM public.risk_events
        WHERE account = NEW.account AND kind = 'state' ORDER BY id DESC LIMIT 1;
        IF EXISTS (
            SELECT FROM jsonb_array_elements(coalesce(stood -> 'held', '[]')) before
            WHERE before ->> 'state' = 'HALTED'
                AND NOT (before ->> 'step' = 'LOSS' AND ((before ->> 'since')::timestamptz AT TIME ZONE 'America/New_York')::date < began)
                AND NOT (NEW.state = 'HALTED' AND EXISTS (
                    SELECT FROM jsonb_array_elements(coalesce(NEW.standing -> 'held', '[]')) later
                    WHERE later ->> 'step' = before ->> 'step' AND later ->> 'state' = 'HALTED'
                        -- of no earlier day, or the next row would lift it as a new day's; desks that saw it at once differ by seconds
                        AND (((later ->> 'since')::timestamptz + interval '1 minute') AT TIME ZONE 'America/New_York')::date
                            >= ((before ->> 'since')::timestamptz AT TIME ZONE 'America/New_York')::date))
        ) THEN
            RAISE EXCEPTION 'a halt of the loss ladder is lifted by whoever may change limits' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER guarded BEFORE INSERT ON risk_events FOR EACH ROW EXECUTE FUNCTION guard_states()",
    # a lower peak would hide a drawdown; one that fell with a withdrawal is reckoned again from the higher one
    """
    CREATE FUNCTION guard_peaks() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NEW.account <> OLD.account OR NEW.equity < OLD.equity AND NOT public.may('risk: change') THEN
            RAISE EXCEPTION 'the highest equity is lowered by whoever may change limits' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER guarded BEFORE UPDATE ON risk_peaks FOR EACH ROW EXECUTE FUNCTION guard_peaks()",
    "REVOKE ALL ON FUNCTION guard_states(), guard_peaks() FROM PUBLIC",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT ON risk_counters TO qv_app;
            GRANT SELECT, INSERT, UPDATE ON risk_peaks TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make them."""
    for statement in STATEMENTS:
        op.execute(statement)
