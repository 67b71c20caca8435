"""The margin regime by hand: chosen in the dialog, refused to who may not, deficits noted as met, and what must be heard is told once."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Permission
from qv_desktop.domain.margin import MarginTerms, Regime
from qv_desktop.domain.orders import Side
from qv_desktop.services.bus import Bus
from qv_desktop.ui.models.margin_card import MarginCard
from qv_desktop.ui.panels.account import AccountPanel
from qv_desktop.ui.step_up_dialog import StepUpDialog
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring.margin import SAVED, MarginWiring
from tests.app.test_guarding import until
from tests.services.test_margin import MAY, Door, Room

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Window(QWidget):
    """What of the main window the wiring touches."""

    command = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.account = AccountPanel(self)


class Login(Door):
    """A log-in whose password is “right”."""

    def __init__(self, *may: Permission) -> None:
        super().__init__(*may)
        self.given, self.session = "", SimpleNamespace(user=SimpleNamespace(role="Trader", name="maria"))

    def may(self, permission: Permission) -> bool:
        return permission in self.held

    async def confirm(self, password: str, deed: str = "") -> str:
        self.given = deed if password == "right" else ""
        return "" if self.given else "That is not your password."


def asked() -> StepUpDialog | None:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, StepUpDialog) and w.isVisible()), None)


class Desk:
    """A desk with the real service, card and bus."""

    def __init__(self, qtbot: QtBot, *may: Permission) -> None:
        self.room, self.window, self.told = Room(*may), Window(), list[str]()
        qtbot.addWidget(self.window)
        self.card, self.bus, self.tasks = MarginCard(self.window), Bus(), Tasks(lambda error: None)
        self.room.margin._publish = self.bus.publish
        login = self.room.margin._login = cast(Any, Login(*may))
        notices = SimpleNamespace(tell=lambda urgency, title, text, key, **rest: self.told.append(f"{title}: {text}"))
        risk = SimpleNamespace(limits=SimpleNamespace(day_trades=3))
        services = SimpleNamespace(margin=self.room.margin, login=login, notices=notices, bus=self.bus, risk=risk)
        self.second = MarginCard(self.window)  # in the risk panel
        dashboard = SimpleNamespace(margin=self.second)
        panels = SimpleNamespace(balances=SimpleNamespace(margin=self.card), risk=SimpleNamespace(dashboard=dashboard))
        desk = SimpleNamespace(services=services, panels=panels, window=self.window, tasks=self.tasks)
        self.wiring = MarginWiring(cast(Any, desk))


def lived(qtbot: QtBot, story: Callable[[Desk], Coroutine[Any, Any, None]], *may: Permission) -> None:
    async def life() -> None:
        desk = Desk(qtbot, *may)
        await desk.room.margin.load()
        await story(desk)
        await desk.tasks.close()

    asyncio.run(life())


def test_the_regime_is_chosen_in_the_dialog_and_shown(qtbot: QtBot) -> None:
    async def story(desk: Desk) -> None:
        assert desk.card.regime.text() == "Intraday margin"
        assert "Your own limit 0 of 3" in desk.card.figures.texts()
        dialog = desk.wiring.ask()
        dialog.regimes.segment("Cash").click()
        dialog.save.click()
        await until(asked)
        cast(StepUpDialog, asked()).reject()
        await until(lambda: asked() is None)
        assert desk.room.store.chosen[0] == MarginTerms()
        dialog.save.click()
        await until(asked)
        step = cast(StepUpDialog, asked())
        step.password.setText("right")
        step.go.click()
        await until(lambda: dialog.message() == SAVED)
        assert desk.room.store.chosen[0] == MarginTerms(Regime.CASH)
        assert (desk.card.regime.text(), desk.second.regime.text()) == ("Cash", "Cash")
        assert desk.window.account.headroom.title == "SETTLED CASH"
        dialog.fields["good_faith"].setText("0")
        dialog.save.click()
        await until(lambda: "from 1 to 3,650" in dialog.message())
        dialog.close()

    lived(qtbot, story, MAY)


def test_who_may_not_change_risk_can_only_look(qtbot: QtBot) -> None:
    async def story(desk: Desk) -> None:
        assert not desk.card.change.isEnabled()
        desk.window.command.emit("risk.margin")  # seeing it is anybody's who may see risk
        dialog = desk.wiring.ask()
        assert not dialog.save.isEnabled()
        dialog.saved.emit(MarginTerms(Regime.CASH))  # even were the button pressed
        await until(lambda: "lacks" in dialog.message())
        assert desk.room.store.chosen[0] == MarginTerms()
        dialog.close()

    lived(qtbot, story)


def test_a_deficit_is_told_once_and_noted_as_met_with_a_reason(qtbot: QtBot) -> None:
    async def story(desk: Desk) -> None:
        room = desk.room
        room.trade(Side.BUY, 10)
        for _ in range(3):
            room.told(equity="1000", maintenance_margin="1750")
        assert desk.told == [
            "Intraday margin deficit: $750.00 on 16 Nov, after buy 10 AAPL @ 100; to be met by Mon 23 Nov."
        ]
        dialog = desk.wiring.ask_met()
        assert dialog is not None
        dialog.reason.setText("the call was closed")
        dialog.go.click()
        await until(lambda: not room.standing.outstanding)
        assert desk.wiring.ask_met() is None
        assert desk.card.met.isHidden()

    lived(qtbot, story, MAY)


def test_violations_and_restrictions_are_told(qtbot: QtBot) -> None:
    async def story(desk: Desk) -> None:
        room = desk.room
        room.store.chosen = (MarginTerms(Regime.CASH, good_faith=1), room.now - timedelta(days=1))
        room.account.balances = replace(room.account.balances, cash=Decimal(1_000))
        await room.margin.load()
        for side in (Side.BUY, Side.SELL, Side.BUY, Side.SELL):
            room.trade(side, 10)
        room.told(cash="1000")
        assert [words.partition(":")[0] for words in desk.told] == ["Good-faith violation", "Account restricted"]

    lived(qtbot, story, MAY)
