"""Orders and alerts moved on the chart: what was dropped is asked about once more before it goes to the broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from PySide6.QtCore import QObject, Signal

from qv_desktop.domain.instruments import Instrument, on_tick
from qv_desktop.domain.market import money
from qv_desktop.domain.orders import Order, OrderRequest, OrderType, Side
from qv_desktop.domain.risk import Check
from qv_desktop.ui import format
from qv_desktop.ui.chart.explorer import Explorer
from qv_desktop.ui.chart.level_hand import Levels
from qv_desktop.ui.chart.order_lines import Handle, Level
from qv_desktop.ui.models.amend_bar import PARTLY
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.order_ids import OrderIds


@dataclass(frozen=True, slots=True)
class PriceDraft:
    """An order at a price of the chart, for the ticket to fill in; nothing is sent."""

    symbol: str
    side: Side
    type: OrderType  # LIMIT or STOP
    price: Decimal


class Amending(QObject):
    """``amend_asked`` (client order id, OrderRequest with an id of its own), ``amend_drafted`` (the same, to be judged; None when
    nothing is asked any more), ``cancel_asked``, ``alert_moved`` and ``alert_removed``."""  # fmt: skip

    amend_asked = Signal(str, object)
    amend_drafted = Signal(str, object)
    cancel_asked = Signal(list)
    alert_moved = Signal(str, float)
    alert_removed = Signal(str)

    def __init__(self, canvas: Explorer, asking: ConfirmBar, install: str) -> None:
        super().__init__(canvas)
        self._canvas, self._asking, self._ids = canvas, asking, OrderIds(install)
        self._lacking: Mapping[str, str] = {}
        self._question = ""
        self.instrument: Instrument | None = None
        self.levels = Levels(canvas, self.legal, self._may, self._dropped, self._crossed)
        canvas.hands.insert(0, self.levels)
        asking.no.clicked.connect(lambda: self.amend_drafted.emit("", None))

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``amend``, ``cancel`` or ``change`` (alerts); what is absent is allowed."""
        self._lacking = lacking

    def legal(self, price: float) -> float:
        """The tradable price nearest to one."""
        stage = self._canvas.stage()
        if self.instrument is not None and (stage is None or self.instrument.symbol == stage.real.symbol):
            return float(on_tick(self.instrument, money(price)))
        return round(price, stage.decimals if stage is not None else 2)

    def _may(self, handle: Handle) -> bool:
        return "change" not in self._lacking if handle.kind == "alert" else True

    # what was dropped

    def _dropped(self, level: Level, price: float) -> None:
        handle = level.handle
        if handle is None:
            return
        if handle.kind == "alert":
            self.alert_moved.emit(handle.id, price)
        elif (why := self._lacking.get("amend")) is not None:
            self._canvas.told.emit(why)
        elif (order := self._order(handle.id)) is not None and order.filled:
            self._canvas.told.emit(PARTLY)
        elif order is not None:
            self._ask(order, handle, price)

    def _order(self, id_: str) -> Order | None:
        return next((order for order in self._canvas.holdings.orders if order.id == id_ and order.open), None)

    def _ask(self, order: Order, handle: Handle, price: float) -> None:
        request, wanted = order.request, money(price)
        before = request.stop if handle.price == "stop" else request.limit
        changed = replace(request, stop=wanted) if handle.price == "stop" else replace(request, limit=wanted)
        changed = replace(changed, client_order_id=self._ids.next())
        digits = max(2, -int(wanted.as_tuple().exponent))
        self._question = (f"{request.side.upper()} {format.quantity(order.remaining)} {request.symbol} {handle.price} "
                          f"{format.price(before, digits)} → {format.price(wanted, digits)}")  # fmt: skip
        self._asking.ask(self._question, "Change the order", lambda: self._change(order.id, changed))
        self._canvas.setFocus()  # so that Enter does not send; the button is clicked, or reached by Tab
        self.amend_drafted.emit(order.id, changed)

    def _change(self, id_: str, changed: OrderRequest) -> None:
        self.amend_drafted.emit("", None)
        if self._order(id_) is None:
            self._canvas.told.emit("This order can no longer be changed; it was filled or closed meanwhile.")
        else:
            self.amend_asked.emit(id_, changed)

    def show_verdict(self, checks: Sequence[Check]) -> None:
        """What the risk rules say of the change that is asked about."""
        if not self._asking.isVisible():
            return
        refused = [check for check in checks if not check.passed]
        words = refused[0].message or f"{refused[0].title}: {refused[0].value} of {refused[0].limit}" if refused else ""
        self._asking.question.setText(f"{self._question}   {'✗ ' + words if words else '✓ all rules pass'}")
        self._asking.question.setToolTip(self._asking.question.text())

    def _crossed(self, handle: Handle) -> None:
        """The cross of a level: an alert goes, a cancel is asked about first."""
        if handle.kind == "alert":
            self.alert_removed.emit(handle.id)
        elif (why := self._lacking.get("cancel")) is not None:
            self._canvas.told.emit(why)
        elif (order := self._order(handle.id)) is not None:
            request = order.request
            question = f"Cancel {request.side.upper()} {format.quantity(order.remaining)} {request.symbol}?"
            self._asking.ask(question, "Cancel the order", lambda: self.cancel_asked.emit([order.id]))
            self._canvas.setFocus()


def drafts_at(symbol: str, price: Decimal, last: float) -> tuple[PriceDraft, PriceDraft]:
    """What a buy and a sale at a price would be: below the market a buy is a limit and a sale a stop, above the other way round."""
    below = float(price) < last
    kinds = (OrderType.LIMIT, OrderType.STOP) if below else (OrderType.STOP, OrderType.LIMIT)
    return PriceDraft(symbol, Side.BUY, kinds[0], price), PriceDraft(symbol, Side.SELL, kinds[1], price)
