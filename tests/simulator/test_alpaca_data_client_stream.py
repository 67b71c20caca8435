"""The official client's data stream, unchanged but for its address, against a simulator process."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.live import NewsDataStream, StockDataStream
from alpaca.data.models import Bar, News, Quote, Trade, TradingStatus
from alpaca.data.requests import StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from websockets.asyncio.client import connect

from tests.simulator.process import Simulator, running

PATIENCE = 30.0  # seconds: only a broken stream is ever waited for so long

pytestmark = pytest.mark.filterwarnings("ignore:websockets.*legacy:DeprecationWarning")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A minute of this market lasts a second; it is early enough in a session for all tests."""
    with running(
        "--seed", "1", "--date", "2026-03-18", "--start", "09:31", "--speed", "60", "--symbols", "6"
    ) as started:
        yield started


@pytest.fixture(autouse=True)
def _no_faults_left(simulator: Simulator) -> Iterator[None]:
    yield
    simulator.control("DELETE", "/sim/faults")


class Heard:
    """What the client's handlers were called with."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._more = asyncio.Event()

    async def hear(self, message: Any) -> None:
        self.all.append(message)
        self._more.set()

    async def until(self, enough: Callable[[list[Any]], bool]) -> list[Any]:
        """Everything heard, once it is enough."""
        async with asyncio.timeout(PATIENCE):
            while not enough(self.all):
                self._more.clear()
                await self._more.wait()
        return self.all


@asynccontextmanager
async def streaming(stream: StockDataStream | NewsDataStream) -> AsyncIterator[None]:
    """The client's own loop, ended as the tests end."""
    task = asyncio.create_task(stream._run_forever())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await stream.close()


def stock_stream(simulator: Simulator, feed: str = "iex", **more: Any) -> StockDataStream:
    return StockDataStream(simulator.key, simulator.secret, url_override=f"{simulator.ws}/v2/{feed}", **more)


def told(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def test_every_kind_of_message_reaches_its_handler_as_the_clients_model(simulator: Simulator) -> None:
    async def story() -> None:
        heard, stream = Heard(), stock_stream(simulator)
        stream.subscribe_trades(heard.hear, "SPY", "AAPL")
        stream.subscribe_quotes(heard.hear, "SPY")
        stream.subscribe_bars(heard.hear, "*")
        stream.subscribe_updated_bars(heard.hear, "SPY")
        stream.subscribe_daily_bars(heard.hear, "SPY")
        stream.subscribe_trading_statuses(heard.hear, "*")
        async with streaming(stream):
            await heard.until(lambda found: any(isinstance(one, Bar) for one in found))
            await asyncio.to_thread(simulator.control, "POST", "/sim/halt", {"symbol": "AAPL"})
            kinds = (Trade, Quote, Bar, TradingStatus)
            found = await heard.until(lambda found: all(any(isinstance(one, kind) for one in found) for kind in kinds))
        await asyncio.to_thread(simulator.control, "POST", "/sim/resume", {"symbol": "AAPL"})
        assert {one.symbol for one in found if isinstance(one, Quote)} == {"SPY"}
        assert next(one for one in found if isinstance(one, TradingStatus)).symbol == "AAPL"

    told(story)


def test_streamed_bars_and_history_are_the_same(simulator: Simulator) -> None:
    async def story() -> None:
        heard, stream = Heard(), stock_stream(simulator, "sip")
        stream.subscribe_bars(heard.hear, "SPY", "QQQ")
        async with streaming(stream):
            bars = list(await heard.until(lambda found: len(found) >= 6))
        client = StockHistoricalDataClient(simulator.key, simulator.secret, url_override=simulator.url)
        span = {"start": min(bar.timestamp for bar in bars), "end": max(bar.timestamp for bar in bars)}
        request = StockBarsRequest(symbol_or_symbols=["SPY", "QQQ"], timeframe=TimeFrame.Minute, **span)
        kept = (await asyncio.to_thread(client.get_stock_bars, request)).data
        for bar in bars:
            assert bar in kept[bar.symbol]

    told(story)


def test_symbols_can_be_added_while_it_runs(simulator: Simulator) -> None:
    async def story() -> None:
        heard, stream = Heard(), stock_stream(simulator)
        stream.subscribe_quotes(heard.hear, "SPY")
        async with streaming(stream):
            await heard.until(lambda found: bool(found))
            await asyncio.to_thread(stream.subscribe_quotes, heard.hear, "QQQ")
            await heard.until(lambda found: any(quote.symbol == "QQQ" for quote in found))
            await asyncio.to_thread(stream.unsubscribe_quotes, "SPY")

    told(story)


@pytest.mark.parametrize("kind", ["abort", "close"])
def test_the_client_comes_back_after_a_broken_connection(
    simulator: Simulator, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    async def story() -> None:
        heard, stream = Heard(), stock_stream(simulator)
        stream.subscribe_trades(heard.hear, "SPY")
        async with streaming(stream):
            await heard.until(lambda found: bool(found))
            await asyncio.to_thread(simulator.control, "POST", "/sim/faults", {"kind": kind, "target": "alpaca_data"})
            before = len(heard.all)
            await heard.until(lambda found: len(found) > before + 5 and "restarting connection" in caplog.text)

    with caplog.at_level(logging.WARNING):
        told(story)


def test_a_mute_connection_is_noticed_by_the_clients_own_watch(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        heard, stream = Heard(), stock_stream(simulator, data_timeout=1.5)
        stream.subscribe_trades(heard.hear, "SPY")
        async with streaming(stream):
            await heard.until(lambda found: bool(found))
            await asyncio.to_thread(simulator.control, "POST", "/sim/faults", {"kind": "mute", "target": "alpaca_data"})
            await asyncio.sleep(0.3)  # for what was on its way
            before = len(heard.all)
            await heard.until(lambda found: len(found) > before + 5)

    with caplog.at_level(logging.WARNING):
        told(story)
    assert "no data received" in caplog.text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "upgrade_429"}, "429"),
        ({"kind": "connection_limit"}, "connection limit exceeded"),
        ({"kind": "error", "params": {"code": 408}}, "v2 not enabled"),
    ],
)
def test_a_refused_connection_is_tried_again(
    simulator: Simulator, caplog: pytest.LogCaptureFixture, fault: dict[str, Any], words: str
) -> None:
    async def story() -> None:
        heard, stream = Heard(), stock_stream(simulator)
        stream.subscribe_trades(heard.hear, "SPY")
        await asyncio.to_thread(simulator.control, "POST", "/sim/faults", {**fault, "target": "alpaca_data"})
        async with streaming(stream):
            await heard.until(lambda found: bool(found))

    with caplog.at_level(logging.WARNING):
        told(story)
    assert words in caplog.text


