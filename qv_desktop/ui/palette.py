"""The command palette: symbols, commands, and orders in words, which only fill the ticket."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.orders import OrderType, Side, TimeInForce
from qv_desktop.domain.typed_numbers import read
from qv_desktop.ui import theme
from qv_desktop.ui.actions import Actions, Command, key_text
from qv_desktop.ui.models.cells import Index

MOST = 12  # rows
ROW = 32  # px
_CHOICE = Qt.ItemDataRole.UserRole + 1

_ORDER = re.compile(
    r"(?P<side>buy|sell|b|s)\s+(?P<quantity>[\d,]+(?:\.\d+)?)(?P<kilo>k)?\s+(?P<symbol>[a-z][a-z.\-]{0,9})"
    r"(?:\s+@?(?P<limit>\d+(?:\.\d+)?))?(?:\s+stop\s+(?P<stop>\d+(?:\.\d+)?))?(?:\s+(?P<time>day|gtc|ioc|fok|opg|cls))?",
    re.IGNORECASE,
)
_BEGUN = re.compile(r"(buy|sell|b|s)\s+[\d.,]*k?(\s.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OrderWords:
    """An order as typed, for the ticket to be filled with; prices in dollars."""

    side: Side
    quantity: Decimal
    symbol: str
    limit: Decimal | None
    stop: Decimal | None
    time_in_force: TimeInForce

    @property
    def type(self) -> OrderType:
        """The order type that the prices given amount to."""
        if self.stop is None:
            return OrderType.MARKET if self.limit is None else OrderType.LIMIT
        return OrderType.STOP if self.limit is None else OrderType.STOP_LIMIT

    def __str__(self) -> str:
        price = f" at {self.limit}" if self.limit is not None else " at market" if self.stop is None else ""
        stop = f", stop {self.stop}" if self.stop is not None else ""
        return f"{self.side.upper()} {self.quantity:,f} {self.symbol}{price}{stop}, {self.time_in_force.upper()}"


def order_words(text: str) -> OrderWords | None:
    """The order that ``text`` such as ``buy 100 aapl 231.4 day`` means, or None when it is not one in full."""
    found = _ORDER.fullmatch(text.strip())
    if not found:
        return None
    try:
        amount = read(found["quantity"], found["quantity"])
    except BadInput:
        return None
    quantity = (amount or Decimal(0)) * (1000 if found["kilo"] else 1)
    limit, stop = (Decimal(found[name]) if found[name] else None for name in ("limit", "stop"))
    if quantity <= 0:
        return None
    side = Side.BUY if found["side"].lower().startswith("b") else Side.SELL
    return OrderWords(
        side, quantity, found["symbol"].upper(), limit, stop, TimeInForce((found["time"] or "day").lower())
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One row: what it is, what it says, what stands at its right, and what it does."""

    kind: str  # symbol, command, order, hint
    title: str
    hint: str = ""
    value: object = None
    enabled: bool = True


def choices(
    text: str, instruments: Sequence[Instrument], commands: Sequence[Command], actions: Actions | None = None
) -> list[Choice]:
    """What ``text`` may mean, best first; at most a dozen."""
    words = text.strip()
    order = order_words(words)
    if order is not None:
        return [Choice("order", str(order), "fills the ticket", order)]
    if _BEGUN.fullmatch(words):
        return [
            Choice("hint", "buy 100 aapl 231.4 day", "side · shares · symbol · limit · stop 229 · time", enabled=False)
        ]
    symbols = [Choice("symbol", i.symbol, i.name, i.symbol) for i in matching(words, instruments)]
    wanted = words.casefold().split()
    found = [c for c in commands if all(word in c.title.casefold() for word in wanted)]
    found.sort(
        key=lambda c: not all(f" {word}" in f" {c.title.casefold()}" for word in wanted)
    )  # beginnings of words first
    rows = [Choice("command", c.title, _aside(c, actions), c.id, not (actions and actions.reason(c.id))) for c in found]
    return (symbols[: MOST if words else 4] + rows)[:MOST]


