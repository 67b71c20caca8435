"""The runs that are kept: filtered, sorted by any statistic, starred, noted, compared, deleted; double click reuses the terms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.run_comparison import FEWEST, MOST
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.filter_bar import TableFilter
from qv_desktop.ui.models.layouts import Bar, forbid, stacked
from qv_desktop.ui.models.menu_button import export_button
from qv_desktop.ui.models.name_bar import NameBar
from qv_desktop.ui.models.run_tables import run_columns, symbols
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

LONGEST = 200  # characters of a note
STARTED = 1  # the column of when a run began


class NoteBar(NameBar):
    """Asks for a note, which may be empty."""

    def __init__(self) -> None:
        super().__init__()
        self.field.setMaxLength(LONGEST)
        self.field.setMinimumWidth(160)

    def _judge(self) -> None:
        self.yes.setEnabled(True)


class RunList(QWidget):
    """Signals carry the ids of runs: ``compare_asked`` two to six, ``annotate_asked`` one with star and note, ``delete_asked`` some."""

    compare_asked = Signal(list)
    delete_asked = Signal(list)
    annotate_asked = Signal(str, bool, str)
    more_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lacking: Mapping[str, str] = {}
        self.has_more = False  # whether older runs are stored
        self.model: TableModel[BacktestResult] = TableModel(run_columns(), key=lambda run: run.id)
        self.table: Table[BacktestResult] = Table(
            self.model, empty="No runs are kept yet; the first one you run stays here."
        )
        self.table.setAccessibleName("Stored runs")
        self.filter = TableFilter(self.table, self, kinds={"★": lambda run: run.starred},
                                  sections={"Strategy": lambda run: run.spec.strategy, "Symbols": lambda run: symbols(run.spec.symbols),
                                            "User": lambda run: run.user})  # fmt: skip
        self.filter.kinds.setFixedWidth(84)
        self.words = theme.label("", "hint")
        self.compare, self.star = theme.button("Compare"), theme.button("★", "ghost")
        self.note, self.delete, self.more = (
            theme.button("Note…", "ghost"),
            theme.button("Delete", "ghost"),
            theme.button("Load more", "ghost"),
        )
        self.asking, self.noting = ConfirmBar(keep="Keep"), NoteBar()
        self.bar = Bar(self.filter.field, self.filter.kinds, self.compare, self.star, self.note, self.delete, None, self.words, self.more,
                       self.filter.sections, export_button(self.table),
                       yielding=(self.words, self.filter.sections, self.filter.kinds, self.delete, self.note, self.more))  # fmt: skip
        stacked(self, self.bar, self.table, self.asking, self.noting)
        self.model.sort(STARTED, Qt.SortOrder.DescendingOrder)
        self._connect()
        self._dress()

    def _connect(self) -> None:
        self.filter.changed = self._dress
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._dress())
        self.table.delete_asked.connect(lambda _: self._ask_delete())
        self.compare.clicked.connect(self._ask_compare)
        self.star.clicked.connect(self._turn_star)
        self.note.clicked.connect(self._ask_note)
        self.delete.clicked.connect(self._ask_delete)
        self.more.clicked.connect(self.more_asked)

    # ---- in

    def show_runs(self, runs: Sequence[BacktestResult], more: bool) -> None:
        """Newest first; ``more`` says whether older ones are stored."""
        chosen = {run.id for run in self.table.selected()}
        self.model.replace(runs)
        self._select(chosen)
        self.has_more = more
        self.bar.want(self.more, more)
        self._dress()

    def add(self, runs: Sequence[BacktestResult], more: bool) -> None:
        """Older ones, or one that has changed."""
        self.model.upsert(runs)
        self.has_more = more
        self.bar.want(self.more, more)
        self._dress()

    def _select(self, ids: set[str]) -> None:
        if len(ids) == 1:
            self.table.select_key(next(iter(ids)))

    def show_annotated(self, run: str, starred: bool, note: str) -> None:
        """A run's star and note as they are stored now."""
        held = self.model.get(run)
        if held is not None:
            self.model.upsert([replace(held, starred=starred, remark=note)])
            self._dress()

    def remove(self, ids: Sequence[str]) -> None:
        """Runs that are stored no more."""
        self.model.remove(ids)
        self._dress()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``create`` (a star or a note) or ``delete``."""
        self._lacking = lacking
        self._dress()

    # ---- hands

    def _ask_compare(self) -> None:
        self.compare_asked.emit([run.id for run in self.table.selected()])

    def _turn_star(self) -> None:
        for run in self.table.selected():
            self.annotate_asked.emit(run.id, not run.starred, run.remark)

    def _ask_note(self) -> None:
        chosen = self.table.selected()
        if len(chosen) == 1:
            run = chosen[0]
            self.noting.ask_name(
                "Note",
                "Keep the note",
                lambda text: self.annotate_asked.emit(run.id, run.starred, text),
                old=run.remark,
            )

    def _ask_delete(self) -> None:
        chosen = self.table.selected()
        if not chosen or not self.delete.isEnabled():
            return
        what = (
            f"{len(chosen):,} runs"
            if len(chosen) > 1
            else f"the run of {chosen[0].spec.strategy} on {symbols(chosen[0].spec.symbols)}"
        )
        ids = [run.id for run in chosen]
        self.asking.ask(
            f"Delete {what} for good, with curves and trades?", "Delete", lambda: self.delete_asked.emit(ids)
        )

    # ---- eyes

    def _dress(self) -> None:
        chosen = self.table.selected()
        self.words.setText(self.filter.words("runs"))
        right = FEWEST <= len(chosen) <= MOST
        forbid(self.compare, "" if right else f"Choose {FEWEST} to {MOST} runs, with Ctrl and the mouse")
        self.compare.setText(f"Compare {len(chosen)}" if right else "Compare")
        one = "" if len(chosen) == 1 else "Choose one run"
        forbid(self.star, self._lacking.get("create", "" if chosen else "Choose a run"))
        forbid(self.note, self._lacking.get("create", one))
        forbid(self.delete, self._lacking.get("delete", "" if chosen else "Choose a run"))
        self.star.setText("☆ Unstar" if chosen and all(run.starred for run in chosen) else "★ Star")
