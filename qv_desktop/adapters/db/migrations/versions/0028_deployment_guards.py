"""A deployment's steps count up, so that a signature serves once; nobody asks, starts or changes one in somebody else's name.

What a person runs is paused with the person."""

from alembic import op

revision, down_revision = "0028", "0027"

STATEMENTS = (
    """
    CREATE FUNCTION guard_deployments() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        shared boolean := public.shared_login();
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF NOT shared AND OLD.stage <> 'draft' THEN
                RAISE EXCEPTION 'deployment % was deployed and stays in the books', OLD.id USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN OLD;
        END IF;
        -- a signature is of one revision: were that told again, one that was taken back would count anew
        IF NEW.revision <> OLD.revision + 1 AND (NEW.revision <> OLD.revision OR
            (NEW.stage, NEW.state, NEW.terms, NEW.account, NEW.asked_by, NEW.approved_by, NEW.started_by, NEW.started) IS DISTINCT FROM
            (OLD.stage, OLD.state, OLD.terms, OLD.account, OLD.asked_by, OLD.approved_by, OLD.started_by, OLD.started)) THEN
            RAISE EXCEPTION 'a step of deployment % is revision %', OLD.id, OLD.revision + 1 USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.asked_by <> OLD.asked_by AND NOT (NEW.stage = 'approval asked' AND OLD.stage <> NEW.stage)
            AND NOT (NEW.asked_by = '' AND NEW.stage = 'paper') THEN
            RAISE EXCEPTION 'deployment % was asked for by %', OLD.id, OLD.asked_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.terms <> OLD.terms AND (OLD.state NOT IN ('not started', 'stopped') OR NEW.state = 'running') THEN
            RAISE EXCEPTION 'deployment % is stopped before its terms are changed', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF (NEW.started_by, NEW.started) IS DISTINCT FROM (OLD.started_by, OLD.started) AND NEW.state <> 'running'
            AND NOT (NEW.started_by = '' AND NEW.started IS NULL) THEN
            RAISE EXCEPTION 'deployment % was started by %', OLD.id, OLD.started_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF shared THEN
            RETURN NEW;
        END IF;
        -- its orders are in the name of whoever starts it
        IF NEW.state = 'running' AND (NEW.state, NEW.started_by, NEW.started) IS DISTINCT FROM (OLD.state, OLD.started_by, OLD.started)
            AND NOT (lower(NEW.started_by) = lower(session_user) AND public.may('strategies: run') AND public.may('trading: create')) THEN
            RAISE EXCEPTION 'nobody starts deployment % in the name of %', OLD.id, NEW.started_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.stage = 'live' AND OLD.stage <> 'live' AND NOT (public.may('strategies: run') AND public.may('trading: create')) THEN
            RAISE EXCEPTION 'deployment % is taken live by who may trade', OLD.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER kept_too BEFORE UPDATE OR DELETE ON deployments FOR EACH ROW EXECUTE FUNCTION guard_deployments()",
    # a login that was just suspended cannot write down any more that what it ran is paused: else that would go on by itself once the
    # person is let in again
    """
    CREATE FUNCTION pause_of_person() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        held text[] := coalesce(public.permitted(NEW.role), '{}');
        why text := NEW.name || ' may not run it any more.';
    BEGIN
        IF NEW.state = 'active' AND (NEW.role = 'Admin' OR held @> ARRAY['strategies: run', 'trading: create']) THEN
            RETURN NULL;
        END IF;
        WITH paused AS (
            UPDATE public.deployments SET state = 'paused', reason = why, revision = revision + 1
            WHERE state = 'running' AND lower(started_by) = lower(NEW.name) RETURNING id)
        INSERT INTO public.deployment_steps (deployment, at, actor, step, words) SELECT id, now(), session_user, 'pause', why FROM paused;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER pauses AFTER UPDATE ON users FOR EACH ROW
    WHEN (NEW.state IS DISTINCT FROM OLD.state OR NEW.role IS DISTINCT FROM OLD.role) EXECUTE FUNCTION pause_of_person()
    """,
    "REVOKE ALL ON FUNCTION guard_deployments(), pause_of_person() FROM PUBLIC",
)


def upgrade() -> None:
    """Make them."""
    for statement in STATEMENTS:
        op.execute(statement)
