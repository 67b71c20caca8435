"""The pill, the connections' dialog and the red question: they show, and say what a person asks for."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from qv_desktop.domain.connections import Connection
from qv_desktop.domain.orders import Side
from qv_desktop.ui import theme
from qv_desktop.ui.connections_dialog import ConnectionsDialog
from qv_desktop.ui.live_dialog import LiveDialog
from qv_desktop.ui.models.environment_pill import WIDEST, EnvironmentPill
from qv_desktop.ui.models.send_button import SendButton

PAPER, LIVE, OAUTH = (
    Connection("p", "Paper"),
    Connection("l", "Real", "LIVE", prices="alpaca"),
    Connection("o", "Web", kind="oauth"),
)


def dialog(qtbot: QtBot, active: str = "p") -> ConnectionsDialog:
    shown = ConnectionsDialog("http://127.0.0.1:47823/callback", "Kept somewhere safe.")
    shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(shown)
    shown.show_connections(
        (PAPER, LIVE, OAUTH), active, {"p": {"key", "secret"}, "l": (), "o": {"client_id"}, "": {"client_id"}}
    )
    shown.show()
    return shown


def test_the_pill_offers_the_other_accounts_and_the_page(qtbot: QtBot) -> None:
    pill = EnvironmentPill()
    qtbot.addWidget(pill)
    pill.show_accounts([("p", "Paper · PAPER"), ("l", "A & B · LIVE")], "p")
    paper, live, _, page = pill.menu_.actions()
    assert (paper.isChecked(), paper.isEnabled(), live.isEnabled()) == (True, False, True)
    with qtbot.waitSignal(pill.account_chosen) as chosen:
        live.trigger()
    assert chosen.args == ["l"]
    with qtbot.waitSignal(pill.connections_asked):
        page.trigger()


def test_a_long_name_is_cut_in_the_pill_and_stands_whole_beside_it(qtbot: QtBot) -> None:
    pill = EnvironmentPill()
    qtbot.addWidget(pill)
    pill.show_environment("LIVE", "A very long name of an account that goes on ••••123")
    assert pill.text().startswith("LIVE · A")
    assert pill.text().endswith("•123")
    assert pill.sizeHint().width() <= WIDEST
    assert "goes on ••••123" in pill.toolTip()


def test_what_is_shown_of_a_connection_comes_back_with_what_was_typed(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.list.setCurrentRow(1)
    assert (shown.form.draft().connection, shown.form.draft().secrets) == (LIVE, {})
    assert not shown.form.environment.segment("PAPER").isEnabled()
    shown.form.name.setText("Renamed")
    shown.form.key.setText(" AK9 ")
    with qtbot.waitSignal(shown.saved) as saved:
        qtbot.mouseClick(shown.save, Qt.MouseButton.LeftButton)
    (draft,) = saved.args
    assert (draft.connection.id, draft.connection.name, draft.secrets) == ("l", "Renamed", {"key": "AK9"})


def test_secrets_that_are_kept_are_told_of_and_never_shown(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    assert (shown.form.key.text(), shown.form.key.placeholderText()) == ("", "stored; type a new one to replace it")
    shown.form.secret.setText("typed and left")
    shown.list.setCurrentRow(1)
    assert (shown.form.secret.text(), shown.form.secret.placeholderText()) == ("", "")
    fields = (shown.form.key, shown.form.secret, shown.form.client_id, shown.form.client_secret)
    assert all(line.echoMode() is line.EchoMode.Password for line in fields)


def test_the_account_in_use_is_neither_used_again_nor_removed(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    assert (shown.use.isEnabled(), shown.remove.isEnabled(), shown.use.text()) == (False, False, "In use")
    shown.list.setCurrentRow(1)
    with qtbot.waitSignal(shown.use_asked) as used:
        qtbot.mouseClick(shown.use, Qt.MouseButton.LeftButton)
    assert used.args == ["l"]


def test_removing_asks_first(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.list.setCurrentRow(1)
    with qtbot.assertNotEmitted(shown.removed):
        shown.remove.click()
        shown.ask.dismiss()
    shown.remove.click()
    assert shown.ask.question.text() == "Remove “Real” and forget its secrets?"
    with qtbot.waitSignal(shown.removed) as removed:
        shown.ask.accept()
    assert removed.args == ["l"]


def test_the_browser_is_asked_for_and_given_up_and_nothing_else_meanwhile(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.add.click()
    shown.form.name.setText("New")
    shown.form.kind.segment("OAuth in the browser").click()
    assert not shown.save.isEnabled()
    assert "47823/callback" in shown.form.redirect.text()
    with qtbot.waitSignal(shown.connect_asked) as asked:
        shown.form.connect_.click()
    assert (asked.args[0].connection.kind, asked.args[0].connection.id) == ("oauth", "")
    shown.show_connecting(True, "Waiting.")
    assert not any(w.isEnabled() for w in (shown.list, shown.add, shown.save, shown.use, shown.remove, shown.form.name))
    with qtbot.waitSignal(shown.connect_stopped):
        shown.form.connect_.click()
    shown.show_connecting(False)
    assert shown.form.name.isEnabled()


def test_who_may_not_change_connections_still_looks_and_tests(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.allow(change=False, reason="Needs a permission.")
    shown.list.setCurrentRow(1)
    assert not any(w.isEnabled() for w in (shown.add, shown.save, shown.remove, shown.form))
    assert shown.save.toolTip() == "Needs a permission."
    with qtbot.waitSignal(shown.test_asked) as asked:
        shown.test.click()
    assert asked.args == ["l"]


def test_no_text_of_the_dialog_is_cut_whatever_it_shows(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.show_message(
        "A sentence that is long enough to need two lines in the width that the dialog leaves to it, as some are."
    )
    for row in range(3):
        shown.list.setCurrentRow(row)
        qtbot.wait(1)
        for label in shown.findChildren(QLabel):
            if label.isVisible() and label.text():
                wanted = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
                assert label.height() >= wanted, label.text()


def test_the_red_question_says_which_account_and_takes_no_empty_password(qtbot: QtBot) -> None:
    shown = LiveDialog("Real ••••123", "ada", "Without it you stay on “Paper”.")
    shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(shown)
    shown.show()
    words = "\n".join(label.text() for label in shown.findChildren(QLabel))
    assert all(part in words for part in ("LIVE — REAL MONEY", "Real ••••123", "real money", "you stay on “Paper”"))
    assert shown.grab().toImage().pixelColor(2, 100) == theme.color("LIVE")
    with qtbot.assertNotEmitted(shown.confirmed):
        shown.go.click()
    assert shown.message() == "Type your password."
    shown.password.setText("pw")
    with qtbot.waitSignal(shown.confirmed) as confirmed:
        qtbot.keyClick(shown.password, Qt.Key.Key_Return)
    assert confirmed.args == ["pw"]
    assert not shown.go.isEnabled()
    with qtbot.waitSignal(shown.declined):
        qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert shown.password.text() == ""


def test_the_button_that_sends_says_live_and_only_then(qtbot: QtBot) -> None:
    button = SendButton()
    qtbot.addWidget(button)
    button.paint_side(Side.SELL)
    button.setText("Send SELL 100 AAPL")
    button.show_environment("LIVE")
    assert button.text() == "Send LIVE SELL 100 AAPL"
    for text, wanted in (("Review BUY 1 KO", "Review LIVE BUY 1 KO"), ("Trading is off", "Trading is off")):
        button.setText(text)
        assert button.text() == wanted
    button.show_environment("PAPER")
    button.setText("Send BUY 1 KO")
    assert button.text() == "Send BUY 1 KO"
