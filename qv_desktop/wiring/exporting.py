"""Exports: any table as a person sees it, and the chart's visible range, as CSV or Parquet."""

import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel, raw_value
from qv_desktop.wiring import Desk
from qv_desktop.wiring.chart import ChartWiring

EXPORTED = {  # panel -> whose data its tables show
    "orders": Resource.TRADING, "positions": Resource.TRADING, "fills": Resource.TRADING, "audit": Resource.AUDIT,
    "watchlist": Resource.MARKET, "quotes": Resource.MARKET, "scanner": Resource.MARKET, "tape": Resource.MARKET,
    "price_alerts": Resource.MARKET,
    "data": Resource.MARKET, "backtests": Resource.BACKTESTS, "sweeps": Resource.BACKTESTS, "strategies": Resource.STRATEGIES,
    "signals": Resource.STRATEGIES, "limits": Resource.RISK,
    "reconciliation": Resource.RECONCILIATION, "alerts": Resource.TRADING, "log": Resource.TRADING,
    "balances": Resource.TRADING, "users": Resource.USERS, "roles": Resource.USERS,
}  # fmt: skip
COMMANDS = {"export": "csv", "export.parquet": "parquet"}


class ExportWiring:
    """Hears who wants which table as a file, or which chart's bars; ``chart`` gives the chart of a panel, if it is one."""

    def __init__(self, desk: Desk, chart: Callable[[str], ChartWiring | None]) -> None:
        self._desk, self._chart_of = desk, chart
        for name in EXPORTED:
            panel = getattr(desk.panels, name)
            for table in tables(panel):
                table.export_asked.connect(partial(self._asked, name, table))
            if name in ("orders", "positions", "fills", "balances"):  # their buttons mean CSV
                panel.export_asked.connect(partial(self._asked, name, tables(panel)[0], "csv"))
        desk.window.command.connect(self._command)

    def _asked(self, name: str, table: Table[Any], form: str) -> None:
        if name == "audit":  # its table holds a part of the rows that match; all of them are exported
            self._desk.panels.audit.ask_export()
            return
        self._spawn(self._table(name, table, form))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def _command(self, id_: str) -> None:
        form, panel = COMMANDS.get(id_), self._desk.window.focused_panel()
        if form is None:
            return
        table = in_front(getattr(self._desk.panels, panel)) if panel in EXPORTED else None
        chart = self._chart_of(panel)
        if chart is not None:
            self._spawn(self._chart(chart, form))
        elif table is not None:
            self._asked(panel, table, form)
        else:
            self._desk.services.notices.tell(
                "info", "Export", "Click into the table or chart to export, then ask again.", "export what"
            )

    async def _table(self, name: str, table: Table[Any], form: str) -> None:
        head, rows = contents(table.rows_model)
        permission = Permission(EXPORTED[name], Action.EXPORT)
        path = await self._desk.services.exports.table(_called(name, self._desk, table), permission, head, rows, form)
        self._desk.services.notices.tell("info", f"Exported {len(rows):,} rows", str(path), str(path))

    async def _chart(self, chart: ChartWiring, form: str) -> None:
        """The bars in view, from the history and not from the picture, so that average price and counts are in it."""
        services, shown = self._desk.services, chart.panel.in_view()
        if shown is None:
            raise BadInput("The chart shows no bars yet; choose a symbol, then export.")
        symbol, frame, start, end = shown
        bars = await services.history.between(symbol, frame, start, end, chart.adjustment)
        path = await services.exports.bars(symbol, frame, bars, form, chart.adjustment)
        services.notices.tell("info", f"Exported {symbol} {frame}", str(path), str(path))


def tables(panel: QWidget) -> list[Table[Any]]:
    """Every table of a panel."""
    return panel.findChildren(Table)


def in_front(panel: QWidget) -> Table[Any] | None:
    """The table that holds the keyboard, else the panel's first that can be seen."""
    seen = [table for table in tables(panel) if table.isVisible()]
    return next((table for table in seen if table.hasFocus()), getattr(panel, "table", None) or next(iter(seen), None))


def _called(name: str, desk: Desk, table: Table[Any]) -> str:
    """The panel's name; of a panel with several tables, the table's as well; the table's own name where it has one."""
    if table.objectName():
        return table.objectName()
    if len(tables(getattr(desk.panels, name))) == 1:
        return name
    words = re.sub(r"[^a-z0-9]+", "-", table.accessibleName().lower()).strip("-")
    return f"{name}-{words}" if words else name


def contents(model: TableModel[Any]) -> tuple[list[str], list[list[object]]]:
    """Header and raw values of a table as it is sorted and filtered."""
    values = [raw_value(column) for column in model.columns]
    return [column.title for column in model.columns], [[value(row) for value in values] for row in model.rows()]
