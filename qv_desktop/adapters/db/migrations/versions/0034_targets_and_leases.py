"""Targets of strategies that weigh a universe; which desk runs a deployment; and rows that nobody writes in another's name.

Drafts of strategies are each terminal's own. What a person with a login of their own adds to a deployment's story happened in the same
transaction, a signal is of what they run themselves, and a backtest, sweep, validation or look-ahead check is theirs. A role that loses
a right pauses what its holders run.
"""

from alembic import op

revision, down_revision = "0034", "0033"

TARGETS = (
    "ALTER TABLE signals ADD target numeric, ADD wanted numeric",
    "ALTER TABLE signals DROP CONSTRAINT signals_kind_check",
    """
    ALTER TABLE signals ADD CONSTRAINT signals_kind_check
        CHECK (kind IN ('entry', 'exit', 'short entry', 'short exit', 'target') AND (kind = 'target') = (target IS NOT NULL))
    """,
)

# one desk runs a deployment: whoever holds its row and renews it; times are the server's, for desks' clocks differ
LEASES = (
    """
    CREATE TABLE deployment_leases (
        deployment text PRIMARY KEY REFERENCES deployments ON DELETE CASCADE,
        desk text NOT NULL CHECK (desk <> ''),
        host text NOT NULL,
        person text NOT NULL CHECK (person <> ''),
        renewed timestamptz NOT NULL
    )
    """,
    """
    CREATE FUNCTION keep_leases() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF public.shared_login() THEN
            RETURN coalesce(NEW, OLD);
        END IF;
        IF TG_OP <> 'INSERT' AND lower(OLD.person) <> lower(session_user) AND OLD.renewed > clock_timestamp() - interval '15 seconds' THEN
            RAISE EXCEPTION 'deployment % is run by %', OLD.deployment, OLD.person USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        IF lower(NEW.person) <> lower(session_user) OR NEW.renewed > clock_timestamp() THEN
            RAISE EXCEPTION 'nobody runs deployment % in the name of %', NEW.deployment, NEW.person
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER kept BEFORE INSERT OR UPDATE OR DELETE ON deployment_leases FOR EACH ROW EXECUTE FUNCTION keep_leases()",
)

# what one person types of one strategy at two terminals are two texts
DRAFTS = (
    "ALTER TABLE strategy_drafts ADD terminal text NOT NULL DEFAULT ''",
    "ALTER TABLE strategy_drafts DROP CONSTRAINT strategy_drafts_pkey",
    'ALTER TABLE strategy_drafts ADD PRIMARY KEY ("user", strategy, terminal)',
)

GUARDS = (
    # a line of the story tells what this very transaction did; what changes no row is told in one's own name
    # a version that its reader sees and whose transaction is under way is the reader's own, also behind a savepoint
    """
    CREATE FUNCTION of_this_transaction(row_xmin xid) RETURNS boolean LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        here numeric := pg_current_xact_id()::text::numeric;
        apart numeric := row_xmin::text::numeric - mod(here, 4294967296);
    BEGIN
        IF apart > 2147483648 THEN
            apart := apart - 4294967296;
        ELSIF apart < -2147483648 THEN
            apart := apart + 4294967296;
        END IF;
        RETURN here + apart >= 3 AND coalesce(pg_xact_status((here + apart)::text::xid8) = 'in progress', false);
    END $$
    """,
    """
    CREATE FUNCTION keep_story() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        one public.deployments;
        mine boolean := lower(NEW.actor) = lower(session_user);
        now_done boolean;
        fits boolean;
    BEGIN
        IF public.shared_login() OR current_user <> session_user AND pg_trigger_depth() > 1 THEN
            RETURN NEW;
        END IF;
        SELECT * INTO one FROM public.deployments d WHERE d.id = NEW.deployment;
        SELECT public.of_this_transaction(d.xmin) INTO now_done
            FROM public.deployments d WHERE d.id = NEW.deployment;
        fits := CASE NEW.step
            WHEN 'create' THEN mine AND one.stage = 'draft' AND lower(one.created_by) = lower(session_user)
            WHEN 'deploy' THEN mine AND one.stage = 'paper'
            WHEN 'change' THEN mine AND one.stage IN ('draft', 'paper')
            WHEN 'ask approval' THEN mine AND one.stage = 'approval asked' AND lower(one.asked_by) = lower(session_user)
            WHEN 'approve' THEN mine AND one.stage = 'approved' AND lower(one.approved_by) = lower(session_user)
            WHEN 'decline' THEN mine AND one.stage = 'paper'
            WHEN 'go live' THEN mine AND one.stage = 'live'
            WHEN 'start' THEN mine AND one.state = 'running' AND lower(one.started_by) = lower(session_user)
            WHEN 'stop' THEN mine AND one.state = 'stopped'
            WHEN 'pause' THEN (mine OR NEW.actor = 'system') AND one.state = 'paused'
            WHEN 'fail' THEN (mine OR NEW.actor = 'system') AND one.state = 'failed'
            WHEN 'resume' THEN mine AND one.state = 'running' AND lower(one.started_by) = lower(session_user)
            WHEN 'refused' THEN mine
            WHEN 'close' THEN mine AND one.state = 'stopped'
            ELSE false END;
        IF fits IS NOT TRUE OR NOT (now_done OR NEW.step IN ('resume', 'refused', 'close')) THEN
            RAISE EXCEPTION 'nothing of this was done to deployment %', NEW.deployment USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER kept BEFORE INSERT ON deployment_steps FOR EACH ROW EXECUTE FUNCTION keep_story()",
    # a signal that is there is not acted upon: who could add one would keep another's deployment from trading
    """
    CREATE FUNCTION keep_signals() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND (NEW.deployment, NEW.account, NEW.symbol, NEW.bar, NEW.kind, NEW.price, NEW.at, NEW.strategy, NEW.target)
            IS DISTINCT FROM (OLD.deployment, OLD.account, OLD.symbol, OLD.bar, OLD.kind, OLD.price, OLD.at, OLD.strategy, OLD.target)
            OR TG_OP = 'UPDATE' AND NEW.side <> OLD.side AND OLD.kind <> 'target' THEN
            RAISE EXCEPTION 'a signal stays what was told' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NOT public.shared_login() AND NOT EXISTS (
            SELECT FROM public.deployments d WHERE d.id = NEW.deployment AND lower(d.started_by) = lower(session_user)
                AND d.account = NEW.account AND NEW.symbol = ANY (d.symbols)) THEN
            RAISE EXCEPTION 'signals of deployment % are of whoever runs it', NEW.deployment USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON signals FOR EACH ROW EXECUTE FUNCTION keep_signals()",
    """
    CREATE FUNCTION own_rows() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NOT public.shared_login() AND (TG_OP = 'INSERT' AND lower(NEW."user") <> lower(session_user)
            OR TG_OP = 'UPDATE' AND NEW."user" <> OLD."user") THEN
            RAISE EXCEPTION 'a row of % is of whoever made it', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    *(
        f"CREATE TRIGGER own BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION own_rows()"
        for table in ("backtests", "sweeps", "validations", "look_ahead_checks")
    ),
    """
    CREATE FUNCTION pause_of_role() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        why text := ' may not run it any more: the role ' || NEW.name || ' was changed.';
    BEGIN
        IF NEW.permissions @> ARRAY['strategies: run', 'trading: create'] THEN
            RETURN NULL;
        END IF;
        WITH paused AS (
            UPDATE public.deployments d SET state = 'paused', reason = d.started_by || why, revision = d.revision + 1
            FROM public.users u WHERE d.state = 'running' AND lower(d.started_by) = lower(u.name) AND u.role = NEW.name
            RETURNING d.id, d.reason)
        INSERT INTO public.deployment_steps (deployment, at, actor, step, words)
            SELECT id, now(), session_user, 'pause', reason FROM paused;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER pauses AFTER UPDATE ON roles FOR EACH ROW WHEN (NEW.permissions IS DISTINCT FROM OLD.permissions)
        EXECUTE FUNCTION pause_of_role()
    """,
    "REVOKE ALL ON FUNCTION keep_leases(), keep_story(), keep_signals(), own_rows(), pause_of_role(), of_this_transaction(xid) FROM PUBLIC",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON deployment_leases TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Change and guard the tables."""
    for statement in (*TARGETS, *LEASES, *DRAFTS, *GUARDS):
        op.execute(statement)
