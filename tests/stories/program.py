"""The real program as a process of its own: started, waited for, killed, and what it kept."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from qv_desktop.adapters.db import postmaster
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.server import Server
from tests import canaries, sweep

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared"
PATIENCE = 400.0  # seconds for one story; the first on a machine compiles the backtest's kernels
TYPED = canaries.PASSWORD  # the password of whoever signs in in a story
SAYING = (("recover",), ("users", "make-admin"))  # commands whose answer is a reset code, to be passed on
WHERE_SHOWN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def environment(home: Path, **more: str) -> dict[str, str]:
    """This process's environment for a program that keeps everything in ``home``, with no screen unless ``more`` names one.

    Its log tells everything, and its secrets are such as the search at the home's end finds.
    """
    kept = {key: text for key, text in os.environ.items() if not key.startswith("QV_") and key not in WHERE_SHOWN}
    return {
        **kept,
        **canaries.surroundings(),
        **canaries.VENDORS,
        "QV_LOG_LEVEL": "DEBUG",
        "QV_HOME": str(home),
        **more,
    }


def command(*words: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-m", "qv_desktop", *words]


def ran(home: Path, *words: str, seconds: float = PATIENCE, **more: str) -> subprocess.CompletedProcess[str]:
    """The program with ``words``, once it has ended."""
    _provide(home, words, more)
    done = subprocess.run(command(*words), cwd=ROOT, env=environment(home, **more), capture_output=True, text=True,
                          timeout=seconds, check=False)  # fmt: skip
    none_of(_said(done.stdout, done.stderr, says=words[:2] in SAYING or words[:1] in SAYING))
    return done


@contextmanager
def running(home: Path, *words: str, module: Sequence[str] = (), **more: str) -> Iterator[subprocess.Popen[str]]:
    """The program with ``words`` (or another ``module`` of Python), killed at the end if it still runs."""
    if not module:
        _provide(home, words, more)
    line = [sys.executable, "-m", *module, *words] if module else command(*words)
    process = Heard(line, cwd=ROOT, env=environment(home, **more), stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)
        none_of(process.leaks)


class Heard(subprocess.Popen[str]):
    """A process in whose words secrets are looked for."""

    leaks: Sequence[str] = ()

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        """What it said."""
        said, complaints = super().communicate(input, timeout)
        self.leaks = _said(said or "", complaints or "")
        return said, complaints


def _said(said: str, complaints: str, *, says: bool = False) -> list[str]:
    """What was found in a program's words; one that ``says`` a reset code does so on its standard output alone."""
    out = [hit for hit in sweep.found(said.encode(), "standard output") if not (says and hit.secret == "reset_code")]
    return [str(hit) for hit in [*out, *sweep.found(complaints.encode(), "standard error")]]


def _provide(home: Path, words: Sequence[str], more: Mapping[str, str]) -> None:
    """A copy of an empty database where the program would make one: that takes two seconds of work, and the story is another."""
    folder = {"demo": home / "demo", "run": home}.get(words[0] if words else "")
    if folder is None or "QV_DATABASE_URL" in more or (folder / "postgres").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(_empty_database()), str(folder / "postgres")], check=True)  # noqa: S607 - owners and all


@cache
def _empty_database() -> Path:
    """A stopped server's folder with an empty database of the newest schema."""
    above = Path(tempfile.mkdtemp(prefix="qvs-"))
    above.chmod(0o755)
    atexit.register(shutil.rmtree, above, ignore_errors=True)
    server = Server(above / "postgres")
    database = Database(server.start())
    database.migrate()
    database.close()
    server.stop()
    assert [str(hit) for hit in sweep.in_files(above)] == []
    return above / "postgres"


@cache
def _unchanged() -> dict[str, tuple[int, int]]:
    return sweep.looks(_empty_database())


@contextmanager
def a_home() -> Iterator[Path]:
    """An empty folder that the database's own account may enter; no database server outlives it."""
    home = Path(tempfile.mkdtemp(prefix="qvs-"))
    home.chmod(0o755)
    try:
        yield home
        none_of(leaks(home))
    finally:
        for data in home.glob("**/postgres/data"):
            if (left := server_of(data.parent)) is not None:
                os.kill(left, signal.SIGKILL)
        shutil.rmtree(home, ignore_errors=True)


def none_of(hits: Sequence[str]) -> None:
    """Fail with what was found, if anything was."""
    assert not hits, "secrets where they must not be:\n" + "\n".join(hits)


def leaks(home: Path) -> list[str]:
    """What of this run's secrets stands in a home's files, each with its file and offset: logs, exports, spools, crash reports and the
    database's own files alike; the few that are there to keep one are named in sweep.KEPT."""  # fmt: skip
    unchanged = _unchanged() if _empty_database.cache_info().currsize else None
    return [str(hit) for hit in sweep.in_files(home, unchanged)]


def server_of(folder: Path) -> int | None:
    """The process id of the database server that runs on ``folder``, or None."""
    found = postmaster.read(folder / "data")
    return found.pid if found is not None and postmaster.serves(found.pid, folder / "data") else None


def opened(folder: Path) -> Callable[[], bool]:
    """Whether a database server answers on ``folder``."""
    return lambda: (folder / "data").is_dir() and Server(folder).running_url() is not None


def rows(url: str, question: str) -> list[tuple[Any, ...]]:
    """What the database at ``url`` answers."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        return connection.execute(question.encode()).fetchall()


def number(url: str, table: str, condition: str = "true") -> int:
    """How many rows of ``table`` meet ``condition``."""
    return int(rows(url, f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])  # noqa: S608 - constants of tests


def until(seen: Callable[[], object], process: subprocess.Popen[str], seconds: float = 120.0) -> None:
    """Wait until ``seen`` is true while ``process`` runs."""
    end = time.monotonic() + seconds
    while not seen():
        assert process.poll() is None, f"the program ended with {process.returncode}: {process.communicate()[1]}"
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.1)


def summary(out: Path) -> dict[str, Any]:
    """The proof's figures."""
    found: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return found


def is_one_sentence(text: str) -> bool:
    """Whether ``text`` is one line that ends as a sentence does, and no trace."""
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].endswith((".", "!")) and "Traceback" not in text
