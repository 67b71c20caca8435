"""Notices: the list of what a person should have heard of, and the toasts that say it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.domain.alerts import Notice, Urgency
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

KEPT = 1_000
TOAST_MS: dict[Urgency, int] = {"info": 4_000, "good": 4_000, "warning": 8_000, "critical": 15_000}
_EDGES: dict[Urgency, str] = {"info": "ACCENT", "good": "GOOD", "warning": "WARN", "critical": "BAD"}  # by token
_WORDS: dict[Urgency, str] = {"info": "Info", "good": "Done", "warning": "Warning", "critical": "Critical"}


class AlertsPanel(QWidget):
    """Every notice of this run, newest first; ``unread`` counts those that came while the panel was hidden."""

    name = "alerts"
    title = "Alerts"

    unread_changed = Signal(int)
    opened = Signal(object)  # Notice

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unread = 0
        self._notices: dict[int, Notice] = {}  # number -> notice
        self.model: TableModel[tuple[int, Notice]] = TableModel(_COLUMNS, key=lambda row: row[0], parent=self)
        self.model.sort(0, Qt.SortOrder.DescendingOrder)
        self.table = Table(
            self.model, empty="Nothing to tell you.\nFills, refusals, feed changes and limits appear here."
        )
        self.table.setAccessibleName("Alerts")
        self.table.row_opened.connect(lambda row: self.opened.emit(row[1]))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.addWidget(self.table)
        self._number = 0

    def add(self, notice: Notice) -> None:
        """List ``notice``; the oldest beyond a thousand give way."""
        self._number += 1
        self.model.upsert([(self._number, notice)])
        if self._number > KEPT:
            self.model.remove([self._number - KEPT])
        if not self.isVisible():
            self.unread += 1
            self.unread_changed.emit(self.unread)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and self.unread:
            self.unread = 0
            self.unread_changed.emit(0)
        return super().event(event)


_COLUMNS: list[Column[tuple[int, Notice]]] = [
    Column("Time ET", lambda r: fmt.clock(r[1].at), key=lambda r: (r[1].at, r[0]), raw=lambda r: r[1].at, width=80, color=lambda r: "TX1"),
    Column("Urgency", lambda r: _WORDS[r[1].urgency], key=lambda r: list(_WORDS).index(r[1].urgency),
           raw=lambda r: _WORDS[r[1].urgency], chip=lambda r: r[1].urgency,
           width=80),
    Column("Title", lambda r: r[1].title, width=150, bold=True, tip=lambda r: r[1].title),
    Column("What happened", lambda r: r[1].text, width=92, color=lambda r: "TX1", stretch=True, tip=lambda r: r[1].text),
]  # fmt: skip


class Toast(QFrame):
    """One notice, in passing. A click opens it."""

    clicked = Signal(object)  # Notice
    done = Signal()

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setObjectName("toast")
        self.setStyleSheet(f"#toast {{ background: {theme.BG2}; border: 1px solid {theme.LINE}; border-left: 3px solid "
                           f"{theme.color(_EDGES[notice.urgency]).name()}; border-radius: 4px; }}")  # fmt: skip
        self.setFixedWidth(320)
        self.setAccessibleName(f"{_WORDS[notice.urgency]}: {notice.title}. {notice.text}")
        text = theme.label(notice.text, "label")
        text.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(theme.label(notice.title, "title"), 1)
        top.addWidget(theme.label(fmt.clock(notice.at), "hint"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(3)
        column.addLayout(top)
        column.addWidget(text)
        QTimer.singleShot(TOAST_MS[notice.urgency], self, self.done.emit)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit(self.notice)
        self.done.emit()


class Toasts(QObject):
    """The stack of toasts in the lower right corner of ``room`` within ``window``, away from what a hand may be about to press;
    at most four, equal keys once."""

    MOST = 4

    opened = Signal(object)  # Notice

    def __init__(self, window: QWidget, room: Callable[[], QRect]) -> None:
        super().__init__(window)
        self._window, self._room = window, room
        self._toasts: list[Toast] = []
        window.installEventFilter(self)

    def add(self, notice: Notice) -> None:
        """Show ``notice``; one with the same key that is still up gives way to it."""
        for toast in [t for t in self._toasts if notice.key and t.notice.key == notice.key]:
            self._drop(toast)
        while len(self._toasts) >= self.MOST:
            self._drop(self._toasts[0])
        toast = Toast(notice, self._window)
        toast.clicked.connect(self.opened)
        toast.done.connect(lambda: self._drop(toast))
        self._toasts.append(toast)
        toast.adjustSize()
        toast.show()
        self._place()

    def shown(self) -> list[Notice]:
        """The notices that are up, oldest first."""
        return [toast.notice for toast in self._toasts]

    def clear(self) -> None:
        """Take all toasts down."""
        for toast in list(self._toasts):
            self._drop(toast)

    def _drop(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._place()

    def _place(self) -> None:
        room = self._room()
        bottom = room.bottom() - 6
        for toast in reversed(self._toasts):
            size: QSize = toast.sizeHint()
            height = max(size.height(), toast.heightForWidth(toast.width()))
            bottom -= height + 6
            toast.setGeometry(room.right() - toast.width() - 12, bottom, toast.width(), height)
            toast.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False
