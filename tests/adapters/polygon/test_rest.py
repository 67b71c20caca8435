"""Polygon's history through the official client, against the simulated Polygon."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from qv_desktop.adapters.polygon import questions, tables
from qv_desktop.adapters.polygon.messages import heard
from qv_desktop.adapters.polygon.rest import PolygonHistory
from qv_desktop.adapters.rate_limit import RateLimit
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import SECOND, Action, Timeframe, bar_start, folded, merged, ns, timeframe, utc
from qv_desktop.domain.sectors import Listed
from tests import canaries
from tests.simulator.process import Simulator


def asked[Answer](
    simulator: Simulator,
    ask: Callable[[PolygonHistory], Awaitable[Answer]],
    key: str = canaries.POLYGON_KEY,
    limit: RateLimit | None = None,
) -> Answer:
    async def story() -> Answer:
        history = PolygonHistory(key, simulator.url, limit or RateLimit(1000))
        try:
            return await ask(history)
        finally:
            history.close()

    return asyncio.run(story())


def market_now(simulator: Simulator) -> datetime:
    return utc(simulator.ready["market_ns"])


@pytest.mark.parametrize("text", ["1m", "5m", "7m", "30m", "1h", "3h", "1D", "1W", "1M"])
def test_bars_of_any_timeframe_are_aligned_as_live_bars_are(simulator: Simulator, text: str) -> None:
    frame = timeframe(text)
    end = market_now(simulator)
    start = end - timedelta(days=4 if frame.intraday else 120)
    bars = asked(simulator, lambda history: history.bars("AAPL", frame, start, end))
    assert len(bars) > 3
    assert all(bar_start(bar.start, frame) == bar.start for bar in bars)
    assert all(first.start < second.start for first, second in pairwise(bars))
    assert all(ns(start) <= bar.start < ns(end) for bar in bars)
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)


def test_five_minutes_from_polygon_equal_five_single_minutes(simulator: Simulator) -> None:
    end = utc(bar_start(ns(market_now(simulator)), timeframe("1h")))
    start = end - timedelta(hours=1)
    five = asked(simulator, lambda history: history.bars("SPY", timeframe("5m"), start, end))
    single = asked(simulator, lambda history: history.bars("SPY", timeframe("1m"), start, end))
    again = merged(single, timeframe("5m"))
    assert [(bar.start, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in five] == [
        (bar.start, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in again
    ]


def test_many_pages_become_one_list(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    end = market_now(simulator)
    start = end - timedelta(days=3)
    whole = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), start, end))
    monkeypatch.setattr(questions, "PAGE", 300)
    paged = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), start, end))
    assert paged == whole
    assert len(whole) > 600


def test_snapshots_hold_the_quote_and_the_day_and_leave_out_strangers(simulator: Simulator) -> None:
    found = asked(simulator, lambda history: history.snapshots(["AAPL", "NOSUCH", "SPY"]))
    assert [snapshot.symbol for snapshot in found] == ["AAPL", "SPY"]
    for snapshot in found:
        assert snapshot.source == "Polygon"
        assert snapshot.quote is not None
        assert snapshot.quote.bid < snapshot.quote.ask
        assert snapshot.quote.bid_size >= 100
        assert snapshot.day_low <= snapshot.last <= snapshot.day_high
        assert snapshot.previous_close is not None


def test_no_symbols_need_no_question(simulator: Simulator) -> None:
    assert asked(simulator, lambda history: history.snapshots([])) == []


def test_an_unknown_symbol_has_no_bars(simulator: Simulator) -> None:
    end = market_now(simulator)
    assert asked(simulator, lambda history: history.bars("NOSUCH", timeframe("1m"), end - timedelta(days=1), end)) == []


def test_a_wrong_key_is_a_sentence(simulator: Simulator) -> None:
    end = market_now(simulator)
    with pytest.raises(FeedDown, match="refused the API key; enter a valid key"):
        asked(
            simulator, lambda history: history.bars("AAPL", timeframe("1m"), end - timedelta(days=1), end), key="wrong"
        )


def test_after_a_refusal_the_question_waits_as_long_as_told_and_is_asked_again(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "rate_limit", "target": "polygon", "params": {"retry_after": 1}})
    limit, told = RateLimit(1000), list[tuple[float, str]]()
    end = market_now(simulator)
    found = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), end - timedelta(hours=1), end,
                                                          lambda fraction, why: told.append((fraction, why))), limit=limit)  # fmt: skip
    assert found
    assert told[0] == (0.0, "waiting for Polygon's limit of 1000 a minute, 1 s")


def test_a_limit_that_does_not_lift_is_a_sentence(simulator: Simulator) -> None:
    fault = {"kind": "rate_limit", "target": "polygon", "count": 4, "params": {"retry_after": 0.1}}
    simulator.control("POST", "/sim/faults", fault)
    with pytest.raises(FeedDown, match="limit of requests per minute"):
        asked(simulator, lambda history: history.snapshots(["AAPL"]))
    assert asked(simulator, lambda history: history.snapshots(["AAPL"]))  # the fourth refusal was the last


def test_every_page_and_every_second_try_counts(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "PAGE", 300)
    simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": "polygon", "count": 1})
    limit, left = RateLimit(1000), list[int]()
    monkeypatch.setattr(limit, "take", lambda: left.append(1) or 0.0)
    end = market_now(simulator)
    bars = asked(
        simulator, lambda history: history.bars("AAPL", timeframe("1m"), end - timedelta(days=2), end), limit=limit
    )
    assert len(left) == 1 + -(-len(bars) // 300)


def test_a_cancelled_question_stops_waiting_for_the_limit_and_asks_no_more(simulator: Simulator) -> None:
    async def story() -> None:
        limit, waits = RateLimit(1), asyncio.Event()
        limit.take()
        history = PolygonHistory(simulator.polygon_key, simulator.url, limit)
        end = market_now(simulator)
        asking = asyncio.ensure_future(
            history.bars("AAPL", timeframe("1m"), end - timedelta(hours=1), end, lambda *_: waits.set())
        )
        await waits.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert limit.take() > 0  # nothing left meanwhile
        history.close()
        await asyncio.to_thread(history._threads.shutdown, wait=True)  # its threads end at once

    asyncio.run(story())


def test_prints_of_the_past_are_the_ones_that_the_bars_are_made_of(simulator: Simulator) -> None:
    end = utc(bar_start(ns(market_now(simulator)), timeframe("1m")))
    start = end - timedelta(minutes=3)
    found = asked(simulator, lambda history: history.trades("AAPL", start, end))
    bars = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), start, end))
    assert len(bars) == 3
    for bar in bars:
        again = None
        for one in (one for one in found if bar.start <= one.at < bar.start + 60 * SECOND):
            again = folded(again, one, timeframe("1m"))
        assert again is not None
        assert (again.open, again.high, again.low, again.close, again.volume, again.count) == (
            bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count)  # fmt: skip
    assert all(first.at <= second.at for first, second in pairwise(found))
    assert len({(one.id, one.exchange, one.tape) for one in found}) == len(found)


def test_prints_come_in_pages_with_progress(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    end = market_now(simulator)
    start = end - timedelta(minutes=10)
    whole = asked(simulator, lambda history: history.trades("AAPL", start, end))
    monkeypatch.setattr(questions, "PAGE", 50)
    monkeypatch.setattr(questions, "TOLD", 20)
    told: list[float] = []
    paged = asked(simulator, lambda history: history.trades("AAPL", start, end, lambda done, _: told.append(done)))
    assert paged == whole
    assert len(told) > 3
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 1


def test_a_streamed_print_and_the_same_one_from_history_have_one_key(simulator: Simulator) -> None:
    end = market_now(simulator)
    past = asked(simulator, lambda history: history.trades("AAPL", end - timedelta(minutes=2), end))[0]
    exchange = {letter: number for number, letter in tables.LETTERS.items()}[past.exchange]
    tape = {letter: number for number, letter in tables.TAPES.items()}[past.tape]
    event = {"ev": "T", "sym": "AAPL", "i": past.id, "x": exchange, "z": tape, "p": past.price, "s": past.size,
             "c": [int(code) for code in past.conditions.split()], "t": past.at // 1_000_000}  # fmt: skip
    live = heard([json.dumps([event])]).batch().trades[0]
    assert live == past._replace(at=past.at // 1_000_000 * 1_000_000)


@pytest.mark.parametrize("days", [3, 30])
def test_daily_bars_of_many_are_the_same_day_by_day_and_symbol_by_symbol(simulator: Simulator, days: int) -> None:
    day = timeframe("1D")
    end = utc(bar_start(ns(market_now(simulator)), day))
    start = end - timedelta(days=days)
    symbols = ["AAPL", "MSFT", "SPY", "KO", "IBM", "XOM"]
    many = asked(simulator, lambda history: history.daily([*symbols, "NOSUCH"], start, end))
    for symbol in symbols:
        alone = asked(simulator, lambda history, name=symbol: history.bars(name, day, start, end))
        assert many.get(symbol, []) == alone
    assert "NOSUCH" not in many


def test_dividends_are_known_in_order(simulator: Simulator) -> None:
    found = asked(simulator, lambda history: history.actions("AAPL"))
    assert found
    assert all(isinstance(one, Action) and one.kind == "dividend" and one.amount > 0 for one in found)
    assert all(first.day <= second.day for first, second in pairwise(found))


def test_a_passing_fault_of_the_server_is_overcome(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": "polygon", "count": 2})
    assert asked(simulator, lambda history: history.snapshots(["AAPL"]))


def test_a_lasting_fault_of_the_server_is_a_sentence(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": "polygon", "count": 3})
    with pytest.raises(FeedDown, match="HTTP 502"):
        asked(simulator, lambda history: history.snapshots(["AAPL"]))


def test_a_server_that_is_away_is_a_sentence() -> None:
    async def story() -> None:
        with pytest.raises(FeedDown, match="check the network"):
            await PolygonHistory("key", "http://127.0.0.1:9").snapshots(["AAPL"])

    asyncio.run(story())


def test_a_server_that_sends_a_byte_a_second_is_given_up(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    from qv_desktop.adapters.polygon import client

    monkeypatch.setattr(client, "WHOLE", 0.5)
    simulator.control("POST", "/sim/faults", {"kind": "hang", "target": "polygon", "count": 3})
    try:
        with pytest.raises(FeedDown, match="cannot be reached"):
            asked(simulator, lambda history: history.snapshots(["AAPL"]))
    finally:
        simulator.control("DELETE", "/sim/faults")


@pytest.mark.parametrize(
    ("frame", "asked_for"),
    [("1m", "1m"), ("5m", "5m"), ("7m", "1m"), ("60", "60m"), ("90m", "1m"), ("10s", "10s"), ("7s", "1s"), ("1h", "1h"),
     ("4h", "1h"), ("1D", "1D"), ("3D", "1D"), ("1W", "1D"), ("3M", "1D")],
)  # fmt: skip
def test_only_lengths_that_both_align_alike_are_asked_for_directly(frame: str, asked_for: str) -> None:
    found: Timeframe = questions.source(timeframe(frame))
    assert str(found) == asked_for


def test_importing_the_adapters_imports_neither_client_nor_pandas() -> None:
    code = ("import sys, qv_desktop.adapters.polygon.rest, qv_desktop.adapters.polygon.stream, qv_desktop.adapters.alpaca.broker,"
            "qv_desktop.adapters.alpaca.history, qv_desktop.adapters.alpaca.stream, qv_desktop.adapters.calendar,"
            "qv_desktop.adapters.secrets\n"
            "print([m for m in ('pandas','numpy','polygon','alpaca','requests','urllib3','keyring','exchange_calendars',"
            "'cryptography','msgpack') if m in sys.modules])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_companys_business_is_told_and_a_fund_or_a_stranger_has_none(simulator: Simulator) -> None:
    at = market_now(simulator)
    apple = asked(simulator, lambda history: history.listing("AAPL", at))
    assert apple == Listed("AAPL", 3571, "ELECTRONIC COMPUTERS", "CS", at, "Polygon")
    assert asked(simulator, lambda history: history.listing("SPY", at)) == Listed("SPY", None, "", "ETF", at, "Polygon")
    assert asked(simulator, lambda history: history.listing("NOSUCH", at)) is None
    with pytest.raises(FeedDown):
        asked(simulator, lambda history: history.listing("AAPL", at), key="wrong")
