"""The worker process: warm, it forks a run for every ask and watches it; it reads standard input and answers on standard output."""

import argparse
import gc
import importlib
import os
import selectors
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from qv_desktop.adapters.compute import confined, confining
from qv_desktop.adapters.compute.frames import (
    Answered,
    Asked,
    Awake,
    Failure,
    Frames,
    Report,
    Step,
    framed,
    orders,
    write_all,
)
from qv_desktop.adapters.compute.kinds import KINDS, Kind
from qv_desktop.adapters.compute.running import PIECE, Running, start

LOOK = 0.1  # seconds between two looks at limits
NOT_DUMPABLE, ADOPTS_ORPHANS = (
    (4, 0),
    (36, 1),
)  # prctl: memory closed to others of this user; what runs leave comes to us
FIRST_FOR_MEMORY = 500  # the kernel takes a worker before the window when memory is short


def main() -> None:
    """Serve until standard input closes."""
    began = time.perf_counter()
    read = argparse.ArgumentParser(prog="worker")
    read.add_argument("--scratch", type=Path, default=None)
    read.add_argument("--closed", type=Path, default=None, help="a folder that no run must be able to see into")
    read.add_argument("--once", action="store_true", help="serve one run in this process, as where nothing is forked")
    read.add_argument("--only", default="", help="the one kind to be warm for; every one without it")
    chosen = read.parse_args()
    base = chosen.scratch or Path(tempfile.mkdtemp(prefix="qv-worker-"))
    asks, answers = _pipes()
    _step_back(base)
    try:
        first, *others = [KINDS[chosen.only]] if chosen.only else KINDS.values()
        _warmed(first)
        if forks() and not chosen.once:
            _Server(asks, answers, base, others, chosen.closed).serve(began)
        else:
            _once(asks, answers, base, began)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def forks() -> bool:
    """Whether each run is forked from the warm process: on Linux. Elsewhere a process serves one run and ends."""
    return sys.platform == "linux"


def _pipes() -> tuple[int, int]:
    """Standard input and output, moved to where neither prints nor runs come by."""
    asks, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return asks, answers


def _step_back(base: Path) -> None:
    """The window and the feeds come first; what a run is not to find is not here."""
    if sys.platform == "win32":
        return  # the program starts it below normal priority
    import resource

    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.update(HOME=str(base), TMPDIR=str(base))
    if sys.platform == "linux":
        import ctypes

        try:
            Path("/proc/self/oom_score_adj").write_text(str(FIRST_FOR_MEMORY), encoding="ascii")
        except OSError:
            pass  # then the kernel chooses by size alone
        for option, value in (NOT_DUMPABLE, ADOPTS_ORPHANS):
            ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value))


def _warmed(kind: Kind) -> None:
    """Import and compile what a kind needs. One that cannot be warmed is told and left cold: a run of it says what is wrong."""
    try:
        module = importlib.import_module(kind.module)
        if hasattr(module, "warm"):
            module.warm()
    except Exception:  # noqa: BLE001 - the others are served all the same
        traceback.print_exc()


def _engine() -> str:
    vectorbt = sys.modules.get("vectorbt")
    return f"vectorbt {vectorbt.__version__}" if vectorbt is not None else "no engine"


class _Server:
    """Runs side by side, each in a fork of this process. Nothing here runs a strategy's code."""

    def __init__(self, asks: int, answers: int, base: Path, cold: list[Kind], closed: Path | None) -> None:
        """``cold`` kinds are warmed when nobody asks, so that the first answer does not wait for them."""
        self._cold, self._closed = cold, closed
        self._asks, self._answers, self._base = asks, answers, base
        self._frames, self._runs = Frames(), dict[int, Running]()
        self._watch = selectors.DefaultSelector()
        self._watch.register(asks, selectors.EVENT_READ, None)
        self._allowed = confining.readable()
        self._open = True

    def serve(self, began: float) -> None:
        """Answer until the program has closed the pipe or is gone."""
        _settle()
        self._awake(began)
        try:
            while self._open:
                self._round()
        except BrokenPipeError:
            pass  # the program is gone
        finally:
            for run in list(self._runs.values()):
                run.end()

    def _round(self) -> None:
        idle = bool(self._cold) and not self._runs
        ready = self._watch.select(0 if idle else LOOK if self._runs else None)
        for key, _ in ready:
            self._ready(key)
        self._look()
        if idle and not ready:
            _warmed(self._cold.pop(0))
            _settle()

    def _awake(self, began: float) -> None:
        kept = confining.tried(self._base, self._allowed, self._closed)
        missing = [wall for wall in confining.WALLS if wall not in kept]
        self._tell(Awake(time.perf_counter() - began, _engine(), kept, missing))

    def _tell(self, report: Report) -> None:
        write_all(self._answers, framed(report))

    def _ready(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            self._order()
            return
        run: Running = key.data
        if run.number not in self._runs:
            return  # it ended in this very round
        if key.fd == run.answers:
            self._heard(run, run.hear())
        elif not run.listen():
            self._watch.unregister(run.said)

    def _order(self) -> None:
        piece = os.read(self._asks, PIECE)
        if not piece:
            self._open = False
            return
        for frame in self._frames.fed(piece):
            order = orders.decode(frame)
            if isinstance(order, Asked):
                self._begin(order)
            elif run := self._runs.get(order.number):
                self._over(run, Failure(order.number, "The run was cancelled.", cause="stopped"))

    def _begin(self, asked: Asked) -> None:
        if asked.kind not in KINDS:
            self._tell(Failure(asked.number, f"Workers do not know what “{asked.kind}” is; restart the program."))
            return
        try:
            run = start(asked, self._base, self._allowed)
        except OSError as error:
            self._tell(
                Failure(asked.number, f"No process could be started for the run ({error.strerror}); close something.")
            )
            return
        self._runs[asked.number] = run
        for handle in (run.answers, run.said):
            self._watch.register(handle, selectors.EVENT_READ, run)

    def _heard(self, run: Running, report: Step | Answered | Failure | None) -> None:
        if isinstance(report, Step):
            self._tell(report)
        elif report is not None:
            self._over(run, report)

    def _over(self, run: Running, report: Answered | Failure) -> None:
        """The run is at its end, whatever its process thinks of it."""
        del self._runs[run.number]
        for handle in (run.answers, run.said):
            if handle in self._watch.get_map():
                self._watch.unregister(handle)
        died = isinstance(report, Failure) and report.cause == "died"
        found = run.end(by_itself=died)
        report = found if died else report
        report.said = run.words()
        self._tell(report)

    def _look(self) -> None:
        for run in list(self._runs.values()):
            if sentence := run.over():
                self._over(run, Failure(run.number, sentence, cause="limit"))


def _settle() -> None:
    """What is warm by now is shared by all runs, and not looked at again for what could be freed."""
    gc.collect()
    gc.freeze()


def _once(asks: int, answers: int, base: Path, began: float) -> None:
    """Serve one ask in this process and end, where processes are not forked: the next run finds nothing of this one."""
    write_all(answers, framed(Awake(time.perf_counter() - began, _engine(), *confining.without_forks())))
    frames = Frames()
    while piece := os.read(asks, PIECE):
        for frame in frames.fed(piece):
            order = orders.decode(frame)
            if isinstance(order, Asked):
                os.chdir(base)
                os.dup2(answers, confined.ANSWERS)
                write_all(answers, framed(confined.answer(order, base, confining.readable())))
                return


if __name__ == "__main__":
    main()
