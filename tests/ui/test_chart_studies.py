"""Studies on the chart: added, changed, hidden, removed, kept as templates, and right however the bars grow."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDoubleSpinBox, QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.analytics.studies import KINDS
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.chart.extents import Extents
from qv_desktop.ui.chart.legend import study_words
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.study import Study, fresh, number, study_from
from qv_desktop.ui.panels.chart import ChartPanel
from tests.ui.chart_market import FIVE, walk


@pytest.fixture
def panel(qtbot: QtBot) -> ChartPanel:
    panel = ChartPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 640)
    panel.show()
    qtbot.waitExposed(panel)
    panel.show_history("AAPL", FIVE, walk(430)[:400], 229.0)
    return panel


def stage(panel: ChartPanel) -> Stage:
    found = panel.canvas.stage()
    assert found is not None
    return found


def line(menu: QMenu, text: str) -> QAction:
    for action in menu.actions():
        if action.text().split("\t")[0] == text:
            return action
        inner = action.menu()
        if isinstance(inner, QMenu) and (found := next((a for a in inner.actions() if a.text() == text), None)):
            return found
    raise LookupError(text)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_painted_read_out_and_grows_as_it_would_in_one_piece(panel: ChartPanel, kind: str) -> None:
    panel.studying.show([])
    bare = panel.canvas.grab().toImage()
    panel.studying.add(kind)
    assert panel.canvas.grab().toImage() != bare
    study = panel.studying.studies[0]
    for bar in walk(430)[400:]:
        panel.show_bar(replace(bar, close=bar.open))
        panel.show_bar(bar)
    panel.canvas.grab()
    grown = [values.copy() for values in study.values]
    words = study_words(stage(panel), study, 420)
    assert words[0][1] == study.title
    panel.show_history("MSFT", FIVE, [replace(bar, symbol="MSFT") for bar in walk(430)], 229.0)
    for ours, whole in zip(grown, study.values, strict=True):
        np.testing.assert_allclose(ours, whole, rtol=1e-9, atol=1e-9)
    assert words == study_words(stage(panel), study, 420)


def test_several_of_a_kind_have_other_colours(panel: ChartPanel) -> None:
    panel.studying.show([])
    for _ in range(4):
        panel.studying.add("ema")
    inks = [study.tokens[0] for study in panel.studying.studies]
    assert len(set(inks)) == 4


def test_a_setting_is_changed_and_seen_at_once(panel: ChartPanel, qtbot: QtBot) -> None:
    study = panel.studying.studies[0]
    dialog = panel.studying.edit(study)
    field = dialog.findChildren(QDoubleSpinBox)[0]
    field.setValue(21)
    assert panel.studying.studies[0].title == "EMA 21"
    assert panel.studying.studies[0].tokens == study.tokens
    field.setValue(22)
    assert [one.title for one in panel.studying.studies] == ["EMA 22", "EMA 30", "RSI 14"]
    dialog.close()


def test_a_study_that_was_removed_meanwhile_is_not_brought_back_by_its_dialog(panel: ChartPanel) -> None:
    dialog = panel.studying.edit(panel.studying.studies[0])
    panel.studying.show([])
    dialog.findChildren(QDoubleSpinBox)[0].setValue(33)
    assert panel.studying.studies == []
    dialog.close()


def test_the_picker_finds_by_typing_and_enter_adds(panel: ChartPanel, qtbot: QtBot) -> None:
    picker = panel.studying.pick()
    qtbot.keyClicks(picker.search, "bollinger")
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert [study.kind.id for study in panel.studying.studies].count("bollinger") == 2
    picker.close()


def test_no_more_than_a_screen_can_bear(panel: ChartPanel) -> None:
    for _ in range(27):
        panel.studying.add("ema")
    with pytest.raises(BadInput, match="30 indicators at most"):
        panel.studying.add("ema")


def test_hiding_and_removing_by_the_menu(panel: ChartPanel) -> None:
    line(panel.indicator_menu(), "EMA 9").trigger()
    assert [study.title for study in stage(panel).overlays] == ["EMA 30"]
    line(panel.indicator_menu(), "All").trigger()
    assert panel.studying.studies == []


def test_templates_are_saved_used_replaced_and_deleted(panel: ChartPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.templates_changed) as told:
        panel.studying.save("  Swing ")
    other = ChartPanel("chart-2")
    qtbot.addWidget(other)
    other.studying.show([])
    other.show_templates(told.args[0])
    line(other.indicator_menu(), "Swing").trigger()
    assert [study.words() for study in other.studying.studies] == [study.words() for study in panel.studying.studies]
    other.studying.forget("Swing")
    assert other.studying.templates == {}
    for name in ("", " ", "x" * 41, "a\nb"):
        with pytest.raises(BadInput, match="name of up to 40"):
            panel.studying.save(name)


def test_a_template_of_another_version_loses_only_what_cannot_be_read(panel: ChartPanel) -> None:
    good = panel.studying.studies[0].words()
    panel.show_templates(
        {"old": [good, {"kind": "unheard of"}, {"kind": "ema", "settings": {"period": -5}}, None], "bad": 7}
    )
    panel.studying.use("old")
    assert [study.title for study in panel.studying.studies] == ["EMA 9"]
    assert "bad" not in panel.studying.templates


def test_the_legend_s_words_can_be_clicked(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.canvas.grab()
    panel.canvas.entry_chosen.disconnect()  # its menu would want a screen
    entry = panel.canvas.entries[0]
    with qtbot.waitSignal(panel.canvas.entry_chosen) as chosen:
        qtbot.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=entry.box.center().toPoint())
    assert chosen.args[0] is panel.studying.studies[0]


@settings(max_examples=60)
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(math.nan)), min_size=1, max_size=3000), st.data())
def test_extents_equal_a_look_at_every_value(values: list[float], data: st.DataObject) -> None:
    array, extents = np.array(values), Extents()
    grown = data.draw(st.integers(1, len(values)))
    extents.of(array[:grown], 0, grown)
    first = data.draw(st.integers(0, len(values) - 1))
    last = data.draw(st.integers(first, len(values)))
    known = array[first:last][np.isfinite(array[first:last])]
    assert extents.of(array, first, last) == ((float(known.min()), float(known.max())) if len(known) else None)


def test_great_numbers_are_written_short() -> None:
    assert number(-1_234_567.0, 2) == "−1.23M"
    assert number(61.84, 2) == "61.84"
    assert number(None, 2) == "—"


def test_a_study_survives_being_written_down() -> None:
    for kind in KINDS:
        study = fresh(kind, [])
        again = study_from(study.words())
        assert isinstance(again, Study)
        assert again.words() == study.words()
