"""Limits of the firm, an account, a user, a strategy or a symbol, each version a row; what lets more pass has a second person's name.

The rows of before become the accounts' limits, and the firm's are so wide that none of those is tighter than it was. The rules of four
eyes are the tables' own and hold for every login, whichever program it comes with. As in step 0018: search paths are pinned, tables named
in full, and the person is known by ``session_user``.
"""

from alembic import op

revision, down_revision = "0029", "0028"

DEFAULTS = {  # as the program came with this step
    "order_value": "100000", "order_quantity": "10000", "position_fraction": "0.25", "gross_fraction": "2.0", "daily_loss": "2000",
    "collar": "0.10", "quote_age": "2", "orders_per_minute": "60", "duplicate_seconds": "1", "order_volume_fraction": "0.10",
    "orders_per_second": "10", "cancels_per_minute": "120", "net_fraction": "2.0", "sector_fraction": "1.0", "strategy_fraction": "1.0",
    "reducing_fraction": "0.80", "drawdown_fraction": "0.20", "consecutive_losses": "20", "cooldown_seconds": "900",
    "trades_per_day": "1000", "day_trades": "1000", "opens": "0", "closes": "1440",
}  # fmt: skip
KEPT = ("order_value", "order_quantity", "position_fraction", "gross_fraction", "daily_loss", "collar", "quote_age", "orders_per_minute",
        "duplicate_seconds")  # fmt: skip
MORE = "('duplicate_seconds', 'cooldown_seconds', 'opens')"  # are tighter when more

_OLD = ", ".join(f"'{name}', {name}::text" for name in KEPT)
_WIDER = {name: ("least", "min") if name == "duplicate_seconds" else ("greatest", "max") for name in KEPT}
_WIDEST = ", ".join(
    f"'{name}', (SELECT {wider}({DEFAULTS[name]}, {most}({name})) FROM newest)::text"  # noqa: S608 - constants
    for name, (wider, most) in _WIDER.items()
)
_REST = ", ".join(f"'{name}', '{value}'" for name, value in DEFAULTS.items() if name not in KEPT)

TABLES = (
    """
    CREATE TABLE restrictions (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        of text NOT NULL CHECK (of = lower(of) AND length(of) <= 80),
        symbol text NOT NULL CHECK (symbol <> '' AND symbol = upper(symbol) AND length(symbol) <= 12),
        reason text NOT NULL CHECK (reason <> ''),
        added_by text NOT NULL CHECK (added_by <> ''),
        added_at timestamptz NOT NULL,
        until timestamptz
    )
    """,
    """
    CREATE TABLE limit_proposals (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        scope text NOT NULL CHECK (scope IN ('firm', 'account', 'user', 'strategy', 'symbol')),
        of text NOT NULL CHECK ((scope = 'firm') = (of = '') AND length(of) <= 80),
        amounts jsonb NOT NULL,
        base integer NOT NULL CHECK (base >= 0),
        lifts bigint REFERENCES restrictions,
        reason text NOT NULL CHECK (reason <> ''),
        proposed_by text NOT NULL CHECK (proposed_by <> ''),
        proposed_at timestamptz NOT NULL,
        expires timestamptz NOT NULL,
        CHECK (lifts IS NULL OR (scope IN ('firm', 'user') AND amounts = '{}'))
    )
    """,
    # one decision of each proposal, for good
    """
    CREATE TABLE limit_decisions (
        proposal bigint PRIMARY KEY REFERENCES limit_proposals,
        decision text NOT NULL CHECK (decision IN ('approved', 'declined', 'withdrawn', 'expired')),
        decided_by text NOT NULL CHECK (decided_by <> ''),
        decided_at timestamptz NOT NULL,
        because text NOT NULL
    )
    """,
    """
    CREATE TABLE limit_versions (
        scope text NOT NULL CHECK (scope IN ('firm', 'account', 'user', 'strategy', 'symbol')),
        of text NOT NULL CHECK ((scope = 'firm') = (of = '') AND length(of) <= 80),
        version integer NOT NULL CHECK (version > 0),
        amounts jsonb NOT NULL,
        reason text NOT NULL,
        set_by text NOT NULL CHECK (set_by <> ''),
        set_at timestamptz NOT NULL,
        approved_by text NOT NULL,
        proposal bigint UNIQUE REFERENCES limit_proposals,
        PRIMARY KEY (scope, of, version),
        CHECK ((proposal IS NULL) = (approved_by = '')),
        CHECK (approved_by = '' OR lower(approved_by) <> lower(set_by)),
        CHECK (scope <> 'user' OR of = lower(of)),
        CHECK (scope <> 'symbol' OR of = upper(of))
    )
    """,
)

