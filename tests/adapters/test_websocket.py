"""The supervised socket against a real server that misbehaves on command."""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve

from qv_desktop.adapters.websocket import Evicted, Lost, Patience, Refused, Socket, is_loopback
from tests.adapters.listening import Heard, now, until

QUICK = Patience(
    first=0.02, ceiling=0.05, evicted=0.4, refused=30.0, opening=2.0, ping=5.0, silence=0.4, settle=0.05, attempts=1000
)
KEY = "key-that-must-not-be-seen"


class Server:
    """Greets, takes a key, and then does what the test says with each connection."""

    def __init__(self, then: Callable[["Server", ServerConnection], Awaitable[None]]) -> None:
        self.then = then
        self.connections = 0
        self.received: list[list[str]] = []  # per connection
        self.status: HTTPStatus | None = None
        self.attempts = 0
        self.url = ""

    async def __call__(self, connection: ServerConnection) -> None:
        self.connections += 1
        said: list[str] = []
        self.received.append(said)
        await connection.send("hello")
        said.append(str(await connection.recv()))
        await connection.send("welcome")
        listening = asyncio.create_task(self._listen(connection, said))
        try:
            await self.then(self, connection)
        finally:
            listening.cancel()

    async def _listen(self, connection: ServerConnection, said: list[str]) -> None:
        async for message in connection:
            said.append(str(message))  # noqa: PERF401  # each is to be seen at once

    def judge(self, connection: ServerConnection, request: object) -> object:
        self.attempts += 1
        return connection.respond(self.status, "") if self.status else None


@asynccontextmanager
async def serving(then: Callable[[Server, ServerConnection], Awaitable[None]]) -> AsyncIterator[Server]:
    server = Server(then)
    async with serve(server, "127.0.0.1", 0, process_request=server.judge) as listening:
        host, port = listening.sockets[0].getsockname()[:2]
        server.url = f"ws://{host}:{port}"
        yield server


async def sign_in(connection) -> None:
    assert await connection.recv() == "hello"
    await connection.send(KEY)
    assert await connection.recv() == "welcome"


def wording(added: frozenset[str], removed: frozenset[str]) -> list[str]:
    return [f"-{symbol}" for symbol in sorted(removed)] + [f"+{symbol}" for symbol in sorted(added)]


@asynccontextmanager
async def running(url: str, heard: Heard, **options) -> AsyncIterator[Socket]:
    settings = {"now": now, "wording": wording, "patience": QUICK, "handshake": sign_in, "hear": heard.hear, **options}
    handshake, hear = settings.pop("handshake"), settings.pop("hear")
    socket = Socket("Test", url, handshake, hear, heard.state, heard.gap, **settings)
    work = asyncio.create_task(socket.run())
    try:
        yield socket
    finally:
        await socket.stop()
        await work


async def forever(server: Server, connection: ServerConnection) -> None:
    await connection.wait_closed()


async def chatter(server: Server, connection: ServerConnection) -> None:
    while True:
        await connection.send("tick")
        await asyncio.sleep(0.02)


def test_frames_are_heard_in_order_and_the_states_are_told_on_the_way() -> None:
    async def story() -> None:
        async def count(server: Server, connection: ServerConnection) -> None:
            for number in range(1000):
                await connection.send(str(number))
            await connection.wait_closed()

        heard = Heard()
        async with serving(count) as server, running(server.url, heard, expecting=lambda: False) as socket:
            await until(lambda: len(heard.items) == 1000, "all frames")
            assert heard.items == [b"%d" % number for number in range(1000)]
            assert [state for state, _ in heard.states[:3]] == ["connecting", "authenticating", "live"]
            assert socket.state in ("live", "quiet")
        assert heard.states[-1][0] == "off"
        assert not heard.gaps

    asyncio.run(story())


