"""The status bar: each feed with its age, broker and database, rates and lags, the last reconciliation and the audit head."""

from datetime import datetime

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.events import FeedChanged, HealthMeasured
from qv_desktop.domain.market import FeedState
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

_FEED_COLORS: dict[FeedState, str] = {
    "live": "UP", "quiet": "UP", "connecting": "WARN", "authenticating": "WARN", "backfilling": "WARN", "mute": "DOWN",
    "evicted": "DOWN", "backing off": "DOWN", "off": "TX2",
}  # fmt: skip
DOWN = "· down"  # ends the words of a database whose writes fail
SLOW_LAG = 16.0  # ms: a frame


class Light(QWidget):
    """A coloured dot and a few words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.color = ""
        self._dot, self._words = QLabel("●"), QLabel("")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for part in (self._dot, self._words):
            part.setFont(theme.small())
            row.addWidget(part)
        self.setAccessibleName(name)
        self.hide()

    def show_words(self, text: str, color: str = "", tip: str = "") -> None:
        """Show ``text`` behind a dot of ``color``, or without one."""
        self.color = color  # a token of the theme, or nothing
        self._dot.setVisible(bool(color))
        if color:
            tint(self._dot, color)
        tint(self._words, "DOWN" if color == "DOWN" else "TX1")
        if text != self._words.text():
            self._words.setText(text)
            self.setAccessibleDescription(text)
        if tip != self.toolTip():
            self.setToolTip(tip)
        self.show()

    @property
    def text(self) -> str:
        """The words shown."""
        return self._words.text()


class HealthPanel(QWidget):
    """Everything that tells whether the rest of the screen can be believed."""

    name = "health"
    title = "Health"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feeds: dict[str, Light] = {}  # feed -> its light
        self._answered = False  # whether the broker ever has
        self._states: dict[str, FeedChanged] = {}  # feed -> last change
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 12, 0)
        self._row.setSpacing(16)
        self.broker, self.database = Light("Broker"), Light("Database")
        self.rate, self.lag = Light("Messages per second"), Light("Loop lag")
        self.reconciled, self.audit = Light("Last reconciliation"), Light("Audit head")
        for light in (self.broker, self.database, self.rate, self.lag, self.reconciled, self.audit):
            self._row.addWidget(light)
        self._row.addStretch(1)

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
        color = "DOWN" if down else "UP" if health.queue < 50_000 else "WARN"
        self.database.show_words(f"{health.database} · queue {health.queue:,}", color)
        self.rate.show_words(f"{health.messages_per_second:,.0f} msg/s", tip=_feed_delay(health))
        slow = health.loop_lag_p99 > SLOW_LAG
        failures = f" · {health.handler_failures} handler errors" if health.handler_failures else ""
        self.lag.show_words(f"loop lag p99 {health.loop_lag_p99:.1f} ms{failures}", "WARN" if slow or failures else "")

    def _show_broker(self, delay: float | None) -> None:
        """Before the first answer there is nothing to fear yet; afterwards silence is an alarm."""
        if delay is not None:
            self._answered = True
            self.broker.show_words(f"Broker · {delay:,.0f} ms", "UP")
        elif self._answered:
            self.broker.show_words("Broker · no answer", "DOWN")
        else:
            self.broker.show_words("Broker · no answer yet", "WARN")

    def show_reconciliation(self, run: Reconciliation) -> None:
        """Show when our books were last compared with the broker's, and what differed."""
        count = len(run.breaks)
        words = f"Reconciled {fmt.clock(run.at)} · {count} break{'' if count == 1 else 's'}"
        self.reconciled.show_words(words, "" if run.passed else "WARN", f"{run.matched:,} rows matched")

    def show_audit(self, head: Entry) -> None:
        """Show the newest row of the audit trail."""
        self.audit.show_words(f"Audit #{head.sequence:,}", tip=f"{head.hash} at {fmt.clock_ms(head.at)} ET")

    def show_verified(self, head: int, whole: bool, at: datetime) -> None:
        """Show that the audit trail was checked up to row ``head``, and whether it is whole."""
        words = f"Audit #{head:,} · {'whole' if whole else 'BROKEN'} at {fmt.clock(at)}"
        self.audit.show_words(words, "UP" if whole else "DOWN")

    def _show_feed(self, change: FeedChanged, seconds: float | None) -> None:
        light = self._feeds.get(change.feed)
        if light is None:
            light = self._feeds[change.feed] = Light(change.feed)
            self._row.insertWidget(len(self._feeds) - 1, light)
        aged = f" · {fmt.age(seconds)}" if seconds is not None else ""
        light.show_words(f"{change.feed} {change.state}{aged}", _FEED_COLORS[change.state], change.detail)

    def feed_text(self, feed: str) -> str:
        """What is shown for a feed, or nothing."""
        return self._feeds[feed].text if feed in self._feeds else ""


def _feed_delay(health: HealthMeasured) -> str:
    if health.feed_p50 is None or health.feed_p99 is None:
        return "No market data was timed yet"
    return f"Market data arrives {health.feed_p50:,.0f} ms after its stamp, 99 % within {health.feed_p99:,.0f} ms"
