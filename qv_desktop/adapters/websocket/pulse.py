"""Whether a link is alive: what its silence means, and when to ask for a word."""

from collections.abc import Callable
from typing import Literal

from qv_desktop.adapters.websocket.patience import Patience

type Finding = Literal["well", "still", "ask", "silent", "unanswered"]


class Pulse:
    """Keeps when a link last spoke. Times are the clock's seconds.

    Silence is a fault at once while data must be flowing; else the server is asked for a word, and only no answer is a fault.
    """

    def __init__(self, patience: Patience, clock: Callable[[], float]) -> None:
        self._patience, self._clock = patience, clock
        self._heard = self._expected_since = clock()
        self._asked: float | None = None  # when a word was asked for that has not come

    def heard(self, at: float) -> bool:
        """The link spoke; whether that was of its own accord, not an answer."""
        asked, self._asked, self._heard = self._asked, None, at
        return asked is None

    def asked(self) -> None:
        """A word was asked for."""
        self._asked = self._clock()

    def finding(self, expected: bool, can_ask: bool) -> Finding:
        """What to make of the silence so far; ``expected`` says whether data must be flowing now."""
        now, limit = self._clock(), self._patience.silence
        if not expected:
            self._expected_since = now
        elif limit is not None and now - max(self._heard, self._expected_since) >= limit:
            return "silent"
        if self._asked is None:
            if can_ask and now - self._heard >= self._patience.beat:
                return "ask"
        elif now - self._asked >= self._patience.answer:
            return "unanswered"
        return "still" if not expected and limit is not None and now - self._heard >= limit else "well"

    @property
    def look(self) -> float:
        """Seconds between two looks."""
        patience = self._patience
        return min(patience.silence or patience.answer, patience.answer, patience.beat) / 10