CARRIED = (
    f"""
    INSERT INTO limit_versions
    SELECT 'account', account, row_number() OVER (PARTITION BY account ORDER BY version), jsonb_build_object({_OLD}), '', set_by, set_at,
           '', NULL
    FROM risk_limits WHERE account <> '' AND set_by <> ''
    """,  # noqa: S608 - constants
    f"""
    WITH newest AS (SELECT DISTINCT ON (account) * FROM risk_limits ORDER BY account, version DESC)
    INSERT INTO limit_versions
    SELECT 'firm', '', 1, jsonb_build_object({_WIDEST}, {_REST}), 'as the program comes, and no tighter than an account''s', 'QuantVision',
           now(), '', NULL
    """,  # noqa: S608 - constants
    "DROP TABLE risk_limits",
)  # fmt: skip

RULES = (
    # whether somebody of this name may change limits, as stored now; whoever the login is
    """
    CREATE FUNCTION limits_may(who text) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT EXISTS (SELECT FROM public.users WHERE lower(name) = lower(who) AND state = 'active'
                       AND (role = 'Admin' OR 'risk: change' = ANY (public.permitted(role))))
    $$
    """,
    # whether a limit is one: a number of zero or more, written out
    """
    CREATE FUNCTION limits_sound(of_scope jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT jsonb_typeof(of_scope) = 'object' AND NOT EXISTS (
            SELECT FROM jsonb_each(of_scope) AS l (name, value) WHERE l.name !~ '^[a-z_]{1,40}$' OR jsonb_typeof(l.value) <> 'string'
                OR (l.value #>> '{}') !~ '^[0-9]{1,15}([.][0-9]{1,18})?$')
    $$
    """,
    # whether more passes: a limit is looser or gone, or the firm sets one that it had not set and that so was as the program comes
    f"""
    CREATE FUNCTION limits_raised(scope text, before jsonb, after jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS $$
        SELECT EXISTS (
            SELECT FROM jsonb_each_text(before) AS b (name, value) LEFT JOIN jsonb_each_text(after) AS a (name, value) USING (name)
            WHERE a.value IS NULL OR CASE WHEN name IN {MORE} THEN a.value::numeric < b.value::numeric
                                          ELSE a.value::numeric > b.value::numeric END)
            OR scope = 'firm' AND EXISTS (SELECT FROM jsonb_object_keys(after) AS name WHERE NOT before ? name)
    $$
    """,  # noqa: S608 - constants
    """
    CREATE FUNCTION keep_limit_versions() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        last public.limit_versions;
        asked public.limit_proposals;
        said public.limit_decisions;
    BEGIN
        IF NOT public.limits_sound(NEW.amounts) THEN
            RAISE EXCEPTION 'a limit is a number of zero or more' USING ERRCODE = 'check_violation';
        END IF;
        SELECT * INTO last FROM public.limit_versions v WHERE v.scope = NEW.scope AND v.of = NEW.of ORDER BY v.version DESC LIMIT 1;
        IF NEW.version <> coalesce(last.version, 0) + 1 THEN
            RAISE EXCEPTION 'version % does not follow version %', NEW.version, coalesce(last.version, 0) USING ERRCODE = 'check_violation';
        END IF;
        NEW.set_at := now();
        IF NOT public.limits_raised(NEW.scope, coalesce(last.amounts, '{}'), NEW.amounts) THEN
            IF NEW.proposal IS NOT NULL OR NOT public.shared_login() AND lower(NEW.set_by) <> lower(session_user)
                OR NOT public.may('risk: change') THEN
                RAISE EXCEPTION 'nobody sets limits in the name of %', NEW.set_by USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END IF;
        SELECT * INTO asked FROM public.limit_proposals p WHERE p.id = NEW.proposal;
        SELECT * INTO said FROM public.limit_decisions d WHERE d.proposal = NEW.proposal;
        IF (asked.scope, asked.of, asked.amounts, asked.base, said.decision, asked.proposed_by, said.decided_by)
            IS DISTINCT FROM (NEW.scope, NEW.of, NEW.amounts, NEW.version - 1, 'approved', NEW.set_by, NEW.approved_by)
            OR asked.lifts IS NOT NULL THEN
            RAISE EXCEPTION 'limits that let more pass are approved by a second person' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_limit_proposals() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NOT public.shared_login() AND lower(NEW.proposed_by) <> lower(session_user) OR NOT public.limits_may(NEW.proposed_by) THEN
            RAISE EXCEPTION 'nobody proposes limits in the name of %', NEW.proposed_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        NEW.proposed_at := now();
        IF NOT public.limits_sound(NEW.amounts) OR NEW.expires NOT BETWEEN now() AND now() + interval '7 days' THEN
            RAISE EXCEPTION 'a proposal is of limits, and lasts seven days at most' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.lifts IS NOT NULL AND NOT EXISTS (
            SELECT FROM public.restrictions r WHERE r.id = NEW.lifts AND r.of = NEW.of AND (r.of = '') = (NEW.scope = 'firm')) THEN
            RAISE EXCEPTION 'there is no such restriction' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_limit_decisions() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        asked public.limit_proposals;
    BEGIN
        SELECT * INTO asked FROM public.limit_proposals p WHERE p.id = NEW.proposal;
        NEW.decided_at := now();
        IF NEW.decision = 'expired' THEN
            IF asked.expires > now() THEN
                RAISE EXCEPTION 'proposal % has not expired', NEW.proposal USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END IF;
        IF NOT public.shared_login() AND lower(NEW.decided_by) <> lower(session_user) OR NOT public.limits_may(NEW.decided_by) THEN
            RAISE EXCEPTION 'nobody decides about limits in the name of %', NEW.decided_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF (NEW.decision = 'withdrawn') <> (lower(NEW.decided_by) = lower(asked.proposed_by))
            OR asked.scope = 'user' AND NEW.decision = 'approved' AND lower(NEW.decided_by) = asked.of THEN
            RAISE EXCEPTION 'a second person decides about limits' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.decision = 'approved' AND NOT public.limits_may(asked.proposed_by) THEN
            RAISE EXCEPTION '% may not change limits any more', asked.proposed_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.decision = 'approved' AND asked.expires <= now() THEN
            RAISE EXCEPTION 'proposal % has expired', NEW.proposal USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_restrictions() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NOT public.shared_login() AND lower(NEW.added_by) <> lower(session_user) OR NOT public.may('risk: change') THEN
            RAISE EXCEPTION 'nobody restricts symbols in the name of %', NEW.added_by USING ERRCODE = 'insufficient_privilege';
        END IF;
        NEW.added_at := now();
        RETURN NEW;
    END $$
    """,
    "REVOKE ALL ON FUNCTION limits_may(text), limits_sound(jsonb), limits_raised(text, jsonb, jsonb), keep_limit_versions(), "
    "keep_limit_proposals(), keep_limit_decisions(), keep_restrictions() FROM PUBLIC",
    *(
        f"CREATE TRIGGER kept BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION keep_{table}()"
        for table in ("limit_versions", "limit_proposals", "limit_decisions", "restrictions")
    ),
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("limit_versions", "limit_proposals", "limit_decisions", "restrictions")
    ),
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT ON limit_versions, limit_proposals, limit_decisions, restrictions TO qv_app;
        END IF;
    END $$
    """,
)

STATEMENTS = TABLES + CARRIED + RULES


def upgrade() -> None:
    """Make them, with what was set so far."""
    for statement in STATEMENTS:
        op.execute(statement)
