"""What tests of every room may ask for: a real Postgres, one server for the run and a database of its own for each test file."""

import gc
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from tests import sweep

if TYPE_CHECKING:
    from qv_desktop.adapters.db.database import Database
    from qv_desktop.adapters.db.server import Server

pytest_plugins = ["tests.watch", "tests.slow_first"]  # the first searches for the run's secrets all the while

TEMPLATE = "qv_template"
FULLY_EVERY = 200  # tests between collections of everything

# a busy machine is no failure: examples count, not the seconds that they took
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")


_tests = count(1)


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: no collection looks through them again, nor one that a test asks for."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _garbage_is_collected_here() -> Iterator[None]:
    """Between tests and on this thread only, as in the program: another thread that frees a Qt object crashes both."""
    gc.disable()
    yield
    gc.collect(1 if next(_tests) % FULLY_EVERY else 2)


@pytest.fixture(autouse=True)
def _no_widgets_left_behind() -> Iterator[None]:
    """What a test closed is thrown away at once: Qt would keep it for a loop to come, and ask each of thousands at every change."""
    yield
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_little() -> Iterator[None]:
    """A hundred tests log in; what a hash must cost is asked of the hasher that the program makes, and of whole programs."""
    from argon2 import PasswordHasher

    from qv_desktop.adapters.db import passwords

    real, passwords._hasher = passwords._hasher, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords._hasher = real


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder whose path is short and open to the account that the server runs as when the tests run as root."""
    yield from an_open_folder()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["Server"]:
    """A running server."""
    from qv_desktop.adapters.db.server import Server

    for folder in an_open_folder():
        server = Server(folder / "pg")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: "Server") -> str:
    """The server's URL, once a database to copy has been brought to the newest schema."""
    from qv_desktop.adapters.db.database import Database

    url = postgres_server.start()
    _execute(url, f"CREATE DATABASE {TEMPLATE}")
    database = Database(named(url, TEMPLATE))
    database.migrate()
    database.close()
    return url


@pytest.fixture(scope="module")
def postgres_url(postgres_template: str) -> Iterator[str]:
    """The URL of a database with the newest schema and no rows, for this test file alone."""
    name = f"t_{uuid4().hex[:12]}"
    _execute(postgres_template, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield named(postgres_template, name)
    sweep.report(sweep.in_database(named(postgres_template, name)))
    _execute(postgres_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(postgres_url: str) -> Iterator["Database"]:
    """That database, opened."""
    from qv_desktop.adapters.db.database import Database

    opened = Database(postgres_url)
    yield opened
    opened.close()


def named(url: str, name: str) -> str:
    """``url`` with another database on the same server."""
    return url.replace("/quantvision", f"/{name}", 1)


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(statement.encode())


def an_open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="qvt-"))
    folder.chmod(0o755)
    try:
        yield folder
        sweep.report(
            sweep.in_files(folder, without=("base",))
        )  # rows are searched as such, before their database is dropped
    finally:
        shutil.rmtree(folder, ignore_errors=True)
