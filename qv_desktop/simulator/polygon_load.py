"""Synthetic load on Polygon's stream: trades and quotes of the subscribed symbols at a chosen rate, in a busy server's frames."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle, islice

import msgspec
from aiohttp import web

from qv_desktop.simulator.control import Refused, answered
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.polygon_stream import Connection, Hub
from qv_desktop.simulator.polygon_words import MILLISECOND, Words, sequence, streamed_quote, streamed_trade
from qv_desktop.simulator.ticks import Quote, Trade

FLUSH = 0.005  # seconds between frames
CATCH_UP = 2  # times the rate, for what a held-up loop is behind
LONGEST_BURST = 0.05  # seconds' worth of events in one frame
FORGIVEN = 1.0  # seconds; what is further behind is never sent
MOST, LONGEST = 2_000_000, 3600.0  # events per second, seconds
VARIANTS = 20  # prices of a symbol that follow each other, a cent apart
REFRESH = 1.0  # seconds between looks at the market's prices
FIRST_ID = 10**12  # far above the market's own ids, so that each is unique

# The part of an event before its id (trades) or before its stamp (quotes).
type Heads = Iterator[bytes]


class Order(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What to send; `symbols` None means every symbol that the client has subscribed to."""

    events_per_second: float = 50_000
    seconds: float = 60
    trade_share: float = 0.2
    symbols: list[str] | None = None

    def complaint(self) -> str | None:
        """What is wrong with it, in a sentence."""
        if not 0 < self.events_per_second <= MOST:
            return f"events_per_second must be above 0 and at most {MOST}."
        if not 0 < self.seconds <= LONGEST:
            return f"seconds must be above 0 and at most {LONGEST:g}."
        return None if 0 <= self.trade_share <= 1 else "trade_share must be from 0 to 1."


def routes(market: Market, hub: Hub) -> list[web.RouteDef]:
    """`POST /sim/load` starts a load (and ends the one before it), `GET` tells of it, `DELETE` ends it."""
    load = Load(market, hub)
    return [
        web.post("/sim/load", answered(load.begin)),
        web.get("/sim/load", answered(lambda _: load.told())),
        web.delete("/sim/load", answered(load.end)),
    ]


