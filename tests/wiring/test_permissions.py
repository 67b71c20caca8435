"""What each role sees greyed out, on the real panels of a real window."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.domain.access import Action, Permission, Resource, Role, User
from qv_desktop.services.login import Login
from qv_desktop.ui import theme
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.wiring import Desk, Panels
from qv_desktop.wiring.permissions import NEEDS, PermissionWiring
from qv_desktop.wiring.seeing import SHOWN_TO
from tests.builders import NOW, a_session
from tests.fakes import Trail, Users

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication) -> Desk:
    """A window with every panel and a log-in that nobody has used; the other services stay away."""
    theme.apply(qapp)
    panels: Panels = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
    window = MainWindow(panels.by_name())
    qtbot.addWidget(window)
    services = SimpleNamespace(login=Login(Users(), Trail(), lambda: NOW + timedelta(0), "host"))
    return Desk(cast(Any, services), panels, window, cast(Any, None))


def brakes(panels: Panels) -> list[tuple[bool, str]]:
    words = ("Halt", "Reduce", "Resume")
    found = [b for b in panels.risk.findChildren(QPushButton) if b.text().startswith(words)]
    return [(button.isEnabled(), button.toolTip()) for button in found]


def test_a_viewer_reads_why_nothing_can_be_asked_for(desk: Desk) -> None:
    desk.services.login.session = a_session(Role.VIEWER)
    PermissionWiring(desk)
    panels = desk.panels
    assert panels.ticket.message.text() == "Your role, Viewer, lacks “trading: create”; ask an Admin."
    assert not panels.ticket.send.isEnabled()
    assert panels.orders.cancel_all.toolTip() == "Your role, Viewer, lacks “trading: delete”; ask an Admin."
    assert panels.reconciliation.run.toolTip() == "Your role, Viewer, lacks “reconciliation: run”; ask an Admin."
    assert brakes(panels) == [(False, "Your role, Viewer, lacks “risk: run”; ask an Admin.")] * 3
    exports = (panels.orders.export, panels.positions.export, panels.fills.export, panels.audit.export)
    assert [button.isEnabled() for button in exports] == [False] * 4
    assert not desk.window.commands.action("risk.resume").isEnabled()
    menu = QMenu()
    panels.watchlist.lists._fill(menu)
    assert [action.text() for action in menu.actions() if action.isEnabled() and action.text()] == []


def test_an_admin_is_denied_nothing(desk: Desk) -> None:
    desk.services.login.session = a_session(Role.ADMIN)
    PermissionWiring(desk)
    assert [enabled for enabled, _ in brakes(desk.panels)] == [True] * 3
    assert desk.panels.ticket.message.text() == ""
    assert desk.panels.reconciliation.run.isEnabled()


def test_a_role_that_changed_meanwhile_is_told_at_the_next_tick(desk: Desk) -> None:
    desk.services.login.session = a_session(Role.TRADER)
    watching = PermissionWiring(desk)
    assert [enabled for enabled, _ in brakes(desk.panels)] == [True] * 3
    desk.services.login.session = a_session(Role.VIEWER)
    watching.tick()
    assert [enabled for enabled, _ in brakes(desk.panels)] == [False] * 3
    assert "Viewer" in desk.panels.ticket.message.text()


def test_every_panel_that_needs_a_permission_can_show_that_it_lacks_it(desk: Desk) -> None:
    for name in NEEDS:
        getattr(desk.panels, name).forbid(dict.fromkeys(NEEDS[name], "because"))


def test_on_a_chart_a_viewer_reads_why_there_is_no_drawing_no_alert_and_no_snapshot(desk: Desk) -> None:
    chart = desk.panels.chart
    desk.services.login.session = a_session(Role.TRADER)
    watching = PermissionWiring(desk)
    chart.bar.draw.click()
    assert chart.drawing.bar.isVisibleTo(chart)
    desk.services.login.session = a_session(Role.VIEWER)
    watching.tick()
    assert not chart.drawing.bar.isVisibleTo(chart)
    assert chart.bar.draw.toolTip() == "Your role, Viewer, lacks “market data: change”; ask an Admin."
    snapshots = [
        a
        for menu in (chart.more_menu(), chart.context_menu(None))
        for a in menu.actions()
        if a.text().startswith("Snapshot")
    ]
    assert [(a.isEnabled(), a.toolTip()) for a in snapshots] == [
        (False, "Your role, Viewer, lacks “market data: export”; ask an Admin.")] * 2  # fmt: skip


def test_every_panel_is_shown_to_whom_its_resource_is_and_to_nobody_else(desk: Desk) -> None:
    everywhere, watching = {"alerts", "log", "roles"}, PermissionWiring(desk)
    assert set(SHOWN_TO) | everywhere == set(desk.panels.by_name())
    for resource in Resource:
        session = a_session(Role.VIEWER)
        only = User("u1", "ann", f"only {resource}", custom=frozenset({Permission(resource, Action.VIEW)}))
        desk.services.login.session = replace(session, user=only)
        watching.tick()
        seen = {name for name in desk.panels.by_name() if desk.window.raise_panel(name)}
        assert seen == everywhere | {name for name, needs in SHOWN_TO.items() if needs is resource}
        offered = {c.id.partition(".")[2] for c in desk.window.commands.available()
                   if c.id.startswith("panel.") and desk.window.commands.action(c.id).isVisible()}  # fmt: skip
        assert offered - {"next", "maximise", "ticket"} == seen - {"ticket"}
