"""The program's own log, as lines to read and filter; the newest stand on top and the oldest fall off."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import Bar, stacked
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

_GATHER_MS = 100  # lines of this long are shown together
_RANKS = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}
_CHIPS = {"warning": "warning", "error": "failed", "critical": "critical", "info": "info", "debug": "draft"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One structured line: its level in lower case, when, what, and its details as ``key=value`` text."""

    at: datetime
    level: str
    event: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    line: LogLine


class LogPanel(QWidget):
    """Keeps the last ``cap`` lines; emits ``folder_asked`` when the person wants the log files."""

    name = "log"
    title = "Log"

    folder_asked = Signal()

    def __init__(self, cap: int = 1_000) -> None:
        super().__init__()
        self._kept: deque[_Row] = deque(maxlen=cap)  # oldest first
        self._count = 0
        self._least = 0  # rank of the lowest level shown
        self.model = TableModel(_columns(), key=lambda row: row.number)
        self.table = Table(self.model, empty="Nothing was logged at this level yet.")
        self.table.setAccessibleName("Log")
        self.levels = theme.Segmented(("All", "Info", "Warnings", "Errors"))
        self.levels.setFixedWidth(280)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Filter lines…")
        self.search.setAccessibleName("Filter log lines")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(80)
        self.folder = theme.button("Open folder", "ghost")
        self.counts = theme.label("", "hint")
        strip = Bar(
            self.levels, self.search, self.counts, self.folder, yielding=(self.counts, self.folder, self.search)
        )
        stacked(self, strip, self.table).setStretch(1, 1)
        self._gather = QTimer(self, interval=_GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self._show)
        self.levels.chosen.connect(self._choose_level)
        self.search.textChanged.connect(self.model.set_filter)
        self.folder.clicked.connect(self.folder_asked)
        self._show()

    def append(self, lines: LogLine | Iterable[LogLine]) -> None:
        """Add lines, oldest first; what comes within a tenth of a second is shown at once."""
        for line in [lines] if isinstance(lines, LogLine) else lines:
            self._count += 1
            self._kept.append(_Row(self._count, line))
        if not self._gather.isActive():
            self._gather.start()

    def clear(self) -> None:
        """Forget every line."""
        self._kept.clear()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _choose_level(self, name: str) -> None:
        self._least = {"All": 0, "Info": 1, "Warnings": 2, "Errors": 3}[name]
        self._show()

    def _show(self) -> None:
        """Show what is kept; a log that nobody looks at costs nothing."""
        if not self.isVisible():
            return
        rows = [row for row in reversed(self._kept) if _RANKS.get(row.line.level, 1) >= self._least]
        self.model.replace(rows)
        bad = sum(_RANKS.get(row.line.level, 1) >= _RANKS["error"] for row in self._kept)
        self.counts.setText(f"{len(self._kept):,} lines · {bad} error{'' if bad == 1 else 's'}")


def _columns() -> list[Column[_Row]]:
    return [
        Column("Level", lambda r: r.line.level, key=lambda r: _RANKS.get(r.line.level, 1),
               raw=lambda r: r.line.level, chip=lambda r: _CHIPS.get(r.line.level, "info"),
               width=80),
        Column("Time ET", lambda r: words.clock_ms(r.line.at), key=lambda r: r.line.at, width=92, color=lambda r: "TX1"),
        Column("Event", lambda r: r.line.event, width=260, tip=lambda r: r.line.event),
        Column("Details", lambda r: r.line.details, mono=True, color=lambda r: "TX1", width=300, stretch=True,
               tip=lambda r: r.line.details),
    ]  # fmt: skip
