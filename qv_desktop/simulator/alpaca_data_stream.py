"""Alpaca's market-data stream: /v2/iex, /v2/sip, /v2/test and the news at /v1beta1/news."""

from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from qv_desktop.simulator.alpaca_answers import RequestLimit
from qv_desktop.simulator.alpaca_data_codec import codec_for
from qv_desktop.simulator.alpaca_data_connection import MAY_TRY_AGAIN, Connection
from qv_desktop.simulator.alpaca_data_feed import Feed
from qv_desktop.simulator.alpaca_data_news import answer
from qv_desktop.simulator.alpaca_data_rest import REQUESTS_PER_MINUTE, guarded
from qv_desktop.simulator.alpaca_data_subscriptions import Subscriptions
from qv_desktop.simulator.faults import Fault, Faults
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.market import Market

AUTH_SECONDS = 10.0
TARGET = "alpaca_data"
AT_ONCE = ("slow_client", "mute", "abort", "close")
KEY_HEADERS = ("APCA-API-KEY-ID", "APCA-API-SECRET-KEY")
SLOTS = {"iex": "stocks", "sip": "stocks", "test": "test", "news": "news"}  # feed -> what one client may hold once


def routes(market: Market, keys: Keys, faults: Faults, auth_seconds: float = AUTH_SECONDS) -> list[web.RouteDef]:
    """The streams.

    Faults at `alpaca_data`: upgrade_429; at authentication connection_limit (406), free_plan (409 on sip) and
    error (params code, default 500); slow_client (407), mute, abort and close (params code, default 1000) at once or,
    while nobody is connected, after the next subscription; correction and cancel_error after the next trade sent.
    """
    streams = DataStreams(market, keys, faults, auth_seconds)
    faults.listen(streams.apply_at_once)
    return [web.get("/v2/{feed:iex|sip|test}", streams.stocks), web.get("/v1beta1/news", streams.news)]


@dataclass(eq=False, slots=True)
class DataStreams:
    """All connections of all feeds."""

    market: Market
    keys: Keys
    faults: Faults
    auth_seconds: float
    connections: set[Connection] = field(default_factory=set)
    limit: RequestLimit = field(default_factory=partial(RequestLimit, REQUESTS_PER_MINUTE))

    async def stocks(self, request: web.Request) -> web.StreamResponse:
        """A connection to iex, sip or test."""
        return await self._serve(request, request.match_info["feed"])

    async def news(self, request: web.Request) -> web.StreamResponse:
        """A connection to the news, or a page of them: the vendor has both at one path."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve(request, "news")
        return await guarded(partial(answer, self.market), self.keys, self.limit)(request)

    def apply_at_once(self, fault: Fault) -> None:
        """A fault was added: those who are connected feel it now."""
        if fault.target == TARGET and fault.kind in AT_ONCE:
            for connection in list(self.connections):
                if connection.authenticated:
                    self._trouble(connection)

    async def _serve(self, request: web.Request, feed: str) -> web.StreamResponse:
        if self.faults.take("upgrade_429", TARGET):
            return web.json_response({"message": "too many requests."}, status=429)
        # Compression is declined: on loopback it would only cost the processor.
        socket = web.WebSocketResponse(compress=False, heartbeat=30.0)
        await socket.prepare(request)
        connection = self._connection(request, socket, feed)
        self.connections.add(connection)
        try:
            await connection.run(self._header_keys(request), self.auth_seconds)
        finally:
            self.connections.discard(connection)
        return socket

    def _connection(self, request: web.Request, socket: web.WebSocketResponse, feed: str) -> Connection:
        codec = codec_for(request.headers.get("Content-Type", ""))
        return Connection(
            socket=socket,
            transport=request.transport,
            codec=codec,
            market=self.market,
            feed=Feed(self.market, self.faults, codec.stamp, Subscriptions(feed)),
            admit=self._admission,
            keys_right=self.keys.alpaca_pair_ok,
            subscribed=self._trouble,
        )

    def _header_keys(self, request: web.Request) -> bool | None:
        """Whether the upgrade's key headers are right; None without them. OAuth tokens are not accepted here."""
        if not any(name in request.headers for name in KEY_HEADERS):
            return None
        return self.keys.alpaca_pair_ok(*(request.headers.get(name) for name in KEY_HEADERS))

    def _admission(self, connection: Connection, keys_right: bool) -> int | None:
        feed = connection.feed.subscriptions.feed
        if fault := self.faults.take("error", TARGET):
            return int(fault.params.get("code", 500))
        if not keys_right:
            return MAY_TRY_AGAIN
        if feed == "sip" and self.faults.take("free_plan", TARGET):
            return 409
        if self._taken(connection) or self.faults.take("connection_limit", TARGET):
            return 406
        return None

    def _taken(self, newcomer: Connection) -> bool:
        """Whether another connection holds the newcomer's slot; one that is ending has given it up."""
        slot = SLOTS[newcomer.feed.subscriptions.feed]
        others = (other for other in self.connections if other is not newcomer and other.authenticated)
        return any(SLOTS[other.feed.subscriptions.feed] == slot and not other.ending for other in others)

    def _trouble(self, connection: Connection) -> None:
        """Apply to this connection the first waiting fault of those that need no occasion."""
        for kind in AT_ONCE:
            if fault := self.faults.take(kind, TARGET):
                _apply(connection, fault)
                return


def _apply(connection: Connection, fault: Fault) -> None:
    match fault.kind:
        case "slow_client":
            connection.deny(407, last=True)
        case "mute":
            connection.muted = True
        case "abort":
            connection.cut()
        case _:
            connection.end(int(fault.params.get("code", 1000)))
