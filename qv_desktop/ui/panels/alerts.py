"""Alerts and notices: what is wrong now, what a person should have heard of, what was done about it, by which rules; and toasts."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from qv_desktop.domain.alerts import GRAVITY, Notice, Urgency
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.alert_history import AlertHistory
from qv_desktop.ui.models.alert_rules_page import AlertRulesPage
from qv_desktop.ui.models.alerts_now import AlertsNow
from qv_desktop.ui.models.layouts import Bar, divider, stacked, tint
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

NOW, NOTICES, HISTORY, RULES = "Now", "Notices", "History", "Rules"
KEPT = 1_000
ONE_LINE = 30  # characters of a title that fit beside the time
TOAST_MS: dict[Urgency, int] = {"info": 4_000, "good": 4_000, "warning": 8_000, "critical": 15_000}
_EDGES: dict[Urgency, str] = {"info": "ACCENT", "good": "GOOD", "warning": "WARN", "critical": "BAD"}  # by token
_WORDS: dict[Urgency, str] = {"info": "Info", "good": "Done", "warning": "Warning", "critical": "Critical"}


class AlertsPanel(QWidget):
    """Pages: ``now_page`` with the alerts that are not over, the notices, the history of alerts, and the rules.

    Notices stand newest first; warnings and critical ones wait until they are acknowledged: one by one, selected, or all.
    ``unread`` counts those that came while the panel was hidden. Opening a row (``opened``) is for what it is about.
    """

    name = "alerts"
    title = "Alerts"

    unread_changed = Signal(int)
    opened = Signal(object)  # Notice
    acknowledge_asked = Signal(list)  # ids of notices
    settings_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unread = 0
        self.model: TableModel[tuple[int, Notice]] = TableModel(_COLUMNS, key=lambda row: row[0], parent=self)
        self.model.sort(0, Qt.SortOrder.DescendingOrder)
        self.table = Table(
            self.model, empty="Nothing to tell you.\nFills, refusals, feed changes and limits appear here."
        )
        self.table.setAccessibleName("Alerts")
        self.count = theme.label("", "hint")
        self.acknowledge, self.acknowledge_all = (
            theme.button("Acknowledge", "ghost"),
            theme.button("Acknowledge all", "ghost"),
        )
        self.settings = theme.button("Notify…", "ghost")
        self.settings.setToolTip("By which ways you are told of what, how loud, and when it should be quiet")
        strip = Bar(self.count, None, self.acknowledge, self.acknowledge_all, self.settings, yielding=(self.count,))
        self.notices = QWidget()
        stacked(self.notices, strip, divider(), self.table).setStretch(2, 1)
        self.now_page, self.history, self.rules = AlertsNow(), AlertHistory(), AlertRulesPage()
        self.tabs, self.stack = theme.Segmented([NOW, NOTICES, HISTORY, RULES]), QStackedWidget()
        for page in (self.now_page, self.notices, self.history, self.rules):
            self.stack.addWidget(page)
        stacked(self, Bar(self.tabs), self.stack).setStretch(1, 1)
        self._number, self._newest = 0, dict[str, int]()  # id of a notice -> its row's number
        self._waiting: dict[str, Urgency] = {}  # id of a notice that waits -> how urgent it is
        self._connect()

    def show_page(self, name: str) -> None:
        """Turn to one of ``NOW``, ``NOTICES``, ``HISTORY`` and ``RULES``."""
        self.tabs.choose(name)
        self.stack.setCurrentIndex((NOW, NOTICES, HISTORY, RULES).index(name))

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not change the ``desk``'s rules or their ``own``; what is absent is allowed."""
        self.rules.forbid(lacking)

    def _connect(self) -> None:
        self.tabs.chosen.connect(self.show_page)
        self.table.row_opened.connect(lambda row: self.opened.emit(row[1]))
        self.table.delete_asked.connect(lambda rows: self._ask([row[1] for row in rows]))
        self.table.selectionModel().selectionChanged.connect(self._show_actions)
        self.acknowledge.clicked.connect(lambda: self._ask([row[1] for row in self.table.selected()]))
        self.acknowledge_all.clicked.connect(lambda: self.acknowledge_asked.emit(list(self._waiting)))
        self.settings.clicked.connect(self.settings_asked)
        self._show_actions()

    def _ask(self, notices: list[Notice]) -> None:
        """Acknowledge what of these waits."""
        if ids := [notice.id for notice in notices if notice.waits]:
            self.acknowledge_asked.emit(ids)

    def add(self, notice: Notice, fresh: bool = True) -> None:
        """List ``notice``, in the place of its earlier state; the oldest beyond a thousand give way."""
        number = self._newest.get(notice.id, 0) if notice.id else 0
        if not number:
            number = self._number = self._number + 1
            self._newest |= {notice.id: number} if notice.id else {}
        self.model.upsert([(number, notice)])
        if self._number > KEPT:
            self.model.remove([self._number - KEPT])
        self._waiting.pop(notice.id, None)
        if notice.waits:
            self._waiting[notice.id] = notice.urgency
        self._show_actions()
        if fresh and not self.isVisible():
            self.unread += 1
            self.unread_changed.emit(self.unread)

    def _show_actions(self) -> None:
        """Only what can be done can be pressed."""
        count, critical = len(self._waiting), sum(urgency == "critical" for urgency in self._waiting.values())
        self.count.setText(f"{count:,} to acknowledge · {critical:,} critical" if count else "All acknowledged")
        tint(self.count, "BAD" if critical else "TX2")
        self.acknowledge.setEnabled(any(row[1].waits for row in self.table.selected()))
        self.acknowledge_all.setEnabled(count > 0)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and self.unread:
            self.unread = 0
            self.unread_changed.emit(0)
        return super().event(event)


