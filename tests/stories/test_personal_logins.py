"""A desk whose server knows each person: granted from the command line over TLS, then a Trader who trades and a Viewer who looks."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.adapters.db import passwords
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.market import Timeframe
from qv_desktop.domain.orders import OrderStatus
from tests import canaries
from tests.simulator.process import running
from tests.stories import program
from tests.stories.driver import Sitting, sitting
from tests.stories.remote_server import DATABASE, PASSWORD, USER, Remote, remote

WORDS = canaries.PERSONAL_DATABASE_PASSWORD
IN_THE_PROGRAM = canaries.planted("demo_password", "four plain words ")


@pytest.fixture(scope="module")
def server() -> Iterator[Remote]:
    """A server on which everything is migrated, granted, and two persons are let in."""
    with remote() as started, program.a_home() as home:
        assert tool(started, home, "migrate").returncode == 0
        done = tool(started, home, "grant")
        assert done.returncode == 0, done.stderr
        assert "Granted on 127.0.0.1" in done.stdout
        for name, role in (("demo", "Trader"), ("watcher", "Viewer"), ("boss", "Admin")):
            done = tool(started, home, "grant", "--login", name, "--role", role, said=WORDS)
            assert done.returncode == 0, done.stderr
            user = ", ".join(
                f"'{value}'" for value in (f"id-{name}", name, role, "active", 1, passwords.hashed(IN_THE_PROGRAM))
            )
            made = started.asks(f"INSERT INTO users VALUES ({user}, now())", DATABASE)  # noqa: S608 - constants
            assert made.returncode == 0, made.stderr
        # this stands for a desk whose prices others keep, not for a demo that forgets those of another market
        started.asks("INSERT INTO settings VALUES ('id-watcher', 'demo market', 'seed 1')", DATABASE)
        yield started


def tool(server: Remote, home: Path, *words: str, said: str = "", login: str = USER, password: str = PASSWORD,
         **options: str) -> "subprocess.CompletedProcess[str]":  # fmt: skip
    """``qv-desktop db …`` on that server, with something piped in."""
    url = server.url(password, **options).replace(f"//{USER}:", f"//{login}:").replace(" ", "%20")
    return subprocess.run(program.command("db", *words), cwd=program.ROOT, env=program.environment(home, QV_DATABASE_URL=url),
                          input=said + "\n", capture_output=True, text=True, check=False, timeout=120)  # fmt: skip


def test_granting_is_said_and_done_once(server: Remote, home: Path) -> None:
    done = tool(server, home, "grant")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Nothing had to be changed")
    assert "qv_admin, qv_trader, qv_analyst, qv_viewer" in done.stdout


def test_a_login_follows_its_person_where_the_owner_is_no_superuser(server: Remote) -> None:
    url = server.url(WORDS).replace(f"//{USER}:", "//boss:").replace(" ", "%20")
    for role, group in (("Analyst", "qv_analyst"), ("Viewer", "qv_viewer")):
        with psycopg.connect(url) as boss:
            boss.execute("SET ROLE qv_admin")
            boss.execute("UPDATE users SET role = %s WHERE name = 'watcher'", (role,))
        found = server.asks("SELECT roleid::regrole FROM pg_auth_members WHERE member = 'watcher'::regrole")
        assert found.stdout.strip() == group


def test_a_migration_lets_the_groups_have_what_is_new(server: Remote, home: Path) -> None:
    server.asks("REVOKE ALL ON backtests FROM qv_trader", DATABASE)
    done = tool(server, home, "migrate")
    assert done.returncode == 0, done.stderr
    assert "Granted on 127.0.0.1" in done.stdout
    told = server.asks("SELECT has_table_privilege('qv_trader', 'backtests', 'SELECT')", DATABASE)
    assert told.stdout.strip() == "t"


def test_a_person_gets_an_address_without_a_password_and_the_server_never_hears_it(server: Remote, home: Path) -> None:
    secret = canaries.planted("personal_database_password", "a brand new ")
    another = canaries.planted("personal_database_password", "quite another ")
    done = tool(server, home, "grant", "--login", "maria", "--role", "analyst", said=secret)
    assert done.returncode == 0, done.stderr
    assert "maria is in qv_analyst and nothing else" in done.stdout
    assert "postgresql://maria@127.0.0.1" in done.stdout
    assert "sslmode=verify-full" in done.stdout
    assert secret not in done.stdout + done.stderr + (server.folder / "log").read_text()
    checked = tool(server, home, "check", login="maria", password=secret)
    assert checked.returncode == 0, checked.stderr
    assert "with the personal login maria" in checked.stdout
    changed = tool(server, home, "password", login="maria", password=secret, said=another)
    assert changed.returncode == 0, changed.stderr
    assert "wrong user or password" in tool(server, home, "check", login="maria", password=secret).stderr
    url = server.url(another).replace(f"//{USER}:", "//maria:").replace(" ", "%20")
    with psycopg.connect(url) as still_open:
        gone = tool(server, home, "grant", "--login", "maria", "--remove")
        assert gone.returncode == 0, gone.stderr
        with pytest.raises(psycopg.OperationalError):
            still_open.execute("SELECT 1")
    assert server.asks("SELECT count(*) FROM pg_auth_members WHERE roleid = 'maria'::regrole").stdout.strip() == "0"
    assert "can no longer log in" in gone.stdout
    assert tool(server, home, "check", login="maria", password=another).returncode == 2


@pytest.mark.parametrize(("words", "said", "because"), [
    (("grant", "--login", "anna"), "", "Say either --role"), (("grant", "--role", "Trader"), "", "Say whose login it is"),
    (("grant", "--login", "anna", "--role", "King"), WORDS, "There is no role “King”"),
    (("grant", "--login", "anna", "--role", "Viewer"), "short", "The password is too short"),
    (("grant", "--login", "anna", "--role", "Viewer"), "", "The password is too short"),
    (("grant", "--login", USER, "--role", "Viewer"), WORDS, "keeps the database"),
    (("grant", "--login", "demo", "--role", "Admin"), WORDS, "has the role Trader"),
    (("grant", "--login", "nobody", "--remove"), "", "There is no login nobody"),
    (("check", "--login", "anna"), "", "takes no further words"),
], ids=lambda told: "typed" if told == WORDS else str(told))  # fmt: skip
def test_what_cannot_be_granted_is_one_sentence(
    server: Remote, home: Path, words: tuple[str, ...], said: str, because: str
) -> None:
    done = tool(server, home, *words, said=said)
    assert done.returncode == 2
    assert program.is_one_sentence(done.stderr), done.stderr
    assert because in done.stderr


def test_who_may_not_grant_is_told_who_may(server: Remote, home: Path) -> None:
    for login, because in (("demo", "may not grant rights on them"), ("watcher", "may not grant rights on them")):
        done = tool(server, home, "grant", login=login, password=WORDS)
        assert done.returncode == 2
        assert program.is_one_sentence(done.stderr), done.stderr
        assert because in done.stderr
    server.asks(f"ALTER ROLE {USER} NOCREATEROLE")
    try:
        done = tool(server, home, "grant")
        assert program.is_one_sentence(done.stderr), done.stderr
        assert "ALTER ROLE trader CREATEROLE" in done.stderr
    finally:
        server.asks(f"ALTER ROLE {USER} CREATEROLE")


def test_who_uses_the_owners_login_beside_the_groups_is_told_that_it_guards_nothing(server: Remote, home: Path) -> None:
    done = tool(server, home, "check")
    assert done.returncode == 0
    assert "may do what every role may" in done.stderr
    assert tool(server, home, "check", login="watcher", password=WORDS).stderr == ""


def test_the_embedded_database_has_nobody_to_grant_to(home: Path) -> None:
    done = program.ran(home, "db", "grant")
    assert done.returncode == 2
    assert program.is_one_sentence(done.stderr), done.stderr
    assert "belongs to this computer's user alone" in done.stderr
    assert not (home / "postgres").exists()


@pytest.mark.parametrize(("name", "trades"), [("demo", True), ("watcher", False)])
def test_a_day_at_the_desk(
    qapp: QApplication,
    server: Remote,
    name: str,
    trades: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sign in, prices, an order or its refusal, what is kept, and the way out; the log has no refusal of the database's."""
    monkeypatch.setattr("qv_desktop.app.signing_in.DEMO_USER", name)
    url = server.url(WORDS).replace(f"//{USER}:", f"//{name}:").replace(" ", "%20")
    before = server.count("orders")
    with running("--seed", "4", "--speed", "5") as simulator, program.a_home() as home:
        (home / "demo-password").write_text(IN_THE_PROGRAM)
        with sitting(qapp, simulator, home, url) as person:
            assert person.store.words == f"Postgres remote · {name}"
            person.do(_day(person, trades))
            notices = person.notices()
    assert "database does not let" not in notices
    assert "A part failed" not in notices
    refused = [record.getMessage() for record in caplog.records if "permission denied" in record.getMessage()]
    assert refused == []
    assert server.count("orders") == before + trades
    kept = server.asks('SELECT DISTINCT "user" FROM workspaces', DATABASE)
    assert f"id-{name}" in kept.stdout
    assert server.asks("SELECT user_id FROM sessions WHERE ended IS NULL", DATABASE).stdout.strip() == ""
    used = server.asks("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename IN ('demo', 'watcher')")
    assert used.stdout.strip() == ""


