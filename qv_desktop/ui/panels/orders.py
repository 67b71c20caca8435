"""The order blotter: every order with its state, what fills it still lacks, and the hands to cancel or amend it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.orders import Order, OrderStatus
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import Bar, forbid, stacked
from qv_desktop.ui.models.ledger import Ledger, Line, scrolled
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.order_draft import number, positive
from qv_desktop.ui.models.order_ids import OrderIds
from qv_desktop.ui.models.order_timeline import Timelines, facts
from qv_desktop.ui.models.order_words import (
    acknowledged_in,
    chip,
    kind_text,
    life_text,
    price_text,
    reason_text,
    side_color,
    status_tip,
)
from qv_desktop.ui.models.split import DetailSplit, pane
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

_RANK, _TIME = 0, 2  # columns that the table is sorted by


class OrdersPanel(QWidget):
    """Emits ``cancel_asked(list[str])``, ``cancel_all_asked``, ``amend_asked(client order id, OrderRequest)`` and ``export_asked``.

    The amended request carries a client order id of its own, as a replacement is an intent of its own.
    """

    name = "orders"
    title = "Orders"

    cancel_asked = Signal(list)
    cancel_all_asked = Signal()
    amend_asked = Signal(str, object)
    export_asked = Signal()

    def __init__(self, install: str) -> None:
        """``install`` names this installation in the ids of amended orders."""
        super().__init__()
        self._ids = OrderIds(install)
        self._last: dict[str, float] = {}  # symbol -> last price
        self._times = Timelines()
        self._open = 0
        self._day = ""  # of the newest order, as New York counts it
        self._lacking: Mapping[str, str] = {}  # cancel, amend, export -> why the person may not
        self.model = TableModel(self._columns(), key=lambda order: order.id)
        self.table = Table(
            self.model, empty="No orders yet. Fill the ticket and press Ctrl+Enter twice to send the first."
        )
        self.table.setAccessibleName("Orders")
        self._build()
        self._connect()
        self._sort(self.open_first.isChecked())

    # ---- in

    def show_orders(self, orders: Iterable[Order]) -> None:
        """Replace every row."""
        kept = list(orders)
        self._times.note(kept)
        self.model.replace(kept)
        self._count()

    def upsert(self, orders: Order | Iterable[Order]) -> None:
        """Add or change rows."""
        changed = [orders] if isinstance(orders, Order) else list(orders)
        self._times.note(changed)
        self.model.upsert(changed)
        self._count()
        self._show_details()

    def show_prices(self, prices: Mapping[str, float]) -> None:
        """Last prices by symbol, once per frame: they move the distance to fill."""
        self._last.update(prices)
        column = next(place for place, c in enumerate(self.model.columns) if c.key == self._to_fill)
        sorting = self.model.sorting()
        if sorting is not None and sorting[0] == column:
            self.model.sort(column, Qt.SortOrder.DescendingOrder if sorting[1] else Qt.SortOrder.AscendingOrder)
        self.model.refresh(column)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``cancel``, ``amend`` or ``export``; what is absent is allowed."""
        self._lacking = lacking
        forbid(self.export, lacking.get("export", ""))
        self._count()

    # ---- building

    def _build(self) -> None:
        self.count = theme.label("", "hint")
        self.open_first = theme.button("Open first", "ghost")
        self.open_first.setCheckable(True)
        self.open_first.setChecked(True)
        self.open_first.setToolTip("Orders that can still trade above all others, newest first")
        self.cancel = theme.button("Cancel selected", "ghost")
        self.cancel_all = theme.HoldButton("Cancel all · hold 1 s")
        self.cancel_all.setMinimumWidth(136)
        self.export = theme.button("⤓ Export CSV", "ghost")
        self.asking = ConfirmBar()
        self.amending = ConfirmBar(keep="Leave it", kind="primary")
        self.quantity, self.limit = NumberField("New quantity"), NumberField("New limit price")
        for title, field in (("Quantity", self.quantity), ("Limit", self.limit)):
            field.setFixedWidth(88)
            self.amending.body.addWidget(theme.label(title, "hint"))
            self.amending.body.addWidget(field)
        self.facts, self.timeline = Ledger("Order details"), Ledger("What happened to the order")
        self.heading = theme.label("", "title")
        self.details = pane(self.heading, self.facts, theme.caption("Timeline"), scrolled(self.timeline), grow=3)
        self.split = DetailSplit(self.table, self.details, wide=300)
        self.split.want_detail(False)
        strip = Bar(self.count, None, self.open_first, self.cancel, self.cancel_all, self.export,
                    yielding=(self.count, self.export, self.open_first))  # fmt: skip
        stacked(self, strip, self.split, self.asking, self.amending).setStretch(1, 1)

    def _connect(self) -> None:
        self.open_first.toggled.connect(self._sort)
        self.cancel.clicked.connect(lambda: self._ask_cancel(self.table.selected()))
        self.cancel_all.held.connect(self.cancel_all_asked)
        self.export.clicked.connect(self.export_asked)
        self.table.delete_asked.connect(self._ask_cancel)
        self.table.row_opened.connect(self._open_details)
        self.table.row_chosen.connect(lambda _: self._show_details())
        self.table.selectionModel().selectionChanged.connect(self._show_actions)
        self.quantity.stepped.connect(lambda steps: self._step(self.quantity, steps * Decimal(1)))
        self.limit.stepped.connect(lambda steps: self._step(self.limit, steps * Decimal("0.01")))
        self._show_actions()
        self._count()

    def _columns(self) -> list[Column[Order]]:
        """The default columns, and those that wait in the chooser."""
        return [
            Column("Open first", lambda o: "open" if o.open else "closed", key=lambda o: (o.open, o.submitted),
                   raw=lambda o: "open" if o.open else "closed", shown=False),
            Column("Status", lambda o: chip(o.status)[0], chip=lambda o: chip(o.status)[1], width=84, tip=status_tip),
            Column("Time ET", self._when, key=lambda o: o.submitted, width=70,
                   tip=lambda o: o.submitted.isoformat()),
            Column("Symbol", lambda o: o.request.symbol, bold=True, width=56),
            Column("Side", lambda o: o.request.side.upper(), color=side_color, width=46),
            Column("Qty", lambda o: words.quantity(o.request.quantity), key=lambda o: o.request.quantity, right=True, width=52),
            Column("Filled", lambda o: words.quantity(o.filled), key=lambda o: o.filled, right=True, width=48),
            Column("Remaining", lambda o: words.quantity(o.remaining), key=lambda o: o.remaining, right=True, width=72),
            Column("Type", lambda o: kind_text(o.request), width=62),
            Column("Limit", lambda o: price_text(o.request.limit), key=lambda o: o.request.limit, right=True, width=58),
            Column("Stop", lambda o: price_text(o.request.stop), key=lambda o: o.request.stop, right=True, width=58),
            Column("TIF", lambda o: life_text(o.request), width=42),
            Column("Avg fill", lambda o: price_text(o.average), key=lambda o: o.average, right=True, width=60),
            Column("To fill, bps", lambda o: words.price(self._to_fill(o), 1), key=self._to_fill, right=True, width=76),
            Column("Source", lambda o: o.request.source, width=72, tip=lambda o: o.request.source),
            Column("User", lambda o: o.user, width=52, tip=lambda o: o.user),
            Column("Reason", reason_text, color=lambda o: "BAD" if o.status is OrderStatus.REJECTED else "TX2", width=110, stretch=True,
                   tip=reason_text),
            Column("Client id", lambda o: o.id, mono=True, width=230, shown=False),
            Column("Broker id", lambda o: o.broker_id or words.UNKNOWN, mono=True, width=230, shown=False),
            Column("Ack, ms", lambda o: words.price(acknowledged_in(o), 0), key=acknowledged_in, right=True, width=70, shown=False),
            Column("Ext. hours", lambda o: "yes" if o.request.extended_hours else "", width=70, shown=False),
            Column("Account", lambda o: o.account, width=90, shown=False),
            Column("Note", lambda o: o.request.note, width=120, shown=False),
        ]  # fmt: skip

    # ---- hands

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self._ask_amend(self.table.selected())
        elif event.key() == Qt.Key.Key_Escape:
            self.split.want_detail(False)
        else:
            super().keyPressEvent(event)

    def _sort(self, open_first: bool) -> None:
        self.model.sort(_RANK if open_first else _TIME, Qt.SortOrder.DescendingOrder)

    def _ask_cancel(self, rows: list[Order]) -> None:
        """Name the count before anything is cancelled; closed orders are passed over."""
        ids = [order.id for order in rows if order.open]
        if not ids or "cancel" in self._lacking:
            return
        what = f"the {rows[0].request.symbol} order" if len(ids) == 1 else f"{len(ids)} open orders"
        self.amending.dismiss()
        self.asking.ask(f"Cancel {what}?", f"Cancel {len(ids)} order{'s' if len(ids) > 1 else ''}",
                        lambda: self.cancel_asked.emit(ids))  # fmt: skip

    def _ask_amend(self, rows: list[Order]) -> None:
        """Open the amend strip for one open order: quantity, and its limit where it has one."""
        if len(rows) != 1 or not rows[0].open or "amend" in self._lacking:
            return
        request = rows[0].request
        self.asking.dismiss()
        self.quantity.setText(f"{request.quantity:f}")
        self.limit.setText("" if request.limit is None else f"{request.limit:f}")
        self.limit.setEnabled(request.limit is not None)
        for field in (self.quantity, self.limit):
            field.complain("")
        question = f"Amend {request.side.upper()} {words.quantity(request.quantity)} {request.symbol}"
        self.amending.ask(question, "Amend", lambda: self._amend(rows[0]))
        self.quantity.setFocus()
        self.quantity.selectAll()

    def _amend(self, order: Order) -> None:
        """Ask for the new terms; what cannot be read keeps the strip open with its sentence."""
        values: list[Decimal | None] = []
        for field in (self.quantity, self.limit):
            try:
                values.append(positive(field.text()) if field.isEnabled() else None)
                field.complain("")
            except BadInput as error:
                field.complain(str(error))
                self.amending.ask(str(error), "Amend", lambda: self._amend(order))
                field.setFocus()
                return
        quantity, limit = values
        request = replace(order.request, quantity=quantity or order.request.quantity, limit=limit)
        if request != order.request:
            self.amend_asked.emit(order.id, replace(request, client_order_id=self._ids.next()))

    def _step(self, field: NumberField, by: Decimal) -> None:
        try:
            field.setText(f"{max(number(field.text()) + by, abs(by)):f}")
        except BadInput as error:
            field.complain(str(error))

    # ---- eyes

    def _to_fill(self, order: Order) -> float | None:
        """Basis points that the last price must still go to the order's limit or stop; None without either or once closed."""
        last = self._last.get(order.request.symbol)
        price = order.request.limit if order.request.limit is not None else order.request.stop
        if price is None or not last or not order.open:
            return None
        return abs(last - float(price)) / last * 10_000

    def _when(self, order: Order) -> str:
        """The time of day; orders of an earlier day than the newest show their date."""
        day = words.day(order.submitted)
        return words.clock(order.submitted) if day >= self._day else day[5:]

    def _count(self) -> None:
        orders = self.model.rows()
        self._open = sum(order.open for order in orders)
        self._day = words.day(max(order.submitted for order in orders)) if orders else ""
        unresolved = sum(order.status is OrderStatus.UNRESOLVED for order in orders)
        text = f"{self._open} open · {len(orders) - self._open} closed"
        self.count.setText(f"{text} · {unresolved} unresolved" if unresolved else text)
        lacking = self._lacking.get("cancel", "")
        self.cancel_all.setEnabled(self._open > 0 and not lacking)
        self.cancel_all.setToolTip(
            lacking or f"Hold for one second to cancel {self._open} open order{'' if self._open == 1 else 's'}"
        )
        self._show_actions()

    def _show_actions(self) -> None:
        count = sum(order.open for order in self.table.selected())
        lacking = self._lacking.get("cancel", "")
        self.cancel.setEnabled(count > 0 and not lacking)
        self.cancel.setToolTip(lacking or "Cancel the selected open orders (Del)")
        self.cancel.setText(f"Cancel {count} selected" if count > 1 else "Cancel selected")

    def _open_details(self, _: Order) -> None:
        self.split.want_detail(True)
        self._show_details()

    def _show_details(self) -> None:
        chosen = self.table.selected()
        if len(chosen) != 1 or self.details.isHidden():
            return
        order = chosen[0]
        request = order.request
        self.heading.setText(
            f"{request.side.upper()} {words.quantity(request.quantity)} {request.symbol} · {chip(order.status)[0]}"
        )
        self.facts.show_lines(facts(order))
        self.timeline.show_lines(
            [Line(event, words.clock_ms(at), "TX1", tip=event) for at, event in self._times.of(order)]
        )
