"""One run in its own process, forked from a warm one: it lays its walls on itself, runs, answers and ends."""

import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

import msgspec

from qv_desktop.adapters.compute import confining
from qv_desktop.adapters.compute.frames import Answered, Asked, Failure, Step, framed, write_all
from qv_desktop.adapters.compute.kinds import KINDS, Tell
from qv_desktop.adapters.compute.limits import MEGABYTE, Limits
from qv_desktop.adapters.compute.parts import WORDS, size, taken_apart, words
from qv_desktop.domain.errors import QvError

LONGEST = 2000  # characters of an error's words
DIES_WITH_PARENT = 1  # prctl
KILL = 9
ANSWERS = 3  # the one handle of a run beside the three that every process has


def live(asked: Asked, answers: int, said: int, folder: Path, allowed: list[Path]) -> NoReturn:
    """Be the run: called in the child of a fork, never returns. ``answers`` and ``said`` are pipes to the parent."""
    try:
        parent = os.getppid()
        die_with(parent)
        _alone(answers, said, folder)
        write_all(ANSWERS, framed(answer(asked, folder, allowed)))
    except BaseException as error:  # noqa: BLE001 - whatever it was, this process ends here and the parent tells
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(70)
    os._exit(0)


def _alone(answers: int, said: int, folder: Path) -> None:
    """Nothing of the parent's stays open but the two pipes; folders and names of folders are the run's own."""
    os.set_inheritable(answers, True)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for handle, name in ((nothing, 0), (said, 1), (said, 2), (answers, ANSWERS)):
        os.dup2(handle, name)
    os.closerange(ANSWERS + 1, 65_536)
    os.chdir(folder)
    keep = {name: value for name in ("LANG", "PATH", "NUMBA_CACHE_DIR") if (value := os.environ.get(name))}
    os.environ.clear()
    os.environ.update(keep | {"HOME": str(folder), "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"})
    confining.quiet_signals()
    gc.enable()


def die_with(parent: int) -> None:
    """On Linux this process ends when its parent does, also when that was killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, ctypes.c_ulong(KILL))
        if os.getppid() != parent:
            os._exit(71)


def answer(asked: Asked, folder: Path, allowed: list[Path]) -> Answered | Failure:
    """The answer to ``asked``, made behind the walls, or why there is none."""
    try:
        kind = KINDS[asked.kind]
        module = kind.loaded()
        request = msgspec.msgpack.decode(asked.body, type=kind.request_type())
        asked.body = b""
        if hasattr(module, "prepare"):
            module.prepare(request)
        _compiled_stays_here()
        confining.confine(folder, asked.limits, allowed)
        found = module.serve(request, _tell(asked.number))
        body = taken_apart(found)
        large = size(body) > asked.limits.answer_mb * MEGABYTE or words(body, type(found)) > WORDS
    except BaseException as error:  # noqa: BLE001 - a strategy may raise anything; the person gets the sentence
        return Failure(asked.number, sentence(error, asked.limits))
    if large:
        return Failure(asked.number, too_much(asked.limits), cause="limit")
    return Answered(asked.number, body)


def _compiled_stays_here() -> None:
    """What a run compiles is not kept for later runs: a file of machine code is no place for a strategy's own."""
    dispatcher = sys.modules.get("numba.core.dispatcher")
    caching = sys.modules.get("numba.core.caching")
    if dispatcher is not None and caching is not None:
        dispatcher.Dispatcher.enable_caching = lambda self: None
        caching.Cache.save_overload = lambda self, sig, data: None


def _tell(number: int) -> Tell:
    def tell(fraction: float, words: str) -> None:
        write_all(ANSWERS, framed(Step(number, float(fraction), str(words)[:200])))

    return tell


def sentence(error: BaseException, limits: Limits) -> str:
    """Why a run failed, for people."""
    if isinstance(error, MemoryError):
        return (
            f"The run needed more than {limits.memory_mb:,} MB of memory; use fewer bars or combinations, "
            "or raise the setting strategy_memory_mb."
        )
    if isinstance(error, QvError):  # ours has its own sentence
        return str(error)[:LONGEST]
    try:
        words = str(error)[:LONGEST]
    except Exception:  # noqa: BLE001 - an error of a strategy's own may fail even here
        words = "it has no words"
    return f"The strategy failed: {type(error).__name__}: {words}"


def too_much(limits: Limits) -> str:
    """The sentence for an answer that is too large."""
    return (
        f"The run's result is larger than {limits.answer_mb} MB, or {WORDS // MEGABYTE} MB of it are trades and notes; "
        "use fewer bars, or let the strategy trade less often."
    )
