"""The handshake of Alpaca's market-data stream, every error it can answer, and every fault it can be given."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgpack
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from qv_desktop.simulator.alpaca_data_subscriptions import ERRORS
from tests.simulator.data_server import (
    AUTHENTICATED,
    CONNECTED,
    KEYS,
    PATIENCE,
    DataServer,
    client,
    data_server,
    error,
    heard,
    heard_until,
    reader,
    say,
)
from tests.simulator.openapi import recorded, same_shape

AUTH = {"action": "auth", **KEYS}
DOCS = "alpaca/docs_examples/api_references_market_data_api_stock_pricing_data_realtime"


def served(story: Callable[[DataServer], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        async with data_server(**settings) as server:
            await story(server)

    asyncio.run(run())


async def answer(socket: ClientConnection, message: object) -> list[dict[str, Any]]:
    await say(socket, message)
    return await heard(socket)


async def closed(socket: ClientConnection) -> None:
    """Read to the end."""
    async with asyncio.timeout(PATIENCE):
        async for _ in socket:
            pass


def test_the_server_speaks_first_and_answers_each_step_in_order() -> None:
    async def story(server: DataServer) -> None:
        async with client(f"{server.ws}/v2/iex") as socket:
            assert await heard(socket) == CONNECTED
            assert await answer(socket, AUTH) == AUTHENTICATED
            request = {"action": "subscribe", "trades": ["AAPL"], "quotes": ["MSFT", "AAPL"], "bars": ["*"]}
            assert await answer(socket, request) == [
                {
                    "T": "subscription",
                    "trades": ["AAPL"],
                    "quotes": ["AAPL", "MSFT"],
                    "bars": ["*"],
                    "updatedBars": [],
                    "dailyBars": [],
                    "statuses": [],
                    "lulds": [],
                    "imbalances": [],
                    "corrections": ["AAPL"],
                    "cancelErrors": ["AAPL"],
                }
            ]

    served(story, start="2026-03-18T02:00:00-04:00")


def test_the_subscription_answer_has_the_recorded_shape() -> None:
    wanted = recorded("alpaca/stream_marketdata_docs_2026/subscription_full.json")

    async def story(server: DataServer) -> None:
        async with client(f"{server.ws}/v2/sip") as socket:
            await heard(socket)
            await answer(socket, AUTH)
            channels = {key: ["AAPL"] for key in wanted[0] if key not in ("T", "corrections", "cancelErrors")}
            assert same_shape(wanted, await answer(socket, {"action": "subscribe", **channels})) == []

    served(story, start="2026-03-18T02:00:00-04:00")


def test_key_headers_on_the_upgrade_authenticate() -> None:
    async def story(server: DataServer) -> None:
        right = {"APCA_API_KEY_ID": "PKSIM", "APCA_API_SECRET_KEY": "simulated"}
        async with client(f"{server.ws}/v2/iex", **right) as socket:
            assert await heard(socket) == CONNECTED
            assert await heard(socket) == AUTHENTICATED
        async with client(f"{server.ws}/v2/iex", **right | {"APCA_API_SECRET_KEY": "wrong"}) as socket:
            assert await heard(socket) == CONNECTED
            assert await heard(socket) == error(402, "auth failed")

    served(story)


def test_subscriptions_add_up_and_can_be_taken_back() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex", trades=["SPY"]) as socket:
            await say(socket, {"action": "subscribe", "trades": ["AAPL"], "statuses": ["*"]})
            both = (await heard_until(socket, "subscription"))["subscription"][0]
            assert (both["trades"], both["cancelErrors"], both["statuses"]) == (["AAPL", "SPY"], ["AAPL", "SPY"], ["*"])
            await say(socket, {"action": "unsubscribe", "trades": ["SPY", "QQQ"], "statuses": ["*"]})
            rest = (await heard_until(socket, "subscription"))["subscription"][0]
            assert (rest["trades"], rest["corrections"], rest["statuses"]) == (["AAPL"], ["AAPL"], [])

    served(story)


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        "7",
        '{"action": "dance"}',
        "{}",
        '{"action": "subscribe"}',
        '{"action": "subscribe", "trades": "SPY"}',
    ],
)
def test_400_what_cannot_be_read_is_invalid_syntax_and_changes_nothing(message: str) -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex") as socket:
            await socket.send(message)
            assert await heard(socket) == error(400, "invalid syntax")
            assert (await answer(socket, {"action": "subscribe", "bars": ["SPY"]}))[0]["bars"] == ["SPY"]

    served(story)


def test_401_402_and_403_guard_the_door() -> None:
    async def story(server: DataServer) -> None:
        async with client(f"{server.ws}/v2/iex") as socket:
            await heard(socket)
            assert await answer(socket, {"action": "subscribe", "trades": ["SPY"]}) == error(401, "not authenticated")
            assert await answer(socket, {**AUTH, "secret": "guess"}) == error(402, "auth failed")
            assert await answer(socket, {"action": "auth", "key": "PKSIM"}) == error(402, "auth failed")
            assert await answer(socket, AUTH) == AUTHENTICATED
            assert await answer(socket, AUTH) == error(403, "already authenticated")

    served(story)


def test_404_who_does_not_authenticate_in_time_is_sent_away() -> None:
    async def story(server: DataServer) -> None:
        async with client(f"{server.ws}/v2/iex") as socket:
            assert await heard(socket) == CONNECTED
            assert await heard(socket) == error(404, "auth timeout")
            await closed(socket)
        async with reader(f"{server.ws}/v2/iex", bars=["SPY"]) as socket:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.recv(), 0.5)

    served(story, auth_seconds=0.2, start="2026-03-18T02:00:00-04:00")


def test_405_the_free_feed_takes_thirty_symbols_of_trades_and_quotes() -> None:
    async def story(server: DataServer) -> None:
        names = [f"S{number}" for number in range(30)]
        limit = error(405, "symbol limit exceeded")
        async with reader(f"{server.ws}/v2/iex", trades=names[:20], bars=names) as socket:
            assert await answer(socket, {"action": "subscribe", "quotes": names[:11]}) == limit
            assert await answer(socket, {"action": "subscribe", "quotes": ["*"]}) == limit
            kept = (await answer(socket, {"action": "subscribe", "quotes": names[:10]}))[0]
            assert (len(kept["trades"]), len(kept["quotes"]), len(kept["bars"])) == (20, 10, 30)
        async with reader(f"{server.ws}/v2/sip") as socket:
            assert len((await answer(socket, {"action": "subscribe", "trades": names + ["A"]}))[0]["trades"]) == 31

    served(story)


def test_406_a_second_connection_is_refused_until_the_first_has_gone() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex"), client(f"{server.ws}/v2/sip") as second:
            await heard(second)
            assert await answer(second, AUTH) == error(406, "connection limit exceeded")
            await closed(second)
            async with reader(f"{server.ws}/v2/test"), reader(f"{server.ws}/v1beta1/news"):
                pass  # they have places of their own
        async with reader(f"{server.ws}/v2/sip"):
            pass

    served(story)


def test_406_can_be_asked_for() -> None:
    async def story(server: DataServer) -> None:
        server.fault("connection_limit")
        async with client(f"{server.ws}/v2/iex") as socket:
            await heard(socket)
            assert await answer(socket, AUTH) == error(406, "connection limit exceeded")
            await closed(socket)
        async with reader(f"{server.ws}/v2/iex"):
            pass

    served(story)


def test_407_a_client_that_lets_frames_pile_up_is_told_and_closed() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex", statuses=["SPY"]) as socket:
            for _ in range(300):  # the server's loop has no chance to send in between
                server.market.halt("SPY", "test")
                server.market.step()
                server.market.resume("SPY")
                server.market.step()
            assert (await heard_until(socket, "error"))["error"] == error(407, "slow client")
            await closed(socket)

    served(story)


def test_407_can_be_asked_for_while_connected_and_before() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex") as socket:
            server.fault("slow_client")
            assert await heard(socket) == error(407, "slow client")
            await closed(socket)
        server.fault("slow_client")
        async with reader(f"{server.ws}/v2/iex", bars=["SPY"]) as socket:
            assert (await heard_until(socket, "error"))["error"] == error(407, "slow client")
            await closed(socket)

    served(story)


@pytest.mark.parametrize(("code", "message"), [(408, "v2 not enabled"), (500, "internal error")])
def test_408_and_500_can_be_asked_for(code: int, message: str) -> None:
    async def story(server: DataServer) -> None:
        server.fault("error", code=code)
        async with client(f"{server.ws}/v2/iex") as socket:
            await heard(socket)
            assert await answer(socket, AUTH) == error(code, message)
            await closed(socket)

    served(story)


def test_409_the_free_plan_has_no_sip() -> None:
    async def story(server: DataServer) -> None:
        server.fault("free_plan")
        async with reader(f"{server.ws}/v2/iex"):
            pass
        async with client(f"{server.ws}/v2/sip") as socket:
            await heard(socket)
            assert await answer(socket, AUTH) == error(409, "insufficient subscription")
            await closed(socket)

    served(story)


def test_410_a_channel_of_another_feed_is_refused() -> None:
    async def story(server: DataServer) -> None:
        refused = error(410, "invalid subscribe action for this feed")
        async with reader(f"{server.ws}/v2/iex") as socket:
            assert await answer(socket, {"action": "subscribe", "news": ["*"]}) == refused
        async with reader(f"{server.ws}/v1beta1/news") as socket:
            assert await answer(socket, {"action": "subscribe", "trades": ["SPY"]}) == refused
            assert await answer(socket, {"action": "subscribe", "news": ["*"]}) == [
                {"T": "subscription", "news": ["*"]}
            ]

    served(story)


def test_the_documented_errors_are_worded_as_the_vendor_words_them() -> None:
    for number, code in enumerate((400, 401, 402, 403, 404, 405, 406, 407, 408, 409), start=9):
        name = ERRORS[code].replace(" ", "_")
        assert recorded(f"{DOCS}/{number:02d}_error_{code}_{name}.json") == error(code, ERRORS[code])


def test_msgpack_is_spoken_when_the_upgrade_asks_for_it_and_fragments_are_joined() -> None:
    async def story(server: DataServer) -> None:
        async with client(f"{server.ws}/v2/iex", "application/msgpack") as socket:
            first = await asyncio.wait_for(socket.recv(), PATIENCE)
            assert isinstance(first, bytes)
            assert msgpack.unpackb(first) == CONNECTED
            await socket.send(msgpack.packb(AUTH))
            assert await heard(socket) == AUTHENTICATED
            request = msgpack.packb({"action": "subscribe", "bars": [f"S{number}" for number in range(900)]})
            await socket.send(request[at : at + 1000] for at in range(0, len(request), 1000))
            assert len((await heard(socket))[0]["bars"]) == 900
            await socket.send(b"\xc1")
            assert await heard(socket) == error(400, "invalid syntax")
            await socket.send(json.dumps({"action": "unsubscribe", "bars": ["S1"]}))
            assert len((await heard(socket))[0]["bars"]) == 899

    served(story, start="2026-03-18T02:00:00-04:00")


def test_an_upgrade_can_be_answered_429() -> None:
    async def story(server: DataServer) -> None:
        server.fault("upgrade_429", count=2)
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refused:
                async with client(f"{server.ws}/v2/iex"):
                    pass
            assert refused.value.response.status_code == 429
        async with reader(f"{server.ws}/v2/iex"):
            pass

    served(story)


def test_a_muted_connection_stays_open_and_says_nothing() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex", statuses=["SPY"]) as socket:
            server.fault("mute")
            server.market.halt("SPY", "test")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.recv(), 0.5)
            await asyncio.wait_for(await socket.ping(), PATIENCE)

    served(story)


def test_an_abort_cuts_the_connection_in_the_middle_of_a_frame() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex") as socket:
            server.fault("abort")
            with pytest.raises(ConnectionClosedError):
                await asyncio.wait_for(socket.recv(), PATIENCE)
            assert socket.close_code == 1006
        async with reader(f"{server.ws}/v2/iex"):
            pass  # its place is free again

    served(story)


@pytest.mark.parametrize("code", [1000, 1001, 1008])
def test_a_close_has_the_code_that_was_asked_for(code: int) -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex") as socket:
            server.fault("close", code=code)
            if code == 1008:
                with pytest.raises(ConnectionClosedError):
                    await closed(socket)
            else:
                await closed(socket)
            assert socket.close_code == code

    served(story)
