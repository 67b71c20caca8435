"""Signing in, unlocking, and the first Admin."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.ui.login_dialog import LoginDialog


def dialog(qtbot: QtBot) -> LoginDialog:
    shown = LoginDialog("SIMULATION", "0.1.0")
    qtbot.addWidget(shown)
    shown.show_login()
    shown.show()
    return shown


def test_enter_submits_what_was_typed(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    qtbot.keyClicks(shown.name, "anna ")
    qtbot.keyClicks(shown.password, "correct horse")
    shown.stay.setChecked(True)
    with qtbot.waitSignal(shown.submitted) as sent:
        qtbot.keyClick(shown.password, Qt.Key.Key_Return)
    assert sent.args == ["anna", "correct horse", True]


def test_nothing_is_submitted_while_a_field_is_empty(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    with qtbot.assertNotEmitted(shown.submitted):
        qtbot.keyClick(shown.name, Qt.Key.Key_Return)
    assert shown.message() == "Type your name and your password."


def test_the_demo_fills_the_fields_and_waits_for_the_button(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    with qtbot.assertNotEmitted(shown.submitted, wait=20):
        shown.prefill("demo", "demo-password")
    with qtbot.waitSignal(shown.submitted) as sent:
        qtbot.mouseClick(shown._login.action, Qt.MouseButton.LeftButton)
    assert sent.args == ["demo", "demo-password", False]


def test_a_wait_takes_no_input_and_an_error_ends_it(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.prefill("anna", "wrong")
    shown.show_busy("Checking…")
    with qtbot.assertNotEmitted(shown.submitted, wait=20):
        qtbot.keyClick(shown, Qt.Key.Key_Return)
    shown.show_message("Name or password is wrong.")
    assert (shown.message(), shown.password.isEnabled(), shown.password.selectedText() != "") == (
        "Name or password is wrong.",
        True,
        True,
    )
    with qtbot.waitSignal(shown.submitted):
        qtbot.keyClick(shown, Qt.Key.Key_Return)


def test_what_was_waited_for_is_said_no_longer_than_that(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.show_busy("Opening the database…")
    shown.show_busy("")
    assert shown.message() == ""
    shown.show_busy("Checking…")
    shown.show_message("Your session has ended.", "info")
    shown.show_busy("")
    assert shown.message() == "Your session has ended."


def test_the_first_admin_types_the_password_twice(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.show_first_run()
    shown.admin.setText("anna")
    shown.secret.setText("correct horse")
    shown.again.setText("correct house")
    with qtbot.assertNotEmitted(shown.admin_created):
        qtbot.keyClick(shown.again, Qt.Key.Key_Return)
    assert shown.message() == "The two passwords differ; type the same one twice."
    shown.again.setText("correct horse")
    with qtbot.waitSignal(shown.admin_created) as created:
        qtbot.keyClick(shown.again, Qt.Key.Key_Return)
    assert created.args == ["anna", "correct horse"]


def test_a_locked_screen_asks_the_same_person(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.prefill("someone else", "x")
    shown.show_locked("anna")
    assert (shown.name.text(), shown.name.isReadOnly(), shown.password.text()) == ("anna", True, "")


def test_closing_without_signing_in_is_said_and_being_let_in_is_not(qtbot: QtBot) -> None:
    with qtbot.waitSignal((shown := dialog(qtbot)).closed):
        shown.close()
    other = dialog(qtbot)
    other.prefill("anna", "correct horse")
    with qtbot.assertNotEmitted(other.closed, wait=20):
        other.grant()
    assert other.isHidden()
    assert other.password.text() == ""


def test_no_words_are_cut_off(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.show_first_run()
    page = shown._first
    assert page.sentence.height() >= page.sentence.heightForWidth(page.sentence.width())


def test_a_reset_code_sets_the_password_that_was_typed_twice(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.name.setText("maria")
    shown.show_message("Your password was reset.")
    qtbot.mouseClick(shown._has_code, Qt.MouseButton.LeftButton)
    assert (shown.code_name.text(), shown.message()) == ("maria", "")
    with qtbot.assertNotEmitted(shown.redeemed, wait=20):
        qtbot.keyClick(shown.code, Qt.Key.Key_Return)
        assert shown.message() == "Type your name, the code and a new password."
        shown.code.setText(" abcde-fghjk ")
        shown.chosen.setText("four plain words here")
        shown.chosen_again.setText("four plain words there")
        qtbot.keyClick(shown.chosen_again, Qt.Key.Key_Return)
    assert shown.message() == "The two passwords differ; type the same one twice."
    shown.chosen_again.setText("four plain words here")
    with qtbot.waitSignal(shown.redeemed) as sent:
        qtbot.keyClick(shown.chosen_again, Qt.Key.Key_Return)
    assert sent.args == ["maria", "abcde-fghjk", "four plain words here"]
    shown._back()
    assert (shown.code.text(), shown.chosen.text(), shown.windowTitle()) == ("", "", "QuantVision · Log in")


def test_a_locked_screen_offers_neither_codes_nor_settings(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.show_locked("maria")
    assert not any(widget.isVisible() for widget in (shown._has_code, shown._settings, shown.stay))
    assert shown.windowTitle() == "QuantVision · Locked"


def test_a_locked_name_is_counted_down_until_it_may_be_tried_again(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.show_busy("Signing in…")
    shown.show_locked_out(62)
    assert shown.message().endswith("locked for 1:02 more.")
    assert shown.password.isEnabled()
    qtbot.keyClicks(shown.password, "typed meanwhile")
    for _ in range(61):
        shown._countdown.timeout.emit()
    assert shown.message().endswith("locked for 0:01 more.")
    assert shown.password.text() == "typed meanwhile"
    shown._countdown.timeout.emit()
    assert (shown.message(), shown._countdown.isActive()) == ("You can try again now.", False)
    shown.show_locked_out(900)
    shown.show_message("The name or the password is wrong.")
    assert not shown._countdown.isActive()
