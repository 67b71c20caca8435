"""Reset codes and another password for those whose log-in the server decides: counted, compared and changed on the server.

Steps 0011 and 0013 come together here: ``door_enter`` also says whether somebody waits for a new password, and what their role may.
"""

from alembic import op

revision, down_revision = "0015", "0014"

STATEMENTS = (
    # one attempt of the caller's name, counted as failed until proved otherwise; for the functions below alone
    """
    CREATE FUNCTION door_count(OUT admitted boolean, OUT until timestamptz) LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        whose text := lower(session_user);
        moment timestamptz := clock_timestamp();
    BEGIN
        INSERT INTO public.lockouts AS l (name, failures, last_at, locked_until) VALUES (whose, 1, moment, NULL)
        ON CONFLICT (name) DO UPDATE SET
            failures = CASE WHEN l.locked_until IS NULL THEN l.failures + 1 ELSE 1 END,
            last_at = greatest(l.last_at, moment),
            locked_until = CASE WHEN l.locked_until IS NULL AND l.failures + 1 >= 5
                                THEN greatest(l.last_at, moment) + interval '15 minutes' END
        WHERE l.locked_until IS NULL OR l.locked_until <= moment
        RETURNING l.locked_until INTO until;
        admitted := FOUND;
        IF NOT admitted THEN
            SELECT l.locked_until INTO until FROM public.lockouts l WHERE l.name = whose;
        END IF;
    END $$
    """,
    "DROP FUNCTION door_enter(text)",
    """
    CREATE FUNCTION door_enter(proof text)
    RETURNS TABLE (outcome text, locked_until timestamptz, id text, name text, role text, state text, role_version integer,
                   permissions text[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    #variable_conflict use_column
    DECLARE
        known public.users;
        counted record;
    BEGIN
        SELECT * INTO counted FROM public.door_count();
        SELECT * INTO known FROM public.users u WHERE lower(u.name) = lower(session_user);
        outcome := CASE
            WHEN NOT counted.admitted THEN 'locked'
            WHEN known.password_hash IS NULL OR known.password_hash IS DISTINCT FROM proof THEN 'wrong'
            WHEN known.state <> 'active' THEN 'suspended'
            WHEN EXISTS (SELECT FROM public.password_resets r WHERE r.user_id = known.id) THEN 'reset'
            ELSE 'ok' END;
        IF outcome <> 'ok' THEN
            locked_until := CASE WHEN outcome IN ('locked', 'wrong') THEN counted.until END;
            RETURN NEXT;
            RETURN;
        END IF;
        DELETE FROM public.lockouts l WHERE l.name = lower(session_user);
        RETURN QUERY SELECT 'ok', NULL::timestamptz, known.id, known.name, known.role, known.state, known.role_version,
                            (SELECT r.permissions FROM public.roles r WHERE r.name = known.role);
    END $$
    """,
    """
    CREATE FUNCTION door_redeem(code bytea, new_hash text)
    RETURNS TABLE (outcome text, locked_until timestamptz, id text, name text, role text, state text, role_version integer,
                   permissions text[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    #variable_conflict use_column
    DECLARE
        counted record;
        whose text;
    BEGIN
        SELECT * INTO counted FROM public.door_count();
        IF counted.admitted THEN
            DELETE FROM public.password_resets r USING public.users u
            WHERE r.user_id = u.id AND lower(u.name) = lower(session_user) AND u.state = 'active' AND r.code_hash = code
                AND r.expires > clock_timestamp() RETURNING u.id INTO whose;
        END IF;
        IF whose IS NULL THEN
            outcome := CASE WHEN counted.admitted THEN 'wrong' ELSE 'locked' END;
            locked_until := counted.until;
            RETURN NEXT;
            RETURN;
        END IF;
        UPDATE public.users u SET password_hash = new_hash WHERE u.id = whose;
        UPDATE public.sessions s SET ended = greatest(clock_timestamp(), s.started), ended_because = 'the password was reset'
        WHERE s.user_id = whose AND s.ended IS NULL;
        DELETE FROM public.lockouts l WHERE l.name = lower(session_user);
        RETURN QUERY SELECT 'ok', NULL::timestamptz, u.id, u.name, u.role, u.state, u.role_version,
                            (SELECT r.permissions FROM public.roles r WHERE r.name = u.role) FROM public.users u WHERE u.id = whose;
    END $$
    """,
    # whoever gives the old password once more; a wrong one counts here too, or this would be the way to guess
    """
    CREATE FUNCTION door_change_password(proof text, new_hash text) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NOT (SELECT admitted FROM public.door_count()) THEN
            RETURN false;
        END IF;
        UPDATE public.users SET password_hash = new_hash
        WHERE lower(name) = lower(session_user) AND state = 'active' AND password_hash = proof;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        DELETE FROM public.lockouts WHERE name = lower(session_user);
        RETURN true;
    END $$
    """,
    "REVOKE ALL ON FUNCTION door_count(), door_enter(text), door_redeem(bytea, text), door_change_password(text, text) FROM PUBLIC",
)


def upgrade() -> None:
    """Make them; nobody but their owner may call them until it is granted."""
    for statement in STATEMENTS:
        op.execute(statement)
