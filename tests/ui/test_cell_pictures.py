"""Cells that are copied look as if they were drawn, in every theme, and are drawn where copies would blur."""

from decimal import Decimal

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.ui import theme
from qv_desktop.ui.models import cell_pictures
from qv_desktop.ui.models.cell_pictures import CellPictures
from qv_desktop.ui.models.table import Table
from tests.ui.test_table import Row, model_of


@pytest.fixture
def table(qtbot: QtBot, qapp: QApplication) -> Table[Row]:
    """Six rows, one of them selected."""
    theme.apply(qapp)
    found = Table(model_of(*(Row(f"S{i}", Decimal(i) / 3) for i in range(6))), empty="nothing")
    qtbot.addWidget(found)
    found.resize(400, 200)
    found.show()
    found.select_key("S2")
    return found


def picture(table: Table[Row]) -> QImage:
    return table.viewport().grab().toImage()


def test_a_copied_cell_is_the_same_to_the_pixel(table: Table[Row]) -> None:
    drawn, kept, copied = picture(table), picture(table), picture(table)
    assert table._cells._pictures._kept
    assert kept == drawn
    assert copied == drawn


def test_another_theme_forgets_the_copies(table: Table[Row], qapp: QApplication) -> None:
    dark = [picture(table) for _ in range(3)][-1]
    theme.apply(qapp, "light")
    try:
        first, again = picture(table), [picture(table) for _ in range(2)][-1]
        assert first != dark
        assert first == again
    finally:
        theme.apply(qapp)
    assert picture(table) == dark


def test_between_whole_pixels_there_are_no_copies() -> None:
    pictures = CellPictures()
    assert [pictures.ready(ratio) for ratio in (1.0, 2.0, 1.25, 1.5)] == [True, True, False, False]


def test_copies_are_few_enough_for_the_memory_they_may_take(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_pictures, "PIXELS", 5_000)
    pictures = CellPictures()
    assert pictures.ready(1.0)
    for number in range(20):
        pictures.keep(number, 50, 22, "BG1", lambda painter: None)
        assert pictures._pixels <= 5_000
        assert pictures.find(number) is not None
    assert pictures.find(0) is None
