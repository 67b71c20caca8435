"""Instruments, bars, trades and the holes in them; bars by year and trades by UTC day, in ns since the epoch."""

from alembic import op

revision, down_revision = "0001", None

STATEMENTS = (
    """
    CREATE TABLE instruments (
        symbol text PRIMARY KEY CHECK (symbol <> ''),
        name text NOT NULL,
        exchange text NOT NULL,
        tick numeric NOT NULL CHECK (tick > 0),
        tradable boolean NOT NULL,
        marginable boolean NOT NULL,
        shortable boolean NOT NULL,
        easy_to_borrow boolean NOT NULL,
        fractionable boolean NOT NULL
    )
    """,
    """
    CREATE TABLE bars (
        symbol text NOT NULL CHECK (symbol <> ''),
        timeframe text NOT NULL CHECK (timeframe ~ '^[1-9][0-9]{0,2}[smhDWM]$'),
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
    """
    CREATE TABLE trades (
        symbol text NOT NULL CHECK (symbol <> ''),
        at bigint NOT NULL,
        price double precision NOT NULL CHECK (price > 0),
        size double precision NOT NULL CHECK (size >= 0),
        id text NOT NULL,
        exchange text NOT NULL,
        tape text NOT NULL,
        conditions text NOT NULL
    ) PARTITION BY RANGE (at)
    """,
    "CREATE INDEX trades_symbol_at ON trades (symbol, at)",
    "CREATE INDEX trades_at ON trades USING brin (at)",
    """
    CREATE TABLE gaps (
        feed text NOT NULL,
        started timestamptz NOT NULL,
        symbols_hash text NOT NULL,
        symbols text[] NOT NULL,
        ended timestamptz CHECK (ended >= started),
        reason text NOT NULL,
        filled_at timestamptz CHECK (filled_at IS NULL OR ended IS NOT NULL),
        PRIMARY KEY (feed, started, symbols_hash)
    )
    """,
    # the program's own role may not make tables; this makes exactly the two kinds of partition, and nothing else
    """
    CREATE FUNCTION add_partition(parent text, at bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        span text := CASE parent WHEN 'trades' THEN 'day' WHEN 'bars' THEN 'year' END;
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
    "REVOKE ALL ON FUNCTION add_partition(text, bigint) FROM PUBLIC",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
