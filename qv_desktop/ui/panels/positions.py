"""Positions: what is held, what it is worth now, what it earned today and in all, with totals at the foot."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from qv_desktop.domain.flattening import Plan
from qv_desktop.domain.market import money
from qv_desktop.domain.position_days import UNKNOWN, DayBasis
from qv_desktop.domain.positions import Position
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.filter_bar import TableFilter
from qv_desktop.ui.models.hold_bar import HoldBar
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.order_ids import OrderIds
from qv_desktop.ui.models.plan_words import all_words, plan_words
from qv_desktop.ui.models.position_columns import SECTIONS, Row, known, position_columns, priced
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

__all__ = ["PositionsPanel", "Row", "priced"]

ZERO = Decimal(0)


class PositionsPanel(QWidget):
    """Emits ``close_asked(Position)`` at a double click or Enter: load the ticket to close it, send nothing; and ``export_asked``.

    ``plan_asked(symbol, reverse)`` and ``plans_asked`` want a preview; ``flatten_asked`` carries the plans that were held for a
    second, with the client order ids of each one's orders.
    """

    name = "positions"
    title = "Positions"

    close_asked = Signal(object)
    plan_asked = Signal(str, bool)
    plans_asked = Signal()
    flatten_asked = Signal(list)  # (Plan, closing id, opening id)
    export_asked = Signal()

    def __init__(self, install: str = "") -> None:
        """``install`` names this installation in the ids of orders that flatten."""
        super().__init__()
        self._ids = OrderIds(install)
        self._plans: Sequence[Plan] = ()  # in the preview
        self._no_trading = ""
        self._cover: dict[str, Decimal] | None = None  # symbol -> shares under resting stops; None while not told
        self._split: Mapping[str, Mapping[str, Decimal]] = {}  # symbol -> source -> signed shares of today
        self._positions: dict[str, Position] = {}  # symbol -> open position, or one that earned something today
        self._last: dict[str, Decimal] = {}  # symbol -> last price
        self._ages: dict[str, float] = {}  # symbol -> seconds
        self._days: dict[str, DayBasis] = {}  # symbol -> what today's profit counts from
        self._sectors: dict[str, str] = {}  # symbol -> sector, where it is known
        self._equity: Decimal | None = None
        self.model = TableModel(position_columns(), key=lambda row: row.position.symbol)
        self.table = Table(
            self.model, empty="No positions. What is bought or sold short stands here from its first fill."
        )
        self.table.setAccessibleName("Positions")
        self.model.sort([c.title for c in self.model.columns].index("Mkt value"), Qt.SortOrder.DescendingOrder)
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
            self.model.upsert([self._row(position)])  # flat, as long as the pointer holds it on the screen
            self.model.retire([position.symbol])
        self._show_totals()
        self.refresh_plan()

    def show_prices(self, prices: Mapping[str, float], ages: Mapping[str, float] | None = None) -> None:
        """Last prices and quote ages in seconds by symbol, once per frame; symbols not held are passed over."""
        self._last |= {symbol: money(price) for symbol, price in prices.items() if symbol in self._positions}
        self._ages |= {symbol: age for symbol, age in (ages or {}).items() if symbol in self._positions}
        moved = [self._positions[symbol] for symbol in prices.keys() | (ages or {}).keys() if symbol in self._positions]
        if moved:
            self.model.upsert([self._row(position) for position in moved])
            self._show_totals()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export`` or ``trade``; what is absent is allowed."""
        forbid(self.export, lacking.get("export", ""))
        self._no_trading = lacking.get("trade", "")
        self._show_actions()

    def show_cover(self, cover: Mapping[str, Decimal]) -> None:
        """Shares that resting stop orders protect, by symbol; a symbol left out keeps what it had."""
        self._cover = {**(self._cover or {}), **cover}
        self.model.upsert([self._row(position) for position in self._positions.values()])

    def show_split(self, split: Mapping[str, Mapping[str, Decimal]]) -> None:
        """Signed shares of today by symbol and by where they came from."""
        self._split = split
        self.model.upsert([self._row(position) for position in self._positions.values()])

    def show_plan(self, plan: Plan) -> None:
        """Show what flattening or reversing one position would do; holding the button does it."""
        self._show_plans([plan], plan_words(plan), f"{'Reverse' if plan.reverse else 'Flatten'} {plan.symbol}")

    def show_plans(self, plans: Sequence[Plan]) -> None:
        """The same for every position."""
        self._show_plans(plans, all_words(plans), f"Flatten all {len(plans)}")

    def refresh_plan(self) -> None:
        """Positions or prices moved while a preview is in view: ask what would be done now."""
        if not self.holding.asking or self.holding.go.isDown() or self.holding.go.progress > 0:
            return
        if len(self._plans) == 1:
            self.plan_asked.emit(self._plans[0].symbol, self._plans[0].reverse)
        elif self._plans:
            self.plans_asked.emit()

    def show_progress(self, sentence: str) -> None:
        """How far flattening is."""
        self.holding.show_progress(sentence)

    def show_result(self, sentence: str, *, bad: bool = False) -> None:
        """What became of it, or why it was not done."""
        self._plans = ()
        self.holding.show_result(sentence, bad=bad)

    def ask_plan(self, *, reverse: bool = False) -> None:
        """Ask for the preview of the selected position, or of the only one."""
        held = [row.position.symbol for row in self.table.selected() if row.position.quantity]
        if len(held) != 1 and len(only := [p.symbol for p in self._positions.values() if p.quantity]) == 1:
            held = only
        if self._no_trading:
            self.holding.show_result(self._no_trading, bad=True)
        elif len(held) == 1:
            self.plan_asked.emit(held[0], reverse)
        else:
            self.holding.show_result("Select one position first.", bad=True)

    def ask_plans(self) -> None:
        """Ask for the preview of all."""
        if self._no_trading:
            self.holding.show_result(self._no_trading, bad=True)
        else:
            self.plans_asked.emit()

    def saved(self) -> dict[str, Any]:
        """Columns, sorting and filter as a person left them, as JSON values."""
        return {**self.table.saved(), **self.filter.saved()}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take them up again."""
        self.table.restore(saved)
        self.filter.restore(saved)

    def show_equity(self, equity: Decimal | None) -> None:
        """The account's equity, which each position is a part of."""
        if equity != self._equity:
            self._equity = equity
            self.model.upsert([self._row(position) for position in self._positions.values()])

    def show_days(self, days: Mapping[str, DayBasis]) -> None:
        """What today's profit of each symbol counts from; that of a symbol left out is unknown."""
        self._show_anew(self._days, days)
        self._show_totals()

    def show_sectors(self, sectors: Mapping[str, str]) -> None:
        """The sector of each symbol; that of a symbol left out is unknown."""
        self._show_anew(self._sectors, sectors)

    def _show_anew[V](self, known: dict[str, V], told: Mapping[str, V]) -> None:
        """Take ``told`` in the place of ``known``, and show the rows anew of which it differs."""
        moved = {s for s in known.keys() | told.keys() if known.get(s) != told.get(s)}
        known.clear()
        known |= told
        self.model.upsert([self._row(self._positions[symbol]) for symbol in moved if symbol in self._positions])

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
        self.filter = TableFilter(self.table, self, sections=SECTIONS)
        self.filter.changed = self._show_totals
        self.flatten, self.reverse = theme.button("Flatten…", "ghost"), theme.button("Reverse…", "ghost")
        self.flatten_all = theme.button("Flatten all…", "ghost")
        self.holding = HoldBar()
        strip = Bar(self.filter.field, self.filter.sections, None, self.flatten, self.reverse, self.flatten_all,
                    yielding=(self.filter.sections, self.filter.field, self.flatten_all))  # fmt: skip
        self.flatten.clicked.connect(lambda: self.ask_plan())
        self.reverse.clicked.connect(lambda: self.ask_plan(reverse=True))
        self.flatten_all.clicked.connect(self.ask_plans)
        self.table.selectionModel().selectionChanged.connect(self._show_actions)
        stacked(self, strip, self.table, self.holding, divider(), foot).setStretch(1, 1)

    def _row(self, position: Position) -> Row:
        symbol = position.symbol
        last, age = self._last.get(symbol), self._ages.get(symbol)
        cover = None if self._cover is None else self._cover.get(symbol, ZERO)
        begun = self._days.get(symbol, UNKNOWN)
        split, sector = self._split.get(symbol), self._sectors.get(symbol, "")
        return priced(position, last, age, begun, self._equity, cover, split, sector)

    def _show_plans(self, plans: Sequence[Plan], sentence: str, button: str) -> None:
        self._plans = plans
        self.holding.show_plan(sentence, button, self._held, can=not all(plan.refused for plan in plans))

    def _held(self) -> None:
        """The ids are made here, once for each intent."""
        plans, self._plans = self._plans, ()
        self.holding.show_progress("Under way…")
        self.flatten_asked.emit([(plan, self._ids.next(), self._ids.next()) for plan in plans])

    def _show_actions(self) -> None:
        held = [row for row in self.table.selected() if row.position.quantity]
        open_ones = sum(bool(position.quantity) for position in self._positions.values())
        ready = len(held) == 1 or open_ones == 1
        for control, what in ((self.flatten, "Close"), (self.reverse, "Turn round")):
            forbid(control, self._no_trading or ("" if ready else "Select one position."))
            control.setToolTip(control.toolTip() or f"{what} the selected position, after a preview")
        forbid(self.flatten_all, self._no_trading or ("" if open_ones else "Nothing is held."))

    def _show_totals(self) -> None:
        """Sums over what is priced; an em dash when some held position has no price yet."""
        rows = self.model.all_rows()
        held = sum(bool(row.position.quantity) for row in rows)
        count = f"{held} position{'' if held == 1 else 's'}"
        self.count.setText(self.filter.words("rows") if self.filter.narrowed else count)
        self._show_actions()
        values = known([row.value for row in rows])
        self.totals["Net"].setText(words.money(None if values is None else sum(values, ZERO)))
        self.totals["Gross"].setText(words.money(None if values is None else sum(map(abs, values), ZERO)))
        days = known([row.day for row in rows])
        _show_profit(self.totals["Day P&L"], None if days is None else sum(days, ZERO))
        open_profit = known([row.unrealised for row in rows])
        _show_profit(self.totals["Unrealised"], None if open_profit is None else sum(open_profit, ZERO))
        _show_profit(self.totals["Realised"], sum((row.position.realised for row in rows), ZERO))


def _show_profit(figure: QLabel, dollars: Decimal | None) -> None:
    figure.setText(words.signed_money(dollars))
    tint(figure, words.trend(dollars))
