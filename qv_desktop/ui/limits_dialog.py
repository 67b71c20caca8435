"""The account's risk limits: shown to whoever may see risk, changed by whoever may change it."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.domain.limits import Limits
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint
from qv_desktop.ui.models.number_field import NumberField

WIDTH = 420  # px
FIELDS: dict[str, tuple[str, str]] = {  # a limit's name -> what it is called, its unit
    "order_value": ("Value of an order", "$"),
    "order_quantity": ("Shares in an order", "shares"),
    "position_fraction": ("A position", "% of equity"),
    "gross_fraction": ("All positions together", "% of equity"),
    "daily_loss": ("Loss in a day", "$"),
    "collar": ("Limit price away from the last", "%"),
    "quote_age": ("Age of the quote", "s"),
    "orders_per_minute": ("Orders in a minute", "orders"),
    "duplicate_seconds": ("The same order again only after", "s"),
}


class LimitsDialog(QDialog):
    """Says ``saved`` with what is typed, once it makes sense, and waits to be told what became of it."""

    saved = Signal(object)  # Limits

    def __init__(self, limits: Limits, reason: str = "", parent: QWidget | None = None) -> None:
        """``reason`` says why nothing can be changed, if so."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Risk limits")
        self.setFixedWidth(WIDTH)
        self._limits = limits
        self.fields = {name: NumberField(title, arrows=False, letters="") for name, (title, _) in FIELDS.items()}
        self.save, self.close_ = theme.button("Save", "primary"), theme.button("Close", "ghost")
        self._message = theme.label("", "label")
        self._lay_out(reason)
        self.show_limits(limits)
        for control in (*self.fields.values(), self.save):
            control.setEnabled(not reason)
            control.setToolTip(reason)
        self.save.clicked.connect(self._ask)
        self.close_.clicked.connect(self.reject)

    def show_limits(self, limits: Limits) -> None:
        """The limits in force."""
        self._limits = limits
        for name, field in self.fields.items():
            field.setText(_text(name, getattr(limits, name)))
            field.complain("")

    def show_message(self, text: str, *, good: bool = False) -> None:
        """What became of it."""
        tint(self._message, "GOOD" if good else "BAD")
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def _ask(self) -> None:
        read = {name: _value(name, field.text()) for name, field in self.fields.items()}
        for name, field in self.fields.items():
            field.complain("" if read[name] is not None else "A number of zero or more is wanted here.")
        wrong = [FIELDS[name][0] for name, value in read.items() if value is None]
        if wrong:
            whole = ", a whole one" if wrong[0] == FIELDS["orders_per_minute"][0] else ""
            self.show_message(f"{wrong[0]}: type a number of zero or more{whole}.")
            return
        self.show_message("")
        self.saved.emit(replace(self._limits, **read))  # type: ignore[arg-type]  # none is missing

    def _lay_out(self, reason: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        column.addWidget(theme.label("No more than", "title"))
        grid = QGridLayout()
        grid.setColumnStretch(0, 1)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        for row, (name, (title, unit)) in enumerate(FIELDS.items()):
            field = self.fields[name]
            field.setFixedWidth(110)
            field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for place, widget in enumerate((theme.label(title, "label"), field, theme.label(unit, "hint"))):
                grid.addWidget(widget, row, place)
        column.addLayout(grid)
        hint = theme.label(reason or "Tighter limits count at once; wider ones take your password.", "hint")
        for label in (hint, self._message):
            label.setWordWrap(True)
            column.addWidget(label)
        self._message.hide()
        row_ = QHBoxLayout()
        row_.addStretch(1)
        for button in (self.close_, self.save):
            button.setAutoDefault(False)
            row_.addWidget(button)
        column.addLayout(row_)


def _text(name: str, value: Decimal | int) -> str:
    shown = value * 100 if FIELDS[name][1].startswith("%") else value
    return f"{Decimal(shown).normalize():,f}"


def _value(name: str, text: str) -> Decimal | int | None:
    """What was typed, or None when it is no number of zero or more."""
    try:
        value = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or value < 0:
        return None
    if name == "orders_per_minute":
        return int(value) if value == value.to_integral_value() else None
    return value / 100 if FIELDS[name][1].startswith("%") else value
