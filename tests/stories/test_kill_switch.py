"""The kill switch in the whole program: with the database gone, the broker's gate broken, the stream mute, an order in flight."""

import asyncio
import os
import signal
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.app.hands import hold, press
from qv_desktop.domain.events import KillChanged
from qv_desktop.domain.killing import Killing
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.domain.risk import TradingState
from tests.simulator.process import Simulator, running
from tests.stories import program
from tests.stories.driver import Sitting, sitting
from tests.stories.remote_server import Remote, remote

FAR = Decimal("1.00")  # a limit that rests


@pytest.fixture(scope="module")
def server() -> Iterator[Remote]:
    """A database that the test can take away."""
    with remote() as started:
        yield started


@pytest.fixture(scope="module")
def person(qapp: QApplication, server: Remote) -> Iterator[Sitting]:
    """Somebody at the window, on a broker that the test can break."""
    with (
        running("--seed", "5", "--speed", "5") as simulator,
        program.a_home() as home,
        sitting(qapp, simulator, home, server.url()) as signed_in,
    ):
        yield signed_in


def stranger(simulator: Simulator) -> None:
    """An order that another program makes in the same account."""
    body = {"symbol": "KO", "qty": "5", "side": "buy", "type": "limit", "time_in_force": "day", "limit_price": "1.00"}
    headers = {"APCA-API-KEY-ID": simulator.key, "APCA-API-SECRET-KEY": simulator.secret}
    assert requests.post(f"{simulator.url}/v2/orders", json=body, headers=headers, timeout=30).ok


async def resting(person: Sitting, *quantities: int) -> list[str]:
    """Limit orders that rest at the broker; trading is resumed first."""
    await person.ready()
    if person.desk.services.risk.state is not TradingState.ACTIVE:
        press(person.desk.panels.risk, "Resume")
        await person.sees(lambda: person.desk.services.risk.state is TradingState.ACTIVE)
    # a comparison while an order hung has closed trading until the next one
    assert (await person.desk.services.reconcile.run("test", "before the next kill")).breaks == ()
    keys = [await person.buys("SPY", quantity, FAR) for quantity in quantities]
    await person.sees(lambda: all(person.stands(key, OrderStatus.WORKING) for key in keys))
    return keys


def killing(person: Sitting) -> Killing:
    """How far the last kill is."""
    last = person.desk.services.kill.last
    assert last is not None
    return last


async def pressed(person: Sitting) -> None:
    """The button was held: a new kill has begun."""
    before = person.desk.services.kill.last
    person.starting.kill.kill("button")
    await person.sees(lambda: person.desk.services.kill.last is not before)


async def killed(person: Sitting) -> Killing:
    """The kill once it is proved; nothing is open anywhere then, and nothing can be sent."""
    await person.sees(lambda: killing(person).stage == "done")
    assert killing(person).left == ()
    assert await person.session._engine.broker.standing() == []  # type: ignore[union-attr]
    assert not any(order.open for order in person.desk.services.orders.book.values())
    assert person.desk.services.risk.state is TradingState.HALTED
    return killing(person)


def test_held_it_cancels_ours_and_everybody_elses_and_says_what_it_did(person: Sitting) -> None:
    async def scenario() -> None:
        keys = await resting(person, 1, 2, 3)
        stranger(person.simulator)
        person.desk.window.safety.kill.click()  # a click is no hold
        assert person.desk.services.kill.last is None
        await hold(person.desk.window, "KILL")
        ended = await killed(person)
        assert ended.cancelled == 4
        assert all(person.stands(key, OrderStatus.CANCELED) for key in keys)
        strip = person.desk.window.safety.strip
        assert strip.isVisible()
        assert "4 cancelled, 0 left; trading is halted" in strip.text()
        refused = await person.buys("SPY", 1, FAR)
        await person.sees(lambda: person.stands(refused, OrderStatus.REFUSED))
        rows = await person.asked("SELECT action, outcome FROM audit_log WHERE action LIKE 'kill.%' ORDER BY sequence")
        assert rows == [("kill.press", "ok"), ("kill.switch", "ok")]

    person.do(scenario())


def test_the_key_works_while_trading_keys_are_off(person: Sitting) -> None:
    async def scenario() -> None:
        await resting(person, 4)
        assert not person.starting.hotkeys.arming.armed
        window = person.desk.window
        window.activateWindow()
        await person.sees(lambda: window.windowHandle() is QApplication.focusWindow())
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        # by timers: QTest lets Qt work meanwhile, and a task that is being run cannot be left for another one
        QTimer.singleShot(0, lambda: QTest.keyPress(window.windowHandle(), Qt.Key.Key_K, both))
        await person.sees(lambda: window.safety.hint.isVisible())
        assert "Hold to KILL. Cancels 1 open order, halts trading" in window.safety.hint.words
        await asyncio.sleep(1.2)
        await person.sees(lambda: not window.safety.hint.isVisible())
        QTimer.singleShot(0, lambda: QTest.keyRelease(window.windowHandle(), Qt.Key.Key_K, both))
        assert (await killed(person)).cancelled == 1

    person.do(scenario())


