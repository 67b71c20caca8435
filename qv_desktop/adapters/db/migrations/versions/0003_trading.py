"""Orders with all that happened to them, fills, positions and the account's snapshots."""

from alembic import op

revision, down_revision = "0003", "0002"

STATEMENTS = (
    # what we send must make sense; a refused order and one made elsewhere are kept as they were
    """
    CREATE TABLE orders (
        client_order_id text PRIMARY KEY CHECK (client_order_id <> ''),
        account text NOT NULL CHECK (account <> ''),
        "user" text NOT NULL,
        symbol text NOT NULL,
        side text NOT NULL CHECK (side IN ('buy', 'sell')),
        quantity numeric NOT NULL,
        type text NOT NULL CHECK (type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop')),
        limit_price numeric,
        stop_price numeric,
        trail_price numeric,
        trail_percent numeric,
        time_in_force text NOT NULL CHECK (time_in_force IN ('day', 'gtc', 'ioc', 'fok', 'opg', 'cls')),
        extended_hours boolean NOT NULL,
        order_class text NOT NULL CHECK (order_class IN ('simple', 'bracket', 'oco', 'oto')),
        take_profit numeric,
        stop_loss numeric,
        source text NOT NULL,
        note text NOT NULL,
        submitted timestamptz NOT NULL,
        status text NOT NULL CHECK (status IN (
            'intent', 'refused', 'submitted', 'unresolved', 'working', 'held', 'triggered', 'partial', 'cancel sent',
            'replace sent', 'paused', 'filled', 'canceled', 'expired', 'rejected', 'replaced', 'unknown')),
        changed timestamptz,
        broker_id text UNIQUE,
        filled numeric NOT NULL CHECK (filled >= 0),
        average numeric,
        reason text NOT NULL,
        replaced_by text,
        sent_at timestamptz,
        acknowledged_at timestamptz,
        executions text[] NOT NULL,
        CHECK (filled = 0 OR average IS NOT NULL),
        CHECK (status NOT IN ('intent', 'refused') OR filled = 0),
        CONSTRAINT orders_sane CHECK (broker_id IS NOT NULL OR status = 'refused' OR (
            symbol <> '' AND quantity > 0 AND quantity < 'Infinity'
            AND (type NOT IN ('limit', 'stop_limit') OR coalesce(limit_price > 0, false))
            AND (type NOT IN ('stop', 'stop_limit') OR coalesce(stop_price > 0, false))
            AND (type <> 'trailing_stop' OR (trail_price IS NULL) <> (trail_percent IS NULL))))
    )
    """,
    "CREATE INDEX orders_submitted ON orders (account, submitted)",
    """
    CREATE INDEX orders_open ON orders (account) WHERE status NOT IN
        ('refused', 'filled', 'canceled', 'expired', 'rejected', 'replaced')
    """,
    """
    CREATE TABLE order_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_order_id text NOT NULL REFERENCES orders,
        kind text NOT NULL CHECK (kind <> ''),
        status text NOT NULL,
        at timestamptz NOT NULL,
        broker_id text,
        execution_id text,
        quantity numeric,
        price numeric,
        reason text NOT NULL,
        replaced_by text
    )
    """,
    "CREATE INDEX order_events_order ON order_events (client_order_id, id)",
    """
    CREATE TABLE fills (
        account text NOT NULL,
        execution_id text NOT NULL CHECK (execution_id <> ''),
        client_order_id text NOT NULL REFERENCES orders,
        symbol text NOT NULL CHECK (symbol <> ''),
        side text NOT NULL CHECK (side IN ('buy', 'sell')),
        quantity numeric NOT NULL CHECK (quantity > 0 AND quantity < 'Infinity'),
        price numeric NOT NULL CHECK (price >= 0 AND price < 'Infinity'),
        at timestamptz NOT NULL,
        fee numeric NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (account, execution_id)
    )
    """,
    "CREATE INDEX fills_at ON fills (account, at)",
    "CREATE INDEX fills_order ON fills (client_order_id)",
    """
    CREATE TABLE positions (
        account text NOT NULL,
        symbol text NOT NULL CHECK (symbol <> ''),
        quantity numeric NOT NULL CHECK (abs(quantity) < 'Infinity'),
        average numeric NOT NULL CHECK (abs(average) < 'Infinity'),
        realised numeric NOT NULL CHECK (abs(realised) < 'Infinity'),
        PRIMARY KEY (account, symbol)
    )
    """,
    """
    CREATE TABLE account_snapshots (
        account text NOT NULL,
        at timestamptz NOT NULL,
        number text NOT NULL,
        status text NOT NULL,
        currency text NOT NULL,
        equity numeric,
        last_equity numeric,
        cash numeric,
        buying_power numeric,
        long_value numeric,
        short_value numeric,
        initial_margin numeric,
        maintenance_margin numeric,
        multiplier numeric,
        shorting_enabled boolean,
        trading_blocked boolean,
        PRIMARY KEY (account, at)
    )
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fills
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
