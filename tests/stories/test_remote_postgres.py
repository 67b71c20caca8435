"""The same program on a PostgreSQL server that is not ours: reached with TLS, refused in words, gone and back again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.orders import OrderStatus
from tests.simulator.process import running
from tests.stories import program
from tests.stories.driver import Sitting, sitting
from tests.stories.remote_server import PASSWORD, Remote, remote

KEPT = ("instruments", "bars", "trades", "orders", "order_events", "fills", "positions", "account_snapshots", "users", "sessions",
        "audit_log", "strategies", "reconciliation_runs")  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Remote]:
    """The other people's server."""
    with remote() as started:
        yield started


@pytest.fixture(scope="module")
def person(qapp: QApplication, server: Remote) -> Iterator[Sitting]:
    """Somebody at the window, whose database is remote."""
    with (
        running("--seed", "4", "--speed", "5") as simulator,
        program.a_home() as home,
        sitting(qapp, simulator, home, server.url()) as signed_in,
    ):
        yield signed_in


def test_the_database_is_prepared_and_checked_from_the_command_line(server: Remote, home: Path) -> None:
    for step in ("migrate", "check"):
        done = program.ran(home, "db", step, QV_DATABASE_URL=server.url())
        assert done.returncode == 0, done.stderr
        assert f"127.0.0.1:{server.port}" in done.stdout
        assert PASSWORD not in done.stdout + done.stderr
    assert not (home / "postgres").exists()


@pytest.mark.parametrize(("password", "options", "words"), [
    ("wrong", {}, "wrong user or password"),
    (PASSWORD, {"sslmode": "disable"}, "does not let this machine in"),
    (PASSWORD, {"sslrootcert": "/etc/hostname"}, "certificate"),
], ids=["wrong password", "no TLS", "another certificate"])  # fmt: skip
def test_a_server_that_will_not_have_us_is_one_sentence(
    server: Remote, home: Path, password: str, options: dict[str, str], words: str
) -> None:
    done = program.ran(home, "db", "check", QV_DATABASE_URL=server.url(password, **options))
    assert done.returncode == 2
    assert program.is_one_sentence(done.stderr), done.stderr
    assert words in done.stderr
    assert PASSWORD not in done.stderr


def test_a_day_at_the_desk_is_kept_there_and_by_tls(person: Sitting, server: Remote) -> None:
    async def scenario() -> None:
        await person.ready()
        bought = await person.buys("SPY", 2)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        await person.sees(lambda: server.count("bars") and server.count("positions") and server.count("trades"))
        assert await person.desk.services.orders.records.written(30)
        assert "Postgres remote" in person.store.words

    person.do(scenario())
    assert [table for table in KEPT if not server.count(table)] == []
    assert not (person.settings.home / "postgres").exists()
    log = (server.folder / "log").read_text()
    assert "user=trader database=qv application_name=qv-desktop SSL enabled" in log.replace("  ", " ")


def test_while_the_server_is_away_orders_are_refused_with_the_reason_and_nothing_heard_is_lost(
    person: Sitting, server: Remote
) -> None:
    async def scenario() -> None:
        await person.ready()
        server.kill()
        refused = await person.buys("AAPL", 3)
        await person.sees(lambda: "cannot be reached" in person.notices())
        assert person.order(refused) is None
        assert refused not in [order.id for order in await person.session._engine.broker.open_orders()]  # type: ignore[union-attr]
        heard = person.desk.services.market.trades
        await person.sees(lambda: person.desk.services.market.trades > heard + 20)
        await asyncio.to_thread(server.start)
        bought = await person.buys("NVDA", 4)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        assert await person.desk.services.orders.records.written(30)
        ticks = person.desk.services.ticks
        await ticks.written()  # what the server may have lost when it was killed is stored again, and counts once
        heard = ticks.stored + ticks.stored_bars + ticks.waiting  # prints and bars go on while it writes
        await ticks.flush()
        assert ticks.stored + ticks.stored_bars >= heard
        run = await person.desk.services.reconcile.run("test", "at the end")
        assert run.breaks == ()

    person.do(scenario())
    assert server.count("trades") == person.desk.services.ticks.stored
    assert server.count("fills") == len(person.desk.services.orders.fills)


def test_the_trail_of_that_day_is_whole(person: Sitting, server: Remote) -> None:
    done = program.ran(person.settings.home, "audit", "verify", QV_DATABASE_URL=server.url())
    assert done.returncode == 0, done.stderr
    assert server.count("audit_log") > 5


def test_a_demo_may_not_use_a_database_that_has_accounts_of_its_own(
    person: Sitting, server: Remote, home: Path
) -> None:
    done = program.ran(home, "demo", "--headless", "--for", "3", QV_DATABASE_URL=server.url())
    assert done.returncode == 2
    assert program.is_one_sentence(done.stderr), done.stderr
    assert "accounts of its own" in done.stderr
