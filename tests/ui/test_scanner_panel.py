"""The scanner panel shows what matches and why, and asks for other scans."""

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.scans import PRESETS, Match, Scan
from qv_desktop.ui.models.table_model import GROUND
from qv_desktop.ui.panels.scanner import ScannerPanel

NOW = datetime(2026, 11, 20, 15, 31, 5, tzinfo=UTC)
MINE = Scan("Mine", "gap% > 3", "Tech", alert=True)


def match(symbol: str, gap: float | None = 4.12) -> Match:
    values = {
        "price": 231.43,
        "change%": -1.2,
        "gap%": gap,
        "rvol": 2.61,
        "volume": 1_234_567.0,
        "range%": 3.1,
        "spread": None,
    }
    return Match(symbol, values, ("gap +4.12 % > 3 %", "relative volume 2.6 ≥ 2"))


def shown(qtbot: QtBot, width: int = 1000) -> ScannerPanel:
    panel = ScannerPanel()
    qtbot.addWidget(panel)
    panel.resize(width, 400)
    panel.show_universes(["Watchlist", "Tech"])
    panel.show_scans([MINE], "Mine")
    panel.show()
    return panel


def texts(panel: ScannerPanel, row: int = 0) -> list[str]:
    return [panel.model.index(row, column).data() for column in range(10)]


def entries(panel: ScannerPanel) -> dict[str, bool]:
    menu = QMenu()
    panel._fill(menu)
    return {action.text(): action.isEnabled() for action in menu.actions() if action.text()}


