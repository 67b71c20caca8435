"""Importing: nothing is stored before a person has seen how the file was understood."""

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.imports import Imported, Reading
from qv_desktop.domain.market import SECOND, Bar, Timeframe, Trade
from qv_desktop.ui.import_dialog import ImportDialog

NOW = 1_795_000_000 * SECOND
BARS = tuple(Bar("AAPL", NOW + i * 60 * SECOND, 230, 231, 229.5, 230.25, 1000 + i) for i in range(390))
FOUND = Imported("AAPL", Timeframe(1, "m"), BARS, (), (), ("Comma-separated", "Times are America/New_York"))


def shown(qtbot: QtBot) -> ImportDialog:
    dialog = ImportDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_a_chosen_file_is_read_and_what_was_understood_is_shown_before_anything_is_stored(qtbot: QtBot) -> None:
    dialog = shown(qtbot)
    assert not dialog.store.isEnabled()
    with qtbot.waitSignal(dialog.read_asked) as asked:
        dialog.show_file(Path("bars.csv"))
    assert asked.args == [Path("bars.csv"), Reading()]
    dialog.show_understood(FOUND)
    assert dialog.understood.text() == "✓ Comma-separated\n✓ Times are America/New_York"
    assert dialog.facts.text().startswith("AAPL · 1m bars · 390 rows · 2026-11-18 ")
    assert [row.number for row in dialog.model.rows()] == [1, 2, 3, 4, 5, 386, 387, 388, 389, 390]
    assert dialog.store.text() == "Import 390 rows"
    with qtbot.waitSignal(dialog.import_asked):
        dialog.store.click()
    assert not dialog.store.isEnabled()
    dialog.show_done("390 new rows are stored.")
    assert (dialog.problem.text(), dialog.close_button.text()) == ("390 new rows are stored.", "Close")
    assert not dialog.store.isEnabled()


def test_what_the_file_does_not_say_is_settled_by_the_person_and_it_is_read_again(qtbot: QtBot) -> None:
    dialog = shown(qtbot)
    dialog.show_file(Path("bars.csv"))
    dialog.show_problem("Line 214 says 03/04/2020; choose “Dates are” above.")
    assert dialog.problem.isVisible()
    dialog.said.dates.setCurrentText("day / month / year")
    with qtbot.waitSignal(dialog.read_asked) as asked:
        dialog.said.dates.activated.emit(2)
    assert asked.args[1] == Reading(dates="dmy")
    dialog.said.symbol.setText("aapl")
    with qtbot.waitSignal(dialog.read_asked) as asked:
        qtbot.keyClick(dialog.said.symbol, Qt.Key.Key_Return)
    assert asked.args[1] == Reading("AAPL", dates="dmy")
    with qtbot.assertNotEmitted(dialog.read_asked):
        dialog.said.settled.emit()


def test_a_timeframe_that_is_none_is_refused_in_words(qtbot: QtBot) -> None:
    dialog = shown(qtbot)
    dialog.show_file(Path("bars.csv"))
    dialog.show_understood(FOUND)
    dialog.said.frame.setCurrentText("fortnight")
    with qtbot.assertNotEmitted(dialog.read_asked):
        dialog.said.settled.emit()
    assert "no timeframe" in dialog.problem.text()
    assert not dialog.store.isEnabled()


def test_a_file_that_cannot_be_read_leaves_nothing_to_import(qtbot: QtBot) -> None:
    dialog = shown(qtbot)
    dialog.show_file(Path("bars.csv"))
    dialog.show_understood(FOUND)
    dialog.show_problem("Line 3: the high is below the low.")
    assert (dialog.model.rowCount(), dialog.store.isEnabled(), dialog.facts.isVisible()) == (0, False, False)


def test_ticks_are_shown_as_prices_without_an_open(qtbot: QtBot) -> None:
    dialog = shown(qtbot)
    dialog.show_file(Path("ticks.csv"))
    dialog.show_understood(Imported("AAPL", None, (), (Trade("AAPL", NOW, 230.5, 100, "1"),), (), ()))
    assert [dialog.model.index(0, c).data() for c in (3, 6, 7)] == ["—", "230.5000", "100"]
    assert dialog.store.text() == "Import 1 row"


def test_only_the_file_that_was_asked_for_last_is_waited_for(qtbot: QtBot) -> None:
    dialog = ImportDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    asked: list[tuple[Path, Reading]] = []
    dialog.read_asked.connect(lambda file, said: asked.append((file, said)))
    dialog.show_file(Path("large.csv"))
    dialog.show_file(Path("small.csv"))
    assert [dialog.waits_for(*one) for one in asked] == [False, True]
    dialog.reject()
    assert not dialog.waits_for(*asked[1])
