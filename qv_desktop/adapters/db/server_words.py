"""What a Postgres program's last words, or the operating system's refusal, mean for the person at the screen."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qv_desktop.domain.errors import BadInput, DatabaseDown, QvError


def failure(words: str, home: Path) -> QvError:
    """One sentence that says what to do, from what ``initdb`` or ``postgres`` wrote before it gave up."""
    if "No space left on device" in words:
        return DatabaseDown(f"The disk that holds {home} is full; free some space and start again.")
    if "Permission denied" in words or "invalid permissions" in words or "wrong ownership" in words:
        return BadInput(
            f"The database folder {home} may not be read and written by this user; correct its owner, or choose another."
        )
    if "could not map anonymous shared memory" in words or "Cannot allocate memory" in words:
        return DatabaseDown(
            "There is too little free memory to start the database; close other programs and start again."
        )
    return DatabaseDown(f"The database did not start ({_last(words)}); the whole story is in {home / 'server.log'}.")


def _last(words: str) -> str:
    """The last line that names a cause, without its time stamp."""
    lines = [line for line in words.splitlines() if any(mark in line for mark in ("FATAL", "PANIC", "error:", "ERROR"))]
    found = lines[-1] if lines else "it ended without a word"
    for mark in ("FATAL:", "PANIC:", "ERROR:", "error:"):
        found = found.split(mark, 1)[-1]
    return found.strip().rstrip(".")


@contextmanager
def in_words(home: Path) -> Iterator[None]:
    """The operating system's refusals as one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise DatabaseDown(f"The disk that holds {home} is full; free some space and start again.") from error
        raise BadInput(f"The database folder {home} cannot be used ({error.strerror or error}); "
                       "give it to your user, or choose another.") from error  # fmt: skip
