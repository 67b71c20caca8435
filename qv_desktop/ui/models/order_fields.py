"""The fields of an order ticket: what a person types and chooses, which fields a type takes, and what is wrong with them."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument, decimals, on_tick, price_step
from qv_desktop.domain.offsets import offset
from qv_desktop.domain.orders import OrderClass, Side, TimeInForce
from qv_desktop.domain.sizing import Sizing
from qv_desktop.domain.ticket_presets import TicketPreset
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.attribution import Attribution
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.complaint import Complaint
from qv_desktop.ui.models.field_reasons import Chosen, class_reasons, field_reasons, kind_reasons, life_reasons
from qv_desktop.ui.models.field_rows import field_row, refuse
from qv_desktop.ui.models.layouts import Steady
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.order_draft import EXITS, Field, Typed, number
from qv_desktop.ui.models.order_kinds import CLASSES, KINDS, TIMES, Kind, title_of
from qv_desktop.ui.models.size_fields import SizeFields

_ROWS: dict[str, tuple[Field, ...]] = {  # row of complaints -> the fields above it
    "size": ("quantity",),
    "price": ("limit", "stop", "trail", "tif"),
    "bracket": ("take_profit", "stop_loss", "loss_limit", "class"),
}
NOTHING: Mapping[Field, Decimal] = MappingProxyType({})
_EXIT_WORDS: dict[Field, str] = {"stop_loss": "stop", "take_profit": "profit", "loss_limit": "limit"}
_EXIT_TITLES: dict[Field, str] = {"stop_loss": "stop loss", "take_profit": "take profit", "loss_limit": "loss limit"}
_EXIT_TIP = "A price, or a distance: 2%, 2R (times the risk), +1.50 or -1.50"


class OrderFields(QWidget):
    """Emits ``changed`` at every edit and ``price_asked`` with Bid, Mid, Ask or Last."""

    changed = Signal()
    price_asked = Signal(str)
    leaving_asked = Signal()  # an OCO was chosen

    def __init__(self) -> None:
        super().__init__()
        self.instrument: Instrument | None = None
        self.reference: Decimal | None = None  # where an empty price field starts to step from
        self.limit_typed = False
        self._closed: Mapping[TimeInForce, str] = {}  # lives that the broker does not take now -> why
        self._leaving = ""  # why there is nothing that an OCO could close
        self._dropped = ""  # which exits were taken out, because the type takes none
        self._class_chosen = False  # by the person; otherwise the exits make the class
        self.amount = SizeFields()
        self.quantity = self.amount.quantity
        self.kind = Choice("Order type", tuple(KINDS))
        self.tif = Choice("Time in force", tuple(TIMES))
        self.order_class = Choice("Order class", tuple(CLASSES))
        self.prices: dict[Field, NumberField] = {
            "limit": NumberField("Limit price"), "stop": NumberField("Stop price"), "trail": NumberField("Trail"),
            "take_profit": NumberField("Take profit", letters="kmr"), "stop_loss": NumberField("Stop loss", letters="kmr"),
            "loss_limit": NumberField("Limit of the stop loss"),
        }  # fmt: skip
        self.extended = QCheckBox("Ext. hours")
        self.attribution = Attribution()
        self.placed = Steady("hint")  # the prices that distances come to
        self.placed.hide()
        self.touches = theme.Segmented(("Bid", "Mid", "Ask", "Last"))
        self._complaints: dict[str, Complaint] = {}  # row -> its sentence
        self._offered: dict[str, tuple[Field, Decimal] | None] = {}  # row -> the field and the value that it would take
        self._middle = theme.caption("Stop")  # or Trail
        self._lay_out()
        self._connect()
        self.kind.setCurrentText("Limit")

    # ---- what stands in them

    def typed(self, symbol: str, side: Side) -> Typed:
        """The fields as they stand, for an order in ``symbol``."""
        texts = {name: field.text() for name, field in self.prices.items()}
        kind = KINDS[self.kind.currentText()]
        chosen = CLASSES[self.order_class.currentText()] if self._class_chosen and kind.brackets else None
        return Typed(
            symbol, side, self.quantity.text(), kind, texts["limit"], texts["stop"], texts["trail"], TIMES[self.tif.currentText()],
            self.extended.isChecked(), texts["take_profit"], texts["stop_loss"], texts["loss_limit"], chosen, self.amount.mode,
            self.attribution.source, self.attribution.note.text(),
        )  # fmt: skip

    def shares(self) -> Decimal | None:
        """The shares to trade, or None while they are unknown."""
        return self.amount.shares

    @property
    def pair(self) -> bool:
        """Whether the two exits of a position are asked for."""
        return CLASSES[self.order_class.currentText()] is OrderClass.OCO

    def preset(self) -> TicketPreset:
        """What can be used again; prices cannot."""
        exits = {name: self.prices[name].text() if _is_distance(self.prices[name].text()) else "" for name in EXITS}
        chosen = CLASSES[self.order_class.currentText()].value if self._class_chosen and not self.pair else ""
        return TicketPreset(self.quantity.text(), self.amount.mode.value, self.kind.currentText(), self.tif.currentText(),
                            self.extended.isChecked(), chosen, **exits)  # fmt: skip

    # ---- filling them in

    def use(self, preset: TicketPreset) -> None:
        """Fill everything but prices from ``preset``; words that the lists do not have are passed over."""
        with QSignalBlocker(self):
            self._choose_class(OrderClass.SIMPLE)
            self.amount.set_text(preset.quantity, Sizing(preset.sizing) if preset.sizing in Sizing else Sizing.SHARES)
            self.kind.setCurrentText(preset.kind if preset.kind in KINDS else "Limit")
            if self._takes(self.tif) and preset.life in TIMES:
                self.tif.setCurrentText(preset.life)
            for name, text in zip(EXITS, (preset.stop_loss, preset.take_profit, preset.loss_limit), strict=True):
                self.prices[name].setText(text)
            if preset.order_class in (OrderClass.BRACKET, OrderClass.OTO):
                self._choose_class(OrderClass(preset.order_class))
            self._adapt()
            self.extended.setChecked(preset.extended and self._takes(self.extended))
        self.changed.emit()

    def set_price(self, name: Field, price: Decimal | None) -> None:
        """Put ``price`` into a field in the instrument's precision, or empty it."""
        self.prices[name].setText("" if price is None else self._formatted(price))

    def set_kind(self, title: str, time_in_force: TimeInForce | None = None) -> None:
        """Choose a type, and a time in force where one is given; an OCO, which has none of its own, ends."""
        if self.pair:
            self.choose_class(OrderClass.SIMPLE)
        self.kind.setCurrentText(title)
        if time_in_force is not None and self._takes(self.tif):
            self.tif.setCurrentText(title_of(TIMES, time_in_force))

    def make_plain(self) -> None:
        """A simple order for the day in regular hours, without exits: what others fill in must not meet what is left over."""
        with QSignalBlocker(self):
            self._choose_class(OrderClass.SIMPLE)
            for name in EXITS:
                self.prices[name].clear()
            self.extended.setChecked(False)
            if self._takes(self.tif):
                self.tif.setCurrentText("Day")
        self._adapt()

    def choose_class(self, chosen: OrderClass) -> None:
        """Choose a class as a person would."""
        self._choose_class(chosen)
        self._adapt()
        if self.pair:
            self.leaving_asked.emit()

    def empty(self) -> None:
        """Forget every price and whose the order is, as for another symbol; distances stay."""
        self.attribution.forget()
        self.limit_typed, self._dropped = False, ""
        for name, field in self.prices.items():
            if name not in EXITS or not _is_distance(field.text()):
                field.clear()

    # ---- what is true around them

    def show_closed(self, closed: Mapping[TimeInForce, str]) -> bool:
        """Which lives the broker does not take now, and why; whether that is news."""
        if closed == self._closed:
            return False
        self._closed = closed
        self._show_reasons()
        return True

    def show_leaving(self, why: str) -> None:
        """Why there is nothing that an OCO could close; empty when there is."""
        if why != self._leaving:
            self._leaving = why
            self._show_reasons()

    @property
    def closed(self) -> Mapping[TimeInForce, str]:
        """The lives that the broker does not take now."""
        return self._closed

    def show_complaints(self, complaints: Mapping[Field, str], nearest: Mapping[Field, Decimal] = NOTHING) -> None:
        """One sentence under each row that has something wrong, with the ``nearest`` value that its field would take."""
        for name, field in {"quantity": self.quantity, **self.prices}.items():
            field.complain(complaints.get(name, ""))
        for row, names in _ROWS.items():
            wrong = next((name for name in names if name in complaints), None)
            offer = nearest.get(wrong) if wrong is not None else None
            self._offered[row] = None if wrong is None or offer is None else (wrong, offer)
            text = complaints[wrong] if wrong else self._dropped if row == "bracket" else ""
            self._complaints[row].show_text(text, "" if offer is None else f"{offer:f}")
        for name in EXITS:
            if self.prices[name].isEnabled() and not self.prices[name].toolTip():
                self.prices[name].setToolTip(_EXIT_TIP)

    def show_values(self, values: Mapping[Field, Decimal], base: Decimal | None) -> None:
        """What the fields come to: shares, and for each exit its price, or how far from ``base`` the price is."""
        self.amount.show_worth(values.get("quantity"), base)
        placed: list[str] = []
        for name in EXITS:
            price = values.get(name)
            if price is None:
                self.prices[name].show_suffix("")
            elif _is_distance(self.prices[name].text()):
                self.prices[name].show_suffix("")
                placed.append(f"{_EXIT_WORDS[name]} {self._formatted(price)}")
            else:
                self.prices[name].show_suffix(words.percent((price - base) / base) if base else "")
        self.placed.show_text(f"= {' · '.join(placed)}" if placed else "")
        self.placed.setVisible(bool(placed))

    # ---- building

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        middle = QWidget()
        stack = QHBoxLayout(middle)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addWidget(self.prices["stop"])
        stack.addWidget(self.prices["trail"])
        column.addLayout(field_row(("Size by", self.amount.sizing), ("Quantity", self.quantity), ("Type", self.kind)))
        column.addWidget(self.amount.result)
        column.addWidget(self._complaint("size"))
        column.addWidget(self.amount)
        column.addLayout(
            field_row(("Limit", self.prices["limit"]), (self._middle, middle), ("Time in force", self.tif))
        )
        column.addWidget(self._complaint("price"))
        column.addWidget(self.touches)
        column.addLayout(field_row(("Take profit", self.prices["take_profit"]), ("Stop loss", self.prices["stop_loss"]),
                              ("Loss limit", self.prices["loss_limit"])))  # fmt: skip
        column.addWidget(self.placed)
        column.addWidget(self._complaint("bracket"))
        column.addLayout(field_row(("", self.order_class), ("", self.extended)))
        column.addWidget(self.attribution)

    def _complaint(self, row: str) -> Complaint:
        made = self._complaints[row] = Complaint()
        made.taken.connect(lambda: self._take_offer(row))
        return made

    def _take_offer(self, row: str) -> None:
        name, value = self._offered.get(row) or ("", None)
        if name == "quantity" and value is not None:
            self.quantity.setText(f"{value:f}")
        elif name in self.prices and value is not None:
            self.limit_typed = self.limit_typed or name == "limit"
            self.set_price(name, value)

    def _connect(self) -> None:
        for touch in ("Bid", "Mid", "Ask", "Last"):
            segment = self.touches.segment(touch)
            segment.setCheckable(False)  # they fill a field once and stay unpressed
            segment.setFixedHeight(22)
        self.touches.chosen.connect(self.price_asked)
        self.amount.changed.connect(self.changed)
        self.prices["limit"].textEdited.connect(self._limit_edited)
        for name, field in self.prices.items():
            field.textChanged.connect(self._exits_changed if name in EXITS else self.changed)
            field.stepped.connect(lambda steps, name=name: self._step_price(name, steps))
        self.kind.currentTextChanged.connect(self._adapt)
        self.tif.currentTextChanged.connect(self._adapt)
        self.order_class.activated.connect(lambda place: self.choose_class(CLASSES[self.order_class.itemText(place)]))
        self.extended.toggled.connect(self.changed)
        self.attribution.changed.connect(self.changed)

    # ---- hands

    def _limit_edited(self) -> None:
        self.limit_typed = True

    def _step_price(self, name: Field, steps: int) -> None:
        """One price step up or down; a trail in percent and a distance in % or R step by a tenth."""
        if name in EXITS and _is_distance(self.prices[name].text()):
            self._step_distance(name, steps)
            return
        try:
            start = number(self.prices[name].text())
        except BadInput:
            start = Decimal(0) if name == "trail" else self.reference or Decimal(0)
        percent = name == "trail" and KINDS[self.kind.currentText()].trail == "%"
        step = Decimal("0.1") if percent else self._step_at(start)
        price = max(start + steps * step, step)
        self.limit_typed = self.limit_typed or name == "limit"
        self.prices[name].setText(str(price) if percent else self._formatted(price))

    def _step_distance(self, name: Field, steps: int) -> None:
        found = offset(self.prices[name].text())
        if found is None:
            return
        step = self._step_at(self.reference or Decimal(1)) if found.unit == "$" else Decimal("0.1")
        amount = found.amount + steps * step
        unit = "" if found.unit == "$" else found.unit
        self.prices[name].setText(f"{amount:+f}{unit}" if found.signed else f"{max(amount, step):f}{unit}")

    def _step_at(self, price: Decimal) -> Decimal:
        return Decimal("0.01") if self.instrument is None else price_step(self.instrument, price)

    def _formatted(self, price: Decimal) -> str:
        if self.instrument is None:
            return f"{price:.2f}"
        legal = on_tick(self.instrument, price)
        return f"{legal:.{decimals(self.instrument, legal)}f}"

    # ---- what goes with what

    def _takes(self, widget: QWidget) -> bool:
        """Whether a control is on by itself, even while the whole ticket is off."""
        return widget.isEnabledTo(self)

    def _choose_class(self, chosen: OrderClass) -> None:
        """Simple is left to the exits again, and takes those away that are there; an OCO is a limit order to the broker."""
        self._class_chosen = chosen is not OrderClass.SIMPLE
        self.order_class.setCurrentText(title_of(CLASSES, chosen))
        with QSignalBlocker(self):
            if chosen is OrderClass.OCO:
                self.kind.setCurrentText("Limit")
            if not self._class_chosen:
                for name in EXITS:
                    with QSignalBlocker(self.prices[name]):
                        self.prices[name].clear()

    def _exits_changed(self) -> None:
        """Unless the person chose, the exits that are there make the class."""
        if not self._class_chosen:
            hangs = sum(bool(self.prices[name].text().strip()) for name in ("take_profit", "stop_loss"))
            made = (OrderClass.SIMPLE, OrderClass.OTO, OrderClass.BRACKET)[hangs]
            self.order_class.setCurrentText(title_of(CLASSES, made))
        self._adapt()

    def _adapt(self) -> None:
        """Enable what the chosen type takes, and say of the rest why it does not."""
        kind = KINDS[self.kind.currentText()]
        self._drop_exits(kind)
        with QSignalBlocker(self.tif):
            self._imply(kind.implies)
        self.prices["stop"].setVisible(not kind.trail)
        self.prices["trail"].setVisible(bool(kind.trail))
        self._middle.setText(f"TRAIL, {kind.trail}" if kind.trail else "STOP")
        self._show_reasons()
        if not self._takes(self.extended):
            self.extended.setChecked(False)
        self.changed.emit()

    def _drop_exits(self, kind: Kind) -> None:
        """A type that takes no exits empties their fields, and says so: what is seen is what is sent."""
        texts = {name: self.prices[name].text().strip() for name in EXITS}
        there = [f"{_EXIT_TITLES[name]} {text}" for name, text in texts.items() if text]
        if kind.brackets:
            self._dropped = ""
            return
        if there or self._class_chosen:
            self._choose_class(OrderClass.SIMPLE)
        if there:
            self._dropped = f"{kind.title} orders take no exits; taken out: {', '.join(there)}."

    def _chosen(self) -> Chosen:
        kind = KINDS[self.kind.currentText()]
        loss, profit = (bool(self.prices[name].text().strip()) for name in ("stop_loss", "take_profit"))
        return Chosen(kind, CLASSES[self.order_class.currentText()], TIMES[self.tif.currentText()],
                      kind.brackets and (loss or profit), loss, self._closed, self._leaving)  # fmt: skip

    def _show_reasons(self) -> None:
        chosen = self._chosen()
        widgets: dict[str, QWidget] = {str(name): field for name, field in self.prices.items()}
        widgets |= {"kind": self.kind, "tif": self.tif, "class": self.order_class, "extended": self.extended}
        for name, why in field_reasons(chosen).items():
            refuse(widgets[name], why)
        for choice, reasons in ((self.kind, kind_reasons(chosen)), (self.tif, life_reasons(chosen)),
                                (self.order_class, class_reasons(chosen))):  # fmt: skip
            for option, why in reasons.items():
                choice.forbid(option, why)
        self.touches.setEnabled((chosen.kind.limit and not chosen.pair) or chosen.kind.stop)
        if self._takes(self.extended):
            self.extended.setToolTip("Trade from 04:00 to 20:00 ET")

    def _imply(self, time: TimeInForce | None) -> None:
        if time is not None:
            self.tif.setCurrentText(title_of(TIMES, time))
        elif not self._takes(self.tif):
            self.tif.setCurrentText("Day")


def _is_distance(text: str) -> bool:
    try:
        return offset(text) is not None
    except BadInput:
        return False