def _seen(notice: Notice) -> str:
    """Who acknowledged it and when, or that somebody should."""
    if notice.acknowledged_at is not None:
        return f"{notice.acknowledged_by} {fmt.clock(notice.acknowledged_at)}"
    return "waits" if notice.waits else ""


def _times(notice: Notice) -> str:
    return f"×{notice.count:,}" if notice.count > 1 and notice.kind != "fill" else ""  # fills count themselves in words


def _headed(notice: Notice) -> str:
    """The title with how often it happened."""
    return " ".join(part for part in (notice.title, _times(notice)) if part)


def _tip(notice: Notice) -> str:
    if notice.count < 2 or notice.first is None:
        return notice.text
    return f"{notice.text}\n{notice.count:,} times since {fmt.clock(notice.first)}"


_COLUMNS: list[Column[tuple[int, Notice]]] = [
    Column("Time ET", lambda r: fmt.clock(r[1].at), key=lambda r: (r[1].at, r[0]), raw=lambda r: r[1].at, width=80, color=lambda r: "TX1"),
    Column("Urgency", lambda r: _WORDS[r[1].urgency], key=lambda r: list(_WORDS).index(r[1].urgency),
           raw=lambda r: _WORDS[r[1].urgency], chip=lambda r: r[1].urgency,
           width=80),
    Column("Title", lambda r: _headed(r[1]), width=170, bold=True, tip=lambda r: r[1].title),
    Column("What happened", lambda r: r[1].text, width=92, color=lambda r: "TX1", stretch=True, tip=lambda r: _tip(r[1])),
    Column("Acknowledged", lambda r: _seen(r[1]), width=100, color=lambda r: "WARN" if r[1].waits else "TX2", tip=lambda r: _seen(r[1])),
    Column("Times", lambda r: f"{r[1].count:,}", key=lambda r: r[1].count, right=True, width=58, shown=False),
]  # fmt: skip


class Toast(QFrame):
    """One notice, in passing. A click opens it."""

    clicked = Signal(object)  # Notice
    done = Signal()

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setObjectName("toast")
        edge = _EDGES[notice.urgency]
        theme.wear(
            self,
            lambda: (
                f"#toast {{ background: {theme.BG2}; border: 1px solid {theme.LINE}; border-left: 3px solid "
                f"{theme.color(edge).name()}; border-radius: 4px; }}"
            ),
        )
        self.setFixedWidth(320)
        self.setAccessibleName(f"{_WORDS[notice.urgency]}: {notice.title}. {notice.text}")
        self.setToolTip("Click to see what it is about")
        text = theme.label(notice.text, "label")
        text.setWordWrap(True)
        top = QHBoxLayout()
        title = theme.label(_headed(notice), "title")
        title.setWordWrap(len(notice.title) > ONE_LINE)
        top.addWidget(title, 1)
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

    def add(self, notice: Notice, fresh: bool = True) -> None:
        """Show ``notice``; one with the same key that is still up gives way to it. One that only changed is not put up anew."""
        up = [t for t in self._toasts if notice.key and t.notice.key == notice.key]
        if not fresh and not up:
            return
        for toast in up:
            self._drop(toast)
        if notice.acknowledged_at is not None:
            self._place()  # somebody has seen it
            return
        while len(self._toasts) >= self.MOST:
            least = min(self._toasts, key=lambda toast: GRAVITY[toast.notice.urgency])  # the oldest of the least urgent
            if GRAVITY[least.notice.urgency] > GRAVITY[notice.urgency]:
                self._place()  # all that is up is graver; the panel has this one
                return
            self._drop(least)
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
