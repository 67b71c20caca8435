"""The account panel wired to the real adapter, service and simulated broker: what is seen is asked for, and what fails is said."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.domain.account_history import Kind, Period
from qv_desktop.domain.events import Filled
from qv_desktop.services.account import Account
from qv_desktop.services.account_history import AccountHistory
from qv_desktop.services.bus import Bus
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from qv_desktop.ui import theme
from qv_desktop.ui.panels.balances import ACTIVITIES, BALANCES, EQUITY, BalancesPanel
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring import Desk
from qv_desktop.wiring.account import AFTER_FILL, EVERY, AccountWiring
from tests.adapters.alpaca.test_broker import an_intent, closed, market_clock, passed, settled
from tests.builders import NOW, a_session
from tests.fakes import Journal, Trail, Users
from tests.simulator.process import Simulator, running

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """The market of seed 1 at 10:30 of the latest session, in a process of its own."""
    with running("--seed", "1") as started:
        yield started


class Room:
    """A panel in view, wired to a simulated Alpaca; ``now`` is what the wiring's clock says."""

    def __init__(self, simulator: Simulator, panel: BalancesPanel) -> None:
        self.simulator, self.panel = simulator, panel
        self.bus, self.told, self.now = Bus(), list[str](), 0.0
        self.broker = AlpacaBroker(
            simulator.key, simulator.secret, simulator.url, market_clock(simulator), "SIMULATION", self.told.append
        )
        login = Login(Users(), Trail(), lambda: NOW, "host")
        login.session = a_session()
        self.account = Account(self.broker, Journal(), self.bus.publish)
        self.history = AccountHistory(self.broker.history, login, lambda: None, lambda: self.now)
        self.notices = Notices(lambda event: None, lambda: NOW)
        services = SimpleNamespace(
            notices=self.notices, bus=self.bus, account=self.account, account_history=self.history
        )
        self.tasks = Tasks(lambda error: self.told.append(str(error)))
        desk = Desk(cast(Any, services), cast(Any, SimpleNamespace(balances=panel)), cast(Any, None), self.tasks)
        self.wiring = AccountWiring(desk, lambda: self.now)

    def move(self, code: str, amount: float | None = None, **fields: object) -> None:
        self.simulator.control("POST", "/sim/activity", {"type": code, "amount": amount, **fields})

    def fault(self, kind: str, count: int = 1, **params: object) -> None:
        self.simulator.control(
            "POST", "/sim/faults", {"kind": kind, "target": "trading", "count": count, "params": params}
        )

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not seen():
                QApplication.processEvents()
                await asyncio.sleep(0.01)

    async def quiet(self) -> None:
        """Once nothing is under way."""
        await self.until(lambda: not self.tasks.count)

    def click(self, page: str) -> None:
        QTest.mouseClick(self.panel.pages.segment(page), Qt.MouseButton.LeftButton)


@pytest.fixture
def told(simulator: Simulator, qtbot: QtBot, qapp: QApplication) -> Callable[[Callable[[Room], Awaitable[None]]], None]:
    """Runs a story in a room."""
    theme.apply(qapp)
    simulator.control("DELETE", "/sim/faults")
    simulator.control("POST", "/sim/reset")
    panel = BalancesPanel()
    qtbot.addWidget(panel)
    panel.resize(1000, 280)

    def run(story: Callable[[Room], Awaitable[None]]) -> None:
        async def through() -> None:
            room = Room(simulator, panel)
            try:
                await story(room)
            finally:
                await room.tasks.close()
                room.broker.close()

        asyncio.run(through())

    return run


def asked(room: Room) -> Callable[[], list[str]]:
    """What the account's slow questions were so far."""
    questions = list[str]()
    ask = room.broker.history._ask

    def counting(path: str, data: dict[str, object] | None = None) -> Awaitable[object]:
        questions.append(path.rpartition("/")[2])
        return ask(path, data)

    room.broker.history._ask = cast(Any, counting)
    return lambda: questions


def test_nothing_is_asked_for_while_nobody_looks_and_each_page_when_it_is_seen(told: Callable[..., None]) -> None:
    async def story(room: Room) -> None:
        questions = asked(room)
        room.wiring.tick()
        await room.quiet()
        assert questions() == []
        room.panel.show()
        await room.quiet()
        assert "Suspend trade Off" in room.panel.figures.texts()
        room.click(EQUITY)
        await room.until(lambda: room.panel.curve.curve is not None)
        room.click(ACTIVITIES)
        await room.until(lambda: room.panel.activities.model.rowCount() == 1)
        assert questions() == ["configurations", "history", "activities"]
        room.now += EVERY - 1
        room.wiring.tick()
        await room.quiet()
        assert len(questions()) == 3
        room.now += 1
        room.wiring.tick()
        await room.quiet()
        assert questions()[3:] == ["activities"]  # the page in view alone
        room.click(EQUITY)
        await room.quiet()
        assert questions()[4:] == ["history"]

    told(story)


