"""Alpaca's history through the official client, against the simulated Alpaca."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from qv_desktop.adapters.alpaca import answers
from qv_desktop.adapters.alpaca import history as room
from qv_desktop.adapters.alpaca.history import AlpacaHistory
from qv_desktop.adapters.rate_limit import RateLimit
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import SECOND, Action, bar_start, folded, ns, timeframe, utc
from tests.simulator.process import Simulator


def asked[Answer](
    simulator: Simulator,
    ask: Callable[[AlpacaHistory], Awaitable[Answer]],
    secret: str | None = None,
    limit: RateLimit | None = None,
) -> Answer:
    async def story() -> Answer:
        history = AlpacaHistory(simulator.key, secret or simulator.secret, simulator.url, limit=limit)
        try:
            return await ask(history)
        finally:
            history.close()

    return asyncio.run(story())


def market_now(simulator: Simulator) -> datetime:
    return utc(simulator.ready["market_ns"])


@pytest.mark.parametrize("text", ["1m", "5m", "7m", "1h", "3h", "1D", "1W", "1M"])
def test_bars_of_any_timeframe_are_aligned_as_live_bars_are(simulator: Simulator, text: str) -> None:
    frame = timeframe(text)
    end = market_now(simulator)
    start = end - timedelta(days=4 if frame.intraday else 120)
    bars = asked(simulator, lambda history: history.bars("AAPL", frame, start, end))
    assert len(bars) > 3
    assert all(bar_start(bar.start, frame) == bar.start for bar in bars)
    assert all(first.start < second.start for first, second in pairwise(bars))
    assert all(ns(start) <= bar.start < ns(end) for bar in bars)


def test_many_pages_become_one_list(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    end = market_now(simulator)
    start = end - timedelta(days=3)
    whole = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), start, end))
    monkeypatch.setattr(room, "PAGE", 300)
    paged = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), start, end))
    assert paged == whole
    assert len(whole) > 600


def test_seconds_are_refused_with_a_way_out(simulator: Simulator) -> None:
    end = market_now(simulator)
    with pytest.raises(FeedDown, match="choose 1m or longer"):
        asked(simulator, lambda history: history.bars("AAPL", timeframe("10s"), end - timedelta(hours=1), end))


def test_snapshots_leave_out_strangers(simulator: Simulator) -> None:
    found = asked(simulator, lambda history: history.snapshots(["AAPL", "SPY"]))
    assert sorted(snapshot.symbol for snapshot in found) == ["AAPL", "SPY"]
    assert all(snapshot.quote is not None and snapshot.quote.bid < snapshot.quote.ask for snapshot in found)
    assert all(snapshot.day_low <= snapshot.last <= snapshot.day_high for snapshot in found)


def test_a_time_without_trades_has_no_bars(simulator: Simulator) -> None:
    day = market_now(simulator).replace(hour=6)
    assert (
        asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), day, day + timedelta(minutes=5))) == []
    )


def test_a_fault_is_a_sentence(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": "data"})
    with pytest.raises(FeedDown, match="HTTP 502"):
        asked(simulator, lambda history: history.snapshots(["AAPL"]))


def test_a_limit_that_does_not_lift_is_a_sentence(simulator: Simulator) -> None:
    fault = {"kind": "rate_limit", "target": "data", "count": 4, "params": {"retry_after": 0.1}}
    simulator.control("POST", "/sim/faults", fault)
    with pytest.raises(FeedDown, match="wait a minute"):
        asked(simulator, lambda history: history.snapshots(["AAPL"]))
    assert asked(simulator, lambda history: history.snapshots(["AAPL"]))  # the fourth refusal was the last


def test_after_a_refusal_the_question_waits_as_long_as_told_and_is_asked_again(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "rate_limit", "target": "data", "params": {"retry_after": 1}})
    told, end = list[tuple[float, str]](), market_now(simulator)
    found = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), end - timedelta(hours=1), end,
                                                          lambda fraction, why: told.append((fraction, why))))  # fmt: skip
    assert found
    assert told[0][0] == 0.0
    assert re.fullmatch(r"waiting for Alpaca's limit of 200 a minute, [12] s", told[0][1])


def test_every_page_counts(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PAGE", 300)
    limit, left, end = RateLimit(1000), list[int](), market_now(simulator)
    monkeypatch.setattr(limit, "take", lambda: left.append(1) or 0.0)
    bars = asked(
        simulator, lambda history: history.bars("AAPL", timeframe("1m"), end - timedelta(days=2), end), limit=limit
    )
    assert len(left) == -(-len(bars) // 300)


def test_a_cancelled_question_stops_waiting_for_the_limit_and_asks_no_more(simulator: Simulator) -> None:
    async def story() -> None:
        limit, waits = RateLimit(1), asyncio.Event()
        limit.take()
        history = AlpacaHistory(simulator.key, simulator.secret, simulator.url, limit=limit)
        end = market_now(simulator)
        asking = asyncio.ensure_future(
            history.bars("AAPL", timeframe("1m"), end - timedelta(hours=1), end, lambda *_: waits.set())
        )
        await waits.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert limit.take() > 0
        history.close()

    asyncio.run(story())


def test_prints_of_the_past_are_the_ones_that_the_bars_are_made_of(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PAGE", 40)
    end = utc(bar_start(ns(market_now(simulator)), timeframe("1m")))
    start, told = end - timedelta(minutes=3), list[float]()
    found = asked(simulator, lambda history: history.trades("AAPL", start, end, lambda done, _: told.append(done)))
    bars = asked(simulator, lambda history: history.bars("AAPL", timeframe("1m"), start, end))
    assert len(bars) == 3
    for bar in bars:
        again = None
        for one in (one for one in found if bar.start <= one.at < bar.start + 60 * SECOND):
            again = folded(again, one, timeframe("1m"))
        assert again is not None
        assert (again.open, again.high, again.low, again.close, again.volume, again.count) == (
            bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count)  # fmt: skip
    assert len({(one.id, one.exchange, one.tape) for one in found}) == len(found)
    assert told == sorted(told)
    assert len(told) > 1


def test_a_print_has_the_words_of_the_stream() -> None:
    raw = {"t": "2026-11-20T15:30:00.123456789Z", "x": "V", "p": 10.5, "s": 100, "c": ["@", "I"], "i": 52983, "z": "C"}
    found = answers.trade("AAPL", raw)
    assert found == ("AAPL", 1795188600123456789, 10.5, 100.0, "52983", "V", "C", "@ I")


def test_daily_bars_of_many_are_those_of_each(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PAGE", 7)
    monkeypatch.setattr(room, "TOGETHER", 2)
    day = timeframe("1D")
    end = utc(bar_start(ns(market_now(simulator)), day))
    start = end - timedelta(days=10)
    symbols = ["AAPL", "MSFT", "SPY", "KO", "NOSUCH"]
    many = asked(simulator, lambda history: history.daily(symbols, start, end))
    for symbol in symbols[:-1]:
        assert many[symbol] == asked(simulator, lambda history, name=symbol: history.bars(name, day, start, end))
    assert "NOSUCH" not in many


def test_dividends_are_known_in_order_and_are_the_ones_that_polygon_knows(simulator: Simulator) -> None:
    from qv_desktop.adapters.polygon.rest import PolygonHistory

    found = asked(simulator, lambda history: history.actions("AAPL"))
    assert found
    assert all(one.kind == "dividend" for one in found)
    polygon = asyncio.run(PolygonHistory(simulator.polygon_key, simulator.url, RateLimit(100)).actions("AAPL"))
    assert set(found[-4:]) & set(polygon)


def test_splits_of_every_kind_are_read() -> None:
    listed = {
        "forward_splits": [{"symbol": "A", "new_rate": 7, "old_rate": 1, "ex_date": "2014-06-09"}],
        "reverse_splits": [{"symbol": "A", "new_rate": 1, "old_rate": 10, "ex_date": "2015-06-09"}],
        "stock_dividends": [{"symbol": "A", "rate": 0.05, "ex_date": "2016-06-09"}],
        "cash_dividends": [{"symbol": "A", "rate": 0.5, "ex_date": "2017-06-09"}, {"symbol": "B", "rate": 1}],
        "name_changes": [{"old_symbol": "A"}],
    }
    found = answers.actions("A", {"corporate_actions": listed})
    assert [(one.kind, one.amount, one.day.year) for one in found] == [
        ("split", 7, 2014), ("split", 0.1, 2015), ("split", 1.05, 2016), ("dividend", 0.5, 2017)]  # fmt: skip
    assert isinstance(found[0], Action)


@pytest.mark.parametrize("rate", [None, "much", 0])
def test_a_split_that_cannot_be_read_is_a_sentence(rate: object) -> None:
    listed = {"forward_splits": [{"symbol": "A", "new_rate": 7, "old_rate": rate, "ex_date": "2014-06-09"}]}
    with pytest.raises(FeedDown, match="could not be read"):
        answers.actions("A", {"corporate_actions": listed})


def test_a_wrong_secret_is_a_sentence(simulator: Simulator) -> None:
    with pytest.raises(FeedDown, match="enter valid keys under Connections"):
        asked(simulator, lambda history: history.snapshots(["AAPL"]), secret="wrong")