def matching(text: str, instruments: Sequence[Instrument]) -> list[Instrument]:
    """Instruments whose symbol is ``text``, begins with it, or whose name holds it, in this order."""
    wanted, inside = text.upper(), text.casefold()
    exact = [i for i in instruments if i.symbol == wanted]
    begins = [i for i in instruments if i.symbol.startswith(wanted) and i.symbol != wanted]
    begins.sort(key=lambda i: (len(i.symbol), i.symbol))
    named = (
        [i for i in instruments if inside in i.name.casefold() and not i.symbol.startswith(wanted)]
        if len(text) > 1
        else []
    )
    return (exact + begins + named)[:MOST]


def _aside(command: Command, actions: Actions | None) -> str:
    return (actions.reason(command.id) if actions else "") or key_text(
        actions.keys(command.id) if actions else command.keys
    )


class _Rows(QStyledItemDelegate):
    """A mark for the kind, the title, and the hint at the right."""

    _INK = {"symbol": "ACCENT", "command": "TX2", "order": "GOOD", "hint": "TX2"}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        choice: Choice = index.data(_CHOICE)
        rect: QRect = option.rect
        painter.fillRect(rect, theme.color("SELECTION" if option.state & QStyle.StateFlag.State_Selected else "BG2"))
        painter.setFont(theme.tiny())
        painter.setPen(theme.color(self._INK[choice.kind]))
        painter.drawText(rect.adjusted(12, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, choice.kind.upper())
        painter.setFont(theme.bold())
        painter.setPen(theme.color("TX0" if choice.enabled else "TX2"))
        painter.drawText(rect.adjusted(84, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter, choice.title)
        room = rect.adjusted(84 + painter.fontMetrics().horizontalAdvance(choice.title) + 16, 0, -12, 0)
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX2"))
        hint = painter.fontMetrics().elidedText(choice.hint, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, hint)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)


class Palette(QFrame):
    """A field with its answers, over ``window``. Escape or a click elsewhere closes it."""

    symbol_chosen = Signal(str)
    command_chosen = Signal(str)
    order_drafted = Signal(object)  # OrderWords

    def __init__(self, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._actions, self._window = actions, window
        self._instruments: list[Instrument] = []
        self.setObjectName("palette")
        self.setFixedWidth(560)
        self.field = QLineEdit(placeholderText="Symbol, command, or an order such as “buy 100 aapl 231.4 day”")
        self.field.setAccessibleName("Search symbols and commands")
        self.field.setObjectName("palette-field")
        self.list = QListWidget()
        self.list.setObjectName("palette-list")
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setAccessibleName("Answers")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 4)
        column.setSpacing(0)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._take)
        self.hide()

    def show_instruments(self, instruments: Iterable[Instrument]) -> None:
        """The symbols that can be found."""
        self._instruments = sorted(instruments, key=lambda i: i.symbol)

    def open(self, text: str = "") -> None:
        """Open with ``text`` in the field."""
        self.field.setText(text)
        self._search(text)
        self.show()
        self.raise_()
        self.field.setFocus()

    def rows(self) -> list[Choice]:
        """The answers shown."""
        return [self.list.item(i).data(_CHOICE) for i in range(self.list.count())]

    def _search(self, text: str) -> None:
        self.list.clear()
        commands = [c for c in self._actions.available() if c.id != "palette" and not self._actions.hidden(c.id)]
        for choice in choices(text, self._instruments, commands, self._actions):
            item = QListWidgetItem(choice.title, self.list)
            item.setData(_CHOICE, choice)
            item.setToolTip(choice.hint)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(max(1, self.list.count()) * ROW)
        self.adjustSize()
        self.move((self._window.width() - self.width()) // 2, 52)

    def _take(self) -> None:
        here = self.list.currentRow()
        if here < 0 or not (choice := self.rows()[here]).enabled:
            return
        self.hide()
        signal = {"symbol": self.symbol_chosen, "command": self.command_chosen, "order": self.order_drafted}[
            choice.kind
        ]
        signal.emit(choice.value)

    def _key(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None and self.list.count():
            self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            return False
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        if event.type() == QEvent.Type.FocusOut and not self.list.underMouse():
            self.hide()
        return False
