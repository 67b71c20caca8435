"""Trade updates reach Alpaca's official stream client, and every fault of the stream can be had."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from alpaca.trading.requests import ReplaceOrderRequest
from alpaca.trading.stream import TradingStream

from tests import canaries
from tests.simulator.openapi import recorded, same_shape
from tests.simulator.process import Simulator
from tests.simulator.trading import LONG, Broker

AUTHENTICATED = {"stream": "authorization", "data": {"status": "authorized", "action": "authenticate"}}
REFUSED = {"stream": "authorization", "data": {"status": "unauthorized", "action": "authenticate"}}
LISTENING = {"stream": "listening", "data": {"streams": ["trade_updates"]}}
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}


@pytest.fixture
def broker(simulator: Simulator) -> Broker:
    return Broker(simulator)


class Heard:
    """What the official client handed to its handler."""

    def __init__(self) -> None:
        self.updates: list[Any] = []
        self._more = asyncio.Event()

    async def handle(self, update: Any) -> None:
        self.updates.append(update)
        self._more.set()

    async def until(self, last: str) -> list[Any]:
        """All updates, once the newest is one named `last`."""
        async with asyncio.timeout(LONG):
            while not self.updates or name(self.updates[-1]) != last:
                self._more.clear()
                await self._more.wait()
        return self.updates


def name(update: Any) -> str:
    """The event of an update, raw or parsed (the client makes some a plain string)."""
    event = update["data"]["event"] if isinstance(update, dict) else update.event
    return str(getattr(event, "value", event))


@asynccontextmanager
async def official(broker: Broker, raw: bool = False) -> AsyncIterator[Heard]:
    """The official client's updates, from when the server has confirmed that it listens."""
    heard, listens, simulator = Heard(), asyncio.Event(), broker.simulator
    stream = TradingStream(simulator.key, simulator.secret, raw_data=raw, url_override=f"{simulator.ws}/stream")
    dispatch = stream._dispatch

    async def watched(message: dict[str, Any]) -> None:
        if message == LISTENING:
            listens.set()  # the client itself passes this message over
        await dispatch(message)

    stream._dispatch = watched
    stream.subscribe_trade_updates(heard.handle)
    running = asyncio.create_task(stream._run_forever())
    try:
        async with asyncio.timeout(LONG):
            await listens.wait()
        yield heard
    finally:
        await stream.stop_ws()
        await stream.close()
        await running


@asynccontextmanager
async def plain(broker: Broker, *, listening: bool = True) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A bare WebSocket, authenticated and listening unless told otherwise."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{broker.simulator.ws}/stream") as socket:
        if listening:
            await socket.send_json({"action": "authenticate", "data": _pair(broker)})
            assert await said(socket) == AUTHENTICATED
            await socket.send_json(LISTEN)
            assert await said(socket) == LISTENING
        yield socket


def _pair(broker: Broker) -> dict[str, str]:
    return {"key_id": broker.simulator.key, "secret_key": broker.simulator.secret}


