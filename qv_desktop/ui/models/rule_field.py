"""The line in which a scan's rule is typed: it offers fields and flags as they are begun, each with what it means."""

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

from qv_desktop.domain.scans import FIELDS, FLAGS
from qv_desktop.ui import theme

_NAME = Qt.ItemDataRole.UserRole
_JOINTS = re.compile(r"\b(?:and|or|not|between)\b|[<>=≤≥≠()!]", re.IGNORECASE)
WORDS = {name: field.help for name, field in FIELDS.items()} | {name: flag.help for name, flag in FLAGS.items()}


class RuleField(QLineEdit):
    """Emits ``edited(str)`` with every change by hand and ``entered`` at Enter while no offer is open."""

    edited = Signal(str)
    entered = Signal()

    def __init__(self) -> None:
        super().__init__(placeholderText="gap% > 3 and (rvol >= 2 or volume > 1M)")
        self.setAccessibleName("Rule")
        self.setToolTip(
            f"Fields: {', '.join(FIELDS)}\nFlags: {', '.join(FLAGS)}\nJoined by and, or, not, between and parentheses"
        )
        self.offer = QCompleter(_offers(self), self)
        self.offer.setCompletionRole(_NAME)
        self.offer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.offer.setWidget(self)
        self.offer.setMaxVisibleItems(10)
        self.popup = QListView()
        self.popup.setMinimumWidth(380)
        self.popup.setFont(theme.body())
        self.offer.setPopup(self.popup)
        self.offer.activated.connect(self.complete)
        self.textEdited.connect(self._typed)
        self.returnPressed.connect(self._enter)

    def begun(self) -> str:
        """The name that is being typed left of the cursor, or nothing."""
        left = self.text()[: self.cursorPosition()]
        return _JOINTS.split(left)[-1].lstrip()

    def complete(self, name: str) -> None:
        """Put ``name`` in place of what was begun."""
        begun, at = self.begun(), self.cursorPosition()
        text = self.text()
        start = at - len(begun)
        self.setText(f"{text[:start]}{name} {text[at:].lstrip()}")
        self.setCursorPosition(start + len(name) + 1)
        self.edited.emit(self.text())

    def show_wrong(self, wrong: bool) -> None:
        """Whether the rule cannot be read."""
        if bool(self.property("bad")) != wrong:
            self.setProperty("bad", wrong)
            self.style().unpolish(self)
            self.style().polish(self)

    def _typed(self, text: str) -> None:
        self.edited.emit(text)
        begun = self.begun()
        self.offer.setCompletionPrefix(begun)
        number = begun[:1].isdigit() and "-" not in begun  # else Enter after “> 5” would take “52-week high”
        if begun and not number and self.offer.completionCount() and self.offer.currentCompletion() != begun:
            self.offer.complete()
        else:
            self.popup.hide()

    def _enter(self) -> None:
        if not self.popup.isVisible():
            self.entered.emit()


def _offers(field: RuleField) -> QStandardItemModel:
    model = QStandardItemModel(field)
    for name, meaning in WORDS.items():
        item = QStandardItem(f"{name}  ·  {meaning}")
        item.setData(name, _NAME)
        model.appendRow(item)
    return model
