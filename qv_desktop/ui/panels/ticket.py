"""The order ticket: what to trade, at which price, what it would do, what the rules say, and a send that needs two presses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QPushButton

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Snapshot, money
from qv_desktop.domain.orders import OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import Check
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.ticket_presets import TicketPreset
from qv_desktop.ui.hold import Repeats
from qv_desktop.ui.models.intents import Heard, Intents
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.order_draft import Draft, Facts, base_price, drafted
from qv_desktop.ui.models.order_ids import OrderIds
from qv_desktop.ui.models.order_kinds import KINDS
from qv_desktop.ui.models.order_lines import effects, rule_line
from qv_desktop.ui.models.order_parts import part_of
from qv_desktop.ui.models.order_preview import Around, previewed, ranked, sentence, verb
from qv_desktop.ui.models.review import ReviewWatch
from qv_desktop.ui.models.ticket_beside import Beside, closed_auctions
from qv_desktop.ui.models.ticket_form import TicketForm
from qv_desktop.ui.models.ticket_words import (
    became,
    button_words,
    nearest_value,
    nothing_to_close,
    touch_price,
    why_no_short,
)


class TicketPanel(TicketForm):
    """Emits ``submitted(OrderRequest)`` at the second press, ``draft_changed(OrderRequest)`` at every usable edit (None
    once the fields make no order), and ``symbol_asked(str)`` when another symbol is typed; ``symbol_shown(str)`` once it shows another one.

    What was reviewed is frozen: while an order waits for its second press, or for the book, no price changes its shares.
    """

    name = "ticket"
    title = "Order ticket"

    submitted = Signal(object)
    draft_changed = Signal(object)
    symbol_asked = Signal(str)
    symbol_shown = Signal(str)
    preset_save_asked = Signal(str, object)  # name, TicketPreset
    preset_delete_asked = Signal(str)

    def __init__(self, install: str) -> None:
        """``install`` names this installation in client order ids; its first eight characters are used."""
        super().__init__()
        self._intents, self._beside = Intents(OrderIds(install)), Beside()
        self._told = ("", "")  # what was said of the last intent that was taken
        self._review, self._repeats = ReviewWatch(self), Repeats()
        self._draft, self._facts = Draft(None, {}), Facts()
        self._checks: tuple[Check, ...] = ()  # the rules' newest answers
        self._closed: str | None = None  # why trading is off for now
        self._lacking = ""  # why the person may not trade at all
        self._emitted: OrderRequest | None = None
        self._connect()
        self._changed()

    # ---- in

    @property
    def symbol(self) -> str:
        """What it shows, or ""."""
        return self._beside.symbol

    @property
    def side(self) -> Side:
        """Which way it would trade."""
        return self._beside.side

    def show_symbol(self, symbol: str) -> None:
        """Turn to ``symbol`` without asking for it, as when another panel chose it; prices are forgotten."""
        symbol = symbol.strip().upper()
        if symbol == self.symbol:
            return
        self._beside.turn(symbol)
        self.fields.instrument = self.fields.reference = None
        self.head.show_symbol(symbol)
        self.fields.empty()
        self._changed()
        self.symbol_shown.emit(symbol)

    def show_snapshot(self, snapshot: Snapshot, age: float | None) -> None:
        """The market of the ticket's symbol, its quote ``age`` seconds old; other symbols are passed over."""
        beside = self._beside
        if snapshot.symbol != beside.symbol:
            return
        was_halted, beside.snapshot, beside.quote_age = beside.halted, snapshot, age
        self._review.follow(beside.market)
        self.fields.reference = None if snapshot.last is None else money(snapshot.last)
        self.head.show_quote(snapshot, age)
        if not self.fields.prices["limit"].text():
            self._price_at_touch()
        self._follow()
        if beside.halted != was_halted:
            self._show_button()

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Name, exchange and price step of the ticket's symbol; None when the broker does not list it."""
        if instrument is not None and instrument.symbol != self.symbol:
            return
        self._beside.instrument = self.fields.instrument = instrument
        self.head.show_instrument(instrument, known=instrument is not None or not self.symbol)
        self._changed()

    def show_account(self, account: Account) -> None:
        """Balances that the preview counts from."""
        self._beside.account = account
        self._follow()

    def show_position(self, position: Position | None) -> None:
        """What is held in the ticket's symbol; positions of other symbols are passed over."""
        if position is not None and position.symbol != self.symbol:
            return
        before, self._beside.position = self._beside.held, position
        if self._beside.held != before:
            self._changed()  # a sale may have become a short: what was reviewed must be read again

    def show_around(self, gross: Decimal | None, daily_loss: Decimal | None, average_volume: float | None) -> None:
        """Dollars held long and short, the limit of a day's loss in dollars, and the symbol's average shares a day."""
        self._beside.around = Around(gross, daily_loss, average_volume)
        self._show_preview()

    def show_session(self, session: MarketSession | None, at: datetime) -> None:
        """Today's session (None on a day without one) and the time: which auctions still take orders."""
        if not self.fields.show_closed(closed_auctions(session, at)):
            return
        request = self._draft.request
        if request is not None and request.time_in_force in self.fields.closed:
            self._changed()  # even what was reviewed: it would come too late
        else:
            self._follow()

    def show_presets(self, named: Mapping[str, TicketPreset]) -> None:
        """The presets that have names."""
        self.presets.show_presets(named)

    def show_strategies(self, names: Sequence[str]) -> None:
        """The strategies that an order can count for."""
        self.fields.attribution.show_strategies(names)

    def fill_for(self, symbol: str, last: TicketPreset | None, usual: Decimal) -> None:
        """Fill the fields for the ticket's symbol as they were ``last`` used in it, and know its ``usual`` shares."""
        if symbol == self.symbol:
            self._beside.usual = usual
            self.presets.fill_for(symbol, last)

    def remembered(self, symbol: str, last: TicketPreset, usual: Decimal) -> None:
        """What was sent is now what was last used in ``symbol``, and this is what is ``usual``."""
        if symbol == self.symbol:
            self._beside.usual = usual
            self.presets.remember(symbol, last)

    def show_preview(self, checks: Sequence[Check]) -> None:
        """What the rules say of the last ``draft_changed``: refusals first, then what comes near its limit, warnings with it."""
        request = self._draft.request
        self._checks = tuple(checks) if request else ()
        warnings = self._beside.warnings(request) if request and checks else ()
        self.rules.show_lines([rule_line(check) for check in ranked((*self._checks, *warnings))])

    def fill_from(self, symbol: str, side: Side | None = None, quantity: Decimal | None = None,
                  limit: Decimal | None = None, time_in_force: TimeInForce | None = None) -> None:  # fmt: skip
        """Fill the fields that are given, and send nothing; asks for the symbol when it is another one."""
        if symbol.strip().upper() != self.symbol:
            self.show_symbol(symbol)
            self.symbol_asked.emit(self.symbol)
        if side is not None:
            self._choose(side)
        if quantity is not None:
            self.fields.make_plain()
            self.fields.amount.set_shares(quantity)
        if limit is not None:
            self.fields.limit_typed = True
            self.fields.set_price("limit", limit)
        self.fields.set_kind("Market" if limit is None and quantity is not None else "Limit", time_in_force)

    def fill_at(self, symbol: str, side: Side, kind: OrderType, price: Decimal) -> None:
        """Fill in a limit or stop order at a price that was chosen elsewhere, and send nothing; the quantity stays."""
        self.fill_from(symbol, side)
        self.fields.set_kind("Stop" if kind is OrderType.STOP else "Limit")
        if kind is OrderType.STOP:
            self.fields.set_price("stop", price)
        else:
            self.fields.limit_typed = True
            self.fields.set_price("limit", price)

    def intent_taken(self, client_order_id: str, status: OrderStatus = OrderStatus.INTENT, reason: str = "") -> None:
        """The sent intent is in the book and stands at ``status``: the next one gets an id of its own. What comes of the last
        one later, such as the broker's rejection, is told, too."""
        words = became(status, reason)
        match self._intents.heard(client_order_id):
            case Heard.PRESENT:
                self._told = words
                self.fields.attribution.forget_note()
                self._read()
                self._say(*words)
                self._show_button()
                self._announce()
                self._follow()
            case Heard.LAST if words != self._told:
                self._tell_last(words)

    def _tell_last(self, words: tuple[str, str]) -> None:
        """News of the last order; a review that stands in its place must be read again, unless all is well."""
        before, self._told = self._told, words
        if words[1] != "GOOD":
            if self._intents.reviewed is not None:
                self._changed()
            self._say(*words)
        elif self.message.text() == before[0]:
            self._say(*words)

    def intent_failed(self, client_order_id: str, why: str) -> None:
        """The sent intent never reached the book: unchanged, it can be sent again, under the same id."""
        if self._intents.answered(client_order_id):
            self._say(f"Not sent: {why}", "BAD")

    def set_enabled(self, reason: str | None) -> None:
        """Switch the ticket off with one sentence of ``reason``, or on with None."""
        if reason != self._closed:  # told again and again; what is being reviewed must outlive that
            self._closed = reason
            self._show_refused()

    def forbid(self, why: str) -> None:
        """Why the person may not trade, whatever the market does; nothing when they may."""
        self._lacking = why
        self._show_refused()

    @property
    def _refused(self) -> str | None:
        """Why the whole ticket is off."""
        return self._lacking or self._closed

    def _show_refused(self) -> None:
        for part in (self.fields, self.sides):
            part.setEnabled(self._refused is None)
        self._review.stop()
        self._intents.reviewed = None
        self._say(self._refused or "", "WARN")
        self._show_button()

    @property
    def draft(self) -> OrderRequest | None:
        """The request that the fields make now, or None while they make none."""
        return self._intents.named(self._draft.request)

    # ---- hands

    def _connect(self) -> None:
        self.head.symbol_typed.connect(self._symbol_typed)
        self.sides.chosen.connect(self._choose_segment)
        self.fields.changed.connect(self._changed)
        self.fields.price_asked.connect(self._price_at)
        self.fields.leaving_asked.connect(self._leave)
        self.fields.amount.part_asked.connect(self._trade_part)
        self.rules.taken.connect(self._take_nearest)
        self.presets.applied.connect(self.fields.use)
        self.presets.delete_asked.connect(self.preset_delete_asked)
        self.presets.save_asked.connect(self._name_preset)
        self.send.clicked.connect(self._press)
        self._review.stale.connect(self._read_again)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setAutoRepeat(False)  # keys that are held are one press
            shortcut.activated.connect(self._press)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if plain and event.key() in (Qt.Key.Key_B, Qt.Key.Key_S) and self._refused is None:
            self._choose_by_key(self._buy if event.key() == Qt.Key.Key_B else self._sell)
        elif event.key() == Qt.Key.Key_Escape and self._intents.reviewed is not None:
            self._changed()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._repeats.released(event)
        super().keyReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keys that are held down are no second press of the shortcut that sends."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._only_held(event):
            event.accept()
            return True
        return super().event(event)

    def _only_held(self, event: QKeyEvent) -> bool:
        return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._repeats.holds(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """What was read is forgotten out of sight, as behind the lock: another hand could send it."""
        self._review.hide()
        super().hideEvent(event)

    def _read_again(self, why: str) -> None:
        if self._intents.reviewed is not None:
            self._changed()
            self._say(why, "WARN")

    def _symbol_typed(self, symbol: str) -> None:
        self.show_symbol(symbol)
        self.symbol_asked.emit(symbol)

    def _choose(self, side: Side) -> None:
        """Turn to buying or selling; a limit that was never typed moves to that side's touch."""
        self._beside.side = side
        (self._buy if side is Side.BUY else self._sell).setChecked(True)
        self._price_at_touch()
        self._changed()

    def _choose_segment(self, text: str) -> None:
        """A method and no lambda, which would keep the panel alive until one of its own parts is torn down."""
        self._choose(Side.BUY if text == "BUY" else Side.SELL)

    def _choose_by_key(self, segment: QPushButton) -> None:
        if segment.isEnabled():
            self._choose(Side.BUY if segment is self._buy else Side.SELL)
        else:
            self._say(segment.toolTip(), "WARN")

    def _leave(self) -> None:
        """An OCO starts from the side that closes what is held, and all of it."""
        held = self._beside.held
        if held:
            self._choose(Side.SELL if held > 0 else Side.BUY)
            self.fields.amount.set_shares(abs(held))

    def _trade_part(self, share: Decimal) -> None:
        """A quarter, half or all of what closes the position, or of what the buying power carries."""
        beside, price = self._beside, base_price(self._draft.values, self._facts)
        try:
            shares = part_of(share, beside.side, beside.held, beside.account, price, beside.ask)
        except BadInput as error:
            self._say(str(error), "BAD")
            return
        self.fields.amount.set_shares(shares)

    def _take_nearest(self, code: str) -> None:
        """Put the value that a rule would pass into the field that it is about."""
        check = next((one for one in self._checks if one.code == code and one.nearest), None)
        if check is None:
            return
        name, value = nearest_value(check, self._draft.values)
        if name == "quantity":
            self.fields.amount.set_shares(value)
        else:
            self.fields.limit_typed = self.fields.limit_typed or name == "limit"
            self.fields.set_price(name, value)

    def _name_preset(self) -> None:
        preset = self.fields.preset()
        self.naming.ask_name("Name of the preset", "Save", lambda name: self.preset_save_asked.emit(name, preset))

    def _price_at_touch(self) -> None:
        """A limit that nobody typed stands at the touch: buying at the ask, selling at the bid."""
        price = self._beside.touch
        if price is not None and not self.fields.limit_typed:
            self.fields.set_price("limit", price)

    def _price_at(self, touch: str) -> None:
        """Put the bid, mid, ask or last into the limit, or into the stop where the type has no limit."""
        price = touch_price(touch, self._beside.snapshot)
        kind = KINDS[self.fields.kind.currentText()]
        if price is not None:
            self.fields.set_price("stop" if kind.stop and not kind.limit else "limit", price)

    def _press(self) -> None:
        """First press: the sentence to read. Second press, with nothing changed between: the order.

        Keys leave no field, and so the symbol that is typed is taken first: what is seen is what is sent."""
        self.head.enter()
        request = self.draft
        if self._beside.halted:
            self._say(f"{self.symbol} is halted; wait until it trades again.", "WARN")
        elif self._refused is not None or request is None:
            self._point_at_complaint()
        elif self._intents.under_way:
            self._say("The order before is still on its way; wait for the book to take it.", "WARN")
        elif self._intents.reviewed != request:
            self._show_review(request)
        else:
            self._review.stop()
            self._intents.send(request)
            self._say("Sent; waiting for the book to take it.", "TX1")
            self._show_button()
            self.submitted.emit(request)

    def _show_review(self, request: OrderRequest) -> None:
        """The sentence to read, and what the rules would say to it."""
        self._intents.reviewed = request
        self._review.begin(self._beside.market if request.limit is None else None)
        refused = ", ".join(check.title.lower() for check in self._checks if not check.passed)
        doubt = f" The rules would refuse it: {refused}." if refused else ""
        self._say(f"Send {sentence(request, self._verb())}?{doubt}", "BAD" if refused else "TX0")
        self._show_button()

    def _point_at_complaint(self) -> None:
        """Show and focus the first field that stands in the way, the empty ones now included."""
        self.fields.show_complaints(self._draft.complaints, self._draft.nearest)
        if "symbol" in self._draft.complaints:
            self.head.symbol.setFocus()
            self._say(self._draft.complaints["symbol"], "BAD")
            return
        fields = {
            "quantity": self.fields.quantity,
            "tif": self.fields.tif,
            "class": self.fields.order_class,
            **self.fields.prices,
        }
        for name, field in fields.items():
            if name in self._draft.complaints:
                field.setFocus()
                return

    # ---- state

    def _verb(self) -> str:
        return self._beside.verb(self.fields.shares())

    def _read(self) -> None:
        """The fields as an order, beside what is true now."""
        beside = self._beside
        self._facts = beside.facts(self.fields.closed)
        self._draft = drafted(self.fields.typed(beside.symbol, beside.side), beside.instrument, self._facts)
        self.fields.show_values(self._draft.values, base_price(self._draft.values, self._facts))

    def _follow(self) -> None:
        """The market or the account moved: sizes in dollars and exits at a distance move along, unless the order was read."""
        if not self._intents.frozen and self._beside.facts(self.fields.closed) != self._facts:
            before = self._draft
            self._read()
            if self._draft != before:
                self._scold()
                self._show_sides()
                self._show_button()
                self._announce()
        self._show_preview()

    def _changed(self) -> None:
        """Something in the order changed: read it anew, forget the review, and ask what the rules say."""
        self._read()
        self._review.stop()
        self._intents.changed(self._draft.request)
        self._scold()
        self._say(self._refused or "", "WARN")
        self._show_sides()
        self._show_preview()
        self._show_button()
        self._announce()

    def _scold(self) -> None:
        """What is wrong; of fields that are still empty only once the order is asked for."""
        fields = {"quantity": self.fields.quantity, **self.fields.prices}
        empty = {name for name, field in fields.items() if not field.text().strip()}
        told = {name: why for name, why in self._draft.complaints.items() if name not in empty}
        self.fields.show_complaints(told, self._draft.nearest)

    def _announce(self) -> None:
        request = self.draft
        if request is None:
            self.show_preview(())
        if request != self._emitted:
            self._emitted = request
            self.draft_changed.emit(request)

    # ---- eyes

    def _show_sides(self) -> None:
        beside = self._beside
        held, shares = (
            (beside.held, self.fields.shares()) if beside.symbol else (Decimal(1), None)
        )  # nothing to short yet
        self._buy.setText(verb(Side.BUY, held, shares))
        self._sell.setText(verb(Side.SELL, held, shares))
        forbid(self._sell, why_no_short(beside.symbol, held, beside.account, beside.instrument))
        self._sell.setAccessibleDescription(self._sell.toolTip())
        self.fields.show_leaving("" if held else nothing_to_close(beside.symbol))
        self.presets.show_fields(self.fields.preset())
        self.show_side(beside.side)

    def _show_preview(self) -> None:
        request, beside = self._draft.request, self._beside
        seen = previewed(request, beside.snapshot, beside.account, beside.held, beside.around) if request else None
        self.preview.show_lines(effects(seen, beside.held))

    def _show_button(self) -> None:
        off = "" if self._refused is None else "You may not trade" if self._lacking else "Trading is off"
        word, halted = "Review" if self._intents.reviewed is None else "Send", self._beside.halted
        self.send.setText(off or button_words(word, self._verb(), self._draft.request, halted, self.symbol))
        self.send.setEnabled(not off and not halted)
        self.send.explain(f"{self.symbol} is halted; orders are taken again once it trades." if halted else "")
