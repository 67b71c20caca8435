"""Strategies that mean harm: each is ended or refused, finds no secret, leaves nothing behind, and the next run is right."""

import asyncio
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute.frames import Cancelled, WorkerDied
from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.domain.errors import BadInput
from tests.adapters.compute.attacks import ENDED, GARBAGE, LONG_NOTES, PROCESSES, SEARCH, SOCKETS, body
from tests.adapters.compute.test_pool import SPEC, data, quiet, strategy, walk

CANARY = "canary-7f3a"
LIMITS = Limits(seconds=120, cpu_seconds=120, memory_mb=1024, folder_mb=24)
SHORT = Limits(seconds=1, memory_mb=1024)  # of attacks that would take for ever
LITTLE = Limits(seconds=60, cpu_seconds=1)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls that these climb are Linux's")


@dataclass
class Place:
    """A pool that lives on, its loop, and secrets that lie about."""

    runner: asyncio.Runner
    pool: BacktestPool
    secrets: Path
    port: int

    def run(self, source: str, name: str = "run") -> object:
        """One run of ``source``. Raises what the run raises."""
        return self.runner.run(self.pool.run(name, SPEC, strategy(source), data(walk(300)), "demo", quiet))

    def good(self) -> object:
        """A run of the shipped strategy; its curve."""
        return self.runner.run(self.pool.run("good", SPEC, strategy(), data(walk(300)), "demo", quiet)).equity

    @property
    def warm(self) -> psutil.Process:
        """The process that runs are forked from."""
        return psutil.Process(self.pool._workers[0].process.pid)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.create_server(("127.0.0.1", 0)) as server:
        secrets = Path(folder)
        for name in ("keyring.sealed", "settings.toml", "exports.csv", "pgpass"):
            (secrets / name).write_text(CANARY)
        with (
            socket.socket(socket.AF_UNIX) as database,
            pytest.MonkeyPatch.context() as patch,
            asyncio.Runner() as runner,
        ):
            database.bind(str(secrets / ".s.PGSQL.5432"))
            database.listen()
            patch.setenv("QV_ALPACA_SECRET", CANARY)
            patch.setenv("QV_DATABASE_URL", f"postgresql://u:{CANARY}@h/d")
            pool = BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 2, LIMITS)
            place = Place(runner, pool, secrets, server.getsockname()[1])
            place.good()
            yield place
            scratch = [worker.process.scratch for worker in pool._workers]
            runner.run(pool.close())
            assert not any(folder.exists() for folder in scratch)


async def until[T](found: Callable[[], T]) -> T:
    """What ``found`` gives once it gives something."""
    for _ in range(3000):
        if got := found():
            return got
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


def left_alone(place: Place) -> None:
    """After a run: no process, no folder, no open pipe of it is left, and the warm process is the same."""
    assert place.warm.children(recursive=True) == []
    assert [entry.name for entry in place.pool._workers[0].process.scratch.iterdir()] == ["outside"]


@pytest.mark.parametrize(
    "attack", [SEARCH, SEARCH + SOCKETS, SEARCH + PROCESSES], ids=["files", "sockets", "processes"]
)
def test_a_run_finds_no_secret_and_reaches_nobody(place: Place, attack: str) -> None:
    known = f"CANARY, SECRETS, PORT = {CANARY[::-1]!r}[::-1], {str(place.secrets)!r}, {place.port}\n"
    with pytest.raises(BadInput, match=r"ValueError: found \[\]"):
        place.run(body(known + attack + "raise ValueError(f'found {got}')"))
    assert {file.read_text() for file in place.secrets.iterdir() if file.is_file()} == {CANARY}
    left_alone(place)


@pytest.mark.parametrize("attack", ENDED)
def test_a_run_that_takes_too_much_or_breaks_is_ended_and_told(place: Place, attack: str) -> None:
    code, kind, words = ENDED[attack]
    warm = place.warm.pid
    place.pool.limits = {"seconds": SHORT, "processor": LITTLE}.get(words, LIMITS)
    try:
        with pytest.raises(kind, match=words) as told:
            place.run(body(code))
    finally:
        place.pool.limits = LIMITS
    assert len(str(told.value)) < 3_000
    assert place.warm.pid == warm
    left_alone(place)


