"""The users panel: who is listed, what can be asked for whom, and a code that is shown once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import User, UserState
from qv_desktop.domain.people import Invitation, Person, Seat
from qv_desktop.ui.panels.users import UsersPanel

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
ADA = Person(User("u1", "Ada", "Admin"), NOW - timedelta(days=9), NOW, 1)
TOM = Person(
    User("u2", "Tom", "Trader"), NOW - timedelta(days=5), NOW - timedelta(hours=3), 2, NOW + timedelta(minutes=9)
)
EVE = Person(User("u3", "Eve", "Viewer", UserState.SUSPENDED), NOW - timedelta(days=1))
BO = Person(User("u4", "Bo", "Analyst"), NOW, waits=True)
SEATS = [
    Seat("s1", "desk-4", NOW - timedelta(hours=5), NOW, NOW),
    Seat("s2", "laptop", NOW - timedelta(days=1), NOW, NOW),
]


@pytest.fixture
def panel(qtbot: QtBot) -> UsersPanel:
    """Four people, as Ada sees them, with Tom selected."""
    shown = UsersPanel()
    qtbot.addWidget(shown)
    shown.resize(960, 420)
    shown.show_roles(["Admin", "Trader", "Analyst", "Viewer"])
    shown.show_people([ADA, TOM, EVE, BO], "u1")
    shown.show()
    shown.table.select_key("u2")
    shown.show_seats("u2", SEATS)
    return shown


def row(panel: UsersPanel, key: str) -> list[str]:
    place = panel.model.place(key)
    assert place is not None
    return [column.text(panel.model.row(place)) for column in panel.model.columns]


def test_each_row_says_who_what_and_whether_they_are_here(panel: UsersPanel) -> None:
    assert row(panel, "u1") == ["Ada (you)", "Admin", "active", "11-27 10:30", "1", "11-18 10:30"]
    assert row(panel, "u2")[1:5] == ["Trader", "locked to 10:39", "11-27 07:30", "2"]
    assert row(panel, "u3")[2:4] == ["suspended", "—"]
    assert row(panel, "u4")[2] == "invited"
    assert panel.count.text() == "4 users · 1 active"


def test_a_lock_is_in_force_as_long_as_the_database_says_so_whatever_the_time_here(panel: UsersPanel) -> None:
    panel.show_people([replace(TOM, locked_until=NOW - timedelta(days=366))], "u1")
    assert row(panel, "u2")[2].startswith("locked")
    assert panel.unlock.isEnabled()
    panel.show_people([replace(TOM, locked_until=None)], "u1")
    assert row(panel, "u2")[2] == "active"
    assert (panel.unlock.isEnabled(), panel.unlock.toolTip()) == (False, "This name is not locked")


def test_the_search_looks_at_name_role_and_state(panel: UsersPanel) -> None:
    for words, names in (("TOM", ["Tom"]), ("analyst", ["Bo"]), ("suspended", ["Eve"]), ("x", [])):
        panel.search.setText(words)
        assert [listed.name for listed in panel.model.rows()] == names


def test_who_is_dangerous_to_lose_is_asked_about_first(panel: UsersPanel, qtbot: QtBot) -> None:
    panel.turn.click()
    assert panel.asking.question.text() == "Suspend Tom? Ends 2 sessions now. Working orders stay."
    with qtbot.waitSignal(panel.suspend_asked) as asked:
        panel.asking.yes.click()
    assert asked.args == [TOM.user]
    panel.reset.click()
    assert "session end now" in panel.asking.question.text()
    with qtbot.waitSignal(panel.reset_asked):
        panel.asking.yes.click()
    panel.end_all.click()
    with qtbot.waitSignal(panel.revoke_asked) as asked:
        panel.asking.yes.click()
    assert asked.args == [TOM.user, ["s1", "s2"]]


def test_a_question_about_one_is_not_answered_for_another(panel: UsersPanel) -> None:
    panel.turn.click()
    panel.table.select_key("u3")
    assert not panel.asking.isVisible()
    assert panel.turn.text() == "Activate…"


def test_another_role_and_a_single_session_are_asked_for_at_once(panel: UsersPanel, qtbot: QtBot) -> None:
    assert (panel.give.isEnabled(), panel.give.toolTip()) == (False, "They have this role already; choose another")
    panel.role.setCurrentText("Viewer")
    panel.role.activated.emit(3)
    with qtbot.waitSignal(panel.role_asked) as asked:
        panel.give.click()
    assert asked.args == [TOM.user, "Viewer"]
    panel.seats.select_key("s2")
    panel.end_one.click()
    with qtbot.waitSignal(panel.revoke_asked) as asked:
        panel.asking.yes.click()
    assert asked.args[1] == ["s2"]
    with qtbot.waitSignal(panel.unlock_asked):
        panel.unlock.click()


def test_one_does_not_suspend_or_reset_oneself(panel: UsersPanel) -> None:
    panel.table.select_key("u1")
    assert (panel.turn.isEnabled(), panel.turn.toolTip()) == (False, "You cannot suspend yourself")
    assert not panel.reset.isEnabled()


def test_a_new_user_takes_a_name_and_a_role(panel: UsersPanel, qtbot: QtBot) -> None:
    panel.new.click()
    panel.making.accept()
    assert panel.said.text() == "Type the new user's name."
    assert panel.making.isVisible()
    panel.new_name.setText("  Zoe ")
    panel.new_role.setCurrentText("Analyst")
    with qtbot.waitSignal(panel.create_asked) as asked:
        panel.making.accept()
    assert asked.args == ["Zoe", "Analyst"]


def test_a_code_is_shown_once_copied_and_gone_when_it_is_done_or_the_desk_is_locked(
    panel: UsersPanel, qtbot: QtBot
) -> None:
    panel.show_code(Invitation("Tom", "ABCDE-FGHJK"))
    assert panel.code.isVisible()
    panel.code.copy.click()
    assert QGuiApplication.clipboard().text() == "ABCDE-FGHJK"
    panel.code.done.click()
    assert (panel.code.isVisible(), panel.code.code.text()) == (False, "")
    panel.show_code(Invitation("Tom", "ABCDE-FGHJK"))
    panel.hide()
    qtbot.waitUntil(lambda: not panel.code.code.text())


def test_sessions_of_somebody_who_is_selected_no_longer_are_not_shown(panel: UsersPanel) -> None:
    panel.table.select_key("u3")
    panel.show_seats("u2", SEATS)
    assert panel.seats_model.rowCount() == 0
    assert panel.end_all.toolTip() == "Not signed in anywhere"


def test_who_may_only_look_reads_why_and_who_may_not_sees_nobody(panel: UsersPanel) -> None:
    panel.forbid({"change": "lacks it", "create": "lacks that"})
    assert {b.toolTip() for b in (panel.turn, panel.reset, panel.unlock, panel.give, panel.end_all)} == {"lacks it"}
    assert panel.new.toolTip() == "lacks that"
    panel.show_code(Invitation("Tom", "ABCDE-FGHJK"))
    panel.forbid({"view": "may not see"})
    assert panel.model.rowCount() == 0
    assert panel.code.code.text() == ""


def test_the_menu_offers_everything_where_there_is_no_room_for_the_details(panel: UsersPanel, qtbot: QtBot) -> None:
    panel.resize(360, 400)
    assert not panel.details.isVisible()
    menu = QMenu()
    panel._fill(menu)
    assert [a.text() for a in menu.actions() if a.text()][:4] == [
        "Suspend…",
        "Reset password…",
        "Unlock",
        "Change role to",
    ]
    roles = next(a.menu() for a in menu.actions() if a.text() == "Change role to")
    assert isinstance(roles, QMenu)
    assert [a.isEnabled() for a in roles.actions()] == [True, False, True, True]
    with qtbot.waitSignal(panel.role_asked) as asked:
        roles.actions()[0].trigger()
    assert asked.args == [TOM.user, "Admin"]


def test_a_list_that_is_read_anew_keeps_who_is_selected(panel: UsersPanel) -> None:
    panel.show_people([ADA, EVE, TOM], "u1")
    chosen = panel.chosen()
    assert chosen is not None
    assert chosen.person == TOM
    assert panel.table.contextMenuPolicy() is Qt.ContextMenuPolicy.CustomContextMenu
