"""A plugin of the tests that searches for the run's secrets all the while: in what every test prints and logs at DEBUG, in processes'
command lines and environments, and at the end in all temporary files. A hit fails the run and is named."""  # fmt: skip

import logging
import os
import sys
import threading
from collections.abc import Generator
from typing import Any

import pytest

from tests import canaries, sweep
from tests.hooks import sitecustomize

EVERY = 0.25  # seconds between looks at processes
FOUND = 9  # the run's exit status when a secret was found: not that of a failed test, which gets a second try
CRASHED = 10  # likewise, when a process of the tests died: those behind it were not run
LOOKS = 2  # at each process: it may be about to become another program


class Processes(threading.Thread):
    """Looks at every process of the machine that is new, for the mark is this run's alone."""

    def __init__(self) -> None:
        super().__init__(name="processes", daemon=True)
        self._over = threading.Event()
        self._looks = dict.fromkeys(self._pids(), LOOKS)
        self._told: set[str] = set()

    def _pids(self) -> list[str]:
        return [name for name in os.listdir("/proc") if name.isdigit()]

    def run(self) -> None:
        while not self._over.wait(EVERY):
            self.look()

    def look(self) -> None:
        """At those that are new, and once more a moment later."""
        parents = {file.name for file in (canaries.FOLDER / "pids").iterdir()}
        for pid in self._pids():
            done = self._looks.get(pid, 0)
            if done < LOOKS and pid not in parents:
                self._looks[pid] = done + 1
                fresh = sweep.in_process(pid, parents)
                sweep.report(hit for hit in fresh if str(hit) not in self._told)
                self._told |= {str(hit) for hit in fresh}

    def end(self) -> None:
        """Look a last time."""
        self._over.set()
        self.join()


def pytest_configure(config: pytest.Config) -> None:
    (canaries.FOLDER / "pids" / str(os.getpid())).touch()
    sitecustomize.install(canaries.FOLDER)
    for name in ("websockets", "asyncio", "qasync", "urllib3", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)  # as in the program, which keeps their frames out of its log
    logging.getLogger("numba").setLevel(
        logging.WARNING
    )  # every step of compiling our kernels, a line each: half of that work
    if sys.platform == "linux" and not hasattr(config, "workerinput"):
        watching = config.stash[PROCESSES] = Processes()
        watching.start()


PROCESSES = pytest.StashKey[Processes]()
DIED = pytest.StashKey[bool]()


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(sched: Any) -> None:
    sched.config.stash[DIED] = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    told = yield
    if told.when == "teardown":  # with what set-up and call said
        for heading, text in told.sections:
            sweep.report(sweep.found(text.encode(errors="replace"), f"{heading} of {item.nodeid}"))
    return told


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    factory, others = getattr(session.config, "_tmp_path_factory", None), session.config.getoption("numprocesses", None)
    if (
        factory is not None and factory._basetemp is not None and not others
    ):  # who has workers left them to search theirs
        sweep.report(sweep.in_files(factory._basetemp))
    if hasattr(session.config, "workerinput"):
        return
    sweep.report(sweep.in_files(canaries.TEMPORARY))
    if PROCESSES in session.config.stash:
        session.config.stash[PROCESSES].end()
    if DIED in session.config.stash:
        session.exitstatus = CRASHED
    if sweep.reported():
        session.exitstatus = FOUND


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if hits := sweep.reported():
        terminalreporter.section("secrets where they must not be")
        for hit in hits:
            terminalreporter.write_line(hit)