def test_a_plan_without_sip_ends_the_client(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        stream = stock_stream(simulator, "sip")
        stream.subscribe_trades(Heard().hear, "SPY")
        fault = {"kind": "free_plan", "target": "alpaca_data"}
        await asyncio.to_thread(simulator.control, "POST", "/sim/faults", fault)
        await asyncio.wait_for(stream._run_forever(), PATIENCE)

    with caplog.at_level(logging.WARNING):
        told(story)
    assert "insufficient subscription" in caplog.text


def test_fakepaca_trades_and_raw_messages_keep_their_wire_names(simulator: Simulator) -> None:
    async def story() -> None:
        heard, stream = Heard(), stock_stream(simulator, "test", raw_data=True)
        stream.subscribe_trades(heard.hear, "FAKEPACA")
        async with streaming(stream):
            found = await heard.until(lambda found: bool(found))
        assert (found[0]["T"], found[0]["S"]) == ("t", "FAKEPACA")

    told(story)


def test_json_clients_are_served_too(simulator: Simulator) -> None:
    async def story() -> None:
        async with connect(f"{simulator.ws}/v2/iex", proxy=None) as socket, asyncio.timeout(PATIENCE):
            assert json.loads(await socket.recv()) == [{"T": "success", "msg": "connected"}]
            await socket.send(json.dumps({"action": "auth", "key": simulator.key, "secret": simulator.secret}))
            assert json.loads(await socket.recv()) == [{"T": "success", "msg": "authenticated"}]
            await socket.send(json.dumps({"action": "subscribe", "trades": ["SPY"]}))
            assert json.loads(await socket.recv())[0]["trades"] == ["SPY"]
            message = json.loads(await socket.recv())[0]
            assert (message["T"], message["S"], type(message["t"])) == ("t", "SPY", str)

    told(story)


def test_the_clients_news_stream_gets_the_days_opening_news() -> None:
    async def story(simulator: Simulator) -> None:
        heard = Heard()
        stream = NewsDataStream(simulator.key, simulator.secret, url_override=f"{simulator.ws}/v1beta1/news")
        stream.subscribe_news(heard.hear, "*")
        async with streaming(stream):
            found = await heard.until(lambda found: bool(found))
        assert isinstance(found[0], News)
        assert found[0].headline

    with running("--seed", "1", "--date", "2026-03-18", "--start", "09:30", "--speed", "20") as simulator:
        asyncio.run(story(simulator))
