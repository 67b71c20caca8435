"""The one table: live rows, value sorting, filtering, copying."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPaintEvent, QRegion
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import CHIP, Column, TableModel


@dataclass(frozen=True)
class Row:
    """A row of these tests."""

    symbol: str
    price: Decimal | None
    status: str = "working"


COLUMNS = [
    Column[Row]("Symbol", lambda r: r.symbol, bold=True),
    Column[Row]("Price", lambda r: fmt.price(r.price), key=lambda r: r.price, right=True, color=lambda r: "UP"),
    Column[Row]("Status", lambda r: r.status.title(), chip=lambda r: r.status),
]


def model_of(*rows: Row) -> TableModel[Row]:
    model = TableModel(COLUMNS, key=lambda r: r.symbol)
    model.upsert(rows)
    return model


def symbols(model: TableModel[Row]) -> list[str]:
    return [row.symbol for row in model.rows()]


def test_rows_sort_by_value_with_unknown_last_both_ways() -> None:
    model = model_of(Row("A", Decimal(9)), Row("B", None), Row("C", Decimal(10)))
    model.sort(1, Qt.SortOrder.AscendingOrder)
    assert symbols(model) == ["A", "C", "B"]
    model.sort(1, Qt.SortOrder.DescendingOrder)
    assert symbols(model) == ["C", "A", "B"]
    model.sort(-1)
    assert symbols(model) == ["A", "B", "C"]


def test_many_changes_of_one_frame_are_one_signal(qtbot: QtBot) -> None:
    model = model_of(*(Row(f"S{i}", Decimal(i)) for i in range(50)))
    seen: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: seen.append((first.row(), last.row())))
    model.upsert([Row("S3", Decimal(1)), Row("S40", Decimal(2))])
    assert seen == [(3, 40)]


def test_a_row_moves_to_its_place_when_its_sort_value_changes() -> None:
    model = model_of(Row("A", Decimal(1)), Row("B", Decimal(2)), Row("C", Decimal(3)))
    model.sort(1)
    model.upsert([Row("A", Decimal(9))])
    assert symbols(model) == ["B", "C", "A"]


def test_the_selection_follows_its_row_when_others_overtake_it(qtbot: QtBot) -> None:
    model = model_of(Row("A", Decimal(1)), Row("B", Decimal(2)), Row("C", Decimal(3)))
    model.sort(1)
    table = Table(model, empty="nothing")
    qtbot.addWidget(table)
    table.select_key("A")
    model.upsert([Row("A", Decimal(9)), Row("D", Decimal(0))])
    assert [row.symbol for row in table.selected()] == ["A"]


def test_a_filter_keeps_rows_that_hold_every_word_even_as_rows_arrive() -> None:
    model = model_of(Row("AAPL", Decimal(1)), Row("MSFT", Decimal(2), "filled"))
    model.set_filter("fill ms")
    assert symbols(model) == ["MSFT"]
    model.upsert([Row("MSFU", Decimal(2), "filled"), Row("AAPL", Decimal(2))])
    assert symbols(model) == ["MSFT", "MSFU"]
    model.set_filter("")
    assert symbols(model) == ["AAPL", "MSFT", "MSFU"]


ROWS = st.lists(
    st.builds(Row, st.sampled_from("ABCDEFGH"), st.one_of(st.none(), st.decimals(0, 9, places=0))), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["upsert", "replace", "remove", "sort", "filter"]), ROWS), max_size=8))
def test_whatever_is_done_the_model_keeps_qts_rules_and_its_order(steps: list[tuple[str, list[Row]]]) -> None:
    model = TableModel(COLUMNS, key=lambda r: r.symbol)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    kept: dict[str, Row] = {}
    for verb, rows in steps:
        if verb == "upsert":
            model.upsert(rows)
            kept.update({row.symbol: row for row in rows})
        elif verb == "replace":
            model.replace(rows)
            kept = {row.symbol: row for row in rows}
        elif verb == "remove":
            model.remove([row.symbol for row in rows])
            kept = {k: v for k, v in kept.items() if k not in {row.symbol for row in rows}}
        elif verb == "sort":
            model.sort(1, Qt.SortOrder.DescendingOrder)
        else:
            model.set_filter(rows[0].symbol if rows else "")
            model.set_filter("")
        assert {row.symbol: row for row in model.rows()} == kept
    model.settle()
    known = [row.price for row in model.rows() if row.price is not None]
    if model.sorting():
        assert known == sorted(known, reverse=True)
    assert tester.model() is model


def test_cells_say_how_they_look() -> None:
    model = model_of(Row("AAPL", Decimal("231.4"), "unresolved"))
    assert model.index(0, 1).data() == "231.40"
    assert model.index(0, 1).data(Qt.ItemDataRole.ForegroundRole) == QColor(theme.UP)
    assert model.index(0, 1).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight.value
    assert model.index(0, 2).data(CHIP) == "unresolved"
    assert model.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole) == "Price 231.40"


def test_copy_puts_raw_values_on_the_clipboard(qtbot: QtBot) -> None:
    table = Table(model_of(Row("AAPL", Decimal("1231.40")), Row("MSFT", None)), empty="nothing")
    qtbot.addWidget(table)
    table.selectAll()
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Symbol\tPrice\tStatus\nAAPL\t1231.40\tWorking\nMSFT\t\tWorking\n"


def test_a_copied_text_is_no_formula_and_a_number_below_zero_stays_one(qtbot: QtBot) -> None:
    table = Table(model_of(Row('=HYPERLINK("http://x")', Decimal(-3))), empty="nothing")
    qtbot.addWidget(table)
    assert table.tsv().splitlines()[1] == '"\'=HYPERLINK(""http://x"")"\t-3\tWorking'


def test_keys_and_clicks_say_what_the_person_did(qtbot: QtBot) -> None:
    table = Table(model_of(Row("AAPL", Decimal(1)), Row("MSFT", Decimal(2))), empty="nothing")
    qtbot.addWidget(table)
    table.resize(400, 200)
    table.show()
    with qtbot.waitSignal(table.row_chosen) as chosen:
        qtbot.mouseClick(
            table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.model().index(1, 0)).center()
        )
    assert chosen.args == [Row("MSFT", Decimal(2))]
    with qtbot.waitSignal(table.row_opened) as opened:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert opened.args == [Row("MSFT", Decimal(2))]
    table.selectAll()
    with qtbot.waitSignal(table.delete_asked) as asked:
        qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert [row.symbol for row in asked.args[0]] == ["AAPL", "MSFT"]


def test_a_header_click_sorts_down_then_up_then_not_and_shows_it(qtbot: QtBot) -> None:
    model = model_of(Row("A", Decimal(1)), Row("B", Decimal(2)))
    table = Table(model, empty="nothing")
    qtbot.addWidget(table)
    table.resize(400, 200)
    table.show()
    at = table.horizontalHeader().viewport().rect().center()
    at.setX(table.columnViewportPosition(1) + 10)
    titles = []
    for _ in range(3):
        qtbot.mouseClick(table.horizontalHeader().viewport(), Qt.MouseButton.LeftButton, pos=at)
        titles.append((model.headerData(1, Qt.Orientation.Horizontal), symbols(model)))
    assert titles == [("Price ▾", ["B", "A"]), ("Price ▴", ["A", "B"]), ("Price", ["A", "B"])]


def test_the_column_chooser_hides_and_shows(qtbot: QtBot) -> None:
    table = Table(model_of(Row("A", Decimal(1))), empty="nothing")
    qtbot.addWidget(table)
    entry = table.column_menu().actions()[1]
    assert entry.text() == "Price"
    assert entry.isChecked()
    entry.trigger()
    assert table.isColumnHidden(1)
    assert table.tsv() == "Symbol\tStatus\nA\tWorking\n"


class Painted(QObject):
    """What a viewport was asked to paint."""

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self.region = QRegion()
        viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


def a_shown_table(qtbot: QtBot, count: int) -> tuple[TableModel[Row], Table[Row], Painted]:
    """A table of so many rows on the screen, and what is painted of it from now on."""
    model = model_of(*(Row(f"S{i}", Decimal(i)) for i in range(count)))
    table = Table(model, empty="nothing")
    qtbot.addWidget(table)
    table.resize(400, 340)
    with qtbot.waitExposed(table):
        table.show()
    qtbot.wait(20)
    return model, table, Painted(table.viewport())


def test_only_the_rows_that_changed_are_painted_again(qtbot: QtBot) -> None:
    model, table, painted = a_shown_table(qtbot, 12)
    model.upsert([Row("S2", Decimal(99)), Row("S9", None)])
    qtbot.waitUntil(lambda: not painted.region.isEmpty())
    rects = {row: table.visualRect(model.index(row, 1)) for row in range(12)}
    assert {row for row, rect in rects.items() if painted.region.intersects(rect)} == {2, 9}


def test_only_the_cells_that_look_other_than_before_are_painted_again(qtbot: QtBot) -> None:
    model, table, painted = a_shown_table(qtbot, 40)
    model.upsert([Row(f"S{i}", Decimal(i + (i in (3, 30)))) for i in range(40)])
    qtbot.waitUntil(lambda: not painted.region.isEmpty())
    cells = {
        (r, c) for r in range(40) for c in range(3) if painted.region.intersects(table.visualRect(model.index(r, c)))
    }
    assert cells == {(3, 1)}  # row 30 is not on the screen
    table.scrollToBottom()
    assert model.index(30, 1).data() == "31.00"


def test_time_alone_repaints_the_texts_that_it_changed(qtbot: QtBot) -> None:
    now = [0]
    columns = [COLUMNS[0], Column[Row]("Age", lambda r: f"{now[0] if r.symbol == 'A' else 0}s", aging=True)]
    model = TableModel(columns, key=lambda r: r.symbol)
    model.upsert([Row("A", None), Row("B", None)])
    table = Table(model, empty="nothing")
    qtbot.addWidget(table)
    table.resize(400, 100)
    with qtbot.waitExposed(table):
        table.show()
    qtbot.wait(20)
    painted = Painted(table.viewport())
    now[0] = 1
    model.refresh(1)
    qtbot.waitUntil(lambda: not painted.region.isEmpty())
    cells = {
        (r, c) for r in range(2) for c in range(2) if painted.region.intersects(table.visualRect(model.index(r, c)))
    }
    assert cells == {(0, 1)}


def test_every_table_is_exported_by_its_header_in_a_form_that_is_chosen(qtbot: QtBot) -> None:
    table = Table(model_of(Row("A", Decimal(1))), empty="nothing")
    qtbot.addWidget(table)
    entries = {entry.text(): entry for entry in table.column_menu().actions()}
    for name, form in (("Export as CSV", "csv"), ("Export as Parquet", "parquet")):
        with qtbot.waitSignal(table.export_asked) as asked:
            entries[name].trigger()
        assert asked.args == [form]
    table.forbid_export("Your role may not.")
    assert not table.column_menu().actions()[-1].isEnabled()


def test_an_empty_table_says_what_fills_it(qtbot: QtBot) -> None:
    model = model_of()
    table = Table(model, empty="No orders yet. Press F2 to write one.")
    qtbot.addWidget(table)
    table.resize(400, 200)
    empty = table.grab().toImage()
    model.upsert([Row("A", Decimal(1))])
    table.set_empty("")
    model.replace([])
    assert table.grab().toImage() != empty


def test_columns_give_way_before_the_table_scrolls_and_take_what_is_left(qtbot: QtBot) -> None:
    table = Table(model_of(Row("A", Decimal(1))), empty="nothing")
    qtbot.addWidget(table)
    table.show()
    for width in (215, 400):
        table.resize(width, 100)
        assert table.horizontalHeader().length() <= table.viewport().width()
    assert table.columnWidth(2) > 200


def test_a_figure_is_never_cut_unless_a_person_made_its_column_narrow(qtbot: QtBot) -> None:
    model = model_of(Row("A", Decimal(1)))
    table = Table(model, empty="nothing")
    qtbot.addWidget(table)
    table.resize(240, 100)
    table.show()
    model.upsert([Row("A", Decimal("123456789012.25"))])
    qtbot.waitUntil(lambda: table.columnWidth(1) > 100)
    table.horizontalHeader().resizeSection(1, 60)
    table.grab()
    qtbot.wait(20)
    assert table.columnWidth(1) == 60