def test_the_command_line_verifies_the_trail_for_those_who_may_view_it(server: Remote, home: Path) -> None:
    for login, code in (("demo", 0), ("watcher", 2)):
        url = server.url(WORDS).replace(f"//{USER}:", f"//{login}:").replace(" ", "%20")
        done = program.ran(home, "audit", "verify", QV_DATABASE_URL=url)
        assert done.returncode == code, done.stderr
        if code:
            assert program.is_one_sentence(done.stderr), done.stderr
            assert "does not let the login watcher" in done.stderr


async def _day(person: Sitting, trades: bool) -> None:
    await person.ready()
    services = person.desk.services
    if not trades:
        with pytest.raises(NotPermitted):
            await services.risk.halt("a viewer's wish")
        assert not person.desk.panels.ticket.send.isEnabled()
        bars = await services.history.newest("SPY", Timeframe(1, "m"), 50, services.clock.market())
        assert len(bars) == 50
        await person.sees(lambda: person.desk.services.market.trades > 50)
        return
    bought = await person.buys("SPY", 2)
    await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
    assert await services.orders.records.written(30)
    rows, _ = await services.audit.story(bought)
    assert rows
    assert (await services.audit.verify()).whole
    run = await services.reconcile.run("test", "at the end")
    assert run.breaks == ()
