"""The audit trail's table, and how it shares its room with the details of a row."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.audit import Entry
from qv_desktop.ui.models.split import DetailSplit
from qv_desktop.ui.models.table import Table


class AuditTable(Table[Entry]):
    """Space opens a row as Enter does; Home asks for the newest."""

    newest_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.selected()
        if event.key() == Qt.Key.Key_Space and chosen:
            self.row_opened.emit(chosen[0])
        elif event.key() == Qt.Key.Key_Home:
            self.newest_wanted.emit()
        else:
            super().keyPressEvent(event)


class AuditSplit(DetailSplit):
    """Where there is no room for both, the details take the place of the rows while they are ``open``."""

    def __init__(self, main: QWidget, detail: QWidget, *, wide: int) -> None:
        self.open, self._rows, self._details = False, main, detail
        super().__init__(main, detail, wide=wide)

    @property
    def narrow(self) -> bool:
        """Whether only one of the two is in view."""
        return self.open or self._details.isHidden()

    def flip(self, open_: bool) -> None:
        """Show the details in place of the rows, or the rows again; nothing changes where both are in view."""
        self.open = open_
        self.want_detail(True)

    def want_detail(self, wanted: bool) -> None:
        super().want_detail(wanted)
        self.open = self.open and self._details.isHidden()
        if self.open:
            self._details.show()
        self._rows.setVisible(not self.open)
