"""The program is killed in the middle of its story and started again: no manual step, nothing lost, nothing left behind."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qv_desktop.adapters.db.server import Server
from tests.stories import program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the database ends with its program on Windows")
STORY = ("demo", "--headless", "--for", "600")


@pytest.fixture(scope="module")
def killed() -> Iterator[tuple[Path, dict[str, int], str]]:
    """A home whose program was killed once orders had filled, what its database held then, and its trail's newest hash."""
    with program.a_home() as home, program.running(home, *STORY, "--out", str(home / "out")) as process:
        folder = home / "demo" / "postgres"
        program.until(program.opened(folder), process)
        url = Server(folder).running_url()
        assert url is not None
        program.until(lambda: has(url, "fills") and program.number(url, "fills") >= 3, process, 240)
        process.kill()
        process.wait(30)
        assert program.server_of(folder) is not None  # it outlives a program that had no time to end it
        until_gone(home)
        held = {
            table: program.number(url, table) for table in ("orders", "fills", "order_events", "audit_log", "trades")
        }
        newest = program.rows(url, "SELECT hash FROM audit_log ORDER BY sequence DESC LIMIT 1")[0][0]
        yield home, held, newest


def test_the_trail_is_whole_and_its_server_does_not_stay_behind(killed: tuple[Path, dict[str, int], str]) -> None:
    home, held, newest = killed
    done = program.ran(home, "audit", "verify", "--demo")
    assert done.returncode == 0, done.stderr
    assert newest in done.stdout
    assert f" {held['audit_log']} rows" in done.stdout
    assert program.server_of(home / "demo" / "postgres") is None


def test_the_next_start_needs_no_help_and_adds_to_what_was_there(killed: tuple[Path, dict[str, int], str]) -> None:
    home, held, newest = killed
    again = program.ran(home, "demo", "--headless", "--for", "3", "--out", str(home / "out"))
    assert (again.returncode, again.stderr) == (0, "")
    figures = program.summary(home / "out")
    assert figures["breaks"] == 0
    assert figures["audit_verified"]
    assert figures["ticks_stored"] == figures["ticks_received"]
    assert program.server_of(home / "demo" / "postgres") is None
    server = Server(home / "demo" / "postgres")
    url = server.start()
    try:
        now = {table: program.number(url, table) for table in held}
        assert now["orders"] == held["orders"] + figures["orders"]
        assert now["fills"] == held["fills"] + figures["fills"]
        assert all(now[table] >= held[table] for table in held)
        assert program.number(url, "audit_log", f"hash = '{newest}'") == 1
    finally:
        server.stop()


def has(url: str, table: str) -> bool:
    """Whether the database has this table yet."""
    return bool(program.rows(url, f"SELECT to_regclass('{table}')")[0][0])


def until_gone(home: Path) -> None:
    """Wait for the killed program's simulator and worker, which notice by themselves."""
    import psutil

    end = time.monotonic() + 30
    while any(belongs(process, home) for process in psutil.process_iter(["environ", "cmdline"])):
        assert time.monotonic() < end, "a process of the killed program stayed behind"
        time.sleep(0.2)


def belongs(process: "object", home: Path) -> bool:
    """Whether a process was started by the program in ``home``; its database server, which is found later, does not count."""
    found = process.info  # type: ignore[attr-defined]
    words = found["cmdline"] or []
    return (found["environ"] or {}).get("QV_HOME") == str(home) and "qv_desktop" in words and os.getpid() != process.pid  # type: ignore[attr-defined]
