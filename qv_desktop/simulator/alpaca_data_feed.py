"""What one connection is sent: market events turned into the messages it has subscribed to."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from qv_desktop.simulator.alpaca_data_subscriptions import Subscriptions
from qv_desktop.simulator.alpaca_data_words import Stamp, Words, words
from qv_desktop.simulator.faults import Faults
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.ticks import MINUTE, Bar, Event, Quote, Status, Trade

UPDATE_DELAY = MINUTE + MINUTE // 2  # after a bar's start: half a minute after it was complete
BAND = 0.05  # limit up, limit down: tier 1, above $3
BAND_MINUTES = 5
TAPE = "C"
CORRECTED_ID = 5_000  # above the id of the wrong print: no minute has so many


@dataclass(slots=True)
class Feed:
    """Makes messages from events; keeps the bars that are still to be repeated and the closes that bands rest on."""

    market: Market
    faults: Faults
    stamp: Stamp
    subscriptions: Subscriptions
    _updates: deque[Bar] = field(default_factory=deque)
    _closes: dict[str, deque[float]] = field(default_factory=dict)  # symbol -> closes of the last minutes

    def messages(self, events: Sequence[Event], now: int) -> list[Words]:
        """The messages for these events at market time `now`, in order."""
        found = [message for event in events for message in self._messages(event)]
        return found + list(self._due(now))

    def _messages(self, event: Event) -> Iterator[Words]:
        match event:
            case Trade():
                if self.subscriptions.wants("trades", event.symbol):
                    yield self._named("t", event.symbol, words(event, self.stamp))
                    yield from self._amended(event)
            case Quote():
                if self.subscriptions.wants("quotes", event.symbol):
                    yield self._named("q", event.symbol, words(event, self.stamp))
            case Bar():
                if event.span == 60:
                    yield from self._minute(event)
            case Status():
                if self.subscriptions.wants("statuses", event.symbol):
                    yield self._status(event)

    def _minute(self, bar: Bar) -> Iterator[Words]:
        wants = self.subscriptions.wants
        if wants("bars", bar.symbol):
            yield self._named("b", bar.symbol, words(bar, self.stamp))
            if self.faults.take("late_trade", "alpaca_data"):
                self.market.print_late(bar.symbol, bar.t)
        if wants("updatedBars", bar.symbol):
            self._updates.append(bar)
        day = self.market.day_bar(bar.symbol) if wants("dailyBars", bar.symbol) else None
        if day:
            yield self._named("d", bar.symbol, words(day, self.stamp))
        if wants("lulds", bar.symbol):
            yield self._band(bar)

    def _due(self, now: int) -> Iterator[Words]:
        """The bars that are half a minute old, with what the market says of them now."""
        while self._updates and now >= self._updates[0].t + UPDATE_DELAY:
            old = self._updates.popleft()
            for bar in self.market.bars(old.symbol, 60, old.t, old.t + MINUTE) or [old]:
                yield self._named("u", bar.symbol, words(bar, self.stamp))

    def _amended(self, trade: Trade) -> Iterator[Words]:
        """A correction or cancellation of this trade, when one was asked for."""
        named = {"x": trade.exchange, "z": trade.tape, "t": self.stamp(trade.t)}
        if self.faults.take("correction", "alpaca_data"):
            right = replace(trade, id=trade.id + CORRECTED_ID, price=round(trade.price + 0.01, 4))
            self.market.amend(trade, right)
            was = {"oi": trade.id, "op": trade.price, "os": trade.size, "oc": list(trade.conditions)}
            now = {"ci": right.id, "cp": right.price, "cs": right.size, "cc": list(right.conditions)}
            yield self._named("c", trade.symbol, {**named, **was, **now})
        elif self.faults.take("cancel_error", "alpaca_data"):
            self.market.amend(trade, None)
            cancelled = {"i": trade.id, "p": trade.price, "s": trade.size, "a": "C"}
            yield self._named("x", trade.symbol, {**named, **cancelled})

    def _status(self, status: Status) -> Words:
        reason = {"rc": status.reason_code, "rm": status.reason}
        said = {"sc": status.code, "sm": status.message, **reason, "t": self.stamp(status.t), "z": TAPE}
        return self._named("s", status.symbol, said)

    def _band(self, bar: Bar) -> Words:
        """The limit-up limit-down band round the mean of the last five minutes."""
        closes = self._closes.setdefault(bar.symbol, deque(maxlen=BAND_MINUTES))
        closes.append(bar.close)
        middle = sum(closes) / len(closes)
        limits = {"u": round(middle * (1 + BAND), 2), "d": round(middle * (1 - BAND), 2)}
        said = {**limits, "i": "B", "t": self.stamp(bar.t + MINUTE), "z": TAPE}
        return self._named("l", bar.symbol, said)

    def _named(self, kind: str, symbol: str, said: Words) -> Words:
        return {"T": kind, "S": symbol, **said}
