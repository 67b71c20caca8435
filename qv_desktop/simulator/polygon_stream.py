"""Polygon's WebSocket for stocks: authentication, topics, and many events in each frame."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from qv_desktop.simulator.faults import Fault, Faults
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.polygon_words import (
    Words,
    streamed_bar,
    streamed_limits,
    streamed_pause,
    streamed_quote,
    streamed_trade,
)
from qv_desktop.simulator.ticks import Bar, Event, Quote, Status, Trade

TARGET = "polygon_stream"
KINDS = {"T", "Q", "A", "AM", "LULD"}
TOO_MANY = "Maximum number of websocket connections exceeded. "
MOST_BEHIND = 2.0  # seconds; a consumer that takes longer to accept what waits for it is dropped
MOST_WAITING = 256 * 2**20  # bytes, for a consumer that takes a little all the time


def routes(hub: "Hub") -> list[web.RouteDef]:
    """`/stocks`; faults at polygon_stream: upgrade_429, connection_limit or max_connections, slow_client, mute, abort
    and close (params code, default 1000), at once or, while nobody is connected, after the next subscription; late_trade
    with the next minute bar sent.
    """
    return [web.get("/stocks", hub.serve)]


class Connection:
    """One client: what it wants to hear, and what waits to be sent to it."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.request, self.socket = request, socket
        self.authenticated = False
        self.muted = False
        self.topics: dict[str, set[str]] = {kind: set() for kind in KINDS}  # kind -> symbols, or "*" for all
        self._waiting: list[bytes] = []
        self._size = 0  # bytes that wait
        self._since = 0.0  # when the first of them came
        self._more = asyncio.Event()

    def wants(self, kind: str, symbol: str) -> bool:
        """Whether a topic like T.AAPL or T.* is subscribed."""
        symbols = self.topics[kind]
        return symbol in symbols or "*" in symbols

    def put(self, events: list[bytes]) -> None:
        """Queue encoded events, or commas' worth of them in one piece; they go out in one frame with whatever else waits."""
        if self.muted or not events:
            return
        now = time.monotonic()
        if not self._waiting:
            self._since, self._size = now, 0
        self._waiting += events
        self._size += sum(map(len, events))
        self._more.set()
        if now - self._since > MOST_BEHIND or self._size > MOST_WAITING:
            self.abort()

    async def send_waiting(self) -> None:
        """Send what waits, for ever."""
        while True:
            await self._more.wait()
            self._more.clear()
            events, self._waiting = self._waiting, []
            await self.socket.send_frame(b"[" + b",".join(events) + b"]", WSMsgType.TEXT)

    async def status(self, status: str, message: str) -> None:
        """Send a status event in a frame of its own."""
        if not self.muted:
            await self.socket.send_str(json.dumps([{"ev": "status", "status": status, "message": message}]))

    def abort(self) -> None:
        """Cut the connection in the middle of a frame."""
        if transport := self.request.transport:
            transport.write(b'\x81\x7e\x40\x00[{"ev":"T","sym"')
            transport.abort()


