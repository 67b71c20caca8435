"""The search for this run's secrets finds one wherever it lies and however it is written; and a run in which it finds one fails."""

import base64
import gzip
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests import canaries, sweep, watch
from tests.hooks import sitecustomize
from tests.stories import program

SECRET = canaries.PASSWORD
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "quoted for a URL": lambda text: urllib.parse.quote(text, safe="").encode(),
    "in JSON": lambda text: json.dumps({"said": text}).encode(),
    "in hexadecimal": lambda text: text.encode().hex().encode(),
    "in capital hexadecimal": lambda text: text.encode().hex().upper().encode(),
    "in base64": lambda text: base64.b64encode(text.encode()),
    "in base64 behind one letter": lambda text: base64.b64encode(b"u" + text.encode() + b":more"),
    "in base64 behind two": lambda text: base64.urlsafe_b64encode(b"us" + text.encode() + b":more"),
    "two bytes a letter": lambda text: text.encode("utf-16-le"),
    "two bytes a letter, the other way": lambda text: text.encode("utf-16-be"),
}
NUMBERED = (
    "plain",
    "quoted for a URL",
    "in JSON",
    "in hexadecimal",
    "in capital hexadecimal",
    "two bytes a letter",
    "two bytes a letter, the other way",
)  # tell which


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the search at the end of this run does not find."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("how", WRITTEN)
def test_a_secret_is_found_however_it_is_written_and_named_where_that_can_be_told(how: str) -> None:
    found = sweep.found(b"\x00" * 8192 + WRITTEN[how](SECRET) + b"\xff" * 100, "somewhere")
    assert len(found) == 1, found
    assert found[0].offset >= 8192
    assert found[0].secret == ("password" if how in NUMBERED else "a secret")
    assert sweep.found(WRITTEN[how]("four plain words and nothing else at all"), "somewhere") == []


@pytest.mark.parametrize(("module", "made"), [*sitecustomize.KINDS, (sitecustomize.RESETS, "choice")])
def test_what_the_program_makes_at_random_is_made_where_the_mark_is_put_on_it(module: str, made: str) -> None:
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    assert f"secrets.{made}(" in Path(found.origin).read_text(encoding="utf-8")


def test_what_is_made_carries_the_mark_and_is_another_each_time() -> None:
    from qv_desktop.adapters.alpaca.oauth import Proof
    from qv_desktop.simulator.keys import Keys

    for name, make in (("oauth_token", Keys().issued), ("oauth_verifier", lambda: Proof().verifier)):
        one, other = make(), make()
        assert one != other
        assert [hit.secret for hit in sweep.found(one.encode(), "")] == [name]


def test_every_kind_of_secret_is_told_apart_and_there_are_more_than_twelve() -> None:
    assert len(canaries.NAMES) > 12
    by_mark = [name for name in canaries.NAMES if name not in ("reset_code", "access_token")]
    assert [sweep.found(canaries.planted(name).encode(), "")[0].secret for name in by_mark] == by_mark


@pytest.mark.parametrize("name", [
    "logs/terminal.jsonl", "demo/postgres/data/base/5/1259", "exports/orders.csv", "crash.txt", "spool/ticks", "settings.toml",
])  # fmt: skip
def test_a_secret_in_any_file_of_a_home_is_named_with_file_and_offset(place: Path, name: str) -> None:
    spilled = place / name
    spilled.parent.mkdir(parents=True, exist_ok=True)
    spilled.write_bytes(b"-" * 1000 + SECRET.encode())
    at = 1000 + SECRET.index(canaries.MARK)
    (told,) = program.leaks(place)
    assert told.startswith(f"password in {name} at byte {at}: ")
    spilled.write_bytes(b"-" * 1000)
    assert program.leaks(place) == []


def test_a_file_may_keep_its_own_secret_and_no_other(place: Path) -> None:
    own, other = canaries.planted("demo_password"), canaries.planted("embedded_password")
    (place / "demo-password").write_text(own, encoding="utf-8")
    assert program.leaks(place) == []
    (place / "demo-password").write_text(own + other, encoding="utf-8")
    (place / "password").write_text(own, encoding="utf-8")
    assert [told.split()[0] for told in program.leaks(place)] == ["demo_password"]  # in the other's file


