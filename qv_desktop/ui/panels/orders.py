"""The order blotter: every order with its state, what fills it still lacks, and the hands to cancel or amend it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.orders import Fill, Order, OrderStatus
from qv_desktop.domain.risk import Check
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.amend_bar import PARTLY, AmendBar
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.filter_bar import TableFilter
from qv_desktop.ui.models.layouts import Bar, forbid, stacked
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.order_columns import (
    KINDS,
    LAST,
    LIMIT,
    OPEN_FIRST,
    QUANTITY,
    SECTIONS,
    STOP,
    TIF,
    TIME,
    TO_FILL,
    OrderFacts,
    order_columns,
)
from qv_desktop.ui.models.order_details import OrderDetails
from qv_desktop.ui.models.order_tally import OrderTally
from qv_desktop.ui.models.order_timeline import Timelines
from qv_desktop.ui.models.order_words import chip
from qv_desktop.ui.models.split import DetailSplit
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

__all__ = ["OrdersPanel", "chip"]

CANCEL_ALL = "Cancel all · hold 1 s"
AMENDED = {QUANTITY: "quantity", LIMIT: "limit", STOP: "stop", TIF: "life"}  # cell -> field that its double click opens


class OrdersPanel(QWidget):
    """Emits ``cancel_asked(list[str])``, ``cancel_scope_asked(symbol, source, user)``, ``cancel_all_asked``,
    ``amend_asked(client order id, OrderRequest)`` and ``amend_drafted`` with the terms as typed, ``story_asked`` and ``export_asked``.

    The amended request carries a client order id of its own, as a replacement is an intent of its own.
    """

    name = "orders"
    title = "Orders"

    cancel_asked = Signal(list)
    cancel_scope_asked = Signal(str, str, str)  # an empty text leaves that part open
    cancel_all_asked = Signal()
    amend_asked = Signal(str, object)
    amend_drafted = Signal(str, object)
    story_asked = Signal(str)
    export_asked = Signal()

    def __init__(self, install: str) -> None:
        """``install`` names this installation in the ids of amended orders."""
        super().__init__()
        self._facts, self._times, self._tally = OrderFacts(), Timelines(), OrderTally()
        self._lacking: Mapping[str, str] = {}  # cancel, amend, export -> why the person may not
        self._newest: datetime | None = None
        self._asked_of: frozenset[str] = frozenset()  # orders that a question is about
        self._said: object = None  # what the counts were made of
        self._offered: tuple[int, str] | None = None  # selected open orders, and why they may not be cancelled
        self._mine = ""  # the signed-in person's name
        self.model = TableModel(order_columns(self._facts), key=attrgetter("request.client_order_id"),
                                changed=True)  # fmt: skip
        self._column = {column.title: place for place, column in enumerate(self.model.columns)}
        self.table = Table(
            self.model, empty="No orders yet. Fill the ticket and press Ctrl+Enter twice to send the first."
        )
        self.table.setAccessibleName("Orders")
        self._build(install)
        self._connect()
        self._sort(self.open_first.isChecked())

    # ---- in

    def show_orders(self, orders: Iterable[Order]) -> None:
        """Replace every row."""
        kept = list(orders)
        self._times.note(kept)
        self.model.replace(kept)
        self._tally = OrderTally()
        self._tally.take(shown := self.model.all_rows(), [None] * len(shown))
        self._count()

    def upsert(self, orders: Order | Iterable[Order]) -> None:
        """Add or change rows."""
        self.upsert_pieces([[orders] if isinstance(orders, Order) else list(orders)])

    def upsert_pieces(self, pieces: Iterable[list[Order]]) -> None:
        """The same with one piece after the other, for as long as whoever gives them has time; all of it is shown at once."""
        watched = self.details.shown
        with self.model.together():
            for piece in pieces:
                self._times.note(self._tally.take(piece, self.model.upsert(piece)))
                self._times.note([order for order in piece if order.id == watched] if watched else ())
        self._count()
        self._show_details()
        self._end_question()
        self._follow_amended()

    def _follow_amended(self) -> None:
        amended = self.amending.order
        if amended is not None and (now := self.model.get(amended.id)) is not None and self.amending.follow(now):
            what = f"{now.request.symbol} order is {chip(now.status)[0].lower()}"
            self.asking.tell(PARTLY if now.open else f"The {what} meanwhile: nothing was amended.")

    def _end_question(self) -> None:
        """What was asked about is gone: a question that would do nothing is taken back, and said."""
        asked = [self.model.get(key) for key in self._asked_of]
        if (
            not self._asked_of
            or not self.asking.isVisible()
            or any(order is not None and order.open for order in asked)
        ):
            return
        self._asked_of = frozenset()
        replaced = any(order is not None and order.status is OrderStatus.REPLACED for order in asked)
        self.asking.tell(
            "Replaced meanwhile; look at the new order." if replaced else "No longer open: nothing to cancel."
        )

    @property
    def open_count(self) -> int:
        """How many orders can still trade."""
        return self._tally.open

    def keys_in_view(self) -> list[str]:
        """The client order ids of the rows on the screen, top to bottom."""
        return [order.id for order in self.table.in_view()]

    def note_fills(self, fills: Iterable[Fill]) -> None:
        """Executions, for the time from acknowledged to the first of them."""
        known = self._facts.filled_at
        for fill in fills:
            first = known.get(fill.client_order_id)
            known[fill.client_order_id] = fill.at if first is None else min(first, fill.at)

    def note_verdict(self, key: str, sequence: int) -> None:
        """The audit row that holds the rules' verdict on an order."""
        self._facts.verdicts[key] = sequence

    def note_row(self, key: str) -> None:
        """An audit row of an order was written."""
        self.details.note_row(key)

    def show_prices(self, prices: Mapping[str, float]) -> None:
        """Last prices by symbol, once per frame: they move the distance to fill."""
        self._facts.last.update(prices)
        for title in (LAST, TO_FILL):
            self.model.revalue(self._column[title])

    def show_user(self, name: str) -> None:
        """Who is signed in: whose orders are “mine”."""
        self._mine = name

    def show_verdict(self, key: str, checks: Sequence[Check]) -> None:
        """What the rules say to the amendment as typed."""
        self.amending.show_verdict(key, checks)

    def show_story(self, key: str, entries: Sequence[Entry], no_hashes: str = "") -> None:
        """The audit rows of an order, oldest first; ``no_hashes`` says why their hashes may not be seen."""
        self.details.show_story(key, entries, no_hashes)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``cancel``, ``amend`` or ``export``; what is absent is allowed."""
        self._lacking = lacking
        forbid(self.export, lacking.get("export", ""))
        forbid(self.cancel_more, lacking.get("cancel", ""))
        self._count()

    def saved(self) -> dict[str, Any]:
        """Columns, sorting and filter as a person left them, as JSON values."""
        return {**self.table.saved(), **self.filter.saved(), "open_first": self.open_first.isChecked()}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take them up again."""
        self.open_first.setChecked(bool(saved.get("open_first", True)))
        self.table.restore(saved)
        self.filter.restore(saved)

    # ---- building

    def _build(self, install: str) -> None:
        self.count = theme.label("", "hint")
        self.open_first = theme.button("Open first", "ghost")
        self.open_first.setCheckable(True)
        self.open_first.setChecked(True)
        self.open_first.setToolTip("Orders that can still trade above all others, newest first")
        self.cancel = theme.button("Cancel selected", "ghost")
        self.cancel_more = menu_button("Cancel ▾", "Cancel by symbol, source or person", self._offer_scopes)
        self.cancel_all = theme.HoldButton(CANCEL_ALL)
        self.cancel_all.setMinimumWidth(136)
        self.export = theme.button("⤓ Export CSV", "ghost")
        self.asking = ConfirmBar()
        self.amending = AmendBar(install)
        self.quantity, self.limit = self.amending.fields["quantity"], self.amending.fields["limit"]
        self.details = OrderDetails()
        self.heading, self.timeline = self.details.heading, self.details.timeline
        self.filter = TableFilter(self.table, self, kinds=KINDS, sections=SECTIONS)
        self.split = DetailSplit(self.table, self.details, wide=320)
        self.split.want_detail(False)
        shown = self.filter.kinds, self.filter.field, self.filter.sections
        strip = Bar(*shown, self.count, None, self.open_first, self.cancel, self.cancel_more, self.cancel_all, self.export,
                    yielding=(self.export, self.open_first, self.count, self.filter.sections, self.cancel_more, self.filter.kinds,
                              self.filter.field))  # fmt: skip
        stacked(self, strip, self.split, self.asking, self.amending, self.amending.below).setStretch(1, 1)

    def _connect(self) -> None:
        self.open_first.toggled.connect(self._sort)
        self.cancel.clicked.connect(lambda: self._ask_cancel(self.table.selected()))
        self.cancel_all.held.connect(self.cancel_all_asked)
        self.export.clicked.connect(self.export_asked)
        self.table.delete_asked.connect(self._ask_cancel)
        self.table.row_opened.connect(self._open_details)
        self.table.cell_opened.connect(self._cell_opened)
        self.table.row_chosen.connect(lambda _: self._show_details())
        self.table.selectionModel().selectionChanged.connect(self._show_actions)
        self.amending.asked.connect(self.amend_asked)
        self.amending.drafted.connect(self.amend_drafted)
        self.details.story_asked.connect(self.story_asked)
        self.filter.changed = self._count
        self._show_actions()
        self._count()

    # ---- hands

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self._ask_amend(self.table.selected())
        elif event.key() == Qt.Key.Key_Escape:
            self.split.want_detail(False)
        else:
            super().keyPressEvent(event)

    def _sort(self, open_first: bool) -> None:
        self.model.sort(self._column[OPEN_FIRST if open_first else TIME], Qt.SortOrder.DescendingOrder)

    def _ask_cancel(self, rows: list[Order]) -> None:
        """Name the count before anything is cancelled; closed orders are passed over."""
        live = [order for order in rows if order.open]
        if not live or "cancel" in self._lacking:
            return
        what = f"the {live[0].request.symbol} order" if len(live) == 1 else f"{len(live)} open orders"
        ids = [order.id for order in live]
        self._ask(f"Cancel {what}?", len(ids), lambda: self.cancel_asked.emit(ids))
        self._asked_of = frozenset(ids)

    def _ask(self, question: str, count: int, done: Callable[[], None]) -> None:
        self._asked_of = frozenset()
        self.amending.dismiss()
        self.asking.ask(question, f"Cancel {count} order{'s' if count > 1 else ''}", done)

    def ask_cancel_symbol(self, symbol: str = "") -> None:
        """Ask whether every open order of ``symbol``, or of the selected order's, is to be cancelled; the count comes first."""
        chosen = self.table.selected()
        symbol = symbol or (chosen[0].request.symbol if chosen else "")
        self._ask_scope(f"in {symbol}", (symbol, "", ""), lambda o: o.request.symbol == symbol)

    def ask_cancel_source(self, source: str) -> None:
        """The same for all that came from one strategy or other source."""
        self._ask_scope(f"from {source}", ("", source, ""), lambda o: o.request.source == source)

    def ask_cancel_mine(self) -> None:
        """The same for all that the signed-in person entered."""
        self._ask_scope(f"entered by {self._mine}", ("", "", self._mine), lambda o: o.user == self._mine)

    def ask_cancel_all(self) -> None:
        """Put the keyboard on the button that cancels everything once it is held."""
        self.cancel_all.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _ask_scope(self, words_: str, scope: tuple[str, str, str], among: Callable[[Order], bool]) -> None:
        count = sum(order.open and among(order) for order in self.model.all_rows())
        if not any(scope) or "cancel" in self._lacking:
            return
        if not count:
            self.asking.tell(f"No open orders {words_}: there is nothing to cancel.")
            return
        question = f"Cancel {count} open order{'s' if count > 1 else ''} {words_}?"
        self._ask(question, count, lambda: self.cancel_scope_asked.emit(*scope))

    def _offer_scopes(self, menu: QMenu) -> None:
        """What can be cancelled at once, each with its count."""
        still_open = [order for order in self.model.all_rows() if order.open]
        chosen = self.table.selected()
        why_not = "" if chosen else "Select an order first."
        symbol, source = (chosen[0].request.symbol, chosen[0].request.source) if chosen else ("", "")
        counts = [sum(o.request.symbol == symbol for o in still_open), sum(o.request.source == source for o in still_open),
                  sum(o.user == self._mine for o in still_open)]  # fmt: skip
        entry(menu, f"This symbol · {symbol or '—'} ({counts[0]})", self.ask_cancel_symbol, why_not or _none(counts[0]))
        entry(menu, f"This source · {source or '—'} ({counts[1]})", lambda: self.ask_cancel_source(source),
              why_not or _none(counts[1]))  # fmt: skip
        entry(menu, f"Mine · {self._mine or '—'} ({counts[2]})", self.ask_cancel_mine, _none(counts[2]))
        entry(menu, f"All ({len(still_open)}) · hold the red button", self.ask_cancel_all, _none(len(still_open)))

    def _cell_opened(self, order: Order, title: str) -> None:
        """A double click on a term of an open order amends it in place."""
        if title in AMENDED and order.open and "amend" not in self._lacking:
            self._ask_amend([order], AMENDED[title])

    def _ask_amend(self, rows: list[Order], field: str = "quantity") -> None:
        """Open the amend strip for one open order."""
        if len(rows) != 1 or not rows[0].open or "amend" in self._lacking:
            return
        if rows[0].filled:
            self.asking.tell(PARTLY)
            return
        self.asking.dismiss()
        self.amending.open(rows[0], field)

    # ---- eyes

    def _count(self) -> None:
        """Say how many there are; a busy blotter changes thousands of rows without changing these."""
        tally = self._tally
        if tally.newest != self._newest:
            self._newest = tally.newest
            self._facts.day = words.day(tally.newest) if tally.newest else ""
        said = (tally.open, tally.closed, tally.unresolved, self.model.counts(), self._lacking)
        if said != self._said:
            self._said = said
            self._say_count(tally)
        self._show_actions()

    def _say_count(self, tally: OrderTally) -> None:
        text = f"{tally.open} open · {tally.closed} closed"
        text = f"{text} · {tally.unresolved} unresolved" if tally.unresolved else text
        self.count.setText(f"{self.filter.words('orders')} · {tally.open} open" if self.filter.narrowed else text)
        lacking = self._lacking.get("cancel", "")
        self.cancel_all.setText(f"Cancel all {tally.open:,} · hold 1 s" if tally.open else CANCEL_ALL)
        self.cancel_all.setEnabled(tally.open > 0 and not lacking)
        self.cancel_all.setToolTip(
            lacking or f"Hold for one second to cancel {tally.open} open order{'' if tally.open == 1 else 's'}"
        )

    def _show_actions(self) -> None:
        count = sum(order.open for order in self.table.selected())
        lacking = self._lacking.get("cancel", "")
        if (count, lacking) == self._offered:
            return
        self._offered = (count, lacking)
        self.cancel.setEnabled(count > 0 and not lacking)
        self.cancel.setToolTip(lacking or "Cancel the selected open orders (Del)")
        self.cancel.setText(f"Cancel {count} selected" if count > 1 else "Cancel selected")

    def _open_details(self, _: Order) -> None:
        if not self.amending.isVisible():
            self.split.want_detail(True)
            self._show_details()

    def _show_details(self) -> None:
        if self.details.isHidden():
            return
        chosen = self.table.selected()
        if len(chosen) == 1:
            self.details.show_order(chosen[0], self._times.of(chosen[0]))


def _none(count: int) -> str:
    return "" if count else "None of these is open."
