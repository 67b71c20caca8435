"""Alpaca's history through the official client, against the simulated Alpaca."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from qv_desktop.adapters.alpaca import history as room
from qv_desktop.adapters.alpaca.history import AlpacaHistory
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import bar_start, ns, timeframe, utc
from tests.simulator.process import Simulator


def asked[Answer](
    simulator: Simulator, ask: Callable[[AlpacaHistory], Awaitable[Answer]], secret: str | None = None
) -> Answer:
    async def story() -> Answer:
        history = AlpacaHistory(simulator.key, secret or simulator.secret, simulator.url)
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


@pytest.mark.parametrize(("kind", "words"), [("rate_limit", "wait a minute"), ("html_502", "HTTP 502")])
def test_faults_are_sentences(simulator: Simulator, kind: str, words: str) -> None:
    simulator.control("POST", "/sim/faults", {"kind": kind, "target": "data"})
    with pytest.raises(FeedDown, match=words):
        asked(simulator, lambda history: history.snapshots(["AAPL"]))


def test_a_wrong_secret_is_a_sentence(simulator: Simulator) -> None:
    with pytest.raises(FeedDown, match="enter valid keys in the settings"):
        asked(simulator, lambda history: history.snapshots(["AAPL"]), secret="wrong")
