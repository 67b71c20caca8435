"""The pane beside the orders: one order's terms, and its story once it has been read."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.orders import Order
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across
from qv_desktop.ui.models.ledger import Ledger, Line, scrolled
from qv_desktop.ui.models.order_story import story_lines, story_text
from qv_desktop.ui.models.order_timeline import Moment, facts
from qv_desktop.ui.models.order_words import chip

_SETTLES = 400  # ms after a change until its audit rows can be read


class OrderDetails(QWidget):
    """``story_asked`` carries the client order id whose audit rows are wanted; until they come, what was seen here is shown."""

    story_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.heading = theme.label("", "title")
        self.facts, self.timeline = Ledger("Order details"), Ledger("What happened to the order")
        self.copy = theme.button("Copy", "ghost")
        self.copy.setToolTip("Copy the story with whole hashes")
        self._order: Order | None = None
        self._story: Sequence[Entry] = ()
        self._no_hashes = ""
        self._behind = False  # whether something happened to the order while it was out of sight
        self._soon = QTimer(self, interval=_SETTLES, singleShot=True)
        self._soon.timeout.connect(self._ask)
        self.copy.clicked.connect(self._copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addWidget(self.heading)
        column.addWidget(self.facts)
        column.addLayout(across(theme.caption("Timeline"), None, self.copy))
        column.addWidget(scrolled(self.timeline), 1)

    @property
    def shown(self) -> str:
        """The client order id of the order that is in view, or nothing."""
        return "" if self._order is None or self.isHidden() else self._order.id

    def show_order(self, order: Order, moments: Sequence[Moment]) -> None:
        """Show an order as it stands; another one, or another state of it, has its story read."""
        before = self._order
        if before is None or before.id != order.id:
            self._story = ()
            self.story_asked.emit(order.id)
        elif (before.status, before.filled) != (order.status, order.filled):
            self._soon.start()
        self._order = order
        request = order.request
        self.heading.setText(
            f"{request.side.upper()} {words.quantity(request.quantity)} {request.symbol} · {chip(order.status)[0]}"
        )
        self.facts.show_lines(facts(order))
        if not self._story:
            self.timeline.show_lines([Line(event, words.clock_ms(at), "TX1", tip=event) for at, event in moments])
        self.copy.setEnabled(bool(self._story))

    def show_story(self, key: str, entries: Sequence[Entry], no_hashes: str = "") -> None:
        """The audit rows of ``key``, oldest first; ``no_hashes`` says why their hashes may not be seen."""
        if self._order is None or self._order.id != key or not entries:
            return
        self._story, self._no_hashes = tuple(entries), no_hashes
        self.timeline.show_lines(story_lines(self._order, self._story, no_hashes))
        self.copy.setEnabled(True)

    def note_row(self, key: str) -> None:
        """An audit row of ``key`` was written: if it is shown, its story is read again."""
        if key and key == self.shown and not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._behind:
            self._soon.start()

    def _ask(self) -> None:
        self._behind = not self.isVisible()
        if self._order is not None and not self._behind:
            self.story_asked.emit(self._order.id)

    def _copy(self) -> None:
        if self._order is not None:
            QGuiApplication.clipboard().setText(story_text(self._order, self._story, self._no_hashes))
