"""Bars that several processes read at once: one file of arrays that each of them maps, and that does not outlive its owner."""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

from qv_desktop.adapters.compute.pool import columns_of
from qv_desktop.adapters.compute.sweep_plan import Asked, kernel_takes, year_of
from qv_desktop.domain.backtests import RunData
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepSpec

SUFFIX = ".bars"


def prepared(run: str, spec: SweepSpec, strategy: Strategy, data: RunData, user: str) -> tuple[Asked, bytes]:
    """What a sweep is made of, and its bars as ``packed``. Raises BadInput for what the kernel cannot run over."""
    if not kernel_takes(spec, strategy):
        raise BadInput(
            "A sweep over several symbols, or of a strategy of weights, runs on this machine alone; leave out the cluster."
        )
    bars = data.bars[spec.base.symbols[0]]
    content = packed(bars)
    at = np.frombuffer(content, dtype=np.int64, count=len(bars))
    digest = hashlib.sha256(content).hexdigest()
    return Asked(run, spec, strategy, user, datetime.now(UTC), len(bars), year_of(spec, at), digest), content


def packed(bars: Sequence[Bar]) -> bytes:
    """``at`` as int64 and open, high, low, close, volume as float64 one after the other. Raises BadInput for a hole."""
    at, *prices = columns_of(bars)
    for column in prices[:4]:
        held = np.frombuffer(column)
        if not (np.isfinite(held) & (held > 0)).all():
            raise BadInput("The bars have a price that is missing or not above 0; correct or import them again.")
    return b"".join((at, *prices))


def folder() -> Path:
    """A folder of this user's alone for such files."""
    own = Path(tempfile.gettempdir()) / f"qv-sweeps-{os.getuid() if hasattr(os, 'getuid') else os.getlogin()}"
    own.mkdir(mode=0o700, exist_ok=True)
    found = own.lstat()
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o077 or own.is_symlink()):
        raise BadInput(f"The folder {own} belongs to somebody else; remove it, or set TMPDIR to a folder of your own.")
    return own


@contextmanager
def shared(content: bytes, run: str) -> Iterator[Path]:
    """A file with ``content`` for as long as the block lasts."""
    own = folder()
    clear(own)
    file = own / f"{os.getpid()}-{_born(os.getpid())}-{run}{SUFFIX}"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        yield file
    except OSError as full:
        raise BadInput(
            f"The bars could not be laid out for the workers ({full.strerror}); free space in {own}."
        ) from full
    finally:
        with suppress(OSError):  # Windows keeps it while a worker has it open; the next sweep removes it
            file.unlink()


def clear(own: Path) -> list[Path]:
    """Remove, and give, the files whose program is gone."""
    gone = [file for file in own.glob(f"*{SUFFIX}") if not _owned(file)]
    for file in gone:
        with suppress(OSError):
            file.unlink()
    return gone


def _owned(file: Path) -> bool:
    pid, _, rest = file.name.partition("-")
    return pid.isdigit() and psutil.pid_exists(int(pid)) and rest.startswith(f"{_born(int(pid))}-")


def _born(pid: int) -> int:
    """When a process began, in ms, so that another one of the same number is not taken for it; 0 when it is gone."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).create_time() * 1000)
    return 0