def test_wanted_symbols_are_asked_for_at_once_and_again_after_a_reconnect() -> None:
    async def story() -> None:
        async def hang_up_on_demand(server: Server, connection: ServerConnection) -> None:
            await until(lambda: "+C" in server.received[-1] or server.connections > 1, "the change of mind")
            if server.connections == 1:
                await connection.close(1000)
            await connection.wait_closed()

        heard = Heard()
        async with serving(hang_up_on_demand) as server, running(server.url, heard, expecting=lambda: False) as socket:
            socket.want(("A", "B"))
            await until(lambda: server.received and server.received[0][1:] == ["+A", "+B"], "the first subscription")
            socket.want(("B", "C"))
            await until(lambda: server.received[0][3:] == ["-A", "+C"], "the difference")
            await until(
                lambda: len(server.received) == 2 and server.received[1][1:] == ["+B", "+C"], "the whole set again"
            )

    asyncio.run(story())


@pytest.mark.parametrize("code", [1000, 1001, 1008, None])
def test_however_the_server_hangs_up_it_reconnects_and_names_the_gap(code: int | None) -> None:
    async def story() -> None:
        async def drop_first(server: Server, connection: ServerConnection) -> None:
            await connection.send("before" if server.connections == 1 else "after")
            if server.connections == 1:
                await (connection.close(code) if code else asyncio.to_thread(lambda: None))
                connection.transport.abort()
            await connection.wait_closed()

        heard = Heard()
        async with serving(drop_first) as server, running(server.url, heard, expecting=lambda: False) as socket:
            await until(lambda: heard.items == [b"before", b"after"], "both frames")
            assert len(heard.gaps) == socket.counts.gaps == 1
            start, end, reason = heard.gaps[0]
            assert start <= end
            assert (str(code) in reason) if code else ("broke" in reason)
            assert heard.count("backing off") == 1

    asyncio.run(story())


def test_a_gap_that_is_open_when_it_is_stopped_is_told_as_far_as_it_reaches() -> None:
    async def cut(server: Server, connection: ServerConnection) -> None:
        await connection.send("a price")
        server.status = HTTPStatus.BAD_GATEWAY  # for all that come later
        await asyncio.sleep(0.2)
        connection.transport.abort()

    async def scenario() -> None:
        heard = Heard()
        async with serving(cut) as server, running(server.url, heard):
            await until(lambda: heard.items and server.attempts > 2, "prices, and attempts in vain")
            assert not heard.gaps
        ((start, end, _),) = heard.gaps
        assert start < end

    asyncio.run(scenario())


def test_a_mute_link_is_told_and_replaced_while_data_is_expected() -> None:
    async def story() -> None:
        async def mute_first(server: Server, connection: ServerConnection) -> None:
            await (forever if server.connections == 1 else chatter)(server, connection)

        heard = Heard()
        async with serving(mute_first) as server, running(server.url, heard) as socket:
            socket.want(("A",))
            await until(lambda: heard.items and heard.gaps, "prices from the second link, and the gap before it")
            assert heard.count("mute") == 1
            assert "nothing was heard" in heard.gaps[0][2]
            assert server.connections == 2

    asyncio.run(story())


def test_silence_while_nothing_trades_is_quiet_and_keeps_the_link() -> None:
    async def story() -> None:
        speak = asyncio.Event()

        async def silent(server: Server, connection: ServerConnection) -> None:
            await speak.wait()
            await connection.send("tick")
            await connection.wait_closed()

        heard = Heard()
        async with serving(silent) as server, running(server.url, heard, expecting=lambda: False) as socket:
            socket.want(("A",))
            await until(lambda: socket.state == "quiet", "the quiet state")
            speak.set()
            await until(lambda: socket.state == "live" and heard.items, "live again")
            assert server.connections == 1
            assert not heard.gaps

    asyncio.run(story())


def test_silence_counts_only_from_when_data_became_expected() -> None:
    async def story() -> None:
        expected: list[float] = []
        loop = asyncio.get_running_loop()
        heard = Heard()
        async with serving(forever) as server, running(server.url, heard, expecting=lambda: bool(expected)) as socket:
            socket.want(("A",))
            await until(lambda: socket.state == "quiet", "the quiet state")
            expected.append(loop.time())
            await until(lambda: heard.count("mute"), "the mute state")
            assert loop.time() - expected[0] >= QUICK.silence
            assert server.connections >= 1

    asyncio.run(story())


