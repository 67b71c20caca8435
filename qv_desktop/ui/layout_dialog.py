"""The list of saved layouts: one is opened, renamed or deleted, or the present one is kept under a name."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import across, tint
from qv_desktop.ui.models.name_bar import NameBar

LONGEST = 40  # characters of a name


class LayoutDialog(QDialog):
    """What is asked for is done by somebody else, who then shows the names again, or says why it was not done.

    Signals: ``chosen`` (a layout's name), ``saved`` (the name to keep the present one under), ``removed``, ``renamed`` (old, new).
    """

    chosen = Signal(str)
    removed = Signal(str)
    renamed = Signal(str, str)
    saved = Signal(str)

    def __init__(self, names: Sequence[str], saving: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Save layout" if saving else "Layouts")
        self.resize(420, 380)
        self._saving = saving
        self.name, self.list = QLineEdit(maxLength=LONGEST), QListWidget()
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of the layout")
        self.name.setVisible(saving)
        self.list.setAccessibleName("Saved layouts")
        self._said = theme.label("", "hint")
        self._said.setWordWrap(True)
        self.rename, self.remove = theme.button("Rename…", "ghost"), theme.button("Delete…", "ghost")
        self.go = theme.button("Save" if saving else "Open", "primary")
        self.ask, self.ask_name = ConfirmBar(), NameBar()
        self.ask_name.field.setMaxLength(LONGEST)
        self._lay_out()
        self._connect()
        self.show_names(names)
        (self.name if saving else self.list).setFocus()

    def names(self) -> list[str]:
        """The layouts in the list."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def show_names(self, names: Sequence[str], chosen: str = "") -> None:
        """Show the layouts that there are, with ``chosen``, or the one at the same place as before, picked."""
        row = max(0, self.list.currentRow())
        self.list.blockSignals(True)  # a name that is being typed stays
        self.list.clear()
        self.list.addItems(list(names))
        if names and not (self._saving and not chosen):
            self.list.setCurrentRow(list(names).index(chosen) if chosen in names else min(row, len(names) - 1))
        self.list.blockSignals(False)
        self._tell(self._hint(len(names)), "TX2")
        self._turn()

    def show_message(self, sentence: str) -> None:
        """Why it was not done."""
        self._tell(sentence, "WARN")
        self._turn()

    def _tell(self, sentence: str, token: str) -> None:
        self._said.setText(sentence)
        tint(self._said, token)

    def _hint(self, count: int) -> str:
        if self._saving:
            return "Keeps all workspaces and charts under a name."
        return (
            "Enter opens one, F2 renames it, Del deletes it."
            if count
            else "No layouts yet; Ctrl+S keeps the present one under a name."
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        leave = self._leave = theme.button("Cancel", "ghost")
        for button in (
            leave,
            self.go,
            self.rename,
            self.remove,
            self.ask.yes,
            self.ask.no,
            self.ask_name.yes,
            self.ask_name.no,
        ):
            button.setAutoDefault(False)  # Enter in the field would press it too, and keep the layout twice
        for widget in (self.name, self.list, self.ask, self.ask_name, self._said):
            column.addWidget(widget)
        column.addLayout(across(self.rename, self.remove, None, leave, self.go))

    def _connect(self) -> None:
        self._leave.clicked.connect(self.reject)
        self.list.itemActivated.connect(lambda item: self._take(item.text()))
        self.list.currentTextChanged.connect(self.name.setText)
        self.list.currentRowChanged.connect(self._turn)
        self.name.returnPressed.connect(lambda: self._take(self.name.text()))
        self.go.clicked.connect(lambda: self._take(self._picked()))
        self.rename.clicked.connect(self._ask_rename)
        self.remove.clicked.connect(self._ask_remove)

    def _turn(self) -> None:
        """A question under way is about the row that was picked when it was asked."""
        some = self.list.currentRow() >= 0
        self.ask.dismiss()
        self.ask_name.dismiss()
        self.rename.setEnabled(some)
        self.remove.setEnabled(some)
        self.go.setEnabled(self._saving or some)

    def _current(self) -> str:
        return self.list.currentItem().text() if self.list.currentRow() >= 0 else ""

    def _picked(self) -> str:
        return self.name.text() if self._saving else self._current()

    def _take(self, name: str) -> None:
        if not self._saving:
            if name:
                self.chosen.emit(name)
                self.accept()
        elif name.strip() in self.names():
            self.ask.ask(f"Replace “{name.strip()}” by the present layout?", "Replace", lambda: self._save(name))
        else:
            self._save(name)

    def _save(self, name: str) -> None:
        self.go.setEnabled(False)  # until it is kept, or told why not
        self.saved.emit(name)

    def _ask_rename(self) -> None:
        old = self._current()
        if old:
            others = [name for name in self.names() if name != old]
            self.ask.dismiss()
            self.ask_name.ask_name("New name", "Rename", lambda new: self._rename(old, new), old=old, taken=others)

    def _rename(self, old: str, new: str) -> None:
        if new != old:
            self.renamed.emit(old, new)

    def _ask_remove(self) -> None:
        name = self._current()
        if name:
            self.ask_name.dismiss()
            self.ask.ask(f"Delete “{name}” for good?", "Delete", lambda: self.removed.emit(name))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        on_row = self.focusWidget() is self.list and self.list.currentRow() >= 0
        if event.key() == Qt.Key.Key_Delete and on_row:
            self._ask_remove()
        elif event.key() == Qt.Key.Key_F2 and on_row:
            self._ask_rename()
        else:
            super().keyPressEvent(event)
