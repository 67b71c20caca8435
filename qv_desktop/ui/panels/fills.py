"""Fills: every execution as it came, to the millisecond, with what it was worth."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.orders import Fill, Side
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.filter_bar import TableFilter
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked
from qv_desktop.ui.models.order_words import price_text
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

ZERO = Decimal(0)


class FillsPanel(QWidget):
    """Emits ``order_asked(client order id)`` at a double click or Enter, and ``export_asked``."""

    name = "fills"
    title = "Fills"

    order_asked = Signal(str)
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._arrivals: dict[str, float] = {}  # client order id -> mid when the order was made, or its stop
        self._values = dict.fromkeys(Side, ZERO)  # dollars bought and sold
        self._newest: datetime | None = None
        self._day = ""  # of the newest, as New York counts it
        self.model = TableModel(self._columns(), key=lambda fill: fill.execution_id)
        self.table = Table(self.model, empty="No fills yet. Executions stand here as the broker reports them.")
        self.table.setAccessibleName("Fills")
        self.model.sort(0, Qt.SortOrder.DescendingOrder)
        self.count, self.bought, self.sold = theme.label("", "hint"), theme.label("", "value"), theme.label("", "value")
        self.export = theme.button("⤓ Export CSV", "ghost")
        self.export.clicked.connect(self.export_asked)
        titles = theme.label("Bought", "hint"), theme.label("Sold", "hint")
        self.filter = TableFilter(self.table, self, sections=SECTIONS)
        self.filter.changed = self._show_totals
        foot = Bar(self.filter.field, self.filter.sections, self.count, None, titles[0], self.bought, titles[1], self.sold, self.export,
                   yielding=(self.export, self.filter.sections, self.count, self.filter.field))  # fmt: skip
        stacked(self, self.table, divider(), foot).setStretch(0, 1)
        self.table.row_opened.connect(lambda fill: self.order_asked.emit(fill.client_order_id))
        self._show_totals()

    def show_fills(self, fills: Iterable[Fill]) -> None:
        """Replace every row."""
        kept = list(fills)
        self._values, self._newest = dict.fromkeys(Side, ZERO), None
        self._count(kept)
        self.model.replace(kept)
        self._show_totals()

    def upsert(self, fills: Fill | Iterable[Fill]) -> None:
        """Add executions; one that is there already changes nothing but itself."""
        new = {f.execution_id: f for f in ([fills] if isinstance(fills, Fill) else fills)}
        self._count([found for id_, found in new.items() if self.model.get(id_) is None])
        self.model.upsert(new.values())
        self._show_totals()

    def show_arrival(self, client_order_id: str, mid: float) -> None:
        """The mid price when an order was made, or its stop: what its fills' slippage is counted from."""
        self._arrivals[client_order_id] = mid
        self.model.refresh()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export``; what is absent is allowed."""
        forbid(self.export, lacking.get("export", ""))

    def _columns(self) -> list[Column[Fill]]:
        return [
            Column("Time ET", self._when, key=lambda f: f.at, width=92, whole=True, tip=lambda f: f.at.isoformat()),
            Column("Symbol", lambda f: f.symbol, bold=True, width=70),
            Column("Side", lambda f: f.side.upper(), color=lambda f: "BUY_INK" if f.side is Side.BUY else "SELL_INK", width=50),
            Column("Qty", lambda f: words.quantity(f.quantity), key=lambda f: f.quantity, right=True, width=64,
                   total=lambda fills: words.quantity(sum((f.quantity for f in fills), ZERO))),
            Column("Price", lambda f: price_text(f.price), key=lambda f: f.price, right=True, width=78, bold=True),
            Column("Value", lambda f: words.money(f.quantity * f.price), key=lambda f: f.quantity * f.price, right=True, width=104,
                   total=lambda fills: words.money(sum((f.quantity * f.price for f in fills), ZERO))),
            Column("Venue", _untold, raw=_none, width=52, color=lambda f: "TX2", tip=_not_told),
            Column("Liquidity", _untold, raw=_none, width=64, color=lambda f: "TX2", tip=_not_told),
            Column("Fee", lambda f: words.money(_fee(f)), key=_fee, right=True, width=50,
                   tip=lambda f: "" if f.fee else "Alpaca tells fees for the day, not for a fill: see the account's activities"),
            Column("Order", lambda f: f"…{f.client_order_id[-12:]}", key=lambda f: f.client_order_id, mono=True,
                   color=lambda f: "TX2", width=110, tip=lambda f: f.client_order_id),
            Column("Exec id", lambda f: f.execution_id, mono=True, color=lambda f: "TX2", width=150, stretch=True,
                   tip=lambda f: f.execution_id),
            Column("Strategy", lambda f: f.source, width=80, tip=lambda f: f.source),
            Column("Slip, bps", lambda f: words.signed(self._slippage(f), 1), key=self._slippage, right=True, width=70,
                   tip=lambda f: "Against the mid when the order was made, of a stop against its stop; above zero is worse"),
        ]  # fmt: skip

    def _when(self, fill: Fill) -> str:
        """The time of day; one of an earlier day than the newest shows its date as well."""
        day = words.day(fill.at)
        return words.clock_ms(fill.at) if day >= self._day else f"{day[5:]} {words.clock(fill.at)}"

    def _slippage(self, fill: Fill) -> float | None:
        """Basis points paid over the arrival mid, or None where that is unknown."""
        mid = self._arrivals.get(fill.client_order_id)
        return None if not mid else (float(fill.price) - mid) / mid * 10_000 * fill.side.sign

    def saved(self) -> dict[str, Any]:
        """Columns, sorting and filter as a person left them, as JSON values."""
        return {**self.table.saved(), **self.filter.saved()}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take them up again."""
        self.table.restore(saved)
        self.filter.restore(saved)

    def _count(self, fills: Iterable[Fill]) -> None:
        """Add to the totals, so that a fill late in the day costs no more than the first."""
        for found in fills:
            self._values[found.side] += found.quantity * found.price
            if self._newest is None or found.at > self._newest:
                self._newest, self._day = found.at, words.day(found.at)

    def _show_totals(self) -> None:
        count = self.model.counts()[1]
        self.count.setText(
            self.filter.words("fills") if self.filter.narrowed else f"{count:,} fill{'' if count == 1 else 's'}"
        )
        self.bought.setText(words.money(self._values[Side.BUY]))
        self.sold.setText(words.money(self._values[Side.SELL]))


def _untold(_: Fill) -> str:
    return words.UNKNOWN


def _none(_: Fill) -> object:
    return None


def _not_told(_: Fill) -> str:
    return "Alpaca does not tell it"


def _fee(fill: Fill) -> Decimal | None:
    return fill.fee or None


SECTIONS: Mapping[str, Callable[[Fill], str]] = {
    "Symbol": lambda f: f.symbol,
    "Strategy": lambda f: f.source,
    "Side": lambda f: f.side.title(),
}
