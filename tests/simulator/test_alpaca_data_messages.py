"""What Alpaca's market-data stream sends: each message kind in its recorded shape, in both codecs, when it is due."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgpack

from tests.simulator.data_server import KEYS, DataServer, client, data_server, heard, heard_until, reader
from tests.simulator.openapi import complaints, recorded, same_shape, schema_named

RECORDED = "alpaca/stream_marketdata_docs_2026"
MINUTE = 60_000_000_000


def served(story: Callable[[DataServer], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        async with data_server(**settings) as server:
            await story(server)

    asyncio.run(run())


def ns(text: str) -> int:
    """An RFC 3339 stamp as ns."""
    head, _, fraction = text.removesuffix("Z").partition(".")
    whole = int(datetime.fromisoformat(head).replace(tzinfo=UTC).timestamp())
    return whole * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)


def test_trades_and_quotes_come_live_in_the_recorded_shape_and_order() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/sip", trades=["SPY"], quotes=["QQQ"]) as socket:
            found = await heard_until(socket, "t", "q")
            assert {message["S"] for message in found["t"]} == {"SPY"}
            assert {message["S"] for message in found["q"]} == {"QQQ"}
            for kind, name, schema in (("t", "trade_t", "stock_trade"), ("q", "quote_q", "stock_quote")):
                for message in found[kind]:
                    assert same_shape(recorded(f"{RECORDED}/{name}.json"), message) == []
                    assert complaints("alpaca-data", schema_named("alpaca-data", schema), message) == []
                    assert 0 <= server.market.now() - ns(message["t"]) < 60 * MINUTE
            stamps = [message["t"] for message in found["t"]]
            assert stamps == sorted(stamps)

    served(story, speed=20)


def test_a_star_wants_every_symbol() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/sip", quotes=["*"]) as socket:
            seen: set[str] = set()
            async with asyncio.timeout(30):
                while len(seen) < 4:
                    seen |= {message["S"] for message in await heard(socket)}
            assert seen == {listing.symbol for listing in server.market.listings()}

    served(story, speed=20)


def test_minute_bars_are_followed_by_daily_bars_and_half_a_minute_later_by_updates() -> None:
    async def story(server: DataServer) -> None:
        channels = {channel: ["SPY"] for channel in ("bars", "updatedBars", "dailyBars", "lulds", "trades")}
        async with reader(f"{server.ws}/v2/sip", **channels) as socket:
            found = await heard_until(socket, "b", "u", "d", "l")
            now = server.market.now()
        bar, update, day, band = (found[kind][0] for kind in "budl")
        assert same_shape(recorded(f"{RECORDED}/bar_b.json"), bar) == []
        assert complaints("alpaca-data", schema_named("alpaca-data", "stock_bar"), bar) == []
        assert {**update, "T": "b"} == bar  # no trade was late, so nothing has changed
        assert now - ns(update["t"]) >= 90_000_000_000
        assert (day["t"], day["S"]) == ("2026-03-18T04:00:00Z", "SPY")
        assert day["v"] > bar["v"]
        assert day["h"] >= bar["h"]
        assert same_shape(recorded(f"{RECORDED}/luld_l.json"), band) == []
        assert band["d"] < bar["c"] < band["u"]
        kept = server.market.bars("SPY", 60, ns(bar["t"]), ns(bar["t"]) + MINUTE)[0]
        assert (kept.open, kept.high, kept.low, kept.close) == (bar["o"], bar["h"], bar["l"], bar["c"])
        assert (kept.volume, kept.count) == (bar["v"], bar["n"])

    served(story, speed=60)


def test_a_halt_and_a_resumption_are_told() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v2/iex", statuses=["AAPL"]) as socket:
            server.market.halt("AAPL", "news pending")
            halted = (await heard_until(socket, "s"))["s"][0]
            server.market.resume("AAPL")
            resumed = (await heard_until(socket, "s"))["s"][0]
        assert same_shape(recorded(f"{RECORDED}/status_s.json"), halted) == []
        assert (halted["S"], halted["sc"], resumed["sc"]) == ("AAPL", "H", "T")

    served(story)


def test_corrections_and_cancellations_come_with_trades_when_asked_for_and_change_the_history() -> None:
    async def story(server: DataServer) -> None:
        server.fault("correction")
        server.fault("cancel_error")
        async with reader(f"{server.ws}/v2/iex", trades=["SPY"]) as socket:
            found = await heard_until(socket, "t", "c", "x")
        (trade, next_one), correction, cancellation = found["t"][:2], found["c"][0], found["x"][0]
        assert same_shape(recorded(f"{RECORDED}/correction_c.json"), correction) == []
        assert same_shape(recorded(f"{RECORDED}/cancelerror_x.json"), cancellation) == []
        assert (correction["oi"], correction["op"], correction["os"]) == (trade["i"], trade["p"], trade["s"])
        assert correction["cp"] != correction["op"]
        assert (cancellation["i"], cancellation["S"]) == (next_one["i"], "SPY")
        kept = server.market.trades("SPY", ns(trade["t"]), ns(next_one["t"]) + 1, 10)
        assert [(one.id, one.price) for one in kept] == [(correction["ci"], correction["cp"])]

    served(story, speed=20)


def test_a_late_trade_follows_its_minute_s_bar_and_the_updated_bar_carries_it() -> None:
    async def story(server: DataServer) -> None:
        server.fault("late_trade")
        async with reader(f"{server.ws}/v2/sip", trades=["SPY"], bars=["SPY"], updatedBars=["SPY"]) as socket:
            found = await heard_until(socket, "b", "u")
        bar, update = found["b"][0], found["u"][0]
        late = next(trade for trade in found["t"] if trade["p"] == update["h"] != bar["h"])
        assert ns(bar["t"]) <= ns(late["t"]) < ns(bar["t"]) + MINUTE
        assert (update["t"], update["v"], update["n"]) == (bar["t"], bar["v"] + late["s"], bar["n"] + 1)

    served(story, speed=60)


def test_msgpack_stamps_are_extension_timestamps_with_nanoseconds() -> None:
    async def story(server: DataServer) -> None:
        async with client(f"{server.ws}/v2/sip", "application/msgpack") as socket:
            await heard(socket)
            await socket.send(msgpack.packb({"action": "auth", **KEYS}))
            await heard(socket)
            await socket.send(msgpack.packb({"action": "subscribe", "trades": ["*"], "quotes": ["*"]}))
            found = await heard_until(socket, "t", "q")
        for message in found["t"] + found["q"]:
            assert isinstance(message["t"], msgpack.Timestamp)
            kept = server.market.trades(message["S"], message["t"].to_unix_nano(), message["t"].to_unix_nano() + 1, 10)
            assert message["T"] == "q" or (kept[0].price, kept[0].id) == (message["p"], message["i"])

    served(story, speed=20)


def test_the_test_feed_trades_fakepaca_while_the_market_is_closed() -> None:
    async def story(server: DataServer) -> None:
        channels = {channel: ["FAKEPACA"] for channel in ("trades", "quotes", "bars", "updatedBars")}
        async with reader(f"{server.ws}/v2/test", **channels) as socket:
            found = await heard_until(socket, "t", "q", "b", "u")
        assert not server.market.is_open()
        trades = {ns(trade["t"]): trade["p"] for trade in found["t"]}
        bar = found["b"][0]
        inside = [price for t, price in trades.items() if 0 <= t - ns(bar["t"]) < MINUTE]
        assert all(bar["l"] <= price <= bar["h"] for price in inside)

    served(story, start="2026-03-21T12:00:00-04:00", speed=120)


def test_news_are_sent_when_they_appear() -> None:
    async def story(server: DataServer) -> None:
        async with reader(f"{server.ws}/v1beta1/news", news=["*"]) as socket:
            article = (await heard_until(socket, "n"))["n"][0]
        model = recorded("alpaca/docs_examples/api_references_market_data_api_news_data_realtime/01_n.json")
        assert same_shape(model, article) == []
        assert article["created_at"].startswith("2026-03-18T13:31")
        assert article["symbols"][0] in article["summary"]

    served(story, start="2026-03-18T09:30:40-04:00", speed=10, symbols=60)
