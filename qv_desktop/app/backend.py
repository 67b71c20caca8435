"""What runs behind the window: the database and, for the demo, the simulator process."""

import asyncio
import json
import os
import subprocess
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import structlog

from qv_desktop import config, paths
from qv_desktop.app import Demo
from qv_desktop.config import Settings
from qv_desktop.domain.connections import Prices
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.services.clock import Rate

if TYPE_CHECKING:  # imported on the thread that opens the database, for it takes as long as all of Qt
    from qv_desktop.adapters.audit_mark import AuditMark
    from qv_desktop.adapters.db.database import Database
    from qv_desktop.adapters.db.instance_lock import InstanceLock
    from qv_desktop.adapters.db.server import Server

log = structlog.get_logger(__name__)

SHORT = 16  # characters of a login in the status bar
SIMULATOR_STARTS_WITHIN = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials for the vendors, as texts for the adapters alone; they never show in a trace.

    With an OAuth ``token`` the pair is for prices alone. ``trading`` off asks nothing of the broker, whatever the keys.
    """

    alpaca: str = field(default="", repr=False)
    alpaca_secret: str = field(default="", repr=False)
    polygon: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    prices: Prices = "auto"
    trading: bool = True

    @property
    def account(self) -> tuple[str, str, str]:
        """What opens the account: key, secret, token."""
        if not self.trading:
            return "", "", ""
        return ("", "", self.token) if self.token else (self.alpaca, self.alpaca_secret, "")


class Store:
    """The database, being opened on a thread from the moment of construction; ``opened`` gives it or raises QvError.

    ``shared`` also takes the database of a terminal that is open; without it that is refused.
    """

    def __init__(self, settings: Settings, *, shared: bool = False) -> None:
        self._shared = shared
        self._url, self._folder = settings.database_url, paths.database(settings.home)
        self._home = settings.home
        self._lock: InstanceLock | None = None
        self._server: Server | None = None
        self._database: Database | None = None
        self._closing = False
        self._thread = ThreadPoolExecutor(2, "database-start")
        self._opening: Future[Database] = self._thread.submit(self._open)

    @property
    def words(self) -> str:
        """Where it is, for the status bar."""
        if not self._url:
            return "Postgres local"
        acting = self._database.acting if self._database else None
        if acting is None or not (acting.personal or acting.unguarded):
            return "Postgres remote"
        whose = acting.login if len(acting.login) <= SHORT else f"{acting.login[: SHORT - 1]}…"
        return f"Postgres remote · {whose if acting.personal else 'shared'}"

    @property
    def waiting(self) -> int:
        """Writes handed over and not yet finished."""
        return self._database.waiting if self._database else 0

    async def opened(self) -> "Database":
        """The migrated database. Raises BadInput, DatabaseDown."""
        return await asyncio.wrap_future(self._opening)

    def _open(self) -> "Database":
        starting = None if self._url else self._thread.submit(self._start_server)
        if self._url and not self._shared:
            self._stand_alone()
        from qv_desktop.adapters.db.database import Database  # meanwhile: it takes as long as the server's start

        if starting is None:
            database = Database(self._url)
        else:
            server, url = starting.result()
            database = Database(url, revive=server.start)
        self._database = database
        if self._closing:
            raise DatabaseDown("The program was told to end before the database was open.")
        database.migrate()
        return database

    def _stand_alone(self) -> None:
        """One program for each data folder, as with a database of our own: two would overwrite each other's accounts and keys."""
        from qv_desktop.adapters.db.instance_lock import InstanceLock

        self._lock = InstanceLock(self._home / "lock")
        self._lock.take()

    def _start_server(self) -> "tuple[Server, str]":
        from qv_desktop.adapters.db.server import Server

        self._server = Server(self._folder)
        try:
            return self._server, self._server.start()
        except BadInput:
            url = self._server.running_url() if self._shared else None
            if url is None:
                raise
            return self._server, url

    def close(self) -> None:
        """Finish what waits and stop the embedded server, also one that is only just starting; blocking."""
        self._closing = True
        self._thread.shutdown(wait=True)
        try:
            if self._database is not None:
                self._database.close()
        finally:
            if self._server is not None:
                self._server.stop()
            if self._lock is not None:
                self._lock.release()