class Hub:
    """All connections; at most one is authenticated, and a newer one evicts it."""

    def __init__(self, market: Market, keys: Keys, faults: Faults) -> None:
        self._market, self._keys, self._faults = market, keys, faults
        self._connections: set[Connection] = set()
        self._encoder = msgspec.json.Encoder()
        self._tasks: set[asyncio.Task[None]] = set()
        market.subscribe(self.hear)
        faults.listen(self.fault)

    def live(self) -> list[Connection]:
        """Those who have authenticated."""
        return [one for one in self._connections if one.authenticated]

    def hear(self, events: Sequence[Event]) -> None:
        """Pass the market's events on to those who want them."""
        listening = [one for one in self.live() if any(one.topics.values())]
        if not listening:
            return
        batches: dict[Connection, list[bytes]] = {one: [] for one in listening}
        for event in events:
            for kind in _kinds(event):
                wanting = [one for one in listening if one.wants(kind, event.symbol)]
                if wanting and (words := self._words(kind, event)):
                    encoded = self._encoder.encode(words)
                    for one in wanting:
                        batches[one].append(encoded)
                    if kind == "AM" and self._faults.take("late_trade", TARGET):
                        self._market.print_late(event.symbol, event.t)
        for one, batch in batches.items():
            one.put(batch)

    def fault(self, fault: Fault) -> None:
        """Apply a fault at once to whoever is connected."""
        if fault.target == TARGET and self.live():
            self._apply_faults()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, from upgrade to end."""
        if self._faults.take("upgrade_429", TARGET):
            return web.Response(status=429, text="Too Many Requests")
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        connection = Connection(request, socket)
        self._connections.add(connection)
        sending = asyncio.create_task(connection.send_waiting())
        try:
            await connection.status("connected", "Connected Successfully")
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._act(connection, message.data)
        except ConnectionError:
            pass  # the client has gone, or a fault has cut it off
        finally:
            sending.cancel()
            self._connections.discard(connection)
        return socket

    async def _act(self, connection: Connection, data: str | bytes) -> None:
        try:
            asked = json.loads(data)
            action, params = asked["action"], str(asked["params"])
        except (ValueError, TypeError, KeyError):
            await connection.status("error", "Could not parse the message")
            return
        if action == "auth":
            await self._authenticate(connection, params)
        elif not connection.authenticated:
            await connection.status("auth_required", "authentication required")
        elif action in ("subscribe", "unsubscribe"):
            await self._subscribe(connection, params.split(","), on=action == "subscribe")
        else:
            await connection.status("error", f"Unknown action {action}")

    async def _authenticate(self, connection: Connection, key: str) -> None:
        if not self._keys.polygon_key_ok(key):
            await connection.status("auth_failed", "authentication failed")
            await connection.socket.close(code=WSCloseCode.POLICY_VIOLATION)
        elif self._faults.take("connection_limit", TARGET):
            await _evict(connection)
        else:
            for older in [one for one in self.live() if one is not connection]:
                await _evict(older)
            connection.authenticated = True
            await connection.status("auth_success", "authenticated")

    async def _subscribe(self, connection: Connection, topics: list[str], on: bool) -> None:
        for topic in topics:
            kind, _, symbol = topic.strip().partition(".")
            if kind not in KINDS or not symbol:
                await connection.status("error", f"Invalid topic {topic.strip()}")
                continue
            (connection.topics[kind].add if on else connection.topics[kind].discard)(symbol)
            await connection.status("success", f"{'subscribed' if on else 'unsubscribed'} to: {topic.strip()}")
        if on:
            self._apply_faults()

    def _apply_faults(self) -> None:
        """Take the faults that wait for a live connection and do them."""
        acts: dict[str, Callable[[Connection, Fault], Awaitable[object]]] = {
            "max_connections": lambda one, _: _evict(one),
            "close": lambda one, fault: one.socket.close(code=int(fault.params.get("code", WSCloseCode.OK))),
            "slow_client": lambda one, _: one.socket.close(code=WSCloseCode.POLICY_VIOLATION),
        }
        live = self.live()
        for kind in ("max_connections", "close", "slow_client", "mute", "abort"):
            if fault := self._faults.take(kind, TARGET):
                for one in live:
                    self._do(one, fault, acts.get(kind))

    def _do(self, one: Connection, fault: Fault, act: Callable[[Connection, Fault], Awaitable[object]] | None) -> None:
        if act is None:
            one.muted = True
            if fault.kind == "abort":
                one.abort()
            return

        async def done() -> None:
            await act(one, fault)

        task = asyncio.get_running_loop().create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _words(self, kind: str, event: Event) -> Words | None:
        match event:
            case Trade():
                return streamed_trade(event)
            case Quote():
                return streamed_quote(event)
            case Bar() if kind == "LULD":
                return streamed_limits(event, quote.tape if (quote := self._market.quote(event.symbol)) else "C")
            case Bar():
                return streamed_bar(event, self._market.day_bar(event.symbol))
            case Status():
                return streamed_pause(event, self._market.last(event.symbol))


async def _evict(connection: Connection) -> None:
    await connection.status("max_connections", TOO_MANY)
    connection.authenticated = False
    await connection.socket.close(code=WSCloseCode.POLICY_VIOLATION)


def _kinds(event: Event) -> tuple[str, ...]:
    """The topics an event belongs to."""
    match event:
        case Trade():
            return ("T",)
        case Quote():
            return ("Q",)
        case Bar(span=1):
            return ("A",)
        case Bar():
            return ("AM", "LULD")
        case Status():
            return ("LULD",)
