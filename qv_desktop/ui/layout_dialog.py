"""The list of saved layouts: one is opened, or the present one kept under a name."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QVBoxLayout, QWidget

from qv_desktop.ui import theme


class LayoutDialog(QDialog):
    """Signals: ``chosen`` and ``removed`` (a layout's name), ``saved`` (the name to keep the present one under)."""

    chosen = Signal(str)
    removed = Signal(str)
    saved = Signal(str)

    def __init__(self, names: Sequence[str], saving: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Save layout" if saving else "Open layout")
        self.resize(320, 340)
        self._saving = saving
        self.name, self.list = QLineEdit(), QListWidget()
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of the layout")
        self.name.setVisible(saving)
        self.list.addItems(list(names))
        self.list.setAccessibleName("Saved layouts")
        self._said = theme.label(self._hint(len(names)), "hint")
        self._said.setWordWrap(True)
        self.go = theme.button("Save" if saving else "Open", "primary")
        self._lay_out()
        self.list.itemActivated.connect(lambda item: self._take(item.text()))
        self.list.currentTextChanged.connect(self.name.setText)
        self.name.returnPressed.connect(lambda: self._take(self.name.text()))
        self.go.clicked.connect(lambda: self._take(self._picked()))
        (self.name if saving else self.list).setFocus()
        if names and not saving:
            self.list.setCurrentRow(0)

    def _hint(self, count: int) -> str:
        if self._saving:
            return "Keeps all workspaces and charts under a name; a name that exists is replaced."
        return (
            "Enter opens one, Del removes it."
            if count
            else "No layouts yet; Ctrl+S keeps the present one under a name."
        )

    def _lay_out(self) -> None:
        column, row = QVBoxLayout(self), QHBoxLayout()
        leave = theme.button("Cancel", "ghost")
        for button in (leave, self.go):
            button.setAutoDefault(False)  # Enter in the field would press it too, and keep the layout twice
        leave.clicked.connect(self.reject)
        row.addStretch(1)
        row.addWidget(leave)
        row.addWidget(self.go)
        for widget in (self.name, self.list, self._said):
            column.addWidget(widget)
        column.addLayout(row)

    def _picked(self) -> str:
        if self._saving:
            return self.name.text()
        return self.list.currentItem().text() if self.list.currentRow() >= 0 else ""

    def _take(self, name: str) -> None:
        if self._saving:
            self.go.setEnabled(False)  # until it is kept, or told why not
            self.saved.emit(name)
        elif name:
            self.chosen.emit(name)
            self.accept()

    def show_message(self, sentence: str) -> None:
        """Why it was not kept."""
        self.go.setEnabled(True)
        self._said.setText(sentence)
        self._said.setStyleSheet(f"color:{theme.color('WARN').name()};")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.list.currentRow() >= 0 and self.list.hasFocus():
            self.removed.emit(self.list.currentItem().text())
            self.list.takeItem(self.list.currentRow())
        else:
            super().keyPressEvent(event)
