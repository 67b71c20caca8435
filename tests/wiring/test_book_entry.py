"""An entry booked from the break queue: seen before it is booked, for a reason, on a real database, with the books agreeing after it."""

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.app.gate import Gate
from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.positions import Position
from qv_desktop.services import reconcile
from qv_desktop.services.breaks import AFTER_ENTRY, Breaks
from qv_desktop.services.clock import Clock as ProgramClock
from qv_desktop.services.reconcile import Reconcile
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring import Desk
from qv_desktop.wiring.breaks import BreaksWiring
from qv_desktop.wiring.overriding import OverrideWiring
from qv_desktop.wiring.permissions import NEEDS, why
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_breaks import Machine
from tests.builders import NOW, a_position
from tests.wiring.safety_room import SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.0)


class Place:
    """A window at a machine whose queue, runs and audit trail are in a real database, over a broker that the test plays."""

    def __init__(self, qtbot: QtBot, url: str, role: Role, account: str = "") -> None:
        self.qtbot, self.room, self.clock = qtbot, SafetyRoom(qtbot, role), Clock()
        self.clock.time, self.closed = NOW, ""
        self.machine = Machine(url, self.clock, "ann", role, account or f"acc-{uuid4().hex[:8]}")
        self.broker, self.positions, login = self.room.broker, self.room.positions, self.machine.breaks._login
        room, trail, runs = self.room, login._trail, self.machine.runs
        self.service = Reconcile(room.broker, runs, ReconciliationReports(), room.orders, room.positions, room.risk._account, login,
                                 room.bus.publish, self.clock, lambda: NOW - timedelta(hours=1), Path("/"), cast(Any, trail),
                                 rules=runs.rules, booked=lambda _, *found: self.machine.store.booked(account(), *found))  # fmt: skip
        account = self.machine.breaks._account
        breaks = Breaks(self.machine.store, runs, login, self.clock, account, self.service)
        self.tasks = Tasks(lambda error: None)
        clock = ProgramClock(wall_ns=lambda: int(self.clock().timestamp() * 1e9))
        services = SimpleNamespace(login=login, clock=clock, bus=room.bus, breaks=breaks, break_reports=None, reconcile=self.service,
                                   notices=room.notices)  # fmt: skip
        desk = Desk(cast(Any, services), room.panels, room.window, self.tasks)
        self.panel = room.panels.reconciliation
        self.wiring, self.commands = BreaksWiring(desk), OverrideWiring(desk)
        gate = Gate(room.bus, lambda why: setattr(self, "closed", why))
        gate.books_loaded()
        room.bus.subscribe(Reconciled, lambda event: self.panel.show_run(event.run))
        lacking = {what: why(login, needed) for what, needed in NEEDS["reconciliation"].items()}
        self.panel.forbid({what: words for what, words in lacking.items() if words})
        room.window.raise_panel("reconciliation")

    async def compares(self) -> None:
        self.clock.advance(seconds=30)
        await self.service.run("system", "test")
        await self.settled()

    async def settled(self) -> None:
        while running := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*running, return_exceptions=True)

    async def presses(self, button: QPushButton) -> None:
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        await self.settled()

    async def gives(self, reason: str) -> None:
        self.qtbot.keyClicks(self.panel.entry.reason.field, reason)
        self.qtbot.keyClick(self.panel.entry.reason.field, Qt.Key.Key_Return)
        await self.settled()

    @property
    def book(self) -> QPushButton:
        return self.panel.details.buttons["book"]

    def entries(self) -> list[Any]:
        return [row.draft for row in self.machine.rows if row.draft.action == "reconciliation.book"]


type Story = Callable[[Place], Coroutine[Any, Any, None]]


@pytest.fixture
def told(qtbot: QtBot, postgres_url: str) -> Iterator[Callable[..., None]]:
    """Tells a story of Ann's, an Admin unless said otherwise."""
    places = list[Place]()

    def tell(story: Callable[..., Coroutine[Any, Any, None]], role: Role = Role.ADMIN, terminals: int = 1) -> None:
        account = f"acc-{uuid4().hex[:8]}"
        there = [Place(qtbot, postgres_url, role, account) for _ in range(terminals)]
        places.extend(there)

        async def life() -> None:
            await story(*there)
            for place in there:
                await place.tasks.close()

        asyncio.run(life())

    yield tell
    for place in places:
        place.machine.database.close()


