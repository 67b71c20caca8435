"""Notices by every way on the real window: shown, heard, counted, opened, acknowledged, and kept over a restart."""

import asyncio
import os
from dataclasses import replace
from datetime import time
from decimal import Decimal

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.events import Filled, OrderChanged, TradingStateChanged
from qv_desktop.domain.notifying import Notifying, QuietHours, read, written
from qv_desktop.domain.orders import Fill, OrderStatus, Side
from qv_desktop.domain.risk import TradingState
from qv_desktop.ui.panels.alerts import Toast, Toasts
from qv_desktop.wiring.notifying import BEHIND_THE_LOCK
from tests.builders import NOW, a_limit, an_order
from tests.wiring.safety_room import Preferences, SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def room(qtbot: QtBot) -> SafetyRoom:
    return SafetyRoom(qtbot)


def toasts(room: SafetyRoom) -> list[str]:
    return [toast.notice.title for toast in room.window.findChildren(Toast) if toast.isVisible()]


def wears(room: SafetyRoom, choice: Notifying) -> None:
    """This person has chosen so."""
    room.preferences.kept["notifying"] = written(choice)
    room.acts(lambda: room.notifying._spawn(room.notifying.start()))


def test_a_rejection_is_shown_heard_and_counted_and_what_repeats_is_heard_once(room: SafetyRoom) -> None:
    rejected = an_order(a_limit("90"), OrderStatus.REJECTED, reason="no", broker_id="b")
    room.bus.publish(OrderChanged(rejected))
    assert toasts(room) == ["Rejected by the broker: BUY 100 AAPL"]
    assert room.played == [("reject", 70)]
    room.notices.tell("warning", "again", "x", "rejected qv-1")
    assert room.played == [("reject", 70)]
    assert room.panels.alerts.model.rows()[0][1].count == 2


def test_a_critical_one_stands_red_in_the_status_bar_until_it_is_acknowledged(room: SafetyRoom) -> None:
    room.bus.publish(TradingStateChanged(TradingState.HALTED, "ben", "news"))
    assert room.window.health.critical.text == "1 critical"
    assert room.played == [("critical", 70)]
    room.window.health.critical.opened.emit()
    assert room.panels.alerts.isVisible()
    room.acts(room.panels.alerts.acknowledge_all.click)
    assert room.window.health.critical.text == ""
    assert [(row.draft.action, row.draft.actor.name) for row in room.trail.rows] == [("notice.acknowledge", "anna")]
    assert room.told()[0].acknowledged_by == "anna"
    assert not room.panels.alerts.acknowledge_all.isEnabled()


def test_a_selected_row_alone_is_acknowledged(room: SafetyRoom) -> None:
    room.window.raise_panel("alerts")
    for name in ("one", "two"):
        room.notices.tell("warning", name, "x")
    panel = room.panels.alerts
    assert panel.count.text() == "2 to acknowledge · 0 critical"
    assert not panel.acknowledge.isEnabled()
    panel.table.selectRow(0)
    room.acts(panel.acknowledge.click)
    assert panel.count.text() == "1 to acknowledge · 0 critical"
    assert len(room.notices.waiting()) == 1
    assert room.trail.rows == []  # only critical ones are recorded


def test_what_is_switched_off_is_neither_shown_nor_heard_but_listed(room: SafetyRoom) -> None:
    wears(room, Notifying(frozenset({("refused", "toast"), ("refused", "sound")}), 40))
    room.bus.publish(OrderChanged(an_order(a_limit("90"), OrderStatus.REFUSED, reason="too large")))
    assert (toasts(room), room.played) == ([], [])
    assert len(room.panels.alerts.model.rows()) == 1
    room.notices.tell("critical", "x", "y", kind="database")
    assert room.played == [("critical", 40)]


