"""One client of Alpaca's market-data stream: handshake, requests, and an orderly or disorderly end."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from qv_desktop.simulator.alpaca_data_codec import Codec, decoded
from qv_desktop.simulator.alpaca_data_feed import Feed
from qv_desktop.simulator.alpaca_data_news import published
from qv_desktop.simulator.alpaca_data_paca import events
from qv_desktop.simulator.alpaca_data_subscriptions import ERRORS, Denied
from qv_desktop.simulator.alpaca_data_words import Words
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.ticks import Event

BACKLOG = 500  # frames waiting, about ten seconds of steps; a client further behind is slow
LAST_WORDS = 2.0  # seconds for a slow client to take its error before it is cut off
TICK = 0.25  # seconds between looks at the clock, for the feeds that follow it
HALF_A_FRAME = b"\x82\x7e\x10\x00" + b"half"  # announces 4096 bytes, brings 4

type Admission = Callable[["Connection", bool], int | None]  # (connection, keys right) -> error code or None
MAY_TRY_AGAIN = 402


@dataclass(eq=False, slots=True)
class Connection:
    """A socket with its state; `admit` decides about authentication, `subscribed` is told after each subscription."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    codec: Codec
    market: Market
    feed: Feed
    admit: Admission
    keys_right: Callable[[object, object], bool]
    subscribed: Callable[["Connection"], None]
    authenticated: bool = False
    muted: bool = False
    ending: bool = False
    _frames: asyncio.Queue[bytes | int] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _undo: list[Callable[[], object]] = field(default_factory=list)

    async def run(self, header_keys_right: bool | None, auth_seconds: float) -> None:
        """Serve until the socket ends; `header_keys_right` is None when the upgrade carried no keys."""
        self._tasks.append(asyncio.create_task(self._write()))
        timer = asyncio.get_running_loop().call_later(auth_seconds, self._auth_timeout)
        self._undo.append(timer.cancel)
        self.say([{"T": "success", "msg": "connected"}])
        if header_keys_right is not None:
            self._authenticate(header_keys_right)
        try:
            async for message in self.socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY) and not self.ending:
                    self._heed(decoded(message, self.codec))
        finally:
            await self._clear_away()

    def say(self, messages: list[Words]) -> None:
        """Queue one frame; a client that has let too many pile up is told that it is slow, and closed."""
        if self.muted or (self.ending and messages[0]["T"] != "error"):
            return
        try:
            self._frames.put_nowait(self.codec.encode(messages))
        except asyncio.QueueFull:
            self.too_slow()

    def deny(self, code: int, last: bool = False) -> None:
        """Answer with an error; after the last one the connection is closed."""
        self.ending = self.ending or last
        self.say([{"T": "error", "code": code, "msg": ERRORS[code]}])
        if last:
            self.end(1000)

    def end(self, code: int) -> None:
        """Close in order, after what is already queued."""
        self.ending = True
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(code)

    def too_slow(self) -> None:
        """Error 407 in place of all that waits, then the end, whether or not the client reads it."""
        while not self._frames.empty():
            self._frames.get_nowait()
        self.deny(407, last=True)
        asyncio.get_running_loop().call_later(LAST_WORDS, self.cut, b"")

    def cut(self, parting: bytes = HALF_A_FRAME) -> None:
        """Drop the TCP connection, by default in the middle of a frame."""
        self.ending = True
        if self.transport and not self.transport.is_closing():
            self.transport.write(parting)
            self.transport.abort()

    def _heed(self, request: Mapping[str, object] | None) -> None:
        action = request.get("action") if request else None
        if request is None or action not in ("auth", "subscribe", "unsubscribe"):
            self.deny(400)
        elif action == "auth":
            self._authenticate(self.keys_right(request.get("key"), request.get("secret")))
        elif not self.authenticated:
            self.deny(401)
        else:
            self._change(request)

    def _authenticate(self, keys_right: bool) -> None:
        if self.authenticated:
            self.deny(403)
            return
        code = self.admit(self, keys_right)
        if code is not None:
            self.deny(code, last=code != MAY_TRY_AGAIN)
            return
        self.authenticated = True
        self.say([{"T": "success", "msg": "authenticated"}])
        self._listen()

    def _auth_timeout(self) -> None:
        if not self.authenticated and not self.ending:
            self.deny(404, last=True)

    def _change(self, request: Mapping[str, object]) -> None:
        try:
            self.feed.subscriptions = self.feed.subscriptions.changed(request)
        except Denied as denied:
            self.deny(denied.code)
            return
        self.say([self.feed.subscriptions.words()])
        self.subscribed(self)

    def _listen(self) -> None:
        if self.feed.subscriptions.feed in ("test", "news"):
            self._tasks.append(asyncio.create_task(self._follow_clock()))
        else:
            self._undo.append(self.market.subscribe(self._hear))

    def _hear(self, heard: Sequence[Event]) -> None:
        self._pass_on(self.feed.messages(heard, self.market.now()))

    def _pass_on(self, messages: list[Words]) -> None:
        if messages and not self.ending:
            self.say(messages)

    async def _follow_clock(self) -> None:
        seen = self.market.now()
        while not self.ending:
            await asyncio.sleep(TICK)
            now = self.market.now()
            if self.feed.subscriptions.feed == "test":
                self._pass_on(self.feed.messages(events(seen, now), now))
            else:
                self._pass_on(self._news(seen, now))
            seen = now

    def _news(self, after: int, until: int) -> list[Words]:
        articles = published(self.market, after, until)
        wants = self.feed.subscriptions.wants
        return [article.message(self.codec.stamp) for article in articles if wants("news", article.symbol)]

    async def _write(self) -> None:
        try:
            while not isinstance(frame := await self._frames.get(), int):
                if self.codec.binary:
                    await self.socket.send_bytes(frame)
                else:
                    await self.socket.send_str(frame.decode())
            await self.socket.close(code=frame)
        except ConnectionError:  # the client has gone; the reading side ends the connection
            self.ending = True

    async def _clear_away(self) -> None:
        self.ending = True
        for undo in self._undo:
            undo()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