def test_an_entry_is_shown_figure_by_figure_booked_for_a_reason_and_the_break_is_resolved_by_it(
    told: Callable[..., None],
) -> None:
    async def story(place: Place) -> None:
        place.positions.adopt({"AAPL": a_position(100, "98")})
        place.broker.held = {"AAPL": a_position(150, "99")}
        await place.compares()
        assert place.closed
        await place.presses(place.book)
        shown = place.panel.entry
        assert shown.isVisible()
        assert shown.entry.text() == "Position AAPL: shares 100 → 150 (+50), average 98.0000 → 99.0000 (+1.0000)"
        assert place.positions["AAPL"].quantity == 100  # nothing is booked by looking
        assert not shown.reason.yes.isEnabled()
        await place.gives("came from the old broker")
        assert not shown.isVisible()
        assert place.positions["AAPL"] == Position("AAPL", Decimal(150), Decimal(99))
        (entry,) = place.entries()
        assert (entry.actor.name, entry.object_type, entry.object_id, entry.reason) == (
            "ann", "position", "AAPL", "came from the old broker",
        )  # fmt: skip
        after = json.loads(entry.after)
        assert after["entry"] == "Position AAPL: shares 100 → 150 (+50), average 98.0000 → 99.0000 (+1.0000)"
        assert json.loads(entry.before) == {"shares": "100", "average": "98.0000"}
        (item,) = await place.machine.breaks.queue()
        assert (item.state, item.decided_by, item.reason, item.signed_by) == (
            "resolved", "ann", "came from the old broker", "",
        )  # fmt: skip
        story = await place.machine.breaks.story(item)
        assert [(one.actor, one.what) for one in story] == [("system", "found"), ("ann", "book")]
        assert after["entry"] in story[-1].words
        assert place.service.last is not None
        assert (place.service.last.reason, place.service.last.passed, place.closed) == (AFTER_ENTRY, True, None)
        assert "Booked Position AAPL" in place.panel.note.text()
        events = len(place.entries())
        await place.compares()
        assert len(place.entries()) == events

    told(story)


def test_what_is_booked_at_one_terminal_is_so_at_the_others_without_a_second_row_and_stays_resolved(
    told: Callable[..., None],
) -> None:
    async def story(place: Place, other: Place) -> None:
        for each in (place, other):
            each.positions.adopt({"AAPL": a_position(100, "98")})
            each.broker.held = {"AAPL": a_position(150, "99")}
        await place.compares()
        other.clock.advance(seconds=10)
        await other.compares()
        assert other.closed
        await other.wiring.refresh()
        await place.wiring.refresh()
        await place.presses(place.book)
        await place.gives("came from the old broker")
        place.clock.advance(seconds=60)
        other.clock.advance(seconds=120)
        await other.compares()
        assert (other.positions["AAPL"].quantity, other.closed, other.entries()) == (150, None, [])
        assert other.service.last is not None
        assert other.service.last.booked == ("AAPL: 100 → 150, as booked at another terminal",)
        (item,) = await place.machine.breaks.queue()
        assert (item.state, item.times) == ("resolved", 1)
        other.broker.held = {"AAPL": a_position(170, "99")}  # and what differs anew is a break like any other
        await other.compares()
        assert (other.positions["AAPL"].quantity, bool(other.closed)) == (150, True)

    told(story, terminals=2)


def test_what_was_booked_once_is_not_booked_again_unseen_when_the_same_difference_comes_another_day(
    told: Callable[..., None],
) -> None:
    async def story(place: Place) -> None:
        place.positions.adopt({"AAPL": a_position(100, "98")})
        place.broker.held = {"AAPL": a_position(150, "98")}
        await place.compares()
        await place.presses(place.book)
        await place.gives("came from the old broker")
        assert place.closed is None
        place.positions.adopt({"AAPL": a_position(100, "98")})  # fifty were sold
        place.broker.held = {"AAPL": a_position(100, "98")}
        place.clock.advance(days=1)
        await place.compares()
        place.broker.held = {"AAPL": a_position(150, "98")}
        place.clock.advance(seconds=60)
        await place.compares()
        assert (place.positions["AAPL"].quantity, bool(place.closed)) == (100, True)

    told(story)


