"""Alpaca's sockets against the simulated Alpaca."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from qv_desktop.adapters.alpaca.price_words import ErrorMessage
from qv_desktop.adapters.alpaca.stream import AlpacaPrices, TradeUpdates, ending, wording
from qv_desktop.adapters.websocket import Evicted, Lost, Patience, Refused
from qv_desktop.domain.market import Bar, Correction, Quote, Trade
from qv_desktop.domain.orders import ReportKind
from tests.adapters.alpaca.test_broker import AlpacaBroker, an_intent, market_clock, passed
from tests.adapters.listening import Heard, now, until
from tests.simulator.process import Simulator, running

QUICK = Patience(first=0.05, ceiling=0.1, evicted=0.5, silence=1.5, settle=0.2, attempts=1000)


def fault(simulator: Simulator, kind: str, target: str, count: int = 1, **params: object) -> None:
    simulator.control("POST", "/sim/faults", {"kind": kind, "target": target, "count": count, "params": params})


@pytest.fixture(autouse=True)
def _fresh(simulator: Simulator) -> None:
    simulator.control("DELETE", "/sim/faults")
    simulator.control("POST", "/sim/reset")


@asynccontextmanager
async def updates(simulator: Simulator, heard: Heard, secret: str | None = None) -> AsyncIterator[TradeUpdates]:
    stream = TradeUpdates(f"{simulator.ws}/stream", simulator.key, secret or simulator.secret, heard.items.append, heard.state, now=now,
                          on_gap=heard.gap, patience=QUICK)  # fmt: skip
    work = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        await stream.stop()
        await work


@asynccontextmanager
async def prices(
    simulator: Simulator, heard: Heard, secret: str | None = None, feed: str = "iex", **options
) -> AsyncIterator[AlpacaPrices]:
    settings = {"now": now, "patience": QUICK, **options}
    stream = AlpacaPrices(f"{simulator.ws}/v2/{feed}", simulator.key, secret or simulator.secret, heard.take, heard.state, heard.gap,
                          **settings)  # fmt: skip
    work = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        await stream.stop()
        await work


@asynccontextmanager
async def trading(simulator: Simulator) -> AsyncIterator[AlpacaBroker]:
    broker = AlpacaBroker(simulator.key, simulator.secret, simulator.url, market_clock(simulator), "SIMULATION")
    try:
        yield broker
    finally:
        broker.close()


def test_an_order_is_told_from_its_arrival_to_its_last_share(simulator: Simulator) -> None:
    order = an_intent(quantity=30)

    async def story() -> None:
        heard = Heard()
        async with updates(simulator, heard) as stream, trading(simulator) as broker:
            await until(lambda: heard.count("live"), "the live state")
            report = await broker.submit(order, passed(order.request))
            await until(
                lambda: sum(r.quantity for r in heard.items if r.kind is ReportKind.FILL) == 30, "thirty shares"
            )
            assert {r.client_order_id for r in heard.items} == {order.id}
            assert {r.broker_id for r in heard.items} == {report.broker_id}
            assert heard.items[0].kind is ReportKind.ACKNOWLEDGED
            streamed = {r.execution_id for r in heard.items if r.kind is ReportKind.FILL}
            assert streamed == {fill.execution_id for fill in await broker.fills(heard.items[0].at)}
            assert stream.counts.bad == 0

    asyncio.run(story())


def test_a_replayed_fill_keeps_its_execution_id(simulator: Simulator) -> None:
    order = an_intent(quantity=4)

    async def story() -> None:
        heard = Heard()
        async with updates(simulator, heard), trading(simulator) as broker:
            await until(lambda: heard.count("live"), "the live state")
            await asyncio.to_thread(fault, simulator, "replay_events", "trade_updates", 3)
            await broker.submit(order, passed(order.request))
            await until(lambda: sum(r.kind is ReportKind.FILL for r in heard.items) >= 2, "the fill and its replay")
            assert len({r.execution_id for r in heard.items if r.kind is ReportKind.FILL}) == 1

    asyncio.run(story())


def test_silence_of_trade_updates_is_no_fault(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        async with updates(simulator, heard):
            await until(lambda: heard.count("live"), "the live state")
            await asyncio.sleep(2)
            assert [state for state, _ in heard.states] == ["connecting", "authenticating", "live"]

    asyncio.run(story())


@pytest.mark.parametrize(("kind", "params"), [("close", {"code": 1000}), ("abort", {})])
def test_trade_updates_come_back_and_name_the_gap(simulator: Simulator, kind: str, params: dict[str, object]) -> None:
    order = an_intent(quantity=2)

    async def story() -> None:
        heard = Heard()
        async with updates(simulator, heard), trading(simulator) as broker:
            await until(lambda: heard.count("live"), "the live state")
            await asyncio.to_thread(fault, simulator, kind, "trade_updates", 1, **params)
            await until(lambda: heard.gaps, "the gap", seconds=15)
            await broker.submit(order, passed(order.request))
            await until(lambda: any(r.kind is ReportKind.FILL for r in heard.items), "a fill after it")

    asyncio.run(story())


def test_a_wrong_secret_is_one_sentence_on_both_sockets(simulator: Simulator) -> None:
    async def story() -> None:
        orders, quotes = Heard(), Heard()
        async with updates(simulator, orders, "wrong"), prices(simulator, quotes, "wrong"):
            await until(lambda: orders.count("off") and quotes.count("off"), "both refusals")
            await asyncio.sleep(0.5)
            for heard in (orders, quotes):
                assert heard.count("connecting") == 1
                assert "enter valid keys under Connections" in heard.states[-1][1]

    asyncio.run(story())


def test_prices_of_the_wanted_symbols_are_heard_with_nanoseconds(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        async with prices(simulator, heard) as stream:
            stream.want(("SPY", "AAPL"))
            await until(lambda: {type(value) for value in heard.items} >= {Trade, Quote}, "trades and quotes")
            assert {value.symbol for value in heard.items} <= {"SPY", "AAPL"}
            assert any(value.at % 1000 for value in heard.items)
            assert stream.counts.bad == 0

    asyncio.run(story())


def test_a_correction_and_a_cancel_name_the_print_that_they_take_back(simulator: Simulator) -> None:
    async def story() -> None:
        async with prices(simulator, heard) as stream:
            stream.want(("SPY", "AAPL"))
            await until(lambda: heard.items, "prices")
            for kind in ("correction", "cancel_error"):
                await asyncio.to_thread(fault, simulator, kind, "alpaca_data")
            await until(lambda: len(corrections()) == 2, "both")
            corrected, cancelled = corrections()
            for taken_back in corrections():
                wrong = next(
                    trade for trade in trades() if (trade.symbol, trade.id) == (taken_back.symbol, taken_back.id)
                )
                assert (wrong.at, wrong.exchange, wrong.tape) == (taken_back.at, taken_back.exchange, taken_back.tape)
            assert corrected.trade is not None
            assert corrected.trade.id != corrected.id
            assert cancelled.trade is None

    def corrections() -> list[Correction]:
        return [correction for batch in heard.batches for correction in batch.corrections]

    def trades() -> list[Trade]:
        return [trade for batch in heard.batches for trade in batch.trades]

    heard = Heard()
    asyncio.run(story())


def test_the_free_feed_hears_the_most_wanted_and_says_so(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        async with prices(simulator, heard) as stream:
            assert stream.most == 15
            await until(lambda: heard.count("live"), "the live state")
            stream.want([*(f"NONE{number}" for number in range(14)), "SPY", "AAPL"])
            await until(lambda: heard.items, "prices")
            assert heard.states[-1] == (
                "live",
                "Alpaca prices: live. It hears 15 of 16 symbols; the plan allows no more.",
            )
            stream.want(["AAPL", *(f"NONE{number}" for number in range(14)), "SPY"])
            await until(
                lambda: any(value.symbol == "AAPL" for value in heard.items), "the symbol that is wanted more now"
            )
            assert stream.counts.bad == 0
        async with prices(simulator, Heard(), feed="sip") as stream:
            assert stream.most is None

    asyncio.run(story())


def test_minutes_and_the_day_so_far_arrive_as_bars() -> None:
    async def story(fast: Simulator) -> None:
        heard = Heard()
        async with prices(fast, heard) as stream:
            stream.want(("SPY",))
            await until(lambda: any(batch.days for batch in heard.batches), "the day")
            await until(lambda: sum(len(batch.minutes) for batch in heard.batches) >= 2, "two minutes")
            assert all(isinstance(bar, Bar) and bar.count > 0 for batch in heard.batches for bar in batch.minutes)

    with running("--seed", "1", "--speed", "60") as fast:
        asyncio.run(story(fast))


def test_probes_are_answered_on_both_sockets(simulator: Simulator) -> None:
    async def story() -> None:
        patience = replace(QUICK, silence=0.2, beat=0.3, answer=2.0)
        quotes, orders = Heard(), Heard()
        updating = TradeUpdates(f"{simulator.ws}/stream", simulator.key, simulator.secret, orders.items.append, orders.state, now=now,
                                patience=patience)  # fmt: skip
        work = asyncio.create_task(updating.run())
        async with prices(simulator, quotes, expecting=lambda: False, patience=patience) as stream:
            await until(lambda: stream.counts.probes >= 3 and updating.counts.probes >= 3, "three probes of each")
            assert quotes.count("mute") == orders.count("mute") == 0
            assert (stream.counts.bad, stream.counts.reconnects, updating.counts.reconnects) == (0, 0, 0)
        await updating.stop()
        await work

    asyncio.run(story())


def test_a_connection_beyond_the_limit_is_an_eviction(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        await asyncio.to_thread(fault, simulator, "connection_limit", "alpaca_data")
        async with prices(simulator, heard) as stream:
            stream.want(("SPY",))
            await until(lambda: heard.count("evicted"), "the eviction")
            assert "the only connection that Alpaca allows" in dict(heard.states)["evicted"]
            await until(lambda: heard.items, "prices after the wait")

    asyncio.run(story())


@pytest.mark.parametrize("kind", ["slow_client", "abort", "mute"])
def test_prices_come_back_after_each_fault(simulator: Simulator, kind: str) -> None:
    async def story() -> None:
        heard = Heard()
        async with prices(simulator, heard) as stream:
            stream.want(("SPY", "AAPL", "QQQ", "NVDA"))
            await until(lambda: heard.items, "prices")
            await asyncio.to_thread(fault, simulator, kind, "alpaca_data")
            await until(lambda: heard.gaps, "the gap")
            before = len(heard.items)
            await until(lambda: len(heard.items) > before, "prices after it")

    asyncio.run(story())


def test_too_many_connections_at_the_upgrade_are_an_eviction(simulator: Simulator) -> None:
    async def story() -> None:
        heard = Heard()
        await asyncio.to_thread(fault, simulator, "upgrade_429", "trade_updates")
        async with updates(simulator, heard):
            await until(lambda: heard.count("evicted"), "the eviction")
            await until(lambda: heard.count("live"), "the return")

    asyncio.run(story())


def test_a_hearer_that_raises_does_not_lose_the_next_report(simulator: Simulator) -> None:
    order = an_intent(quantity=2)

    async def story() -> None:
        heard = Heard()

        def hear(report: object) -> None:
            heard.items.append(report)
            if len(heard.items) == 1:
                raise ZeroDivisionError

        stream = TradeUpdates(f"{simulator.ws}/stream", simulator.key, simulator.secret, hear, heard.state, now=now)
        work = asyncio.create_task(stream.run())
        async with trading(simulator) as broker:
            await until(lambda: heard.count("live"), "the live state")
            await broker.submit(order, passed(order.request))
            await until(lambda: any(r.kind is ReportKind.FILL for r in heard.items), "the fill")
        await stream.stop()
        await work

    asyncio.run(story())


@pytest.mark.parametrize(
    ("code", "kind"),
    [(402, Refused), (409, Refused), (406, Evicted), (404, Lost), (407, Lost), (500, Lost), (405, None), (400, None)],
)
def test_each_error_code_ends_the_connection_as_it_should(code: int, kind: type[Exception] | None) -> None:
    found = ending(ErrorMessage(code, "words"))
    assert (found is None) if kind is None else isinstance(found, kind)


def test_every_channel_is_asked_for_and_nothing_for_nobody() -> None:
    assert wording(frozenset(), frozenset()) == []
    assert wording(frozenset({"A"}), frozenset()) == [
        '{"action":"subscribe","trades":["A"],"quotes":["A"],"bars":["A"],"updatedBars":["A"],"dailyBars":["A"],"statuses":["A"]}'
    ]
