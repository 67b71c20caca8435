"""Time and sales: the prints of one symbol, newest first."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from qv_desktop.domain.market import Trade, utc
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
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


class TapePanel(QWidget):
    """Shows prints of the symbol last given; while a person reads further down, new ones wait."""

    name = "tape"
    title = "Tape"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._symbol, self._number = "", 0
        self._before: float | None = None  # price of the print before
        self._hue = "TX1"
        self._prints: deque[Print] = deque(maxlen=KEPT)  # newest first
        self._waiting = 0
        self.model: TableModel[Print] = TableModel(_COLUMNS, key=lambda p: p.number, parent=self)
        self.table = Table(self.model, empty="No prints yet.\nChoose a symbol; its trades appear as they happen.")
        self.table.setAccessibleName("Time and sales")
        self._heading, self._hint = theme.label("", "value"), theme.label("", "hint")
        self._arrange()
        self.table.verticalScrollBar().valueChanged.connect(self._catch_up)

    def show_symbol(self, symbol: str) -> None:
        """Begin the tape of ``symbol`` anew; the same one again changes nothing."""
        if symbol == self._symbol:
            return
        self._symbol, self._before, self._waiting = symbol, None, 0
        self._heading.setText(symbol)
        self._hint.setText("")
        self._prints.clear()
        self.model.replace(())

    def add(self, trades: Iterable[Trade]) -> None:
        """Take prints in order of time; those of other symbols are passed over."""
        fresh = [self._printed(trade) for trade in trades if trade.symbol == self._symbol]
        if not fresh:
            return
        self._prints.extendleft(fresh)
        self._waiting += len(fresh)
        if self.table.verticalScrollBar().value() == 0:
            self._show()
        else:
            self._hint.setText(f"{self._waiting:,} new above")

    def _show(self) -> None:
        self._waiting = 0
        self._hint.setText(f"{fmt.volume(sum(p.trade.size for p in self._prints))} sh in {len(self._prints)} prints")
        self.model.replace(self._prints)

    def _catch_up(self, position: int) -> None:
        if position == 0 and self._waiting:
            self._show()

    def _printed(self, trade: Trade) -> Print:
        """A print above the one before is up, below is down; an equal one keeps its colour."""
        if self._before is not None and trade.price != self._before:
            self._hue = "UP" if trade.price > self._before else "DOWN"
        elif self._before is None:
            self._hue = "TX1"
        self._before = trade.price
        self._number += 1
        return Print(self._number, trade, self._hue)

    def _arrange(self) -> None:
        heading = QHBoxLayout()
        heading.setContentsMargins(8, 6, 8, 4)
        for widget in (self._heading, QLabel()):
            heading.addWidget(widget)
        heading.addStretch(1)
        heading.addWidget(self._hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addLayout(heading)
        column.addWidget(self.table, 1)


_COLUMNS: list[Column[Print]] = [
    Column("Time ET", lambda p: fmt.clock_ms(utc(p.trade.at)), key=lambda p: p.trade.at, width=104, color=lambda p: "TX1"),
    Column("Price", lambda p: fmt.price(p.trade.price, 4 if p.trade.price < 1 else 2), key=lambda p: p.trade.price, right=True,
           width=64, color=lambda p: p.hue),
    Column("Size", lambda p: fmt.quantity(p.trade.size), key=lambda p: p.trade.size, right=True, width=56,
           color=lambda p: "WARN" if p.trade.size >= BLOCK else None),
    Column("Venue", lambda p: p.trade.exchange or fmt.UNKNOWN, width=48, color=lambda p: "TX2", right=True, stretch=True),
    Column("Conditions", lambda p: " ".join(p.trade.conditions), width=70, color=lambda p: "TX2", shown=False),
]  # fmt: skip
