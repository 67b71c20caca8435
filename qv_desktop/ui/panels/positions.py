"""Positions: what is held, what it is worth now, what it earned today and in all, with totals at the foot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from qv_desktop.domain.market import money
from qv_desktop.domain.positions import Position, market_value, unrealised
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

_STALE = 2.0  # seconds
_VALUE = 5  # the column that is sorted by at first
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """A position at its last price: dollars and fractions, None while the price is unknown."""

    position: Position
    last: Decimal | None
    age: float | None  # of the quote, seconds
    value: Decimal | None  # signed
    unrealised: Decimal | None
    unrealised_fraction: Decimal | None  # of what was paid
    day: Decimal | None  # earned since the previous close, taken or not
    share: Decimal | None  # absolute value as a fraction of equity


def priced(
    position: Position, last: Decimal | None, age: float | None, carried: Decimal, equity: Decimal | None
) -> Row:
    """The row of ``position``; ``carried`` is what stood unrealised at the previous close. A flat one needs no price."""
    if position.quantity and last is None:
        return Row(position, None, age, None, None, None, None, None)
    price = last or ZERO
    value, earned = market_value(position, price), unrealised(position, price)
    cost = position.average * abs(position.quantity)
    return Row(position, last, age, value, earned, earned / cost if cost else None, earned - carried + position.realised,
               abs(value) / equity if equity else None)  # fmt: skip


class PositionsPanel(QWidget):
    """Emits ``close_asked(Position)`` at a double click or Enter: load the ticket to close it, send nothing; and ``export_asked``."""

    name = "positions"
    title = "Positions"

    close_asked = Signal(object)
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._positions: dict[str, Position] = {}  # symbol -> open position, or one that earned something today
        self._last: dict[str, Decimal] = {}  # symbol -> last price
        self._ages: dict[str, float] = {}  # symbol -> seconds
        self._carried: dict[str, Decimal] = {}  # symbol -> dollars unrealised at the previous close
        self._equity: Decimal | None = None
        self.model = TableModel(_columns(), key=lambda row: row.position.symbol)
        self.table = Table(
            self.model, empty="No positions. What is bought or sold short stands here from its first fill."
        )
        self.table.setAccessibleName("Positions")
        self.model.sort(_VALUE, Qt.SortOrder.DescendingOrder)
        self.count = theme.label("", "hint")
        self.totals = {
            title: theme.label("", "value") for title in ("Net", "Gross", "Day P&L", "Unrealised", "Realised")
        }
        self._lay_out()
        self.table.row_opened.connect(
            lambda row: self.close_asked.emit(row.position) if row.position.quantity else None
        )
        self._show_totals()

    def show_positions(self, positions: Iterable[Position]) -> None:
        """Replace every position; flat ones show while they realised something today."""
        self._positions = {p.symbol: p for p in positions if p.quantity or p.realised}
        self.model.replace([self._row(p) for p in self._positions.values()])
        self._show_totals()

    def upsert(self, position: Position) -> None:
        """Add, change or close one position."""
        if position.quantity or position.realised:
            self._positions[position.symbol] = position
            self.model.upsert([self._row(position)])
        elif self._positions.pop(position.symbol, None) is not None:
            self.model.remove([position.symbol])
        self._show_totals()

    def show_prices(self, prices: Mapping[str, float], ages: Mapping[str, float] | None = None) -> None:
        """Last prices and quote ages in seconds by symbol, once per frame; symbols not held are passed over."""
        self._last |= {symbol: money(price) for symbol, price in prices.items() if symbol in self._positions}
        self._ages |= {symbol: age for symbol, age in (ages or {}).items() if symbol in self._positions}
        moved = [self._positions[symbol] for symbol in prices.keys() | (ages or {}).keys() if symbol in self._positions]
        if moved:
            self.model.upsert([self._row(position) for position in moved])
            self._show_totals()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export``; what is absent is allowed."""
        forbid(self.export, lacking.get("export", ""))

    def show_equity(self, equity: Decimal | None) -> None:
        """The account's equity, which each position is a part of."""
        if equity != self._equity:
            self._equity = equity
            self.model.upsert([self._row(position) for position in self._positions.values()])

    def show_carried(self, carried: Mapping[str, Decimal]) -> None:
        """Dollars that stood unrealised at the previous close by symbol; a symbol left out was opened today."""
        self._carried = dict(carried)
        self.model.upsert([self._row(position) for position in self._positions.values()])
        self._show_totals()

    def _lay_out(self) -> None:
        parts: list[QWidget | None] = [self.count, None]
        for title, figure in self.totals.items():
            name = theme.label(title, "hint")
            name.setContentsMargins(10, 0, 0, 0)  # nearer to its own figure than to the one before
            parts += [name, figure]
        self.export = theme.button("⤓ Export CSV", "ghost")
        self.export.clicked.connect(self.export_asked)
        yielding = [part for part in (self.export, self.count, *parts[2:6], *parts[8:]) if part is not None]
        foot = Bar(*parts, self.export, yielding=yielding)
        stacked(self, self.table, divider(), foot).setStretch(0, 1)

    def _row(self, position: Position) -> Row:
        symbol = position.symbol
        last, age = self._last.get(symbol), self._ages.get(symbol)
        return priced(position, last, age, self._carried.get(symbol, ZERO), self._equity)

    def _show_totals(self) -> None:
        """Sums over what is priced; an em dash when some held position has no price yet."""
        rows = self.model.rows()
        held = sum(bool(row.position.quantity) for row in rows)
        self.count.setText(f"{held} position{'' if held == 1 else 's'}")
        values = _known([row.value for row in rows])
        self.totals["Net"].setText(words.money(None if values is None else sum(values, ZERO)))
        self.totals["Gross"].setText(words.money(None if values is None else sum(map(abs, values), ZERO)))
        days = _known([row.day for row in rows])
        _show_profit(self.totals["Day P&L"], None if days is None else sum(days, ZERO))
        open_profit = _known([row.unrealised for row in rows])
        _show_profit(self.totals["Unrealised"], None if open_profit is None else sum(open_profit, ZERO))
        _show_profit(self.totals["Realised"], sum((row.position.realised for row in rows), ZERO))


