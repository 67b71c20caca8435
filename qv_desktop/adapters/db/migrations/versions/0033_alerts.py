"""Alerts of each terminal with everything that was done about them, a person's own rules, and the desk's settings of its rules.

What was done is in the name of whoever did it and is never changed; a terminal writes its own alerts alone."""

from alembic import op

revision, down_revision = "0033", "0032"

STATEMENTS = (
    """
    CREATE TABLE alerts (
        id text PRIMARY KEY CHECK (id <> ''),
        "user" text NOT NULL,
        account text NOT NULL,
        rule text NOT NULL CHECK (rule <> ''),
        subject text NOT NULL,
        title text NOT NULL,
        severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
        level integer NOT NULL CHECK (level BETWEEN 0 AND 2),
        value double precision,
        threshold double precision,
        unit text NOT NULL,
        words text NOT NULL,
        raised timestamptz NOT NULL,
        times integer NOT NULL CHECK (times > 0),
        escalated timestamptz,
        snoozed_until timestamptz,
        cleared timestamptz,
        panel text NOT NULL,
        about text NOT NULL
    )
    """,
    'CREATE INDEX alerts_active ON alerts ("user") WHERE cleared IS NULL',
    "CREATE INDEX alerts_escalated ON alerts (escalated) WHERE escalated IS NOT NULL",
    """
    CREATE TABLE alert_deeds (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        alert text NOT NULL REFERENCES alerts (id),
        at timestamptz NOT NULL,
        actor text NOT NULL,
        what text NOT NULL CHECK (what IN ('raised', 'again', 'worse', 'eased', 'acknowledged', 'snoozed', 'woken', 'escalated',
                                           'cleared')),
        value double precision,
        threshold double precision,
        words text NOT NULL
    )
    """,
    "CREATE INDEX alert_deeds_alert ON alert_deeds (alert, id)",
    "CREATE INDEX alert_deeds_at ON alert_deeds (at)",
    """
    CREATE TABLE alert_rules (
        "user" text NOT NULL,
        id text NOT NULL CHECK (id <> ''),
        name text NOT NULL CHECK (name <> ''),
        condition text NOT NULL CHECK (condition <> ''),
        severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
        enabled boolean NOT NULL,
        made timestamptz NOT NULL,
        PRIMARY KEY ("user", id)
    )
    """,
    """
    CREATE TABLE alert_settings (
        rule text NOT NULL CHECK (rule <> ''),
        version integer NOT NULL CHECK (version > 0),
        set_at timestamptz NOT NULL,
        set_by text NOT NULL,
        severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
        enabled boolean NOT NULL,
        near double precision CHECK (near >= 0),
        breached double precision NOT NULL CHECK (breached >= 0),
        hold double precision NOT NULL CHECK (hold >= 0),
        escalate double precision NOT NULL CHECK (escalate >= 0),
        PRIMARY KEY (rule, version)
    )
    """,
    # a deed is in the name of whoever did it; the newest version of a setting counts, so nobody chooses its number
    """
    CREATE FUNCTION guard_alert_deeds() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        whose text;
    BEGIN
        IF public.shared_login() THEN
            RETURN NEW;
        END IF;
        IF lower(NEW.actor) <> lower(session_user) THEN
            RAISE EXCEPTION 'nobody writes down what % did about an alert', NEW.actor USING ERRCODE = 'insufficient_privilege';
        END IF;
        SELECT a."user" INTO whose FROM public.alerts a WHERE a.id = NEW.alert;
        IF NEW.what <> 'acknowledged' AND whose IS DISTINCT FROM public.person() THEN
            RAISE EXCEPTION 'alert % is of another terminal', NEW.alert USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER own_name BEFORE INSERT ON alert_deeds FOR EACH ROW EXECUTE FUNCTION guard_alert_deeds()",
    """
    CREATE FUNCTION guard_alert_settings() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NEW.version <> coalesce((SELECT max(s.version) FROM public.alert_settings s WHERE s.rule = NEW.rule), 0) + 1 THEN
            RAISE EXCEPTION 'the next version of rule % is another', NEW.rule USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NOT public.shared_login() AND lower(NEW.set_by) <> lower(session_user) THEN
            RAISE EXCEPTION 'nobody sets rule % in the name of %', NEW.rule, NEW.set_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER next_version BEFORE INSERT ON alert_settings FOR EACH ROW EXECUTE FUNCTION guard_alert_settings()",
    "REVOKE ALL ON FUNCTION guard_alert_deeds(), guard_alert_settings() FROM PUBLIC",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE ON alerts TO qv_app;
            GRANT SELECT, INSERT ON alert_deeds, alert_settings TO qv_app;
            GRANT SELECT, INSERT, UPDATE, DELETE ON alert_rules TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
