"""The screen's pulse: one timer that asks for what moved, once per frame, and a probe of how late the GUI thread runs."""

import time
from array import array
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

PROBE_MS = 10
WINDOW = 1000  # samples: the last ten seconds


class LagProbe:
    """How late a 10 ms timer fires on the GUI thread, in milliseconds."""

    def __init__(self, parent: QObject | None = None) -> None:
        self.samples = array("f")  # ms, of the whole run
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._before = 0.0
        self._timer = QTimer(parent)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(PROBE_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin to measure; what was measured before is kept."""
        self._before = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        """Measure no more."""
        self._timer.stop()

    def lag_ms(self) -> tuple[float, float]:
        """The median and the 99th percentile of the last ten seconds, in milliseconds."""
        return _percentiles(self._recent)

    def whole_run(self) -> tuple[float, float]:
        """The median and the 99th percentile since the first start, in milliseconds."""
        return _percentiles(self.samples)

    def _tick(self) -> None:
        now = time.perf_counter()
        lag = max(0.0, (now - self._before) * 1000 - PROBE_MS)
        self._before = now
        self.samples.append(lag)
        self._recent.append(lag)


class Frames:
    """Calls ``flush`` once per frame, ``hz`` times a second, and measures the GUI thread's lag meanwhile."""

    def __init__(self, flush: Callable[[], None], hz: int = 30, parent: QObject | None = None) -> None:
        self.probe = LagProbe(parent)
        self._timer = QTimer(parent)
        self._timer.setInterval(1000 // hz)
        self._timer.timeout.connect(flush)

    def start(self) -> None:
        """Begin."""
        self._timer.start()
        self.probe.start()

    def stop(self) -> None:
        """Stop both timers."""
        self._timer.stop()
        self.probe.stop()

    def lag_ms(self) -> tuple[float, float]:
        """The GUI thread's lag over the last ten seconds: median and 99th percentile, in milliseconds."""
        return self.probe.lag_ms()


def _percentiles(samples: "deque[float] | array[float]") -> tuple[float, float]:
    if not samples:
        return 0.0, 0.0
    ordered = sorted(samples)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
