"""A strip that finds words in an editor: Enter goes on, Shift+Enter back, Esc closes it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QLineEdit, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.code_editor import CodeEditor
from qv_desktop.ui.models.layouts import across

MOST = 1000  # places that are marked


class FindBar(QWidget):
    """Emits ``closed`` when the person is done; small letters find great ones too."""

    closed = Signal()

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__()
        self._editor = editor
        self.setFixedHeight(34)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find")
        self.field.setAccessibleName("Find in the source")
        self.field.setClearButtonEnabled(True)
        self.count = theme.label("", "hint")
        self.back, self.on, self.shut = (
            theme.button("↑", "ghost"),
            theme.button("↓", "ghost"),
            theme.button("✕", "ghost"),
        )
        row = across(self.field, self.count, self.back, self.on, self.shut)
        row.setContentsMargins(8, 4, 8, 4)
        self.setLayout(row)
        for button, tip in (
            (self.back, "The one before (Shift+Enter)"),
            (self.on, "The next one (Enter)"),
            (self.shut, "Close (Esc)"),
        ):
            button.setFixedWidth(28)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
        self.field.textChanged.connect(lambda _: self._typed())
        self.on.clicked.connect(lambda: self.go(True))
        self.back.clicked.connect(lambda: self.go(False))
        self.shut.clicked.connect(self.close_bar)
        self.hide()

    def open_bar(self) -> None:
        """Show it, with what is selected as the words."""
        chosen = self._editor.textCursor().selectedText()
        self.show()
        if chosen and "\u2029" not in chosen:
            self.field.setText(chosen)
        self._mark()
        self.field.setFocus()
        self.field.selectAll()

    def close_bar(self) -> None:
        """Hide it and the marks."""
        self.hide()
        self._editor.show_found([])
        self._editor.setFocus()
        self.closed.emit()

    def go(self, onward: bool) -> None:
        """To the next place, or the one before; round at the end."""
        text, document = self.field.text(), self._editor.document()
        if not text:
            return
        flags = QTextDocument.FindFlag(0) if onward else QTextDocument.FindFlag.FindBackward
        found = document.find(text, self._editor.textCursor(), flags)
        if found.isNull():
            start = QTextCursor(document)
            if not onward:
                start.movePosition(QTextCursor.MoveOperation.End)
            found = document.find(text, start, flags)
        if not found.isNull():
            self._editor.setTextCursor(found)
            self._editor.centerCursor()
        self._mark()

    def _typed(self) -> None:
        """Go to the first place from where the selection begins, so that typing on stays at the same word."""
        cursor = self._editor.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._editor.setTextCursor(cursor)
        self.go(True)
        self._mark()

    def _mark(self) -> None:
        places: list[QTextCursor] = []
        text, document = self.field.text(), self._editor.document()
        found = document.find(text) if text else QTextCursor()
        while not found.isNull() and len(places) < MOST:
            places.append(found)
            found = document.find(text, found)
        self._editor.show_found(places)
        here = next((n for n, place in enumerate(places, 1) if place == self._editor.textCursor()), 0)
        more = "+" if len(places) == MOST else ""
        self.count.setText("" if not text else f"{here} of {len(places)}{more}" if places else "nothing")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        else:
            super().keyPressEvent(event)