async def said(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await socket.receive(timeout=LONG)
    assert message.type is aiohttp.WSMsgType.BINARY, message
    found: dict[str, Any] = json.loads(message.data)
    return found


async def events(socket: aiohttp.ClientWebSocketResponse, last: str) -> list[dict[str, Any]]:
    """The data of the updates up to the first one named `last`."""
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["event"] != last:
        heard.append((await said(socket))["data"])
    return heard


def test_the_official_stream_hears_a_market_order_from_pending_new_to_fill(broker: Broker) -> None:
    async def story() -> None:
        async with official(broker) as heard:
            order = await asyncio.to_thread(broker.buy, 10)
            updates = await heard.until("fill")
        names = [name(update) for update in updates]
        assert names[:2] == ["pending_new", "new"]
        assert set(names[2:]) <= {"partial_fill", "fill"}
        assert {update.order.id for update in updates} == {order.id}
        assert updates[0].execution_id is None
        executions = updates[2:]
        assert sum(update.qty for update in executions) == 10
        assert executions[-1].position_qty == 10
        assert len({update.execution_id for update in updates[1:]}) == len(updates) - 1

    asyncio.run(story())


def test_a_fill_has_the_shape_that_was_recorded_and_an_event_id(broker: Broker) -> None:
    async def story() -> None:
        async with official(broker, raw=True) as heard:
            await asyncio.to_thread(broker.buy, 1)
            fill = (await heard.until("fill"))[-1]
        shape = recorded("alpaca/docs_examples/api_references_trading_api_streaming/09_trade_updates_fill.json")
        assert same_shape(shape, fill, frozenset({"cancel_requested_at"})) == []
        assert len(fill["data"]["event_id"]) == 26
        assert fill["data"]["at"] == fill["data"]["timestamp"]

    asyncio.run(story())


def test_a_replacement_and_a_cancel_are_reported_for_the_old_and_the_new_order(broker: Broker) -> None:
    async def story() -> None:
        async with official(broker) as heard:
            old = await asyncio.to_thread(broker.resting)
            change = ReplaceOrderRequest(limit_price=50)
            new = await asyncio.to_thread(broker.client.replace_order_by_id, old.id, change)
            await asyncio.to_thread(broker.until, new, "new")
            await asyncio.to_thread(broker.client.cancel_order_by_id, new.id)
            updates = await heard.until("canceled")
        told = [(name(update), update.order.id) for update in updates]
        assert told[2:] == [("replaced", old.id), ("new", new.id), ("pending_cancel", new.id), ("canceled", new.id)]
        assert updates[2].order.replaced_by == new.id

    asyncio.run(story())


def test_the_handshake_answers_in_binary_json_and_refuses_what_comes_before_it(broker: Broker) -> None:
    async def story() -> None:
        async with plain(broker, listening=False) as socket:
            await socket.send_json(LISTEN)
            assert await said(socket) == REFUSED | {"data": {"status": "unauthorized", "action": "listen"}}
            await socket.send_bytes(json.dumps({"action": "authenticate", "data": _pair(broker)}).encode())
            assert await said(socket) == AUTHENTICATED
            await socket.send_json({"action": "listen", "data": {"streams": []}})
            assert (await said(socket))["data"] == {"streams": []}

    asyncio.run(story())


@pytest.mark.parametrize(
    "message",
    [
        {"action": "auth", "key": canaries.ALPACA_KEY, "secret": canaries.ALPACA_SECRET},
        {"action": "authenticate", "data": {"oauth_token": canaries.OAUTH_TOKEN}},
        {"action": "auth", "key": "access_token", "secret": canaries.OAUTH_TOKEN},
    ],
)
def test_the_older_forms_of_logging_in_are_taken(broker: Broker, message: dict[str, Any]) -> None:
    async def story() -> None:
        async with plain(broker, listening=False) as socket:
            await socket.send_json(message)
            assert await said(socket) == AUTHENTICATED

    asyncio.run(story())


@pytest.mark.parametrize(
    "data",
    [{"key_id": "PKSIM", "secret_key": "wrong"}, {"oauth_token": "wrong"}, {}, {"key_id": 1, "secret_key": None}],
)
def test_wrong_keys_are_unauthorized_and_the_connection_ends(broker: Broker, data: dict[str, Any]) -> None:
    async def story() -> None:
        async with plain(broker, listening=False) as socket:
            await socket.send_json({"action": "authenticate", "data": data})
            assert await said(socket) == REFUSED
            assert (await socket.receive(timeout=LONG)).type is aiohttp.WSMsgType.CLOSE

    asyncio.run(story())


def test_a_second_connection_is_refused_with_429_until_the_first_one_goes(broker: Broker) -> None:
    async def story() -> None:
        async with plain(broker):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with plain(broker):
                    raise AssertionError("a second connection was let in")
            assert refused.value.status == 429
        async with plain(broker):
            pass

    asyncio.run(story())


def test_the_upgrade_can_be_refused_with_429(broker: Broker) -> None:
    async def story() -> None:
        broker.fault("upgrade_429", "trade_updates")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with plain(broker):
                raise AssertionError("the upgrade was not refused")
        assert refused.value.status == 429
        async with plain(broker):
            pass

    asyncio.run(story())


def test_logging_in_can_be_refused_although_the_keys_are_right(broker: Broker) -> None:
    async def story() -> None:
        broker.fault("connection_limit", "trade_updates")
        async with plain(broker, listening=False) as socket:
            await socket.send_json({"action": "authenticate", "data": _pair(broker)})
            assert await said(socket) == REFUSED

    asyncio.run(story())


def test_replayed_events_come_again_with_the_same_execution_id(broker: Broker) -> None:
    async def story() -> None:
        broker.fault("replay_events", "trade_updates", count=2)
        async with plain(broker) as socket:
            await asyncio.to_thread(broker.buy, 1)
            heard = await events(socket, "fill")
            heard += [(await said(socket))["data"] for _ in range(2)]
        assert [one["event"] for one in heard] == ["pending_new", "new", "new", "new", "fill", "fill", "fill"]
        assert len({one["execution_id"] for one in heard[4:]}) == 1

    asyncio.run(story())


def test_events_can_arrive_out_of_order(broker: Broker) -> None:
    async def story() -> None:
        broker.fault("reorder", "trade_updates")
        async with plain(broker) as socket:
            await asyncio.to_thread(broker.buy, 1)
            heard = [one["event"] for one in await events(socket, "pending_new")]
        assert heard == ["new", "fill", "pending_new"]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("params", "read"),
    [
        ({}, lambda update: update["order"]["asset_class"] == "ipo"),
        ({"field": "status", "value": "pending_review"}, lambda update: update["order"]["status"] == "pending_review"),
        ({"field": "event", "value": "restated_again"}, lambda update: update["event"] == "restated_again"),
    ],
)
def test_updates_can_carry_values_that_no_client_knows(
    broker: Broker, params: dict[str, Any], read: Callable[[dict[str, Any]], bool]
) -> None:
    async def story() -> None:
        broker.fault("unknown_enums", "trade_updates", **params)
        async with plain(broker) as socket:
            await asyncio.to_thread(broker.resting)
            assert read((await said(socket))["data"])

    asyncio.run(story())


