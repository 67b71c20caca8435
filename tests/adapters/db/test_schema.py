"""The migrations make exactly the tables that the stores use, and the tables refuse wrong states."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db import schema
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import HEAD, metadata
from qv_desktop.domain.errors import BadInput

ROOT = Path(__file__).parents[3]


def test_head_is_the_newest_step() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_tables_and_migrations_agree(postgres_url: str) -> None:
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _columns_only})
        assert compare_metadata(context, metadata) == []


def _columns_only(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:
    partition = (
        kind == "table" and reflected and name is not None and name.startswith(("bars_", "second_bars_", "trades_"))
    )
    return kind not in ("index", "unique_constraint", "foreign_key_constraint") and not partition


def test_migrating_twice_is_migrating_once(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.migrate()
    database.migrate()
    database.close()


def test_at_head_alembic_is_not_even_imported(postgres_url: str) -> None:
    code = ("import sys\nfrom qv_desktop.adapters.db.database import Database\nd = Database(sys.stdin.read())\nd.migrate()\nd.close()\n"
            "print('alembic' in sys.modules)")  # fmt: skip
    command = [sys.executable, "-c", code]  # everybody on the machine may read a command line
    done = subprocess.run(command, input=postgres_url, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_a_database_of_a_newer_program_is_left_alone(postgres_template: str, postgres_url: str) -> None:
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database = Database(postgres_url)
    try:
        with pytest.raises(BadInput, match="newer QuantVision Desktop"):
            database.migrate()
    finally:
        database.close()
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})


def test_partitions_are_made_for_the_day_and_the_year_in_utc(database: Database) -> None:
    def work(connection: Connection) -> list[str]:
        for parent, at in (
            ("trades", 1_772_495_999_999_999_999),
            ("trades", 1_772_496_000_000_000_000),
            ("bars", 1_772_496_000_000_000_000),
        ):
            connection.execute(text("SELECT add_partition(:parent, :at)"), {"parent": parent, "at": at})
            connection.execute(text("SELECT add_partition(:parent, :at)"), {"parent": parent, "at": at})
        return list(
            connection.execute(
                text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1")
            ).scalars()
        )

    assert asyncio.run(database.write(work)) == ["bars_2026", "trades_20260302", "trades_20260303"]


@pytest.mark.parametrize(
    ("parent", "at"), [("orders", 1), ("trades; DROP TABLE orders", 1), ("trades", -1), ("bars", 2**62)]
)
def test_partitions_of_anything_else_are_refused(database: Database, parent: str, at: int) -> None:
    ask = text("SELECT add_partition(:parent, :at)").bindparams(parent=parent, at=at)
    with pytest.raises(IntegrityError, match="no partition"):
        asyncio.run(database.write(lambda connection: connection.execute(ask)))


@pytest.mark.parametrize("parent", ["orders", "bars", "audit_log", "trades; DROP TABLE orders"])
def test_partitions_of_nothing_else_are_dropped(database: Database, parent: str) -> None:
    ask = text("SELECT drop_partitions(:parent, 1)").bindparams(parent=parent)
    with pytest.raises(IntegrityError, match="are ever dropped"):
        asyncio.run(database.write(lambda connection: connection.execute(ask)))


def test_only_whole_days_before_the_limit_are_dropped(database: Database) -> None:
    at, day = 1_767_225_600_000_000_000, 86_400_000_000_000  # 2026-01-01

    def work(connection: Connection) -> list[int]:
        for n in range(4):
            connection.execute(text("SELECT add_partition('second_bars', :at)"), {"at": at + n * day})
        drop = text("SELECT drop_partitions('second_bars', :before)")
        limits = (0, at + day - 1, at + day, at + 3 * day + 5)
        return [connection.execute(drop, {"before": before}).scalar_one() for before in limits]

    assert asyncio.run(database.write(work)) == [0, 0, 1, 2]


def test_a_database_of_step_7_keeps_its_bars_and_lists(postgres_template: str) -> None:
    url, name = postgres_template, "t_of_step_7"
    _told(url, f"CREATE DATABASE {name}")
    url = url.replace("/quantvision", f"/{name}", 1)
    _stepped(url, "0007")
    _told(url, "SELECT add_partition('bars', 1767225600000000000)",
          "INSERT INTO bars SELECT 'AAPL', f, 1767225600000000000 + n * 86400000000000, 1, 2, 0.5, 1.5, 10, 1, NULL, 's' "
          "FROM unnest(ARRAY['1s', '30s', '1m', '1D']) f, generate_series(0, 2) n",
          "INSERT INTO watchlists VALUES ('u', 'B', '{X}'), ('u', 'A', '{Y}'), ('v', 'C', '{Z}')")  # fmt: skip
    database = Database(url)
    try:
        database.migrate()
        assert asyncio.run(database.read(_counts)) == (6, 6, [("A", 0), ("B", 1), ("C", 0)])
    finally:
        database.close()
        _told(postgres_template, f"DROP DATABASE {name} WITH (FORCE)")


def _counts(connection: Connection) -> tuple[int, int, list[tuple[str, int]]]:
    minutes = connection.execute(text("SELECT count(*) FROM bars WHERE timeframe IN ('1m', '1D')")).scalar_one()
    seconds = connection.execute(text("SELECT count(*) FROM second_bars WHERE timeframe LIKE '%s'")).scalar_one()
    lists = connection.execute(text('SELECT name, position FROM watchlists ORDER BY "user", position'))
    return minutes, seconds, [(row[0], row[1]) for row in lists]


def _stepped(url: str, step: str) -> None:
    config, engine = Config(), create_engine(url, poolclass=NullPool)
    config.set_main_option("script_location", str(schema.FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, step)


def _told(url: str, *statements: str) -> None:
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


ORDER = ("INSERT INTO orders (client_order_id, account, \"user\", symbol, side, quantity, type, time_in_force, extended_hours, "
         "order_class, source, note, submitted, status, filled, reason, executions, limit_price, broker_id) VALUES "
         "('{id}', 'a', 'u', 'AAPL', '{side}', {quantity}, '{type}', 'day', false, 'simple', '', '', now(), '{status}', {filled}, '', "
         "'{{}}', {limit}, {broker})")  # fmt: skip


def an_order(**changed: object) -> str:
    values: dict[str, object] = {"id": "x", "side": "buy", "quantity": 1, "type": "market", "status": "intent", "filled": 0,
                                 "limit": "NULL", "broker": "NULL"}  # fmt: skip
    return ORDER.format(**(values | changed))


@pytest.mark.parametrize("wrong", [
    an_order(side="hold"), an_order(quantity=0), an_order(quantity=-5), an_order(quantity="'NaN'"), an_order(quantity="'Infinity'"),
    an_order(type="limit"), an_order(type="limit", limit=0), an_order(status="sort of"), an_order(status="filled", filled=1),
    an_order(status="intent", filled=1), an_order(filled=-1), an_order(id=""),
    "INSERT INTO bars VALUES ('A', '1m', 1772496000000000000, 10, 9, 8, 9, 1, 1, NULL, 's')",
    "INSERT INTO users VALUES ('1', 'n', 'King', 'active', 1, '$argon2id$x', now())",
    "INSERT INTO users VALUES ('1', 'n', 'Admin', 'active', 1, 'plain text', now())",
    "INSERT INTO fills VALUES ('a', 'e', 'no such order', 'A', 'buy', 1, 1, now(), 0, '')",
    "INSERT INTO risk_events (account, at, kind, state, actor, reason) VALUES ('a', now(), 'state', NULL, '', '')",
    "INSERT INTO positions VALUES ('a', 'A', 'NaN', 0, 0)",
    "INSERT INTO refresh_tokens VALUES ('\\x00', 's', now(), NULL)",
    "INSERT INTO deployments VALUES ('d', 'none', 1, 'a', 'PAPER', '{A}', '1m', '{}', encode(sha256('{}'), 'hex'), 'draft', "
    "'not started', '', 'u', now(), '', NULL, '', NULL, '', NULL, 0, 0, 1)",
])  # fmt: skip
def test_wrong_states_are_impossible(database: Database, wrong: str) -> None:
    with pytest.raises(IntegrityError):
        asyncio.run(database.write(lambda connection: connection.execute(text(wrong.replace(":", r"\:")))))


def test_a_refused_order_may_be_as_wrong_as_it_was_asked_for(database: Database) -> None:
    asked = text(an_order(id="r", status="refused", quantity=-3, type="limit"))
    asyncio.run(database.write(lambda connection: connection.execute(asked)))
