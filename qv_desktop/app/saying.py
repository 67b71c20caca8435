"""What would be said again with every question is said once, and again only after a while."""

import time
from collections.abc import Callable

AGAIN = 300.0  # seconds


class Sayings:
    """Passes a sentence on to ``tell`` unless the same was passed on less than ``AGAIN`` seconds ago."""

    def __init__(self, tell: Callable[[str], None], elapsed: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._elapsed = tell, elapsed
        self._said: dict[str, float] = {}  # sentence -> when

    def __call__(self, sentence: str) -> None:
        """Say it, if it is news."""
        now = self._elapsed()
        self._said = {words: at for words, at in self._said.items() if now - at < AGAIN}
        if sentence not in self._said:
            self._said[sentence] = now
            self._tell(sentence)
