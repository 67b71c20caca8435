"""Time and sales: the prints of one symbol, newest first."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.domain.market import Trade, utc
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.menu_button import export_button
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

KEPT = 300  # prints
BLOCK = 10_000  # shares: a print that stands out


@dataclass(frozen=True, slots=True)
class Print:
    """A trade as the tape shows it: numbered, and coloured by the price before it."""

    number: int
    trade: Trade
    hue: str


class Reel:
    """The newest prints of one symbol."""

    def __init__(self) -> None:
        self.prints: deque[Print] = deque(maxlen=KEPT)  # newest first
        self._number = 0

    def add(self, trade: Trade) -> None:
        """Print above the one before: up; below: down; equal: the colour stays."""
        before = self.prints[0] if self.prints else None
        hue = "TX1" if before is None else before.hue
        if before is not None and trade.price != before.trade.price:
            hue = "UP" if trade.price > before.trade.price else "DOWN"
        self._number += 1
        self.prints.appendleft(Print(self._number, trade, hue))


class TapePanel(QWidget):
    """Keeps the prints of every symbol it is given and shows one; while a person reads further down, new ones wait."""

    name = "tape"
    title = "Tape"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._symbol, self._waiting = "", 0
        self._reels: dict[str, Reel] = {}  # symbol -> its prints
        self.model: TableModel[Print] = TableModel(_COLUMNS, key=lambda p: p.number, parent=self)
        self.table = Table(self.model, empty="No prints yet.\nChoose a symbol; its trades appear as they happen.")
        self.table.setAccessibleName("Time and sales")
        self._heading, self._hint = theme.label("", "value"), theme.label("", "hint")
        self._arrange()
        self.table.verticalScrollBar().valueChanged.connect(self._catch_up)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export``; what is absent is allowed."""
        self.table.forbid_export(lacking.get("export", ""))

    @property
    def symbol(self) -> str:
        """What it shows, or ""."""
        return self._symbol

    def show_symbol(self, symbol: str) -> None:
        """Turn to ``symbol``, with the prints that are known of it; the same one again changes nothing."""
        if symbol != self._symbol:
            self._symbol = symbol
            self._heading.setText(symbol)
            self.table.scrollToTop()
            self._show()

    def add(self, trades: Iterable[Trade]) -> None:
        """Take prints in order of time."""
        for trade in trades:
            self._reels.setdefault(trade.symbol, Reel()).add(trade)
            self._waiting += trade.symbol == self._symbol
        if not self._waiting:
            return
        if self.table.verticalScrollBar().value() == 0:
            self._show()
        else:
            self._hint.setText(f"{self._waiting:,} new above")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _show(self) -> None:
        prints = self._reels[self._symbol].prints if self._symbol in self._reels else ()
        if not self.isVisible():
            return
        self._waiting = 0
        total = fmt.volume(sum(p.trade.size for p in prints))
        self._hint.setText(f"{total} sh in {len(prints)} print{'' if len(prints) == 1 else 's'}" if prints else "")
        self.model.replace(prints)

    def _catch_up(self, position: int) -> None:
        if position == 0 and self._waiting:
            self._show()

    def _arrange(self) -> None:
        heading = QHBoxLayout()
        heading.setContentsMargins(8, 2, 4, 0)
        heading.addWidget(self._heading)
        heading.addStretch(1)
        heading.addWidget(self._hint)
        heading.addWidget(export_button(self.table))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addLayout(heading)
        column.addWidget(self.table, 1)


_COLUMNS: list[Column[Print]] = [
    Column("Time ET", lambda p: fmt.clock_ms(utc(p.trade.at)), key=lambda p: p.trade.at, raw=lambda p: utc(p.trade.at),
           width=104, color=lambda p: "TX1"),
    Column("Price", lambda p: fmt.price(p.trade.price, 4 if p.trade.price < 1 else 2), key=lambda p: p.trade.price, right=True,
           width=64, color=lambda p: p.hue),
    Column("Size", lambda p: fmt.quantity(p.trade.size), key=lambda p: p.trade.size, right=True, width=56,
           color=lambda p: "WARN" if p.trade.size >= BLOCK else None),
    Column("Venue", lambda p: p.trade.exchange or fmt.UNKNOWN, width=48, color=lambda p: "TX2", right=True, stretch=True),
    Column("Conditions", lambda p: p.trade.conditions, width=70, color=lambda p: "TX2", shown=False),
]  # fmt: skip
