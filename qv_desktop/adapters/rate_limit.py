"""A vendor's limit of requests per minute, kept at the wire: every page and every second try counts.

``Retry-After`` follows RFC 9110; ``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset`` (unix seconds) are Alpaca's.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

WINDOW = 61.0  # seconds: a second more than the vendor counts, for a request is a while on its way
LOOK = 1.0  # seconds between words of how long it still takes
PATIENCE = 3  # times that a request is asked again after 429
LONGEST = 180.0  # seconds: whoever is to wait longer is told so instead
FIRST_PAUSES = {429, 503}

type Told = Callable[[float], None]  # seconds that are still to be waited
type Progress = Callable[[float, str], None]  # from 0 to 1, and what it waits for; called on the loop


class Cancelled(Exception):
    """Nobody wants the answer any more."""


class TooLong(Exception):
    """The vendor wants a pause of ``seconds``, which is more than a person will wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class RateLimit:
    """At most ``per_minute`` requests in any 60 seconds, and none while the vendor wants a pause. Safe between threads."""

    def __init__(
        self, per_minute: int, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._most = max(1, per_minute)
        self._clock, self._wall = clock, wall
        self._lock = threading.Lock()
        self._left: deque[float] = deque()  # when the last requests left, oldest first
        self._paused = 0.0  # until then
        self._refused = 0  # times in a row

    @property
    def per_minute(self) -> int:
        """The limit in force: the setting, or the vendor's own when that is smaller."""
        return self._most

    def take(self) -> float:
        """Zero, and a request may leave now; or seconds after which to ask again. Raises TooLong."""
        with self._lock:
            now = self._clock()
            while self._left and self._left[0] <= now - WINDOW:
                self._left.popleft()
            full = self._left[-self._most] + WINDOW - now if len(self._left) >= self._most else 0.0
            seconds = max(full, self._paused - now)
            if self._paused - now > LONGEST:
                raise TooLong(self._paused - now)
            if seconds <= 0:
                self._left.append(now)
                return 0.0
            return seconds

    def wait(self, cancelled: threading.Event, told: Told) -> None:
        """Block this thread until a request may leave. Raises Cancelled at once when the event is set, and TooLong."""
        while True:
            if cancelled.is_set():
                raise Cancelled
            seconds = self.take()
            if not seconds:
                return
            told(seconds)
            cancelled.wait(min(seconds, LOOK))

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer: how long to pause, and how much the plan allows."""
        found = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            self._learn(found)
            if status in FIRST_PAUSES and (status == 429 or "retry-after" in found):
                self._refused += 1
                self._pause(self._asked_pause(found))
            elif status < 400:
                self._refused = 0

    def _learn(self, headers: Mapping[str, str]) -> None:
        most = _number(headers.get("x-ratelimit-limit"))
        if most is not None and 1 <= most < self._most:
            self._most = int(most)
        if _number(headers.get("x-ratelimit-remaining")) == 0:
            self._pause(self._until_reset(headers) or 0.0)

    def _asked_pause(self, headers: Mapping[str, str]) -> float:
        """What the vendor names, or else the time in which the plan allows one request, doubled with each refusal."""
        named = self._retry_after(headers.get("retry-after"))
        if named is None:
            named = self._until_reset(headers)
        return 60 / self._most * 2 ** min(self._refused - 1, 4) if named is None else named

    def _retry_after(self, text: str | None) -> float | None:
        if text is None or (seconds := _number(text)) is not None:
            return None if text is None else seconds
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self._wall())
        except ValueError:
            return None

    def _until_reset(self, headers: Mapping[str, str]) -> float | None:
        reset = _number(headers.get("x-ratelimit-reset"))
        return None if reset is None else max(0.0, reset - self._wall())

    def _pause(self, seconds: float) -> None:
        self._paused = max(self._paused, self._clock() + seconds)


def _number(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if 0 <= found < 1e12 else None


def waiting(vendor: str, per_minute: int, seconds: float) -> str:
    """What a person is told meanwhile."""
    return f"waiting for {vendor}'s limit of {per_minute} a minute, {max(1, round(seconds))} s"


def too_long(vendor: str, seconds: float) -> str:
    """What a person is told when the pause is too long to wait for."""
    return f"{vendor} takes no more requests for {round(seconds / 60)} minutes; try again then, or upgrade the plan."
