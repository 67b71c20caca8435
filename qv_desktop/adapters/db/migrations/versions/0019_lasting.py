"""What one login could write once and for good, so that others are stopped or not obeyed from then on, is refused; what ended, stays ended.

As in step 0018: search paths are pinned, tables named in full, and the person is known by ``session_user``.
"""

from alembic import op

revision, down_revision = "0019", "0018"

OURS = "current_user LIKE 'qv\\_%'"  # the program and people, not the owner at a prompt
PEOPLE = f"{OURS} AND current_user <> 'qv_app'"  # whoever has a login of their own

# one sentence for whatever a WHEN finds
REFUSING = (
    """
    CREATE FUNCTION refuse_written() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
)


def refused(name: str, on: str, when: str, why: str) -> str:
    """A trigger that refuses rows of which ``when`` is true."""
    return (f"CREATE TRIGGER {name} BEFORE {on} FOR EACH ROW WHEN ({OURS} AND ({when})) "
            f"EXECUTE FUNCTION refuse_written('{why}')")  # fmt: skip


# the program counts on from a version: behind the greatest integer nobody is suspended, and nothing set, any more
COUNTED = (
    *(
        statement
        for table, version in (("users", "role_version"), ("roles", "version"), ("breaks", "version"))
        for statement in (
            refused("counted", f"UPDATE ON {table}", f"NEW.{version} NOT IN (OLD.{version}, OLD.{version}::bigint + 1)",
                    "a version follows the one before it"),
            refused("counted_new", f"INSERT ON {table}", f"NEW.{version} <> 1", "the first version is 1"),
        )
    ),
    """
    CREATE FUNCTION next_version() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        last bigint;
    BEGIN
        EXECUTE format('SELECT max(version) FROM public.%1$I WHERE %2$I = ($1).%2$I', TG_TABLE_NAME, TG_ARGV[0]) INTO last USING NEW;
        IF NEW.version > coalesce(last, 0) + 1 THEN
            RAISE EXCEPTION 'version % does not follow version %', NEW.version, coalesce(last, 0) USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    *(
        f"CREATE TRIGGER next_version BEFORE INSERT ON {table} FOR EACH ROW WHEN ({OURS}) EXECUTE FUNCTION next_version('{of}')"
        for table, of in (("risk_limits", "account"), ("strategy_versions", "strategy"))
    ),
)  # fmt: skip

