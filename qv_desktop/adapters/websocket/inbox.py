"""The bounded queue between a socket's reader and those who hear it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

log = structlog.get_logger()

PORTION = 256  # frames handed over at once, so that the loop's other work is never kept waiting long

type Frame = bytes | str


class Inbox:
    """Keeps frames in order and hands them over on the loop, a portion at a time; a hearer that raises loses only that portion.

    At ``bound`` waiting frames all are dropped and ``overflowed`` is called: a known hole is better than stale prices.
    """

    def __init__(
        self, name: str, hear: Callable[[Sequence[Frame]], None], overflowed: Callable[[], None], bound: int
    ) -> None:
        self.frames = 0
        self._name = name
        self._hear = hear
        self._overflowed = overflowed
        self._bound = bound
        self._waiting: deque[Frame] = deque()
        self._handle: asyncio.Handle | None = None

    def put(self, frame: Frame) -> None:
        """Take in one frame; never waits."""
        if len(self._waiting) >= self._bound:
            self._waiting.clear()
            self._overflowed()
        self._waiting.append(frame)
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_soon(self._hand_over)

    def drain(self) -> None:
        """Hand over everything now."""
        while self._waiting:
            self._cancel()
            self._hand_over()

    def clear(self) -> None:
        """Forget what waits."""
        self._cancel()
        self._waiting.clear()

    def _hand_over(self) -> None:
        self._handle = None
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), PORTION))]
        self.frames += len(batch)
        if self._waiting:
            self._handle = asyncio.get_running_loop().call_soon(self._hand_over)
        try:
            self._hear(batch)
        except Exception:
            log.exception("a feed's messages could not be taken in", feed=self._name, frames=len(batch))

    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
