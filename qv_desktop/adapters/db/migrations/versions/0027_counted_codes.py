"""A reset code that is tried at a personal login is counted in one transaction and told of in a later one, as a password is."""

from alembic import op

revision, down_revision = "0027", "0026"

STATEMENTS = (
    "ALTER TABLE door_attempts DROP CONSTRAINT door_attempts_outcome_check",
    """
    ALTER TABLE door_attempts ADD CONSTRAINT door_attempts_outcome_check
    CHECK (outcome IN ('ok', 'wrong', 'locked', 'suspended', 'reset', 'code'))
    """,
    "DROP FUNCTION door_redeem(bytea, text)",
    # a code that is right is another outcome than a right password: neither opens what the other does
    """
    CREATE FUNCTION door_show_code(code bytea) RETURNS uuid LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        whose text := lower(session_user);
        counted record;
        good boolean;
        attempt uuid := gen_random_uuid();
    BEGIN
        SELECT * INTO counted FROM public.door_count();
        good := EXISTS (SELECT FROM public.password_resets r JOIN public.users u ON u.id = r.user_id
                        WHERE lower(u.name) = whose AND u.state = 'active' AND r.code_hash = code AND r.expires > clock_timestamp());
        DELETE FROM public.door_attempts WHERE login = whose AND at < clock_timestamp() - interval '1 minute';
        INSERT INTO public.door_attempts (id, login, transaction, at, outcome, locked_until)
        VALUES (attempt, whose, pg_current_xact_id()::text, clock_timestamp(),
                CASE WHEN NOT counted.admitted THEN 'locked' WHEN good THEN 'code' ELSE 'wrong' END,
                CASE WHEN NOT counted.admitted OR NOT good THEN counted.until END);
        RETURN attempt;
    END $$
    """,
    # for whoever showed that code a moment ago, once; no row for anybody else
    """
    CREATE FUNCTION door_redeem(of_attempt uuid, code bytea, new_hash text)
    RETURNS TABLE (id text, name text, role text, state text, role_version integer, permissions text[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    #variable_conflict use_column
    DECLARE
        whose text;
    BEGIN
        IF NOT EXISTS (SELECT FROM public.door_attempts WHERE id = of_attempt AND login = lower(session_user) AND outcome = 'code'
                       AND transaction <> pg_current_xact_id()::text AND at > clock_timestamp() - interval '1 minute') THEN
            RETURN;
        END IF;
        DELETE FROM public.door_attempts WHERE login = lower(session_user);
        DELETE FROM public.password_resets r USING public.users u
        WHERE r.user_id = u.id AND lower(u.name) = lower(session_user) AND u.state = 'active' AND r.code_hash = code
            AND r.expires > clock_timestamp() RETURNING u.id INTO whose;
        IF whose IS NULL THEN
            RETURN;
        END IF;
        UPDATE public.users u SET password_hash = new_hash WHERE u.id = whose;
        UPDATE public.sessions s SET ended = greatest(clock_timestamp(), s.started), ended_because = 'the password was reset'
        WHERE s.user_id = whose AND s.ended IS NULL;
        DELETE FROM public.lockouts l WHERE l.name = lower(session_user);
        RETURN QUERY SELECT u.id, u.name, u.role, u.state, u.role_version,
                            (SELECT r.permissions FROM public.roles r WHERE r.name = u.role) FROM public.users u WHERE u.id = whose;
    END $$
    """,
    "REVOKE ALL ON FUNCTION door_show_code(bytea), door_redeem(uuid, bytea, text) FROM PUBLIC",
)


def upgrade() -> None:
    """Make them; nobody but their owner may call them until it is granted."""
    for statement in STATEMENTS:
        op.execute(statement)
