"""What breaks is noticed, said and mended, and nothing is lost: streams, the broker's answers, the database, the program itself."""

import asyncio
import os
import signal
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.app.hands import press, shown_text
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.orders import OrderStatus
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, hastened, sitting

GAPS = "SELECT count(*) FROM gaps WHERE feed = 'Polygon'"
MARKET = ("--seed", "3", "--speed", "5")  # a market with its broker, to be broken


@pytest.fixture(scope="module")
def person(qapp: QApplication, simulator: Simulator) -> Iterator[Sitting]:
    """Somebody at the window, with an embedded database of their own."""
    with program.a_home() as home, sitting(qapp, simulator, home) as signed_in:
        hastened(signed_in)
        yield signed_in


@pytest.mark.parametrize("kind", ["close", "abort", "mute", "max_connections", "slow_client"])
def test_prices_come_back_after_the_stream_was_cut_and_the_gap_is_kept(person: Sitting, kind: str) -> None:
    async def scenario() -> None:
        await person.ready()
        gaps, before = await person.asked(GAPS), len(person.feeds)
        person.break_(kind, "polygon_stream")
        await person.sees(lambda: any(f.feed == "Polygon" and f.state != "live" for f in person.feeds[before:]))
        await person.sees(lambda: person.state("Polygon") == "live")
        heard = person.desk.services.market.trades
        await person.sees(lambda: person.desk.services.market.trades > heard + 5)
        async with asyncio.timeout(20):
            while await person.asked(GAPS) == gaps:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.2)

    person.do(scenario())


@pytest.mark.parametrize("kind", ["close", "abort"])
def test_the_books_are_compared_after_order_reports_were_cut_off(person: Sitting, kind: str) -> None:
    async def scenario() -> None:
        await person.ready()
        person.break_(kind, "trade_updates")
        await person.sees(lambda: compared(person, "after a reconnect"))
        await person.sees(lambda: person.state("Alpaca orders") == "live")
        run = person.desk.services.reconcile.last
        assert run is not None
        assert run.passed
        bought = await person.buys("AAPL", 3 if kind == "close" else 4)  # the same again would be refused
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))

    person.desk.services.reconcile.last = None
    person.do(scenario())


def test_fills_that_a_mute_stream_kept_back_are_asked_for(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        person.break_("mute", "trade_updates")
        await asyncio.sleep(0.3)
        bought = await person.buys("TSLA", 7)
        press(person.desk.panels.reconciliation, "Run now")
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        await person.sees(lambda: compared(person, "asked"))
        assert person.desk.services.reconcile.last.passed  # type: ignore[union-attr]
        assert (await fills_of(person, bought)) == Decimal(7)
        person.break_("close", "trade_updates")  # the next connection speaks again
        await person.sees(lambda: person.state("Alpaca orders") == "live")

    person.do(scenario())


def test_an_order_whose_answer_was_lost_is_unresolved_then_settled_and_sent_once(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        seen: set[OrderStatus] = set()
        person.desk.services.bus.subscribe(OrderChanged, lambda event: seen.add(event.order.status))
        limit = Decimal("1.00")  # far away: it rests
        # to be sure of the order itself, every question of that moment goes unanswered
        sent = await person.buys("SPY", 2, limit, lambda: person.break_("accept_then_504", "trading", count=50))
        await person.sees(lambda: OrderStatus.UNRESOLVED in seen)
        person.simulator.control("DELETE", "/sim/faults")
        await person.sees(lambda: person.stands(sent, OrderStatus.WORKING))
        assert await was_unresolved(person, sent)
        theirs = await engine(person).broker.open_orders()
        assert [order.id for order in theirs].count(sent) == 1
        await person.desk.services.orders.cancel([sent])
        await person.sees(lambda: person.stands(sent, OrderStatus.CANCELED))

    person.do(scenario())


def test_an_unknown_symbol_is_answered_with_a_sentence(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        person.desk.panels.watchlist.symbol_add_asked.emit("NOSUCH")
        await person.sees(lambda: "The broker does not list “NOSUCH”" in person.notices())
        ticket = person.desk.panels.ticket
        ticket.symbol_asked.emit("NOSUCH")
        ticket.fill_from("NOSUCH", None, Decimal(1))
        await asyncio.sleep(0.5)
        assert "not listed at the broker" in shown_text(ticket)
        refused = await person.buys("NOSUCH", 1)
        await person.sees(lambda: person.stands(refused, OrderStatus.REFUSED))
        assert "NOSUCH" in person.order(refused).reason  # type: ignore[union-attr]
        ticket.symbol_asked.emit("SPY")

    person.do(scenario())


def test_the_desk_goes_on_when_the_database_server_is_killed_and_nothing_is_lost(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        server = person.store._server
        assert server is not None
        ours = program.server_of(server.home)
        assert ours is not None
        bought = await person.buys("NVDA", 4)
        os.kill(ours, signal.SIGKILL)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        again = await person.buys("SPY", 3)
        await person.sees(lambda: person.stands(again, OrderStatus.FILLED))
        assert await person.desk.services.orders.records.written(30)
        for key in (bought, again):
            assert await fills_of(person, key) == person.order(key).filled  # type: ignore[union-attr]
        assert program.server_of(server.home) not in (None, ours)

    person.do(scenario())


def test_after_all_that_the_books_agree_and_the_trail_is_whole(person: Sitting) -> None:
    async def scenario() -> Any:
        await person.ready()
        run = await person.desk.services.reconcile.run("test", "at the end")
        assert run.breaks == ()
        # every hole that was cut above is filled by now
        await person.sees(lambda: not person.desk.services.gaps.unfilled)
        await person.desk.services.ticks.written()
        stored = person.desk.services.ticks.stored
        assert (await person.asked("SELECT count(*) FROM trades"))[0][0] >= stored  # and what filled the holes
        assert (await person.asked("SELECT count(*) FROM gaps WHERE filled_at IS NULL"))[0][0] == 0
        press(person.desk.panels.audit, "Verify")
        await person.sees(lambda: person.desk.services.audit.verified)
        assert person.desk.services.audit.verified.whole

    person.do(scenario())


def compared(person: Sitting, why: str) -> bool:
    """Whether the newest comparison was made for this reason."""
    run = person.desk.services.reconcile.last
    return run is not None and why in run.reason


def engine(person: Sitting) -> Any:
    """What the desk runs on."""
    return person.session._engine


async def fills_of(person: Sitting, key: str) -> Decimal:
    """How many shares of an order the database has as filled."""
    assert await person.desk.services.orders.records.written(30)
    rows = await person.asked("SELECT coalesce(sum(quantity), 0) FROM fills WHERE client_order_id = :key", key=key)
    return Decimal(rows[0][0])


async def was_unresolved(person: Sitting, key: str) -> bool:
    """Whether the journal knows that the order's fate was open."""
    assert await person.desk.services.orders.records.written(30)
    question = "SELECT 1 FROM order_events WHERE client_order_id = :key AND status = 'unresolved'"
    return bool(await person.asked(question, key=key))
