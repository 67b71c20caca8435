"""Garbage is collected on the GUI thread only: a worker thread that frees a Qt object crashes the program."""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 200  # a busy blotter makes ten thousand objects in half a second, which take 20 ms to go through at once
YOUNG = 3_000  # objects made since the last collection that are worth one
MIDDLE_EVERY, FULL_EVERY = 50, 600  # in intervals: ten seconds, two minutes


class Collector(QObject):
    """Turns automatic collection off and collects on a timer; what the start left behind is frozen out of later passes."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.collect()
        gc.freeze()
        gc.disable()
        self._count = 0
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def _collect(self) -> None:
        self._count += 1
        if self._count % FULL_EVERY == 0:
            gc.collect(2)
        elif self._count % MIDDLE_EVERY == 0:
            gc.collect(1)
        elif gc.get_count()[0] > YOUNG:
            gc.collect(0)

    def stop(self) -> None:
        """Collect no more, and nobody else either: the program is ending, and threads still run that must free no widget."""
        self._timer.stop()
