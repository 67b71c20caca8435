"""Importing a file of bars or ticks: what was understood of it, what it does not say itself, and then its storing."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import Imported, Reading
from qv_desktop.domain.market import Bar, Trade
from qv_desktop.ui import theme
from qv_desktop.ui.models.import_preview import COLUMNS, Sample, facts, samples
from qv_desktop.ui.models.layouts import across, note, paint_note
from qv_desktop.ui.models.reading_fields import ReadingFields
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

FILES = "Bars and ticks (*.csv *.csv.gz *.tsv *.txt *.parquet);;All files (*)"


class ImportDialog(QDialog):
    """Says which file to read and how, and when to store it; somebody else does both and says what became of it."""

    read_asked = Signal(Path, object)  # file, Reading
    import_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import bars or ticks")
        self.setMinimumSize(680, 560)
        self._file: Path | None = None
        self._busy = False
        self.file = QLineEdit(placeholderText="A CSV or Parquet file")
        self.choose = theme.button("Choose file…")
        self.said = ReadingFields()
        self.understood = theme.label("", "label")
        self.facts, self.problem = theme.label("", "value"), note()
        self.model: TableModel[Sample] = TableModel(COLUMNS, key=lambda s: s.number, parent=self)
        self.table = Table(
            self.model, empty="Choose a file; what is understood of it stands here before anything is stored."
        )
        self.store, self.close_button = theme.button("Import", "primary"), theme.button("Cancel", "ghost")
        self._arrange()
        self._connect()
        self._forget()

    # ---- what is shown

    def show_file(self, file: Path) -> None:
        """Take ``file`` and ask for it to be read."""
        self._file = file
        self.file.setText(str(file))
        self._ask()

    def show_understood(self, imported: Imported) -> None:
        """What was found in the file, which can be stored now."""
        self._busy = False
        self.problem.hide()
        _tell(self.understood, "\n".join(f"✓ {line}" for line in imported.understood))
        rows: Sequence[Bar] | Sequence[Trade] = imported.bars or imported.trades
        _tell(self.facts, facts(imported, rows))
        self.model.replace(samples(rows))
        self.store.setText(f"Import {len(rows):,} row{'' if len(rows) == 1 else 's'}")
        self._judge(ready=bool(rows or imported.actions))
        if self.store.isEnabled():
            self.store.setFocus()

    def waits_for(self, file: Path, said: Reading) -> bool:
        """Whether what became of reading ``file`` so is still wanted."""
        return self.isVisible() and self._asked == (file, said)

    def show_progress(self, sentence: str) -> None:
        """What is being done now."""
        self._say(sentence, "ACCENT")

    def show_problem(self, sentence: str) -> None:
        """Why the file cannot be read or stored, and what to do."""
        self._busy = False
        self._say(sentence, "BAD")
        self._forget()

    def show_done(self, sentence: str) -> None:
        """What was stored."""
        self._busy = False
        self._say(sentence, "GOOD")
        self._judge()
        self.close_button.setText("Close")
        self.close_button.setFocus()

    # ---- what the person does

    def _connect(self) -> None:
        self.choose.clicked.connect(self._browse)
        self.file.editingFinished.connect(self._typed)
        self.said.settled.connect(self._settle)
        self.store.clicked.connect(self._store)
        self.close_button.clicked.connect(self.reject)
        self._asked: tuple[Path, Reading] | None = None

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Import bars or ticks")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(FILES)
        dialog.fileSelected.connect(lambda name: self.show_file(Path(name)))
        dialog.open()

    def _typed(self) -> None:
        text = self.file.text().strip()
        if text and (self._file is None or text != str(self._file)):
            self.show_file(Path(text))

    def _settle(self) -> None:
        """Read again when something else is said of the file than before."""
        try:
            said = self.said.reading()
        except BadInput as error:
            self.show_problem(str(error))
            return
        if self._file is not None and self._asked != (self._file, said):
            self._ask()

    def _ask(self) -> None:
        if self._file is None:
            return
        try:
            said = self.said.reading()
        except BadInput as error:
            self.show_problem(str(error))
            return
        self._asked = (self._file, said)
        self._busy = True
        self._forget()
        self.show_progress(f"Reading {self._file.name}…")
        self.close_button.setText("Cancel")
        self.read_asked.emit(self._file, said)

    def _store(self) -> None:
        self._busy = True
        self._judge()
        self.show_progress("Storing…")
        self.import_asked.emit()

    def _forget(self) -> None:
        _tell(self.understood, "")
        _tell(self.facts, "")
        self.model.replace(())
        self.store.setText("Import")
        self._judge()

    def _say(self, sentence: str, token: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        paint_note(self.problem, token)

    def _judge(self, *, ready: bool = False) -> None:
        self.store.setEnabled(ready and not self._busy)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reject()
        event.accept()

    # ---- how it is laid out

    def _arrange(self) -> None:
        for part, name in ((self.file, "File"), (self.table, "Preview"), (self.understood, "What was understood")):
            part.setAccessibleName(name)
        self.understood.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(8)
        column.addWidget(theme.caption("File"))
        column.addLayout(across(self.file, self.choose))
        column.addSpacing(4)
        column.addWidget(self.said)
        column.addSpacing(4)
        for part in (self.problem, self.facts, self.understood):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addLayout(across(None, self.close_button, self.store))
        for button in (self.choose, self.close_button, self.store):
            button.setAutoDefault(False)  # Enter in a field settles that field and no more


def _tell(label: QLabel, text: str) -> None:
    """An empty label takes no room."""
    label.setText(text)
    label.setVisible(bool(text))
