"""What a run may reach: nothing but Python's own files and an empty folder, and which of these walls this system has."""

import os
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable
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
    ours = {str(Path(paths.__file__).parent), os.environ.get("NUMBA_CACHE_DIR", "")}
    found = [Path(name) for name in {*python, *ours, *SYSTEM} - {"", "/"}]
    return sorted(found)


def confine(own: Path, limits: Limits, allowed: list[Path]) -> list[str]:
    """Put up every wall that this system has, for good; the names of the limits that it lacks."""
    missing = lay_on(limits)
    landlock.apply(allowed, map(Path, DEVICES), own)
    seccomp.apply()
    return missing


def standing(own: Path, limits: Limits, allowed: list[Path], outside: Path) -> list[str]:
    """The walls that hold, tried from inside: to be called in a process that ends after it. ``outside`` is a file that must be closed."""
    missing = confine(own, limits, allowed)
    tries: dict[str, Callable[[], object]] = {
        NETWORK: lambda: socket.socket().close(),
        FILES: lambda: outside.read_bytes(),
        PROGRAMS: _forked,
        OTHERS: lambda: os.kill(os.getppid(), 0),
    }
    held = [name for name, attempt in tries.items() if _refused(attempt)]
    return [name for name in WALLS if name in held or (name == LIMITS and not missing)]


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


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
