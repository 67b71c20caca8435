"""The status bar: each feed with its age, broker and database, rates and lags, the last reconciliation and the audit head."""

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.events import FeedChanged, HealthMeasured
from qv_desktop.domain.market import FeedState
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

_FEED_COLORS: dict[FeedState, str] = {
    "live": "GOOD", "quiet": "GOOD", "connecting": "WARN", "authenticating": "WARN", "backfilling": "WARN", "mute": "BAD",
    "evicted": "BAD", "backing off": "BAD", "off": "TX2",
}  # fmt: skip
DOWN = "· down"  # ends the words of a database whose writes fail
SLOW_LAG = 16.0  # ms: a frame
SLOW_DELAY = 20.0  # ms from a frame's receipt until the model has it
_GAP = 16  # px between lights


class Light(QWidget):
    """A coloured dot and a few words; a ``door`` opens something by a click, Enter or Space."""

    changed = Signal()  # its words, or whether it has any
    opened = Signal()

    def __init__(self, name: str, *, door: bool = False) -> None:
        super().__init__()
        self.color = ""
        self.wanted = False  # whether it has something to say; shown as far as there is room
        self._door = door
        self._dot, self._words = QLabel("●"), QLabel("")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for part in (self._dot, self._words):
            part.setFont(theme.small())
            row.addWidget(part)
        self.setAccessibleName(name)
        if door:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()

    def show_words(self, text: str, color: str = "", tip: str = "") -> None:
        """Show ``text`` behind a dot of ``color``, or without one."""
        self.color = color  # a token of the theme, or nothing
        self._dot.setVisible(bool(color))
        if color:
            tint(self._dot, color)
        tint(self._words, "BAD" if color == "BAD" else "TX1")
        if tip != self.toolTip():
            self.setToolTip(tip)
        if text != self._words.text() or not self.wanted:
            self.wanted = True
            self._words.setText(text)
            self.setAccessibleDescription(text)
            self.changed.emit()

    def hush(self) -> None:
        """There is nothing to say."""
        if self.wanted:
            self.wanted = False
            self.changed.emit()

    @property
    def text(self) -> str:
        """The words shown."""
        return self._words.text() if self.wanted else ""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._door and event.button() is Qt.MouseButton.LeftButton:
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._door and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class HealthPanel(QWidget):
    """Everything that tells whether the rest of the screen can be believed; what matters least gives way when it is narrow.

    Emits ``data_asked`` when the person wants to see the feeds, gaps and requests behind it.
    """

    name = "health"
    title = "Health"

    data_asked = Signal()
    alerts_asked = Signal()
    arming_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feeds: dict[str, Light] = {}  # feed -> its light
        self._answered = False  # whether the broker ever has
        self._head = "", "", ""  # of the audit trail: words, colour and tip
        self._sealed = "", False  # its last checkpoint in words, and whether none can be signed
        self._states: dict[str, FeedChanged] = {}  # feed -> last change
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 12, 0)
        self._row.setSpacing(_GAP)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)
        self.source, self.gaps = Light("Price source", door=True), Light("Gaps in the feeds", door=True)
        self.requests, self.delay = Light("Requests to vendors", door=True), Light("Receive delay")
        self.broker, self.database = Light("Broker"), Light("Database")
        self.rate, self.lag = Light("Messages per second"), Light("Loop lag")
        self._compared, self._override = ("", "", ""), ""
        self.reconciled, self.audit = Light("Last reconciliation"), Light("Audit head")
        self.walls = Light("Isolation of strategies")
        self.critical, self.keys = Light("Unacknowledged alerts", door=True), Light("Trading keys", door=True)
        for light in (self.critical, self.keys, self.source, self.broker, self.database, self.gaps, self.requests, self.rate,
                      self.delay, self.lag, self.reconciled, self.audit, self.walls):  # fmt: skip
            self._add(light, self._row.count())
        self._row.addStretch(1)

    def _add(self, light: Light, place: int) -> None:
        light.changed.connect(self._fit)
        own = {self.critical: self.alerts_asked, self.keys: self.arming_asked}
        light.opened.connect(own.get(light, self.data_asked))
        self._row.insertWidget(place, light)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show what has something to say, the dearest first, as far as there is room."""
        room = self.width() - 24 + _GAP
        for light in self._ranked():
            needed = light.sizeHint().width() + _GAP if light.wanted else 0
            shown = light.wanted and needed <= room
            room -= needed if shown else 0
            if light.isHidden() == shown:
                light.setVisible(shown)

    def _ranked(self) -> list[Light]:
        warned, calm = ([self.walls], []) if self.walls.color else ([], [self.walls])
        return [self.critical, self.keys, self.source, *self._feeds.values(), self.broker, self.database, *warned, self.gaps,
                self.lag, self.requests, self.rate, self.reconciled, self.delay, self.audit, *calm]  # fmt: skip

    def show_source(self, source: str, reason: str = "", *, fallback: bool = False) -> None:
        """Whose prices are on the screen, and why; nothing when nobody's are."""
        if not source:
            self.source.show_words("No prices", "BAD", reason)
        else:
            words = f"Prices: {source} (fallback)" if fallback else f"Prices: {source}"
            self.source.show_words(words, "WARN" if fallback else "GOOD", reason)

    def show_critical(self, count: int) -> None:
        """How many critical alerts nobody has acknowledged yet; a click opens them."""
        if count:
            self.critical.show_words(
                f"{count:,} critical", "BAD", "Critical alerts that nobody has acknowledged; click to see them"
            )
        else:
            self.critical.hush()

    def show_keys(self, armed: bool, tip: str) -> None:
        """Whether the trading keys act; a click arms or disarms them."""
        self.keys.show_words("Keys armed" if armed else "Keys off", "WARN" if armed else "", tip)

    def show_isolation(self, line: str, whole: bool) -> None:
        """What stands between strategies and this machine, as ``line``; ``whole`` when nothing is missing."""
        self.walls.show_words(
            "Strategies isolated" if whole else "Strategies not isolated", "" if whole else "WARN", line
        )

    def show_requests(self, under_way: int) -> None:
        """How many questions to vendors' histories are under way."""
        if under_way:
            self.requests.show_words(
                f"{under_way:,} request{'' if under_way == 1 else 's'}", "ACCENT", "Asked of vendors' histories now"
            )
        else:
            self.requests.hush()

    def show_gaps(self, unfilled: int) -> None:
        """How many holes in the feeds nothing has filled yet."""
        if unfilled:
            self.gaps.show_words(
                f"{unfilled:,} gap{'' if unfilled == 1 else 's'}", "WARN", "Holes in the feeds that are not filled yet"
            )
        else:
            self.gaps.hush()

    def show_feed(self, change: FeedChanged) -> None:
        """Show a feed's state."""
        self._states[change.feed] = change
        self._show_feed(change, None)

    def show_feed_age(self, feed: str, seconds: float | None) -> None:
        """Show how old a feed's last message is; a feed that never reported is passed over."""
        if feed in self._states:
            self._show_feed(self._states[feed], seconds)

    def show_health(self, health: HealthMeasured) -> None:
        """Show rates, delays and queues."""
        self._show_broker(health.broker_ms)
        down = health.database.endswith(DOWN)
        color = "BAD" if down else "GOOD" if health.queue < 50_000 else "WARN"
        spooled = f" · {health.spooled:,} on disk" if health.spooled else ""
        self.database.show_words(
            f"{health.database} · queue {health.queue:,}{spooled}", "WARN" if spooled and not down else color
        )
        self._show_delay(health)
        self.show_gaps(health.gaps)
        self.rate.show_words(f"{health.messages_per_second:,.0f} msg/s", tip=_feed_delay(health))
        slow = health.loop_lag_p99 > SLOW_LAG
        failures = f" · {health.handler_failures} handler errors" if health.handler_failures else ""
        self.lag.show_words(f"loop lag p99 {health.loop_lag_p99:.1f} ms{failures}", "WARN" if slow or failures else "")

    def _show_delay(self, health: HealthMeasured) -> None:
        if health.delay_p99 is None:
            return
        usual = fmt.price(health.delay_p50, 1)
        self.delay.show_words(f"receive p99 {health.delay_p99:,.1f} ms", "WARN" if health.delay_p99 > SLOW_DELAY else "",
                              f"From a frame's receipt until the model has it: {usual} ms usually")  # fmt: skip

    def _show_broker(self, delay: float | None) -> None:
        """Before the first answer there is nothing to fear yet; afterwards silence is an alarm."""
        if delay is not None:
            self._answered = True
            self.broker.show_words(f"Broker · {delay:,.0f} ms", "GOOD")
        elif self._answered:
            self.broker.show_words("Broker · no answer", "BAD")
        else:
            self.broker.show_words("Broker · no answer yet", "WARN")

    def show_reconciliation(self, run: Reconciliation) -> None:
        """Show when our books were last compared with the broker's, and what differed."""
        count = len(run.breaks)
        words = f"Reconciled {fmt.clock(run.at)} · {count} break{'' if count == 1 else 's'}"
        lacking = "".join(f"\n{one.key}: not compared, {one.why}" for one in run.uncompared)
        self._compared = words, "" if run.passed else "WARN", f"{run.matched:,} rows matched{lacking}"
        self._show_compared()

    def show_override(self, sentence: str) -> None:
        """Show, in red and for as long as it stands, that a person opened trading over breaks; nothing when nobody did."""
        self._override = sentence
        self._show_compared()

    def _show_compared(self) -> None:
        if self._override:
            self.reconciled.show_words("TRADING OVER BREAKS", "BAD", f"{self._override}\n{self._compared[0]}")
        elif self._compared[0]:
            self.reconciled.show_words(*self._compared)

    def show_audit(self, head: Entry) -> None:
        """Show the newest row of the audit trail."""
        self._head = f"Audit #{head.sequence:,}", "", f"{head.hash} at {fmt.clock_ms(head.at)} ET"
        self._show_head()

    def show_verified(self, head: int, whole: bool, at: datetime) -> None:
        """Show that the audit trail was checked up to row ``head``, and whether it is whole."""
        self._head = (
            f"Audit #{head:,} · {'whole' if whole else 'BROKEN'} at {fmt.clock(at)}",
            "GOOD" if whole else "BAD",
            "",
        )
        self._show_head()

    def show_checkpoint(self, seconds: float | None, rows: int, trouble: str = "") -> None:
        """Show how old the last signed checkpoint is, how many rows came since, and why none can be signed, if so."""
        since = f"{rows:,} row{'' if rows == 1 else 's'} since"
        signed = "No signed checkpoint yet" if seconds is None else f"Signed checkpoint {fmt.age(seconds)} ago, {since}"
        self._sealed = f"{trouble}\n{signed}" if trouble else signed, bool(trouble)
        self._show_head()

    def _show_head(self) -> None:
        words, color, tip = self._head
        signed, troubled = self._sealed
        if words:
            self.audit.show_words(
                words, "WARN" if troubled and color != "BAD" else color, "\n".join(filter(None, (tip, signed)))
            )

    def _show_feed(self, change: FeedChanged, seconds: float | None) -> None:
        light = self._feeds.get(change.feed)
        if light is None:
            light = self._feeds[change.feed] = Light(change.feed)
            self._add(light, len(self._feeds))
        aged = f" · {fmt.age(seconds)}" if seconds is not None else ""
        light.show_words(f"{change.feed} {change.state}{aged}", _FEED_COLORS[change.state], change.detail)

    def feed_text(self, feed: str) -> str:
        """What is shown for a feed, or nothing."""
        return self._feeds[feed].text if feed in self._feeds else ""


def _feed_delay(health: HealthMeasured) -> str:
    if health.feed_p50 is None or health.feed_p99 is None:
        return "No market data was timed yet"
    return f"Market data arrives {health.feed_p50:,.0f} ms after its stamp, 99 % within {health.feed_p99:,.0f} ms"
