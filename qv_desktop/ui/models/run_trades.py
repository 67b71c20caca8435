"""The round trips of a run: sorted, filtered, exported, and from here onto the chart."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.filter_bar import TableFilter
from qv_desktop.ui.models.layouts import Bar, stacked
from qv_desktop.ui.models.menu_button import export_button
from qv_desktop.ui.models.run_tables import TRADE_COLUMNS, NumberedTrade
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel


class RunTrades(QWidget):
    """``chart_asked`` gives the number of the trade to go to on the chart, 0 for the run as a whole."""

    chart_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.model: TableModel[NumberedTrade] = TableModel(TRADE_COLUMNS, key=lambda row: row.number)
        self.table: Table[NumberedTrade] = Table(self.model, empty="A run's round trips stand here.")
        self.table.setAccessibleName("Trades")
        self.filter = TableFilter(self.table, self, kinds={
            "Won": lambda row: row.trade.profit > 0, "Lost": lambda row: row.trade.profit < 0,
            "Open": lambda row: row.trade.open,
        }, sections={"Symbol": lambda row: row.trade.symbol, "Left by": lambda row: row.trade.reason})  # fmt: skip
        self.words = theme.label("", "hint")
        self.chart = theme.button("Show on chart")
        self.chart.setToolTip("Draw the run's trades on the chart of their symbol; double-click a trade to go to it")
        self.bar = Bar(self.filter.field, self.filter.kinds, None, self.words, self.chart, self.filter.sections, export_button(self.table),
                       yielding=(self.words, self.filter.sections, self.filter.kinds))  # fmt: skip
        stacked(self, self.bar, self.table)
        self.filter.changed = self._count
        self.chart.clicked.connect(self._ask)
        self.table.row_opened.connect(lambda row: self.chart_asked.emit(row.number))
        self._count()

    def show_trades(self, rows: Sequence[NumberedTrade]) -> None:
        """The trades of one run, oldest first."""
        self.model.replace(rows)
        self._count()

    def _ask(self) -> None:
        chosen = self.table.selected()
        self.chart_asked.emit(chosen[0].number if len(chosen) == 1 else 0)

    def _count(self) -> None:
        self.words.setText(self.filter.words("trades"))
        self.chart.setEnabled(bool(self.model.counts()[1]))
