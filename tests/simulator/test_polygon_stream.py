"""Polygon's own WebSocket client listens to the simulator, and plain sockets see every status and fault."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from polygon import WebSocketClient
from polygon.exceptions import AuthError
from polygon.websocket.models import EquityAgg, EquityQuote, EquityTrade
from websockets.asyncio.client import ClientConnection, connect

from tests.simulator.openapi import recorded, same_shape
from tests.simulator.process import Simulator, running

PATIENCE = 60.0  # seconds; a busy machine is slow to notice
TARGET = "polygon_stream"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A market that runs fast, so that minutes end soon."""
    with running("--seed", "1", "--speed", "40") as started:
        yield started


@asynccontextmanager
async def connected(simulator: Simulator, key: str | None = None) -> AsyncIterator[ClientConnection]:
    """A socket after its authentication message."""
    async with connect(f"{simulator.ws}/stocks", proxy=None, max_size=None) as socket:
        assert await frame(socket) == [{"ev": "status", "status": "connected", "message": "Connected Successfully"}]
        await socket.send(json.dumps({"action": "auth", "params": key or simulator.polygon_key}))
        yield socket


async def frame(socket: ClientConnection) -> list[dict[str, Any]]:
    """The next frame's events."""
    async with asyncio.timeout(PATIENCE):
        found: list[dict[str, Any]] = json.loads(await socket.recv())
        return found


async def status(socket: ClientConnection) -> tuple[str, str]:
    """The next status event."""
    while True:
        for event in await frame(socket):
            if event["ev"] == "status":
                return event["status"], event["message"]


async def subscribe(socket: ClientConnection, topics: str, action: str = "subscribe") -> list[tuple[str, str]]:
    """Ask for topics and hear what is said to each."""
    await socket.send(json.dumps({"action": action, "params": topics}))
    return [await status(socket) for _ in topics.split(",")]


async def closed(socket: ClientConnection) -> int | None:
    """Read until the other side closes; its code."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await socket.recv()
            except websockets.ConnectionClosed:
                return socket.close_code


async def listened(client: WebSocketClient, until: Any) -> list[Any]:
    """What the vendor's client hears until enough."""
    heard: list[Any] = []
    enough = asyncio.Event()

    async def hear(messages: list[Any]) -> None:
        heard.extend(messages)
        if until(heard):
            enough.set()

    listening = asyncio.create_task(client.connect(hear, proxy=None))
    async with asyncio.timeout(PATIENCE):
        await enough.wait()
    await client.close()
    await listening
    return heard


def vendor_client(simulator: Simulator, *topics: str) -> WebSocketClient:
    return WebSocketClient(
        simulator.polygon_key, feed=simulator.host, market="stocks", secure=False, subscriptions=list(topics)
    )


def test_the_vendor_s_client_hears_trades_quotes_and_bars(simulator: Simulator) -> None:
    def enough(heard: list[Any]) -> bool:
        kinds = {(type(one), getattr(one, "event_type", "")) for one in heard}
        return {(EquityTrade, "T"), (EquityQuote, "Q"), (EquityAgg, "A"), (EquityAgg, "AM")} <= kinds

    client = vendor_client(simulator, "T.SPY", "Q.AAPL", "A.*", "AM.*")
    heard = asyncio.run(listened(client, enough))
    assert {one.symbol for one in heard if isinstance(one, EquityTrade)} == {"SPY"}
    assert {one.symbol for one in heard if isinstance(one, EquityQuote)} == {"AAPL"}
    assert all(one.bid_price < one.ask_price for one in heard if isinstance(one, EquityQuote))
    minutes = [one for one in heard if isinstance(one, EquityAgg) and one.event_type == "AM"]
    assert len({one.symbol for one in minutes}) > 40
    assert all(one.end_timestamp - one.start_timestamp == 60_000 for one in minutes)
    assert all(one.accumulated_volume >= one.volume for one in minutes)


