"""The pages of the alerts panel: what is active, what was done, and the rules with their form."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.alert_rules import Level
from qv_desktop.domain.desk_alert_rules import RULES
from qv_desktop.domain.desk_alerts import Alert, Done, Past
from qv_desktop.domain.own_alert_rules import OwnRule
from qv_desktop.ui.models.alert_rules_page import AlertRulesPage
from qv_desktop.ui.panels import alerts
from qv_desktop.ui.panels.alerts import HISTORY, NOTICES, NOW, AlertsPanel
from tests.builders import NOW as AT

LOSS = Alert("x1", "u", "a", "loss_limit", "", "Loss limit", "critical", Level.BREACHED, 112.0, 100.0, "% of the limit", "So it is.",
             AT - timedelta(minutes=14))  # fmt: skip
MUTE = Alert(
    "x2",
    "u",
    "a",
    "feed_mute",
    "Polygon",
    "Feed mute: Polygon",
    "warning",
    Level.BREACHED,
    1.0,
    1.0,
    "",
    "Silent.",
    AT,
    times=3,
)
OWN = OwnRule("r1", "AAPL high", "AAPL price > 230", "warning", True, AT)


@pytest.fixture
def panel(qtbot: QtBot) -> AlertsPanel:
    made = AlertsPanel()
    made.now_page.now = made.rules.now = lambda: AT
    qtbot.addWidget(made)
    made.resize(640, 420)
    made.show()
    return made


def texts(page: object) -> list[list[str]]:
    model = page.model  # type: ignore[attr-defined]
    return [[column.text(row) for column in model.columns] for row in model.rows()]


def test_what_is_active_stands_newest_first_with_value_threshold_and_age(panel: AlertsPanel) -> None:
    panel.now_page.show_alerts([LOSS, MUTE])
    first, second = texts(panel.now_page)
    assert first[:5] == ["Warning", "Feed mute: Polygon ×3", "waits", "—", "—"]
    assert (second[0], second[1], second[3], second[4], second[6]) == (
        "Critical",
        "Loss limit",
        "112 %",
        "100 %",
        "14m",
    )
    assert panel.now_page.count.text() == "2 active · 1 critical · 2 to acknowledge"
    panel.now_page.show_alerts([])
    assert panel.now_page.count.text() == "All is well"


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"acknowledged_by": "pete", "acknowledged_at": AT}, "pete "), ({"escalated": AT}, "escalated"),
        ({"snoozed_until": AT + timedelta(hours=1)}, "snoozed to "),
    ],
)  # fmt: skip
def test_the_state_says_what_was_done_about_it(panel: AlertsPanel, changed: dict[str, object], state: str) -> None:
    panel.now_page.show_alerts([replace(LOSS, **changed)])  # type: ignore[arg-type]
    assert texts(panel.now_page)[0][2].startswith(state)


def test_selected_alerts_are_acknowledged_snoozed_and_gone_to(panel: AlertsPanel, qtbot: QtBot) -> None:
    page = panel.now_page
    assert not page.acknowledge.isEnabled()
    page.show_alerts([LOSS, replace(MUTE, acknowledged_at=AT)])
    page.table.selectAll()
    with qtbot.waitSignal(page.acknowledge_asked) as asked:
        page.acknowledge.click()
    assert asked.args == [["x1"]]
    page.table.selectRow(1)
    with qtbot.waitSignal(page.opened) as opened:
        page.go.click()
    assert opened.args == [LOSS]


def test_the_history_is_asked_for_when_it_is_shown_and_filtered_by_what_is_chosen(
    panel: AlertsPanel, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(panel.history.asked) as asked:
        panel.show_page(HISTORY)
    assert asked.args == [1]
    what = ("raised", "acknowledged", "cleared")
    panel.history.show_past(
        [Past(Done(one.id, AT, "maria", deed, 1.0, 2.0, one.words), one) for one in (LOSS, MUTE) for deed in what]
    )  # type: ignore[arg-type]
    assert panel.history.count.text() == "6"
    panel.history.severity.setCurrentText("Critical")
    panel.history.what.setCurrentText("Acknowledged")
    assert [row[3:5] for row in texts(panel.history)] == [["Loss limit", "Acknowledged"]]
    panel.history.text.setText("nothing like it")
    assert panel.history.count.text() == "0 of 6"


def test_pages_turn_by_their_tabs(panel: AlertsPanel) -> None:
    for name, page in (
        (NOTICES, panel.notices),
        (HISTORY, panel.history),
        (alerts.RULES, panel.rules),
        (NOW, panel.now_page),
    ):
        panel.tabs.segment(name).click()
        assert panel.stack.currentWidget() is page


def rules(panel: AlertsPanel) -> AlertRulesPage:
    panel.show_page(alerts.RULES)
    panel.rules.show_rules(list(RULES.values()), [OWN])
    return panel.rules


def test_ones_own_rules_stand_before_the_desks(panel: AlertsPanel) -> None:
    found = texts(rules(panel))
    assert found[0][1:5] == ["Mine", "AAPL high", "Warning", "—"]
    assert len(found) == 1 + len(RULES)
    margin = next(row for row in found if row[2] == "Margin")
    assert margin[4:8] == ["80 %", "100 %", "2 s", "5 min"]


def test_a_desk_rule_is_changed_in_the_form_and_what_makes_no_sense_is_said_there(
    panel: AlertsPanel, qtbot: QtBot
) -> None:
    page = rules(panel)
    page.table.select_key("margin")
    page.edit.click()
    assert (page.numbers["near"].text(), page.numbers["breached"].text()) == ("80", "100")
    for typed, words in (
        ("high", "needs a number"),
        ("120", "Near must lie below"),
        ("8,5", "type decimals with a point"),
    ):
        page.numbers["near"].setText(typed)
        page.save.click()
        assert words in page.answer.text()
        assert page.form.isVisible()
    page.numbers["near"].setText("60")
    page.severity.setCurrentText("Warning")
    with qtbot.waitSignal(page.rule_given) as given:
        page.save.click()
    assert given.args == [replace(RULES["margin"], near=60.0, severity="warning")]
    page.show_saved()
    assert not page.form.isVisible()


def test_a_new_rule_of_ones_own_is_read_before_it_is_asked_for(panel: AlertsPanel, qtbot: QtBot) -> None:
    page = rules(panel)
    page.new.click()
    page.condition.setText("AAPL rsi(14) > 70")
    page.save.click()
    assert "length of its bars" in page.answer.text()
    page.condition.setText("aapl rsi(14) 5m above 70")
    with qtbot.waitSignal(page.test_own_asked) as tested:
        page.try_.click()
    assert tested.args == ["AAPL rsi(14) 5m > 70"]
    with qtbot.waitSignal(page.own_given) as given:
        page.save.click()
    made = given.args[0]
    assert (made.name, made.condition, made.severity, made.on) == (
        "aapl rsi(14) 5m above 70",
        "AAPL rsi(14) 5m > 70",
        "warning",
        True,
    )


def test_rules_are_switched_tested_and_removed_by_who_may(panel: AlertsPanel, qtbot: QtBot) -> None:
    page = rules(panel)
    page.table.select_key("loss_limit")
    assert not page.remove.isEnabled()
    with qtbot.waitSignal(page.rule_given) as switched:
        page.switch.click()
    assert switched.args == [replace(RULES["loss_limit"], on=False)]
    with qtbot.waitSignal(page.test_asked):
        page.test.click()
    page.table.select_key(OWN.code)
    with qtbot.waitSignal(page.remove_asked) as removed:
        page.remove.click()
    assert removed.args == ["r1"]
    panel.forbid({"desk": "Your role lacks it.", "own": "Nor this."})
    assert [button.isEnabled() for button in (page.new, page.edit, page.switch, page.remove)] == [False] * 4
    page.table.select_key("loss_limit")
    assert (page.edit.isEnabled(), page.edit.toolTip()) == (False, "Your role lacks it.")
    assert page.test.isEnabled()
