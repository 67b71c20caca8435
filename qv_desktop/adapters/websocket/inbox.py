"""The bounded queue between a socket's reader and those who hear it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import structlog

from qv_desktop.adapters.websocket.counts import Counts
from qv_desktop.adapters.websocket.holes import Holes

log = structlog.get_logger()

PORTION = 256  # frames handed over at once at most
PORTION_BYTES = (
    200_000  # the same in bytes, some two thousand messages, so that the loop's other work is never kept waiting long
)
FRAMES, BYTES = 20_000, 64 * 1024 * 1024  # what may wait
OVERFLOW = "messages came faster than they could be read"
UNREAD = "messages could not be taken in"
BETWEEN = b'},{"'  # never inside a JSON string, where the quotation mark would be escaped

type Frame = bytes


class Inbox:
    """Keeps frames in order and hands them over on the loop, a portion at a time.

    When too much waits, all of it is dropped and becomes a hole that is told: a hole can be filled from history, and stale prices
    cannot be traded on. A portion whose hearer raises is a hole as well.
    """

    def __init__(self, name: str, hear: Callable[[Sequence[Frame]], None], counts: Counts, holes: Holes,
                 now: Callable[[], datetime], frames: int = FRAMES, size: int = BYTES) -> None:  # fmt: skip
        self._name, self._hear, self._counts, self._holes, self._now = name, hear, counts, holes, now
        self._most, self._most_bytes = frames, size
        self._waiting: deque[tuple[Frame, float]] = deque()  # with the loop's time of receipt
        self._bytes = 0
        self._handle: asyncio.Handle | None = None
        self._taken = self._given = 0  # frames
        self._mark: tuple[int, datetime] | None = None  # once so many are given, nothing is missing up to then

    @property
    def waiting(self) -> int:
        """Frames not yet handed over."""
        return len(self._waiting)

    def put(self, frame: Frame, received: float) -> None:
        """Take in one frame, ``received`` at that loop time; never waits."""
        self._counts.heard_at = received
        if len(self._waiting) >= self._most or self._bytes + len(frame) > self._most_bytes:
            self._overflow()
        for piece in pieces(frame):
            self._waiting.append((piece, received))
            self._taken += 1
        self._bytes += len(frame)
        if self._mark is None:
            self._mark = self._taken, self._now()
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_soon(self._hand_over)

    async def drained(self) -> None:
        """Return when everything has been handed over."""
        while self._waiting:  # noqa: ASYNC110  # the loop hands over between the looks
            await asyncio.sleep(0)

    def clear(self) -> None:
        """Forget what waits."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._given = self._taken
        self._waiting.clear()
        self._bytes = 0
        self._mark = None

    def _overflow(self) -> None:
        if not self._holes.opened:
            log.warning("too many of a feed's messages wait", feed=self._name, frames=self.waiting, bytes=self._bytes)
        self._counts.overflows += 1
        self.clear()
        self._holes.open(OVERFLOW)

    def _hand_over(self) -> None:
        loop = asyncio.get_running_loop()
        frames, received = self._portion()
        self._handle = loop.call_soon(self._hand_over) if self._waiting else None
        try:
            self._hear(frames)
        except Exception:
            log.exception("a feed's messages could not be taken in", feed=self._name, frames=len(frames))
            self._holes.open(UNREAD)
        else:
            self._counts.delays.append((loop.time() - received) * 1000)
            self._heard_all()

    def _portion(self) -> tuple[list[Frame], float]:
        """The next frames, and when the first of them was received."""
        received = self._waiting[0][1]
        frames: list[Frame] = []
        size = 0
        while self._waiting and len(frames) < PORTION and size < PORTION_BYTES:
            frame, _ = self._waiting.popleft()
            frames.append(frame)
            size += len(frame)
        self._bytes = self._bytes - size if self._waiting else 0
        self._given += len(frames)
        return frames, received

    def _heard_all(self) -> None:
        if self._mark is not None and self._given >= self._mark[0]:
            self._holes.known(self._mark[1])
            self._mark = None
        self._holes.mended()


def pieces(frame: Frame) -> Iterator[Frame]:
    """``frame``, or the arrays that it makes when it is too large to be read in one go."""
    if len(frame) <= PORTION_BYTES or frame[:1] != b"[":
        yield frame
        return
    start = 1
    while (cut := frame.find(BETWEEN, start + PORTION_BYTES)) >= 0:
        yield b"[" + frame[start : cut + 1] + b"]"
        start = cut + 2
    yield b"[" + frame[start:]
