"""Trading keys in the whole program, pressed on the window: off, armed, and off again when the prices stop."""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.orders import OrderStatus
from tests.simulator.process import running
from tests.stories import program
from tests.stories.driver import Sitting, sitting

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
CTRL_SHIFT_ALT = CTRL_SHIFT | Qt.KeyboardModifier.AltModifier
FAR = Decimal("1.00")


@pytest.fixture(scope="module")
def person(qapp: QApplication) -> Iterator[Sitting]:
    """Somebody at the window."""
    with (
        running("--seed", "6", "--speed", "5") as simulator,
        program.a_home() as home,
        sitting(qapp, simulator, home) as signed_in,
    ):
        yield signed_in


async def press(
    person: Sitting,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier = CTRL_SHIFT,
    seconds: float = 0.0,
    until: Callable[[], object] = lambda: True,
) -> None:
    """Press a key on the window and hold it so long, and until it has acted.

    By timers, for QTest lets Qt work meanwhile and a task cannot wait for that.
    """
    window = person.desk.window
    window.activateWindow()
    await person.sees(lambda: window.windowHandle() is QApplication.focusWindow())
    for act, rest in ((QTest.keyPress, seconds), (QTest.keyRelease, 0.1)):
        QTimer.singleShot(0, lambda act=act: act(window.windowHandle(), key, modifiers))  # type: ignore[misc]
        await asyncio.sleep(0.05 + rest)
        if act is QTest.keyPress:
            await person.sees(until)


async def armed(person: Sitting) -> None:
    """Armed by the key, as a person does it."""
    await person.ready()
    person.desk.panels.chart.canvas.setFocus()  # keys act on what the panel with the keyboard shows
    await person.sees(lambda: person.starting.market.symbol_in_focus() == "SPY")
    if not person.starting.hotkeys.arming.armed:
        await press(person, Qt.Key.Key_A)
    await person.sees(person.desk.window.safety.pill.isVisible)


def test_off_they_say_how_to_arm_them_and_do_nothing(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        resting = await person.buys("SPY", 1, FAR)
        await person.sees(lambda: person.stands(resting, OrderStatus.WORKING))
        await press(person, Qt.Key.Key_X)
        await person.sees(lambda: "Trading keys are off; press Ctrl+Shift+A to arm them." in person.notices())
        assert person.stands(resting, OrderStatus.WORKING)

    person.do(scenario())


def test_armed_they_cancel_the_symbol_or_all(person: Sitting) -> None:
    async def scenario() -> None:
        other = await person.buys("KO", 2, FAR)
        mine = await person.buys("SPY", 2, FAR)
        await person.sees(lambda: all(person.stands(key, OrderStatus.WORKING) for key in (mine, other)))
        await armed(person)
        assert person.desk.window.safety.pill.text().startswith("KEYS ARMED · SPY · ")
        await press(person, Qt.Key.Key_X)
        await person.sees(lambda: person.stands(mine, OrderStatus.CANCELED))
        assert person.stands(other, OrderStatus.WORKING)
        await press(person, Qt.Key.Key_X, CTRL_SHIFT_ALT)
        await person.sees(lambda: person.stands(other, OrderStatus.CANCELED))
        assert "Asked to cancel 2 orders in SPY." in person.notices()

    person.do(scenario())


def test_flatten_needs_a_second_and_closes_what_is_held(person: Sitting) -> None:
    async def scenario() -> None:
        bought = await person.buys("SPY", 3)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        resting = await person.buys("SPY", 4, FAR)
        await person.sees(lambda: person.stands(resting, OrderStatus.WORKING))
        await armed(person)
        await person.sees(lambda: "SPY" in person.desk.services.positions.held())
        await press(person, Qt.Key.Key_F, seconds=0.2)
        await asyncio.sleep(1.0)
        assert person.stands(resting, OrderStatus.WORKING)  # let go early: nothing was done
        gone = (OrderStatus.PENDING_CANCEL, OrderStatus.CANCELED)
        await press(person, Qt.Key.Key_F, seconds=1.3, until=lambda: person.stands(resting, *gone))
        await person.sees(lambda: person.stands(resting, OrderStatus.CANCELED))
        await person.sees(lambda: "SPY" not in person.desk.services.positions.held())
        await person.sees(lambda: "SPY is flat: sell 3 at " in person.notices())
        await person.sees(lambda: "Sold 3 SPY, avg " in person.notices())

    person.do(scenario())


def test_prices_that_stop_disarm_them(person: Sitting) -> None:
    async def scenario() -> None:
        await armed(person)
        person.break_("close", "polygon_stream")
        await person.sees(lambda: not person.starting.hotkeys.arming.armed)
        assert person.starting.hotkeys.arming.why.startswith("Polygon is ")
        assert not person.desk.window.safety.pill.isVisible()
        await person.sees(lambda: person.state("Polygon") == "live")
        assert not person.starting.hotkeys.arming.armed  # it stays so until somebody arms them again

    person.do(scenario())
