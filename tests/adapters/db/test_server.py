"""The embedded server lives through what happens to programs on people's machines."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from qv_desktop.adapters.db import os_account, postmaster, server_words, socket_folder
from qv_desktop.adapters.db.server import Server
from qv_desktop.domain.errors import BadInput, DatabaseDown
from tests.conftest import an_open_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes and sockets are tested where they are POSIX")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    for opened in an_open_folder():
        yield opened / "a folder with späces"


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    made = Server(folder)
    yield made
    made.stop()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def pid_of(server: Server) -> int:
    found = postmaster.read(server.home / "data")
    assert found is not None
    return found.pid


def test_it_starts_answers_and_stops(server: Server) -> None:
    url = server.start()
    assert ask(url, "SELECT 1") == 1
    assert server.alive()
    server.stop()
    assert not server.alive()
    assert postmaster.read(server.home / "data") is None


def test_starting_twice_is_starting_once(server: Server) -> None:
    assert server.start() == server.start()
    first = pid_of(server)
    server.start()
    assert pid_of(server) == first


def test_text_is_utf8_and_sorted_alike_on_every_system(server: Server) -> None:
    url = server.start()
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert (
        ask(url, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()")
        == "bC.UTF-8"
    )
    assert ask(url, "SHOW timezone") == "UTC"


def test_no_one_gets_in_without_the_password(server: Server) -> None:
    url = server.start().replace("+psycopg", "", 1)
    password = (server.home / "password").read_text()
    assert len(password) >= 32
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(url.replace(password, "wrong"))
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(url.replace(f":{password}", ""))


def test_the_folder_and_the_password_are_closed_and_no_port_is_open(server: Server) -> None:
    url = server.start()
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.home / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((server.home / "data").stat().st_mode) == 0o700
    assert not (server.home / "password.new").exists()
    assert ask(url, "SHOW listen_addresses") == ""


def test_a_killed_server_comes_back_with_the_same_address_and_loses_nothing(server: Server) -> None:
    url = server.start()
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (a int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    for _ in range(3):
        os.kill(pid_of(server), signal.SIGKILL)
        assert server.start() == url
        assert ask(url, "SELECT max(a) FROM kept") == 7


def test_a_server_that_outlived_its_program_is_adopted(server: Server) -> None:
    before = server.start()
    pid = pid_of(server)
    server._lock.release()  # what the operating system does when a program dies
    heir = Server(server.home)
    assert heir.start() == before
    assert pid_of(heir) == pid
    heir.stop()
    assert not postmaster.serves(pid, server.home / "data")


def test_a_program_killed_outright_leaves_a_server_that_the_next_one_adopts_and_ends(folder: Path) -> None:
    code = f"import os, signal\nfrom pathlib import Path\nfrom qv_desktop.adapters.db.server import Server\n" \
           f"Server(Path({str(folder)!r})).start()\nos.kill(os.getpid(), signal.SIGKILL)"  # fmt: skip
    died = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])
    assert died.returncode == -signal.SIGKILL
    heir = Server(folder)
    orphan = pid_of(heir)
    heir.start()
    assert pid_of(heir) == orphan
    heir.stop()
    assert not postmaster.serves(orphan, folder / "data")


def test_a_stale_pid_file_of_a_process_that_is_someone_else_by_now_is_no_obstacle(server: Server) -> None:
    server.start()
    content = (server.home / "data" / "postmaster.pid").read_text()
    os.kill(pid_of(server), signal.SIGKILL)
    assert postmaster.gone(pid_of(server), server.home / "data", 5)
    lines = content.splitlines()
    (server.home / "data" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    assert ask(server.start(), "SELECT 1") == 1


def test_a_second_program_on_the_folder_is_told_in_one_sentence(server: Server) -> None:
    server.start()
    second = Server(server.home)
    with pytest.raises(BadInput, match=rf"already running on .*process {os.getpid()}"):
        second.start()
    second.stop()
    assert server.alive()


def test_a_tool_may_join_a_running_server_without_the_lock(server: Server) -> None:
    assert Server(server.home).running_url() is None
    url = server.start()
    assert Server(server.home).running_url() == url


def test_a_death_in_the_middle_of_the_first_start_leaves_nothing_that_looks_like_data(open_folder: Path) -> None:
    home = open_folder / "pg"
    (home / "data.new").mkdir(parents=True)
    (home / "data.new" / "PG_VERSION").write_text("18\n")
    server = Server(home)
    assert ask(server.start(), "SELECT 1") == 1
    server.stop()
    assert not (home / "data.new").exists()


def test_data_of_another_version_is_left_alone_and_named(open_folder: Path) -> None:
    (open_folder / "pg" / "data").mkdir(parents=True)
    (open_folder / "pg" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(BadInput, match="PostgreSQL 16"):
        Server(open_folder / "pg").start()
    with pytest.raises(BadInput, match="PostgreSQL 16"):  # and the lock was given back
        Server(open_folder / "pg").start()


def test_a_folder_that_is_a_file_is_named(open_folder: Path) -> None:
    (open_folder / "pg").write_text("")
    with pytest.raises(BadInput, match="cannot be used"):
        Server(open_folder / "pg").start()


def test_missing_programs_are_named(open_folder: Path) -> None:
    with pytest.raises(BadInput, match="is missing"):
        Server(open_folder / "pg", binaries=open_folder / "nowhere").start()


def test_a_full_disk_is_one_sentence(open_folder: Path) -> None:
    words = 'FATAL:  could not write to file "pg_wal/xlogtemp.1": No space left on device'
    assert "is full; free some space" in str(server_words.failure(words, open_folder))
    assert isinstance(server_words.failure(words, open_folder), DatabaseDown)
    assert "may not be read" in str(server_words.failure("FATAL: could not open: Permission denied", open_folder))


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="a small disk is mounted by root on Linux")
def test_a_disk_that_is_really_full_is_one_sentence(open_folder: Path) -> None:
    small = open_folder / "small"
    small.mkdir()
    if subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", small], check=False).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        with pytest.raises(DatabaseDown, match="full; free some space"):
            Server(small / "pg").start()
    finally:
        subprocess.run(["/bin/umount", small], check=True)


def test_a_long_path_gets_a_short_socket(open_folder: Path) -> None:
    server = Server(open_folder / ("deep" * 20) / ("deeper" * 20))
    url = server.start()
    found = postmaster.read(server.home / "data")
    server.stop()
    assert found is not None
    assert len(os.fsencode(found.socket_folder)) <= socket_folder.LONGEST
    assert "host=" in url
    os.rmdir(found.socket_folder)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root has to step down")
def test_as_root_the_server_runs_as_someone_else(server: Server) -> None:
    server.start()
    account = os_account.service_account(Path("/nowhere"))
    assert account is not None
    assert Path(f"/proc/{pid_of(server)}").stat().st_uid == account.uid != 0
    assert (server.home / "password").stat().st_uid == 0


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root has to step down")
def test_as_root_a_closed_folder_is_served_from_elsewhere(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os_account, "SHARED", open_folder / "shared")
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    server = Server(closed / "pg")
    assert server.home.parent == open_folder / "shared"
    assert ask(server.start(), "SELECT 1") == 1
    server.stop()
    assert Server(closed / "pg").home == server.home


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root has to step down")
def test_as_root_programs_that_no_one_else_can_reach_are_copied(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os_account, "SHARED", open_folder / "shared")
    package = open_folder / "closed" / "package"
    (package / "tree" / "bin").mkdir(parents=True)
    (package / "tree" / "bin" / "postgres").write_text("program")
    (open_folder / "closed" / "package.libs").mkdir()
    (open_folder / "closed").chmod(0o700)
    account = os_account.service_account(Path("/nowhere"))
    assert account is not None
    copy = os_account.readable_tree(package / "tree", account)
    assert os_account.reachable(copy / "bin" / "postgres", account)
    assert (copy / "bin" / "postgres").read_text() == "program"
    assert (copy.parent.parent / "package.libs").is_dir()
    assert os_account.readable_tree(package / "tree", account) == copy


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root has to step down")
def test_as_root_on_someones_own_folder_the_server_runs_as_its_owner(open_folder: Path) -> None:
    home = open_folder / "pg"
    home.mkdir(mode=0o700)
    os.chown(home, 1, 1)
    server = Server(home)
    server.start()
    found = pid_of(server)
    owner = Path(f"/proc/{found}").stat().st_uid
    server.stop()
    assert owner == 1
    assert {path.name: path.stat().st_uid for path in home.iterdir()} == {
        "data": 1, "lock": 1, "server.log": 1, "socket": 1, "password": 0}  # fmt: skip
