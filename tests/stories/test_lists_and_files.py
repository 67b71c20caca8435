"""Lists, scans and files as a trader uses them at the window: what was renamed or deleted is followed or said, an import is seen."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.scans import Scan
from qv_desktop.ui.import_dialog import ImportDialog
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

MARKET = ("--seed", "3", "--speed", "5")


@pytest.fixture(scope="module")
def person(qapp: QApplication, simulator: Simulator) -> Iterator[Sitting]:
    """Somebody at the window, with an embedded database of their own."""
    with program.a_home() as home, sitting(qapp, simulator, home) as signed_in:
        yield signed_in


def test_a_saved_scan_follows_its_list_and_says_when_it_is_gone(person: Sitting) -> None:
    panels = person.desk.panels

    async def scenario() -> None:
        await person.ready()
        panels.watchlist.list_create_asked.emit("Tech")
        await person.sees(lambda: panels.watchlist.lists.shown == "Tech")
        panels.watchlist.symbols_dropped.emit("AAPL, MSFT")
        await person.sees(lambda: panels.scanner.universe.findData("Tech") >= 0)
        panels.scanner.save_asked.emit(Scan("Mine", "price > 1", "Tech", alert=True))
        await person.sees(lambda: panels.scanner.status.text().startswith("2 of 2 symbols"))
        panels.watchlist.list_rename_asked.emit("Tech", "Big tech")
        await person.sees(lambda: panels.scanner.universe.currentText() == "Big tech")
        await person.sees(lambda: panels.scanner.status.text().startswith("2 of 2 symbols"))
        assert "is gone" not in person.notices()
        panels.watchlist.list_delete_asked.emit("Big tech")
        await person.sees(lambda: "There is no watchlist “Big tech”" in panels.scanner.wrong.text())
        assert (panels.scanner.model.rowCount(), panels.scanner.universe.currentText()) == (0, "Big tech (gone)")
        await person.sees(lambda: "Its watchlist “Big tech” is gone" in person.notices())

    person.do(scenario())


def test_an_import_by_keyboard_is_seen_on_the_chart_that_is_open(person: Sitting, tmp_path: Path) -> None:
    panels, window = person.desk.panels, person.desk.window
    file = a_split(tmp_path / "KO.csv", person.desk.services.clock.market().astimezone(NEW_YORK).date())

    def first_close() -> float:
        series = panels.chart.canvas.series
        daily = series is not None and (series.symbol, str(series.frame)) == ("KO", "1D")
        return float(series.closed.bars.close[0]) if series is not None and daily else 0.0

    async def scenario() -> None:
        await person.ready()
        window.symbol_chosen.emit("KO")
        panels.chart.timeframe_chosen.emit("1D")
        await person.sees(first_close)
        before = first_close()
        window.command.emit("market.import")
        dialog = window.findChildren(ImportDialog)[-1]
        QTest.keyClicks(dialog.file, str(file))
        QTest.keyClick(dialog.file, Qt.Key.Key_Return)
        await person.sees(dialog.store.isEnabled)
        QTest.keyClick(dialog.store, Qt.Key.Key_Space)
        await person.sees(lambda: "1 splits and dividends" in dialog.problem.text())
        await person.sees(lambda: first_close() == pytest.approx(before / 2, rel=0.01))
        QTest.keyClick(dialog.close_button, Qt.Key.Key_Space)

    person.do(scenario())


def a_split(file: Path, today: date) -> Path:
    """Daily bars of three days in a row, the last with a split 2:1."""
    monday = today - timedelta(days=today.weekday() + 21)
    rows = [f"{monday + timedelta(days=n)},{price},{price + 1},{price - 1},{price},1000,{split}" for n, (price, split) in
            enumerate([(80, 1), (80, 1), (40, 2)])]  # fmt: skip
    file.write_text("\n".join(["date,open,high,low,close,volume,split", *rows, ""]))
    return file


def test_every_panel_is_exported_by_its_keys_in_both_forms(person: Sitting) -> None:
    window, folder = person.desk.window, person.desk.services.exports.folder
    names = ("watchlist", "quotes", "scanner", "tape", "data", "alerts", "log")

    async def scenario() -> None:
        await person.ready()
        window.activateWindow()
        for name in names:
            window.raise_panel(name)
            getattr(person.desk.panels, name).table.setFocus()
            await person.sees(lambda name=name: window.focused_panel() == name, 10)
            for command, form in (("export", "csv"), ("export.parquet", "parquet")):
                window.command.emit(command)
                await person.sees(lambda name=name, form=form: list(folder.glob(f"{name}*.{form}")))

    person.do(scenario())
    for file in folder.glob("*.parquet"):
        assert len(pd.read_parquet(file).columns) >= 4, file