def _columns() -> list[Column[Row]]:
    return [
        Column("Symbol", lambda r: r.position.symbol, bold=True, width=70),
        Column("Side", _side, color=_side_color, width=56),
        Column("Qty", lambda r: words.quantity(r.position.quantity), key=lambda r: r.position.quantity, right=True, stretch=True, width=70),
        Column("Avg", lambda r: words.price(r.position.average if r.position.quantity else None), key=lambda r: r.position.average,
               right=True, stretch=True, width=76),
        Column("Last", lambda r: words.price(r.last), key=lambda r: r.last, right=True, stretch=True, width=76, color=_faded),
        Column("Mkt value", lambda r: words.money(r.value), key=lambda r: r.value, right=True, stretch=True, width=104),
        Column("Day P&L", lambda r: words.signed(r.day), key=lambda r: r.day, right=True, stretch=True, width=88,
               color=lambda r: words.trend(r.day)),
        Column("Unrealised", lambda r: words.signed(r.unrealised), key=lambda r: r.unrealised, right=True, stretch=True, width=92,
               color=lambda r: words.trend(r.unrealised), bold=True),
        Column("Unreal. %", lambda r: words.percent(r.unrealised_fraction), key=lambda r: r.unrealised_fraction,
               raw=lambda r: _percents(r.unrealised_fraction), right=True,
               stretch=True, width=76,
               color=lambda r: words.trend(r.unrealised)),
        Column("Realised today", lambda r: words.signed(r.position.realised), key=lambda r: r.position.realised, right=True,
               stretch=True, width=106,
               color=lambda r: words.trend(r.position.realised)),
        Column("% equity", lambda r: words.percent(r.share, 1, sign=False), key=lambda r: r.share,
               raw=lambda r: _percents(r.share), right=True, stretch=True, width=72),
        Column("Quote age", lambda r: words.age(r.age), key=lambda r: r.age, right=True,
               stretch=True, width=76,
               color=lambda r: "WARN" if r.age is not None and r.age > _STALE else "TX2"),
    ]  # fmt: skip


def _percents(fraction: Decimal | None) -> Decimal | None:
    return None if fraction is None else fraction * 100


def _side(row: Row) -> str:
    return "LONG" if row.position.quantity > 0 else "SHORT" if row.position.quantity < 0 else "FLAT"


def _side_color(row: Row) -> str:
    held = row.position.quantity
    return "BUY_INK" if held > 0 else "SELL_INK" if held < 0 else "TX1"


def _faded(row: Row) -> str | None:
    return "TX2" if row.age is not None and row.age > _STALE else None


def _known(values: list[Decimal | None]) -> list[Decimal] | None:
    """The values, or None as soon as one is unknown."""
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None


def _show_profit(figure: QLabel, dollars: Decimal | None) -> None:
    figure.setText(words.signed_money(dollars))
    tint(figure, words.trend(dollars))
