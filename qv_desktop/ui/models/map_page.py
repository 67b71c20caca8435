"""The heat map with what it shows: which two parameters, which figure, and what of the other parameters."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from qv_desktop.analytics.sweep_table import FIGURES as KNOWN
from qv_desktop.analytics.sweep_table import Others, SweepTable, grid
from qv_desktop.ui.models.flow import Flow
from qv_desktop.ui.models.heat_map import HeatMap
from qv_desktop.ui.models.sweep_words import FIGURES, writer

OTHERS: dict[str, Others] = {"best of the others": "best", "mean of the others": "mean", "others as chosen": "fixed"}


class MapPage(QWidget):
    """``chosen`` and ``opened`` carry a row's place."""

    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.across, self.up, self.figure, self.others = (QComboBox() for _ in range(4))
        self.map = HeatMap()
        self._table: SweepTable | None = None
        self._told: Callable[[int], str] = str
        self._row = -1
        self.figure.addItems([FIGURES[name] for name in KNOWN])
        self.others.addItems(list(OTHERS))
        named = {"Across": self.across, "Up": self.up, "Figure": self.figure, "Others": self.others}
        for name, box in named.items():
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.activated.connect(self._draw)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(4)
        self._bar = Flow(*named.values(), sides=0)
        self._bar.hide()  # there is nothing to choose from yet
        column.addWidget(self._bar)
        column.addWidget(self.map, 1)
        self.map.chosen.connect(self.chosen)
        self.map.opened.connect(self.opened)

    def show_table(self, table: SweepTable | None, objective: str, told: Callable[[int], str]) -> None:
        """Another sweep, or the same one with more rows; ``told`` says all about a row."""
        same = self._table is not None and table is not None and table.names == self._table.names
        self._table, self._told = table, told
        self._bar.setVisible(table is not None)
        if table is None or self._row >= len(table.values):
            self._row = -1  # it was another sweep's
        if table is not None and not same:
            for box, place in ((self.across, 0), (self.up, 1)):
                box.clear()
                box.addItems(list(table.names))
                box.setCurrentIndex(min(place, len(table.names) - 1))
            self.figure.setCurrentText(FIGURES[objective])
        self._draw()

    def show_row(self, row: int) -> None:
        """Put the cursor on a row's cell."""
        self._row = row
        if OTHERS[self.others.currentText()] == "fixed":
            self._draw()
        self.map.show_row(row)

    def _draw(self) -> None:
        table, names = self._table, (self.across.currentText(), self.up.currentText())
        if table is None or names[0] == names[1] or not len(table.values):
            self.map.show_grid(None, names, "", str, self._told)
            return
        figure = next(name for name, title in FIGURES.items() if title == self.figure.currentText())
        row = table.values[max(self._row, 0)]
        fixed = dict(zip(table.names, row.tolist(), strict=True))
        found = grid(table, *names, figure, OTHERS[self.others.currentText()], fixed)
        self.map.show_grid(found, names, FIGURES[figure], writer(figure), self._told)
        self.map.show_row(self._row)

    def text(self) -> str:
        """What the map is of, for a screen reader."""
        return f"{self.figure.currentText()} over {self.across.currentText()} and {self.up.currentText()}"
