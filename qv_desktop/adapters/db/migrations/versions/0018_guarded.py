"""What a login may write where only the program stood guard before: who is in which group, people and roles, the trail's chains, the door.

Each function has its search path pinned and names its tables in full, and knows the person by ``session_user``, which no SET ROLE changes.
"""

from alembic import op

revision, down_revision = "0018", "0017"

# a login follows its person into no group but one of a role: one that the door knows, and none of the program's own
FOLLOWS = (
    """
    CREATE FUNCTION is_a_roles_group(wanted name) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT wanted NOT IN ('qv_app', 'qv_door', 'qv_owner') AND EXISTS (
            SELECT FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
            WHERE m.rolname = wanted AND g.rolname = 'qv_door'
                AND NOT (m.rolcanlogin OR m.rolsuper OR m.rolcreaterole OR m.rolbypassrls))
    $$
    """,
    "REVOKE ALL ON FUNCTION is_a_roles_group(name) FROM PUBLIC",
    """
    CREATE OR REPLACE FUNCTION login_follows() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        wanted name := public.group_of(NEW.role);
        login pg_roles;
    BEGIN
        IF NOT public.is_a_roles_group(wanted)
            OR NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'public.users'::regclass), 'MEMBER')
            AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_admin' AND pg_has_role(session_user, oid, 'MEMBER')) THEN
            RETURN NULL;
        END IF;
        SELECT * INTO login FROM pg_roles WHERE lower(rolname) = lower(NEW.name) AND rolcanlogin
            AND NOT (rolsuper OR rolcreaterole OR rolbypassrls);
        IF login.oid IS NULL OR NOT EXISTS (SELECT FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
                                            WHERE a.member = login.oid AND g.rolname = public.group_of(OLD.role)) THEN
            RETURN NULL;
        END IF;
        EXECUTE format('REVOKE %I FROM %I', public.group_of(OLD.role), login.rolname);
        EXECUTE format(CASE WHEN current_setting('server_version_num')::integer >= 160000
                            THEN 'GRANT %I TO %I WITH INHERIT FALSE, SET TRUE' ELSE 'GRANT %I TO %I' END, wanted, login.rolname);
        RETURN NULL;
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN NULL;  -- the login stays where it is, and may nothing until ``db grant`` has moved it
    END $$
    """,
    # roles of such names that there are already get another one
    """
    UPDATE roles SET name = left(name, 30) || ' (role)', version = version + 1
    WHERE lower(regexp_replace(name, '[^A-Za-z0-9]+', '', 'g')) IN ('app', 'door', 'owner')
    """,
    """
    ALTER TABLE roles ADD CONSTRAINT roles_name_free
    CHECK (lower(regexp_replace(name, '[^A-Za-z0-9]+', '', 'g')) NOT IN ('app', 'door', 'owner'))
    """,
)

# what the built-in roles may do, beside what ``roles`` says of the desk's own; an Admin's is everything, and stands nowhere
BUILT_IN = {
    "Trader": "market data: view,market data: create,market data: change,market data: delete,market data: export,"
              "trading: view,trading: create,trading: change,trading: delete,trading: export,"
              "strategies: view,strategies: create,strategies: change,strategies: run,"
              "backtests: view,backtests: create,backtests: run,backtests: export,risk: view,risk: run,audit: view,"
              "reconciliation: view,reconciliation: change,reconciliation: run,reconciliation: export,settings: view,settings: change",
    "Analyst": "market data: view,market data: create,market data: change,market data: delete,market data: export,trading: view,"
               "strategies: view,strategies: create,strategies: change,strategies: run,"
               "backtests: view,backtests: create,backtests: run,backtests: export,risk: view,reconciliation: view,settings: view",
    "Viewer": "market data: view,trading: view,strategies: view,backtests: view,risk: view,reconciliation: view",
}  # fmt: skip
_CASES = " ".join(f"WHEN '{role}' THEN string_to_array('{held}', ',')" for role, held in BUILT_IN.items())