@pytest.mark.parametrize("attack", GARBAGE)
def test_what_is_no_answer_fails_that_run_alone(place: Place, attack: str) -> None:
    kept = place.pool.kept
    with pytest.raises(BadInput, match=r"no answer|no result|result is larger|closed the pipe|OSError|exit code"):
        place.run(body(GARBAGE[attack]))
    assert place.pool.kept == kept
    left_alone(place)


def test_a_result_of_the_right_form_that_fits_nothing_is_told(place: Place) -> None:
    with pytest.raises(BadInput, match="no result"):
        place.run(body(LONG_NOTES))
    left_alone(place)


def test_steps_without_end_do_not_flood_the_window(place: Place) -> None:
    code = (
        "import msgspec\nb = msgspec.msgpack.encode({'type': 'step', 'number': 1, 'fraction': 9.9, 'words': 'x'})\n"
        "b = (len(b).to_bytes(8) + b) * 1000\nend = time.time() + 1\nwhile time.time() < end: os.write(3, b)\nraise ValueError('mine')"
    )
    steps: list[float] = []
    with pytest.raises(BadInput, match="mine"):
        place.runner.run(
            place.pool.run(
                "f", SPEC, strategy(body(code)), data(walk(300)), "demo", lambda fraction, step: steps.append(fraction)
            )
        )
    assert len(steps) < 200
    assert max(steps) <= 1.0


def test_a_gigabyte_of_print_is_kept_as_its_end(place: Place) -> None:
    said: list[str] = []
    code = "line = b'y' * 1_000_000\nfor _ in range(1000): os.write(1, line)\nos.write(2, b'the end')\nraise ValueError('mine')"
    from qv_desktop.adapters.compute.messages import Done
    from qv_desktop.adapters.compute.pool import request_of

    request = request_of("p", SPEC, strategy(body(code)), data(walk(300)))
    with pytest.raises(BadInput, match="mine"):
        place.runner.run(place.pool.ask("p", request, Done, said=said.append))
    assert len(said[0]) < 70_000
    assert said[0].endswith("the end")
    assert place.warm.memory_info().rss < 1_000_000_000


def test_a_gigabyte_of_result_is_refused(place: Place) -> None:
    code = "sys.modules['qv_desktop.adapters.compute.worker'].serve.__globals__['Done'] = None\nimport msgspec\nmsgspec.msgpack = None"
    with pytest.raises(BadInput):
        place.run(body(code))
    head = "os.write(3, (60 * 2 ** 20).to_bytes(8))\np = bytes(2 ** 20)\nwhile True: os.write(3, p)"
    with pytest.raises(BadInput, match="no answer"):
        place.run(body(head))
    assert place.warm.memory_info().rss < 1_000_000_000


def test_what_a_run_breaks_in_python_is_whole_in_the_next(place: Place) -> None:
    before = place.good()
    code = """
import builtins, msgspec, vectorbt, numpy
vectorbt.Portfolio.from_signals = None
vectorbt.Portfolio.value = lambda self: 1 / 0
msgspec.msgpack.encode = lambda value: b'no'
builtins.len = lambda x: 7
numpy.maximum = None
sys.modules['qv_desktop.adapters.compute.frames'].write_all = None
os.environ['NUMBA_DISABLE_JIT'] = '1'
open('left', 'w').write('x')
"""
    with pytest.raises(BadInput):
        place.run(body(code))
    assert place.good() == before
    left_alone(place)


def test_a_cancel_ends_one_run_and_no_other(place: Place) -> None:
    async def story() -> None:
        sleeping = strategy(body("time.sleep(1.5)\nraise ValueError('slept well')"))
        started = asyncio.Event()
        ran = asyncio.ensure_future(
            place.pool.run(
                "a", SPEC, sleeping, data(walk(300)), "demo", lambda fraction, step: fraction >= 0.15 and started.set()
            )
        )
        other = asyncio.ensure_future(place.pool.run("b", SPEC, sleeping, data(walk(300)), "demo", quiet))
        waiting = asyncio.ensure_future(place.pool.run("c", SPEC, sleeping, data(walk(300)), "demo", quiet))
        await asyncio.wait_for(started.wait(), 60)
        await place.pool.cancel("a")
        await place.pool.cancel("c")
        for cancelled in (ran, waiting):
            with pytest.raises(Cancelled, match="cancelled"):
                await cancelled
        with pytest.raises(BadInput, match="slept well"):
            await other

    warm = place.warm.pid
    place.runner.run(story())
    assert place.warm.pid == warm
    left_alone(place)


