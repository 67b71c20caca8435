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
from qv_desktop.adapters.compute.frames import Cancelled, PassedLimit, WorkerDied
from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.domain.errors import BadInput
from tests.adapters.compute.test_pool import SPEC, quiet, strategy, walk

CANARY = "canary-7f3a"
LIMITS = Limits(seconds=3, cpu_seconds=3, memory_mb=1024, folder_mb=24)
HEAD = "import ctypes, os, signal, socket, sys, threading, time\nimport numpy as np\n"

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
        return self.runner.run(self.pool.run(name, SPEC, strategy(source), walk(300), "demo", quiet))

    def good(self) -> object:
        """A run of the shipped strategy; its curve."""
        return self.runner.run(self.pool.run("good", SPEC, strategy(), walk(300), "demo", quiet)).equity

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


def body(code: str) -> str:
    """A strategy whose ``signals`` is ``code``."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    return f"{HEAD}\ndef signals(bars, params):\n{lines}    return bars.close > 1e9, bars.close > 1e9\n"


SEARCH = """
got = []
def look(name, what):
    try:
        found = what()
    except (OSError, ValueError):
        return
    if found is None or CANARY in str(found):
        got.append(name)
def read(path):
    return open(path, 'rb').read(2_000_000)
look('environment', lambda: dict(os.environ))
look('arguments', lambda: sys.argv + sys.orig_argv)
for pid in {os.getppid(), 1, *range(max(os.getpid() - 400, 2), os.getpid() + 400)} - {os.getpid()}:
    for name in ('environ', 'cmdline', 'maps', 'mem', 'fd/0', 'fd/3', 'fd/4', 'root/etc/passwd'):
        look(f'{pid}/{name}', lambda: read(f'/proc/{pid}/{name}') and None)
look('own environ', lambda: read('/proc/self/environ'))
for handle in range(4, 2000):
    look(f'handle {handle}', lambda: os.fstat(handle) and None)
for folder in (SECRETS, '/root', '/home', '/tmp', '/var/lib', '/etc', '/dev/shm', '/work', '/proc', '/'):
    look(f'list {folder}', lambda: os.listdir(folder) and None)
for name in ('keyring.sealed', 'settings.toml', 'exports.csv', 'pgpass'):
    look(name, lambda: read(f'{SECRETS}/{name}'))
    look(f'write {name}', lambda: open(f'{SECRETS}/{name}', 'a') and None)
    look(f'link {name}', lambda: os.link(f'{SECRETS}/{name}', 'mine'))
    look(f'take {name}', lambda: os.rename(f'{SECRETS}/{name}', 'mine'))
    look(f'remove {name}', lambda: os.unlink(f'{SECRETS}/{name}'))
    look(f'open up {name}', lambda: os.chmod(f'{SECRETS}/{name}', 0o777))
    look(f'cut {name}', lambda: os.truncate(f'{SECRETS}/{name}', 0))
look('new file', lambda: open(f'{SECRETS}/new', 'w') and None)
look('symlink', lambda: (os.symlink(f'{SECRETS}/pgpass', 'way'), read('way')))
look('shared memory', lambda: open('/dev/shm/qv', 'w') and None)
"""

SOCKETS = """
for family, address in ((socket.AF_UNIX, f'{SECRETS}/.s.PGSQL.5432'), (socket.AF_INET, ('127.0.0.1', PORT)),
                        (socket.AF_INET, ('1.1.1.1', 53)), (socket.AF_UNIX, chr(0) + 'abstract'), (socket.AF_INET6, ('::1', PORT))):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        look(f'socket {family} {kind}', lambda: socket.socket(family, kind).connect(address))
look('pair', lambda: socket.socketpair() and None)
look('netlink', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) and None)
look('raw', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW) and None)
"""

PROCESSES = """
libc = ctypes.CDLL(None, use_errno=True)
def system(number, *values):
    if libc.syscall(number, *values) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
look('fork', lambda: os._exit(0) if os.fork() == 0 else None)
look('spawn', lambda: os.posix_spawn('/bin/true', ['true'], {}) and None)
look('exec', lambda: os.execv('/bin/true', ['true']))
look('shell', lambda: os.popen('true') and None)
for pid in (os.getppid(), -1, 0, -os.getpgrp()):
    look(f'signal {pid}', lambda: os.kill(pid, 0))