def test_a_topic_dropped_by_the_client_is_heard_no_more(simulator: Simulator) -> None:
    async def story() -> None:
        async with connected(simulator) as socket:
            assert await status(socket) == ("auth_success", "authenticated")
            assert await subscribe(socket, "T.SPY,Q.SPY") == [
                ("success", "subscribed to: T.SPY"),
                ("success", "subscribed to: Q.SPY"),
            ]
            while not any(event["ev"] == "T" for event in await frame(socket)):
                pass
            assert await subscribe(socket, "T.SPY", "unsubscribe") == [("success", "unsubscribed to: T.SPY")]
            heard = [event for _ in range(20) for event in await frame(socket)]
            assert {event["ev"] for event in heard} == {"Q"}

    asyncio.run(story())


def test_events_have_the_recorded_shape_and_many_share_a_frame(simulator: Simulator) -> None:
    async def story() -> None:
        found: dict[str, dict[str, Any]] = {}
        most = 0
        async with connected(simulator) as socket:
            await subscribe(socket, "T.*,Q.*,A.*,AM.*,LULD.*")
            while len(found) < 5:
                events = [event for event in await frame(socket) if event["ev"] != "status"]
                most = max(most, len(events))
                found |= {event["ev"]: event for event in events}
        assert most > 1
        for name, event in found.items():
            assert same_shape(event, recorded(f"polygon/openapi_ws/stocks_{name}.json")) == []
        assert abs(found["Q"]["t"] - found["T"]["t"]) < 600_000  # both in milliseconds

    asyncio.run(story())


