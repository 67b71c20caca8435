"""The embedded Postgres server: made, started, proved alive, adopted after our own death, recovered after its own, stopped."""

import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import RLock
from urllib.parse import quote

from qv_desktop.adapters.db import os_account, postmaster, probe, socket_folder
from qv_desktop.adapters.db.binaries import MAJOR, environment, identity, install_tree, program, run
from qv_desktop.adapters.db.instance_lock import InstanceLock
from qv_desktop.adapters.db.server_words import failure, in_words
from qv_desktop.domain.errors import BadInput

USER = "qv"
WINDOWS = sys.platform == "win32"
PORT = 5432  # only a file name inside our own socket folder, except on Windows

log = logging.getLogger(__name__)


class Server:
    """One Postgres server on ``folder``. Every method blocks and may be called from any thread.

    ``folder`` receives ``data``, ``password`` (0600), ``lock`` and ``server.log``; for root in a folder that no other account
    may enter, ``home`` names the folder under /var/lib/qv-desktop used instead. ``binaries`` is a ``pginstall18`` tree.
    """

    def __init__(self, folder: Path, binaries: Path | None = None) -> None:
        self._account = os_account.service_account(folder.absolute())
        self.home = os_account.home(folder.absolute(), self._account)
        self._tree = binaries
        self._data = self.home / "data"
        self._log_path = self.home / "server.log"
        self._lock = InstanceLock(self.home / "lock")
        self._mutex = RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""

    def start(self) -> str:
        """The server's SQLAlchemy URL, once ``SELECT 1`` has proved it; starting twice is starting once.

        Also the way back after the server died: lock, password and URL stay as they were. Raises BadInput when another program
        uses the folder or it cannot be used, DatabaseDown when the server does not come up.
        """
        with self._mutex, in_words(self.home):
            if self.alive():
                return self._url
            held = self._lock.held
            try:
                self._url = self._started()
            except BaseException:
                if not held:
                    self._abandon()
                raise
            return self._url

    def alive(self) -> bool:
        """Whether the server answers ``SELECT 1`` now."""
        return bool(self._url) and self._answers(self._url)

    def running_url(self) -> str | None:
        """The URL of a server that another process of ours keeps running on this folder, or None; takes no lock."""
        found = postmaster.read(self._data)
        if found is None or not (self.home / "password").is_file():
            return None
        url = self._address(found)
        return url if self._answers(url) else None

    def stop(self) -> None:
        """End the server and release the folder; what was committed is on the disk."""
        with self._mutex:
            if not self._lock.held:
                return
            self._end()
            self._process, self._url = None, ""
            self._lock.release()

    def _abandon(self) -> None:
        """Leave nothing running behind a start that failed."""
        if self._lock.held:
            self._end()
        self._lock.release()

    def _started(self) -> str:
        self._prepare()
        self._lock.take()
        self._hand_over(self.home / "lock")
        if not self._data.is_dir():
            self._create()
        self._check_version()
        found = postmaster.read(self._data)
        if found is not None and (url := self._adopted(found)):
            return url
        return self._launched()

    def _prepare(self) -> None:
        """The folder, ours and closed; for root its own service account's."""
        self._tree = os_account.readable_tree(self._tree or install_tree(), self._account)
        os_account.make_home(self.home, self._account)

    def _create(self) -> None:
        """``initdb`` beside, then one rename: a death half way leaves nothing that looks like data."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.home / "password"
        _write_private(password, secrets.token_urlsafe(32).encode())
        told = self.home / "password.new"
        _write_private(told, password.read_bytes(), self._account)
        try:
            done = run([program(self._programs, "initdb"), "-D", str(fresh), "-U", USER, f"--pwfile={told}", "--auth=scram-sha-256",
                        "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
                       self._account, self.home)  # fmt: skip
        finally:
            told.unlink(missing_ok=True)
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise failure(done.stderr or done.stdout, self.home)
        fresh.rename(self._data)

    def _hand_over(self, path: Path) -> None:
        """Leave no file of root's where its owner runs the program next."""
        if self._account is not None:
            os_account.give(path, self._account)

    def _check_version(self) -> None:
        version = (self._data / "PG_VERSION").read_text().strip()
        if version != MAJOR:
            raise BadInput(f"The database in {self._data} was made by PostgreSQL {version} and this program brings {MAJOR}; "
                           "open it with the version that made it, or choose another folder.")  # fmt: skip
        if not (self.home / "password").is_file():
            raise BadInput(
                f"The file {self.home / 'password'} is missing; put it back from a backup, or choose another folder."
            )

    def _adopted(self, found: postmaster.Postmaster) -> str:
        """The URL of a server that outlived its program, or nothing once it is sure that none runs here."""
        url = self._address(found)
        until = time.monotonic() + 5
        while self._serving(found.pid):
            if self._answers(url):
                log.info("adopted the running database server, process %s", found.pid)
                return url
            if time.monotonic() > until:
                self._end()  # it is ours by folder and lock, and it answers nobody
            time.sleep(0.05)
        (self._data / "postmaster.pid").unlink(
            missing_ok=True
        )  # its process is gone, a zombie, or someone else's by now
        return ""

    def _serving(self, pid: int) -> bool:
        if WINDOWS:
            return (
                run([program(self._programs, "pg_ctl"), "status", "-D", str(self._data)], None, self.home).returncode
                == 0
            )
        if self._process is not None:
            self._process.poll()  # a dead child of ours must not count as running
        return postmaster.serves(pid, self._data)

    def _launched(self) -> str:
        """Start and wait for the proof; a segment still held by a killed server's last children is worth another try."""
        until = time.monotonic() + 60
        while True:
            offset = self._rotate_log()
            self._launch()
            if url := self._waited(until):
                return url
            words = self._log_path.read_bytes()[offset:].decode(errors="replace")
            if "still in use" not in words or time.monotonic() > until:
                raise failure(words, self.home)
            time.sleep(0.1)

    def _rotate_log(self) -> int:
        if self._log_path.exists() and self._log_path.stat().st_size > 5_000_000:
            self._log_path.replace(self._log_path.with_suffix(".old.log"))
        return self._log_path.stat().st_size if self._log_path.exists() else 0

    def _launch(self) -> None:
        if WINDOWS:
            settings = f"-c listen_addresses=127.0.0.1 -c port={_free_port()} " + " ".join(_settings())
            command = [
                program(self._programs, "pg_ctl"),
                "start",
                "-W",
                "-D",
                str(self._data),
                "-l",
                str(self._log_path),
                "-o",
                settings,
            ]
            # no pipes: the server would inherit them, and reading to their end would wait for the server's
            subprocess.run(command, check=False, env=environment(), cwd=self.home, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
            return
        folder = socket_folder.chosen(self.home, self._account)
        command = [program(self._programs, "postgres"), "-D", str(self._data), "-k", str(folder), "-c", "listen_addresses=",
                   "-c", f"port={PORT}", "-c", "unix_socket_permissions=0700", *_settings()]  # fmt: skip
        with self._log_path.open("ab") as words:
            self._hand_over(self._log_path)
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, cwd=self.home,
                                             env=environment(), start_new_session=True,
                                             **identity(self._account))  # fmt: skip

    def _waited(self, until: float) -> str:
        """The URL once proved, or nothing when the process ended first."""
        while time.monotonic() < until:
            found = postmaster.read(self._data)
            if found is not None and found.ready and self._answers(url := self._address(found)):
                return url
            if self._process is not None and self._process.poll() is not None:
                return ""
            if WINDOWS and found is not None and not self._serving(found.pid):
                return ""
            time.sleep(0.01)
        return ""

    def _end(self) -> None:
        found = postmaster.read(self._data)
        if found is None:
            return
        if WINDOWS:
            run([program(self._programs, "pg_ctl"), "stop", "-m", "fast", "-D", str(self._data)], None, self.home)
        else:
            postmaster.end(found.pid, self._data)

    @property
    def _programs(self) -> Path:
        return self._tree or install_tree()

    def _address(self, found: postmaster.Postmaster, database: str = probe.DATABASE) -> str:
        password = quote((self.home / "password").read_text().strip(), safe="")
        if found.socket_folder:
            return f"postgresql+psycopg://{USER}:{password}@/{database}?host={quote(found.socket_folder, safe='')}&port={found.port}"
        return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{found.port}/{database}"

    def _answers(self, url: str) -> bool:
        return probe.answers(url, self._data)


def _settings() -> list[str]:
    pairs = (
        "max_connections=30",
        "log_timezone=UTC",
        "timezone=UTC",
        "logging_collector=off",
        "fsync=on",
        "synchronous_commit=on",
    )
    return [part for pair in pairs for part in ("-c", pair)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_private(path: Path, content: bytes, account: os_account.OsAccount | None = None) -> None:
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
        os.fsync(file)
    if account is not None:
        os_account.give(path, account)
