"""The fields of an order ticket: what a person types and chooses, which fields a type takes, and what is wrong with them."""

from decimal import Decimal

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument, decimals, on_tick, price_step
from qv_desktop.domain.orders import Side, TimeInForce
from qv_desktop.ui import theme
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.order_draft import KINDS, TIMES, Field, Typed, number

_LOT = 100
_PRICES: tuple[Field, ...] = ("limit", "stop", "trail", "take_profit", "stop_loss")
_ROWS: dict[str, tuple[Field, ...]] = {  # row of complaints -> the fields above it
    "size": ("quantity",),
    "price": ("limit", "stop", "trail", "tif"),
    "bracket": ("take_profit", "stop_loss"),
}


class Choice(QComboBox):
    """A list that the mouse wheel does not change: scrolling past a ticket must not alter an order."""

    def __init__(self, name: str, options: tuple[str, ...]) -> None:
        super().__init__()
        self.addItems(options)
        self.setAccessibleName(name)
        self.setFont(theme.bold())
        self.setMinimumWidth(56)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class OrderFields(QWidget):
    """Emits ``changed`` at every edit and ``price_asked`` with Bid, Mid, Ask or Last."""

    changed = Signal()
    price_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.instrument: Instrument | None = None
        self.reference: Decimal | None = None  # where an empty price field starts to step from
        self.limit_typed = False
        self.quantity = NumberField("Quantity, shares")
        self.kind = Choice("Order type", tuple(KINDS))
        self.tif = Choice("Time in force", tuple(TIMES))
        self.prices: dict[Field, NumberField] = {
            "limit": NumberField("Limit price"), "stop": NumberField("Stop price"), "trail": NumberField("Trail"),
            "take_profit": NumberField("Take profit price"), "stop_loss": NumberField("Stop loss price"),
        }  # fmt: skip
        self.extended = QCheckBox("Ext. hours")
        self.extended.setFixedHeight(26)
        self.touches = theme.Segmented(("Bid", "Mid", "Ask", "Last"))
        self._complaints: dict[str, QLabel] = {}  # row -> its sentence
        self._lots: list[QWidget] = []
        self._middle = theme.caption("Stop")  # or Trail
        self._lay_out()
        self._connect()
        self.kind.setCurrentText("Limit")
        self.quantity.setText(str(_LOT))

    def typed(self, symbol: str, side: Side) -> Typed:
        """The fields as they stand, for an order in ``symbol``."""
        kind = KINDS[self.kind.currentText()]
        texts = {name: field.text() for name, field in self.prices.items()}
        return Typed(symbol, side, self.quantity.text(), kind, texts["limit"], texts["stop"], texts["trail"],
                     TIMES[self.tif.currentText()], self.extended.isChecked(), texts["take_profit"], texts["stop_loss"])  # fmt: skip

    def shares(self) -> Decimal | None:
        """The quantity, or None while it cannot be read."""
        try:
            return number(self.quantity.text())
        except BadInput:
            return None

    def show_complaints(self, complaints: dict[Field, str]) -> None:
        """One sentence under each row that has something wrong; empty fields are marked and not scolded."""
        for name, field in {"quantity": self.quantity, **self.prices}.items():
            field.complain(complaints.get(name, ""))
        for row, names in _ROWS.items():
            text = next((complaints[name] for name in names if name in complaints), "")
            self._complaints[row].setText(text)
            self._complaints[row].setVisible(bool(text))

    def set_price(self, name: Field, price: Decimal | None) -> None:
        """Put ``price`` into a field in the instrument's precision, or empty it."""
        self.prices[name].setText("" if price is None else self._formatted(price))

    def set_kind(self, title: str, time_in_force: TimeInForce | None = None) -> None:
        """Choose a type, and a time in force where one is given."""
        self.kind.setCurrentText(title)
        if time_in_force is not None and self.tif.isEnabled():
            self.tif.setCurrentText(next(text for text, value in TIMES.items() if value is time_in_force))

    def empty(self) -> None:
        """Forget every price, as for another symbol."""
        self.limit_typed = False
        for field in self.prices.values():
            field.clear()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        middle = QWidget()
        stack = QHBoxLayout(middle)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addWidget(self.prices["stop"])
        stack.addWidget(self.prices["trail"])
        column.addLayout(_row(("Quantity", self._lot_row()), ("Type", self.kind)))
        column.addWidget(self._complaint("size"))
        column.addLayout(_row(("Limit", self.prices["limit"]), (self._middle, middle), ("Time in force", self.tif)))
        column.addWidget(self._complaint("price"))
        column.addWidget(self.touches)
        column.addLayout(_row(("Take profit", self.prices["take_profit"]), ("Stop loss", self.prices["stop_loss"]),
                              ("Session", self.extended)))  # fmt: skip
        column.addWidget(self._complaint("bracket"))

    def _lot_row(self) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for sign, text in ((-1, "−"), (1, "+")):
            lot = theme.button(text)
            lot.setFixedWidth(26)
            lot.setStyleSheet("padding: 0;")
            lot.setToolTip(f"{_LOT} shares {'less' if sign < 0 else 'more'}")
            lot.setAccessibleName(f"{_LOT} shares {'less' if sign < 0 else 'more'}")
            lot.clicked.connect(lambda _=False, by=sign * _LOT: self._step_quantity(by))
            self._lots.append(lot)
        for part in (self._lots[0], self.quantity, self._lots[1]):
            row.addWidget(part)
        return box

    def _complaint(self, row: str) -> QLabel:
        sentence = theme.label("", "hint")
        sentence.setStyleSheet(f"color: {theme.BAD};")
        sentence.setWordWrap(True)
        sentence.hide()
        self._complaints[row] = sentence
        return sentence

    def _connect(self) -> None:
        for touch in ("Bid", "Mid", "Ask", "Last"):
            self.touches.segment(touch).setCheckable(False)  # they fill a field once and stay unpressed
        self.touches.chosen.connect(self.price_asked)
        self.quantity.stepped.connect(self._step_quantity)
        self.quantity.textChanged.connect(self.changed)
        self.prices["limit"].textEdited.connect(self._limit_edited)
        for name, field in self.prices.items():
            field.textChanged.connect(self.changed)
            field.stepped.connect(lambda steps, name=name: self._step_price(name, steps))
        self.kind.currentTextChanged.connect(self._adapt)
        self.tif.currentTextChanged.connect(self._adapt)
        self.extended.toggled.connect(self.changed)

    def _limit_edited(self) -> None:
        self.limit_typed = True

    def _step_quantity(self, by: int) -> None:
        shares = self.shares()
        self.quantity.setText(f"{max(Decimal(1), (shares or Decimal(0)) + by):f}")

    def _step_price(self, name: Field, steps: int) -> None:
        """One price step up or down; a trail in percent steps by a tenth."""
        try:
            start = number(self.prices[name].text())
        except BadInput:
            start = Decimal(0) if name == "trail" else self.reference or Decimal(0)
        percent = name == "trail" and KINDS[self.kind.currentText()].trail == "%"
        step = Decimal("0.1") if percent else self._step_at(start)
        price = max(start + steps * step, step)
        self.limit_typed = self.limit_typed or name == "limit"
        self.prices[name].setText(str(price) if percent else self._formatted(price))

    def _step_at(self, price: Decimal) -> Decimal:
        return Decimal("0.01") if self.instrument is None else price_step(self.instrument, price)

    def _formatted(self, price: Decimal) -> str:
        if self.instrument is None:
            return f"{price:.2f}"
        legal = on_tick(self.instrument, price)
        return f"{legal:.{decimals(self.instrument, legal)}f}"

    def _adapt(self) -> None:
        """Enable what the chosen type takes, and say of the rest why it does not."""
        kind = KINDS[self.kind.currentText()]
        with QSignalBlocker(self.tif):
            self._imply(kind.implies)
        self._enable("limit", kind.limit, f"{kind.title} orders have no limit price.")
        self._enable("stop", kind.stop, f"{kind.title} orders have no stop price.")
        self.prices["stop"].setVisible(not kind.trail)
        self.prices["trail"].setVisible(bool(kind.trail))
        self._middle.setText(f"TRAIL, {kind.trail}" if kind.trail else "STOP")
        for name in ("take_profit", "stop_loss"):
            self._enable(name, kind.brackets, f"{kind.title} orders take no profit or loss orders.")
        late = kind.title == "Limit" and TIMES[self.tif.currentText()] in (TimeInForce.DAY, TimeInForce.GTC)
        self.extended.setEnabled(late)
        self.extended.setToolTip(
            "Trade from 04:00 to 20:00 ET" if late else "Extended hours take Limit orders with Day or GTC."
        )
        if not late:
            self.extended.setChecked(False)
        self.touches.setEnabled(kind.limit or kind.stop)
        self.changed.emit()

    def _imply(self, time: TimeInForce | None) -> None:
        if time is not None:
            self.tif.setCurrentText(next(text for text, value in TIMES.items() if value is time))
        elif not self.tif.isEnabled():
            self.tif.setCurrentText("Day")
        self.tif.setEnabled(time is None)

    def _enable(self, name: Field, on: bool, reason: str) -> None:
        field = self.prices[name]
        field.setEnabled(on)
        field.setToolTip("" if on else reason)


def _row(*parts: tuple[str | QLabel, QWidget]) -> QHBoxLayout:
    """Captioned fields of equal width, whatever is in them."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for title, widget in parts:
        over = theme.caption(title) if isinstance(title, str) else title
        over.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        over.setFixedHeight(13)
        widget.setFixedHeight(26)
        widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(over)
        column.addWidget(widget, 1)
        row.addLayout(column, 1)
    return row