def test_streamed_bars_are_those_that_rest_serves_and_trades_arrive_as_they_happen(simulator: Simulator) -> None:
    async def story() -> None:
        bars: list[dict[str, Any]] = []
        async with connected(simulator) as socket:
            await subscribe(socket, "AM.SPY,T.SPY")
            while len(bars) < 2:
                events = await frame(socket)
                clock = simulator.control("GET", "/sim/clock")
                assert all(event["t"] <= clock["market_ns"] // 1_000_000 for event in events if event["ev"] == "T")
                bars += [event for event in events if event["ev"] == "AM"]
        first, last = bars[0]["s"], bars[-1]["s"]
        connection = await asyncio.to_thread(_aggregates, simulator, first, last)
        assert [[bar[name] for name in "ohlcv"] for bar in bars] == [
            [bar[name] for name in "ohlcv"] for bar in connection
        ]

    asyncio.run(story())


def _aggregates(simulator: Simulator, first: int, last: int) -> list[dict[str, Any]]:
    path = f"/v2/aggs/ticker/SPY/range/1/minute/{first}/{last}?apiKey={simulator.polygon_key}"
    results: list[dict[str, Any]] = simulator.control("GET", path)["results"]
    return results


def test_a_wrong_key_fails_and_the_client_raises(simulator: Simulator) -> None:
    async def story() -> None:
        async with connected(simulator, "wrong") as socket:
            assert await status(socket) == ("auth_failed", "authentication failed")
            assert await closed(socket) == 1008
        client = WebSocketClient("wrong", feed=simulator.host, market="stocks", secure=False, subscriptions=["T.*"])
        with pytest.raises(AuthError):
            await client.connect(_ignore, proxy=None)

    asyncio.run(story())


async def _ignore(_: list[Any]) -> None:
    """Hear nothing."""


def test_nothing_is_sent_before_authentication_and_nonsense_is_answered_with_an_error(simulator: Simulator) -> None:
    async def story() -> None:
        async with connect(f"{simulator.ws}/stocks", proxy=None) as socket:
            await frame(socket)
            assert (await subscribe(socket, "T.*"))[0][0] == "auth_required"
            for nonsense in ("{", "[]", '{"action":"auth"}'):
                await socket.send(nonsense)
                assert (await status(socket))[0] == "error"
            await socket.send(json.dumps({"action": "auth", "params": simulator.polygon_key}))
            assert (await status(socket))[0] == "auth_success"
            assert [said for said, _ in await subscribe(socket, "XT.SPY,T.")] == ["error", "error"]
            await socket.send(json.dumps({"action": "dance", "params": "T.*"}))
            assert await status(socket) == ("error", "Unknown action dance")

    asyncio.run(story())


def test_a_newer_connection_evicts_the_older_one(simulator: Simulator) -> None:
    async def story() -> None:
        async with connected(simulator) as older:
            await status(older)
            async with connected(simulator) as newer:
                assert (await status(newer))[0] == "auth_success"
                evicted = await frame(older)
                assert evicted == recorded("polygon/errors_field_reports/ws_max_connections.json")
                assert await closed(older) == 1008
                await subscribe(newer, "T.*")
                assert await frame(newer)

    asyncio.run(story())


@pytest.mark.parametrize("code", [1000, 1001, 1008])
def test_a_live_connection_can_be_closed_with_any_code(simulator: Simulator, code: int) -> None:
    async def story() -> None:
        async with connected(simulator) as socket:
            await status(socket)
            simulator.control("POST", "/sim/faults", {"kind": "close", "target": TARGET, "params": {"code": code}})
            assert await closed(socket) == code

    asyncio.run(story())
    assert simulator.control("GET", "/sim/faults") == {"faults": []}


def test_a_live_connection_can_be_cut_in_the_middle_of_a_frame(simulator: Simulator) -> None:
    async def story() -> None:
        async with connected(simulator) as socket:
            await status(socket)
            simulator.control("POST", "/sim/faults", {"kind": "abort", "target": TARGET})
            assert await closed(socket) == 1006  # no close frame came

    asyncio.run(story())


def test_a_muted_connection_stays_open_and_answers_pings(simulator: Simulator) -> None:
    async def story() -> None:
        async with connected(simulator) as socket:
            await status(socket)
            simulator.control("POST", "/sim/faults", {"kind": "mute", "target": TARGET})
            await socket.send(json.dumps({"action": "subscribe", "params": "T.*"}))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await socket.recv()
            async with asyncio.timeout(PATIENCE):
                await (await socket.ping())

    asyncio.run(story())


@pytest.mark.parametrize(("kind", "code"), [("slow_client", 1008), ("max_connections", 1008)])
def test_a_fault_without_listeners_waits_for_the_next_subscription(simulator: Simulator, kind: str, code: int) -> None:
    deadline = time.monotonic() + PATIENCE
    simulator.control("POST", "/sim/faults", {"kind": kind, "target": TARGET})

    async def story() -> None:
        async with connected(simulator) as socket:
            await status(socket)
            await socket.send(json.dumps({"action": "subscribe", "params": "T.SPY"}))
            assert await closed(socket) == code

    asyncio.run(story())
    assert time.monotonic() < deadline + PATIENCE
    assert simulator.control("GET", "/sim/faults") == {"faults": []}


def test_the_upgrade_can_be_refused_and_the_connection_limit_be_reached(simulator: Simulator) -> None:
    async def story() -> None:
        simulator.control("POST", "/sim/faults", {"kind": "upgrade_429", "target": TARGET})
        with pytest.raises(websockets.InvalidStatus) as refused:
            await connect(f"{simulator.ws}/stocks", proxy=None)
        assert refused.value.response.status_code == 429
        simulator.control("POST", "/sim/faults", {"kind": "connection_limit", "target": TARGET})
        async with connected(simulator) as socket:
            assert (await status(socket))[0] == "max_connections"
            assert await closed(socket) == 1008

    asyncio.run(story())


def _until_sent(simulator: Simulator, t: int) -> None:
    """Wait until the market has sent its events up to `t` ns."""
    path = f"/v2/last/trade/SPY?apiKey={simulator.polygon_key}"
    while simulator.control("GET", path)["results"]["t"] < t:
        time.sleep(0.05)


def test_a_consumer_that_does_not_read_is_dropped() -> None:
    async def story(simulator: Simulator) -> None:
        async with connected(simulator) as socket:
            await status(socket)
            await subscribe(socket, "T.*,Q.*,A.*")
            socket.transport.pause_reading()
            await asyncio.to_thread(_until_sent, simulator, simulator.ready["market_ns"] + 50 * 60 * 10**9)
            socket.transport.resume_reading()
            assert await closed(socket) == 1006

    with running("--speed", "1000") as simulator:
        asyncio.run(story(simulator))