def test_a_broker_that_answers_502_for_a_while_is_asked_until_there_is_proof(person: Sitting) -> None:
    async def scenario() -> None:
        await resting(person, 5, 6)
        person.break_("html_502", "trading", count=12)
        await pressed(person)
        await person.sees(lambda: killing(person).left is None and killing(person).detail)
        assert "trading is halted" in person.desk.window.safety.strip.text()
        assert "0 left" not in person.desk.window.safety.strip.text()
        assert (await killed(person)).cancelled == 2

    person.do(scenario())


def test_an_order_in_flight_is_followed_and_cancelled(person: Sitting) -> None:
    async def scenario() -> None:
        await resting(person)

        def answers_get_lost() -> None:
            person.break_("accept_then_504", "trading", method="POST")
            person.break_("accept_then_504", "trading", count=7)

        sent = await person.buys("SPY", 7, FAR, answers_get_lost)
        await person.sees(lambda: person.order(sent) is not None and person.befallen())
        await pressed(person)
        await killed(person)
        assert person.stands(sent, OrderStatus.CANCELED)

    person.do(scenario())


def test_an_order_whose_sending_hangs_is_followed_until_it_is_known_that_it_never_arrived(person: Sitting) -> None:
    async def scenario() -> None:
        keys = await resting(person, 12)
        sent = await person.buys("SPY", 13, FAR, lambda: person.break_("hang", "trading", method="POST"))
        await person.sees(lambda: person.befallen() and sent in person.desk.services.orders.sending)
        stages: list[str] = []
        person.desk.services.bus.subscribe(KillChanged, lambda event: stages.append(event.killing.stage))
        await pressed(person)
        await person.sees(lambda: person.stands(keys[0], OrderStatus.CANCELED))  # nothing waits for the one that hangs
        await person.sees(lambda: killing(person).stage == "following")
        assert "1 in flight, followed" in person.desk.window.safety.strip.text()
        await killed(person)
        assert person.stands(sent, OrderStatus.REJECTED)
        assert stages[-1] == "done"

    person.do(scenario())


def test_with_a_mute_stream_the_book_learns_from_the_broker(person: Sitting) -> None:
    async def scenario() -> None:
        keys = await resting(person, 8)
        person.break_("mute", "trade_updates")
        await asyncio.sleep(0.3)
        await pressed(person)
        await killed(person)
        assert person.stands(keys[0], OrderStatus.CANCELED)
        person.break_("close", "trade_updates")
        await person.sees(lambda: person.state("Alpaca orders") == "live")

    person.do(scenario())


def test_with_the_database_gone_it_works_and_its_rows_arrive_later(person: Sitting, server: Remote) -> None:
    count = """SELECT count(*) FROM audit_log WHERE action IN ('kill.press', 'kill.switch', 'risk.halted')
               AND reason LIKE '%database did not take it%'"""

    async def scenario() -> None:
        keys = await resting(person, 9, 10)
        spool = person.session._engine.spool  # type: ignore[union-attr]
        await asyncio.to_thread(server.kill)
        began = asyncio.get_running_loop().time()
        await hold(person.desk.window, "KILL")
        assert (await killed(person)).cancelled == 2
        assert person.stands(keys[0], OrderStatus.CANCELED)
        took = asyncio.get_running_loop().time() - began
        await person.sees(lambda: spool.waiting >= 3)
        await asyncio.to_thread(server.start)
        await person.sees(lambda: spool.waiting == 0)
        assert (await person.asked(count))[0][0] == 3
        assert await person.desk.services.orders.records.written(30)
        print(f"killed {took:.2f} s after the hold began, without a database")  # noqa: T201 - a figure for the reader

    person.do(scenario())


def test_with_a_database_that_does_not_answer_it_waits_for_nothing(person: Sitting, server: Remote) -> None:
    count = "SELECT count(*) FROM audit_log WHERE action = 'kill.switch' AND outcome = 'ok'"

    async def scenario() -> None:
        await resting(person, 11)
        before = (await person.asked(count))[0][0]
        assert server._process is not None
        os.killpg(server._process.pid, signal.SIGSTOP)
        try:
            await pressed(person)
            assert person.desk.services.risk.state is TradingState.HALTED
            await killed(person)
        finally:
            os.killpg(server._process.pid, signal.SIGCONT)
        await person.sees(lambda: not person.desk.services.kill.running)
        assert await person.desk.services.orders.records.written(30)
        async with asyncio.timeout(30):
            while (await person.asked(count))[0][0] != before + 1:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.2)

    person.do(scenario())


def test_after_all_that_the_books_agree_and_the_trail_is_whole(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        assert (await person.desk.services.reconcile.run("test", "at the end")).breaks == ()
        press(person.desk.panels.audit, "Verify")
        await person.sees(lambda: person.desk.services.audit.verified)
        assert person.desk.services.audit.verified.whole  # type: ignore[union-attr]

    person.do(scenario())
