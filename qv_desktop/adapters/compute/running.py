"""A run as the process sees it that forked it: its pipes, its limits, its end."""

import os
import select
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from qv_desktop.adapters.compute.confined import live, too_much
from qv_desktop.adapters.compute.frames import Answered, Asked, Failure, Frames, Overlong, Step, reports
from qv_desktop.adapters.compute.limits import MEGABYTE, Limits, took_too_long, worked_too_long
from qv_desktop.adapters.compute.parts import wordy

TAIL = 64 * 1024  # bytes kept of what a run prints
PIECE = 1024 * 1024
STEPS, BURST = 20.0, 50.0  # steps told in a second, and at once
FOLDER_LOOK = 0.2  # seconds between two looks at what it wrote
HEADROOM = 1024 * 1024  # of an envelope beside the answer
RUNS: set[int] = set()  # processes of runs under way, which are no orphans
KILLED = "The run's process was killed, as the system does when memory is short; close something and run it again."
CRASHED = "the strategy recursed without end, or broke the memory of its process"
LEFT_OUT = "… (what was printed before is left out)\n"


@dataclass(slots=True)
class Running:
    """One run in its own process. ``answers`` and ``said`` are the ends of its pipes that are read here."""

    number: int
    pid: int
    limits: Limits
    answers: int
    said: int
    folder: Path
    frames: Frames
    began: float = field(default_factory=time.monotonic)
    tail: bytearray = field(default_factory=bytearray)
    cut: bool = False
    stepped: float = field(default_factory=time.monotonic)
    steps: float = BURST  # that may be told now
    looked: float = 0.0

    def hear(self) -> Step | Answered | Failure | None:
        """What its pipe brought: a step, the end, or None when there is nothing to tell yet."""
        try:
            piece = os.read(self.answers, PIECE)
        except BlockingIOError:
            return None
        if not piece:
            return self.died()
        try:
            return self._last(self.frames.fed(piece))
        except (Overlong, msgspec.MsgspecError):
            return Failure(
                self.number, "The strategy wrote something into the pipe that is no answer; its run was ended."
            )

    def _last(self, frames: list[bytes]) -> Step | Answered | Failure | None:
        """The end if there is one, else the newest step; after the first fifty, not more than twenty a second."""
        step = None
        for frame in frames:
            report = reports.decode(frame)
            if isinstance(report, Answered) and wordy(report.body):
                return Failure(self.number, too_much(self.limits), cause="limit")
            if isinstance(report, (Answered, Failure)):
                report.number = self.number
                return report
            if isinstance(report, Step):
                step = Step(self.number, min(max(report.fraction, 0.0), 1.0), report.words)
        now = time.monotonic()
        self.steps, self.stepped = min(self.steps + (now - self.stepped) * STEPS, BURST), now
        if step is None or self.steps < 1:
            return None
        self.steps -= 1
        return step

    def listen(self) -> bool:
        """Keep the end of what it prints; whether there may be more."""
        try:
            piece = os.read(self.said, PIECE)
        except BlockingIOError:
            return True
        self.tail += piece
        if len(self.tail) > TAIL:
            del self.tail[:-TAIL]
            self.cut = True
        return bool(piece)

    def words(self) -> str:
        """The end of what it printed."""
        text = self.tail.decode("utf-8", "replace")
        return LEFT_OUT + text if self.cut else text

    def over(self) -> str:
        """The sentence for the limit that it has passed, empty while there is none."""
        now = time.monotonic()
        if now - self.began > self.limits.seconds:
            return took_too_long(self.limits)
        if _threads(self.pid) > self.limits.threads:
            return f"The run had more than {self.limits.threads} threads and was ended; a strategy needs one."
        if now - self.looked > FOLDER_LOOK:
            self.looked = now
            size, entries = _filled(self.folder, self.limits.entries)
            if size > self.limits.folder_mb * MEGABYTE or entries > self.limits.entries:
                return (
                    f"The run wrote more than {self.limits.folder_mb} MB of files and was ended; a strategy needs none."
                )
        return ""

    def died(self) -> Failure:
        """The failure of a run that closed its pipe without an answer."""
        return Failure(self.number, "", cause="died")

    def end(self, by_itself: bool = False) -> Failure:
        """End its process and all that it began, and remove its folder. ``by_itself``: it closed its pipe; the failure tells why."""
        reason = self._killed() if not by_itself else self._gone() or self._killed()
        RUNS.discard(self.pid)
        orphans()
        for _ in range(PIECE // TAIL):  # a pipe holds no more
            if not (_more(self.said) and self.listen()):
                break
        for handle in (self.answers, self.said):
            os.close(handle)
        shutil.rmtree(self.folder, ignore_errors=True)
        reason.number = self.number
        return reason

    def _gone(self) -> Failure | None:
        """Why it ended by itself, empty when it has not: a process closes its pipe a moment before it ends."""
        for _ in range(40):
            done, status, used = os.wait4(self.pid, os.WNOHANG)
            if done:
                return ended(status, used.ru_utime + used.ru_stime, self.limits)
            time.sleep(0.005)
        return None

    def _killed(self) -> Failure:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return Failure(self.number, "The strategy closed the pipe that its result belongs in; its run was ended.")


def start(asked: Asked, base: Path, allowed: list[Path]) -> Running:
    """Fork a run of ``asked`` in a folder of its own under ``base``. Raises OSError when the system has no more processes."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
    answers, answers_in = os.pipe()
    said, said_in = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        live(asked, answers_in, said_in, folder, allowed)
    for handle in (answers_in, said_in):
        os.close(handle)
    for handle in (answers, said):
        os.set_blocking(handle, False)
    most = asked.limits.answer_mb * MEGABYTE + HEADROOM
    RUNS.add(pid)
    return Running(asked.number, pid, asked.limits, answers, said, folder, Frames(most))


def ended(status: int, cpu: float, limits: Limits) -> Failure:
    """The failure of a process that ended without an answer. ``cpu`` in seconds."""
    if not os.WIFSIGNALED(status):
        code = os.WEXITSTATUS(status)
        return Failure(
            0, f"The strategy ended its own process (exit code {code}) before it gave a result.", cause="died"
        )
    name = signal.Signals(os.WTERMSIG(status)).name
    if name == "SIGXCPU" or cpu >= limits.cpu_seconds:
        return Failure(0, worked_too_long(limits), cause="limit")
    if name == "SIGKILL":
        return Failure(0, KILLED, cause="died")
    return Failure(0, f"The run's process crashed ({name}); {CRASHED}.", cause="died")


def orphans() -> None:
    """End what runs left behind: on Linux whatever they began has come to this process by now."""
    if sys.platform != "linux":
        return
    while found := _children():
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass  # it ended by itself


def _children() -> list[int]:
    try:
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(pid) for pid in listed if int(pid) not in RUNS]


def _threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _filled(folder: Path, most: int) -> tuple[int, int]:
    """Bytes and entries under ``folder``; counting ends a little beyond ``most`` entries."""
    size = entries = 0
    for where, folders, files in os.walk(folder):
        entries += len(folders) + len(files)
        if entries > most:
            break
        for name in files:
            try:
                size += os.lstat(os.path.join(where, name)).st_blocks * 512
            except OSError:
                pass  # it has gone meanwhile
    return size, entries


def _more(handle: int) -> bool:
    return bool(select.select([handle], [], [], 0)[0])
