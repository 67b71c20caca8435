"""Secrets are planted wherever a person or the program has one, everything is logged, the program crashes: nothing shows anywhere."""

import base64
import json
import signal
import sys
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from pyarrow import parquet

from tests import canaries
from tests.simulator.process import LOOPBACK, running
from tests.stories import program
from tests.stories.remote_server import DATABASE, PASSWORD, Remote, remote

SECRETS = {
    "password": canaries.PASSWORD, "new_password": canaries.planted("new_password", "second words "),
    "wrong_password": canaries.WRONG_PASSWORD, "bobs_password": canaries.planted("colleagues_password", "fourth words "),
    "bobs_new_password": canaries.planted("colleagues_new_password", "fifth words "),
    "passphrase": canaries.planted("passphrase", "sixth words "), "wrong_code": f"{canaries.marked('wrong_code')}-77777",
    "key": "PKCANARY08", "secret": canaries.ALPACA_SECRET, "polygon_key": canaries.POLYGON_KEY,
    "client_secret": canaries.CLIENT_SECRET + "?", "oauth_token": canaries.OAUTH_TOKEN,
}  # fmt: skip
BY_DESIGN = {("embedded_password", "file postgres/password")}  # readable by its owner alone
TOLD = {"SECRETS_OF_THE_TEST", *canaries.VENDORS}  # by the test, to its own half of the program and to the vendors
SHOWN = {"key"}  # the id of a key pair is no secret, and its end is shown


@dataclass
class Remains:
    """Everything that the program left or said, by where; ``secrets`` are all of them, the made ones and the database's too."""

    secrets: dict[str, str]
    left: dict[str, bytes] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)
    core_limit: tuple[int, int] = (-1, -1)
    code: int = 0


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remains]:
    if sys.platform != "linux":
        pytest.skip("other processes' command lines and environments are read from /proc")
    place = tmp_path_factory.mktemp("place")
    flags = ("--seed", "6", "--symbols", "6")
    with program.a_home() as home, remote() as server, running(*flags, SIMULATED_ALPACA_KEY=SECRETS["key"]) as broker:
        surroundings = {
            "QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "NO_PROXY": LOOPBACK,
            "QV_ALPACA_URL": broker.url, "QV_ALPACA_STREAM_URL": f"{broker.ws}/stream", "QV_ALPACA_DATA_URL": broker.url,
            "QV_ALPACA_PRICES_URL": f"{broker.ws}/v2/iex", "QV_POLYGON_URL": broker.url,
            "QV_POLYGON_STREAM_URL": f"{broker.ws}/stocks", "QV_OAUTH_AUTHORIZE_URL": f"{broker.url}/oauth/authorize",
            "QV_OAUTH_TOKEN_URL": f"{broker.url}/oauth/token", "QV_OAUTH_PORT": "0", "QV_LOG_LEVEL": "DEBUG",
            "QV_DATABASE_URL": server.url(), "SECRETS_OF_THE_TEST": json.dumps(SECRETS), "PLACE_OF_THE_TEST": str(place),
            "XDG_CONFIG_HOME": str(home / "config"), "XDG_CACHE_HOME": str(place / "cache"),
            **{name: str(folder(home, name)) for name in ("TMPDIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")},
        }  # fmt: skip
        server.asks("ALTER SYSTEM SET log_statement = 'all'")  # with every value that is sent along
        server.asks("SELECT pg_reload_conf()")
        yield lived(home, place, server, surroundings)


def folder(home: Path, name: str) -> Path:
    """A folder of the program's surroundings, within what is searched."""
    made = home / "around" / name
    made.mkdir(parents=True, mode=0o700)
    return made


def lived(home: Path, place: Path, server: Remote, surroundings: dict[str, str]) -> Remains:
    """The sitting up to its crash, and what is left of it."""
    said, complaints = place / "said", place / "complaints"
    with said.open("wb") as out, complaints.open("wb") as err:
        process = psutil.Popen([sys.executable, "-m", "tests.stories.planted"], cwd=program.ROOT, stdout=out, stderr=err,
                               env=program.environment(home, **surroundings))  # fmt: skip
        try:
            end = time.monotonic() + program.PATIENCE
            while not (place / "ready").exists():
                assert process.poll() is None, complaints.read_text()[-3000:]
                assert time.monotonic() < end, complaints.read_text()[-3000:]
                time.sleep(0.2)
            made = json.loads((place / "made.json").read_text())
            (place / "made.json").unlink()
            found = Remains({**SECRETS, **made, "database_password": PASSWORD})
            look_alive(found, process)
            (place / "go").touch()
            process.wait(60)
        finally:
            if process.poll() is None:
                process.kill()
    found.code = process.returncode
    found.left |= {"standard output": said.read_bytes(), "standard error": complaints.read_bytes()}
    for root in (home, place):
        for file in root.rglob("*"):
            if file.is_file() and file.name not in ("said", "complaints"):
                found.left |= unpacked(f"file {file.relative_to(root)}", file)
                found.files.append(file.name)
    found.left["the server's log"] = (server.folder / "log").read_bytes()
    found.left |= tables(server)
    found.files += [file.name for file in program.ROOT.glob("core*")]
    return found


