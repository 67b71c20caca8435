"""Alert rules between the events, the service and the panel: joined with notices, acknowledged in one go, answered in the panel."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role
from qv_desktop.domain.alert_rules import Reading
from qv_desktop.domain.events import FeedChanged
from qv_desktop.domain.own_alert_rules import OwnRule
from qv_desktop.services.acknowledging import Acknowledging
from qv_desktop.ui import theme
from qv_desktop.ui.panels.alerts import HISTORY, AlertsPanel
from qv_desktop.wiring.alerting import AlertingWiring
from tests.builders import NOW
from tests.services.test_alert_rules import PRICE, Desk


class Room:
    """The panel wired to rules over measures that the test sets."""

    def __init__(self, qtbot: QtBot, role: Role = Role.ADMIN) -> None:
        self.desk, self.panel, self.raised = Desk(role=role), AlertsPanel(), list[str]()
        qtbot.addWidget(self.panel)
        self._coroutines = list[Coroutine[Any, Any, Any]]()
        services = SimpleNamespace(
            bus=self.desk.bus, alert_rules=self.desk.rules, clock=SimpleNamespace(now=lambda: self.desk.now)
        )
        window = SimpleNamespace(raise_panel=lambda name: self.raised.append(name) is None)
        there = SimpleNamespace(services=services, panels=SimpleNamespace(alerts=self.panel), window=window,
                                tasks=SimpleNamespace(spawn=self._coroutines.append))  # fmt: skip
        acknowledging = Acknowledging(self.desk.notices, self.desk.login, self.desk._note)
        self.desk.bus.subscribe(FeedChanged, self.desk.notices.feed_changed)

        async def acknowledge(ids: list[str]) -> None:
            await acknowledging.acknowledge(ids)

        self.wiring = AlertingWiring(cast(Any, there), acknowledge)
        self.acts(lambda: self._coroutines.append(self.wiring.start()))

    def acts(self, act: Callable[[], object]) -> None:
        async def through() -> None:
            act()
            while self._coroutines:
                await self._coroutines.pop(0)

        asyncio.run(through())
        assert self.desk.bus.failures == 0

    def titles(self) -> list[str]:
        return [alert.title for alert in self.panel.now_page.model.rows()]


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> Room:
    theme.apply(qapp)
    return Room(qtbot)


def test_a_feed_that_falls_mute_is_one_notice_and_one_alert_and_both_are_acknowledged_at_once(room: Room) -> None:
    room.desk.measured.desk["feed_mute"] = [Reading("Polygon", 1.0, "Silent.")]
    room.acts(lambda: room.desk.bus.publish(FeedChanged("Polygon", "mute", "Silent.", NOW)))
    assert (room.titles(), room.desk.titles) == (["Feed mute: Polygon"], ["Polygon is mute"])
    ids = [alert.id for alert in room.desk.rules.active]
    room.acts(lambda: room.panel.now_page.acknowledge_asked.emit(ids))
    assert room.desk.notices.waiting() == []
    assert [alert.waits for alert in room.panel.now_page.model.rows()] == [False]


def test_an_alert_is_snoozed_and_gone_to_from_the_panel(room: Room) -> None:
    room.acts(lambda: room.desk.reads("loss_limit", 120))
    (alert,) = room.panel.now_page.model.rows()
    room.acts(lambda: room.panel.now_page.snooze_asked.emit([alert.id], 15.0))
    assert [one.snoozed_until for one in room.desk.rules.active] == [room.desk.now + timedelta(minutes=15)]
    room.acts(lambda: room.panel.now_page.opened.emit(alert))
    assert room.raised == ["risk"]
    room.acts(lambda: room.desk.reads("loss_limit", 0, seconds=9))
    assert room.titles() == []


def test_the_history_is_shown_when_its_page_is(room: Room) -> None:
    room.acts(lambda: room.desk.reads("loss_limit", 120))
    room.panel.show()
    room.acts(lambda: room.panel.show_page(HISTORY))
    assert [past.done.what for _, past in room.panel.history.model.rows()] == ["raised"]


def test_rules_are_set_and_refused_in_the_panel(room: Room) -> None:
    page, rule = room.panel.rules, room.desk.rules.desk["margin"]
    room.acts(lambda: page.rule_given.emit(replace(rule, near=50.0)))
    assert room.desk.rules.desk["margin"].near == 50.0
    assert next(row.rule.near for row in page.model.rows() if row.rule.code == "margin") == 50.0
    room.acts(lambda: page.rule_given.emit(replace(rule, near=500.0)))
    assert "Near must lie below" in page.answer.text()
    room.acts(lambda: page.test_asked.emit(rule))
    assert page.answer.text() == "Its measure is not known at this moment."


def test_own_rules_are_kept_tested_and_removed_from_the_panel(room: Room) -> None:
    page = room.panel.rules
    room.desk.measured.values = {PRICE: 231.5}
    room.acts(lambda: page.test_own_asked.emit("AAPL price > 230"))
    assert page.answer.text().endswith("it would be raised.")
    room.acts(lambda: page.own_given.emit(OwnRule("r1", "high", "AAPL price > 230", "info", True, NOW)))
    assert page.model.rows()[0].rule.title == "high"
    room.acts(room.wiring.tick)
    assert room.titles() == ["high"]
    room.acts(lambda: page.remove_asked.emit("r1"))
    assert (room.titles(), [row.own for row in page.model.rows() if row.own]) == ([], [])


def test_who_may_not_reads_why(qapp: QApplication, qtbot: QtBot) -> None:
    room = Room(qtbot, Role.VIEWER)
    room.acts(lambda: room.panel.rules.own_given.emit(OwnRule("r1", "high", "AAPL price > 230", "info", True, NOW)))
    assert "market data: change" in room.panel.rules.answer.text()
    room.acts(lambda: room.panel.rules.rule_given.emit(room.desk.rules.desk["margin"]))
    assert "risk: change" in room.panel.rules.answer.text()
