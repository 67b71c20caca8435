"""How much: a number, what it counts, what it comes to in shares, and buttons for the usual steps."""

from collections.abc import Callable
from decimal import Decimal

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from qv_desktop.domain.cautions import LARGE
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sizing import Sizing
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.layouts import Steady, across, tint
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.order_draft import number
from qv_desktop.ui.models.order_kinds import MEASURES, SIZINGS

LOT = 100
PARTS = {"25%": Decimal("0.25"), "50%": Decimal("0.5"), "100%": Decimal(1)}


class SizeFields(QWidget):
    """The strip of buttons under the quantity; the quantity, its measure and its result are placed by who owns it.

    Emits ``changed`` at every edit and ``part_asked`` with a share of what can be traded (0.25 = a quarter).
    """

    changed = Signal()
    part_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.quantity = NumberField(MEASURES[Sizing.SHARES].field)
        self.sizing = Choice("What the quantity counts", tuple(SIZINGS))
        self.sizing.setToolTip(
            "What the quantity counts: shares, dollars, percent of equity, or dollars that the stop may lose"
        )
        self.result = Steady("hint")
        self.result.hide()
        self.lots = [self._lot(-LOT, "−100"), self._lot(LOT, "+100")]
        self.parts = {text: self._part(text, share) for text, share in PARTS.items()}
        self._worked: Decimal | None = None  # shares that the number comes to
        self._price: Decimal | None = None  # dollars a share
        self.setLayout(across(*self.lots, *self.parts.values(), spacing=3))
        self.quantity.setText(str(LOT))
        self.quantity.textChanged.connect(self.changed)
        self.quantity.stepped.connect(lambda steps: self._step(steps * MEASURES[self.mode].step))
        self.sizing.currentTextChanged.connect(self._measured)

    @property
    def mode(self) -> Sizing:
        """What the number counts."""
        return SIZINGS[self.sizing.currentText()]

    @property
    def shares(self) -> Decimal | None:
        """The shares that the number comes to, or None while that is unknown."""
        if self.mode is not Sizing.SHARES:
            return self._worked
        try:
            return number(self.quantity.text())
        except BadInput:
            return None

    def set_shares(self, shares: Decimal) -> None:
        """Trade so many shares."""
        with QSignalBlocker(self.quantity), QSignalBlocker(self.sizing):
            self.set_text(f"{shares:f}", Sizing.SHARES)
        self.changed.emit()

    def set_text(self, text: str, mode: Sizing) -> None:
        """Fill number and measure in."""
        self.sizing.setCurrentText(MEASURES[mode].title)
        self.quantity.setAccessibleName(MEASURES[mode].field)
        self.quantity.setText(text)

    def show_worth(self, shares: Decimal | None, price: Decimal | None) -> None:
        """What the number comes to, where it does not count shares itself."""
        self._worked, self._price = shares, price
        counts = self.mode is Sizing.SHARES
        worth = "" if shares is None or price is None else f" · {words.money(shares * price)}"
        text = "" if counts or shares is None else f"= {words.quantity(shares)} sh{worth}"
        self.result.show_text(text)
        large = shares is not None and price is not None and shares * price > LARGE
        tint(self.result, "WARN" if large else "TX2")
        self.result.setVisible(bool(text))
        self.quantity.setAccessibleDescription(text)

    def _measured(self) -> None:
        """Another measure goes on from the same shares, or from nothing: a number must not grow by a choice of words."""
        shares, price, mode = self._worked, self._price, self.mode
        text = ""
        if shares is not None and mode is Sizing.SHARES:
            text = f"{shares:f}"
        elif shares is not None and price is not None and mode is Sizing.NOTIONAL:
            text = f"{shares * price:.2f}"
        with QSignalBlocker(self.quantity):
            self.set_text(text, mode)
        self.changed.emit()

    def _lot(self, by: int, text: str) -> QPushButton:
        return self._small(text, f"{LOT} shares {'less' if by < 0 else 'more'}", lambda: self._lots_more(by))

    def _part(self, text: str, share: Decimal) -> QPushButton:
        return self._small(
            text, f"{text} of the buying power, or of the position when closing", lambda: self.part_asked.emit(share)
        )

    def _small(self, text: str, name: str, does: Callable[[], object]) -> QPushButton:
        button = theme.button(text)
        button.setFixedHeight(22)
        button.setMinimumWidth(30)
        button.setFont(theme.small())
        button.setStyleSheet("padding: 0;")
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.clicked.connect(lambda _=False: does())
        return button

    def _lots_more(self, by: int) -> None:
        self.set_shares(max(Decimal(1), (self.shares or Decimal(0)) + by))

    def _step(self, by: int) -> None:
        try:
            now = number(self.quantity.text())
        except BadInput:
            now = Decimal(0)
        self.quantity.setText(f"{max(Decimal(1), now + by):f}")
