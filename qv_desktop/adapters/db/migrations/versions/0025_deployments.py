"""Deployments with their story, second person and signals; the table that no program wrote to so far is made anew."""

from alembic import op

revision, down_revision = "0025", "0024"

STATEMENTS = (
    "DROP TABLE deployments",
    """
    CREATE TABLE deployments (
        id text PRIMARY KEY CHECK (id <> '' AND length(id) <= 80),
        strategy text NOT NULL,
        version integer NOT NULL,
        account text NOT NULL CHECK (account <> ''),
        environment text NOT NULL CHECK (environment IN ('PAPER', 'LIVE', 'REPLAY', 'SIMULATION')),
        symbols text[] NOT NULL CHECK (cardinality(symbols) > 0),
        timeframe text NOT NULL,
        terms text NOT NULL,
        digest text NOT NULL,
        stage text NOT NULL CHECK (stage IN ('draft', 'paper', 'approval asked', 'approved', 'live')),
        state text NOT NULL CHECK (state IN ('not started', 'running', 'paused', 'stopped', 'failed')),
        reason text NOT NULL,
        created_by text NOT NULL CHECK (created_by <> ''),
        created timestamptz NOT NULL,
        started_by text NOT NULL,
        started timestamptz,
        asked_by text NOT NULL,
        asked_at timestamptz,
        approved_by text NOT NULL,
        approved_at timestamptz,
        anchor bigint NOT NULL,
        evaluated bigint NOT NULL,
        revision integer NOT NULL CHECK (revision > 0),
        FOREIGN KEY (strategy, version) REFERENCES strategy_versions,
        CHECK (digest = encode(sha256(convert_to(terms, 'UTF8')), 'hex')),
        CHECK ((environment = 'LIVE') = (stage = 'live')),
        CHECK (stage <> 'draft' OR state = 'not started'),
        CHECK (state <> 'running' OR (started_by <> '' AND started IS NOT NULL)),
        CHECK ((stage IN ('approved', 'live')) = (approved_by <> '')),
        CHECK ((stage IN ('approval asked', 'approved', 'live')) = (asked_by <> '')),
        CHECK (approved_by = '' OR lower(approved_by) NOT IN (lower(asked_by), lower(created_by)))
    )
    """,
    "CREATE INDEX deployments_of ON deployments (account)",
    """
    CREATE TABLE deployment_steps (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        deployment text NOT NULL REFERENCES deployments ON DELETE CASCADE,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        step text NOT NULL,
        words text NOT NULL
    )
    """,
    "CREATE INDEX deployment_steps_of ON deployment_steps (deployment, id)",
    # a signature is a row of its own, so that the right to give one is the right to that table
    """
    CREATE TABLE deployment_approvals (
        deployment text NOT NULL REFERENCES deployments ON DELETE CASCADE,
        revision integer NOT NULL,
        digest text NOT NULL,
        signer text NOT NULL CHECK (signer <> ''),
        at timestamptz NOT NULL,
        PRIMARY KEY (deployment, revision)
    )
    """,
    # one row of each: whoever writes it first makes the order, so that a restart, a replayed bar or a second desk makes none
    """
    CREATE TABLE signals (
        deployment text NOT NULL REFERENCES deployments ON DELETE CASCADE,
        account text NOT NULL CHECK (account <> ''),
        symbol text NOT NULL CHECK (symbol <> ''),
        bar bigint NOT NULL,
        kind text NOT NULL CHECK (kind IN ('entry', 'exit', 'short entry', 'short exit')),
        side text NOT NULL CHECK (side IN ('buy', 'sell')),
        price numeric NOT NULL CHECK (price > 0 AND price < 'Infinity'),
        at timestamptz NOT NULL,
        strategy text NOT NULL,
        fate text NOT NULL CHECK (fate IN ('pending', 'order', 'refused', 'blocked', 'late', 'nothing to do', 'waits')),
        reason text NOT NULL,
        order_id text NOT NULL,
        PRIMARY KEY (deployment, symbol, bar, kind)
    )
    """,
    "CREATE INDEX signals_newest ON signals (account, at)",
    """
    CREATE FUNCTION keep_deployments() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        shared boolean := public.shared_login();
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.stage <> 'draft' OR NOT shared AND lower(NEW.created_by) <> lower(session_user) THEN
                RAISE EXCEPTION 'deployment % begins as a draft of whoever makes it', NEW.id USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END IF;
        IF (NEW.id, NEW.created_by, NEW.created) IS DISTINCT FROM (OLD.id, OLD.created_by, OLD.created) THEN
            RAISE EXCEPTION 'deployment % was made by %', OLD.id, OLD.created_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.terms <> OLD.terms AND NEW.stage NOT IN ('draft', 'paper') THEN
            RAISE EXCEPTION 'other terms of deployment % have to be approved anew', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF (NEW.strategy, NEW.version, NEW.symbols, NEW.timeframe) IS DISTINCT FROM
           (OLD.strategy, OLD.version, OLD.symbols, OLD.timeframe) AND NEW.terms = OLD.terms THEN
            RAISE EXCEPTION 'what deployment % runs is what its terms say', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF (NEW.account, NEW.environment) IS DISTINCT FROM (OLD.account, OLD.environment)
            AND NOT (NEW.stage = 'live' AND OLD.stage = 'approved') THEN
            RAISE EXCEPTION 'deployment % is bound to its account', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.stage = 'approval asked' AND OLD.stage <> NEW.stage AND NOT shared AND lower(NEW.asked_by) <> lower(session_user) THEN
            RAISE EXCEPTION 'nobody asks in the name of %', NEW.asked_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.stage = 'approved' AND OLD.stage <> 'approved' AND NOT (OLD.stage = 'approval asked' AND EXISTS (
            SELECT FROM public.deployment_approvals a WHERE a.deployment = OLD.id AND a.revision = OLD.revision
                AND a.digest = NEW.digest AND a.signer = NEW.approved_by)) THEN
            RAISE EXCEPTION 'deployment % is not approved by %', OLD.id, NEW.approved_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.stage = 'live' AND OLD.stage NOT IN ('approved', 'live') OR OLD.stage = 'live' AND NEW.stage <> 'live' THEN
            RAISE EXCEPTION 'deployment % goes live once it is approved', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.stage IN ('approved', 'live') AND OLD.stage IN ('approved', 'live')
            AND (NEW.asked_by, NEW.approved_by, NEW.terms) IS DISTINCT FROM (OLD.asked_by, OLD.approved_by, OLD.terms) THEN
            RAISE EXCEPTION 'deployment % was approved by % as it was', OLD.id, OLD.approved_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON deployments FOR EACH ROW EXECUTE FUNCTION keep_deployments()",
    """
    CREATE FUNCTION keep_approvals() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NOT public.shared_login() AND (lower(NEW.signer) <> lower(session_user) OR NOT public.may('strategies: approve')) THEN
            RAISE EXCEPTION 'nobody approves in the name of %', NEW.signer USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF EXISTS (SELECT FROM public.deployments d WHERE d.id = NEW.deployment
                   AND lower(NEW.signer) IN (lower(d.asked_by), lower(d.created_by))) THEN
            RAISE EXCEPTION 'a second person approves deployment %', NEW.deployment USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER kept BEFORE INSERT ON deployment_approvals FOR EACH ROW EXECUTE FUNCTION keep_approvals()",
    "REVOKE ALL ON FUNCTION keep_deployments(), keep_approvals() FROM PUBLIC",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON deployments TO qv_app;
            GRANT SELECT, INSERT, UPDATE ON signals TO qv_app;
            GRANT SELECT, INSERT ON deployment_steps, deployment_approvals TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