def test_a_secret_in_what_is_packed_is_found(place: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"said": [SECRET] * 2}), place / "a.parquet", compression="zstd")
    with zipfile.ZipFile(place / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("sheet1.xml", SECRET * 9)
    (place / "c.gz").write_bytes(gzip.compress(SECRET.encode() * 9))
    told = "\n".join(program.leaks(place))
    for name in ("a.parquet, read", "b.xlsx, sheet1.xml", "c.gz, unpacked"):
        assert f"password in {name}" in told


def test_a_secret_that_a_database_compressed_is_found_in_its_files_and_in_its_rows(
    postgres_url: str, postgres_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a long note that says the same over and over; " * 200 + SECRET + " and again; " * 200
    folder = Path(str(postgres_server.home)) / "data" / "base"  # type: ignore[attr-defined]
    with psycopg.connect(postgres_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("CREATE TABLE spilled (note text)")
        try:
            connection.execute("INSERT INTO spilled VALUES (%s)", (text,))
            connection.execute("CHECKPOINT")
            rows = sweep.in_database(postgres_url)
            row = connection.execute("SELECT pg_relation_filepath('spilled')").fetchone()
            assert row is not None
            (file,) = folder.rglob(str(row[0]).rpartition("/")[2])
            assert canaries.MARK.encode() not in file.read_bytes()  # it is compressed
            hits = [hit for hit in sweep.in_files(file.parent) if hit.where.endswith(file.name)]
        finally:
            connection.execute("TRUNCATE spilled")
            connection.execute("DROP TABLE spilled")
    assert [(hit.secret, hit.where) for hit in rows] == [("password", "table public.spilled")]
    assert len(hits) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other processes are read from /proc")
def test_a_secret_in_a_command_line_or_a_childs_environment_is_found_and_one_that_a_test_gave_is_not() -> None:
    parents = {str(os.getpid())}
    for words, more, named in (
        ([SECRET], {}, "the command line of process"),
        ([], {"ANYTHING": SECRET}, "ANYTHING"),
        ([], {"QV_DATABASE_URL": SECRET}, ""),
    ):
        with becoming(words, more) as pid:
            hits, strangers = sweep.in_process(pid, parents), sweep.in_process(pid, set())
        assert [named in hit.where for hit in hits] == ([True] if named else [])
        assert len(strangers) == 1  # for a child of the program it would be one


@contextmanager
def becoming(words: list[str], more: dict[str, str]) -> Iterator[str]:
    """The id of a process with these words and variables, which whoever watches this run has been told to leave alone before."""
    waits = "import sys; print(1, flush=True); sys.stdin.readline()"
    become = "import json, os, sys; a = json.loads(sys.stdin.readline()); p = sys.executable; "
    become += f"os.execve(p, [p, '-c', {waits!r}, *a[0]], a[1])"
    with subprocess.Popen(
        [sys.executable, "-c", become], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        (canaries.FOLDER / "pids" / str(child.pid)).touch()
        child.stdin.write(json.dumps([words, {**os.environ, **more}]) + "\n")
        child.stdin.flush()
        child.stdout.readline()
        yield str(child.pid)
        child.kill()


def test_a_run_of_tests_in_which_a_secret_is_printed_logged_or_left_in_a_file_fails(place: Path) -> None:
    test = place / "test_spilling.py"
    test.write_text(
        "import logging, subprocess, sys\n"
        "from tests import canaries\n"
        "def test_prints(): print(canaries.PASSWORD)\n"
        "def test_logs(): logging.getLogger('any').debug('keys %s', canaries.POLYGON_KEY)\n"
        "def test_leaves(tmp_path): (tmp_path / 'export.csv').write_text('1,' + canaries.ALPACA_SECRET)\n"
        "def test_starts(): subprocess.run([sys.executable, '-c', 'import time; time.sleep(0.8)', canaries.OAUTH_TOKEN])\n",
        encoding="utf-8",
    )
    line = [sys.executable, "-m", "pytest", "-q", "-c", str(program.ROOT / "pyproject.toml"), "--rootdir", str(program.ROOT),
            "-p", "tests.watch",
            f"--basetemp={place / 'temporary'}", str(test)]  # fmt: skip
    around = {name: text for name, text in os.environ.items() if name != canaries.VARIABLE}  # marks of its own
    done = subprocess.run(line, cwd=program.ROOT, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == watch.FOUND, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    wanted = [
        "password in Captured stdout call of ",
        "polygon_key in Captured log call of ",
        "alpaca_secret in test_leaves0/export.csv at byte ",
    ]
    if sys.platform == "linux":
        wanted.append("oauth_token in the command line of process ")
    for told in wanted:
        assert told in done.stdout, told
