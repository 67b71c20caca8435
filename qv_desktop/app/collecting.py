"""Garbage is collected on the GUI thread only: a worker thread that frees a Qt object crashes the program."""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 200
# objects made since the last collection beyond those that went by themselves: what a busy blotter replaces goes by itself, and a
# collection in its flood goes through all the rows that are still young, which takes tens of milliseconds
YOUNG = 15_000
MIDDLE_AFTER = 10  # collections of the young
FULL_EVERY = 3_000  # in intervals: ten minutes


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
        young, times, _ = gc.get_count()
        if self._count % FULL_EVERY == 0:
            gc.collect(2)
        elif times >= MIDDLE_AFTER:
            gc.collect(1)
        elif young > YOUNG:
            gc.collect(0)

    def stop(self) -> None:
        """Collect no more, and nobody else either: the program is ending, and threads still run that must free no widget."""
        self._timer.stop()
