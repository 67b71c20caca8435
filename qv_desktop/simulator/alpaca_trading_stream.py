"""Alpaca's `trade_updates` WebSocket, /stream: JSON in binary frames, one connection for the account."""

import asyncio
import json
import logging
from collections.abc import Mapping

from aiohttp import WSMsgType, web

from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.faults import Fault, Faults
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.order_reports import Update

LOG = logging.getLogger(__name__)
STREAM = "trade_updates"
PULSE = 0.25  # seconds between looks at the clock when nothing trades
AT_ONCE = ("mute", "abort", "close", "slow_client")  # faults that hit an open connection


def routes(exchange: Exchange, keys: Keys, faults: Faults) -> list[web.RouteDef]:
    """The stream's route."""
    return [web.get("/stream", TradingStream(exchange, keys, faults).connect)]


class TradingStream:
    """Accepts one connection at a time and refuses others with HTTP 429."""

    def __init__(self, exchange: Exchange, keys: Keys, faults: Faults) -> None:
        self._exchange, self._keys, self._faults = exchange, keys, faults
        self._current: Connection | None = None

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve a client until it goes."""
        if self._current is not None or self._faults.take("upgrade_429", STREAM):
            return web.json_response({"message": "too many requests."}, status=429)
        socket = web.WebSocketResponse()
        self._current = connection = Connection(request, socket, self._keys, self._faults)
        try:
            await socket.prepare(request)
            await self._serve(connection)
        finally:
            self._current = None
        return socket

    async def _serve(self, connection: "Connection") -> None:
        unsubscribe = self._exchange.reports.subscribe(connection.hear)
        unlisten = self._faults.listen(connection.suffer)
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(connection.send_updates())
                pulse = group.create_task(self._pulse())
                await connection.receive()
                sender.cancel()
                pulse.cancel()
        finally:
            unsubscribe()
            unlisten()

    async def _pulse(self) -> None:
        """Orders also expire while no trade comes to wake the exchange."""
        while True:
            await asyncio.sleep(PULSE)
            self._exchange.step()


class Connection:
    """One client: its handshake, what it listens to, and the faults that hit it."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, keys: Keys, faults: Faults) -> None:
        self._request, self._socket, self._keys, self._faults = request, socket, keys, faults
        self._authorized = False
        self._listening = False
        self._mute = False
        self._waiting: asyncio.Queue[Update] = asyncio.Queue()
        self._late: dict[str, Update] = {}  # order id -> its pending_new, kept back until after its fill
        self._tasks: set[asyncio.Task[None]] = set()

    # From the client

    async def receive(self) -> None:
        """Answer the client's messages until it closes."""
        async for message in self._socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            try:
                asked = json.loads(message.data)
            except ValueError:
                continue  # Alpaca answers nothing to what is not JSON
            if isinstance(asked, dict):
                await self._answer(asked)

    async def _answer(self, asked: Mapping[str, object]) -> None:
        data = asked.get("data")
        data = data if isinstance(data, dict) else {}
        match asked.get("action"):
            case "authenticate":
                await self._authenticate(data.get("key_id"), data.get("secret_key"), data.get("oauth_token"))
            case "auth":
                await self._authenticate(asked.get("key"), asked.get("secret"), None)
            case "listen" if self._authorized:
                await self._listen(data.get("streams"))
            case "listen":
                await self._authorization("unauthorized", "listen")

    async def _authenticate(self, key: object, secret: object, token: object) -> None:
        if key == "access_token":  # the form of the Broker API's client credentials
            token = secret
        known = self._keys.oauth_ok(token) if token is not None else self._keys.alpaca_pair_ok(key, secret)
        self._authorized = known and not self._faults.take("connection_limit", STREAM)
        await self._authorization("authorized" if self._authorized else "unauthorized", "authenticate")
        if not self._authorized:
            await self._socket.close()

    async def _authorization(self, status: str, action: str) -> None:
        await self._send({"stream": "authorization", "data": {"status": status, "action": action}})

    async def _listen(self, streams: object) -> None:
        wanted = [name for name in streams if name == STREAM] if isinstance(streams, list) else []
        self._listening = bool(wanted)
        await self._send({"stream": "listening", "data": {"streams": wanted}})
        for kind in AT_ONCE:
            if fault := self._faults.take(kind, STREAM):
                await self._break(fault)

    # To the client

    def hear(self, update: Update) -> None:
        """Queue an update, unless nobody listens."""
        if self._listening:
            self._waiting.put_nowait(update)

    async def send_updates(self) -> None:
        """Send queued updates until cancelled."""
        while True:
            for update in self._disturbed(await self._waiting.get()):
                await self._send({"stream": STREAM, "data": update})

    def _disturbed(self, update: Update) -> list[Update]:
        """What is sent for an update: itself, or more, fewer or others when a fault says so."""
        event, order_id = update["event"], _order(update)["id"]
        if event == "pending_new" and self._faults.take("reorder", STREAM):
            self._late[str(order_id)] = update
            return []
        if fault := self._faults.take("unknown_enums", STREAM):
            update = _unknown(update, fault)
        sent = [update]
        if event in ("new", "fill") and (fault := self._faults.take("replay_events", STREAM)):
            sent *= 1 + int(fault.params.get("times", 2))
        if event == "fill" and (late := self._late.pop(str(order_id), None)):
            sent.append(late)
        return sent

    async def _send(self, message: Mapping[str, object]) -> None:
        if self._mute or self._socket.closed:
            return
        try:
            await self._socket.send_bytes(json.dumps(message).encode())
        except ConnectionError:
            LOG.info("A trading stream's client went away")

    # Faults

    def suffer(self, fault: Fault) -> None:
        """Apply a fault meant for open connections as soon as it is asked for."""
        if fault.target == STREAM and fault.kind in AT_ONCE and self._listening:
            task = asyncio.get_running_loop().create_task(self._take(fault.kind))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, kind: str) -> None:
        if fault := self._faults.take(kind, STREAM):
            await self._break(fault)

    async def _break(self, fault: Fault) -> None:
        transport = self._request.transport
        if fault.kind == "mute":
            self._mute = True
        elif fault.kind == "abort" and isinstance(transport, asyncio.Transport):
            transport.write(b'\x82\x7e\x01\x00{"stream":"trade_upd')  # the head of a 256-byte frame, and no more
            transport.abort()
        elif fault.kind in ("close", "slow_client"):
            await self._socket.close(code=int(fault.params.get("code", 1008 if fault.kind == "slow_client" else 1000)))


def _order(update: Update) -> dict[str, object]:
    order = update["order"]
    return order if isinstance(order, dict) else {}


def _unknown(update: Update, fault: Fault) -> Update:
    """The update with a value that no client knows: in `event`, or in the order (its asset class by default)."""
    field, value = str(fault.params.get("field", "asset_class")), fault.params.get("value", "ipo")
    if field == "event":
        return update | {"event": value}
    return update | {"order": _order(update) | {field: value}}
