"""Alpaca's price stream, translated: frame bytes in, domain values out."""

from collections.abc import Sequence

from qv_desktop.adapters.alpaca.price_words import (
    KNOWN,
    AmendedMessage,
    BarMessage,
    CancelMessage,
    CorrectionMessage,
    DayMessage,
    ErrorMessage,
    Message,
    MinuteMessage,
    QuoteMessage,
    SuccessMessage,
    TradeMessage,
    TradingMessage,
    frame_of,
    head_of,
    message_of,
)
from qv_desktop.adapters.alpaca.stamps import stamp
from qv_desktop.adapters.websocket.salvage import ESCAPE, salvaged
from qv_desktop.domain.market import Bar, Batch, Correction, Halt, Quote, Trade

# trading status code -> whether trading stops, from Alpaca's tables of the CTA's and the UTP's codes; others say nothing of it
STOPS = {"H": True, "P": True, "Q": True, "2": True, "5": True, "T": False, "3": False}
_new = tuple.__new__  # a Trade's own constructor costs three times as much


class Heard:
    """What some frames held; ``bad`` counts messages that break the vendor's own rules, and were dropped."""

    __slots__ = (
        "_quotes",
        "bad",
        "corrections",
        "days",
        "errors",
        "events",
        "halts",
        "messages",
        "minutes",
        "successes",
        "trades",
    )

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self.minutes: list[Bar] = []
        self.days: list[Bar] = []
        self.halts: list[Halt] = []
        self.corrections: list[Correction] = []
        self.errors: list[ErrorMessage] = []
        self.successes: list[str] = []
        self.messages = self.bad = self.events = 0  # events are messages that speak of a symbol
        self._quotes: dict[str, tuple[QuoteMessage, int]] = {}  # symbol -> newest, with its stamp

    def take(self, frame: bytes) -> None:
        """Add what ``frame`` holds; never raises. Messages of kinds that we did not ask for are passed over."""
        try:
            messages = frame_of(frame) if ESCAPE not in frame else self._one_by_one(frame)
        except (ValueError, RecursionError):
            messages = self._one_by_one(frame)
        self.messages += len(messages)
        for message in messages:
            try:
                self._keep(message)
            except (ValueError, OverflowError):  # a time that is none
                self.messages -= 1
                self.bad += 1

    def batch(self) -> Batch:
        """All of it as our values; of each symbol's quotes the newest."""
        quotes = [Quote(q.S, at, q.bp, q.bs, q.ap, q.as_) for q, at in self._quotes.values()]
        return Batch(self.trades, quotes, self.minutes, (), self.days, self.halts, self.corrections, self.events)

    def _keep(self, message: Message) -> None:
        match message:
            case QuoteMessage():
                self._quotes[message.S] = message, stamp(message.t)
            case TradeMessage():
                self.trades.append(_trade(message))
            case DayMessage():
                self.days.append(_bar(message))
            case MinuteMessage() | AmendedMessage():
                self.minutes.append(_bar(message))
            case _:
                self._rare(message)
                return
        self.events += 1

    def _rare(self, message: Message) -> None:
        match message:
            case TradingMessage():
                self.halts += _halts(message)
            case CorrectionMessage():
                self.corrections.append(_corrected(message))
            case CancelMessage():
                self.corrections.append(
                    Correction(message.S, stamp(message.t), str(message.i), message.x, message.z, None)
                )
            case ErrorMessage():
                self.errors.append(message)
                return
            case SuccessMessage():
                self.successes.append(message.msg)
                return
            case _:
                return
        self.events += 1

    def _one_by_one(self, frame: bytes) -> list[Message]:
        good, bad = salvaged(frame, lambda part: head_of(part).T in KNOWN, message_of)
        self.bad += bad
        return good


def heard(frames: Sequence[bytes | str]) -> Heard:
    """What ``frames`` hold together; never raises."""
    found = Heard()
    for frame in frames:
        found.take(frame.encode() if isinstance(frame, str) else frame)
    return found


def _trade(m: TradeMessage) -> Trade:
    return _new(Trade, (m.S, stamp(m.t), m.p, m.s, str(m.i), m.x, m.z, " ".join(m.c)))


def _bar(m: BarMessage) -> Bar:
    average = m.vw if m.vw is not None and 0 < m.vw < 1e9 else None
    return Bar(m.S, stamp(m.t), m.o, m.h, m.l, m.c, m.v, m.n, average)


def _halts(m: TradingMessage) -> list[Halt]:
    """The halt or resumption, or nothing when trading is not concerned."""
    stops = STOPS.get(m.sc)
    return [] if stops is None else [Halt(m.S, stamp(m.t), stops, m.rm or m.sm or m.sc)]


def _corrected(m: CorrectionMessage) -> Correction:
    at = stamp(m.t)
    right = Trade(m.S, at, m.cp, m.cs, str(m.ci), m.x, m.z, " ".join(m.cc))
    return Correction(m.S, at, str(m.oi), m.x, m.z, right)
