"""What makes market data complete: covered spans, splits and dividends, bars of seconds by day, retention; lists and scans of people.

Bars of seconds get a table by UTC day: there are sixty times as many of them as of minutes, and they go whole days at a time, while a
year of minutes and days stays.
"""

from alembic import op

revision, down_revision = "0008", "0007"

STATEMENTS = (
    """
    CREATE TABLE bar_coverage (
        symbol text NOT NULL CHECK (symbol <> ''),
        timeframe text NOT NULL,
        span_start bigint NOT NULL,
        span_end bigint NOT NULL CHECK (span_end > span_start),
        PRIMARY KEY (symbol, timeframe, span_start)
    )
    """,
    """
    CREATE TABLE actions (
        symbol text NOT NULL CHECK (symbol <> ''),
        day date NOT NULL,
        kind text NOT NULL CHECK (kind IN ('split', 'dividend')),
        amount double precision NOT NULL CHECK (amount > 0 AND amount < 'Infinity'),
        PRIMARY KEY (symbol, day, kind, amount)
    )
    """,
    """
    CREATE TABLE actions_asked (
        symbol text PRIMARY KEY CHECK (symbol <> ''),
        asked_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE second_bars (
        symbol text NOT NULL CHECK (symbol <> ''),
        timeframe text NOT NULL CHECK (timeframe ~ '^[1-9][0-9]{0,2}s$'),
        start bigint NOT NULL,
        open double precision NOT NULL,
        high double precision NOT NULL,
        low double precision NOT NULL,
        close double precision NOT NULL,
        volume double precision NOT NULL CHECK (volume >= 0),
        count integer NOT NULL CHECK (count >= 0),
        vwap double precision,
        source text NOT NULL,
        PRIMARY KEY (symbol, timeframe, start),
        CHECK (low <= high AND open BETWEEN low AND high AND close BETWEEN low AND high)
    ) PARTITION BY RANGE (start)
    """,
    # as in step 0001, with the third table
    """
    CREATE OR REPLACE FUNCTION add_partition(parent text, at bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        span text := CASE parent WHEN 'trades' THEN 'day' WHEN 'second_bars' THEN 'day' WHEN 'bars' THEN 'year' END;
        low timestamptz := date_trunc(span, to_timestamp(at / 1000000000), 'UTC');
        high timestamptz := (low AT TIME ZONE 'UTC' + ('1 ' || span)::interval) AT TIME ZONE 'UTC';
        name text := parent || '_' || to_char(low AT TIME ZONE 'UTC', CASE span WHEN 'day' THEN 'YYYYMMDD' ELSE 'YYYY' END);
    BEGIN
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
    DO $$ BEGIN
        PERFORM add_partition('second_bars', day * 86400000000000)
        FROM (SELECT DISTINCT start / 86400000000000 AS day FROM bars WHERE timeframe LIKE '%s') AS days;
        WITH moved AS (DELETE FROM bars WHERE timeframe LIKE '%s' RETURNING *) INSERT INTO second_bars SELECT * FROM moved;
    END $$
    """,
    "CREATE INDEX bars_start ON bars USING brin (start)",
    # whole days of what is many and can be asked for again; a day that somebody reads right now goes the next time
    """
    CREATE FUNCTION drop_partitions(parent text, before bigint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
    DECLARE
        name text;
        dropped integer := 0;
    BEGIN
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
    "REVOKE ALL ON FUNCTION drop_partitions(text, bigint) FROM PUBLIC",
    "ALTER TABLE watchlists ADD COLUMN position integer NOT NULL DEFAULT 0",
    """
    UPDATE watchlists SET position = places.place FROM (
        SELECT "user", name, row_number() OVER (PARTITION BY "user" ORDER BY name) - 1 AS place FROM watchlists
    ) AS places WHERE (watchlists."user", watchlists.name) = (places."user", places.name)
    """,
    """
    CREATE TABLE scans (
        "user" text NOT NULL,
        name text NOT NULL CHECK (name <> ''),
        rule text NOT NULL,
        universe text NOT NULL,
        sort text NOT NULL,
        "limit" integer NOT NULL CHECK ("limit" > 0),
        alert boolean NOT NULL,
        PRIMARY KEY ("user", name)
    )
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON bar_coverage, actions, actions_asked, second_bars, scans TO qv_app;
            GRANT EXECUTE ON FUNCTION drop_partitions(text, bigint) TO qv_app;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    """Make what is new and move what was stored."""
    for statement in STATEMENTS:
        op.execute(statement)
