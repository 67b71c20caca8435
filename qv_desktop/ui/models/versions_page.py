"""Every version of a strategy, and what differs between two of them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.strategy_diff import DiffRow, tally
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.diff_view import DiffView
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked
from qv_desktop.ui.models.strategy_columns import VERSION_COLUMNS
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

PAIR, ONE = "Side by side", "Unified"
TYPED = "what you have typed"


class VersionsPage(QWidget):
    """Choose one version to see what it changed, or two to compare them."""

    compared = Signal(str, str)  # the earlier source and the later one
    opened = Signal(object)  # Strategy whose text goes into the editor

    def __init__(self) -> None:
        super().__init__()
        self._versions: list[Strategy] = []
        self._typed: str | None = None
        self._heading = ""
        self._model: TableModel[Strategy] = TableModel(VERSION_COLUMNS, key=lambda s: s.version)
        self.table: Table[Strategy] = Table(self._model, empty="Reading the versions…")
        self.table.setAccessibleName("Versions")
        self.diff = DiffView()
        self.ways = theme.Segmented([PAIR, ONE])
        self.said = theme.label("", "hint")
        self.open = theme.button("Edit this version")
        self.with_mine = theme.button("Compare with mine")
        self._why = ""
        self._build()
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._chose())
        self.ways.chosen.connect(lambda way: self.diff.want_columns(way == PAIR))
        self.open.clicked.connect(self._open)
        self.with_mine.clicked.connect(self.compare_mine)
        self._chose()

    def _build(self) -> None:
        self.ways.setFixedWidth(180)
        self.said.setMinimumWidth(20)
        bar = Bar(self.said, None, self.with_mine, self.open, self.ways, yielding=(self.ways, self.with_mine))
        below = QWidget()
        stacked(below, bar, divider(), self.diff).setStretch(2, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(4)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(below)
        split.setSizes([120, 400])
        split.setStretchFactor(1, 1)
        stacked(self, split)

    def show_versions(self, versions: Sequence[Strategy], typed: str | None = None) -> None:
        """Newest first; ``typed`` is the person's own text where it is not saved. The newest is compared with the one before."""
        self._versions, self._typed = list(versions), typed
        self._model.replace(self._versions)
        self.table.set_empty("No versions are stored.")
        if versions and not self.table.selected():
            self.table.select_key(versions[0].version)
        self._chose()

    def show_rows(self, rows: Sequence[DiffRow]) -> None:
        """What differs between the two that were asked for."""
        added, removed = tally(tuple(rows))
        same = "the same text" if not added and not removed else f"+{added} −{removed} lines"
        self.said.setText(f"{self._heading} · {same}")
        self.said.setToolTip(self.said.text())
        self.diff.show_rows(rows)

    def forbid(self, why: str) -> None:
        """Why no version can be put into the editor, or nothing when one can."""
        self._why = why
        self._judge()

    def compare_mine(self) -> None:
        """The chosen version, or the newest, beside what is typed and not saved."""
        chosen = (self.table.selected() or self._versions)[:1]
        if chosen and self._typed is not None:
            self._ask(f"v{chosen[0].version} → {TYPED}", chosen[0].source, self._typed)

    def _chose(self) -> None:
        self._judge()
        chosen = sorted(self.table.selected(), key=lambda s: s.version)
        if len(chosen) >= 2:
            self._pair(chosen[0], chosen[-1])
        elif chosen:
            before = next((s for s in self._versions if s.version == chosen[0].version - 1), None)
            if before is not None:
                self._pair(before, chosen[0])
            else:
                self._ask(f"v{chosen[0].version}, the first", "", chosen[0].source)

    def _pair(self, old: Strategy, new: Strategy) -> None:
        self._ask(f"v{old.version} → v{new.version} · {new.author}, {format.day(new.created)}", old.source, new.source)

    def _ask(self, heading: str, old: str, new: str) -> None:
        self._heading = heading
        self.compared.emit(old, new)

    def _judge(self) -> None:
        chosen = self.table.selected()
        forbid(self.open, self._why or ("" if len(chosen) == 1 else "Choose one version"))
        forbid(self.with_mine, "" if self._typed is not None else "You have typed nothing that is not saved")

    def _open(self) -> None:
        chosen = self.table.selected()
        if len(chosen) == 1:
            self.opened.emit(chosen[0])
