"""What a run may reach: nothing but Python's own files and an empty folder, and which of these walls this system has."""

import os
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from qv_desktop import paths
from qv_desktop.adapters.compute import landlock, seccomp
from qv_desktop.adapters.compute.limits import Limits, lay_on

NETWORK, PROGRAMS, FILES, OTHERS = "no network", "no other programs", "no files", "no other processes"
LIMITS = "limits"
WALLS = (LIMITS, NETWORK, FILES, PROGRAMS, OTHERS)
SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/proc/cpuinfo", "/proc/meminfo",
          "/sys/devices/system/cpu", "/dev/urandom")  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero")


def readable() -> list[Path]:
    """What Python, its packages and this program are made of, and what was compiled before."""
    python = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *sysconfig.get_paths().values()}
    frozen = (
        sys.executable if hasattr(sys, "frozen") else ""
    )  # it holds the modules that are loaded when first asked for
    ours = {str(Path(paths.__file__).parent), os.environ.get("NUMBA_CACHE_DIR", ""), frozen}
    found = [Path(name) for name in {*python, *ours, *SYSTEM} - {"", "/"}]
    return sorted(found)


def confine(own: Path, limits: Limits, allowed: list[Path]) -> list[str]:
    """Put up every wall that this system has, for good; the names of the limits that it lacks."""
    missing = lay_on(limits)
    landlock.apply(allowed, map(Path, DEVICES), own)
    seccomp.apply()
    return missing


def standing(own: Path, limits: Limits, allowed: list[Path], outside: list[Path]) -> list[str]:
    """The walls that hold, tried from inside: to be called in a process that ends after it. What is ``outside`` must be closed."""
    missing = confine(own, limits, allowed)
    tries: dict[str, Callable[[], object]] = {
        NETWORK: lambda: socket.socket().close(),
        PROGRAMS: _forked,
        OTHERS: lambda: os.kill(os.getppid(), 0),
    }
    closed = all(_refused(partial(_looked, path)) for path in outside)
    held = [FILES] if closed else []
    held += [name for name, attempt in tries.items() if _refused(attempt)]
    return [name for name in WALLS if name in held or (name == LIMITS and not missing)]


def tried(base: Path, allowed: list[Path], closed: Path | None = None) -> list[str]:
    """The walls that hold here, tried in a process of their own rather than believed.

    ``base`` is a folder for the attempt, ``closed`` another that must not be seen into. The process must have one thread.
    """
    outside = base / "outside"
    outside.write_text("closed to runs", encoding="ascii")
    own = Path(tempfile.mkdtemp(prefix="try-", dir=base))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(
                write, "\n".join(standing(own, Limits(), allowed, [outside, *([closed] if closed else [])])).encode()
            )
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        found = pipe.read().decode().split("\n")
    os.waitpid(child, 0)
    shutil.rmtree(own, ignore_errors=True)
    return [wall for wall in WALLS if wall in found]


def here(closed: Path) -> str:
    """What stands between strategies and this machine, in one line for people. ``closed`` is the program's folder."""
    if sys.platform != "linux":
        return told(*without_forks())
    with tempfile.TemporaryDirectory(prefix="qv-worker-") as base:
        kept = tried(Path(base), readable(), closed)
    return told(kept, [wall for wall in WALLS if wall not in kept])


def without_forks() -> tuple[list[str], list[str]]:
    """The walls that stand and those that do not, where a process serves one run."""
    missing = [NETWORK, FILES, PROGRAMS, OTHERS]
    return ([LIMITS], missing) if sys.platform != "win32" else ([], [LIMITS, *missing])


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _looked(path: Path) -> None:
    os.listdir(path) if path.is_dir() else path.read_bytes()


def _forked() -> None:
    if sys.platform == "win32":
        return
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def told(kept: list[str], missing: list[str]) -> str:
    """One line for people."""
    line = f"Strategies run with: {', '.join(kept) or 'no isolation'}"
    return f"{line}; this system has not: {', '.join(missing)}" if missing else line


def quiet_signals() -> None:
    """A run starts with the system's own handlers, whatever the process before it had."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)
