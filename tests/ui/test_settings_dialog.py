"""Settings ask to be tested and saved."""

from pathlib import Path
from typing import get_args, get_type_hints

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.config import Settings
from qv_desktop.ui.models.run_limits import RunLimits
from qv_desktop.ui.settings_dialog import SettingsDialog, SettingsDraft


def dialog(qtbot: QtBot, draft: SettingsDraft | None = None) -> SettingsDialog:
    shown = SettingsDialog()
    qtbot.addWidget(shown)
    shown.show_settings(draft or SettingsDraft(), stored={"polygon_key"})
    shown.show()
    return shown


def test_what_is_shown_comes_back_as_it_was(qtbot: QtBot) -> None:
    draft = SettingsDraft(
        "postgresql://me@db:5432/qv", "compact", {}, "high-contrast", "colour-blind", RunLimits(3, 60, 50, 2048)
    )
    assert dialog(qtbot, draft).draft() == draft


def test_a_test_says_its_address_and_waits_for_the_answer(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    shown.remote.setChecked(True)
    qtbot.keyClicks(shown.url, "postgresql://me@db/qv")
    with qtbot.waitSignal(shown.test_asked) as asked:
        qtbot.mouseClick(shown.test, Qt.MouseButton.LeftButton)
    assert (asked.args, shown.test.isEnabled()) == (["postgresql://me@db/qv"], False)
    shown.show_test_result(False, "The server does not answer; check its address.")
    assert (shown.test.isEnabled(), shown.result_text()) == (True, "✗ The server does not answer; check its address.")


def test_an_address_that_is_none_is_neither_tested_nor_saved(qtbot: QtBot) -> None:
    shown = dialog(qtbot, SettingsDraft("mysql://nope"))
    with qtbot.assertNotEmitted(shown.test_asked), qtbot.assertNotEmitted(shown.saved):
        qtbot.mouseClick(shown.test, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(shown.save, Qt.MouseButton.LeftButton)
    assert shown.result_text() == "✗ Type an address that begins with postgresql://"


def test_the_embedded_database_needs_no_address_and_keys_are_given_only_when_typed(qtbot: QtBot) -> None:
    shown = dialog(qtbot, SettingsDraft("postgresql://me@db/qv"))
    shown.embedded.setChecked(True)
    shown.keys["polygon_key"].setText(" abc ")
    with qtbot.waitSignal(shown.saved) as saved:
        qtbot.mouseClick(shown.save, Qt.MouseButton.LeftButton)
    assert saved.args == [SettingsDraft("", "normal", {"polygon_key": "abc"})]
    assert shown.keys["polygon_key"].placeholderText() == "stored; type a new one to replace it"


def test_the_look_is_chosen_by_its_words(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    qtbot.mouseClick(shown.theme.segment("Light"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(shown.prices.segment("East Asia: red up, green down"), Qt.MouseButton.LeftButton)
    assert (shown.draft().theme, shown.draft().prices) == ("light", "east-asia")


def test_who_may_only_look_reads_why_nothing_can_be_saved(qtbot: QtBot) -> None:
    dialog = SettingsDialog()
    qtbot.addWidget(dialog)
    dialog.forbid("Your role, Analyst, lacks “settings: change”; ask an Admin.")
    assert (dialog.save.isEnabled(), dialog.save.toolTip()) == (False, dialog.message())
    dialog.forbid("")
    assert dialog.save.isEnabled()


def test_what_runs_of_strategies_may_take_keeps_to_what_the_program_accepts(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    assert shown.runs.fields["workers"].text() == "automatic"
    for name, asked, kept in (("workers", 65, 64), ("seconds", 0, 1), ("memory_mb", 10, 64)):
        shown.runs.fields[name].setValue(asked)
        assert getattr(shown.draft().runs, name) == kept
    kinds = get_type_hints(Settings, include_extras=True)
    for name, field in shown.runs.fields.items():
        (bounds,) = [meta for meta in get_args(kinds[f"strategy_{name}"]) if hasattr(meta, "ge")]
        assert (field.minimum(), field.maximum()) == (bounds.ge, bounds.le)
        assert getattr(RunLimits(), name) == getattr(Settings(home=Path()), f"strategy_{name}")
