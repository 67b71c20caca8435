"""The loss ladder in the window: what may be asked for follows the rung and the role, and the drawdown is counted anew for a reason."""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Permission, Role, User
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import LadderChanged, TradingStateChanged
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_ladder import Ladder, Losses, Stand, climbed
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.bus import Bus
from qv_desktop.ui.panels.risk import RiskPanel
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.wiring.ladder import LadderWiring
from tests.builders import NOW

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LIMITS = Limits()
LOST = Losses(Decimal(0), Decimal("0.21"), peak=Decimal(100_000), equity=Decimal(79_000))


@dataclass
class Counting:
    """Takes reasons; ``refuses`` is a sentence."""

    losses_now: Losses = LOST
    reasons: list[str] = field(default_factory=list)
    refuses: str = ""

    async def count_anew(self, reason: str) -> None:
        if self.refuses:
            raise BadInput(self.refuses)
        self.reasons.append(reason)


class Room:
    """A panel with its wiring, for somebody of ``role``."""

    def __init__(self, qtbot: QtBot, role: Role) -> None:
        self.panel, self.window, self.bus, self.ladder = RiskPanel(), QWidget(), Bus(), Counting()
        for widget in (self.panel, self.window):
            qtbot.addWidget(widget)
        self.user = User("u1", "ann", role)
        self.risk = SimpleNamespace(stand=Stand())
        login = SimpleNamespace(may=lambda permission: self.may(permission), session=SimpleNamespace(user=self.user))
        services = SimpleNamespace(bus=self.bus, ladder=self.ladder, risk=self.risk, login=login)
        desk = SimpleNamespace(
            services=services, panels=SimpleNamespace(risk=self.panel), window=self.window, tasks=self
        )
        self.wiring = LadderWiring(desk)  # type: ignore[arg-type]  # the part of a desk that it needs

    def may(self, permission: Permission) -> bool:
        return self.user.may(permission)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run(work)

    def stands(self, loss: str, drawdown: str = "0") -> None:
        """The ladder stepped, as its service tells."""
        losses = Losses(-Decimal(loss), Decimal(drawdown))
        self.risk.stand = climbed(self.risk.stand, losses, LIMITS, NOW)
        self.bus.publish(TradingStateChanged(self.risk.stand.state, "QuantVision", "loss"))
        self.panel.show_state(self.risk.stand.state, "QuantVision", "loss")
        self.bus.publish(LadderChanged(Ladder(NOW, self.risk.stand, losses, LIMITS)))


@pytest.mark.parametrize(("role", "may"), [(Role.TRADER, False), (Role.ADMIN, True)])
def test_a_halt_of_the_ladder_greys_the_way_back_for_who_may_not_lift_it(qtbot: QtBot, role: Role, may: bool) -> None:
    room = Room(qtbot, role)
    room.stands("1700")
    assert room.panel._resume.isEnabled()
    room.stands("2100")
    assert room.panel._resume.isEnabled() == may
    assert ("lacks “risk: change”" in room.panel._resume.toolTip()) != may
    room.risk.stand = Stand()
    room.bus.publish(TradingStateChanged(TradingState.ACTIVE, "adam", "over"))
    assert room.panel._resume.isEnabled()


def test_a_low_panel_tells_the_ladder_as_the_states_tip(qtbot: QtBot) -> None:
    room = Room(qtbot, Role.TRADER)
    room.panel.resize(306, 260)
    room.panel.show()
    room.stands("1700")
    assert not room.panel.ladder.isVisible()
    assert "REDUCING: The day's loss of $1,700" in room.panel._state_chip.toolTip()
    room.panel.resize(306, 420)
    assert room.panel.ladder.isVisible()


def test_the_drawdown_is_counted_anew_for_a_reason_and_a_refusal_is_said(qtbot: QtBot) -> None:
    room = Room(qtbot, Role.ADMIN)
    room.stands("0", "0.21")
    room.panel.ladder.anew.click()
    dialog = room.window.findChildren(ReasonDialog)[0]
    accepted: list[bool] = []
    dialog.accepted.connect(lambda: accepted.append(True))
    room.ladder.refuses = "The database is away; nothing was written."
    dialog.reason.setText("a new quarter")
    dialog.go.click()
    assert dialog._message.text() == room.ladder.refuses
    room.ladder.refuses = ""
    dialog.go.click()
    assert room.ladder.reasons == ["a new quarter"]
    assert accepted == [True]
