"""A loop whose clock jumps to the next timer when nothing else is to be done: ten minutes pass in a second, real sockets included."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

GRACE = 0.01  # s in which the system may still deliver something before time jumps


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]  # which class it is depends on the system
    """Waits briefly for what is already on its way, then lets the loop's time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(min(timeout, GRACE))
        if not ready and timeout > GRACE:
            self.ahead += timeout - GRACE
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its ``time`` is the system's and all that was jumped over."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds of the loop's own clock."""
        return super().time() + self._jumping.ahead


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run a test's story in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)