def test_balances_follow_the_broker_and_a_word_it_invents_is_shown_as_unknown(told: Callable[..., None]) -> None:
    async def story(room: Room) -> None:
        room.panel.show()
        await room.account.refresh()
        assert "Equity $100,000.00" in room.panel.figures.texts()
        assert room.panel.standing == ""
        room.fault("alter_account", fields={"status": "UNDER_THE_WEATHER", "sma": None, "cash": "plenty", "trading_blocked": True,
                                            "pattern_day_trader": True}, gone=["regt_buying_power", "currency"])  # fmt: skip
        await room.account.refresh()
        texts = room.panel.figures.texts()
        assert {"Status ▲ UNKNOWN (UNDER_THE_WEATHER)", "SMA —", "Cash —", "Overnight (Reg T) —", "Trading ▲ Blocked",
                "Equity $100,000.00"} <= set(texts)  # fmt: skip
        assert "The broker takes no orders" in room.panel.standing
        (notice,) = room.notices.told
        assert (notice.urgency, notice.title) == ("critical", "Account")
        assert notice.text.startswith("Trading: Blocked. The broker takes no orders")
        await room.account.refresh()
        assert room.panel.standing == ""
        room.wiring.tick()
        assert room.panel.told.text().startswith("told ")

    told(story)


def test_a_fill_is_in_the_activities_and_the_curve_soon_after(told: Callable[..., None]) -> None:
    async def story(room: Room) -> None:
        room.panel.show()
        room.click(ACTIVITIES)
        await room.until(lambda: room.panel.activities.model.rowCount() == 1)
        order = an_intent(quantity=3)
        await room.broker.submit(order, passed(order.request))
        await settled(room.broker, order.id, closed)
        (fill, *_) = await room.broker.fills(order.submitted)
        room.now += 1
        room.bus.publish(Filled(fill))
        room.now += AFTER_FILL - 1
        room.wiring.tick()
        await room.quiet()
        assert room.panel.activities.model.rowCount() == 1
        room.now += 1
        room.wiring.tick()
        await room.until(lambda: room.panel.activities.model.rowCount() > 1)
        newest = room.panel.activities.model.rows()[0]
        assert (newest.code, newest.symbol, newest.net) == ("FILL", "AAPL", -fill.quantity * fill.price)
        questions = asked(room)
        room.click(EQUITY)  # out of view until now, and older than the fill
        await room.quiet()
        assert questions() == ["history"]

    told(story)


def test_a_broker_that_is_away_leaves_what_was_told_in_view_with_its_sentence(told: Callable[..., None]) -> None:
    async def story(room: Room) -> None:
        room.panel.show()
        for page in (EQUITY, ACTIVITIES):
            room.click(page)
            await room.quiet()
            room.fault("html_502", 50)  # however often it is asked again
            room.now += EVERY
            room.wiring.tick()
            await room.quiet()
            room.simulator.control("DELETE", "/sim/faults")
        assert room.panel.curve.complaint.startswith("Stale: Alpaca answered with HTTP 502")
        assert room.panel.activities.complaint.startswith("Stale: Alpaca answered with HTTP 502")
        assert (room.panel.curve.equity.text(), room.panel.activities.model.rowCount()) == ("$100,000.00", 1)
        room.click(EQUITY)
        room.wiring.tick()
        assert room.panel.curve.state.text() == "told 2m ago"
        room.now += EVERY
        room.wiring.tick()
        await room.quiet()
        assert room.panel.curve.complaint == ""

    told(story)


def test_a_period_is_chosen_asked_for_and_remembered(told: Callable[..., None]) -> None:
    async def story(room: Room) -> None:
        room.panel.show()
        room.click(EQUITY)
        await room.quiet()
        questions, curve = asked(room), room.panel.curve
        for period in (Period.DAY, Period.ALL, Period.DAY):
            QTest.mouseClick(curve.periods.segment(period.value), Qt.MouseButton.LeftButton)
            await room.until(lambda period=period: curve.curve is not None and curve.curve.period is period)
            await room.quiet()
        assert questions() == ["history", "history"]
        room.move("CSD", 5000)
        room.now += EVERY
        room.wiring.tick()
        await room.quiet()
        assert (curve.profit.text(), curve.flows.text()) == ("$0.00  0.00%", "+$5,000.00 moved in or out")

    told(story)


def test_kinds_and_older_pages_come_from_the_broker(told: Callable[..., None]) -> None:
    async def story(room: Room) -> None:
        for number in range(150):
            room.move("FEE", -0.01, description=f"fee {number}")
        room.move("DIV", 12.5, symbol="KO", qty=50, per_share_amount=0.25)
        room.move("VOF", symbol="XYZ")
        page = room.panel.activities
        room.panel.show()
        room.click(ACTIVITIES)
        await room.until(lambda: page.model.rowCount() == 100)
        QTest.mouseClick(page.older, Qt.MouseButton.LeftButton)
        await room.until(lambda: page.model.rowCount() == 153)
        assert not page.older.isEnabled()
        page.kinds.setCurrentText(Kind.DIVIDEND)
        page.kinds.activated.emit(2)
        await room.until(lambda: page.model.rowCount() == 1)
        (dividend,) = page.model.rows()
        assert (dividend.symbol, dividend.price, dividend.net) == ("KO", Decimal("0.25"), Decimal("12.5"))
        page.kinds.setCurrentText(Kind.OTHER)
        page.kinds.activated.emit(5)
        await room.until(lambda: [row.words for row in page.model.rows()] == ["UNKNOWN (VOF)"])

    told(story)


def test_a_page_that_is_asked_for_is_not_asked_for_again_meanwhile(told: Callable[..., None]) -> None:
    async def story(room: Room) -> None:
        room.panel.show()
        room.click(EQUITY)
        questions = asked(room)
        for _ in range(5):
            room.now += EVERY
            room.wiring.tick()
        await room.quiet()
        assert questions().count("history") <= 1
        assert room.panel.page != BALANCES

    told(story)
