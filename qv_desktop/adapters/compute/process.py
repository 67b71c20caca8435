"""A worker process as the program holds it: started without keys, written to and read from on threads, ended with all it began."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import msgspec
import structlog

from qv_desktop.adapters.compute import job_object
from qv_desktop.adapters.compute.frames import Frames, Overlong, Report, framed, reports, write_all

log = structlog.get_logger(__name__)

# what a worker may see of the environment: where to find libraries and put temporary files, and no keys
PASSED_ON = (
    "PATH",
    "HOME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "LANG",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "XDG_CACHE_HOME",
)
PIECE = 1024 * 1024
TAIL = 64 * 1024  # characters kept of what a worker says beside its answers
GRACE = 5.0  # seconds for a killed process to be gone


class WorkerProcess:
    """One worker. ``heard`` gets its reports and ``ended`` is called once, both on a thread of its own."""

    def __init__(
        self,
        command: Sequence[str],
        cache: Path,
        heard: Callable[["WorkerProcess", Report], None],
        ended: Callable[["WorkerProcess"], None],
    ) -> None:
        self._heard, self._ended = heard, ended
        self._writing = threading.Lock()
        self.said = ""
        self.scratch = Path(tempfile.mkdtemp(prefix="qv-worker-"))
        self._process = subprocess.Popen(
            [*command, "--scratch", str(self.scratch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment(cache), start_new_session=True,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )  # fmt: skip
        self._job = job_object.around(self._process)
        log.debug("worker_started", pid=self._process.pid)

    def begin(self) -> None:
        """Listen to it from now on."""
        for work in (self._read, self._listen):
            threading.Thread(target=work, name="worker", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def send(self, message: msgspec.Struct) -> None:
        """Write one message; blocks while the worker does not read. A worker that is gone is told by ``ended``."""
        with self._writing, contextlib.suppress(OSError, ValueError):  # the pipe may be closed by now
            write_all(_pipe(self._process.stdin).fileno(), framed(message))

    def kill(self) -> None:
        """End it and its runs at once."""
        if sys.platform == "win32":
            self._process.kill()
            job_object.end(self._job)
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # it leads a group of its own, in which its runs are

    def close(self) -> None:
        """End it, wait until it is gone, and remove its folder; blocks for some milliseconds."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def fate(self) -> str:
        """How it ended, for people."""
        code = self._process.wait(GRACE)
        return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with code {code}"

    def _read(self) -> None:
        pipe, frames = _pipe(self._process.stdout).fileno(), Frames()
        try:
            while piece := os.read(pipe, PIECE):
                for frame in frames.fed(piece):
                    self._heard(self, reports.decode(frame))
        except (OSError, Overlong, msgspec.MsgspecError) as error:
            log.error("worker_unreadable", reason=type(error).__name__)
            self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)  # it closes its pipes a moment before it ends, and how it ended is to be told
        self.close()
        job_object.end(self._job)
        self._ended(self)

    def _listen(self) -> None:
        pipe = _pipe(self._process.stderr).fileno()
        with contextlib.suppress(OSError):
            while piece := os.read(pipe, PIECE):
                self.said = (self.said + piece.decode("utf-8", "replace"))[-TAIL:]


def environment(cache: Path) -> dict[str, str]:
    """What a worker is given: names from a short list, and one thread for each library."""
    found = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return found | {
        "NUMBA_CACHE_DIR": str(cache),
        "OMP_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a thread of a library's that no fork would take along
        "QT_QPA_PLATFORM": "offscreen",
    }


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise OSError("the worker has no pipes")
    return pipe
