"""One running program per data folder: a lock that the operating system drops when the program dies, however it dies."""

import os
import sys
from pathlib import Path

from qv_desktop.domain.errors import BadInput


class InstanceLock:
    """An exclusive lock on a file; the file holds the owner's process id for the sentence."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def take(self) -> None:
        """Take the lock. Raises BadInput when another program holds it."""
        if self._file is not None:
            return
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(file)
        except OSError as error:
            os.close(file)
            raise BadInput(f"QuantVision Desktop is already running on {self._path.parent}{self._owner()}; "
                           "use that window, or close it and start again.") from error  # fmt: skip
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0) if sys.platform != "win32" else os.write(
            file, str(os.getpid()).encode()
        )
        self._file = file

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _owner(self) -> str:
        try:
            pid = self._path.read_text().strip()
        except OSError:  # Windows refuses to read a locked file
            return ""
        return f" (process {pid})" if pid.isdigit() else ""


def _lock(file: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
