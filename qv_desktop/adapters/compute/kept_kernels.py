"""Kernels of vectorbt that numba would compile at every start are kept on the disk like all others, and by one process at a time."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

UNNAMED = "_MemoMixin__uuid"  # where numba keeps a function's name in its memory, None until somebody asks for it


def keep(*kernels: Any) -> None:
    """Let numba keep these, which vectorbt does not ask it to. Call before their first use."""
    for kernel in kernels:
        kernel.enable_caching()


def keep_reductions(kernel: Any) -> None:
    """Keep ``kernel``, a reduction that is compiled for each function that it is given.

    Numba finds a kept one again by the names of those functions, which are random in each process unless they are given.
    A name holds vectorbt's version, for its functions may change with it.
    """
    import vectorbt
    from numba.core.dispatcher import Dispatcher
    from vectorbt.generic import nb

    members: dict[str, Any] = vars(nb)
    for name, reduction in members.items():
        named = getattr(reduction, UNNAMED, "") is not None
        if "reduce" in name and isinstance(reduction, Dispatcher) and not named:
            members[name]._set_uuid(f"vectorbt {vectorbt.__version__} {name}")
    kernel.enable_caching()


LOCK = "one_at_a_time"  # the file that whoever reads or writes a folder of kernels holds meanwhile


def one_at_a_time() -> None:
    """Let no process meet a folder of kernels half written. Call before numba keeps or finds anything.

    Numba writes the list of kernels first and the kernel after; who reads between the two, or writes at the same time, may take the
    kernel of other types for its own, which then reads memory as what it is not.
    """
    from numba.core.caching import IndexDataCacheFile

    for name in ("save", "load"):
        alone = getattr(IndexDataCacheFile, name)
        if not hasattr(alone, "alone"):
            setattr(IndexDataCacheFile, name, _locking(alone))


def _locking(method: Any) -> Any:
    def held(self: Any, *given: Any) -> Any:
        with locked(Path(self._cache_path)):
            return method(self, *given)

    held.alone = method  # type: ignore[attr-defined]  # so that it is not wrapped twice
    return held


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone with ``folder``; a folder that cannot be written to needs no lock, for nobody of this person's writes there."""
    try:
        file = (folder / LOCK).open("ab")
    except OSError:
        yield
        return
    with file:
        _take(file.fileno())
        yield


def _take(file: int) -> None:
    """Wait for it; it is given back when the file is closed."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                time.sleep(0.01)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