def test_a_quiet_hour_is_quiet_and_critical_ones_break_through(room: SafetyRoom) -> None:
    wears(room, Notifying(quiet=QuietHours(on=True, start=time(0), end=time(0))))
    room.notices.tell("warning", "small", "y", kind="feed")
    room.notices.tell("critical", "large", "y", kind="feed")
    assert sorted(toasts(room)) == ["large", "small"]
    assert room.played == [("critical", 70)]


def test_a_click_on_a_toast_opens_what_it_is_about(room: SafetyRoom) -> None:
    orders = [an_order(a_limit("90", id=f"qv-{n}"), OrderStatus.REJECTED, reason="no", broker_id="b") for n in range(3)]
    room.panels.orders.show_orders(orders)
    room.bus.publish(OrderChanged(orders[1]))
    room.window.raise_panel("fills")
    toast = next(toast for toast in room.window.findChildren(Toast) if toast.isVisible())
    toast.clicked.emit(toast.notice)
    assert room.panels.orders.isVisible()
    assert [order.id for order in room.panels.orders.table.selected()] == ["qv-1"]


def test_the_settings_page_counts_at_once_and_is_kept_with_the_person(room: SafetyRoom) -> None:
    room.panels.alerts.settings.click()
    dialog = next(child for child in room.window.findChildren(QWidget) if child.windowTitle() == "Notify")
    dialog.volume.setValue(25)  # type: ignore[attr-defined]
    dialog.idle.setValue(2)  # type: ignore[attr-defined]
    dialog.boxes["fill", "sound"].setChecked(False)  # type: ignore[attr-defined]
    dialog.tests["alert"].click()  # type: ignore[attr-defined]
    assert room.played == [("alert", 25)]
    room.acts(dialog.save.click)  # type: ignore[attr-defined]
    assert room.hotkeys.arming.idle_after == 120
    kept = read(room.preferences.kept["notifying"])
    assert (kept.volume, kept.idle_minutes, ("fill", "sound") in kept.off) == (25, 2, True)


def test_notices_survive_a_restart_and_nothing_is_saved_before_they_were_read(qtbot: QtBot) -> None:
    preferences = Preferences()
    first = SafetyRoom(qtbot, preferences=preferences)
    first.notices.tell("critical", "Breaks", "two", "breaks")
    first.acts(first.notifying.tick)
    assert preferences.kept == {}
    first.acts(lambda: first.notifying._spawn(first.notifying.start()))
    first.acts(first.notifying.tick)
    second = SafetyRoom(qtbot, preferences=preferences)
    second.acts(lambda: second.notifying._spawn(second.notifying.start()))
    assert [n.title for n in second.told()] == ["Breaks"]
    assert second.window.health.critical.text == "1 critical"
    assert (second.played, toasts(second)) == ([], [])


def test_what_was_told_of_one_account_is_not_shown_at_the_desk_of_another(qtbot: QtBot) -> None:
    preferences = Preferences()
    for account, told in (("paper", "Order unresolved"), ("live", "")):
        room = SafetyRoom(qtbot, preferences=preferences, connection=account)
        room.acts(lambda room=room: room.notifying._spawn(room.notifying.start()))
        assert room.told() == []
        if told:
            room.notices.tell("critical", told, "BUY 100 AAPL", "o1")
            room.acts(room.notifying.tick)
    again = SafetyRoom(qtbot, preferences=preferences, connection="paper")
    again.acts(lambda: again.notifying._spawn(again.notifying.start()))
    assert [n.title for n in again.told()] == ["Order unresolved"]


def test_keys_are_kept_with_the_person_and_put_in_force_at_the_next_start(qtbot: QtBot) -> None:
    preferences = Preferences()
    first = SafetyRoom(qtbot, preferences=preferences)
    first.keys.map.give("keys.arm", ["F9"])
    first.keys.map.give("kill.key", ["Ctrl+F12"])
    dialog = first.keys.ask()
    first.acts(dialog.changed.emit)
    second = SafetyRoom(qtbot, preferences=preferences)
    second.acts(lambda: second.notifying._spawn(second.keys.start()))
    assert second.window.commands.keys("keys.arm") == ("F9",)
    assert second.hotkeys.keys["kill.key"] == ("Ctrl+F12",)
    second.acts(lambda: second.window.safety.watch.pressed.emit("keys.cancel_all"))
    assert second.told()[-1].text == "Trading keys are off; press F9 to arm them."