def test_a_match_shows_its_figures_and_why_it_matched(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_matches([match("AAPL"), match("XOM", None)], {"AAPL"}, 60, NOW)
    assert texts(panel) == ["AAPL", "231.43", "−1.20", "+4.12", "2.6", "1.23M", "3.10", "—",
                            "gap +4.12 % > 3 %; relative volume 2.6 ≥ 2", "10:31:05"]  # fmt: skip
    assert texts(panel, 1)[3] == "—"
    assert panel.status.text() == "2 of 60 symbols match · scanned 10:31:05"


def test_newcomers_flash_and_keep_the_time_at_which_they_came(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_matches([match("AAPL")], {"AAPL"}, 60, NOW)
    panel.show_matches([match("MSFT"), match("AAPL")], {"MSFT"}, 60, NOW + timedelta(seconds=10))
    assert [(r.match.symbol, r.since) for r in panel.model.rows()] == [
        ("MSFT", NOW + timedelta(seconds=10)),
        ("AAPL", NOW),
    ]
    assert panel.model.index(0, 0).data(GROUND)
    panel.set_flashing(False)
    panel.show_matches([], (), 60, NOW + timedelta(seconds=20))
    panel.show_matches([match("NVDA")], {"NVDA"}, 60, NOW + timedelta(seconds=30))
    assert panel.model.index(0, 0).data(GROUND) is None


def test_kept_scans_come_first_and_shipped_ones_after_them(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    names = [panel.scans.itemText(place) for place in range(panel.scans.count())]
    assert names == ["Mine", "", *(scan.name for scan in PRESETS)]
    assert (panel.rule.text(), panel.universe.currentText(), panel.alert.isChecked()) == ("gap% > 3", "Tech", True)
    with qtbot.waitSignal(panel.scan_chosen) as chosen:
        panel.scans.textActivated.emit("Gappers")
    assert chosen.args == ["Gappers"]
    assert panel.rule.text() == PRESETS[0].rule


def test_a_rule_is_judged_with_every_key_and_looked_by_at_enter(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.rule.setText("")
    with qtbot.waitSignal(panel.rule_edited) as edited:
        qtbot.keyClick(panel.rule, "5")
    assert edited.args == ["5"]
    panel.show_rule_error("A number is no rule; compare a field with it.", 0)
    assert panel.wrong.isVisible()
    assert not panel.save.isEnabled()
    with qtbot.assertNotEmitted(panel.scan_changed):
        qtbot.keyClick(panel.rule, Qt.Key.Key_Return)
    assert panel.rule.cursorPosition() == 0
    panel.rule.setText("rvol > 5")
    panel.show_rule_error("")
    with qtbot.waitSignal(panel.scan_changed) as changed:
        qtbot.keyClick(panel.rule, Qt.Key.Key_Return)
    assert changed.args == [Scan("Mine", "rvol > 5", "Tech", alert=True)]
    assert not panel.wrong.isVisible()


@pytest.mark.qt_log_ignore("This plugin does not support")  # a popup without a display
def test_fields_are_offered_as_they_are_begun(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.rule.setFocus()
    panel.rule.setText("gap% > 3 and ")
    panel.rule.setCursorPosition(len(panel.rule.text()))
    qtbot.keyClicks(panel.rule, "vol")
    assert panel.rule.begun() == "vol"
    qtbot.waitUntil(panel.rule.popup.isVisible)
    assert "shares traded today" in panel.rule.popup.model().index(0, 0).data()
    qtbot.keyClick(panel.rule.popup, Qt.Key.Key_Down)
    qtbot.keyClick(panel.rule.popup, Qt.Key.Key_Return)
    assert panel.rule.text() == "gap% > 3 and volume "
    assert not panel.rule.popup.isVisible()
    panel.rule.setText("gap% > ")
    qtbot.keyClicks(panel.rule, "5")
    assert not panel.rule.popup.isVisible()  # though “52-week high” begins so


def test_names_of_several_words_are_completed_whole(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.rule.setText("not new h")
    panel.rule.setCursorPosition(9)
    assert panel.rule.begun() == "new h"
    panel.rule.complete("new high")
    assert panel.rule.text() == "not new high "


def test_universe_and_alert_count_at_once_and_save_keeps_them(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    assert not panel.save.isEnabled()
    with qtbot.waitSignal(panel.scan_changed) as changed:
        panel.alert.click()
    assert changed.args == [Scan("Mine", "gap% > 3", "Tech")]
    with qtbot.waitSignal(panel.save_asked) as saved:
        panel.save.click()
    assert saved.args == changed.args


def test_save_as_takes_a_free_name(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel._ask_name()
    panel.naming.field.setText("mine")
    assert not panel.naming.yes.isEnabled()
    panel.naming.field.setText("Mine too")
    with qtbot.waitSignal(panel.save_asked) as saved:
        qtbot.keyClick(panel.naming.field, Qt.Key.Key_Return)
    assert saved.args[0].name == "Mine too"


def test_own_scans_are_deleted_after_a_question_and_shipped_ones_stay(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    assert entries(panel)["Delete “Mine”…"]
    panel._ask_delete()
    with qtbot.waitSignal(panel.delete_asked) as asked:
        panel.confirming.accept()
    assert asked.args == ["Mine"]
    panel.show_scans([], "Gappers")
    assert not entries(panel)["Delete “Gappers”…"]


def test_a_role_that_may_not_change_scans_may_still_look(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.forbid({"change": "Your role may not."})
    panel.rule.setText("rvol > 3")
    panel._change()
    assert not panel.save.isEnabled()
    assert not entries(panel)["Save as…"]
    assert panel.rule.isEnabled()


def test_the_chosen_matchs_reasons_are_read_where_there_is_no_room_for_their_column(qtbot: QtBot) -> None:
    panel = shown(qtbot, 336)
    panel.show_matches([match("AAPL")], (), 60, NOW)
    with qtbot.waitSignal(panel.symbol_chosen) as chosen:
        panel.table.selectRow(0)
    assert chosen.args == ["AAPL"]
    assert panel.why.text() == "AAPL: gap +4.12 % > 3 %; relative volume 2.6 ≥ 2"
    assert panel.why.isVisible()
    panel.resize(1000, 400)
    assert not panel.why.isVisible()


def test_a_list_that_is_gone_stays_on_the_screen_as_what_it_is(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_universes(["Watchlist"])
    assert (panel.universe.currentText(), panel.draft().universe) == ("Tech (gone)", "Tech")
    panel.show_universes(["Watchlist", "Tech"])
    assert panel.universe.currentText() == "Tech"
