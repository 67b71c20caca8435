"""The quote board: every number of the watched symbols with the age of every number, and the touch of one of them, large."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.market import Snapshot
from qv_desktop.domain.sessions import Phase
from qv_desktop.ui.models import snapshot_columns as columns
from qv_desktop.ui.models import snapshot_words as words
from qv_desktop.ui.models.ages import Ages
from qv_desktop.ui.models.flashes import Flashes
from qv_desktop.ui.models.layouts import divider, stacked
from qv_desktop.ui.models.market_table import MarketTable
from qv_desktop.ui.models.menu_button import export_button
from qv_desktop.ui.models.table_model import Column
from qv_desktop.ui.models.touch_head import TouchHead


class QuotesPanel(QWidget):
    """Rows are snapshots; ages are against the time last given to ``show_age``."""

    name = "quotes"
    title = "Quotes"

    symbol_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen = ""
        self._phase: Phase = "open"
        self.table = MarketTable(
            self._columns, empty="No symbols yet.\nAdd some to the watchlist; they stand here too."
        )
        self.model = self.table.rows
        self.table.setAccessibleName("Quote board")
        self.head = TouchHead(export_button(self.table))
        stacked(self, self.head, divider(), self.table).setStretch(2, 1)
        self.table.row_chosen.connect(self._choose)
        self.table.row_opened.connect(self._choose)
        self._show_head()

    def show_symbols(self, symbols: Iterable[str]) -> None:
        """Follow these symbols and no others; what is known of those that stay is kept."""
        self.table.show_symbols(symbols)
        self._show_head()

    def upsert(self, snapshots: Iterable[Snapshot]) -> None:
        """Show what moved; symbols that are not followed are passed over."""
        moved = list(snapshots)
        self.table.upsert(moved)
        if any(s.symbol == self._chosen for s in moved):
            self._show_head()

    def show_age(self, now: int, speed: float = 1.0) -> None:
        """Count ages from the market's ``now`` (ns since the epoch, UTC), in seconds that a person waits."""
        if self.table.show_age(now, speed):
            self._show_head()

    def show_phase(self, phase: Phase) -> None:
        """Which part of the trading day it is: prices of a closed market are not stale, they are the last ones."""
        if phase != self._phase:
            self._phase = phase
            self.model.refresh()
            self._show_head()

    def show_chosen(self, symbol: str) -> None:
        """Turn to ``symbol`` without saying so."""
        self._chosen = symbol
        self.table.show_chosen(symbol)
        self._show_head()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export``; what is absent is allowed."""
        self.table.forbid_export(lacking.get("export", ""))

    def set_flashing(self, on: bool) -> None:
        """Whether price changes flash; off for people who asked for less motion."""
        self.table.flashes.on = on

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_head()

    def _choose(self, snapshot: Snapshot) -> None:
        self._chosen = snapshot.symbol
        self._show_head()
        self.symbol_chosen.emit(snapshot.symbol)

    def _show_head(self) -> None:
        if self.isVisible():
            snapshot = self.table.newest(self._chosen)
            self.head.show_snapshot(snapshot, self.table.ages.quote(snapshot) if snapshot else None, self._phase)

    def _state(self, snapshot: Snapshot) -> str:
        return words.state(snapshot, self._phase)

    def _columns(self, ages: Ages, flashes: Flashes) -> list[Column[Snapshot]]:
        return [
            columns.symbol(),
            Column("State", self._state, chip=lambda s: words.CHIP_OF[words.state(s, self._phase)], width=66,
                   tip=lambda s: words.state_tip(s, self._phase)),
            columns.of_size("Bid size", lambda q: q.bid_size),
            columns.of_quote("Bid", lambda q: q.bid, ages, "UP"),
            columns.of_quote("Ask", lambda q: q.ask, ages, "DOWN"),
            columns.of_size("Ask size", lambda q: q.ask_size),
            columns.spread(),
            columns.age("Quote age", ages.quote),
            replace(columns.last(ages, flashes, ages.last), width=66),
            columns.age("Last age", ages.last),
            columns.change_percent(),
            columns.day("High", lambda s: s.day_high),
            columns.day("Low", lambda s: s.day_low),
            columns.volume(),
            columns.source(),
            replace(columns.change(), shown=False),
            replace(columns.day("Open", lambda s: s.day_open), shown=False),
            replace(columns.day("Prev close", lambda s: s.previous_close), shown=False),
        ]  # fmt: skip
