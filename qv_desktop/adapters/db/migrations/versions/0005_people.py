"""Users, their lock-outs, sessions and refresh tokens, and what they keep between sessions."""

from alembic import op

revision, down_revision = "0005", "0004"

STATEMENTS = (
    """
    CREATE TABLE users (
        id text PRIMARY KEY CHECK (id <> ''),
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
        role text NOT NULL CHECK (role IN ('Admin', 'Trader', 'Analyst', 'Viewer')),
        state text NOT NULL CHECK (state IN ('active', 'suspended')),
        role_version integer NOT NULL CHECK (role_version > 0),
        password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
        created timestamptz NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX users_name ON users (lower(name))",
    # by name, known or not, so that being locked does not tell who exists
    """
    CREATE TABLE lockouts (
        name text PRIMARY KEY CHECK (name = lower(name)),
        failures integer NOT NULL CHECK (failures BETWEEN 1 AND 5),
        last_at timestamptz NOT NULL,
        locked_until timestamptz,
        CHECK ((failures = 5) = (locked_until IS NOT NULL))
    )
    """,
    """
    CREATE TABLE sessions (
        id text PRIMARY KEY CHECK (id <> ''),
        user_id text NOT NULL REFERENCES users,
        host text NOT NULL,
        started timestamptz NOT NULL,
        expires timestamptz NOT NULL CHECK (expires > started),
        ended timestamptz,
        ended_because text NOT NULL DEFAULT '',
        CHECK ((ended IS NULL) = (ended_because = ''))
    )
    """,
    "CREATE INDEX sessions_user ON sessions (user_id) WHERE ended IS NULL",
    """
    CREATE TABLE refresh_tokens (
        hash bytea PRIMARY KEY CHECK (length(hash) = 32),
        session_id text NOT NULL REFERENCES sessions,
        issued timestamptz NOT NULL,
        used timestamptz
    )
    """,
    "CREATE UNIQUE INDEX refresh_tokens_live ON refresh_tokens (session_id) WHERE used IS NULL",
    """
    CREATE TABLE watchlists (
        "user" text NOT NULL,
        name text NOT NULL CHECK (name <> ''),
        symbols text[] NOT NULL,
        PRIMARY KEY ("user", name)
    )
    """,
    """
    CREATE TABLE workspaces (
        "user" text NOT NULL,
        name text NOT NULL CHECK (name <> ''),
        layout bytea NOT NULL,
        PRIMARY KEY ("user", name)
    )
    """,
    """
    CREATE TABLE settings (
        "user" text NOT NULL,
        key text NOT NULL CHECK (key <> ''),
        value text NOT NULL,
        PRIMARY KEY ("user", key)
    )
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)