def test_a_connection_can_fall_silent_without_closing(broker: Broker) -> None:
    async def story() -> None:
        async with plain(broker) as socket:
            broker.fault("mute", "trade_updates")
            await asyncio.to_thread(broker.buy, 1)
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.3)
            assert not socket.closed

    asyncio.run(story())


@pytest.mark.parametrize(("kind", "code"), [("close", 1000), ("close", 1001), ("close", 1008), ("slow_client", 1008)])
def test_a_connection_can_be_closed_with_a_code(broker: Broker, kind: str, code: int) -> None:
    async def story() -> None:
        async with plain(broker) as socket:
            broker.fault(kind, "trade_updates", code=code)
            message = await socket.receive(timeout=LONG)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, code)

    asyncio.run(story())


def test_a_connection_can_break_in_the_middle_of_a_frame(broker: Broker) -> None:
    async def story() -> None:
        async with plain(broker) as socket:
            broker.fault("abort", "trade_updates")
            message = await socket.receive(timeout=LONG)
            assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
            assert socket.close_code == 1006
        async with plain(broker):
            pass

    asyncio.run(story())


def test_what_happens_while_nobody_listens_is_not_told_later(broker: Broker) -> None:
    async def story() -> None:
        await asyncio.to_thread(broker.resting)
        async with plain(broker) as socket:
            order = await asyncio.to_thread(broker.resting)
            assert (await said(socket))["data"]["order"]["id"] == str(order.id)

    asyncio.run(story())