def test_backfilling_shows_while_the_link_is_up_and_gives_way_to_its_loss() -> None:
    async def story() -> None:
        async def drop_on_demand(server: Server, connection: ServerConnection) -> None:
            await until(lambda: "+DROP" in server.received[-1], "the word to drop")
            await connection.close(1001)

        heard = Heard()
        async with serving(drop_on_demand) as server, running(server.url, heard, expecting=lambda: False) as socket:
            socket.backfilling(on=True)
            assert socket.state == "off"  # not before there is a link
            await until(lambda: socket.state == "live", "the link")
            socket.backfilling(on=True)
            assert socket.state == "backfilling"
            socket.backfilling(on=False)
            assert heard.states[-1] == ("live", "Test: live.")
            socket.backfilling(on=True)
            socket.want(("DROP",))
            await until(lambda: heard.count("backing off"), "the loss")
            socket.backfilling(on=False)
            assert heard.count("off") == 0

    asyncio.run(story())


def test_a_refusal_is_one_sentence_and_no_storm() -> None:
    async def refuse(connection) -> None:
        raise Refused("Test refused the key; enter a valid key in the settings.")

    async def story() -> None:
        heard = Heard()
        async with serving(forever) as server, running(server.url, heard, handshake=refuse) as socket:
            await until(lambda: heard.count("off"), "the refusal")
            await asyncio.sleep(0.3)
            assert server.connections == 1
            assert socket.detail == "Test refused the key; enter a valid key in the settings."

    asyncio.run(story())


def test_an_eviction_found_in_the_messages_waits_long_before_it_comes_back() -> None:
    async def story() -> None:
        async def evict_first(server: Server, connection: ServerConnection) -> None:
            await connection.send("evicted" if server.connections == 1 else "tick")
            await connection.close(1008)

        heard, times = Heard(), []
        ends: list[Socket] = []

        def hear(batch) -> None:
            heard.hear(batch)
            times.append(asyncio.get_running_loop().time())
            if b"evicted" in batch:
                ends[0].end(Evicted("Another program took over."))

        async with serving(evict_first) as server, running(server.url, heard, hear=hear) as socket:
            ends.append(socket)
            await until(lambda: b"tick" in heard.items, "the return")
            assert heard.count("evicted") == 1
            assert ("evicted", "Another program took over.") in heard.states
            assert times[1] - times[0] >= QUICK.evicted
            assert server.connections >= 2

    asyncio.run(story())


@pytest.mark.parametrize(("status", "state"), [(429, "evicted"), (401, "off"), (403, "off"), (502, "backing off")])
def test_an_http_answer_instead_of_an_upgrade_is_understood(status: int, state: str) -> None:
    async def story() -> None:
        heard = Heard()
        async with serving(forever) as server:
            server.status = HTTPStatus(status)
            async with running(server.url, heard):
                await until(lambda: heard.count(state), state)
                assert server.attempts == 1 or state == "backing off"

    asyncio.run(story())


def test_a_server_that_is_away_is_tried_again_until_it_is_there() -> None:
    async def story() -> None:
        heard = Heard()
        async with serving(chatter) as server:
            url, port = server.url, int(server.url.rpartition(":")[2])
        async with running(url, heard):
            await until(lambda: heard.count("backing off") >= 3, "three attempts")
            assert "nothing answers" in heard.states[-1][1] or heard.states[-1][0] == "connecting"
            late = Server(chatter)
            async with serve(late, "127.0.0.1", port):
                await until(lambda: heard.items, "prices at last")

    asyncio.run(story())


def test_too_many_waiting_frames_become_a_named_gap_and_the_newest_survive() -> None:
    async def story() -> None:
        async def flood(server: Server, connection: ServerConnection) -> None:
            for number in range(100):
                await connection.send(str(number))
            await connection.send("last")
            await connection.wait_closed()

        heard = Heard()

        def slow(batch) -> None:
            if not heard.items:
                time.sleep(0.3)  # meanwhile the rest arrives
            heard.hear(batch)

        async with serving(flood) as server, running(server.url, heard, hear=slow, bound=2, expecting=lambda: False):
            await until(lambda: b"last" in heard.items, "the newest frame")
            assert len(heard.items) < 101
            assert heard.gaps
            assert all("faster" in reason and start <= end for start, end, reason in heard.gaps)
            assert heard.items == sorted(heard.items, key=lambda item: 1000 if item == b"last" else int(item))
            assert server.connections == 1

    asyncio.run(story())


