"""The passphrase that locks this installation's keys where the system has no keyring: chosen once, given once a sitting."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 420  # px
SHORTEST, GOOD = 10, 16  # characters

OPENING = (
    "This system has no keyring, so your keys lie in a file that a passphrase locks. Give it once for this sitting."
)
CHOOSING = (
    "This system has no keyring. Your keys will lie in a file that only your passphrase opens; without it they cannot be "
    "brought back and must be entered again."
)


class PassphraseDialog(QDialog):
    """Says ``given`` with the passphrase, or ``declined``; with ``choosing`` it is typed twice and its strength is told."""

    given = Signal(str)
    declined = Signal()

    def __init__(self, *, choosing: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Choose a passphrase for your keys" if choosing else "Unlock your keys")
        self.setFixedWidth(WIDTH)
        self._choosing = choosing
        self.phrase, self.again = (QLineEdit(echoMode=QLineEdit.EchoMode.Password) for _ in range(2))
        self.go = theme.button("Lock the keys with it" if choosing else "Unlock", "primary")
        self.back = theme.button("Cancel" if choosing else "Go on without keys", "ghost")
        self._strength, self._message = theme.label("", "hint"), theme.label("", "label")
        self._lay_out()
        self.phrase.textChanged.connect(lambda text: self._strength.setText(strength(text)))
        self.go.clicked.connect(self._ask)
        self.back.clicked.connect(self.reject)
        for field in (self.phrase, self.again):
            field.returnPressed.connect(self._ask)
        self.phrase.setFocus()

    def show_message(self, text: str) -> None:
        """Say why it was not taken; it can be typed again."""
        self._busy(False)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.phrase.selectAll()
        self.phrase.setFocus()
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def grant(self) -> None:
        """Close: it was taken."""
        self._clear()
        self.accept()

    def reject(self) -> None:
        self._clear()
        super().reject()
        self.declined.emit()

    def _ask(self) -> None:
        phrase = self.phrase.text()
        if why := self._unusable(phrase):
            self.show_message(why)
            return
        self._busy(True)
        self.given.emit(phrase)

    def _unusable(self, phrase: str) -> str:
        if not phrase:
            return "Type the passphrase."
        if not self._choosing:
            return ""
        if len(phrase) < SHORTEST:
            return f"A passphrase has at least {SHORTEST} characters; a few words in a row are easy to keep in mind."
        return "" if phrase == self.again.text() else "The two passphrases differ; type the same one twice."

    def _busy(self, busy: bool) -> None:
        for widget in (self.phrase, self.again, self.go):
            widget.setEnabled(not busy)

    def _clear(self) -> None:
        self.phrase.clear()
        self.again.clear()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(6)
        words = theme.label(CHOOSING if self._choosing else OPENING, "label")
        tint(self._message, "BAD")
        self._message.hide()
        for line in (words, self._message):
            line.setWordWrap(True)
        self.phrase.setAccessibleName("Passphrase")
        self.again.setAccessibleName("Passphrase again")
        column.addWidget(words)
        column.addSpacing(6)
        column.addWidget(theme.caption("Passphrase"))
        column.addWidget(self.phrase)
        if self._choosing:
            for widget in (self._strength, theme.caption("Passphrase again"), self.again):
                column.addWidget(widget)
        column.addWidget(self._message)
        column.addSpacing(6)
        row = QHBoxLayout()
        for button in (self.back, self.go):
            button.setAutoDefault(False)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.go)
        column.addLayout(row)


def strength(phrase: str) -> str:
    """What a person should know of a passphrase while it is typed."""
    if not phrase:
        return f"At least {SHORTEST} characters; four or more unrelated words are best."
    if len(phrase) < SHORTEST:
        return f"Too short: {len(phrase)} of at least {SHORTEST} characters."
    if len(set(phrase)) < 6:
        return "Weak: it repeats a few characters."
    if len(phrase) < GOOD:
        return "Fair; longer is stronger."
    return "Strong."