def test_a_task_that_is_cancelled_ends_its_run(place: Place) -> None:
    async def story() -> None:
        endless = asyncio.ensure_future(
            place.pool.run("a", SPEC, strategy(body("while True: pass")), data(walk(300)), "demo", quiet)
        )
        await asyncio.sleep(0.5)
        endless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await endless
        await until(lambda: not place.warm.children())

    place.runner.run(story())


def test_jobs_take_turns_though_one_asks_for_much(place: Place) -> None:
    order: list[str] = []

    async def one(job: str) -> None:
        with pytest.raises(BadInput):
            await place.pool.run(job, SPEC, strategy("raise ValueError"), data(walk(300)), "demo", quiet)
        order.append(job)

    async def story() -> None:
        await asyncio.gather(*(one("sweep") for _ in range(12)), one("mine"))

    place.runner.run(story())
    assert order.index("mine") <= 5


def test_a_run_whose_process_is_killed_fails_alone(place: Place) -> None:
    async def story() -> None:
        slow = strategy(body("time.sleep(1)\nraise ValueError('slept well')"))
        runs = [
            asyncio.ensure_future(place.pool.run(name, SPEC, slow, data(walk(300)), "demo", quiet)) for name in "ab"
        ]
        await until(lambda: len(place.warm.children()) == 2)
        place.warm.children()[0].kill()
        told = sorted(str(error) for error in await asyncio.gather(*runs, return_exceptions=True))
        assert "slept well" in told[1]
        assert "was killed" in told[0]

    place.runner.run(story())


def test_a_warm_process_that_is_killed_is_replaced_and_its_run_told(place: Place) -> None:
    async def story() -> None:
        slow = strategy(body("time.sleep(3)"))
        running = asyncio.ensure_future(place.pool.run("a", SPEC, slow, data(walk(300)), "demo", quiet))
        children = await until(place.warm.children)
        before, scratch = place.warm, place.pool._workers[0].process.scratch
        before.kill()
        with pytest.raises(WorkerDied, match="run it again"):
            await running
        assert psutil.wait_procs(children, 5)[1] == []
        assert not scratch.exists()

    before = place.good()
    place.runner.run(story())
    assert place.good() == before


def test_a_pool_that_closes_ends_runs_and_processes(place: Place) -> None:
    async def story() -> None:
        pool = BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 1, LIMITS)
        running = asyncio.ensure_future(
            pool.run("a", SPEC, strategy(body("time.sleep(100)")), data(walk(300)), "demo", quiet)
        )
        children = await until(lambda: pool._workers and psutil.Process(pool._workers[0].process.pid).children())
        worker = psutil.Process(pool._workers[0].process.pid)
        await pool.close()
        with pytest.raises(BadInput, match="closing"):
            await running
        assert psutil.wait_procs([worker, *children], 5)[1] == []
        with pytest.raises(BadInput, match="closing"):
            await pool.run("b", SPEC, strategy(), data(walk(300)), "demo", quiet)

    place.runner.run(story())


def test_workers_that_cannot_start_are_told_and_nobody_waits_for_ever() -> None:
    async def story() -> None:
        pool = BacktestPool([sys.executable, "-c", "raise SystemExit(9)"], paths.compiled(), 1, LIMITS)
        with pytest.raises(BadInput, match="could not be started"):
            await pool.run("a", SPEC, strategy(), data(walk(300)), "demo", quiet)
        await pool.close()

    asyncio.run(story())


def test_no_thread_of_a_closed_pool_lives_on(place: Place) -> None:
    before = set(threading.enumerate())

    async def story() -> None:
        pool = BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 2, LIMITS)
        pool.warm()
        await until(lambda: set(_readers()) - before)
        await pool.close()
        await until(lambda: not set(_readers()) - before)

    place.runner.run(story())
    assert os.path.exists(f"/proc/{place.warm.pid}")


def _readers() -> list[threading.Thread]:
    """The threads that hear worker processes."""
    return [thread for thread in threading.enumerate() if thread.name == "worker"]
