"""The break queue with its story; runs that say the same as the one before share its breaks; one row a day for the trend."""

from alembic import op

revision, down_revision = "0017", "0016"

STATEMENTS = (
    """
    CREATE TABLE breaks (
        id text PRIMARY KEY CHECK (id <> ''),
        account text NOT NULL,
        section text NOT NULL,
        key text NOT NULL,
        kind text NOT NULL,
        severity text NOT NULL CHECK (severity IN ('high', 'medium', 'low')),
        internal text NOT NULL,
        external text NOT NULL,
        difference text NOT NULL,
        at_risk numeric NOT NULL,
        proposal text NOT NULL,
        first_seen timestamptz NOT NULL,
        opened timestamptz NOT NULL,
        last_seen timestamptz NOT NULL,
        last_run text NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'explained', 'carried', 'resolved', 'gone')),
        owner text NOT NULL,
        decided_by text NOT NULL,
        decided_at timestamptz,
        reason text NOT NULL,
        until date,
        signed_by text NOT NULL,
        signed_at timestamptz,
        times integer NOT NULL CHECK (times > 0),
        version integer NOT NULL CHECK (version > 0),
        UNIQUE (account, section, key, kind),
        CHECK (state NOT IN ('explained', 'carried', 'resolved') OR (decided_by <> '' AND reason <> '')),
        CHECK (signed_by = '' OR (signed_by <> decided_by AND decided_by <> ''))
    )
    """,
    "CREATE INDEX breaks_worked ON breaks (account) WHERE state IN ('open', 'explained', 'carried')",
    "CREATE INDEX breaks_seen ON breaks (account, last_seen)",
    """
    CREATE TABLE break_remarks (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        item text NOT NULL REFERENCES breaks,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        what text NOT NULL,
        words text NOT NULL
    )
    """,
    "CREATE INDEX break_remarks_of ON break_remarks (item, id)",
    # a signature is a row of its own, so that the right to give one is the right to that table
    """
    CREATE TABLE break_signatures (
        item text NOT NULL REFERENCES breaks,
        version integer NOT NULL,
        signer text NOT NULL CHECK (signer <> ''),
        at timestamptz NOT NULL,
        PRIMARY KEY (item, version)
    )
    """,
    """
    CREATE FUNCTION keep_four_eyes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$ BEGIN
        IF NOT EXISTS (SELECT FROM break_signatures s WHERE s.item = OLD.id AND s.version = OLD.version AND s.signer = NEW.signed_by) THEN
            RAISE EXCEPTION 'break % is not signed by %', OLD.id, NEW.signed_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER four_eyes BEFORE UPDATE ON breaks FOR EACH ROW
    WHEN (NEW.signed_by <> '' AND NEW.signed_by IS DISTINCT FROM OLD.signed_by) EXECUTE FUNCTION keep_four_eyes()
    """,
    """
    CREATE TABLE reconciliation_days (
        account text NOT NULL,
        day date NOT NULL,
        runs integer NOT NULL CHECK (runs > 0),
        failed integer NOT NULL CHECK (failed BETWEEN 0 AND runs),
        most integer NOT NULL,
        most_at_risk numeric NOT NULL,
        last integer NOT NULL,
        last_at_risk numeric NOT NULL,
        PRIMARY KEY (account, day)
    )
    """,
    """
    ALTER TABLE reconciliation_runs
        ADD COLUMN account_id text NOT NULL DEFAULT '',
        ADD COLUMN breaks_of text REFERENCES reconciliation_runs ON DELETE CASCADE,
        ADD COLUMN breaks integer NOT NULL DEFAULT 0,
        ADD COLUMN at_risk numeric NOT NULL DEFAULT 0
    """,
    """
    UPDATE reconciliation_runs AS run SET breaks_of = run.id, breaks = found.count, at_risk = found.at_risk
    FROM (SELECT run.id, count(b.run) AS count, coalesce(sum(b.at_risk), 0) AS at_risk
          FROM reconciliation_runs AS run LEFT JOIN reconciliation_breaks AS b ON b.run = run.id GROUP BY run.id) AS found
    WHERE found.id = run.id
    """,
    "ALTER TABLE reconciliation_runs ALTER COLUMN breaks_of SET NOT NULL",
    "CREATE INDEX reconciliation_runs_newest ON reconciliation_runs (account_id, at)",
    "CREATE INDEX reconciliation_runs_news ON reconciliation_runs (account_id, at) WHERE breaks_of = id OR operator <> 'system'",
    "CREATE INDEX reconciliation_runs_sharing ON reconciliation_runs (breaks_of) WHERE breaks_of <> id",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE ON breaks, reconciliation_days TO qv_app;
            GRANT SELECT, INSERT ON break_remarks, break_signatures TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables, and let every run that is stored already keep its own breaks."""
    for statement in STATEMENTS:
        op.execute(statement)
