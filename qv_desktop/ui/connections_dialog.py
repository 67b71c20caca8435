"""Connections: the accounts of this installation; one is looked at, tested, renamed, added, removed or put to use."""

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from qv_desktop.domain.connections import Connection
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.connection_form import ConnectionForm
from qv_desktop.ui.models.layouts import tint

WIDTH, HEIGHT, LIST = 760, 570, 230  # px
NEW = Connection("", "")
_ID = Qt.ItemDataRole.UserRole


class ConnectionsDialog(QDialog):
    """Shows what it is given and says what the person asks for; somebody else does it and says what became of it."""

    saved = Signal(object)  # ConnectionDraft: a new connection, or one that is there
    connect_asked = Signal(object)  # ConnectionDraft, to be connected in the browser
    connect_stopped = Signal()
    test_asked = Signal(str)  # a connection's id
    use_asked = Signal(str)
    removed = Signal(str)
    closed = Signal()

    def __init__(self, redirect: str, place: str, parent: QWidget | None = None) -> None:
        """``redirect`` is the address for OAuth apps, ``place`` says where secrets are kept on this system."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Connections")
        self.resize(WIDTH, HEIGHT)
        self.list, self.form, self.ask = QListWidget(), ConnectionForm(), ConfirmBar(keep="Keep it")
        self.form.show_redirect(redirect)
        self.add, self.remove = theme.button("New…"), theme.button("Remove…", "ghost")
        self.test, self.use = theme.button("Test"), theme.button("Use this account")
        self.save = theme.button("Save", "primary")
        self._message, self._place = theme.label("", "label"), theme.label(place, "hint")
        self._known: dict[str, Connection] = {}
        self._stored: Mapping[str, Collection[str]] = {}
        self._active, self._connecting, self._may_change = "", False, True
        self._lay_out()
        self._connect()

    # ---- what is shown

    def show_connections(
        self, connections: Sequence[Connection], active: str, stored: Mapping[str, Collection[str]], chosen: str = ""
    ) -> None:
        """Show the connections; ``stored`` names what is kept of each by id, and under "" what every new one has."""
        self._known, self._active, self._stored = {one.id: one for one in connections}, active, stored
        self.list.blockSignals(True)
        self.list.clear()
        for one in connections:
            self.list.addItem(_row(one, one.id == active))
        self.list.blockSignals(False)
        order = list(self._known)
        wanted = chosen or active
        if order:
            self.list.setCurrentRow(order.index(wanted) if wanted in order else 0)
        self._turn()

    def show_message(self, text: str, *, good: bool = False) -> None:
        """Say what became of what was asked."""
        self._message.setText(f"{'✓' if good else '✗'} {text}" if text else "")
        tint(self._message, "GOOD" if good else "BAD")
        self._turn_buttons()

    def show_connecting(self, on: bool, text: str = "") -> None:
        """Show that the browser is waited for, or no longer."""
        self._connecting = on
        self.form.show_connecting(on)
        self.list.setEnabled(not on)
        if text:
            self._say(text)
        self._turn_buttons()

    def allow(self, *, change: bool, reason: str = "") -> None:
        """Whether the person may change connections; else only look and test, for ``reason``."""
        self._may_change = change
        for button in (self.add, self.remove, self.save):
            button.setToolTip("" if change else reason)
        self.form.setEnabled(change)
        self._turn_buttons()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def chosen(self) -> Connection:
        """The connection that the form shows, one without an id when it is new."""
        items = self.list.selectedItems()
        return self._known.get(items[0].data(_ID), NEW) if items else NEW

    # ---- what the person does

    def _begin(self) -> None:
        self.list.clearSelection()
        self.list.setCurrentRow(-1)
        self._turn()
        self._say("")
        self.form.name.setFocus()

    def _turn(self) -> None:
        connection = self.chosen()
        self.form.show_connection(connection, self._stored.get(connection.id, ()))
        self.ask.dismiss()
        self._turn_buttons()

    def _turn_buttons(self) -> None:
        connection, free = self.chosen(), not self._connecting
        fresh, used = not connection.id, connection.id == self._active
        browser = fresh and self.form.kind.choice().startswith("OAuth")
        self.add.setEnabled(free and self._may_change)
        self.save.setEnabled(free and self._may_change and not browser)
        self.save.setText("Add" if fresh else "Save")
        self.test.setEnabled(free and not fresh)
        self.use.setEnabled(free and not fresh and not used)
        self.use.setText("In use" if used and not fresh else "Use this account")
        self.remove.setEnabled(free and not fresh and not used and self._may_change)
        if self._may_change:
            self.remove.setToolTip("Switch to another account first." if used and not fresh else "")

    def _say(self, text: str) -> None:
        self._message.setText(text)
        tint(self._message, "TX1")

    def _ask_connect(self) -> None:
        if self._connecting:
            self.connect_stopped.emit()
        else:
            self.connect_asked.emit(self.form.draft())

    def _ask_test(self) -> None:
        self._say("Asking Alpaca…")
        self.test.setEnabled(False)
        self.test_asked.emit(self.chosen().id)

    def _ask_remove(self) -> None:
        gone = self.chosen()
        self.ask.ask(f"Remove “{gone.name}” and forget its secrets?", "Remove", lambda: self.removed.emit(gone.id))

    def _connect(self) -> None:
        self.list.itemSelectionChanged.connect(self._turn)
        self.list.itemSelectionChanged.connect(lambda: self._say(""))
        self.form.kind.chosen.connect(lambda _: self._turn_buttons())
        self.form.connect_asked.connect(self._ask_connect)
        self.add.clicked.connect(self._begin)
        self.save.clicked.connect(lambda: self.saved.emit(self.form.draft()))
        self.test.clicked.connect(self._ask_test)
        self.use.clicked.connect(lambda: self.use_asked.emit(self.chosen().id))
        self.remove.clicked.connect(self._ask_remove)

    def done(self, result: int) -> None:
        super().done(result)
        self.closed.emit()

    # ---- building

    def _lay_out(self) -> None:
        self.list.setAccessibleName("Connections")
        self.list.setFixedWidth(LIST)
        for line in (self._message, self._place):
            line.setWordWrap(True)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(theme.caption("Accounts"))
        left.addWidget(self.list, 1)
        left.addLayout(_side_by_side(self.add, self.remove))
        right.setSpacing(8)
        right.addWidget(theme.caption("Connection"))
        right.addWidget(self.form)
        right.addStretch(1)
        for widget in (self._message, self._place):
            right.addWidget(widget)
        right.addLayout(_side_by_side(self.test, self.use, None, self.save))
        body = QHBoxLayout()
        body.setContentsMargins(14, 10, 14, 8)
        body.setSpacing(18)
        body.addLayout(left)
        body.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)  # the frame of LIVE is not covered by the question at the bottom
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(self.ask)


def _side_by_side(*widgets: QWidget | None) -> QHBoxLayout:
    """Buttons in a row; None is a gap that grows. Enter presses none of them."""
    row = QHBoxLayout()
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
            widget.setProperty("autoDefault", False)
    return row


def _row(connection: Connection, active: bool) -> QListWidgetItem:
    words = "keys" if connection.kind == "keys" else "OAuth"
    item = QListWidgetItem(f"{connection.name}\n{connection.environment} · {words}{' · in use' if active else ''}")
    item.setData(_ID, connection.id)
    if connection.environment == "LIVE":
        item.setForeground(QBrush(theme.color("BAD")))
    if active:
        item.setFont(theme.bold())
    return item
