"""The Polygon stream against the simulated Polygon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from qv_desktop.adapters.polygon.stream import PolygonStream, probe, wording
from qv_desktop.adapters.websocket import Patience
from qv_desktop.domain.market import Bar, Quote, Trade
from tests import canaries
from tests.adapters.listening import Heard, now, until
from tests.simulator.process import Simulator, running

QUICK = Patience(first=0.05, ceiling=0.1, evicted=0.5, silence=1.5, settle=0.2, attempts=1000)


@asynccontextmanager
async def streaming(
    simulator: Simulator, heard: Heard, key: str = canaries.POLYGON_KEY, **options
) -> AsyncIterator[PolygonStream]:
    settings = {"now": now, "patience": QUICK, **options}
    stream = PolygonStream(f"{simulator.ws}/stocks", key, heard.take, heard.state, heard.gap, **settings)
    work = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        await stream.stop()
        await work


def fault(simulator: Simulator, kind: str, **params: object) -> None:
    simulator.control("POST", "/sim/faults", {"kind": kind, "target": "polygon_stream", "params": params})


def test_trades_and_quotes_of_the_wanted_symbols_and_no_others_are_heard(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        async with streaming(simulator, heard) as stream:
            stream.want(("SPY", "AAPL"))
            await until(lambda: {type(value) for value in heard.items} >= {Trade, Quote}, "trades and quotes")
            assert {value.symbol for value in heard.items} <= {"SPY", "AAPL"}
            assert stream.counts.bad == 0
            assert stream.counts.messages >= len(heard.items)
            stream.want(("QQQ",))
            await until(lambda: any(value.symbol == "QQQ" for value in heard.items), "the symbol wanted later")

    asyncio.run(story())


def test_completed_seconds_and_minutes_arrive_as_bars() -> None:
    async def story(fast: Simulator) -> None:
        heard = Heard()
        async with streaming(fast, heard) as stream:
            stream.want(("SPY",))
            await until(lambda: len(bars(heard, "minutes")) >= 2 and len(bars(heard, "seconds")) >= 2, "two of each")
            first, second = bars(heard, "minutes")[:2]
            assert second.start - first.start == 60_000_000_000
            assert first.low <= first.open <= first.high
            assert first.count == 0  # unknown: the vendor sends a rounded average size
            assert {bar.start % 1_000_000_000 for bar in bars(heard, "seconds")} == {0}

    with running("--seed", "1", "--speed", "60") as fast:
        asyncio.run(story(fast))


def bars(heard: Heard, kind: str) -> list[Bar]:
    return [bar for batch in heard.batches for bar in getattr(batch, kind)]


def test_a_probe_is_answered_and_a_quiet_link_that_answers_is_kept(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        patience = replace(QUICK, silence=0.2, beat=0.3, answer=2.0)
        async with streaming(simulator, heard, expecting=lambda: False, patience=patience) as stream:
            await until(lambda: stream.counts.probes >= 4, "four probes of a link that nobody uses")
            assert heard.count("mute") == 0
            assert [state for state, _ in heard.states] == ["connecting", "authenticating", "live", "quiet"]
            assert not heard.items

    asyncio.run(story())


def test_a_link_that_does_not_answer_is_mute_although_nothing_is_expected(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        patience = replace(QUICK, silence=0.2, beat=0.3, answer=0.5)
        async with streaming(simulator, heard, expecting=lambda: False, patience=patience) as stream:
            await until(lambda: stream.counts.probes >= 1, "the first probe")
            await asyncio.to_thread(fault, simulator, "mute")
            await until(lambda: heard.count("mute"), "the mute state")
            assert "did not answer" in next(words for state, words in heard.states if state == "mute")
            await until(
                lambda: stream.counts.reconnects == 1 and heard.states[-1][0] in ("live", "quiet"), "another link"
            )

    asyncio.run(story())


def test_a_wrong_key_is_one_sentence_that_says_what_to_do(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        async with streaming(simulator, heard, "wrong"):
            await until(lambda: heard.count("off"), "the refusal")
            await asyncio.sleep(0.5)
            assert heard.count("connecting") == 1
            assert "enter a valid key in the settings" in heard.states[-1][1]

    asyncio.run(story())


@pytest.mark.parametrize(("kind", "params"), [("close", {"code": 1000}), ("close", {"code": 1008}), ("abort", {})])
def test_a_lost_connection_comes_back_with_its_subscriptions_and_names_the_gap(
    simulator: Simulator, kind: str, params: dict[str, object]
) -> None:
    async def story() -> None:
        heard = Heard()
        async with streaming(simulator, heard) as stream:
            stream.want(("SPY",))
            await until(lambda: heard.items, "prices")
            await asyncio.to_thread(fault, simulator, kind, **params)
            await until(lambda: heard.gaps, "the gap")
            before = len(heard.items)
            await until(lambda: len(heard.items) > before, "prices after it")
            assert heard.gaps[0][0] <= heard.gaps[0][1]

    asyncio.run(story())


def test_a_mute_connection_is_noticed_and_replaced(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        async with streaming(simulator, heard) as stream:
            stream.want(("SPY", "AAPL", "QQQ", "NVDA"))
            await until(lambda: heard.items, "prices")
            await asyncio.to_thread(fault, simulator, "mute")
            await until(lambda: heard.count("mute"), "the mute state")
            await until(lambda: heard.gaps, "the link after it")
            before = len(heard.items)
            await until(lambda: len(heard.items) > before, "prices after it")

    asyncio.run(story())


def test_an_eviction_is_a_state_of_its_own_and_does_not_fight_back(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        async with streaming(simulator, heard) as stream:
            stream.want(("SPY",))
            await until(lambda: heard.items, "prices")
            await asyncio.to_thread(fault, simulator, "max_connections")
            await until(lambda: heard.count("evicted"), "the eviction")
            assert "Another program uses this Polygon key" in dict(heard.states)["evicted"]
            began = asyncio.get_running_loop().time()
            await until(lambda: heard.states[-1][0] == "live", "the return")
            assert asyncio.get_running_loop().time() - began >= QUICK.evicted - 0.1

    asyncio.run(story())


def test_every_topic_is_asked_for_per_symbol_and_nothing_for_nobody() -> None:
    assert wording(frozenset(), frozenset()) == []
    assert wording(frozenset({"B", "A"}), frozenset({"C"})) == [
        '{"action":"unsubscribe","params":"T.C,Q.C,A.C,AM.C,LULD.C"}',
        '{"action":"subscribe","params":"T.A,Q.A,A.A,AM.A,LULD.A,T.B,Q.B,A.B,AM.B,LULD.B"}',
    ]


def test_a_probe_asks_for_what_is_wanted_anyhow() -> None:
    assert probe(("B", "A")) == '{"action":"subscribe","params":"LULD.B"}'
    assert probe(()) == '{"action":"subscribe","params":"LULD.SPY"}'
