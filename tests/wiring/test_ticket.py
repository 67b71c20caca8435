"""The ticket's habits across restarts, over a real database that can be away, with the real panel and the real rules around it."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.events import OrderChanged, RiskMeasured
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus
from qv_desktop.domain.risk import Measures, TradingState
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.sizing import Sizing
from qv_desktop.services.bus import Bus
from qv_desktop.ui import theme
from qv_desktop.ui.panels.ticket import TicketPanel
from qv_desktop.wiring.ticket import AGAIN, TicketWiring
from tests.builders import NOW, a_session
from tests.ui.trading_values import AAPL, ACCOUNT, MARKET

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
SESSION = MarketSession(date(2026, 11, 20), *(datetime(2026, 11, 20, h, m, tzinfo=UTC) for h, m in ((9, 0), (14, 30), (21, 0))),
                        datetime(2026, 11, 21, 1, 0, tzinfo=UTC))  # fmt: skip


class Away:
    """The stored settings, which can be cut off."""

    trail: AuditTrail

    def __init__(self, kept: Preferences) -> None:
        self._kept, self.away = kept, False

    async def setting(self, user: str, key: str) -> str | None:
        self._require()
        return await self._kept.setting(user, key)

    async def save_setting(self, user: str, key: str, value: str, draft: Draft | None = None) -> None:
        self._require()
        await self._kept.save_setting(user, key, value, draft)

    def _require(self) -> None:
        if self.away:
            raise DatabaseDown("The database is away.")


class Sitting:
    """A panel wired to one person's presets, from its start until it is thrown away."""

    def __init__(self, qtbot: QtBot, stored: Away, person: str) -> None:
        self.ticket, self.bus = TicketPanel("0123456789abcdef"), Bus()
        qtbot.addWidget(self.ticket)
        self.told: list[str] = []
        self.wanted: list[str] = []
        session = a_session()
        user = SimpleNamespace(id=person, name=session.user.name)
        averages = SimpleNamespace(
            want=lambda symbols: self.wanted.extend(symbols), of=lambda symbol: Norms(volume20=1e6)
        )
        services = SimpleNamespace(
            preferences=stored, bus=self.bus, averages=averages,
            login=SimpleNamespace(session=SimpleNamespace(user=user), actor=Actor("anna", "human", "Trader")),
            risk=SimpleNamespace(limits=Limits()), sessions=SimpleNamespace(today=lambda: SESSION),
            clock=SimpleNamespace(market=lambda: datetime(2026, 11, 20, 15, 0, tzinfo=UTC)),
            notices=SimpleNamespace(tell=lambda *words: self.told.append(words[2])),
        )  # fmt: skip
        self._work = list[Coroutine[Any, Any, Any]]()
        panels, tasks = SimpleNamespace(ticket=self.ticket), SimpleNamespace(spawn=self._work.append)
        desk = SimpleNamespace(services=services, panels=panels, tasks=tasks)
        self.wiring = TicketWiring(cast(Any, desk))
        self.acts(lambda: self._work.append(self.wiring.start()))

    def acts(self, act: Callable[[], object]) -> None:
        """Do something, and let what it spawned run to its end."""

        async def through() -> None:
            act()
            while self._work:
                await self._work.pop(0)

        asyncio.run(through())
        assert self.bus.failures == 0

    def show(self, symbol: str) -> None:
        """Another symbol, with a market as AAPL's."""
        self.acts(lambda: self.ticket.show_symbol(symbol))
        self.ticket.show_instrument(replace(AAPL, symbol=symbol))
        self.ticket.show_account(ACCOUNT)
        self.ticket.show_snapshot(replace(MARKET, symbol=symbol), 0.1)

    def send(self, status: OrderStatus = OrderStatus.INTENT) -> None:
        """Review and send; the book takes it, or the rules refuse it."""

        def taken(request: OrderRequest) -> None:
            self.bus.publish(OrderChanged(Order(request, "demo", "account", NOW, status)))
            self.ticket.intent_taken(request.client_order_id)

        self.ticket.submitted.connect(taken)
        for _ in range(2):
            self.acts(self.ticket.send.click)
        self.ticket.submitted.disconnect(taken)

    def beat(self, times: int = 1) -> None:
        measures = Measures(NOW, TradingState.ACTIVE, (), Decimal(0), Decimal(20_000), ())
        for _ in range(times):
            self.acts(lambda: self.bus.publish(RiskMeasured(measures)))


@pytest.fixture
def stored(database: Database) -> Away:
    trail = AuditTrail(database, f"chain-{uuid4().hex[:8]}", "1.0", lambda: NOW, lambda entry: None)
    away = Away(Preferences(database, trail))
    away.trail = trail
    return away


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    theme.apply(qapp)


