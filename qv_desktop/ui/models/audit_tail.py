"""Rows that were just recorded, waiting to be shown: while somebody points, reads or has paused, they wait, and are counted."""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from qv_desktop.domain.audit import Entry

BEAT_MS = 400  # rows come onto the screen at most so often
MOST = 1_500  # rows that wait, the newest; those before them are read again when wanted


class AuditTail(QObject):
    """``held`` says why rows must not move now, or nothing.

    Emits ``due(list[Entry], bool)``: rows oldest first, and whether some are missing; ``waiting_changed(int)``.
    """

    due = Signal(object, bool)
    waiting_changed = Signal(int)

    def __init__(self, held: Callable[[], str], parent: QObject) -> None:
        super().__init__(parent)
        self._held = held
        self._rows: deque[Entry] = deque(maxlen=MOST)
        self._count = 0
        self._beat = QTimer(self, interval=BEAT_MS)
        self._beat.timeout.connect(self.look)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._count

    def hear(self, entry: Entry) -> None:
        """A row was recorded that is one of those shown."""
        self._rows.append(entry)
        self._count += 1
        if not self._beat.isActive():
            self._beat.start()

    def look(self) -> None:
        """Show what waits, unless it must wait on."""
        if self._count and not self._held():
            self.release()
        elif self._count:
            self.waiting_changed.emit(self._count)
        else:
            self._beat.stop()

    def release(self) -> None:
        """Show what waits, whatever held it."""
        rows = sorted(self._rows, key=lambda entry: entry.sequence)  # two threads may tell of theirs in any order
        missing = self._count > len(rows)
        self.forget()
        if rows:
            self.due.emit(rows, missing)

    def forget(self) -> None:
        """Drop what waits: other rows are asked for."""
        self._keep([])

    def forget_to(self, sequence: int) -> None:
        """Rows up to that one are shown; what was recorded while they were read waits on."""
        self._keep([entry for entry in self._rows if entry.sequence > sequence])

    def _keep(self, rows: list[Entry]) -> None:
        self._rows = deque(rows, MOST)
        if self._count != len(rows):
            self._count = len(rows)
            self.waiting_changed.emit(self._count)
        if not rows:
            self._beat.stop()
