"""A live table never moves what somebody is about to click, and moves nothing more than twice a second."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.ui.models.live_rows import FREE, POINTED, PRESSED
from qv_desktop.ui.models.sort_values import SortValues, steady
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel
from tests.ui.test_table import COLUMNS, ROWS, Painted, Row, model_of, symbols

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def table(qtbot: QtBot) -> Table[Row]:
    """Eight rows, sorted downward by a price that moves."""
    model = model_of(*(Row(f"S{i}", Decimal(i)) for i in range(8)))
    model.sort(1, Qt.SortOrder.DescendingOrder)
    found = Table(model, empty="nothing")
    qtbot.addWidget(found)
    found.resize(400, 300)
    found.show()
    return found


def overtake(model: TableModel[Row], round_: int) -> None:
    """The last row becomes the first."""
    last = model.rows()[-1]
    model.upsert([Row(last.symbol, Decimal(100 + round_))])


def middle(table: Table[Row], place: int) -> QPoint:
    return table.visualRect(table.model().index(place, 0)).center()


def point(table: Table[Row], inside: bool) -> None:
    at = QPointF(5, 5)
    event = QEnterEvent(at, at, at) if inside else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(table.viewport(), event)


def test_the_row_under_the_pointer_is_the_same_from_press_to_release(qtbot: QtBot, table: Table[Row]) -> None:
    model, at = table.rows_model, middle(table, 3)
    pressed = model.row(table.rowAt(at.y()))
    qtbot.mousePress(table.viewport(), LEFT, pos=at)
    for round_ in range(20):
        model.upsert([Row(s, Decimal(100 * (i + 1) + round_)) for i, s in enumerate(["S0", "S1", "S2", "S9"])])
        model.settle()
        qtbot.wait(1)
        assert model.row(table.rowAt(at.y())).symbol == pressed.symbol
    qtbot.mouseRelease(table.viewport(), LEFT, pos=at)
    assert [row.symbol for row in table.selected()] == [pressed.symbol]
    qtbot.waitUntil(lambda: symbols(model)[:4] == ["S9", "S2", "S1", "S0"])
    assert [row.symbol for row in table.selected()] == [pressed.symbol]


def test_a_row_that_goes_while_the_pointer_is_down_stays_until_it_is_up(qtbot: QtBot, table: Table[Row]) -> None:
    model, at = table.rows_model, middle(table, 3)
    pressed = model.row(3).symbol
    qtbot.mousePress(table.viewport(), LEFT, pos=at)
    model.remove(["S7"])
    model.replace([row for row in model.rows() if row.symbol not in ("S6", "S7")])
    assert model.row(table.rowAt(at.y())).symbol == pressed
    assert model.get("S7") is None
    qtbot.mouseRelease(table.viewport(), LEFT, pos=at)
    qtbot.waitUntil(lambda: symbols(model) == ["S5", "S4", "S3", "S2", "S1", "S0"])


def test_the_order_waits_while_somebody_points_and_says_so(qtbot: QtBot, table: Table[Row]) -> None:
    model = table.rows_model
    before = symbols(model)
    point(table, inside=True)
    assert not table.holding.hint.isVisible()
    overtake(model, 1)
    assert symbols(model) == before
    assert table.holding.hint.isVisible()
    assert model.get("S0") == Row("S0", Decimal(101))  # the figures are live all the same
    point(table, inside=False)
    qtbot.waitUntil(lambda: symbols(model)[0] == "S0")
    assert not table.holding.hint.isVisible()


def test_what_a_person_asks_for_is_done_at_once_also_while_pointing(table: Table[Row]) -> None:
    model = table.rows_model
    point(table, inside=True)
    overtake(model, 1)
    model.sort(1, Qt.SortOrder.AscendingOrder)
    assert symbols(model) == [f"S{i}" for i in range(1, 8)] + ["S0"]
    model.set_filter("price>5")
    assert symbols(model) == ["S6", "S7", "S0"]


def test_live_data_moves_rows_at_most_twice_a_second(qtbot: QtBot, table: Table[Row]) -> None:
    model = table.rows_model
    overtake(model, 1)  # the first is shown at once
    moves: list[int] = []
    model.layoutChanged.connect(lambda: moves.append(1))
    for round_ in range(2, 12):
        overtake(model, round_)
        qtbot.wait(5)
    assert symbols(model)[0] == "S0"
    assert moves == []
    qtbot.waitUntil(lambda: symbols(model)[0] == "S1", timeout=3000)
    assert len(moves) == 1


def test_a_position_that_ends_stays_in_place_under_the_pointer(table: Table[Row]) -> None:
    model = table.rows_model
    point(table, inside=True)
    model.retire(["S7"])
    assert symbols(model)[0] == "S7"
    model.hold(FREE)
    assert symbols(model)[0] == "S6"


def test_a_row_that_a_person_takes_away_goes_at_once_and_the_others_keep_their_places(table: Table[Row]) -> None:
    model = table.rows_model
    point(table, inside=True)
    overtake(model, 1)
    model.remove(["S5"])
    assert symbols(model) == ["S7", "S6", "S4", "S3", "S2", "S1", "S0"]
    assert model.get("S5") is None
    point(table, inside=False)
    model.settle()
    assert symbols(model) == ["S0", "S7", "S6", "S4", "S3", "S2", "S1"]


def test_after_a_click_nothing_moves_as_long_as_the_pointer_stays(table: Table[Row]) -> None:
    model = table.rows_model
    model.hold(PRESSED)
    model.remove(["S7"])
    overtake(model, 1)
    before = symbols(model)
    model.hold(POINTED)  # the second click of a double click may follow
    assert symbols(model) == before
    model.hold(FREE)
    model.settle()
    assert symbols(model) == ["S0", "S6", "S5", "S4", "S3", "S2", "S1"]


def test_a_row_that_comes_back_before_it_is_gone_stays(table: Table[Row]) -> None:
    model = table.rows_model
    model.hold(PRESSED)
    model.remove(["S7"])
    model.upsert([Row("S7", Decimal(7))])
    model.hold(POINTED)
    model.hold(FREE)
    assert symbols(model)[0] == "S7"


def test_heads_carry_totals_and_are_neither_selected_nor_copied(qtbot: QtBot) -> None:
    model = model_of(Row("A", Decimal(1)), Row("B", Decimal(2), "filled"), Row("C", Decimal(3)))
    table = Table(model, empty="nothing")
    qtbot.addWidget(table)
    table.resize(400, 200)
    table.show()
    model.group_by(lambda r: r.status)
    heads = [head.title if (head := model.head(i)) else model.row(i).symbol for i in range(model.rowCount())]
    assert heads == ["filled · 1", "B", "working · 2", "A", "C"]
    table.selectAll()
    assert [row.symbol for row in table.selected()] == ["B", "A", "C"]
    assert table.tsv().count("\n") == 4
    table.grab()  # paints the heads
    model.upsert([Row("B", Decimal(2)), Row("D", Decimal(1), "filled")])
    model.settle()
    assert symbols(model) == ["D", "A", "B", "C"]
    model.group_by(None)
    assert symbols(model) == ["A", "B", "C", "D"]


VERBS = ("upsert", "replace", "remove", "retire", "sort", "arrival", "filter", "group", "free", "point", "press")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(VERBS), ROWS), max_size=12))
def test_whatever_is_done_while_rows_are_held_ends_as_if_nobody_had_pointed(steps: list[tuple[str, list[Row]]]) -> None:
    model = TableModel(COLUMNS, key=lambda r: r.symbol)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    kept: dict[str, Row] = {}
    wanted = ""
    for verb, rows in steps:
        keys = [row.symbol for row in rows]
        match verb:
            case "upsert":
                model.upsert(rows)
                kept.update({row.symbol: row for row in rows})
            case "replace":
                model.replace(rows)
                kept = {row.symbol: row for row in rows}
            case "remove" | "retire":
                (model.remove if verb == "remove" else model.retire)(keys)
                kept = {k: v for k, v in kept.items() if k not in keys}
            case "sort" | "arrival":
                model.sort(1 if verb == "sort" else -1, Qt.SortOrder.DescendingOrder)
            case "filter":
                wanted = keys[0].lower() if keys else ""
                model.set_filter(f"symbol:{wanted}" if wanted else "")
            case "group":
                model.group_by((lambda r: r.symbol) if rows else None)
            case _:
                model.hold({"free": FREE, "point": POINTED, "press": PRESSED}[verb])
        assert {row.symbol: row for row in model.all_rows()} == kept
        assert all(model.get(symbol) == row for symbol, row in kept.items())
    model.hold(FREE)
    model.settle()
    assert {row.symbol: row for row in model.rows()} == {k: v for k, v in kept.items() if wanted in k.lower()}
    for place, row in enumerate(model.rows() if not model.sectioned else []):
        assert model.place(row.symbol) == place
    known = [row.price for row in model.rows() if row.price is not None]
    if model.sorting() and not model.sectioned:
        assert known == sorted(known, reverse=True)
    assert tester.model() is model


@given(st.lists(st.one_of(st.just(float("nan")), st.floats(-3, 3).map(round))))
def test_steady_order_is_numpys_stable_one(numbers: list[float]) -> None:
    import numpy as np

    values = np.array(numbers, float)
    assert steady(values).tolist() == np.argsort(values, kind="stable").tolist()


def test_a_column_of_numbers_may_turn_to_words() -> None:
    import numpy as np

    values: SortValues[object] = SortValues(lambda row: row, [2, None, 1])
    assert values.change([0], [Decimal(5)])
    assert not values.change([1], [None])
    values.add("b")
    values.add("a")
    assert values.order(np.arange(5), descending=False).tolist() == [2, 0, 4, 3, 1]
    assert COLUMNS


def test_rows_that_move_take_their_selection_along_and_no_title_is_painted(qtbot: QtBot, table: Table[Row]) -> None:
    model = table.rows_model
    table.select_key("S3")
    QApplication.processEvents()
    titles = Painted(table.horizontalHeader().viewport())
    rows = Painted(table.viewport())
    overtake(model, 0)
    model.settle()
    assert model.row(0).symbol == "S0"
    qtbot.waitUntil(lambda: not rows.region.isEmpty())
    assert [row.symbol for row in table.selected()] == ["S3"]
    assert titles.region.isEmpty()


def test_an_order_that_was_found_before_other_rows_came_is_not_used(table: Table[Row]) -> None:
    model = table.rows_model
    overtake(model, 0)  # moves at once, the first time
    overtake(model, 1)  # has to wait
    assert model.prepare()
    assert not model.prepare()  # it is known
    model.upsert([Row("S5", Decimal(500))])
    model.settle()
    assert symbols(model)[:2] == ["S5", "S1"]
    overtake(model, 2)
    assert model.prepare()
    model.upsert([Row("NEW", Decimal(900))])
    model.settle()
    assert symbols(model)[0] == "NEW"
    assert sorted(symbols(model)) == sorted({*symbols(model)})


def test_changes_together_are_told_once(table: Table[Row]) -> None:
    model, told, moves = table.rows_model, [], []
    model.dataChanged.connect(lambda *_: told.append(1))
    model.layoutChanged.connect(lambda: moves.append(1))
    with model.together():
        assert model.upsert([Row("S1", Decimal(70)), Row("S2", Decimal(80))]) == [
            Row("S1", Decimal(1)),
            Row("S2", Decimal(2)),
        ]
        assert model.upsert([Row("S1", Decimal(90)), Row("S11", Decimal(3))]) == [Row("S1", Decimal(70)), None]
        assert not told
    model.settle()
    assert (len(told), len(moves)) == (1, 1)
    assert symbols(model)[:2] == ["S1", "S2"]


@given(
    st.lists(
        st.one_of(st.integers(-(10**12), 10**12), st.floats(-1e300, 1e300), st.sampled_from([1e300, 5.0, float("nan")]))
    )
)
def test_whole_numbers_are_put_in_the_same_order_as_all_others(values: list[float]) -> None:
    numbers = np.array(values, float)
    known = np.where(np.isnan(numbers), np.inf, numbers)
    assert steady(numbers).tolist() == np.argsort(known, kind="stable").tolist()
