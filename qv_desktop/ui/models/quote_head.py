"""The head of a ticket: symbol, name, exchange, the national best bid and offer, the spread and how old it is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.instruments import Instrument, decimals
from qv_desktop.domain.market import Snapshot, money
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import Steady, across, tint

_STALE = 2.0  # seconds, from which a quote is no ground for a price


class QuoteHead(QWidget):
    """Emits ``symbol_typed`` with another symbol than the one shown, in capitals."""

    symbol_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.symbol = QLineEdit()
        self.symbol.setAccessibleName("Symbol")
        self.symbol.setPlaceholderText("Symbol")
        self.symbol.setToolTip("Type another symbol and press Enter")
        self.symbol.setMaxLength(12)
        self.symbol.setFixedWidth(72)
        self.symbol.setFont(theme.strong())
        self.listing, self.age = theme.label("", "hint"), Steady("hint")
        self.listing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bid, self.spread, self.ask = Steady(), Steady("hint"), Steady()
        for figure in (self.age, self.ask):
            figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._shown = ""
        self._instrument: Instrument | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        first = across(self.symbol, self.listing, self.age)
        first.setStretch(1, 1)
        column.addLayout(first)
        column.addLayout(across(self.bid, None, self.spread, None, self.ask))
        self.symbol.editingFinished.connect(self.enter)
        self.show_quote(None, None)

    def show_symbol(self, symbol: str) -> None:
        """Turn to ``symbol``, of which nothing is known yet."""
        self._shown = symbol
        self.symbol.setText(symbol)
        self.show_instrument(None, known=True)
        for figure in (self.age, self.bid, self.spread, self.ask):
            figure.shrink()
        self.show_quote(None, None)

    def show_instrument(self, instrument: Instrument | None, *, known: bool) -> None:
        """Name and exchange; None that is not ``known`` is a symbol the broker does not list."""
        self._instrument = instrument
        self.listing.setToolTip(
            f"{instrument.name} · {instrument.exchange}{_lending(instrument)[1]}" if instrument else ""
        )
        self._elide("" if known else "not listed at the broker")

    def show_quote(self, snapshot: Snapshot | None, age: float | None) -> None:
        """The market, its quote ``age`` seconds old: faded once it is no ground for a price."""
        quote = snapshot.quote if snapshot else None
        fresh = age is not None and age <= _STALE
        halted = snapshot is not None and snapshot.halted
        old = "" if fresh else "old "
        self.age.show_text("HALTED" if halted else f"{old}quote {words.age(age)}" if quote else "no quote")
        tint(self.age, "BAD" if halted else "TX2" if fresh or quote is None else "WARN")
        self.bid.show_text(f"{self._price(quote.bid)} × {words.quantity(quote.bid_size)}" if quote else "— × —")
        self.ask.show_text(f"{self._price(quote.ask)} × {words.quantity(quote.ask_size)}" if quote else "— × —")
        self.spread.show_text(f"spread {self._price(quote.ask - quote.bid, quote.ask)}" if quote else "spread —")
        tint(self.bid, "UP" if fresh else "TX2")
        tint(self.ask, "DOWN" if fresh else "TX2")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _price(self, value: float, near: float | None = None) -> str:
        """In the instrument's precision at its own price, or at that of ``near``."""
        size = money(value if near is None else near)
        return words.price(value, decimals(self._instrument, size) if self._instrument else 2)

    def _elide(self, missing: str = "") -> None:
        """The name gives way before the exchange does."""
        found = self._instrument
        if found is None:
            self.listing.setText(missing)
            return
        metrics = QFontMetrics(self.listing.font())
        tail = f" · {found.exchange}{_lending(found)[0]}"
        room = self.listing.width() - metrics.horizontalAdvance(tail) - 2
        self.listing.setText(f"{metrics.elidedText(found.name, Qt.TextElideMode.ElideRight, max(room, 30))}{tail}")

    def enter(self) -> None:
        """Take the symbol that stands in the field, as Enter does."""
        symbol = self.symbol.text().strip().upper()
        if symbol and symbol != self._shown:
            self.symbol_typed.emit(symbol)
        self.symbol.setText(symbol or self._shown)


def _lending(found: Instrument) -> tuple[str, str]:
    """How shares are lent: a mark, and a sentence; nothing where they are easy to borrow."""
    if not found.shortable:
        return " · no short", ". It cannot be sold short at the broker."
    return ("", "") if found.easy_to_borrow else (" · HTB", ". Hard to borrow: the broker may refuse to sell it short.")