def test_a_hearer_that_raises_does_not_end_the_connection() -> None:
    async def story() -> None:
        heard = Heard()
        calls: list[int] = []

        def hear(batch) -> None:
            calls.append(len(batch))
            if len(calls) == 1:
                raise ZeroDivisionError
            heard.hear(batch)

        async with serving(chatter) as server, running(server.url, heard, hear=hear):
            await until(lambda: len(calls) > 3, "the batches after the bad one")
            assert heard.items
            assert server.connections == 1

    asyncio.run(story())


def test_stop_returns_within_a_second_even_from_a_peer_that_answers_nothing() -> None:
    async def story() -> None:
        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(-1)  # accepts, and never completes the upgrade
            writer.close()

        server = await asyncio.start_server(deaf, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()[:2]
        heard = Heard()
        socket = Socket("Test", f"ws://{host}:{port}", sign_in, heard.hear, heard.state, heard.gap, now=now)
        work = asyncio.create_task(socket.run())
        await until(lambda: heard.count("connecting"), "the attempt")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await socket.stop()
        await work
        assert loop.time() - began < 1.0
        assert heard.states[-1][0] == "off"
        server.close()

    asyncio.run(story())


def test_stop_before_run_never_connects() -> None:
    async def story() -> None:
        heard = Heard()
        async with serving(forever) as server:
            socket = Socket("Test", server.url, sign_in, heard.hear, heard.state, heard.gap, now=now)
            await socket.stop()
            await socket.run()
            assert server.attempts == 0

    asyncio.run(story())


def test_a_proxy_in_the_environment_does_not_stand_between_us_and_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    async def story() -> None:
        heard = Heard()
        async with serving(chatter) as server, running(server.url, heard):
            await until(lambda: heard.items, "prices")

    asyncio.run(story())


def test_the_key_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story() -> None:
        heard = Heard()
        async with serving(chatter) as server, running(server.url, heard):
            await until(lambda: heard.items, "prices")

    logging.getLogger("websockets.server").setLevel(logging.INFO)  # the test's own server
    asyncio.run(story())
    assert KEY not in caplog.text


def test_it_runs_on_the_loop_of_qt(qapp) -> None:
    import qasync

    async def story() -> None:
        heard = Heard()
        async with serving(chatter) as server, running(server.url, heard) as socket:
            socket.want(("A",))
            await until(lambda: len(heard.items) > 5, "prices")
            assert socket.state == "live"

    with qasync.QEventLoop(qapp) as loop:
        loop.run_until_complete(story())
    asyncio.set_event_loop(None)
    del loop
    gc.collect()  # here, for Qt's objects must not be destroyed by whichever thread happens to collect them later


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("ws://127.0.0.1:1/x", True), ("ws://[::1]/x", True), ("http://localhost:8", True),
     ("wss://socket.polygon.io/stocks", False), ("ws://127.0.0.1.example.com", False), ("nonsense", False)],
)  # fmt: skip
def test_this_machine_is_told_from_others(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_an_address_that_is_none_is_a_sentence() -> None:
    async def story() -> None:
        heard = Heard()
        async with running("http://127.0.0.1:1", heard) as socket:
            await until(lambda: heard.count("off"), "the sentence")
            assert "correct it in the settings" in socket.detail

    asyncio.run(story())


def test_a_lost_connection_says_why() -> None:
    async def lose(connection) -> None:
        raise Lost("the server spoke nonsense")

    async def story() -> None:
        heard = Heard()
        async with serving(forever) as server, running(server.url, heard, handshake=lose):
            await until(lambda: heard.count("backing off"), "the loss")
            assert any("the server spoke nonsense" in detail for _, detail in heard.states)

    asyncio.run(story())
