"""The strip under the orders that gives an open order new terms: only those that the broker can change, with the rules' verdict."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import PENNY, SUB_PENNY
from qv_desktop.domain.orders import Order, OrderRequest, OrderType, TimeInForce
from qv_desktop.domain.risk import Check
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import tint
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.order_draft import number, positive
from qv_desktop.ui.models.order_ids import OrderIds

_RESTS = (TimeInForce.DAY, TimeInForce.GTC)  # what a working order can be turned into
PARTLY = "Part of this order has traded: cancel it and enter a new one for what is left."  # which is not told alike everywhere
NARROW = 700  # px in which a verdict has no room beside the fields
FIELDS = {"Qty": "quantity", "Limit": "limit", "Stop": "stop", "Trail": "trail"}  # caption -> what it changes


class AmendBar(ConfirmBar):
    """``drafted`` carries the order's id and the terms as typed, or None while they cannot be read; ``asked`` sends them.

    The amended request carries a client order id of its own, as a replacement is an intent of its own.
    """

    drafted = Signal(str, object)
    asked = Signal(str, object)

    def __init__(self, install: str) -> None:
        """``install`` names this installation in the ids of amended orders."""
        super().__init__(keep="Leave it", kind="primary")
        self._ids = OrderIds(install)
        self._order: Order | None = None
        self.fields = {name: NumberField(f"New {name}") for name in FIELDS.values()}
        self._captions: dict[str, QLabel] = {}
        for caption, name in FIELDS.items():
            self._add(caption, name, self.fields[name])
        self.life = QComboBox()
        self.life.setAccessibleName("New time in force")
        self.life.setFixedSize(64, 26)
        self.body.addWidget(self.life)
        self.verdict = theme.label("", "hint")
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.verdict.setMinimumWidth(20)
        self.body.addWidget(self.verdict, 1)
        self.below = theme.label(
            "", "hint"
        )  # the verdict in a line of its own, for whoever places the bar to put under it
        self.below.setWordWrap(True)
        self.below.setContentsMargins(10, 4, 10, 6)
        self.below.hide()
        row = self.layout()
        if row is not None:  # the verdict takes the room, where a question alone would
            row.setStretch(1, 1)  # type: ignore[attr-defined]  # it is a row
            row.setStretch(2, 0)  # type: ignore[attr-defined]
        self.life.currentTextChanged.connect(lambda _: self._draft())

    def _add(self, caption: str, name: str, field: NumberField) -> None:
        self._captions[name] = theme.label(caption, "hint")
        field.setFixedWidth(84)
        self.body.addWidget(self._captions[name])
        self.body.addWidget(field)
        field.textChanged.connect(lambda _: self._draft())
        field.stepped.connect(lambda steps: self._step(field, steps, whole=name == "quantity"))

    @property
    def order(self) -> Order | None:
        """The order that is being amended, while the strip is open."""
        return self._order if not self.isHidden() else None

    def open(self, order: Order, field: str = "quantity") -> None:
        """Show the order's terms, with the keyboard in ``field``, or in the quantity where the order lacks it."""
        request, self._order = order.request, None
        terms = {"quantity": request.quantity, "limit": request.limit, "stop": request.stop, "trail": _trail(request)}
        for name, value in terms.items():
            self.fields[name].setText("" if value is None else f"{value:f}")
            self.fields[name].complain("")
            self.fields[name].setEnabled(value is not None)
            for part in (self.fields[name], self._captions[name]):
                part.setVisible(value is not None)
        self._captions["trail"].setText("Trail %" if request.trail_percent is not None else "Trail $")
        self._offer_lives(request.time_in_force)
        self._order = order
        self.verdict.setText("")
        self.ask(f"Amend {request.side.upper()} {request.symbol}", "Amend", self._send)
        focused = self.life if field == "life" else self.fields[field if terms.get(field) is not None else "quantity"]
        focused.setFocus()
        if isinstance(focused, NumberField):
            focused.selectAll()
        self._draft()

    def follow(self, order: Order) -> bool:
        """The order moved: once it is closed, or a part of it has traded, it is amended no more. Whether that ended it."""
        gone = not order.open or bool(order.filled)
        ended = self.order is not None and order.id == self.order.id and gone
        if ended:
            self.dismiss()
        return ended

    def show_verdict(self, key: str, checks: Sequence[Check]) -> None:
        """What the rules say to the terms as typed."""
        if self.order is None or self.order.id != key:
            return
        refusals = [check.message for check in checks if not check.passed]
        self._say(
            f"✗ {' '.join(refusals)}" if refusals else f"✓ {len(checks)} rules pass", "BAD" if refusals else "GOOD"
        )
        self.yes.setEnabled(not refusals)

    def _offer_lives(self, now: TimeInForce) -> None:
        with QSignalBlocker(self.life):
            self.life.clear()
            for life in dict.fromkeys((now, *_RESTS)):
                self.life.addItem("Day" if life is TimeInForce.DAY else life.upper(), life)
        self.life.setEnabled(now in _RESTS)

    def _draft(self) -> None:
        """Tell of the terms as they stand; what cannot be read is marked, with its sentence."""
        if self._order is None:
            return
        request = self._typed(self._order)
        self.yes.setEnabled(True)
        if request is not None and request == self._order.request:
            self._say("nothing changed yet", "TX2")
            request = None
        self.drafted.emit(self._order.id, request)

    def _typed(self, order: Order) -> OrderRequest | None:
        found: dict[str, Decimal] = {}
        for name, field in self.fields.items():
            if not field.isEnabled():
                continue
            try:
                found[name] = positive(field.text())
                field.complain("")
            except BadInput as error:
                field.complain(str(error))
                self._say(str(error), "BAD")
                return None
        return _amended(order.request, found, TimeInForce(self.life.currentData() or order.request.time_in_force))

    def _send(self) -> None:
        """Ask for the new terms; what cannot be read keeps the strip open with its sentence."""
        order = self._order
        request = self._typed(order) if order is not None else None
        if order is None:
            return
        if request is None:
            self.show()
            self.ask(self.question.text(), "Amend", self._send)
            next(field for field in self.fields.values() if field.property("bad")).setFocus()
        elif request != order.request:
            self.asked.emit(order.id, replace(request, client_order_id=self._ids.next()))

    def _say(self, sentence: str, token: str) -> None:
        for label in (self.verdict, self.below):
            label.setText(sentence)
            label.setToolTip(sentence)
            tint(label, token)

    def _place(self) -> None:
        """A verdict that is cut is none: where the bar is narrow, it stands below."""
        narrow = self.width() < NARROW
        self.verdict.setVisible(not narrow)
        self.question.setVisible(not narrow)
        self.below.setVisible(narrow and not self.isHidden())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _step(self, field: NumberField, steps: int, *, whole: bool) -> None:
        try:
            now = number(field.text())
        except BadInput as error:
            field.complain(str(error))
            return
        step = Decimal(1) if whole else SUB_PENNY if now < 1 else PENNY
        field.setText(f"{max(now + steps * step, step):f}")


def _trail(request: OrderRequest) -> Decimal | None:
    if request.type is not OrderType.TRAILING_STOP:
        return None
    return request.trail_percent if request.trail_percent is not None else request.trail_price


def _amended(request: OrderRequest, found: dict[str, Decimal], life: TimeInForce) -> OrderRequest:
    """The request with what was typed; a trail stays dollars or percent as it was."""
    trail, in_percent = found.get("trail"), request.trail_percent is not None
    return replace(
        request,
        quantity=found["quantity"],
        limit=found.get("limit", request.limit),
        stop=found.get("stop", request.stop),
        trail_price=request.trail_price if trail is None or in_percent else trail,
        trail_percent=trail if trail is not None and in_percent else request.trail_percent,
        time_in_force=life,
    )
