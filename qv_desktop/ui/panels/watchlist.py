"""The watchlist: last price, change, touch and age of the symbols that a person follows, in lists of their own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from qv_desktop.domain.market import Snapshot
from qv_desktop.ui.models import snapshot_columns as columns
from qv_desktop.ui.models import snapshot_words as words
from qv_desktop.ui.models.ages import Ages
from qv_desktop.ui.models.flashes import Flashes
from qv_desktop.ui.models.layouts import forbid, stacked
from qv_desktop.ui.models.list_bar import ListBar
from qv_desktop.ui.models.market_table import MarketTable
from qv_desktop.ui.models.menu_button import entry
from qv_desktop.ui.models.row_order import RowOrder
from qv_desktop.ui.models.table_model import Column

LIST_FILES = (".txt", ".csv")


class WatchlistPanel(QWidget):
    """Rows are snapshots; ages are against the time last given to ``show_age``."""

    name = "watchlist"
    title = "Watchlist"

    symbol_chosen = Signal(str)
    symbol_add_asked = Signal(str)
    symbol_remove_asked = Signal(str)
    symbols_dropped = Signal(str)  # a text of symbols that was dragged here
    order_changed = Signal(list)  # every symbol, in the wanted order
    list_chosen = Signal(str)
    list_create_asked = Signal(str)
    list_rename_asked = Signal(str, str)  # from, to
    list_delete_asked = Signal(str)
    import_asked = Signal(Path)
    export_asked = Signal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lacking = ""  # why the person may not change the list
        self.table = MarketTable(_columns, empty="No symbols yet.\nType one below and press Enter.")
        self.model = self.table.rows
        self.lists = ListBar(self.table)
        self.order = RowOrder(self.table, self.model)
        self._add = QLineEdit(placeholderText="Add symbol…", clearButtonEnabled=True)
        self._arrange()
        self._connect()

    def show_lists(self, names: Sequence[str], chosen: str) -> None:
        """The person's lists, and the one whose symbols are shown."""
        self.lists.show_lists(names, chosen)

    def show_symbols(self, symbols: Iterable[str]) -> None:
        """Follow these symbols and no others; what is known of those that stay is kept."""
        self.table.show_symbols(symbols)

    def upsert(self, snapshots: Iterable[Snapshot]) -> None:
        """Show what moved; symbols that are not followed are passed over."""
        self.table.upsert(snapshots)

    def show_age(self, now: int, speed: float = 1.0) -> None:
        """Count ages from the market's ``now`` (ns since the epoch, UTC), in seconds that a person waits.

        ``speed`` is seconds of market time in one of those; ages are painted anew five times a second at most.
        """
        self.table.show_age(now, speed)

    def show_chosen(self, symbol: str) -> None:
        """Select the row of ``symbol`` without saying so."""
        self.table.show_chosen(symbol)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``change`` lists or ``export`` tables; what is absent is allowed."""
        self._lacking = lacking.get("change", "")
        self._add.setPlaceholderText(self._lacking or "Add symbol…")
        forbid(self._add, self._lacking)
        self.order.why_not = self._lacking
        self.lists.forbid(self._lacking)
        self.lists.forbid_export(lacking.get("export", ""))
        self.table.forbid_export(lacking.get("export", ""))

    def set_flashing(self, on: bool) -> None:
        """Whether price changes flash; off for people who asked for less motion."""
        self.table.flashes.on = on

    def _arrange(self) -> None:
        self.setMinimumWidth(290)
        self.setAcceptDrops(True)
        self.table.setAccessibleName("Watchlist")
        self._add.setAccessibleName("Add a symbol")
        self._add.setFrame(False)
        self._add.setProperty("flat", True)
        column = stacked(self, self.lists, self.table, self.lists.naming, self.lists.confirming, self._add)
        column.setContentsMargins(0, 0, 0, 4)
        column.setStretch(1, 1)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _connect(self) -> None:
        self.table.row_chosen.connect(lambda s: self.symbol_chosen.emit(s.symbol))
        self.table.row_opened.connect(lambda s: self.symbol_chosen.emit(s.symbol))
        self.table.delete_asked.connect(self._ask_remove)
        self.table.customContextMenuRequested.connect(self._offer)
        self._add.returnPressed.connect(self._ask_add)
        self.order.moved.connect(self._reorder)
        self.order.refused.connect(self.lists.say)
        self.lists.chosen.connect(self.list_chosen)
        self.lists.create_asked.connect(self.list_create_asked)
        self.lists.rename_asked.connect(self.list_rename_asked)
        self.lists.delete_asked.connect(self.list_delete_asked)
        self.lists.import_asked.connect(self.import_asked)
        self.lists.export_asked.connect(self.export_asked)

    def _reorder(self, symbols: list[str]) -> None:
        """Shown at once; whoever keeps the list shows it again if it could not be kept."""
        self.show_symbols(symbols)
        self.order_changed.emit(symbols)

    def _ask_add(self) -> None:
        symbol = self._add.text().strip().upper()
        if symbol:
            self.symbol_add_asked.emit(symbol)
            self._add.clear()

    def _ask_remove(self, chosen: list[Snapshot]) -> None:
        for snapshot in chosen if not self._lacking else ():
            self.symbol_remove_asked.emit(snapshot.symbol)

    def _offer(self, at: QPoint) -> None:
        chosen = self.table.selected()
        if not chosen:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for snapshot in chosen:
            entry(
                menu,
                f"Remove {snapshot.symbol}",
                partial(self.symbol_remove_asked.emit, snapshot.symbol),
                self._lacking,
            )
        menu.popup(self.table.viewport().mapToGlobal(at))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if not self._lacking and (_list_file(data.urls()) or (data.hasText() and not data.hasUrls())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        file = _list_file(event.mimeData().urls())
        if file is not None:
            self.import_asked.emit(file)
        else:
            self.symbols_dropped.emit(event.mimeData().text())
        event.acceptProposedAction()


def _list_file(urls: Sequence[object]) -> Path | None:
    files = [Path(url.toLocalFile()) for url in urls]  # type: ignore[attr-defined]  # QUrl
    return next((file for file in files if file.suffix.lower() in LIST_FILES), None)


def _columns(ages: Ages, flashes: Flashes) -> list[Column[Snapshot]]:
    return [
        columns.symbol(),
        columns.last(ages, flashes),
        columns.change_percent(),
        Column("Bid × Ask", words.touch, key=words.bps, raw=words.touch, right=True, width=118, stretch=True, tip=words.sizes,
               color=lambda s: "TX0" if s.quote else "TX2"),
        columns.age_or_alarm(ages.either),
        *(_hidden(column) for column in _more()),
    ]  # fmt: skip


def _more() -> list[Column[Snapshot]]:
    return [columns.volume(), columns.day("High", lambda s: s.day_high), columns.day("Low", lambda s: s.day_low),
            columns.day("Open", lambda s: s.day_open), columns.day("Prev close", lambda s: s.previous_close),
            columns.change(), columns.spread(), columns.source()]  # fmt: skip


def _hidden(column: Column[Snapshot]) -> Column[Snapshot]:
    return replace(column, shown=False)
