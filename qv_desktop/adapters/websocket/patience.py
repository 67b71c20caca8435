"""How long a socket waits for what, and how it spaces its attempts."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

UNWATCHED = (
    60.0  # seconds without an attempt at most: links that come up and fall again may spend the budget, an outage cannot
)
AT_ONCE = 5  # attempts that follow each other by jitter alone; those after them are spread over the window
A_MOMENT = 0.01  # s


@dataclass(frozen=True, slots=True)
class Patience:
    """All waits of a socket in seconds; ``silence`` None means that silence says nothing.

    ``beat`` is the silence after which the server is asked for a word, ``answer`` how long that may take. ``settle`` is how long
    after its first answer a subscription counts as complete. No more than ``attempts`` are made in any ``window``.
    """

    first: float = 0.25
    ceiling: float = 30.0
    healthy: float = 60.0
    evicted: float = 60.0
    refused: float = 300.0
    opening: float = 10.0
    ping: float = 5.0
    silence: float | None = 5.0
    beat: float = 15.0
    answer: float = 5.0
    settle: float = 1.0
    hang_up: float = 0.3
    attempts: int = 20
    window: float = 600.0


class Backoff:
    """Jittered waits that double up to a ceiling, start anew only after a healthy connection, and keep to a budget of attempts.

    The first attempts of an outage come fast; the rest of the budget is spread evenly, so that a long outage is never left
    unwatched for longer than a short one, and a link that keeps falling is dialled once a minute at least.
    """

    def __init__(
        self,
        patience: Patience,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._patience, self._clock, self._uniform = patience, clock, uniform
        self._failures = 0  # since the last healthy connection
        self._attempts: deque[float] = (
            deque()
        )  # clock times of the window's attempts, the one being waited for included

    def after(self, lived: float) -> float:
        """Seconds to wait after a connection that was live for ``lived`` seconds."""
        if lived >= self._patience.healthy:
            self._failures = 0
        self._failures += 1
        reach = min(self._patience.ceiling, self._patience.first * 2 ** min(self._failures, 30))
        return self.at_least(self._uniform(self._patience.first, reach))

    def at_least(self, wait: float) -> float:
        """``wait``, or longer when the budget asks for it; the attempt at its end is counted."""
        now = self._clock()
        spaced = max(wait, self._pace(now))
        self._attempts.append(now + spaced)
        return spaced

    def _pace(self, now: float) -> float:
        window = self._patience.window
        while self._attempts and self._attempts[0] <= now - window:
            self._attempts.popleft()
        left = self._patience.attempts - len(self._attempts)
        if not self._attempts or (left > 0 and self._failures <= AT_ONCE):
            return 0.0
        return min(UNWATCHED, (self._attempts[0] + window - now) / max(left, 1) + A_MOMENT)
