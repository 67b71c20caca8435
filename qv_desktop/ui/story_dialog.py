"""The story of one thing: who did what to it when, and in what words."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.domain.deployments import Told
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui import theme
from qv_desktop.ui.models.column import Column
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

SIZE = (680, 360)  # px


@dataclass(frozen=True, slots=True)
class _Line:
    place: int
    told: Told


class StoryDialog(QDialog):
    """Shows the lines, oldest first."""

    def __init__(self, title: str, lines: Sequence[Told], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setObjectName("story-dialog")
        self.resize(*SIZE)
        self.model: TableModel[_Line] = TableModel(
            (
                Column("Time, ET", lambda r: f"{r.told.at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}", mono=True, width=140, whole=True),
                Column("Who", lambda r: r.told.actor, bold=True, width=90),
                Column("What", lambda r: r.told.step, width=100),
                Column("Words", lambda r: r.told.words or "—", width=240, stretch=True, tip=lambda r: r.told.words),
            ),
            key=lambda r: r.place,
            parent=self,
        )  # fmt: skip
        self.table = Table(self.model, empty="Nothing has happened yet.")
        self.table.setAccessibleName("Story")
        self.model.replace([_Line(place, told) for place, told in enumerate(lines)])
        close = theme.button("Close", "ghost")
        close.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.addWidget(theme.label(title, "title"))
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        column.addLayout(row)