# nobody makes anybody, oneself among them, mightier than oneself, nor touches one who is; an Admin may do all, and who shares a login is
# judged by the program
OUTRANKING = (
    f"""
    CREATE FUNCTION permitted(of_role text) RETURNS text[] LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT CASE of_role {_CASES} ELSE (SELECT permissions FROM public.roles WHERE name = of_role) END
    $$
    """,  # noqa: S608 - constants
    """
    CREATE FUNCTION shared_login(who name DEFAULT session_user) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT EXISTS (SELECT FROM pg_roles g JOIN pg_roles l ON l.rolname = who WHERE pg_has_role(l.oid, g.oid, 'MEMBER') AND (
            g.rolname = 'qv_app' OR g.oid = (SELECT relowner FROM pg_class WHERE oid = 'public.users'::regclass)))
    $$
    """,
    """
    CREATE FUNCTION outranks(VARIADIC others text[]) RETURNS boolean LANGUAGE plpgsql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        own text := (SELECT role FROM public.users WHERE lower(name) = lower(session_user) AND state = 'active');
    BEGIN
        IF public.shared_login() THEN
            RETURN true;
        END IF;
        IF own = 'Admin' THEN
            RETURN EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_admin' AND pg_has_role(session_user, oid, 'MEMBER'));
        END IF;
        RETURN own IS NOT NULL AND 'Admin' <> ALL (others) AND NOT EXISTS (
            SELECT FROM unnest(others) AS other WHERE NOT coalesce(public.permitted(other), '{}') <@ coalesce(public.permitted(own), '{}'));
    END $$
    """,
    """
    CREATE FUNCTION refuse_outranked() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        fine boolean;
        own text;
    BEGIN
        IF public.shared_login() THEN
            fine := true;
        ELSIF TG_TABLE_NAME = 'users' THEN
            fine := CASE TG_OP WHEN 'INSERT' THEN public.outranks(NEW.role)
                                   OR NEW.role = 'Admin' AND lower(NEW.name) = lower(session_user) AND NOT EXISTS (SELECT FROM public.users)
                                      AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_admin'
                                                  AND pg_has_role(session_user, oid, 'MEMBER'))
                               WHEN 'UPDATE' THEN public.outranks(OLD.role, NEW.role)
                               ELSE public.outranks(OLD.role) END;
        ELSIF TG_TABLE_NAME = 'roles' THEN
            own := (SELECT role FROM public.users WHERE lower(name) = lower(session_user) AND state = 'active');
            fine := CASE WHEN own = 'Admin' THEN public.outranks('Admin')
                         ELSE own IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.permissions <@ public.permitted(own))
                              AND (TG_OP = 'DELETE' OR NEW.permissions <@ public.permitted(own)) END;
        ELSE
            fine := (TG_OP = 'INSERT' OR public.outranks((SELECT role FROM public.users WHERE id = OLD.user_id)))
                AND (TG_OP = 'DELETE' OR public.outranks((SELECT role FROM public.users WHERE id = NEW.user_id)));
        END IF;
        IF fine IS NOT TRUE THEN
            RAISE EXCEPTION 'nobody gives or changes what their own role does not have' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER outranked BEFORE INSERT OR DELETE OR UPDATE OF id, name, role, state, role_version ON users "
    "FOR EACH ROW EXECUTE FUNCTION refuse_outranked()",
    "CREATE TRIGGER outranked BEFORE INSERT OR UPDATE OR DELETE ON roles FOR EACH ROW EXECUTE FUNCTION refuse_outranked()",
    "CREATE TRIGGER outranked BEFORE INSERT OR UPDATE OR DELETE ON password_resets FOR EACH ROW EXECUTE FUNCTION refuse_outranked()",
    # looked at when the transaction ends, so that the program's own sentence comes first; FOR SHARE, so that two cannot go at once
    """
    CREATE FUNCTION keep_an_admin() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        PERFORM FROM public.users WHERE role = 'Admin' AND state = 'active' LIMIT 1 FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no active Admin would be left' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END $$
    """,
    # the owner at a prompt may: it is how a desk is repaired
    """
    CREATE CONSTRAINT TRIGGER keep_an_admin AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.role = 'Admin' AND OLD.state = 'active' AND current_user LIKE 'qv\\_%') EXECUTE FUNCTION keep_an_admin()
    """,
    "REVOKE ALL ON FUNCTION permitted(text), shared_login(name), outranks(text[]), refuse_outranked(), keep_an_admin() FROM PUBLIC",
)

# a row stands on the one before it: looked at once for all rows of a statement, after it, so that a batch may hold its own predecessors.
# The owner at a prompt, who may take the trigger away, is left out: a trail is restored with all its faults.
CHAINED = (
    # only where a batch begins is the row before it looked up: each row looked up cost a twentieth of all appends
    """
    CREATE FUNCTION audit_follows() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF EXISTS (
            SELECT FROM (SELECT a.chain, a.sequence, a.previous, lag(a.sequence) OVER run AS before, lag(a.hash) OVER run AS hash
                         FROM added a WINDOW run AS (PARTITION BY a.chain ORDER BY a.sequence)) a
            WHERE a.sequence > 1 AND a.previous IS DISTINCT FROM CASE WHEN a.before = a.sequence - 1 THEN a.hash ELSE (
                SELECT p.hash FROM public.audit_log p WHERE p.chain = a.chain AND p.sequence = a.sequence - 1) END) THEN
            RAISE EXCEPTION 'a row of the audit trail does not follow the one before it' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    "REVOKE ALL ON FUNCTION audit_follows() FROM PUBLIC",
    """
    CREATE TRIGGER follows AFTER INSERT ON audit_log REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    WHEN (current_user LIKE 'qv\\_%') EXECUTE FUNCTION audit_follows()
    """,
    "ALTER TABLE audit_log ENABLE ALWAYS TRIGGER follows",
)

