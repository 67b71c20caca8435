"""How long a socket waits for what, and how it spaces its attempts."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """All waits of a socket in seconds; ``silence`` None means that silence says nothing."""

    first: float = 0.25
    ceiling: float = 30.0
    healthy: float = 60.0
    evicted: float = 60.0
    refused: float = 300.0
    opening: float = 10.0
    ping: float = 5.0
    silence: float | None = 5.0
    hang_up: float = 0.3


class Backoff:
    """Full-jitter waits that double up to a ceiling and start anew only after a healthy connection."""

    def __init__(self, patience: Patience, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._patience = patience
        self._uniform = uniform
        self._failures = 0

    def after(self, lived: float) -> float:
        """Seconds to wait after a connection that was live for ``lived`` seconds."""
        if lived >= self._patience.healthy:
            self._failures = 0
        reach = min(self._patience.ceiling, self._patience.first * 2 ** min(self._failures, 30))
        self._failures += 1
        return self._uniform(0, reach)