# whether the person of this login, as stored now, may do something: a function keeps its owner's rights in whatever connection is open
ASKED = (
    """
    CREATE FUNCTION may(permission text) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT public.shared_login() OR EXISTS (
            SELECT FROM public.users WHERE lower(name) = lower(session_user) AND state = 'active'
                AND (role = 'Admin' OR permission = ANY (public.permitted(role))))
    $$
    """,
    """
    CREATE OR REPLACE FUNCTION order_story(of_order text) RETURNS SETOF public.audit_log LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT * FROM public.audit_log WHERE correlation = of_order AND correlation <> ''
            AND public.person() IS NOT NULL AND public.may('trading: view')
            AND EXISTS (SELECT FROM public.orders WHERE client_order_id = of_order
                        AND (public.accounts() IS NULL OR account = ANY (public.accounts())))
    $$
    """,
    # as in step 0008, for who may
    """
    CREATE OR REPLACE FUNCTION add_partition(parent text, at bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        span text := CASE parent WHEN 'trades' THEN 'day' WHEN 'second_bars' THEN 'day' WHEN 'bars' THEN 'year' END;
        low timestamptz := date_trunc(span, to_timestamp(at / 1000000000), 'UTC');
        high timestamptz := (low AT TIME ZONE 'UTC' + ('1 ' || span)::interval) AT TIME ZONE 'UTC';
        name text := parent || '_' || to_char(low AT TIME ZONE 'UTC', CASE span WHEN 'day' THEN 'YYYYMMDD' ELSE 'YYYY' END);
    BEGIN
        IF NOT public.may('market data: create') THEN
            RAISE EXCEPTION 'the person of this login keeps no market data' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF span IS NULL OR at NOT BETWEEN 0 AND 4102444800000000000 THEN
            RAISE EXCEPTION 'no partition of % for %', parent, at USING ERRCODE = 'check_violation';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('add_partition'));
        IF to_regclass(format('public.%I', name)) IS NOT NULL THEN
            RETURN;
        END IF;
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%s) TO (%s)', name, parent,
                       extract(epoch FROM low)::bigint * 1000000000, extract(epoch FROM high)::bigint * 1000000000);
        IF parent = 'trades' THEN
            -- a trade's id is unique within its day, whatever precision of time the vendor's stream and history give it
            EXECUTE format('CREATE UNIQUE INDEX %I ON public.%I (symbol, id, exchange, tape)', name || '_once', name);
        END IF;
    END $$
    """,
    """
    CREATE OR REPLACE FUNCTION drop_partitions(parent text, before bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
    DECLARE
        name text;
        dropped integer := 0;
    BEGIN
        IF NOT public.may('market data: delete') THEN
            RAISE EXCEPTION 'the person of this login drops no market data' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF parent IS NULL OR before IS NULL OR parent NOT IN ('trades', 'second_bars') THEN
            RAISE EXCEPTION 'no partitions of % are ever dropped', parent USING ERRCODE = 'check_violation';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('add_partition'));
        FOR name IN
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = format('public.%I', parent)::regclass AND c.relname ~ ('^' || parent || '_[0-9]{8}$')
              AND (extract(epoch FROM to_date(right(c.relname, 8), 'YYYYMMDD'))::bigint + 86400) * 1000000000 <= before
            ORDER BY c.relname
        LOOP
            BEGIN
                EXECUTE format('DROP TABLE public.%I', name);
                dropped := dropped + 1;
            EXCEPTION WHEN lock_not_available THEN
                RAISE NOTICE '% is being read', name;
            END;
        END LOOP;
        RETURN dropped;
    END $$
    """,
)