def test_an_entry_is_said_to_be_booked_when_the_comparison_after_it_has_no_answer(told: Callable[..., None]) -> None:
    async def story(place: Place) -> None:
        place.positions.adopt({"AAPL": a_position(100, "98")})
        place.broker.held = {"AAPL": a_position(150, "98")}
        await place.compares()
        await place.presses(place.book)
        run = place.service.run

        async def down(operator: str, reason: str) -> Any:
            if reason == AFTER_ENTRY:
                raise BrokerDown("The broker does not answer.")
            return await run(operator, reason)

        place.service.run = down  # type: ignore[method-assign]
        await place.gives("came from the old broker")
        assert place.positions["AAPL"].quantity == 150
        assert place.panel.note.text().startswith("Booked Position AAPL")

    told(story)


def test_what_moved_since_it_was_shown_is_not_booked_and_says_so(told: Callable[..., None]) -> None:
    async def story(place: Place) -> None:
        place.broker.held = {"AAPL": a_position(150, "99")}
        await place.compares()
        await place.presses(place.book)
        place.broker.held = {"AAPL": a_position(170, "99")}
        await place.gives("came from the old broker")
        assert "moved since this entry was shown" in place.panel.note.text()
        assert (place.positions["AAPL"].quantity, place.entries()) == (0, [])
        (item,) = await place.machine.breaks.queue()
        assert item.state == "open"

    told(story)


def test_shares_that_trade_while_the_entry_is_being_recorded_stay_in_the_position(told: Callable[..., None]) -> None:
    async def story(place: Place) -> None:
        place.positions.adopt({"AAPL": a_position(100, "99")})
        place.broker.held = {"AAPL": a_position(150, "99")}
        await place.compares()
        change = place.machine.store.change

        async def meanwhile(*words: Any) -> None:
            place.positions.adopt({"AAPL": a_position(90, "99")})  # ten were sold, and the stream told it just now
            await change(*words)

        place.machine.store.change = meanwhile  # type: ignore[method-assign]
        await place.presses(place.book)
        place.broker.held = {"AAPL": a_position(150, "99")}
        await place.gives("came from the old broker")
        assert place.positions["AAPL"].quantity == 140

    told(story)


def test_what_cannot_be_recorded_is_not_booked(told: Callable[..., None]) -> None:
    async def story(place: Place) -> None:
        place.broker.held = {"AAPL": a_position(150, "99")}
        await place.compares()
        await place.presses(place.book)
        place.machine.database.close()
        await place.gives("came from the old broker")
        assert "database" in place.panel.note.text().lower()
        assert place.positions["AAPL"].quantity == 0
        assert place.closed

    told(story)


def test_a_broker_that_does_not_answer_is_said_and_nothing_is_asked(told: Callable[..., None]) -> None:
    async def story(place: Place) -> None:
        place.broker.held = {"AAPL": a_position(150, "99")}
        await place.compares()
        place.broker.down = True
        await place.presses(place.book)
        assert not place.panel.entry.isVisible()
        assert place.panel.note.text() not in ("", "Asking the broker what it has…")

    told(story)


def test_a_trader_reads_why_it_is_not_theirs_to_book(told: Callable[..., None]) -> None:
    async def story(place: Place) -> None:
        place.broker.held = {"AAPL": a_position(150, "99")}
        await place.compares()
        assert not place.book.isEnabled()
        assert "reconciliation: approve" in place.book.toolTip()
        item = place.panel.model.row(0)
        place.wiring._do(place.wiring._entry(item))  # as if the button had been alive
        await place.settled()
        assert "reconciliation: approve" in place.panel.note.text()
        assert not place.panel.entry.isVisible()

    told(story, Role.TRADER)


def test_the_command_leads_to_the_same_question_about_the_heaviest_break(told: Callable[..., None]) -> None:
    async def story(place: Place) -> None:
        assert not place.commands.ask_entry()  # there is nothing to book
        place.broker.held = {"AAPL": a_position(5), "MSFT": a_position(700, symbol="MSFT")}
        await place.compares()
        assert place.commands.ask_entry()
        await place.settled()
        assert place.panel.entry.entry.text().startswith("Position MSFT")
        await place.gives("came from the old broker")
        assert (place.positions["MSFT"].quantity, place.positions["AAPL"].quantity) == (700, 0)

    told(story)