def unpacked(where: str, file: Path) -> dict[str, bytes]:
    """The file's content, and of one that is pressed together what is in it."""
    left = {where: file.read_bytes()}
    if file.suffix == ".parquet":
        left[f"{where}, read"] = json.dumps(parquet.read_table(file).to_pylist(), default=str).encode()
    return left


def look_alive(found: Remains, process: psutil.Popen) -> None:
    """Command lines of the program and all its children, and the children's environments."""
    import resource

    found.core_limit = resource.prlimit(process.pid, resource.RLIMIT_CORE)
    found.left["command line"] = "\0".join(process.cmdline()).encode()
    data = Path(process.environ()["QV_HOME"]) / "postgres" / "data"
    keeper = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
    for child in [*process.children(recursive=True), keeper, *keeper.children()]:
        found.processes.append(" ".join(child.cmdline()))
        found.left[f"command line of {child.pid}"] = "\0".join(child.cmdline()).encode()
        own = {name: text for name, text in child.environ().items() if name not in TOLD}
        found.left[f"environment of {child.pid}"] = json.dumps(own).encode()


def tables(server: Remote) -> dict[str, bytes]:
    """Every row of every table as text."""
    names = server.asks(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = 'public'", DATABASE
    ).stdout.split()
    assert "public.audit_log" in names
    rows = {name: server.asks(f"SELECT t::text FROM {name} AS t", DATABASE).stdout for name in names}  # noqa: S608 - its own names
    return {f"table {name}": text.encode() for name, text in rows.items()}


def spellings(secret: str) -> set[bytes]:
    """The secret as it may stand somewhere: plain, quoted, in JSON, hexadecimal, in base64 at any place of a longer text, UTF-16."""
    raw = secret.encode()
    quoted = [
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
    ]
    found = {
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        secret.encode("utf-16-le"),
        *(text.encode() for text in quoted),
    }
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
        middle = whole[-(-before * 4 // 3) + (1 if before else 0) : len(whole) // 4 * 4 - 4]
        found |= {middle, middle.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def _around(content: bytes, secret: str) -> bytes:
    """Where it stands, for whoever must find out how it came there; none of these secrets is one."""
    at = min(content.find(spelled) for spelled in spellings(secret) if spelled in content)
    return content[max(0, at - 200) : at + 60]


def test_the_search_finds_what_is_there() -> None:
    secret = "canary-secret/09+x="
    for lead in (b"", b"u", b"us", b"user:", b"user12:"):
        text = base64.b64encode(lead + secret.encode() + b":more")
        assert any(spelled in text for spelled in spellings(secret)), lead
        assert any(spelled in base64.urlsafe_b64encode(lead + secret.encode()) for spelled in spellings(secret)), lead
    assert any(spelled in b"?k=" + urllib.parse.quote(secret).encode() for spelled in spellings(secret))


def test_the_sitting_used_every_secret_and_ended_in_a_crash(remains: Remains) -> None:
    assert remains.code == -signal.SIGSEGV
    assert len(remains.secrets) >= 12
    assert all(remains.secrets.values())
    log = remains.left["file logs/terminal.jsonl"]
    for trace in (b"something broke", b"redeemed", b"apiKey=", b"Bearer", b"sslmode"):
        assert trace in log, trace
    trail = remains.left["table public.audit_log"]
    for action in (b"password.change", b"password.redeem", b"export.table", b"used twice", b"connection.add"):
        assert action in trail, action
    assert {"keys.locked", "connections.json", "settings.toml"} <= set(remains.files)
    for ending in (".csv", ".parquet", ".bundle.jsonl"):
        assert any(name.startswith("audit-") and name.endswith(ending) for name in remains.files), ending
    assert any("worker" in line for line in remains.processes)
    assert any("postgres" in line and "-D" in line for line in remains.processes)
    assert any("checkpointer" in line for line in remains.processes)
    log_ = remains.left["the server's log"]
    assert b"execute" in log_
    assert b"password_hash" in log_


def test_no_secret_is_anywhere_in_any_spelling(remains: Remains) -> None:
    guilty = [
        (where, name, _around(content, secret))
        for name, secret in remains.secrets.items()
        if name not in SHOWN
        for where, content in remains.left.items()
        if (name, where) not in BY_DESIGN
        if any(spelled in content for spelled in spellings(secret))
    ]
    assert guilty == []


def test_a_crash_leaves_no_memory_behind(remains: Remains) -> None:
    assert remains.core_limit == (0, 0)
    assert not [name for name in remains.files if name.startswith("core")]