# a chain is of the login that began it, so that whoever records something under another's signature is known by name, or refused
BOUND = (
    """
    CREATE TABLE audit_chains (
        chain text PRIMARY KEY CHECK (chain <> ''),
        login text NOT NULL CHECK (login <> '')
    )
    """,
    # of chains that there are: of the personal login whose person signed in there last; of others nobody's yet
    """
    INSERT INTO audit_chains
    WITH RECURSIVE known AS (
        (SELECT chain FROM audit_log ORDER BY chain LIMIT 1)
        UNION ALL SELECT (SELECT a.chain FROM audit_log a WHERE a.chain > k.chain ORDER BY a.chain LIMIT 1) FROM known k
        WHERE k.chain IS NOT NULL
    )
    SELECT k.chain, l.rolname FROM known k CROSS JOIN LATERAL (
        SELECT a.actor FROM audit_log a WHERE a.chain = k.chain AND a.action = 'session.start' AND a.outcome = 'ok'
        ORDER BY a.sequence DESC LIMIT 1
    ) newest JOIN pg_roles l ON lower(l.rolname) = lower(newest.actor) AND l.rolcanlogin
    WHERE EXISTS (SELECT FROM pg_roles d WHERE d.rolname = 'qv_door' AND pg_has_role(l.oid, d.oid, 'MEMBER')) AND NOT l.rolsuper
    ON CONFLICT DO NOTHING
    """,
    # what a shared login began, or nobody that is known, goes to the first personal one whose person signed in there, or if nobody did
    """
    CREATE FUNCTION take_chain(wanted text, first bigint) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        bound name := (SELECT login FROM public.audit_chains WHERE chain = wanted FOR UPDATE);
        own text := coalesce((SELECT name FROM public.users WHERE lower(name) = lower(session_user)), session_user);
    BEGIN
        IF bound = session_user OR bound IS NOT NULL AND pg_has_role(session_user,
                (SELECT relowner FROM pg_class WHERE oid = 'public.users'::regclass), 'MEMBER') THEN
            RETURN true;
        END IF;
        IF bound IS NOT NULL AND NOT public.shared_login(bound)
            OR first > 1 AND NOT EXISTS (SELECT FROM public.audit_log WHERE chain = wanted AND sequence < first) THEN
            RETURN false;
        END IF;
        IF first > 1 AND NOT public.shared_login()
            AND NOT EXISTS (SELECT FROM public.audit_log WHERE chain = wanted AND actor = own AND sequence < first
                            AND actor_type = 'human' AND outcome = 'ok')
            AND EXISTS (SELECT FROM public.audit_log WHERE chain = wanted AND action = 'session.start' AND outcome = 'ok'
                        AND sequence < first) THEN
            RETURN false;
        END IF;
        INSERT INTO public.audit_chains VALUES (wanted, session_user) ON CONFLICT (chain) DO UPDATE SET login = EXCLUDED.login;
        RETURN true;
    END $$
    """,
    """
    CREATE FUNCTION audit_bound() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        piece record;
    BEGIN
        FOR piece IN SELECT a.chain, CASE TG_TABLE_NAME WHEN 'audit_log' THEN min(a.sequence) ELSE 9223372036854775807 END AS first
                     FROM added a GROUP BY a.chain LOOP
            IF NOT EXISTS (SELECT FROM public.audit_chains c WHERE c.chain = piece.chain AND c.login = session_user::text)
                AND NOT public.take_chain(piece.chain, piece.first) THEN
                RAISE EXCEPTION 'the audit chain % belongs to another login; use a QV_HOME of your own', piece.chain
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
        END LOOP;
        RETURN NULL;
    END $$
    """,
    "REVOKE ALL ON FUNCTION take_chain(text, bigint), audit_bound() FROM PUBLIC",
    *(
        statement
        for table in ("audit_log", "audit_checkpoints")
        for statement in (
            f"CREATE TRIGGER its_own AFTER INSERT ON {table} REFERENCING NEW TABLE AS added FOR EACH STATEMENT "
            "WHEN (current_user LIKE 'qv\\_%') EXECUTE FUNCTION audit_bound()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER its_own",
        )
    ),
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT ON audit_chains TO qv_app;
        END IF;
    END $$
    """,
)

# an attempt is counted and judged in one transaction and told of in a later one: whoever rolls the count back hears nothing
DOOR = (
    """
    CREATE TABLE door_attempts (
        id uuid PRIMARY KEY,
        login text NOT NULL,
        transaction text NOT NULL,
        at timestamptz NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('ok', 'wrong', 'locked', 'suspended', 'reset')),
        locked_until timestamptz
    )
    """,
    "CREATE INDEX door_attempts_login ON door_attempts (login, at)",
    "DROP FUNCTION door_enter(text), door_change_password(text, text)",
    """
    CREATE FUNCTION door_enter(proof text) RETURNS uuid LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        whose text := lower(session_user);
        known public.users;
        counted record;
        attempt uuid := gen_random_uuid();
    BEGIN
        SELECT * INTO counted FROM public.door_count();
        SELECT * INTO known FROM public.users WHERE lower(name) = whose;
        DELETE FROM public.door_attempts WHERE login = whose AND at < clock_timestamp() - interval '1 minute';
        INSERT INTO public.door_attempts (id, login, transaction, at, outcome, locked_until)
        SELECT attempt, whose, pg_current_xact_id()::text, clock_timestamp(), said,
               CASE WHEN said IN ('locked', 'wrong') THEN counted.until END
        FROM (SELECT CASE
            WHEN NOT counted.admitted THEN 'locked'
            WHEN known.password_hash IS NULL OR known.password_hash IS DISTINCT FROM proof THEN 'wrong'
            WHEN known.state <> 'active' THEN 'suspended'
            WHEN EXISTS (SELECT FROM public.password_resets WHERE user_id = known.id) THEN 'reset'
            ELSE 'ok' END AS said) AS judged;
        RETURN attempt;
    END $$
    """,
    # what became of an attempt of the caller's; no row in the transaction that made it, nor a minute later
    """
    CREATE FUNCTION door_outcome(of_attempt uuid)
    RETURNS TABLE (attempt uuid, outcome text, locked_until timestamptz, id text, name text, role text, state text, role_version integer,
                   permissions text[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    #variable_conflict use_column
    BEGIN
        RETURN QUERY
        SELECT a.id, CASE WHEN a.outcome = 'ok' AND u.state <> 'active' THEN 'suspended' ELSE a.outcome END, a.locked_until,
               u.id, u.name, u.role, u.state, u.role_version, r.permissions
        FROM public.door_attempts a
        LEFT JOIN public.users u ON a.outcome = 'ok' AND lower(u.name) = a.login LEFT JOIN public.roles r ON r.name = u.role
        WHERE a.id = of_attempt AND a.login = lower(session_user) AND a.transaction <> pg_current_xact_id()::text
            AND a.at > clock_timestamp() - interval '1 minute';
        DELETE FROM public.lockouts l USING public.door_attempts a
        WHERE l.name = lower(session_user) AND a.id = of_attempt AND a.login = l.name AND a.outcome = 'ok'
            AND a.transaction <> pg_current_xact_id()::text AND a.at > clock_timestamp() - interval '1 minute';
    END $$
    """,
    # for whoever gave the old password a moment ago, once
    """
    CREATE FUNCTION door_change_password(of_attempt uuid, new_hash text) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM public.door_attempts WHERE id = of_attempt AND login = lower(session_user) AND outcome = 'ok'
                       AND transaction <> pg_current_xact_id()::text AND at > clock_timestamp() - interval '1 minute') THEN
            RETURN false;
        END IF;
        DELETE FROM public.door_attempts WHERE login = lower(session_user);
        UPDATE public.users SET password_hash = new_hash WHERE lower(name) = lower(session_user) AND state = 'active';
        RETURN FOUND;
    END $$
    """,
    "REVOKE ALL ON FUNCTION door_enter(text), door_outcome(uuid), door_change_password(uuid, text) FROM PUBLIC",
)

# roles that are called alike are groups apart: a role of the desk's own has a part of its exact name's hash in the group's name
NAMED = (
    """
    CREATE OR REPLACE FUNCTION group_of(role text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT CASE WHEN role IN ('Admin', 'Trader', 'Analyst', 'Viewer') THEN 'qv_' || lower(role)
                    ELSE left('qv_' || lower(regexp_replace(role, '[^A-Za-z0-9]+', '_', 'g')), 50) || '_'
                         || left(encode(sha256(convert_to(role, 'UTF8')), 'hex'), 12) END
    $$
    """,
)

# who is suspended has the door and nothing else: the login leaves its group with the suspension, and comes back with its end
SUSPENDED = (
    "DROP TRIGGER login_follows ON users",
    """
    CREATE OR REPLACE FUNCTION login_follows() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        wanted name := CASE NEW.state WHEN 'active' THEN public.group_of(NEW.role) ELSE 'qv_door' END;
        held name;
        login pg_roles;
    BEGIN
        IF NEW.state = 'active' AND (NOT public.is_a_roles_group(wanted)
            OR NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'public.users'::regclass), 'MEMBER')
            AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_admin' AND pg_has_role(session_user, oid, 'MEMBER'))) THEN
            RETURN NULL;
        END IF;
        SELECT * INTO login FROM pg_roles WHERE lower(rolname) = lower(NEW.name) AND rolcanlogin
            AND NOT (rolsuper OR rolcreaterole OR rolbypassrls);
        SELECT g.rolname INTO held FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
        WHERE a.member = login.oid AND g.rolname IN (public.group_of(OLD.role), 'qv_door') ORDER BY g.rolname = 'qv_door' LIMIT 1;
        IF held IS NULL OR held = wanted THEN
            RETURN NULL;
        END IF;
        EXECUTE format('REVOKE %I FROM %I', held, login.rolname);
        EXECUTE format(CASE WHEN current_setting('server_version_num')::integer >= 160000
                            THEN 'GRANT %I TO %I WITH INHERIT FALSE, SET TRUE' ELSE 'GRANT %I TO %I' END, wanted, login.rolname);
        RETURN NULL;
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN NULL;  -- the login stays where it is, and may nothing until ``db grant`` has moved it
    END $$
    """,
    """
    CREATE TRIGGER login_follows AFTER UPDATE OF role, state ON users FOR EACH ROW
    WHEN (OLD.role IS DISTINCT FROM NEW.role OR OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION login_follows()
    """,
    # a connection that is open keeps the group it has put on, so what everybody shares asks once a statement too
    """
    CREATE FUNCTION refuse_suspended() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF NOT public.acting(current_user) THEN
            RAISE EXCEPTION 'the person of this login is suspended or has another role' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END $$
    """,
    *(
        f"CREATE TRIGGER acting BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT "
        "WHEN (current_user LIKE 'qv\\_%' AND current_user <> 'qv_app') EXECUTE FUNCTION refuse_suspended()"
        for table in (
            "instruments",
            "bars",
            "second_bars",
            "bar_coverage",
            "actions",
            "actions_asked",
            "trades",
            "gaps",
        )
    ),
)

STATEMENTS = FOLLOWS + OUTRANKING + CHAINED + BOUND + DOOR + NAMED + SUSPENDED


def upgrade() -> None:
    """Make them; nobody but their owner may call them until it is granted."""
    for statement in STATEMENTS:
        op.execute(statement)
