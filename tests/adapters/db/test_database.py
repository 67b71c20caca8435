"""Reading, writing, and what happens when the server goes away in the middle."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from psycopg.errors import DiskFull
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from qv_desktop.adapters.db import postmaster
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.database_words import parsed, sentence, unverified
from qv_desktop.adapters.db.server import Server
from qv_desktop.domain.errors import BadInput, DatabaseDown


def kept(value: str) -> TextClause:
    return text("INSERT INTO settings VALUES ('u', :key, 'v') ON CONFLICT DO NOTHING").bindparams(key=value)


def count(connection: Connection, key: str) -> int:
    return connection.execute(text("SELECT count(*) FROM settings WHERE key = :key"), {"key": key}).scalar_one()


def test_a_write_is_committed_and_a_read_sees_it(database: Database) -> None:
    async def story() -> int:
        await database.write(lambda connection: connection.execute(kept("seen")))
        return await database.read(lambda connection: count(connection, "seen"))

    assert asyncio.run(story()) == 1


def test_work_that_raises_writes_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        connection.execute(kept("half"))
        raise ArithmeticError

    async def story() -> int:
        with pytest.raises(ArithmeticError):
            await database.write(work)
        return await database.read(lambda connection: count(connection, "half"))

    assert asyncio.run(story()) == 0


def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="read-only transaction"):
        asyncio.run(database.read(lambda connection: connection.execute(kept("sneaked"))))


def test_a_slow_read_does_not_delay_a_write(database: Database) -> None:
    async def story() -> list[str]:
        order: list[str] = []
        slow = asyncio.ensure_future(database.read(lambda connection: connection.execute(text("SELECT pg_sleep(1)"))))
        slow.add_done_callback(lambda _: order.append("read"))
        await database.write(lambda connection: connection.execute(kept("quick")))
        order.append("write")
        await slow
        return order

    assert asyncio.run(story()) == ["write", "read"]


def test_writes_keep_their_order_and_are_counted_while_they_wait(database: Database) -> None:
    async def story() -> tuple[list[int], int, int]:
        done: list[int] = []
        writes = [asyncio.ensure_future(database.write(lambda _, n=n: done.append(n))) for n in range(50)]
        await asyncio.sleep(0)
        waiting = database.waiting
        await asyncio.gather(*writes)
        await asyncio.sleep(0)
        return done, waiting, database.waiting

    done, waiting, after = asyncio.run(story())
    assert done == list(range(50))
    assert waiting == 50
    assert after == 0


def test_a_write_whose_asker_was_cancelled_is_finished_all_the_same(database: Database) -> None:
    async def story() -> int:
        blocker = asyncio.ensure_future(
            database.write(lambda connection: connection.execute(text("SELECT pg_sleep(0.2)")))
        )
        asked = asyncio.ensure_future(database.write(lambda connection: connection.execute(kept("cancelled"))))
        await asyncio.sleep(0.05)
        asked.cancel()
        await blocker
        await database.write(lambda _: None)
        return await database.read(lambda connection: count(connection, "cancelled"))

    assert asyncio.run(story()) == 1


def test_a_closed_database_says_so(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.close()
    with pytest.raises(DatabaseDown, match="program is ending"):
        asyncio.run(database.write(lambda _: None))


def test_the_program_may_neither_change_the_schema_nor_the_history(database: Database) -> None:
    for statement in ("CREATE TABLE mine (a int)", "DROP TABLE orders", "ALTER TABLE audit_log ADD x int", "TRUNCATE audit_log",
                      "DELETE FROM audit_log", "UPDATE audit_log SET reason = ''", "UPDATE fills SET price = 1",
                      "DELETE FROM order_events", "UPDATE strategy_versions SET source = ''",
                      "UPDATE alembic_version SET version_num = '1'", "ALTER TABLE audit_log DISABLE TRIGGER ALL"):  # fmt: skip
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            asyncio.run(database.write(lambda connection, s=statement: connection.execute(text(s))))


def test_after_a_kill_the_next_write_revives_the_server_and_goes_through(open_folder: Path) -> None:
    server = Server(open_folder / "pg")
    database = Database(server.start(), revive=server.start)
    database.migrate()

    async def story() -> int:
        await database.write(lambda connection: connection.execute(kept("before")))
        kill(server)
        await database.write(lambda connection: connection.execute(kept("after")))
        kill(server)
        return await database.read(lambda connection: count(connection, "before") + count(connection, "after"))

    try:
        assert asyncio.run(story()) == 2
    finally:
        database.close()
        server.stop()


def test_a_kill_in_the_middle_of_a_write_is_either_all_or_nothing_and_said_so(open_folder: Path) -> None:
    server = Server(open_folder / "pg")
    database = Database(server.start(), revive=server.start)
    database.migrate()

    def dying(connection: Connection) -> None:
        connection.execute(kept("dying"))
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        os.kill(backend, signal.SIGKILL)  # Postgres answers by ending every connection and recovering
        connection.execute(kept("never"))

    async def story() -> int:
        with pytest.raises(DatabaseDown, match="nothing was written"):
            await database.write(dying)
        return await database.read(lambda connection: count(connection, "dying") + count(connection, "never"))

    try:
        assert asyncio.run(story()) == 0
    finally:
        database.close()
        server.stop()


def test_a_commit_whose_answer_was_lost_is_asked_after(open_folder: Path) -> None:
    """The backend is ended after it committed and before we heard: the write counts as written."""
    server = Server(open_folder / "pg")
    database = Database(server.start(), revive=server.start)
    database.migrate()

    def work(connection: Connection) -> str:
        connection.execute(kept("answered late"))
        driver = connection.connection.driver_connection
        assert driver is not None
        commit = driver.commit

        def lost() -> None:
            commit()
            driver.pgconn.finish()
            commit()

        driver.commit = lost
        return "result"

    async def story() -> tuple[str, int]:
        result = await database.write(work)
        return result, await database.read(lambda connection: count(connection, "answered late"))

    try:
        assert asyncio.run(story()) == ("result", 1)
    finally:
        database.close()
        server.stop()


def test_a_commit_that_nobody_can_be_asked_about_is_not_called_unwritten(open_folder: Path) -> None:
    server = Server(open_folder / "pg")
    database = Database(server.start())
    database.migrate()

    def work(connection: Connection) -> None:
        connection.execute(kept("who knows"))
        driver = connection.connection.driver_connection
        assert driver is not None
        commit = driver.commit

        def lost() -> None:
            server.stop()
            commit()

        driver.commit = lost

    try:
        with pytest.raises(DatabaseDown, match="whether the last change was kept is not known"):
            asyncio.run(database.write(work))
    finally:
        database.close()
        server.stop()


def test_a_server_that_is_away_is_named_without_the_password() -> None:
    database = Database("postgresql://someone:s3cret@127.0.0.1:1/quant")
    with pytest.raises(DatabaseDown, match=r"database on 127\.0\.0\.1:1 cannot be reached") as caught:
        database.migrate()
    with pytest.raises(DatabaseDown, match="cannot be reached"):
        asyncio.run(database.write(lambda _: None))
    assert "s3cret" not in str(caught.value)
    database.close()


def test_failing_writes_are_known_and_reads_that_succeed_do_not_hide_them(database: Database) -> None:
    def full(connection: Connection) -> None:
        raise OperationalError("INSERT", {}, DiskFull("no space left on device"))

    async def story() -> None:
        assert not database.down
        with pytest.raises(DatabaseDown):
            await database.write(full)
        await database.read(lambda connection: connection.execute(text("SELECT 1")))
        assert database.down
        await database.write(lambda connection: connection.execute(kept("back")))
        assert not database.down

    asyncio.run(story())


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "postgresql://host:port/x", "mysql://user:s3cret@host/x", "postgresql://u:s3cret@host:5432"],
)
def test_an_address_that_is_none_is_one_sentence(address: str) -> None:
    with pytest.raises(BadInput) as caught:
        Database(address)
    assert "s3cret" not in str(caught.value)
    assert "postgresql://user:password@host:5432/name" in str(caught.value)


def test_a_wrong_password_or_database_is_the_persons_to_correct(postgres_url: str) -> None:
    for wrong in (
        postgres_url.replace("://qv:", "://qv:x"),
        postgres_url.replace("/t_", "/no_"),
        postgres_url.replace("//qv:", "//nobody:"),
    ):
        database = Database(wrong)
        with pytest.raises(BadInput, match=r"refuses this address \((wrong user|no such user)"):
            database.migrate()
        database.close()


def test_away_from_this_machine_the_certificate_is_checked_unless_the_address_says_otherwise() -> None:
    assert parsed("postgresql://u:p@db.example.com/x").query["sslmode"] == "verify-full"
    assert parsed("postgresql://u:p@db.example.com/x?sslmode=require").query["sslmode"] == "require"
    assert "sslmode" not in parsed("postgresql://u:p@127.0.0.1/x").query
    assert "sslmode" not in parsed("postgresql+psycopg://u:p@/x?host=/tmp/socket").query


@pytest.mark.parametrize("address", [
    "postgresql://u:p@/x?host=db.example.com", "postgresql://u:p@127.0.0.1/x?hostaddr=192.0.2.7",
    "postgresql://u:p@localhost/x?host=db.example.com",
    "postgresql://u:p@/x?host=localhost,db.example.com", "postgresql://u:p@/x?host=localhost:5432&host=db.example.com:5432",
])  # fmt: skip
def test_no_way_of_naming_another_machine_leaves_the_certificate_unchecked(address: str) -> None:
    assert parsed(address).query["sslmode"] == "verify-full"


@pytest.mark.parametrize(("options", "words"), [
    ("", ""), ("?sslmode=verify-full", ""), ("?sslmode=verify-ca", "somebody else's server"),
    ("?sslmode=require", "somebody else's server"),
    ("?sslmode=prefer", "can read and change"), ("?sslmode=disable", "can read and change"),
])  # fmt: skip
def test_who_chose_less_hears_what_that_means(options: str, words: str) -> None:
    told = unverified(parsed(f"postgresql://u:secret@db.example.com/x{options}"))
    assert words in told
    assert bool(told) is bool(words)
    assert "secret" not in told
    assert unverified(parsed("postgresql://u:p@127.0.0.1/x?sslmode=disable")) == ""


def test_a_full_disk_is_not_called_unreachable() -> None:
    url = parsed("postgresql://u:p@localhost/x")
    assert "disk" in str(sentence(Exception('could not extend file "base/1": No space left on device'), url))


def kill(server: Server) -> None:
    found = postmaster.read(server.home / "data")
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    assert postmaster.gone(found.pid, server.home / "data", 5)


def test_what_is_recorded_never_waits_for_market_data(database: Database) -> None:
    """An order's intent goes out though a long write of bars is under way."""

    async def story() -> tuple[bool, int]:
        long = asyncio.ensure_future(database.write(lambda connection: connection.execute(text("SELECT pg_sleep(3)"))))
        await asyncio.sleep(0.1)
        found = await database.write(lambda connection: connection.execute(text("SELECT 7")).scalar_one(), "records")
        waits = not long.done()
        await long
        return waits, found

    assert asyncio.run(story()) == (True, 7)
