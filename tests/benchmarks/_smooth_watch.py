"""A watch over the window's thread: each time it was not there for longer than a frame, with what it was doing."""

import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from types import FrameType

from PySide6.QtCore import Qt, QTimer

TICK = 4  # ms
GLANCE = 0.002  # seconds between two looks at the stack
FRAME = 16.0  # ms
DEEP = 9  # frames that are kept of a stack, the innermost


@dataclass(frozen=True, slots=True)
class Wait:
    """One time that the window was not there: ms by the clock, ms that its own thread worked, and stacks by how often they were seen."""

    at: float
    clock: float
    worked: float
    stacks: tuple[tuple[str, int], ...] = field(repr=False)


class Watch:
    """Ticks on the window's thread; ``stretch`` names what the person is about.

    A signal looks at the stack: between two steps of Python, for another thread that walks the frames of one at work ends the program.
    """

    def __init__(self) -> None:
        self.stretch = "start"
        self.waits: dict[str, list[Wait]] = {}  # stretch -> its waits
        self._seen: Counter[str] = Counter()
        self._before = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK)
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, GLANCE, GLANCE)

    def begin(self, stretch: str) -> None:
        """What comes next belongs to ``stretch``."""
        self.stretch = stretch

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _tick(self) -> None:
        now = time.perf_counter(), time.thread_time()
        seen, self._seen = self._seen, Counter()  # another one at once, for the signal comes when it likes
        clock, worked = (now[0] - self._before[0]) * 1000 - TICK, (now[1] - self._before[1]) * 1000
        if clock > FRAME:
            self.waits.setdefault(self.stretch, []).append(
                Wait(self._before[0], clock, worked, tuple(seen.most_common(12)))
            )
        self._before = now

    def _look(self, number: int, frame: FrameType | None) -> None:
        if frame is not None and (time.perf_counter() - self._before[0]) * 1000 > TICK + 4:
            self._seen[_words(frame)] += 1


def _words(frame: FrameType | None) -> str:
    """The innermost frames, innermost first."""
    parts = []
    while frame is not None and len(parts) < DEEP:
        name = frame.f_code.co_filename
        short = name.split("qv_desktop/")[-1] if "qv_desktop/" in name else name.rsplit("/", 1)[-1]
        parts.append(f"{short}:{frame.f_lineno}:{frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(parts)
