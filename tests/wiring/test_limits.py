"""Risk limits in their dialog: tightened at once, widened with the password, and nothing without it."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role
from qv_desktop.domain.limits import Limits
from qv_desktop.ui.limits_dialog import LimitsDialog
from qv_desktop.ui.step_up_dialog import StepUpDialog
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring.limits import SAVED, LimitsWiring
from tests.app.test_guarding import until
from tests.wiring.safety_room import SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def told(qtbot: QtBot, role: Role, story: Callable[[SafetyRoom, LimitsDialog], Coroutine[Any, Any, None]]) -> None:
    room = SafetyRoom(qtbot, role)

    async def life() -> None:
        tasks = Tasks(lambda error: None)
        desk = SimpleNamespace(
            window=room.window, services=SimpleNamespace(login=room.login, risk=room.risk), tasks=tasks
        )
        dialog = LimitsWiring(cast(Any, desk)).ask()
        await story(room, dialog)
        dialog.close()
        await tasks.close()

    asyncio.run(life())


def asked() -> StepUpDialog | None:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, StepUpDialog) and w.isVisible()), None)


def test_a_tighter_limit_counts_at_once(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, dialog: LimitsDialog) -> None:
        dialog.fields["order_value"].setText("5,000")
        dialog.save.click()
        await until(lambda: dialog.message() == SAVED)
        assert room.risk.limits == replace(Limits(), order_value=Decimal(5_000))
        assert asked() is None

    told(qtbot, Role.ADMIN, story)


def test_a_wider_one_takes_the_password_and_going_back_changes_nothing(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, dialog: LimitsDialog) -> None:
        dialog.fields["order_value"].setText("500,000")
        dialog.save.click()
        await until(asked)
        cast(StepUpDialog, asked()).reject()
        await asyncio.sleep(0.02)
        assert room.risk.limits == Limits()
        dialog.save.click()
        await until(asked)
        step = cast(StepUpDialog, asked())
        for password, said in (("wrong", "That is not right."), ("right", "")):
            step.password.setText(password)
            step.go.click()
            if said:
                await until(lambda said=said: step.message() == said)  # type: ignore[misc]
        await until(lambda: dialog.message() == SAVED)
        assert room.risk.limits.order_value == Decimal(500_000)

    told(qtbot, Role.ADMIN, story)


def test_a_trader_reads_them(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, dialog: LimitsDialog) -> None:
        assert not dialog.save.isEnabled()
        assert "risk: change" in dialog.save.toolTip()

    told(qtbot, Role.TRADER, story)