def test_what_was_sent_in_a_symbol_is_there_again_after_a_restart(qtbot: QtBot, stored: Away) -> None:
    first = Sitting(qtbot, stored, "p1")
    first.show("AAPL")
    first.ticket.fields.amount.set_text("10000", Sizing.NOTIONAL)
    first.ticket.fields.prices["stop_loss"].setText("1%")
    first.ticket.fields.tif.setCurrentText("GTC")
    first.send()
    first.show("MSFT")
    assert first.ticket.fields.quantity.text() == "100", "another symbol starts from the standard"
    second = Sitting(qtbot, stored, "p1")
    second.show("AAPL")
    request = second.ticket.draft
    assert request is not None
    assert (request.quantity, request.stop_loss, request.time_in_force.value) == (43, Decimal("229.13"), "gtc")
    assert second.ticket.presets.button.text() == "Last used ▾"
    other = Sitting(qtbot, stored, "p2")
    other.show("AAPL")
    assert other.ticket.fields.quantity.text() == "100"


def test_what_our_rules_refused_is_no_habit(qtbot: QtBot, stored: Away) -> None:
    sitting = Sitting(qtbot, stored, "p7")
    sitting.show("AAPL")
    sitting.ticket.fields.quantity.setText("90000")
    sitting.send(OrderStatus.REFUSED)
    sitting.show("MSFT")
    sitting.show("AAPL")
    assert sitting.ticket.fields.quantity.text() == "100"


def test_a_preset_with_a_name_is_saved_applied_in_another_sitting_and_deleted(qtbot: QtBot, stored: Away) -> None:
    first = Sitting(qtbot, stored, "p3")
    first.ticket.fields.amount.set_text("2", Sizing.EQUITY)
    first.acts(lambda: first.ticket.preset_save_asked.emit("Small", first.ticket.fields.preset()))
    second = Sitting(qtbot, stored, "p3")
    assert second.ticket.presets.names == ["Small"]
    second.acts(lambda: second.ticket.preset_delete_asked.emit("Small"))
    assert Sitting(qtbot, stored, "p3").ticket.presets.names == []
    rows = asyncio.run(stored.trail.found(AuditQuery()))[
        ::-1
    ]  # what is kept under a name decides what an order will be
    assert [(row.draft.action, row.draft.actor.name) for row in rows] == [("settings.presets", "anna")] * 2
    assert (rows[0].draft.before, rows[1].draft.before, rows[1].draft.after) == ("{}", rows[0].draft.after, "{}")


def test_a_name_that_cannot_be_one_is_said(qtbot: QtBot, stored: Away) -> None:
    sitting = Sitting(qtbot, stored, "p4")
    sitting.acts(lambda: sitting.ticket.preset_save_asked.emit("x" * 60, sitting.ticket.fields.preset()))
    assert sitting.told == ["Give the preset a name of up to 30 characters."]


def test_with_the_database_away_the_ticket_works_and_remembers_and_writes_later(qtbot: QtBot, stored: Away) -> None:
    before = Sitting(qtbot, stored, "p5")
    before.acts(lambda: before.ticket.preset_save_asked.emit("Kept", before.ticket.fields.preset()))
    stored.away = True
    sitting = Sitting(qtbot, stored, "p5")
    sent: list[object] = []
    sitting.ticket.submitted.connect(sent.append)
    sitting.show("AAPL")
    sitting.ticket.fields.quantity.setText("7")
    sitting.send()
    assert len(sent) == 1
    sitting.show("MSFT")
    sitting.show("AAPL")
    assert sitting.ticket.fields.quantity.text() == "7"
    stored.away = False
    sitting.beat(AGAIN)
    assert sitting.ticket.presets.names == ["Kept"], (
        "what was stored before is there now, and nothing was written over it"
    )
    after = Sitting(qtbot, stored, "p5")
    after.show("AAPL")
    assert after.ticket.fields.quantity.text() == "7"
    assert after.ticket.presets.names == ["Kept"]


def test_once_a_second_the_ticket_hears_of_exposure_volume_and_the_auctions(qtbot: QtBot, stored: Away) -> None:
    sitting = Sitting(qtbot, stored, "p6")
    sitting.show("AAPL")
    sitting.beat()
    texts = sitting.ticket.preview.texts()
    assert texts[4:6] == ["Gross after 41.3%", "of ADV 0.01%"]
    assert texts[7] == "Loss room $3,284"
    assert sitting.ticket.fields.kind.reason("MOO").startswith("On-open")
    assert sitting.ticket.fields.kind.reason("MOC") == ""
    assert sitting.wanted == ["AAPL"]