look('group', lambda: os.setpgid(0, 0))
look('session', lambda: os.setsid() and None)
look('trace', lambda: system(101, 16, os.getppid(), 0, 0))
look('read memory', lambda: system(310, os.getppid(), None, 0, None, 0, 0))
look('ring', lambda: system(425, 8, ctypes.create_string_buffer(256)))
look('memory file', lambda: os.memfd_create('x') and None)
look('segment', lambda: system(29, 0, 4096, 0o1600))
look('keys of the kernel', lambda: system(250, 0, -3, 0, 0, 0))
look('parent death', lambda: libc.prctl(1, 0) and (_ for _ in ()).throw(OSError()))
look('dumpable', lambda: libc.prctl(4, 1) and (_ for _ in ()).throw(OSError()))
look('other numbers of calls', lambda: system(0x40000000 + 41, 2, 1, 0))
look('namespace', lambda: os.unshare(0x10000000))
look('priority', lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
import resource
for limit in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    look(f'limit {limit}', lambda: resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
"""


@pytest.mark.parametrize(
    "attack", [SEARCH, SEARCH + SOCKETS, SEARCH + PROCESSES], ids=["files", "sockets", "processes"]
)
def test_a_run_finds_no_secret_and_reaches_nobody(place: Place, attack: str) -> None:
    known = f"CANARY, SECRETS, PORT = {CANARY[::-1]!r}[::-1], {str(place.secrets)!r}, {place.port}\n"
    with pytest.raises(BadInput, match=r"ValueError: found \[\]"):
        place.run(body(known + attack + "raise ValueError(f'found {got}')"))
    assert {file.read_text() for file in place.secrets.iterdir() if file.is_file()} == {CANARY}
    left_alone(place)


ENDED = {
    "endless loop": ("while True: pass", PassedLimit, "seconds"),
    "endless in C": ("a = np.ones(4_000_000)\nwhile True: np.sort(np.sin(a))", PassedLimit, "seconds"),
    "endless in one call": ("int('9' * 3).__pow__(10 ** 9)", PassedLimit, "seconds"),
    "asleep": ("time.sleep(1000)", PassedLimit, "strategy_seconds"),
    "deaf to signals": (
        "for name in range(1, 32):\n    try: signal.signal(name, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
        PassedLimit, "seconds"),
    "ten gigabytes": ("np.ones(1_250_000_000)", BadInput, "1,024 MB of memory"),
    "ten gigabytes by and by": ("kept = []\nwhile True: kept.append(np.ones(1_000_000))", BadInput, "memory|seconds"),
    "threads without end": (
        "while True: threading.Thread(target=time.sleep, args=(100,), daemon=True).start()", BadInput, "threads?"),
    "a thread that stays": (
        "threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\nraise ValueError('mine')", BadInput, "mine"),
    "fork bomb": ("while True: os.fork()", BadInput, "PermissionError"),
    "exit": ("os._exit(0)", WorkerDied, r"exit code 0"),
    "exit with another code": ("os._exit(3)", WorkerDied, r"exit code 3"),
    "sys.exit": ("sys.exit(3)", BadInput, "SystemExit"),
    "abort": ("os.abort()", WorkerDied, "crashed"),
    "broken memory": ("ctypes.string_at(0)", WorkerDied, "SIGSEGV"),
    "depth": (
        "sys.setrecursionlimit(10 ** 9)\ndef deeper(f): return sorted([1], key=lambda x: f(f))\ndeeper(deeper)",
        BadInput, "crashed|Recursion|memory"),
    "ends its parent": ("os.kill(os.getppid(), 9)", BadInput, "PermissionError"),
    "large file": ("open('x', 'wb').write(bytes(64_000_000))", BadInput, "OSError|SIGXFSZ"),
    "many files": (
        "for i in range(100):\n    open(str(i), 'wb').write(bytes(4_000_000))\n    time.sleep(0.02)", BadInput, "24 MB of files"),
    "an error without end": ("raise ValueError('x' * 100_000_000)", BadInput, "ValueError: xxx"),
    "an error that fails": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E", BadInput, "no words"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ENDED)
def test_a_run_that_takes_too_much_or_breaks_is_ended_and_told(place: Place, attack: str) -> None:
    code, kind, words = ENDED[attack]
    warm = place.warm.pid
    with pytest.raises(kind, match=words) as told:
        place.run(body(code))
    assert len(str(told.value)) < 3_000
    assert place.warm.pid == warm
    left_alone(place)


def forged(fields: str, after: str = "time.sleep(100)") -> str:
    """A frame of that content, written where answers go."""
    return f"import msgspec\nb = msgspec.msgpack.encode({fields})\nos.write(3, len(b).to_bytes(8) + b)\n{after}"


GARBAGE = {
    "noise": "os.write(3, os.urandom(100_000))",
    "a length without end": "os.write(3, (2 ** 62).to_bytes(8) + b'x')",
    "a false answer": forged("{'type': 'answered', 'number': 1, 'body': b'zz', 'said': ''}"),
    "a deep answer": forged("{'type': 'answered', 'number': 1, 'body': b'\\x91' * 5_000_000, 'said': ''}"),
    "false reports": forged(
        "{'type': 'awake', 'seconds': 0.0, 'engine': '', 'kept': [], 'missing': []}", "os.close(3)"
    ),
    "a closed pipe": "os.close(3)\ntime.sleep(100)",
}


@pytest.mark.parametrize("attack", GARBAGE)
def test_what_is_no_answer_fails_that_run_alone(place: Place, attack: str) -> None:
    kept = place.pool.kept
    with pytest.raises(BadInput, match=r"no answer|no result|closed the pipe|OSError|exit code"):
        place.run(body(GARBAGE[attack]))
    assert place.pool.kept == kept
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
                "f", SPEC, strategy(body(code)), walk(300), "demo", lambda fraction, step: steps.append(fraction)
            )
        )
    assert len(steps) < 100
    assert max(steps) <= 1.0


def test_a_gigabyte_of_print_is_kept_as_its_end(place: Place) -> None:
    said: list[str] = []
    code = "line = 'y' * 999_999\nfor _ in range(1000): print(line)\nprint('the end')\nsys.stdout.flush()\nraise ValueError('mine')"
    from qv_desktop.adapters.compute.messages import Done
    from qv_desktop.adapters.compute.pool import _request

    request = _request("p", SPEC, strategy(body(code)), walk(300))
    with pytest.raises(BadInput, match=r"mine|seconds"):
        place.runner.run(place.pool.ask("p", request, Done, said=said.append))
    assert 1000 < len(said[0]) < 70_000
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
                "a", SPEC, sleeping, walk(300), "demo", lambda fraction, step: fraction > 0.15 and started.set()
            )
        )
        other = asyncio.ensure_future(place.pool.run("b", SPEC, sleeping, walk(300), "demo", quiet))
        waiting = asyncio.ensure_future(place.pool.run("c", SPEC, sleeping, walk(300), "demo", quiet))
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
            place.pool.run("a", SPEC, strategy(body("while True: pass")), walk(300), "demo", quiet)
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
            await place.pool.run(job, SPEC, strategy("raise ValueError"), walk(300), "demo", quiet)
        order.append(job)

    async def story() -> None:
        await asyncio.gather(*(one("sweep") for _ in range(12)), one("mine"))

    place.runner.run(story())
    assert order.index("mine") <= 5


def test_a_run_whose_process_is_killed_fails_alone(place: Place) -> None:
    async def story() -> None:
        slow = strategy(body("time.sleep(1)\nraise ValueError('slept well')"))
        runs = [asyncio.ensure_future(place.pool.run(name, SPEC, slow, walk(300), "demo", quiet)) for name in "ab"]
        await until(lambda: len(place.warm.children()) == 2)
        place.warm.children()[0].kill()
        told = sorted(str(error) for error in await asyncio.gather(*runs, return_exceptions=True))
        assert "slept well" in told[1]
        assert "was killed" in told[0]

    place.runner.run(story())


def test_a_warm_process_that_is_killed_is_replaced_and_its_run_told(place: Place) -> None:
    async def story() -> None:
        slow = strategy(body("time.sleep(3)"))
        running = asyncio.ensure_future(place.pool.run("a", SPEC, slow, walk(300), "demo", quiet))
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
            pool.run("a", SPEC, strategy(body("time.sleep(100)")), walk(300), "demo", quiet)
        )
        children = await until(lambda: pool._workers and psutil.Process(pool._workers[0].process.pid).children())
        worker = psutil.Process(pool._workers[0].process.pid)
        await pool.close()
        with pytest.raises(BadInput, match="closing"):
            await running
        assert psutil.wait_procs([worker, *children], 5)[1] == []
        with pytest.raises(BadInput, match="closing"):
            await pool.run("b", SPEC, strategy(), walk(300), "demo", quiet)

    place.runner.run(story())


def test_workers_that_cannot_start_are_told_and_nobody_waits_for_ever() -> None:
    async def story() -> None:
        pool = BacktestPool([sys.executable, "-c", "raise SystemExit(9)"], paths.compiled(), 1, LIMITS)
        with pytest.raises(BadInput, match="could not be started"):
            await pool.run("a", SPEC, strategy(), walk(300), "demo", quiet)
        await pool.close()

    asyncio.run(story())


def test_no_thread_of_a_closed_pool_lives_on(place: Place) -> None:
    names = [thread.name for thread in threading.enumerate() if thread.name == "worker"]
    assert len(names) == 2  # those of the pool that lives
    assert os.path.exists(f"/proc/{place.warm.pid}")
