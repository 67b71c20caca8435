"""Trading keys: armed and disarmed, and what each does once they are armed."""

import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.events import ArmingChanged, KillChanged
from qv_desktop.domain.market import money
from qv_desktop.domain.orders import Side
from qv_desktop.services.arming import Arming, hindrance
from qv_desktop.ui.actions import COMMANDS
from qv_desktop.ui.models.key_watch import Watched
from qv_desktop.wiring import Desk
from qv_desktop.wiring.key_deeds import KeyDeeds

OFF = "Trading keys are off; press {} to arm them."
FILLS = {"keys.buy": Side.BUY, "keys.sell": Side.SELL}  # letters, so only where nobody types
LOCK = "lock"  # heard in every window: as a shortcut it would be silent behind a dialog and in a floating panel
WHERE_FILLS = ("watchlist", "quotes", "chart")  # panels
_TYPING = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox)

type OnSymbol = Callable[[str], Awaitable[str]]  # does it, and says in a sentence what was done


class HotkeysWiring:
    """Hears the window's key watch. ``symbol`` gives the symbol that keys act on; ``feed`` names the stream of order news."""

    def __init__(self, desk: Desk, symbol: Callable[[], str], feed: str) -> None:
        self._desk, self._symbol, self._aim = desk, symbol, ""
        services = desk.services
        self.deeds = KeyDeeds(services.orders, services.positions, services.flattening, "keys")
        self.cancel_symbol: OnSymbol = self.deeds.cancel_symbol
        self.cancel_all: Callable[[], Awaitable[str]] = self.deeds.cancel_all
        self.flatten: OnSymbol = self.deeds.flatten
        self.keys: dict[str, tuple[str, ...]] = {
            command.id: command.keys for command in COMMANDS
        }  # as this person has them
        self.arming = Arming(services.bus.publish, lambda: hindrance(
            services.login, services.feeds.states, services.feeds.primary, feed, locked=desk.window.isHidden()))  # fmt: skip
        self._listen()
        self.show()

    def _listen(self) -> None:
        window, bus = self._desk.window, self._desk.services.bus
        watch = window.safety.watch
        watch.wanted = self.wanted
        watch.pressed.connect(self._pressed)
        watch.holding.connect(self._holding)
        watch.let_go.connect(lambda _id: window.safety.hint.hide())
        watch.held.connect(self._held)
        watch.touched.connect(self.arming.touched)
        window.command.connect(self._command)
        window.safety.pill.clicked.connect(lambda: self.arming.disarm("disarmed by hand"))
        window.health.arming_asked.connect(self.turn)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._in_front)
        bus.subscribe(ArmingChanged, self._changed)
        bus.subscribe(KillChanged, lambda event: self.arming.disarm("the kill switch was used"))
        self.rebind(self.keys)

    def rebind(self, keys: dict[str, tuple[str, ...]]) -> None:
        """Take these keys from now on: command id -> its keys, for every command."""
        self.keys = keys
        heard = [c for c in COMMANDS if c.scope in ("armed", "held") or c.id == LOCK]
        watched = {c.id: Watched(keys.get(c.id, c.keys), c.hold) for c in heard}
        self._desk.window.safety.watch.listen(watched)
        self.show()

    # ---- armed or not

    def turn(self) -> None:
        """Arm when disarmed, and the other way round."""
        if self.arming.armed:
            self.arming.disarm("disarmed by hand")
        elif why := self.arming.arm():
            self._tell("warning", "Trading keys stay off", f"They cannot be armed now: {why}.", "keys")

    def _command(self, id_: str) -> None:
        if id_ == "keys.arm":
            self.turn()

    def _in_front(self, state: Qt.ApplicationState) -> None:
        self.arming.in_front(state is Qt.ApplicationState.ApplicationActive)

    async def _record(self, event: ArmingChanged) -> None:
        """Armed or not is recorded; keys that cannot be recorded do not stay armed."""
        services = self._desk.services
        action = "keys.arm" if event.armed else "keys.disarm"
        was, now = json.dumps({"armed": not event.armed}), json.dumps({"armed": event.armed})
        try:
            await services.kill.note(
                Draft(services.login.actor, action, "keys", "trading keys", reason=event.why, before=was, after=now)
            )
        except DatabaseDown:
            self.arming.disarm("that they are armed cannot be written down")
            raise

    def _changed(self, event: ArmingChanged) -> None:
        self._spawn(self._record(event))
        if not event.armed:
            self._tell(
                "info", "Trading keys are off", f"{event.why[:1].upper()}{event.why[1:]}.", f"keys off {event.why}"
            )
        self.show()

    def tick(self) -> None:
        """Four times a second: disarm when something speaks against it, and count down."""
        self.arming.tick()
        self.show()

    def show(self) -> None:
        """Pill and status bar as it is now."""
        safety, arm = self._desk.window.safety, self._key("keys.arm")
        if self.arming.armed:
            safety.pill.show_armed(self._symbol(), self.arming.left, self._tip())
            self._desk.window.health.show_keys(True, "Trading keys act; click to disarm them")
        else:
            safety.pill.hide()
            self._desk.window.health.show_keys(
                False, f"Trading keys do nothing: {self.arming.why}. Click or press {arm} to arm them."
            )

    def _tip(self) -> str:
        names = {"keys.cancel_symbol": "cancels the symbol's orders", "keys.cancel_all": "cancels all orders",
                 "keys.flatten": "held for a second, flattens the symbol"}  # fmt: skip
        return "\n".join([*(f"{self._key(id_)} {words}" for id_, words in names.items()), "Click to disarm."])

    def _key(self, id_: str) -> str:
        return " or ".join(self.keys.get(id_, ())) or "no key"

    # ---- keys

    def wanted(self, id_: str) -> bool:
        """Whether a key means its command now: letters are typed where one types, and a dialog keeps trading keys to itself."""
        if isinstance(QApplication.focusWidget(), QKeySequenceEdit):
            return False  # somebody is choosing keys, not pressing them
        if id_.startswith("kill") or id_ == LOCK:
            return True
        if QApplication.activeModalWidget() is not None or self._desk.window.isHidden():
            return False
        if id_ not in FILLS:
            return True
        typing = isinstance(QApplication.focusWidget(), _TYPING)
        return not typing and self._desk.window.focused_panel().partition("-")[0] in WHERE_FILLS

    def _pressed(self, id_: str) -> None:
        if id_ == LOCK:
            self._desk.window.command.emit(LOCK)
            return
        if self._off(id_):
            return
        if id_ in FILLS:
            self._fill(FILLS[id_])
        elif id_ == "keys.cancel_all":
            self._spawn(self._done("Cancel all", self.cancel_all()))
        elif id_ == "keys.cancel_symbol" and (symbol := self._chosen()):
            self._spawn(self._done(f"Cancel {symbol}", self.cancel_symbol(symbol)))

    def _off(self, id_: str) -> bool:
        """Whether the keys are off, which is then said. What speaks against them is looked for now, for it may be newer than a beat."""
        self.arming.tick()
        if id_.startswith("kill") or self.arming.armed:
            return False
        self._tell("warning", "Trading keys are off", OFF.format(self._key("keys.arm")), "keys off")
        return True

    def _holding(self, id_: str, share: float) -> None:
        hint = self._desk.window.safety.hint
        if id_.startswith("kill"):
            kill = self._desk.services.kill
            hint.show_share(kill.lacking() or f"Hold to KILL. {kill.intent()}", share)
            return
        if (
            share == 0.0
        ):  # what is flattened is what was in focus when the key went down, and only if keys were armed then
            self._aim = "" if self._off(id_) else self._chosen()
        if self._aim:
            hint.show_share(self._flatten_words(self._aim), share)

    def _flatten_words(self, symbol: str) -> str:
        count, held = len(self.deeds.working(symbol)), self.deeds.held(symbol)
        close = f"closes {held:+,f} at market".replace("-", "−") if held else "holds no position"
        return f"Hold to FLATTEN {symbol}: cancels {count} working, {close}"

    def _held(self, id_: str) -> None:
        self._desk.window.safety.hint.hide()
        symbol, self._aim = self._aim, ""
        if id_ == "keys.flatten" and symbol and not self._off(id_):
            self._spawn(self._done(f"Flatten {symbol}", self.flatten(symbol)))

    def _chosen(self) -> str:
        symbol = self._symbol()
        if not symbol:
            self._tell(
                "warning",
                "No symbol",
                "Choose a symbol first; keys act on the one that the panel in focus shows.",
                "keys",
            )
        return symbol

    async def _done(self, title: str, deed: Awaitable[str]) -> None:
        self._tell("info", f"Keys: {title}", await deed, "")

    def _fill(self, side: Side) -> None:
        """The ticket at the touch; nothing is sent."""
        symbol = self._chosen()
        if not symbol:
            return
        quote = self._desk.services.market.snapshot(symbol).quote
        price = None if quote is None else quote.ask if side is Side.BUY else quote.bid
        self._desk.panels.ticket.fill_from(symbol, side, None, None if not price else money(price))
        self._desk.window.raise_panel("ticket")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def _tell(self, urgency: Any, title: str, text: str, key: str) -> None:
        self._desk.services.notices.tell(urgency, title, text, key)
