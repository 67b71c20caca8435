"""A person's own account, and the password once more."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.ui.my_account_dialog import MyAccountDialog
from qv_desktop.ui.step_up_dialog import StepUpDialog


def account(qtbot: QtBot) -> MyAccountDialog:
    shown = MyAccountDialog("maria", "Trader", 480)
    shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(shown)
    shown.show_lock(15, 0, may_bound=False)
    shown.show()
    return shown


def test_a_password_is_asked_for_once_all_three_fields_make_sense(qtbot: QtBot) -> None:
    shown = account(qtbot)
    with qtbot.assertNotEmitted(shown.password_asked, wait=20):
        shown.change.click()
        assert shown.messages()[0].startswith("Type your present")
        qtbot.keyClicks(shown.old, "old one here")
        qtbot.keyClicks(shown.new, "new one here")
        qtbot.keyClicks(shown.again, "new one there")
        shown.change.click()
    assert "differ" in shown.messages()[0]
    shown.again.setText("new one here")
    with qtbot.waitSignal(shown.password_asked) as asked:
        qtbot.keyClick(shown.again, Qt.Key.Key_Return)
    assert asked.args == ["old one here", "new one here"]
    assert not shown.change.isEnabled()
    shown.show_password("Wrong.")
    assert (shown.change.isEnabled(), shown.old.text()) == (True, "old one here")
    shown.show_password("Changed.", good=True)
    assert (shown.old.text(), shown.new.text(), shown.again.text()) == ("", "", "")


def test_the_bound_is_told_to_all_and_set_by_who_may(qtbot: QtBot) -> None:
    shown = account(qtbot)
    assert not shown.most.isVisible()
    assert "never" in shown._bound.text()
    shown.show_lock(20, 30, may_bound=True)
    assert "at most 30 minutes" in shown._bound.text()
    assert (shown.minutes.value(), shown.most.value(), shown.most.isVisible()) == (20, 30, True)
    shown.minutes.setValue(0)
    assert shown.minutes.text() == "never"
    with qtbot.waitSignals([shown.minutes_asked, shown.bound_asked]):
        shown.set_minutes.click()
        shown.set_most.click()
    shown.show_set("Set.", good=True)
    assert shown.messages()[1] == "Set."


def test_no_words_of_the_account_are_cut_off(qtbot: QtBot) -> None:
    shown = account(qtbot)
    shown.show_lock(15, 30, may_bound=True)
    shown.show_password("Too many wrong passwords; this name is locked for 15 more minutes.")
    qtbot.wait(20)
    for label in (shown._of_password, shown._bound):
        assert label.height() >= label.heightForWidth(label.width())


def test_the_password_once_more_is_sent_typed_again_or_declined(qtbot: QtBot) -> None:
    shown = StepUpDialog("Raise the limits", "The largest order.", "Raise", "maria")
    shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(shown)
    shown.show()
    with qtbot.assertNotEmitted(shown.confirmed, wait=20):
        shown.go.click()
    assert shown.message() == "Type your password."
    qtbot.keyClicks(shown.password, "secret words")
    with qtbot.waitSignal(shown.confirmed) as sent:
        qtbot.keyClick(shown.password, Qt.Key.Key_Return)
    assert sent.args == ["secret words"]
    assert not shown.go.isEnabled()
    shown.show_message("Wrong.")
    assert shown.go.isEnabled()
    with qtbot.waitSignal(shown.declined):
        shown.reject()
    assert shown.password.text() == ""
