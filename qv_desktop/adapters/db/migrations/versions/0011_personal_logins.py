"""What a personal database login may ask: functions that look or decide with their owner's rights, and which accounts a login sees.

Each has its search path pinned and names its tables in full, so that nothing of the caller's can stand in their place; each knows
the person by ``session_user``, the login itself, which no SET ROLE changes. ``db grant`` says who may call which.
"""

from alembic import op

revision, down_revision = "0011", "0010"

STATEMENTS = (
    # a login without a row here sees every account
    """
    CREATE TABLE account_access (
        login text NOT NULL CHECK (login = lower(login) AND login <> ''),
        account text NOT NULL CHECK (account <> ''),
        PRIMARY KEY (login, account)
    )
    """,
    """
    CREATE FUNCTION accounts() RETURNS text[] LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT array_agg(account) FROM public.account_access WHERE login = lower(session_user)
    $$
    """,
    # as a comparison with the broker names those accounts, by the end of their numbers
    """
    CREATE FUNCTION account_labels() RETURNS text[] LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT array_agg(DISTINCT '••••' || right(number, 3)) FROM public.account_snapshots WHERE account = ANY (public.accounts())
    $$
    """,
    # the program's user of the same name; none once suspended
    """
    CREATE FUNCTION person() RETURNS text LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT id FROM public.users WHERE lower(name) = lower(session_user) AND state = 'active'
    $$
    """,
    """
    CREATE FUNCTION group_of(role text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT left('qv_' || lower(regexp_replace(role, '[^A-Za-z0-9]+', '_', 'g')), 63)
    $$
    """,
    # whether the person's role as stored now is the one that the connection acts as: a demotion counts from the next statement on
    """
    CREATE FUNCTION acting(as_group name) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT EXISTS (SELECT FROM public.users
                       WHERE lower(name) = lower(session_user) AND state = 'active' AND public.group_of(role) = as_group::text)
    $$
    """,
    # the end of a chain, for those who add to it and may not read it
    """
    CREATE FUNCTION audit_head(of_chain text) RETURNS TABLE (sequence bigint, hash text) LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT a.sequence, a.hash FROM public.audit_log a WHERE a.chain = of_chain ORDER BY a.sequence DESC LIMIT 1
    $$
    """,
    """
    CREATE FUNCTION audit_holds(of_chain text, at_sequence bigint, with_hash text) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT EXISTS (SELECT FROM public.audit_log WHERE (chain, sequence, hash) = (of_chain, at_sequence, with_hash))
    $$
    """,
    # what happened to an order, for those who may see the order and not the trail
    """
    CREATE FUNCTION order_story(of_order text) RETURNS SETOF public.audit_log LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT * FROM public.audit_log WHERE correlation = of_order AND correlation <> '' AND public.person() IS NOT NULL
            AND EXISTS (SELECT FROM public.orders WHERE client_order_id = of_order
                        AND (public.accounts() IS NULL OR account = ANY (public.accounts())))
    $$
    """,
    """
    CREATE FUNCTION door_anybody() RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT EXISTS (SELECT FROM public.users) $$
    """,
    # parameters and salt of the caller's own password, without which the proof cannot be made; never the hash
    """
    CREATE FUNCTION door_salt() RETURNS text LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT regexp_replace(password_hash, '[$][^$]*$', '') FROM public.users WHERE lower(name) = lower(session_user)
    $$
    """,
    # the server counts, compares and locks, by its own clock; the attempt is counted before it is looked at, as in ``lockouts``
    """
    CREATE FUNCTION door_enter(proof text)
    RETURNS TABLE (outcome text, locked_until timestamptz, id text, name text, role text, state text, role_version integer)
    LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    #variable_conflict use_column
    DECLARE
        whose text := lower(session_user);
        moment timestamptz := clock_timestamp();
        until timestamptz;
        known public.users;
    BEGIN
        INSERT INTO public.lockouts AS l (name, failures, last_at, locked_until) VALUES (whose, 1, moment, NULL)
        ON CONFLICT (name) DO UPDATE SET
            failures = CASE WHEN l.locked_until IS NULL THEN l.failures + 1 ELSE 1 END,
            last_at = greatest(l.last_at, moment),
            locked_until = CASE WHEN l.locked_until IS NULL AND l.failures + 1 >= 5
                                THEN greatest(l.last_at, moment) + interval '15 minutes' END
        WHERE l.locked_until IS NULL OR l.locked_until <= moment
        RETURNING l.locked_until INTO until;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'locked', l.locked_until, '', '', '', '', 0 FROM public.lockouts l WHERE l.name = whose;
            RETURN;
        END IF;
        SELECT * INTO known FROM public.users u WHERE lower(u.name) = whose;
        IF known.password_hash IS NULL OR known.password_hash IS DISTINCT FROM proof THEN
            RETURN QUERY SELECT 'wrong', until, '', '', '', '', 0;
        ELSIF known.state <> 'active' THEN
            RETURN QUERY SELECT 'suspended', NULL::timestamptz, '', '', '', '', 0;
        ELSE
            DELETE FROM public.lockouts l WHERE l.name = whose;
            RETURN QUERY SELECT 'ok', NULL::timestamptz, known.id, known.name, known.role, known.state, known.role_version;
        END IF;
    END $$
    """,
    # the first user of all, and only by a login that an administrator's group has
    """
    CREATE FUNCTION door_first_admin(new_id text, new_name text, new_hash text) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        LOCK TABLE public.users IN SHARE ROW EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM public.users) OR lower(new_name) <> lower(session_user)
            OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_admin' AND pg_has_role(session_user, oid, 'MEMBER')) THEN
            RETURN false;
        END IF;
        INSERT INTO public.users (id, name, role, state, role_version, password_hash, created)
        VALUES (new_id, new_name, 'Admin', 'active', 1, new_hash, clock_timestamp());
        RETURN true;
    END $$
    """,
    "REVOKE ALL ON FUNCTION accounts(), account_labels(), person(), group_of(text), acting(name), audit_head(text), "
    "audit_holds(text, bigint, text), order_story(text), door_anybody(), door_salt(), door_enter(text), "
    "door_first_admin(text, text, text) FROM PUBLIC",
    # since PostgreSQL 16 whoever made a role may give it away and not act as it: an owner who is no superuser gives it to itself
    """
    DO $$ BEGIN
        IF current_setting('server_version_num')::integer >= 160000 AND EXISTS (
            SELECT FROM pg_roles WHERE rolname = 'qv_app' AND pg_has_role(oid, 'MEMBER') AND NOT pg_has_role(oid, 'SET')) THEN
            EXECUTE format('GRANT qv_app TO %I WITH INHERIT FALSE, SET TRUE', current_user);
        END IF;
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE NOTICE 'working without the role qv_app';
    END $$
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT EXECUTE ON FUNCTION audit_head(text), audit_holds(text, bigint, text) TO qv_app;
            REVOKE ALL ON account_access FROM qv_app;
            GRANT SELECT ON account_access TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make them; nobody but their owner may call them until it is granted."""
    for statement in STATEMENTS:
        op.execute(statement)
