"""Strategies that people write: archived ones, notes and authors of versions, what a person has typed and not saved, and consents."""

from alembic import op

revision, down_revision = "0022", "0021"

OURS = "current_user LIKE 'qv\\_%'"  # the program and people, not the owner at a prompt

STATEMENTS = (
    "ALTER TABLE strategies ADD COLUMN archived boolean NOT NULL DEFAULT false, ADD COLUMN built_in boolean NOT NULL DEFAULT false",
    # until now nobody but the program had any
    "UPDATE strategies SET built_in = true WHERE name IN ('sma_cross', 'rsi_reversion', 'breakout')",
    "ALTER TABLE strategy_versions ADD COLUMN note text NOT NULL DEFAULT ''",
    # an older source may be saved again, as the newest
    "ALTER TABLE strategy_versions DROP CONSTRAINT strategy_versions_strategy_code_hash_key",
    "CREATE INDEX strategy_versions_code ON strategy_versions (strategy, code_hash)",
    """
    CREATE TABLE strategy_drafts (
        "user" text NOT NULL CHECK ("user" <> ''),
        strategy text NOT NULL REFERENCES strategies ON DELETE CASCADE,
        base integer NOT NULL CHECK (base > 0),
        source text NOT NULL,
        saved timestamptz NOT NULL,
        PRIMARY KEY ("user", strategy)
    )
    """,
    """
    CREATE TABLE strategy_consents (
        "user" text NOT NULL CHECK ("user" <> ''),
        code_hash text NOT NULL CHECK (code_hash <> ''),
        strategy text NOT NULL REFERENCES strategies,
        version integer NOT NULL,
        given timestamptz NOT NULL,
        PRIMARY KEY ("user", code_hash)
    )
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON strategy_consents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    # a version is of who saved it; those of the program itself come with whoever starts a newer one
    """
    CREATE FUNCTION keep_sources() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF NOT public.shared_login() AND lower(NEW.author) <> lower(session_user) AND NOT (NEW.author = 'QuantVision'
                AND EXISTS (SELECT FROM public.strategies WHERE id = NEW.strategy AND built_in)) THEN
            RAISE EXCEPTION 'nobody saves a strategy in the name of %', NEW.author USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "REVOKE ALL ON FUNCTION keep_sources() FROM PUBLIC",
    f"CREATE TRIGGER kept BEFORE INSERT ON strategy_versions FOR EACH ROW WHEN ({OURS}) EXECUTE FUNCTION keep_sources()",
    # who may lock a row, to count its versions, may not therefore put it out of sight
    """
    CREATE FUNCTION keep_archive() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        IF NEW.archived IS DISTINCT FROM OLD.archived AND NOT public.may('strategies: delete') THEN
            RAISE EXCEPTION 'strategies are archived by who may delete them' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    "REVOKE ALL ON FUNCTION keep_archive() FROM PUBLIC",
    f"CREATE TRIGGER kept BEFORE UPDATE ON strategies FOR EACH ROW WHEN ({OURS}) EXECUTE FUNCTION keep_archive()",
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'qv_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON strategy_drafts TO qv_app;
            GRANT SELECT, INSERT ON strategy_consents TO qv_app;
        END IF;
    END $$
    """,
)  # fmt: skip


def upgrade() -> None:
    """Make them; what is stored stays as it is."""
    for statement in STATEMENTS:
        op.execute(statement)
