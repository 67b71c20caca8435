"""Somebody writes a strategy in the window, runs it once they allowed its code, and finds what they typed again the next time."""

from pathlib import Path

from PySide6.QtWidgets import QApplication

from qv_desktop.app.hands import press, shown_text
from qv_desktop.domain.events import BacktestFinished
from qv_desktop.ui.consent_dialog import ConsentDialog
from tests.simulator.process import Simulator
from tests.stories.driver import Sitting, sitting

PATIENCE = 240.0  # a first run compiles
NAME = "story_cross"
MARKET = ("--seed", "5", "--speed", "20")


def question(person: Sitting) -> ConsentDialog | None:
    """What is asked before code runs, if it is."""
    return next((each for each in person.desk.window.findChildren(ConsentDialog) if each.isVisible()), None)


async def it_is_written_and_saved(person: Sitting) -> None:
    panel = person.desk.panels.strategies
    person.desk.window.raise_panel("strategies")
    await person.sees(lambda: len(panel._all) >= 6, PATIENCE)
    press(panel, "New…")
    panel.naming.field.setText(NAME)
    panel.naming.accept()
    await person.sees(lambda: panel.head.heading.text() == f"{NAME} v1")
    panel.source.replace_all(panel.source.text().replace('"length", 20', '"length", 10'))
    await person.sees(lambda: panel.unsaved() == [NAME])
    press(panel, "Save version")
    await person.sees(lambda: panel.head.heading.text() == f"{NAME} v2")
    assert panel.unsaved() == []


async def it_runs_once_it_is_allowed(person: Sitting) -> None:
    strategies, panel = person.desk.panels.strategies, person.desk.panels.backtests
    press(strategies.head, "Backtest")
    await person.sees(lambda: panel.form.strategy.currentText() == NAME)
    press(panel, "Run backtest")
    await person.sees(lambda: question(person) is not None)
    dialog = question(person)
    assert dialog is not None
    assert "10, 2, 200" in dialog.source.text()
    dialog.back.click()
    await person.sees(lambda: "you did not allow" in shown_text(panel))
    press(panel, "Run backtest")
    await person.sees(lambda: question(person) is not None)
    dialog = question(person)
    assert dialog is not None
    dialog.allow.click()
    results: list[BacktestFinished] = []
    person.desk.services.bus.subscribe(BacktestFinished, results.append)
    await person.sees(lambda: results, PATIENCE)  # the worker starts, compiles and runs
    assert (results[0].result.spec.strategy, results[0].result.spec.version) == (NAME, 2)
    assert results[0].result.code_hash == person.desk.services.strategies.named(NAME).code_hash


async def the_window_asks_before_it_closes_over_a_draft(person: Sitting) -> None:
    panel = person.desk.panels.strategies
    panel.table.select_key(NAME)
    panel.source.replace_all("half a thought")
    await person.sees(lambda: panel.unsaved() == [NAME])
    assert not person.desk.window.close()
    assert NAME in panel.asking.question.text()
    panel.asking.accept()


def test_a_strategy_is_written_allowed_run_and_found_again_as_it_was_left(
    qapp: QApplication, simulator: Simulator, home: Path
) -> None:
    with sitting(qapp, simulator, home) as person:

        async def story() -> None:
            await person.ready()
            await it_is_written_and_saved(person)
            await it_runs_once_it_is_allowed(person)
            await the_window_asks_before_it_closes_over_a_draft(person)

        person.do(story())
    with sitting(qapp, simulator, home) as person:

        async def again() -> None:
            panel = person.desk.panels.strategies
            await person.sees(lambda: panel.unsaved() == [NAME], PATIENCE)
            panel.table.select_key(NAME)
            assert panel.source.text() == "half a thought"
            told = await person.asked(
                "SELECT action, outcome FROM audit_log WHERE object_id = :name ORDER BY sequence", name=NAME
            )
            assert told == [
                ("strategy.create", "ok"),
                ("strategy.save", "ok"),
                ("strategy.allow", "refused"),
                ("strategy.allow", "ok"),
            ]
            panel._drop()
            await person.sees(lambda: panel.unsaved() == [])

        person.do(again())