def test_the_trays_menu_kills_and_acknowledges(room: SafetyRoom) -> None:
    order = replace(an_order(a_limit("90", id="qv-1")), broker_id="b-qv-1")
    room.orders.book["qv-1"] = room.broker.known["qv-1"] = order
    room.acts(room.notifying.tick)
    tray = room.notifying.tray
    assert tray.intent.text().startswith("Cancels 1 open order, halts trading")
    room.acts(tray.kill.trigger)
    assert room.orders.book["qv-1"].status is OrderStatus.CANCELED
    assert room.trail.rows[0].draft.reason == "Kill switch (tray)"
    room.acts(tray.acknowledge.trigger)
    assert room.window.health.critical.text == ""


def test_a_flood_of_fills_is_a_few_toasts_and_a_few_messages_of_the_system(
    room: SafetyRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: None))  # another program is in front
    monkeypatch.setattr(room.window, "isActiveWindow", lambda: False)
    told: list[Notice] = []
    monkeypatch.setattr(room.notifying.tray, "tell", told.append)
    for number in range(500):
        fill = Fill(f"x{number}", f"qv-{number}", "AAPL", Side.BUY, Decimal(1), Decimal(10), NOW)
        room.bus.publish(Filled(fill))
    assert len(toasts(room)) == Toasts.MOST
    assert len(room.told()) == 500
    assert [notice.title for notice in told] == ["Bought 1 AAPL, avg 10.00"]
    room.notices.tell("critical", "Database is down", "x", kind="database")
    assert told[-1].title == "Database is down"  # what is grave waits for nothing
    for _ in range(30):
        room.acts(room.notifying.tick)
    assert [notice.title for notice in told[2:]] == ["499 more notices"]
    assert (told[2].text.startswith("Bought 1 AAPL, avg 10.00; "), told[2].panel) == (True, "alerts")


def test_what_waited_for_the_tray_is_not_said_once_the_window_is_in_front(
    room: SafetyRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = [False]
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: None))
    monkeypatch.setattr(room.window, "isActiveWindow", lambda: front[0])
    told: list[Notice] = []
    monkeypatch.setattr(room.notifying.tray, "tell", told.append)
    for name in ("one", "two", "three"):
        room.notices.tell("warning", name, "x", kind="feed")
    room.window.hide()  # as a lock does
    for _ in range(6):
        room.acts(room.notifying.tick)
    assert told.pop().text == BEHIND_THE_LOCK
    room.window.show()
    room.notices.tell("warning", "four", "x", kind="feed")
    front[0] = True
    for _ in range(30):
        room.acts(room.notifying.tick)
    assert [notice.title for notice in told] == ["one"]


def test_what_a_person_chose_is_read_once_the_database_is_back(qtbot: QtBot) -> None:
    class Away(Preferences):
        down = True

        async def setting(self, user: str, key: str) -> str | None:
            if self.down:
                raise DatabaseDown("The database is away.")
            return self.kept.get(key)

    preferences = Away()
    preferences.kept["notifying"] = written(Notifying(volume=11))
    room = SafetyRoom(qtbot, preferences=preferences)
    with pytest.raises(DatabaseDown):
        asyncio.run(room.notifying.start())
    room.acts(room.notifying.tick)
    assert room.notifying.choice.volume == 70
    room.notices.tell("critical", "Breaks", "two", "breaks")
    preferences.down = False
    for _ in range(40):
        room.acts(room.notifying.tick)
    assert room.notifying.choice.volume == 11
    assert "Breaks" in preferences.kept["notices"]
