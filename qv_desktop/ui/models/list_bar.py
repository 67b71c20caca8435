"""The strip over the watchlist: which of the person's lists is shown, and what can be done with lists."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QComboBox, QFileDialog, QMenu, QSizePolicy, QWidget

from qv_desktop.domain.market import Snapshot
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import Bar, forbid, note, stacked
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.name_bar import NameBar
from qv_desktop.ui.models.table import Table

FILES = "Symbol lists (*.txt *.csv);;All files (*)"
SAID_MS = 6_000


class ListBar(QWidget):
    """Its questions, ``naming`` and ``confirming``, are strips that the panel puts under the table."""

    chosen = Signal(str)
    create_asked = Signal(str)
    rename_asked = Signal(str, str)  # from, to
    delete_asked = Signal(str)
    import_asked = Signal(Path)
    export_asked = Signal(Path)

    def __init__(self, table: Table[Snapshot]) -> None:
        super().__init__()
        self._why_not = ""
        self._no_export = ""
        self._table = table
        self._names: list[str] = []
        self.combo = QComboBox()
        self.combo.setAccessibleName("Watchlist shown")
        self.combo.setToolTip("Which of your lists is shown")
        self.combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.combo.setMinimumContentsLength(8)
        self.new = theme.button("+", "ghost")
        self.new.setAccessibleName("New list")
        self.new.setToolTip("New list")
        self.more = menu_button("⋯", "More about lists", self._fill)
        self.naming, self.confirming = NameBar(), ConfirmBar()
        self._said = note()
        self._hush = QTimer(self, interval=SAID_MS, singleShot=True)
        self._arrange()
        self.combo.textActivated.connect(self._choose)
        self.new.clicked.connect(self._ask_new)

    def show_lists(self, names: Sequence[str], chosen: str) -> None:
        """Show these names, ``chosen`` in front."""
        self._names = list(names)
        self.combo.clear()
        self.combo.addItems(self._names)
        self.combo.setCurrentText(chosen)

    @property
    def shown(self) -> str:
        """The list in front, or nothing before there is one."""
        return self.combo.currentText()

    def forbid(self, why: str) -> None:
        """Why the person may not change lists, or nothing when they may."""
        self._why_not = why
        forbid(self.new, why)
        if not why:
            self.new.setToolTip("New list")

    def forbid_export(self, why: str) -> None:
        """Why the person may not write a list to a file, or nothing when they may."""
        self._no_export = why

    @property
    def said(self) -> str:
        """What was said last."""
        return self._said.text()

    def say(self, sentence: str) -> None:
        """Show a sentence under the strip for a while."""
        self._said.setText(sentence)
        self._said.show()
        self._hush.start()

    def _arrange(self) -> None:
        self._hush.timeout.connect(self._said.hide)
        for button in (self.new, self.more):
            button.setFixedWidth(28)
            button.setFont(theme.strong())
        strip = Bar(self.combo, self.new, self.more)
        row = strip.layout()
        if row is not None:
            row.setContentsMargins(6, 4, 4, 4)
            row.setSpacing(2)
        stacked(self, strip, self._said)

    def _choose(self, name: str) -> None:
        self.chosen.emit(name)

    def _fill(self, menu: QMenu) -> None:
        shown, why = self.shown, self._why_not
        entry(menu, "New list…", self._ask_new, why)
        entry(menu, f"Rename “{shown}”…", self._ask_rename, why)
        entry(
            menu, f"Delete “{shown}”…", self._ask_delete, why or ("" if len(self._names) > 1 else "The last list stays")
        )
        menu.addSeparator()
        entry(menu, "Import symbols…", self._ask_import, why)
        entry(menu, "Export symbols…", self._ask_export, self._no_export)
        menu.addSeparator()
        self._table.offer_export(menu)

    def _ask_new(self) -> None:
        self.naming.ask_name("New list", "Create", self.create_asked.emit, taken=self._names)

    def _ask_rename(self) -> None:
        old = self.shown
        others = [name for name in self._names if name != old]
        self.naming.ask_name("Rename to", "Rename", lambda new: self._rename(old, new), old=old, taken=others)

    def _rename(self, old: str, new: str) -> None:
        if new != old:
            self.rename_asked.emit(old, new)

    def _ask_delete(self) -> None:
        name = self.shown
        count = self._table.model().rowCount()
        answer = f"Delete {count} symbol{'' if count == 1 else 's'}"
        self.confirming.ask(f"Delete “{name}”?", answer, lambda: self.delete_asked.emit(name))

    def _ask_import(self) -> None:
        self._dialog("Import symbols", QFileDialog.AcceptMode.AcceptOpen, self.import_asked)

    def _ask_export(self) -> None:
        self._dialog("Export symbols", QFileDialog.AcceptMode.AcceptSave, self.export_asked)

    def _dialog(self, title: str, mode: QFileDialog.AcceptMode, told: SignalInstance) -> None:
        """A file dialog that does not stop the program."""
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(mode)
        dialog.setNameFilter(FILES)
        if mode is QFileDialog.AcceptMode.AcceptSave:
            dialog.setDefaultSuffix("txt")
            dialog.selectFile(f"{self.shown}.txt")
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda file: told.emit(Path(file)))
        dialog.open()
