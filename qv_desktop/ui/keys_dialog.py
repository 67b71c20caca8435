"""All keys by group, and a place to change those that a person may."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.ui import theme
from qv_desktop.ui.models.key_map import KeyMap, normal
from qv_desktop.ui.models.layouts import across, tint

_ID = Qt.ItemDataRole.UserRole
NOTES = {"armed": "only while trading keys are armed", "held": "held for a second, always"}  # scope -> what is special


class KeysDialog(QDialog):
    """Changes ``keys`` in place and says ``changed`` after each change; somebody else puts them in force and keeps them."""

    changed = Signal()

    def __init__(self, keys: KeyMap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(760, 640)
        self._keys = keys
        self.search = QLineEdit(placeholderText="Search commands and keys")
        self.list = QTreeWidget()
        self.edit = QKeySequenceEdit()
        self.give, self.add = theme.button("Set", "primary"), theme.button("Add")
        self.none, self.reset, self.reset_all = (
            theme.button("No key"),
            theme.button("Reset"),
            theme.button("Reset all", "ghost"),
        )
        self.take = theme.button("Take it from there")
        self._chosen = theme.label("", "title")
        self._message = theme.label("", "label")
        self._build()
        self._connect()
        self.show_keys()

    def show_keys(self) -> None:
        """The list as the keys are now; the chosen command stays chosen."""
        here, wanted = self.chosen(), self.search.text().casefold()
        self.list.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for command in sorted(self._keys.commands.values(), key=lambda c: c.group):
            keys = " or ".join(self._keys.keys(command.id))
            if wanted not in f"{command.title} {keys}".casefold() or not (keys or self._keys.changeable(command.id)):
                continue
            if command.group not in groups:
                groups[command.group] = QTreeWidgetItem(self.list, [command.group.upper()])
                groups[command.group].setFlags(Qt.ItemFlag.ItemIsEnabled)
            row = QTreeWidgetItem(groups[command.group], [command.title, keys or "—", self._note(command.id)])
            row.setData(0, _ID, command.id)
            if self._keys.changed(command.id):
                row.setForeground(1, theme.color("ACCENT"))
            if command.id == here:
                self.list.setCurrentItem(row)
        self.list.expandAll()
        if here:
            self.choose(here)
        self._show_chosen()

    def _note(self, id_: str) -> str:
        command = self._keys.commands[id_]
        if self._keys.changed(id_):
            return f"usually {' or '.join(command.keys) or 'no key'}"
        note = NOTES.get(command.scope, "" if self._keys.changeable(id_) else f"in the {command.scope}")
        return f"{note}; held" if command.hold and command.scope == "armed" else note

    def chosen(self) -> str:
        """The chosen command's id, or nothing."""
        item = self.list.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def choose(self, id_: str) -> None:
        """Choose a command's row."""
        for place in range(self.list.topLevelItemCount()):
            group = self.list.topLevelItem(place)
            for row in range(group.childCount() if group is not None else 0):
                child = group.child(row) if group is not None else None
                if child is not None and child.data(0, _ID) == id_:
                    self.list.setCurrentItem(child)
                    self.list.scrollToItem(child)

    def message(self) -> str:
        """Why the last thing asked for was not done, or nothing."""
        return self._message.text()

    # ---- what is asked for

    def _connect(self) -> None:
        self.search.textChanged.connect(self.show_keys)
        self.list.currentItemChanged.connect(lambda *_: self._show_chosen())
        self.edit.keySequenceChanged.connect(lambda _: self._show_actions())
        self.give.clicked.connect(lambda: self._done(self._keys.give(self.chosen(), [self._key()])))
        self.add.clicked.connect(
            lambda: self._done(self._keys.give(self.chosen(), [*self._keys.keys(self.chosen()), self._key()]))
        )
        self.take.clicked.connect(lambda: self._done(self._keys.take(self.chosen(), self._key())))
        self.none.clicked.connect(lambda: self._done(self._keys.give(self.chosen(), [])))
        self.reset.clicked.connect(lambda: self._done(self._keys.reset(self.chosen())))
        self.reset_all.clicked.connect(self._reset_all)

    def _key(self) -> str:
        return normal(self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _reset_all(self) -> None:
        self._keys.reset_all()
        self._done("")

    def _done(self, why: str) -> None:
        self._say(why)
        if not why:
            self.edit.clear()
            self.show_keys()
            self.changed.emit()

    def show_message(self, text: str) -> None:
        """Say one sentence, such as why nothing was kept."""
        self._say(text)

    def _say(self, why: str) -> None:
        self._message.setText(why)
        tint(self._message, "BAD")

    def _show_chosen(self) -> None:
        id_ = self.chosen()
        self._chosen.setText(self._keys.commands[id_].title if id_ else "Choose a command to change its keys")
        self.edit.clear()
        self._say(
            "" if not id_ or self._keys.changeable(id_) else "These keys belong to their panel and cannot be changed."
        )
        self._show_actions()

    def _show_actions(self) -> None:
        """Only what can be done can be pressed; a key that another command has is named before anything is set."""
        id_, key = self.chosen(), self._key()
        may = bool(id_) and self._keys.changeable(id_)
        why = self._keys.complaint(id_, [key]) if may and key else ""
        if may:
            self._say(why)
        self.edit.setEnabled(may)
        self.give.setEnabled(may and bool(key) and not why)
        self.add.setEnabled(may and bool(key) and not why and bool(self._keys.keys(id_)))
        self.none.setEnabled(may and bool(self._keys.keys(id_)))
        self.reset.setEnabled(may and self._keys.changed(id_))
        self.take.setVisible(may and bool(key) and bool(self._keys.taken_by(id_, key)))

    # ---- building

    def _build(self) -> None:
        self.search.setAccessibleName("Search commands and keys")
        self.search.setClearButtonEnabled(True)
        self.list.setAccessibleName("Keys")
        self.list.setHeaderLabels(["Command", "Keys", ""])
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(10)
        self.list.setUniformRowHeights(True)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for place in (1, 2):
            self.list.header().setSectionResizeMode(place, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName("Press the new keys here")
        self._message.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self._chosen)
        column.addLayout(across(self.edit, self.give, self.add, self.none, self.reset, self.reset_all))
        last = across(self._message, self.take)
        last.setStretch(0, 1)
        column.addLayout(last)
