"""Trading opened over breaks, through the window: asked with a reason, shown in red, recorded."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.domain.access import Role
from qv_desktop.domain.events import Noticed, Reconciled
from qv_desktop.services import reconcile
from qv_desktop.services.reconcile import Reconcile
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring.overriding import OverrideWiring
from tests.app.test_guarding import until
from tests.builders import NOW, a_position
from tests.services.reconciling import Runs
from tests.wiring.safety_room import SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

type Story = Callable[[SafetyRoom, Reconcile, OverrideWiring], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.0)


def told(qtbot: QtBot, story: Story, role: Role = Role.ADMIN) -> list[Any]:
    room, heard = SafetyRoom(qtbot, role), list[Any]()
    room.bus.subscribe(Noticed, lambda event: heard.append(event.notice))

    async def life() -> None:
        tasks = Tasks(lambda error: None)
        service = Reconcile(room.broker, Runs(), ReconciliationReports(), room.orders, room.positions, room.risk._account, room.login,
                            room.bus.publish, lambda: NOW, lambda: NOW - timedelta(hours=1), Path("/"), room.trail)  # fmt: skip
        services = SimpleNamespace(login=room.login, reconcile=service, bus=room.bus, notices=room.notices)
        wiring = OverrideWiring(
            cast(Any, SimpleNamespace(window=room.window, panels=room.panels, services=services, tasks=tasks))
        )
        room.bus.subscribe(Reconciled, lambda event: room.window.health.show_reconciliation(event.run))
        await story(room, service, wiring)
        await tasks.close()

    asyncio.run(life())
    return heard


def opened(dialog: ReasonDialog | None) -> ReasonDialog:
    assert dialog is not None
    return dialog


def test_trading_is_opened_over_breaks_with_a_reason_and_that_stays_in_red_until_a_run_passes(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, service: Reconcile, wiring: OverrideWiring) -> None:
        room.broker.held = {"AAPL": a_position(5)}
        await service.run("system", "test")
        dialog = opened(wiring.ask_override())
        assert not dialog.go.isEnabled()
        dialog.reason.setText("known transfer")

        dialog.go.click()
        await until(lambda: service.override is not None)
        assert room.window.health.reconciled.text == "TRADING OVER BREAKS"
        assert room.window.health.reconciled.color == "BAD"
        assert "known transfer" in room.window.health.reconciled.toolTip()
        await service.run("system", "test")
        assert room.window.health.reconciled.text == "TRADING OVER BREAKS"
        room.broker.held = {}
        await service.run("system", "test")
        assert room.window.health.reconciled.text.startswith("Reconciled")

    heard = told(qtbot, story)
    assert [(one.urgency, one.title) for one in heard if "over breaks" in one.title] == [
        ("critical", "Trading is open over breaks")
    ]


def test_a_trader_reads_why_not_and_nothing_opens(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, service: Reconcile, wiring: OverrideWiring) -> None:
        room.broker.held = {"AAPL": a_position(5)}
        await service.run("system", "test")
        dialog = opened(wiring.ask_override())
        dialog.reason.setText("known transfer")
        dialog.go.click()
        await until(lambda: dialog.message() != "")
        assert "reconciliation: approve" in dialog.message()
        assert service.override is None
        dialog.close()

    told(qtbot, story, Role.TRADER)


def test_without_breaks_there_is_nothing_to_ask(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, service: Reconcile, wiring: OverrideWiring) -> None:
        await service.run("system", "test")
        assert wiring.ask_override() is None
        assert not wiring.ask_entry()

    assert len([one for one in told(qtbot, story) if one.title == "Reconciliation"]) == 2