# sessions end once, last seven days at most and are seen when they are; nobody ends those, or lifts locks, of somebody mightier
ENDING = (
    """
    CREATE FUNCTION keep_sessions() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        latest timestamptz := clock_timestamp() + interval '1 minute';
        earliest timestamptz := clock_timestamp() - interval '1 minute';
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD.ended IS NOT NULL
            AND (NEW.ended, NEW.ended_because) IS DISTINCT FROM (OLD.ended, OLD.ended_because) THEN
            RAISE EXCEPTION 'a session that was ended stays ended' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF public.shared_login() THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'INSERT' AND (NEW.started NOT BETWEEN earliest AND latest OR NEW.expires > latest + interval '7 days'
                                 OR NEW.seen NOT BETWEEN earliest AND latest)
            OR TG_OP = 'UPDATE' AND NEW.seen IS DISTINCT FROM OLD.seen AND (NEW.seen BETWEEN earliest AND latest) IS NOT TRUE THEN
            RAISE EXCEPTION 'a session begins and is seen when it is, and lasts seven days at most'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.user_id IS DISTINCT FROM public.person()
            AND NOT public.outranks((SELECT role FROM public.users WHERE id = NEW.user_id)) THEN
            RAISE EXCEPTION 'nobody ends a session of somebody whose role may do more' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON sessions FOR EACH ROW WHEN ({OURS}) EXECUTE FUNCTION keep_sessions()",
    refused("used_once", "UPDATE ON refresh_tokens", "OLD.used IS NOT NULL AND NEW.used IS DISTINCT FROM OLD.used",
            "a token that was used stays used"),
    refused("short", "INSERT OR UPDATE ON password_resets",
            f"{PEOPLE} AND NEW.expires > clock_timestamp() + interval '1 day 1 minute'", "a reset code is good for a day at most"),
    # what nobody has tried for a day is forgotten by whoever comes next
    """
    CREATE FUNCTION keep_locks() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF OLD.last_at > clock_timestamp() - interval '1 day' AND EXISTS (
            SELECT FROM public.users WHERE lower(name) = OLD.name AND NOT public.outranks(role)) THEN
            RAISE EXCEPTION 'nobody lifts a lock of somebody whose role may do more' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    END $$
    """,
    f"CREATE TRIGGER kept BEFORE DELETE ON lockouts FOR EACH ROW WHEN ({PEOPLE}) EXECUTE FUNCTION keep_locks()",
)  # fmt: skip

# four eyes: a decision is of who decides, a signature of a row of its own, and what was signed is not decided anew beneath it. Step 0017
# had the table of signatures by its plain name, and a temporary table of the caller's stood in its place.
SIGNED = (
    """
    CREATE OR REPLACE FUNCTION keep_four_eyes() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF NOT public.shared_login() AND NEW.decided_by <> '' AND lower(NEW.decided_by) <> lower(session_user)
            AND (TG_OP = 'INSERT' OR NEW.decided_by <> OLD.decided_by) THEN
            RAISE EXCEPTION 'nobody decides about a break in the name of %', NEW.decided_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.signed_by = '' THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'INSERT' THEN
            RAISE EXCEPTION 'break % is new and not signed by %', NEW.id, NEW.signed_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.signed_by <> OLD.signed_by AND NOT EXISTS (
            SELECT FROM public.break_signatures s WHERE s.item = OLD.id AND s.version = OLD.version AND s.signer = NEW.signed_by) THEN
            RAISE EXCEPTION 'break % is not signed by %', OLD.id, NEW.signed_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF (NEW.account, NEW.section, NEW.key, NEW.kind, NEW.decided_by, NEW.decided_at, NEW.reason, NEW.until)
            IS DISTINCT FROM (OLD.account, OLD.section, OLD.key, OLD.kind, OLD.decided_by, OLD.decided_at, OLD.reason, OLD.until)
            OR NEW.state NOT IN (OLD.state, 'gone') THEN
            RAISE EXCEPTION 'break % is signed by % as it was', OLD.id, NEW.signed_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "REVOKE ALL ON FUNCTION keep_four_eyes() FROM PUBLIC",
    "DROP TRIGGER four_eyes ON breaks",
    f"CREATE TRIGGER four_eyes BEFORE INSERT OR UPDATE ON breaks FOR EACH ROW WHEN ({OURS}) EXECUTE FUNCTION keep_four_eyes()",
)

# as in step 0018, but that nobody begins chains without end, for each is an installation that whoever reads the trail is offered; and of
# two that take a chain at once only one has it
MOST = 20
CHAINS = (
    f"""
    CREATE OR REPLACE FUNCTION take_chain(wanted text, first bigint) RETURNS boolean LANGUAGE plpgsql
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
        IF NOT public.shared_login() AND (SELECT count(*) FROM public.audit_chains WHERE login = session_user) >= {MOST} THEN
            RAISE EXCEPTION 'the login % has begun {MOST} audit chains, the most there are; use a QV_HOME of before', session_user
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        INSERT INTO public.audit_chains AS c VALUES (wanted, session_user)
        ON CONFLICT (chain) DO UPDATE SET login = EXCLUDED.login WHERE c.login IS NOT DISTINCT FROM bound;
        RETURN FOUND;
    END $$
    """,  # noqa: S608 - constants
)

CLOSED = ("REVOKE ALL ON FUNCTION next_version(), may(text), keep_sessions(), keep_locks() FROM PUBLIC",)

STATEMENTS = REFUSING + COUNTED + ASKED + ENDING + SIGNED + CHAINS + CLOSED


def upgrade() -> None:
    """Make them; what is stored stays as it is."""
    for statement in STATEMENTS:
        op.execute(statement)
