"""The limits of one run, and how a process lays them on itself."""

import sys
import time
from typing import Annotated

import msgspec

from qv_desktop.config import Settings

MEGABYTE = 1024 * 1024

type Count = Annotated[int, msgspec.Meta(ge=1)]


class Limits(msgspec.Struct, frozen=True):
    """What one run may take; each is a setting of the name ``strategy_…`` where people may want another."""

    seconds: Count = 600  # by the clock
    cpu_seconds: Count = 600  # of processor time, over all threads
    memory_mb: Count = 4096  # beside what the worker has taken before the run
    answer_mb: Count = 64  # of one answer
    file_mb: Count = 16  # of each file
    folder_mb: Count = 128  # of all files in the run's folder
    files: Count = 64  # open at once
    entries: Count = 2000  # in the run's folder
    threads: Count = 64


def limits_of(settings: Settings) -> Limits:
    """What the settings allow one run."""
    return Limits(settings.strategy_seconds, settings.strategy_cpu_seconds, settings.strategy_memory_mb)


def lay_on(limits: Limits) -> list[str]:
    """Lower this process's own limits for good; the names of those that the system does not have."""
    if sys.platform == "win32":
        return ["processor time", "memory", "file size", "open files"]  # the job object has those that Windows knows
    import resource

    taken, worked = _mapped(), int(time.process_time())
    wanted = {"processor time": ("RLIMIT_CPU", worked + limits.cpu_seconds, worked + limits.cpu_seconds + 1),
              "memory": ("RLIMIT_AS", *(taken + limits.memory_mb * MEGABYTE,) * 2),
              "file size": ("RLIMIT_FSIZE", *(limits.file_mb * MEGABYTE,) * 2),
              "open files": ("RLIMIT_NOFILE", *(limits.files,) * 2),
              "core files": ("RLIMIT_CORE", 0, 0),
              "message queues": ("RLIMIT_MSGQUEUE", 0, 0),
              "locked memory": ("RLIMIT_MEMLOCK", *(MEGABYTE,) * 2)}  # fmt: skip
    missing = []
    for name, (limit, soft, hard) in wanted.items():
        number = getattr(resource, limit, None)
        try:
            if number is not None:
                ceiling = resource.getrlimit(number)[1]
                top = hard if ceiling == resource.RLIM_INFINITY else min(hard, ceiling)
                resource.setrlimit(number, (min(soft, top), top))
                continue
        except (OSError, ValueError):
            pass  # named below
        missing.append(name)
    return missing if sys.platform == "linux" else [name for name in missing if name != "message queues"]


def _mapped() -> int:
    """Bytes of address space that this process has: vectorbt and numba map several hundred megabytes before a run begins."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            import resource

            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # no /proc: macOS maps far more than it uses
        return 0


def took_too_long(limits: Limits) -> str:
    """The sentence for a run beyond its time."""
    return (
        f"The run took longer than {limits.seconds:,} seconds and was ended; "
        "let the strategy do less, or raise the setting strategy_seconds."
    )


def worked_too_long(limits: Limits) -> str:
    """The sentence for a run beyond its processor time."""
    return (
        f"The run used more than {limits.cpu_seconds:,} seconds of processor time and was ended; "
        "let the strategy do less, or raise the setting strategy_cpu_seconds."
    )
