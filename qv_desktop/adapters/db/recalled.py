"""A password as the database last knew it, for the person at a locked desk whose database is away.

Their desk holds positions; they must get back to it. Nothing is permitted by this but seeing it: what needs a permission asks the
database as always, and cancelling and halting go by the role as last read.
"""

import threading
import time
from collections.abc import Callable

from qv_desktop.adapters.db import lockouts, passwords

UNKNOWN = (
    "The database is away, and this desk does not know your password; unlock once it is back. The kill switch works."
)
WRONG = "The password is wrong."


class Recalled:
    """Hashes in memory alone. Five failures in a row are enough for a quarter of an hour. Asking blocks: on a thread."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._hashes: dict[str, str] = {}  # a user's id -> the hash
        self._failures, self._until = 0, 0.0
        self._one = threading.Lock()

    def heard(self, user: str, password_hash: str) -> None:
        """The database said that this is right."""
        self._hashes[user] = password_hash
        self._failures = 0

    def asked(self, user: str, password: str) -> str:
        """Empty when it is right, else why not."""
        with self._one:
            if user not in self._hashes:
                return UNKNOWN
            if self._elapsed() < self._until:
                return "Too many wrong passwords; wait for a quarter of an hour. The kill switch works."
            if passwords.matches(self._hashes[user], password):
                self._failures = 0
                return ""
            self._failures += 1
            if self._failures >= lockouts.ALLOWED:
                self._failures, self._until = 0, self._elapsed() + lockouts.LOCK.total_seconds()
            return WRONG