@dataclass(slots=True)
class Load:
    """One load at a time, to whoever is connected."""

    market: Market
    hub: Hub
    sent_events: int = 0
    sent_trades: int = 0
    took: float = 0.0  # seconds
    first_id: int = FIRST_ID
    _task: asyncio.Task[None] | None = None
    _ids: "count[int]" = field(default_factory=lambda: count(FIRST_ID))

    def begin(self, body: Words) -> Words:
        """Start; raises Refused when the order makes no sense."""
        try:
            order = msgspec.convert(body, Order)
        except msgspec.ValidationError as error:
            raise Refused(f"The load cannot be understood: {error}.") from None
        if complaint := order.complaint():
            raise Refused(complaint)
        self.end({})
        self.sent_events = self.sent_trades = 0
        # of the wall's clock, so that no two loads share an id, not even those of two simulators on the same market day
        self.first_id = max(next(self._ids), time.time_ns() // 1000)
        self._ids = count(self.first_id)
        self._task = asyncio.get_running_loop().create_task(self._run(order))
        return self.told()

    def end(self, _: Words) -> Words:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        return self.told()

    def told(self) -> Words:
        """What has been sent since the load began, in how many seconds, the id of its first trade, and whether it goes on."""
        running = self._task is not None and not self._task.done()
        sent = {"sent_events": self.sent_events, "sent_trades": self.sent_trades}
        return {**sent, "running": running, "seconds": round(self.took, 3), "first_id": self.first_id}

    async def _run(self, order: Order) -> None:
        begun = flushed = looked = time.monotonic()
        pace, owed = Pace(order.events_per_second), 0.0
        heads = self._heads(order)
        while (now := time.monotonic()) - begun < order.seconds:
            if now - looked > REFRESH:
                heads, looked = self._heads(order), now
            amount = pace.due(now - begun, now - flushed)
            owed += amount * order.trade_share
            trades, flushed = int(owed), now
            owed -= trades
            if heads is not None and amount:
                self._send(heads, trades, amount - trades)
            self.took = now - begun
            await asyncio.sleep(max(0.0, FLUSH - (time.monotonic() - now)))

    def _send(self, heads: tuple[Heads, Heads], trades: int, quotes: int) -> None:
        """One piece of a frame: quotes and trades, all stamped now."""
        t = self.market.now()
        stamp = b'"t":%d,"q":%d}' % (t // MILLISECOND, sequence(t))
        ids = islice(self._ids, trades)
        prints = [
            b'%b%d",%b' % (head, number, stamp) for head, number in zip(islice(heads[0], trades), ids, strict=True)
        ]
        piece = b",".join([*(head + stamp for head in islice(heads[1], quotes)), *prints])
        for one in self.hub.live():
            if any(one.topics[kind] for kind in "TQ"):
                one.put([piece])
                self.sent_events += trades + quotes
                self.sent_trades += trades

    def _heads(self, order: Order) -> tuple[Heads, Heads] | None:
        """Endless beginnings of trades and of quotes around the market's present prices; None while nobody listens."""
        names = self._names(order)
        trades = _mixed([_trade_heads(trade) for name in names if (trade := self.market.last(name))])
        quotes = _mixed([_quote_heads(quote) for name in names if (quote := self.market.quote(name))])
        return (cycle(trades), cycle(quotes)) if trades and quotes else None

    def _names(self, order: Order) -> list[str]:
        live = self.hub.live()
        wanted = self.market.symbols() if order.symbols is None else order.symbols
        return [name for name in wanted if any(_hears(one, name) for one in live)]


class Pace:
    """How many events are due: the rate, and for what was missed twice the rate, but never a long burst."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._done = 0.0

    def due(self, elapsed: float, since: float) -> int:
        """Whole events to send now, `elapsed` seconds after the beginning and `since` seconds after the last time."""
        behind = self._rate * elapsed - self._done
        if behind > self._rate * FORGIVEN:
            self._done += behind - self._rate * FORGIVEN
            behind = self._rate * FORGIVEN
        amount = int(min(behind, self._rate * min(CATCH_UP * since, LONGEST_BURST)))
        self._done += amount
        return amount


def _hears(one: Connection, name: str) -> bool:
    return one.wants("T", name) and one.wants("Q", name)


def _mixed(heads: Sequence[Sequence[bytes]]) -> list[bytes]:
    """One of each symbol in turn."""
    return [head for turn in zip(*heads, strict=True) for head in turn]


def _trade_heads(trade: Trade) -> list[bytes]:
    """Trades around a price, up to their id."""
    return [_trade_head(streamed_trade(trade), max(0.01, trade.price + cents / 100)) for cents in _waves()]


def _trade_head(words: Words, price: float) -> bytes:
    known = {name: words[name] for name in ("ev", "sym", "x", "z", "c")}
    body = msgspec.json.encode({**known, "p": round(price, 4), "s": 100})
    return body[:-1] + b',"i":"'


def _quote_heads(quote: Quote) -> list[bytes]:
    """Quotes around a price, up to their stamp."""
    return [_quote_head(streamed_quote(quote), cents / 100) for cents in _waves()]


def _quote_head(words: Words, shift: float) -> bytes:
    shift = max(shift, 0.01 - words["bp"])
    known = {name: value for name, value in words.items() if name not in ("t", "q")}
    prices = {"bp": round(words["bp"] + shift, 4), "ap": round(words["ap"] + shift, 4)}
    return msgspec.json.encode(known | prices)[:-1] + b","


def _waves() -> Iterator[int]:
    """Cents up and down."""
    half = VARIANTS // 2
    yield from (index - half // 2 for index in range(half))
    yield from (half // 2 - index for index in range(half))