class Simulation:
    """The simulator as a process of its own; it ends with us."""

    def __init__(self, demo: Demo) -> None:
        words = [
            "simulate",
            "--port",
            "0",
            "--seed",
            str(demo.seed),
            "--speed",
            f"{demo.speed:g}",
            "--parent",
            str(os.getpid()),
        ]
        if demo.replay is not None:
            words += ["--replay", str(demo.replay)]
        told = {name: text for name, text in os.environ.items() if not name.startswith("QV_")}  # no keys, no database
        self._process = subprocess.Popen(
            [*paths.relaunch(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=told
        )
        self._said: deque[str] = deque(maxlen=20)
        self._thread = ThreadPoolExecutor(2, "simulator")
        self._starting: Future[str] = self._thread.submit(self._first_line)
        self._drained = self._thread.submit(self._drain)

    def _first_line(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""

    def _drain(self) -> None:
        """What it says goes to the log: a pipe that nobody empties would stop it once full."""
        for line in self._process.stderr or ():
            self._said.append(line.strip())
            if structlog.is_configured():
                log.warning("simulator_said", words=line.strip())

    async def ready(self) -> tuple[int, Rate]:
        """Its port, and how its market's clock runs. Raises BadInput with its own sentence when it does not start."""
        try:
            line = await asyncio.wait_for(asyncio.wrap_future(self._starting), SIMULATOR_STARTS_WITHIN)
        except TimeoutError:
            raise BadInput("The simulator did not start within 30 s; close other programs and try again.") from None
        if not line:
            await asyncio.wrap_future(self._drained)
            raise BadInput(self._said[-1] if self._said else "The simulator ended at once; see the log.")
        told = json.loads(line)
        return int(told["port"]), Rate(int(told["market_ns"]), int(told["wall_ns"]), float(told["speed"]))

    def close(self) -> None:
        """End the process and wait until it has ended."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.shutdown(wait=True)  # its pipes have ended with it
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def audit_mark(settings: Settings, database: "Database") -> "AuditMark":
    """What this installation remembers of its audit trail in ``database``. Raises BadInput when that cannot be read."""
    from qv_desktop.adapters.audit_mark import AuditMark

    return AuditMark(settings.home / "audit-mark.json", trail_place(settings, database))


def trail_place(settings: Settings, database: "Database") -> str:
    """What this installation calls the database that its trail is in."""
    url = database.url
    return f"{url.host}:{url.port}/{url.database}" if settings.database_url else "embedded"


def demo_settings(settings: Settings) -> Settings:
    """The demo's settings: a home of its own, so that nothing simulated mingles with what is real.

    A database named in the settings file is the real one; one named in the environment was named for this start. The look that
    was chosen in the demo is the demo's; until then it has the real one's.
    """
    home, named = settings.home / "demo", os.environ.get("QV_DATABASE_URL", "")
    simulated = msgspec.structs.replace(settings, home=home, database_url=named, environment="SIMULATION")
    return config.looked(simulated, home)


def pointed(settings: Settings, port: int) -> Settings:
    """The settings with every vendor's address on the simulator."""
    web, socket = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    return msgspec.structs.replace(
        settings, alpaca_url=web, alpaca_data_url=web, polygon_url=web, alpaca_stream_url=f"{socket}/stream",
        alpaca_prices_url=f"{socket}/v2/iex", polygon_stream_url=f"{socket}/stocks", polygon_per_minute=SIMULATED_PER_MINUTE,
        alpaca_per_minute=SIMULATED_PER_MINUTE,
    )  # fmt: skip


SIMULATED_PER_MINUTE = 6_000  # questions: the simulator sells no plans


def simulated_keys() -> Keys:
    """What the simulator takes: it reads the same names of the environment, which it inherits."""
    told = os.environ.get
    return Keys(
        told("SIMULATED_ALPACA_KEY", "PKSIM"),
        told("SIMULATED_ALPACA_SECRET", "simulated"),
        told("SIMULATED_POLYGON_KEY", "simulated"),
    )
