"""Alpaca's market data served in the test's own loop, where the market's clock and the faults are at hand."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgpack
from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect

from qv_desktop.simulator import alpaca_data_rest, alpaca_data_stream
from qv_desktop.simulator.faults import Fault, Faults
from qv_desktop.simulator.history import History
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.listings import stocks
from qv_desktop.simulator.market import Market

KEYS = {"key": "PKSIM", "secret": "simulated"}
CONNECTED = [{"T": "success", "msg": "connected"}]
AUTHENTICATED = [{"T": "success", "msg": "authenticated"}]
PATIENCE = 30.0  # seconds: only a broken stream is ever waited for so long
MID_SESSION = "2026-03-18T11:00:50-04:00"


@dataclass(frozen=True, slots=True)
class DataServer:
    """The addresses of a running server, and what it is made of."""

    url: str
    ws: str
    market: Market
    faults: Faults

    def fault(self, kind: str, count: int = 1, **params: Any) -> None:
        """Ask for a fault of the stream."""
        self.faults.add(Fault(kind, "alpaca_data", count, params))


@asynccontextmanager
async def data_server(
    start: str = MID_SESSION, speed: float = 1.0, symbols: int = 4, auth_seconds: float = 10.0
) -> AsyncIterator[DataServer]:
    """A server on a free port of 127.0.0.1 with the best known `symbols`, stopped at the end."""
    t = int(datetime.fromisoformat(start).timestamp()) * 1_000_000_000
    market = Market(History(1, t, dict(list(stocks().items())[:symbols])), t, speed)
    faults, keys, app = Faults(), Keys(), web.Application()
    app.add_routes(alpaca_data_rest.routes(market, keys, faults))
    app.add_routes(alpaca_data_stream.routes(market, keys, faults, auth_seconds))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = "{}:{}".format(*runner.addresses[0][:2])
    steps = asyncio.create_task(market.run())
    try:
        yield DataServer(f"http://{host}", f"ws://{host}", market, faults)
    finally:
        steps.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await steps
        await runner.cleanup()


@asynccontextmanager
async def client(url: str, content_type: str | None = None, **headers: str) -> AsyncIterator[ClientConnection]:
    """A plain WebSocket client, past no proxy."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type:
        given["Content-Type"] = content_type
    async with connect(url, additional_headers=given, proxy=None, close_timeout=1) as socket:
        yield socket


@asynccontextmanager
async def reader(url: str, **channels: list[str]) -> AsyncIterator[ClientConnection]:
    """A JSON client that has authenticated and subscribed."""
    async with client(url) as socket:
        await heard(socket)
        await say(socket, {"action": "auth", **KEYS})
        assert await heard(socket) == AUTHENTICATED
        if channels:
            await say(socket, {"action": "subscribe", **channels})
            assert (await heard(socket))[0]["T"] == "subscription"
        yield socket


async def say(socket: ClientConnection, message: object) -> None:
    """Send one JSON message."""
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> list[dict[str, Any]]:
    """The next frame, in either codec."""
    frame = await asyncio.wait_for(socket.recv(), PATIENCE)
    found: list[dict[str, Any]] = json.loads(frame) if isinstance(frame, str) else msgpack.unpackb(frame)
    return found


async def heard_until(socket: ClientConnection, *kinds: str) -> dict[str, list[dict[str, Any]]]:
    """Messages by kind, read until each of `kinds` has come."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with asyncio.timeout(PATIENCE):
        while not set(kinds) <= found.keys():
            for message in await heard(socket):
                found.setdefault(message["T"], []).append(message)
    return found


def error(code: int, message: str) -> list[dict[str, Any]]:
    """An error frame."""
    return [{"T": "error", "code": code, "msg": message}]
