"""What a ticket is made of and how it lies in its dock: head, sides, fields, preview, rules and the button that sends."""

from itertools import pairwise

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.domain.orders import Side
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across, divider, note, paint_note
from qv_desktop.ui.models.ledger import PairLedger, scrolled
from qv_desktop.ui.models.name_bar import NameBar
from qv_desktop.ui.models.order_fields import OrderFields
from qv_desktop.ui.models.preset_menu import PresetMenu
from qv_desktop.ui.models.quote_head import QuoteHead
from qv_desktop.ui.models.rule_list import RuleList
from qv_desktop.ui.models.send_button import SendButton
from qv_desktop.ui.models.side_ground import side_ground


class TicketForm(QWidget):
    """The parts, without any of what they do."""

    def __init__(self) -> None:
        super().__init__()
        self.head = QuoteHead()
        self.sides = theme.Segmented(("BUY", "SELL"), grounds={"BUY": "buy", "SELL": "sell"})
        self._buy, self._sell = self.sides.segment("BUY"), self.sides.segment("SELL")
        for segment, name in ((self._buy, "Buy or cover"), (self._sell, "Sell or short")):
            segment.setFont(theme.bold())
            segment.setAccessibleName(name)
        self.presets, self.naming = PresetMenu(), NameBar()
        self.naming.question.hide()  # the field says it itself
        self.naming.field.setPlaceholderText("Preset name")
        self.fields = OrderFields()
        self.preview = PairLedger("What the order would do")
        empty = "The risk rules answer here once the order is complete."
        self.rules = RuleList("Rules", empty=empty, more="more rules, all listed on hovering")
        self.message = note()
        self.send = SendButton()
        self._side = Side.BUY
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(4)
        column.addWidget(self.head)
        column.addLayout(across(self.sides, self.presets))
        middle = QWidget()
        self._area = scrolled(middle)
        column.addWidget(self._area, 1)
        self._fill(middle)
        for part in (self.message, self.naming, self.send):
            column.addWidget(part)
        for first, second in pairwise(self.tab_order()):
            self.setTabOrder(first, second)

    def _fill(self, middle: QWidget) -> None:
        """Fields, preview and rules; they scroll when sentences under fields leave too little room.

        ``middle`` stands in its place already: whatever changes its parent is dressed by the style sheet once more.
        """
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.fields)
        column.addWidget(divider())
        column.addWidget(self.preview)
        column.addWidget(divider())
        self.rules.setMinimumHeight(38)  # a refusal, and how many more rules there are
        column.addWidget(self.rules, 1)
        self._area.setMinimumWidth(middle.minimumSizeHint().width())
        self._area.setMinimumHeight(200)

    def tab_order(self) -> list[QWidget]:
        """Side, quantity, type, prices, time in force, what hangs on the order, send; then what the mouse reaches first."""
        fields, amount = self.fields, self.fields.amount
        own = [fields.prices[name] for name in ("limit", "stop", "trail")]
        exits = [fields.order_class, *(fields.prices[name] for name in ("take_profit", "stop_loss", "loss_limit"))]
        rest = [amount.sizing, *amount.lots, *amount.parts.values(), self.presets.button, self.rules]
        first = [self._buy, self._sell, fields.quantity, fields.kind]
        tag = fields.attribution
        return [*first, *own, fields.tif, *exits, fields.extended, tag.strategy, tag.note, self.send, *rest]

    def show_side(self, side: Side) -> None:
        """Take the colours of buying or selling; which it is stands on the controls besides."""
        self.send.paint_side(side)
        self._side = side
        self.update()

    def _say(self, text: str, token: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))
        paint_note(self.message, token)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), side_ground(self._side))
