"""Under the audit rows: how many would be exported, as what, how far it is, and where the file lies."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.ui import theme
from qv_desktop.ui.models.flow import Flow

FORMS: Mapping[str, tuple[str, str]] = {  # form -> its button, and what it is good for
    "csv": ("CSV", "For a spreadsheet; texts that it would run as formulas are made harmless"),
    "json": ("JSON", "For other programs; every value exactly as it was recorded"),
    "bundle": (
        "Signed bundle",
        "For an auditor: every row from the first to the last that matches, for a chain with holes proves nothing, "
        "with its checkpoints and a signature; it is checked without this program",
    ),
}


class AuditExportBar(QWidget):
    """Emits ``count_asked(AuditQuery)`` when it opens, ``chosen(AuditQuery, str)`` with a form, and ``cancelled`` while it writes."""

    count_asked = Signal(object)
    chosen = Signal(object, str)
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.wear(self, lambda: f"AuditExportBar {{ background: {theme.BG2}; border-top: 1px solid {theme.LINE}; }}")
        self._query = AuditQuery()
        self._writing, self._count = False, 0
        self.sentence = theme.label("", "label")
        self.sentence.setWordWrap(True)
        self.forms: dict[str, QPushButton] = {form: theme.button(title) for form, (title, _) in FORMS.items()}
        self.close_ = theme.button("Cancel")
        for form, button in self.forms.items():
            button.setToolTip(FORMS[form][1])
            button.clicked.connect(lambda _=False, form=form: self._choose(form))
        self.close_.clicked.connect(self.dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.setSpacing(4)
        column.addWidget(self.sentence)
        column.addWidget(Flow(*self.forms.values(), self.close_, sides=0))
        self.hide()

    def ask(self, query: AuditQuery) -> None:
        """Open for what is filtered, unless something is being written."""
        if self._writing:
            return
        self._query, self._count = query.whole, 0
        self._show("Counting the rows that match…", "Cancel", ready=False)
        self.show()
        self.close_.setFocus()
        self.count_asked.emit(self._query)

    def show_count(self, query: AuditQuery, count: int) -> None:
        """How many rows there are, if that is still the question."""
        if query != self._query or self._writing or self.isHidden():
            return
        self._count = count
        rows = "1 row matches" if count == 1 else f"{count:,} rows match"
        scope = "the whole trail" if query.anything else "the filters"
        words = (
            f"{rows} {scope}; the file holds all of them, oldest first. Export as"
            if count
            else "No row matches; nothing can be exported."
        )
        self._show(words, "Cancel" if count else "Close", ready=bool(count))
        if count:
            self.forms["csv"].setFocus()

    def show_progress(self, rows: int) -> None:
        """How many rows are written."""
        if self._writing:
            of = f" of {self._count:,}" if self._count >= rows else ""
            self.sentence.setText(f"Writing: {rows:,}{of} rows…")

    def show_bundling(self, done: int, total: int) -> None:
        """How many rows of how many are in the bundle."""
        if self._writing:
            self.sentence.setText(f"Bundling: {done:,} of {total:,} rows, with those between that do not match…")

    def show_done(self, what: str, path: str) -> None:
        """It is written: ``what`` is in the file."""
        self._writing = False
        self._show(f"Exported {what} to {path}. The trail records it.", "Close", ready=False, over=True)
        self.show()

    def show_failed(self, sentence: str) -> None:
        """Why there is no file."""
        self._writing = False
        self._show(sentence, "Close", ready=False, over=True)
        self.show()

    def dismiss(self) -> None:
        """Close; what is being written is given up."""
        if self._writing:
            self._writing = False
            self.cancelled.emit()
        self._query, self._count = AuditQuery(before=0), 0  # no answer that still comes is meant
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def _choose(self, form: str) -> None:
        if self._writing:
            return
        self._writing = True
        self._show("Writing…", "Cancel", ready=False, over=True)
        self.chosen.emit(self._query, form)

    def _show(self, words: str, close: str, *, ready: bool, over: bool = False) -> None:
        self.sentence.setText(words)
        self.close_.setText(close)
        for button in self.forms.values():
            button.setVisible(not over)
            button.setEnabled(ready)
