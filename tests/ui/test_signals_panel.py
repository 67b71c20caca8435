"""The signals panel asks for what the table of steps and the person's rights allow, and says why for the rest."""

from dataclasses import replace
from decimal import Decimal

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.deployments import Deployment, Stage, State, Step, Terms
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import ns
from qv_desktop.domain.orders import Side
from qv_desktop.domain.signals import Fate, Kind, Signal
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui.deploy_dialog import DeployDialog
from qv_desktop.ui.holdings_dialog import HoldingsDialog
from qv_desktop.ui.models.deployment_columns import DeploymentRow, SignalRow, signal_columns
from qv_desktop.ui.panels.signals import CHOOSE, SignalsPanel
from qv_desktop.ui.stop_dialog import StopDialog
from tests.builders import NOW

TERMS = Terms("s", "sma_cross", 3, ("AAPL",), "1m", (("fast", 2.0), ("slow", 5.0)))
PAPER = Deployment("d", TERMS, "account", "PAPER", "ann", NOW, Stage.PAPER)


@pytest.fixture
def panel(qtbot: QtBot) -> SignalsPanel:
    shown = SignalsPanel()
    qtbot.addWidget(shown)
    shown.resize(1000, 500)
    shown.show()
    return shown


def shows(panel: SignalsPanel, one: Deployment) -> None:
    panel.show_deployments([DeploymentRow(one, Decimal("12.5"))])
    panel.select(one.id)


def a_signal(fate: Fate = Fate.ORDER, bar: int = 0, **rest: object) -> Signal:
    made = Signal(
        "d", "AAPL", ns(NOW) + bar, Side.BUY, Kind.ENTRY, Decimal(100), NOW, "sma_cross v3", fate, "why", "o-1"
    )
    return replace(made, **rest)  # type: ignore[arg-type]


def test_buttons_follow_the_table_of_steps(panel: SignalsPanel) -> None:
    assert "Select a deployment" in panel.buttons[Step.START].toolTip()
    shows(panel, PAPER)
    able = {step for step, button in panel.buttons.items() if button.isEnabled()}
    assert able == {Step.START, Step.ASK}
    shows(panel, replace(PAPER, state=State.RUNNING))
    able = {step for step, button in panel.buttons.items() if button.isEnabled()}
    assert able == {Step.PAUSE, Step.STOP, Step.ASK}
    assert "runs already" in panel.buttons[Step.START].toolTip()


def test_nobody_is_offered_to_approve_what_they_asked_for(panel: SignalsPanel) -> None:
    shows(panel, replace(PAPER, stage=Stage.ASKED, asked_by="Ann"))
    panel.show_me("ann")
    assert "somebody else has to approve it" in panel.buttons[Step.APPROVE].toolTip()
    panel.show_me("bob")
    assert panel.buttons[Step.APPROVE].isEnabled()
    panel.forbid({"approve": "Your role lacks it."})
    assert panel.buttons[Step.APPROVE].toolTip() == "Your role lacks it."


def test_what_is_pressed_is_asked_for_once(panel: SignalsPanel, qtbot: QtBot) -> None:
    shows(panel, PAPER)
    with qtbot.waitSignal(panel.step_asked) as asked:
        panel.buttons[Step.START].click()
    assert asked.args == ["start", PAPER]


def test_lacking_a_right_greys_out_with_the_reason(panel: SignalsPanel) -> None:
    shows(panel, PAPER)
    panel.forbid({"run": "No running.", "trade": "No trading."})
    assert panel.deploy.toolTip() == "No running."
    assert not panel.deploy.isEnabled()
    panel.forbid({"trade": "No trading."})
    assert panel.buttons[Step.START].toolTip() == "No trading."


def test_the_list_says_what_became_of_each_and_hides_what_did_nothing(panel: SignalsPanel) -> None:
    order = SignalRow(a_signal(), Decimal(10), Decimal("100.05"), "filled")
    panel.show_signals([order, SignalRow(a_signal(Fate.NOTHING, 60))])
    assert [row.words for row in panel.signal_model.rows()] == ["filled"]
    assert order.slippage == pytest.approx(5.0)
    panel.quiet.setChecked(True)
    assert [row.words for row in panel.signal_model.rows()] == ["nothing to do", "filled"]
    panel.upsert_signals([SignalRow(a_signal(Fate.LATE, 120))])
    assert panel.count.text() == "3 signals · 1 orders · 1 not traded"


def test_the_dialog_reads_what_is_typed_and_says_what_is_wrong(qtbot: QtBot) -> None:
    dialog = DeployDialog(built_in(NOW), "aapl, msft")
    qtbot.addWidget(dialog)
    dialog.strategy.setCurrentText("sma_cross")
    dialog.knobs["fast"].setText("3")
    terms = dialog.terms()
    assert (terms.symbols, terms.name, dict(terms.parameters)["fast"]) == (("AAPL", "MSFT"), "sma_cross", 3.0)
    dialog.show_terms(replace(terms, timeframe="5m", amount=Decimal(1234)))
    assert dialog.terms() == replace(terms, timeframe="5m", amount=Decimal(1234))
    dialog.begins.setText("half nine")
    with pytest.raises(BadInput, match="no time"):
        dialog.terms()
    dialog.amount.setText("much")
    dialog.begins.setText("09:30")
    dialog.go.click()
    assert "“Size” is no number" in dialog.message()


def test_stopping_says_which_way(qtbot: QtBot) -> None:
    dialog = StopDialog(
        "sma_cross v3", "Cancels no open orders of it, then sells 21 AAPL at the market.", "You may not trade."
    )
    qtbot.addWidget(dialog)
    assert not dialog.flat.isEnabled()
    with qtbot.waitSignal(dialog.given) as given:
        dialog.leave.click()
    assert given.args == [False]


def test_what_a_stopped_one_holds_can_be_closed_from_the_menu_and_only_then(panel: SignalsPanel) -> None:
    assert panel.why_not_close() == CHOOSE
    row = DeploymentRow(replace(PAPER, state=State.STOPPED, stage=Stage.PAPER), held="10 AAPL")
    panel.show_deployments([row])
    assert panel.why_not_close() == ""
    panel.upsert([replace(row, held="")])
    assert "holds nothing" in panel.why_not_close()
    panel.upsert([replace(row, deployment=replace(row.deployment, state=State.RUNNING))])
    assert "Stop it first" in panel.why_not_close()
    panel.forbid({"trade": "You may not trade."})
    assert panel.why_not_close() == "You may not trade."


def test_what_stays_on_paper_is_said_and_either_way_can_be_taken(qtbot: QtBot) -> None:
    dialog = HoldingsDialog("Take it live?", ("It still holds 10 AAPL.", "It stays there."), "Take it live", "Not yet")
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.given):
        dialog.go.click()
    dialog.show_message("The password is needed.")
    assert dialog.go.isEnabled()
    assert "password" in dialog.message()
    with qtbot.waitSignal(dialog.other_given):
        dialog.other.click()


def test_a_target_is_shown_with_its_part_of_the_capital() -> None:
    columns = {column.title: column for column in signal_columns()}
    target = replace(a_signal(), kind=Kind.TARGET, target=Decimal("0.3333"), wanted=Decimal(33), fate=Fate.FORESEEN)
    assert columns["Signal"].text(SignalRow(target)) == "target 33.3 %"
    assert columns["Became"].text(SignalRow(target)) == "foreseen"
