"""What is corrected, taken back or told late on a stream is so in history too, at both vendors."""

import asyncio
import http.client
import json
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from qv_desktop.simulator.market import opened
from qv_desktop.simulator.sessions import ns
from qv_desktop.simulator.ticks import MINUTE, Bar, Trade
from tests import canaries
from tests.simulator.process import Simulator, running
from tests.simulator.test_polygon_stream import connected, frame, status, subscribe

START = ns(date(2026, 3, 18), time(10, 30))


def a_trade(market: Any) -> tuple[Trade, Bar]:
    """A print of SPY's last minute, neither its first nor its last, and that minute's bar."""
    minute = START - MINUTE
    trades = market.trades("SPY", minute, START, 1000)
    return trades[1], market.bars("SPY", 60, minute, START)[0]


def test_a_corrected_print_changes_trades_and_bars() -> None:
    market = opened(1, START, 3)
    trade, before = a_trade(market)
    right = Trade(trade.symbol, trade.t, before.high + 1, trade.size, trade.id + 5000, tape=trade.tape)
    market.amend(trade, right)
    now = market.trades("SPY", trade.t, trade.t + 1, 10)
    assert now == [right]
    after = market.bars("SPY", 60, before.t, START)[0]
    assert (after.high, after.volume, after.count) == (before.high + 1, before.volume, before.count)
    assert market.day_bar("SPY").high >= before.high + 1  # type: ignore[union-attr]


def test_a_cancelled_print_is_gone_from_trades_and_bars() -> None:
    market = opened(1, START, 3)
    trade, before = a_trade(market)
    day = market.day_bar("SPY")
    market.amend(trade, None)
    assert market.trades("SPY", trade.t, trade.t + 1, 10) == []
    after = market.bars("SPY", 60, before.t, START)[0]
    assert (after.volume, after.count) == (before.volume - trade.size, before.count - 1)
    assert day is not None
    assert market.day_bar("SPY").volume == day.volume - trade.size  # type: ignore[union-attr]
    assert market.bars("SPY", 60, START - 10 * MINUTE, before.t) == opened(1, START, 3).bars(
        "SPY", 60, START - 10 * MINUTE, before.t
    )


def test_a_late_print_is_told_with_the_next_step_and_amends_its_minute() -> None:
    market, heard = opened(1, START, 3), list[Any]()
    _, before = a_trade(market)
    market.subscribe(heard.extend)
    market.print_late("SPY", before.t)
    market.step()
    late = next(event for event in heard if isinstance(event, Trade) and event.t < START)
    after = market.bars("SPY", 60, before.t, START)[0]
    assert (after.high, after.close, after.volume) == (late.price, late.price, before.volume + late.size)
    assert market.trades("SPY", late.t, late.t + 1, 10) == [late]
    assert market.last("SPY") != late
    market.step()
    assert heard.count(late) == 1


@pytest.fixture(scope="module")
def fast() -> Any:
    with running("--seed", "1", "--speed", "40", "--symbols", "4") as started:
        yield started


def polygon(simulator: Simulator, path: str) -> list[dict[str, Any]]:
    """Results of one of Polygon's answers."""
    asked = f"{path}{'&' if '?' in path else '?'}apiKey={simulator.polygon_key}"
    found: list[dict[str, Any]] = simulator.control("GET", asked).get("results", [])
    return found


def alpaca(simulator: Simulator, path: str) -> dict[str, Any]:
    """One of Alpaca's answers."""
    headers = {"APCA-API-KEY-ID": canaries.ALPACA_KEY, "APCA-API-SECRET-KEY": canaries.ALPACA_SECRET}
    connection = http.client.HTTPConnection(simulator.host, timeout=30)
    connection.request("GET", path, headers=headers)
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_polygon_s_late_trade_is_in_both_vendors_history(fast: Simulator) -> None:
    async def story() -> tuple[dict[str, Any], dict[str, Any]]:
        fast.control("POST", "/sim/faults", {"kind": "late_trade", "target": "polygon_stream"})
        bars: list[dict[str, Any]] = []
        async with connected(fast) as socket:
            await status(socket)
            await subscribe(socket, "AM.SPY,T.SPY")
            while True:
                for event in await frame(socket):
                    if event["ev"] == "AM":
                        bars.append(event)
                    elif bars and event["ev"] == "T" and event["t"] < bars[0]["e"]:
                        return bars[0], event

    bar, late = asyncio.run(story())
    told = polygon(fast, f"/v2/aggs/ticker/SPY/range/1/minute/{bar['s']}/{bar['s']}")[0]
    assert (told["h"], told["v"], told["n"]) == (late["p"], bar["v"] + late["s"], told["n"])
    span = f"timestamp.gte={bar['s']}000000&timestamp.lt={bar['e']}000000"
    assert late["i"] in {trade["id"] for trade in polygon(fast, f"/v3/trades/SPY?limit=5000&{span}")}
    start = datetime.fromtimestamp(bar["s"] // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    other = alpaca(fast, f"/v2/stocks/bars?symbols=SPY&timeframe=1Min&start={start}&limit=1")["bars"]["SPY"][0]
    assert (other["h"], other["v"]) == (told["h"], told["v"])


def test_a_halt_and_a_resumption_go_out_as_luld(fast: Simulator) -> None:
    async def story() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async with connected(fast) as socket:
            await status(socket)
            await subscribe(socket, "LULD.AAPL")
            for path in ("/sim/halt", "/sim/resume"):
                fast.control("POST", path, {"symbol": "AAPL"})
                while not any(event["i"] in ([17], [18]) for event in found[-1:]):
                    found += [event for event in await frame(socket) if event["ev"] == "LULD" and event["i"] != [21]]
                if path == "/sim/halt":
                    halted = found.pop()
        return [halted, *found]

    halted, resumed = asyncio.run(story())
    assert (halted["T"], halted["i"], resumed["i"]) == ("AAPL", [17], [18])
    assert 0 < halted["l"] < halted["h"]
    assert halted["t"] < resumed["t"]
