"""The blotters under a hurried hand: Enter does no more than its button would, and what ends meanwhile is said."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.flattening import Plan
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import Check
from qv_desktop.ui.models.amend_bar import PARTLY
from qv_desktop.ui.models.table_model import TableModel, raw_value
from qv_desktop.ui.panels.orders import OrdersPanel
from qv_desktop.ui.panels.positions import PositionsPanel
from tests.ui.trading_values import order, position, with_status

D = Decimal


@pytest.fixture
def panel(qtbot: QtBot) -> OrdersPanel:
    found = OrdersPanel("0123456789abcdef")
    qtbot.addWidget(found)
    found.resize(1160, 300)
    found.show_orders([order(1, minutes=2), order(2, symbol="TSLA", minutes=1)])
    found.show()
    return found


def amends(qtbot: QtBot, panel: OrdersPanel, number: int = 1) -> list[OrderRequest]:
    asked: list[OrderRequest] = []
    panel.amend_asked.connect(lambda _, request: asked.append(request))
    panel.table.select_key(f"qv-test-{number:03d}")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    return asked


def test_enter_sends_no_amendment_whose_button_is_off(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked = amends(qtbot, panel)
    panel.quantity.setText("90000")
    panel.show_verdict(
        "qv-test-001", [Check("ORDER_QUANTITY", "Quantity", False, "90,000", "10,000", "10,000", "Too many shares.")]
    )
    qtbot.keyClick(panel.quantity, Qt.Key.Key_Return)
    assert (asked, panel.amending.isVisible()) == ([], True)
    assert panel.amending.verdict.text() == "✗ Too many shares."
    panel.quantity.setText("90")
    qtbot.keyClick(panel.quantity, Qt.Key.Key_Return)
    assert [request.quantity for request in asked] == [90]


@pytest.mark.parametrize(("status", "said"), [
    (OrderStatus.FILLED, "The AAPL order is filled meanwhile: nothing was amended."),
    (OrderStatus.CANCELED, "The AAPL order is canceled meanwhile: nothing was amended."),
    (OrderStatus.REPLACED, "The AAPL order is replaced meanwhile: nothing was amended."),
])  # fmt: skip
def test_an_order_that_ends_while_it_is_amended_is_said(
    qtbot: QtBot, panel: OrdersPanel, status: OrderStatus, said: str
) -> None:
    asked = amends(qtbot, panel)
    panel.quantity.setText("50")
    panel.upsert(with_status(order(1, minutes=2), status))
    assert not panel.amending.isVisible()
    assert (panel.asking.isVisible(), panel.asking.question.text()) == (True, said)
    assert asked == []


def test_an_order_that_has_traded_in_part_is_not_amended_and_says_so_at_once(qtbot: QtBot, panel: OrdersPanel) -> None:
    amends(qtbot, panel)
    panel.upsert(with_status(order(1, minutes=2), OrderStatus.PARTIAL, filled=40))
    assert not panel.amending.isVisible()
    assert panel.asking.question.text() == PARTLY
    panel.asking.dismiss()
    amends(qtbot, panel)
    assert not panel.amending.isVisible()
    assert (panel.asking.isVisible(), panel.asking.question.text()) == (True, PARTLY)


def test_an_arrow_moves_an_amended_price_below_a_dollar_by_its_own_step(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.upsert(order(3, symbol="PENY", limit="0.4321"))
    amends(qtbot, panel, 3)
    qtbot.keyClick(panel.limit, Qt.Key.Key_Up)
    assert panel.limit.text() == "0.4322"
    panel.limit.setText("1.00")
    qtbot.keyClick(panel.limit, Qt.Key.Key_Up)
    assert panel.limit.text() == "1.01"


def test_how_far_a_stop_trails_is_copied_and_exported_too(panel: OrdersPanel) -> None:
    found = order(7, limit=None)
    trailing = replace(found, request=replace(found.request, type=OrderType.TRAILING_STOP, trail_percent=D("1.5")))
    trail = next(column for column in panel.model.columns if column.title == "Trail")
    assert raw_value(trail)(trailing) == "1.5 %"
    assert raw_value(trail)(order(8)) is None


def test_an_empty_and_a_filtered_table_are_copied_as_they_are_seen(panel: OrdersPanel) -> None:
    panel.filter.field.setText("symbol:tsla")
    panel.filter.restore({"filter": "symbol:tsla"})
    assert [line.split("\t")[2] for line in panel.table.tsv().splitlines()[1:]] == ["TSLA"]
    panel.filter.restore({"filter": "symbol:none"})
    assert len(panel.table.tsv().splitlines()) == 1  # the titles
    panel.filter.restore({"filter": "", "section": "Symbol"})
    assert sorted(line.split("\t")[2] for line in panel.table.tsv().splitlines()[1:]) == ["AAPL", "TSLA"]


def test_a_selected_row_that_a_filter_takes_away_is_not_cancelled(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[list[str]] = []
    panel.cancel_asked.connect(asked.append)
    panel.table.select_key("qv-test-001")
    panel.filter.restore({"filter": "symbol:tsla"})
    assert panel.table.selected() == []
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert not panel.asking.isVisible()
    assert not panel.cancel.isEnabled()
    assert asked == []


def test_what_is_flat_has_no_average_and_no_cover_in_the_copy_either(qtbot: QtBot) -> None:
    positions = PositionsPanel()
    qtbot.addWidget(positions)
    positions.show_positions([Position("MSFT", D(0), D("99"), D("288.40")), position()])
    positions.show_cover({})
    row = next(row for row in positions.model.all_rows() if row.position.symbol == "MSFT")
    raws = {column.title: raw_value(column)(row) for column in positions.model.columns}
    assert (raws["Avg"], raws["Stop cover"]) == (None, None)


def reads(qtbot: QtBot, panel: OrdersPanel) -> list[str]:
    """What the panel asks to be read of the order that it tells of, without the pause that lets rows be written."""
    asked: list[str] = []
    panel.story_asked.connect(asked.append)
    panel.details._soon.setInterval(0)
    panel.table.select_key("qv-test-001")
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert asked == ["qv-test-001"]
    return asked


def test_the_story_of_an_order_that_moved_out_of_sight_is_read_once_it_is_seen_again(
    qtbot: QtBot, panel: OrdersPanel
) -> None:
    asked = reads(qtbot, panel)
    panel.hide()
    panel.upsert(with_status(order(1, minutes=2), OrderStatus.FILLED, filled=100))
    qtbot.waitUntil(lambda: panel.details._behind)
    assert len(asked) == 1
    panel.show()
    qtbot.waitUntil(lambda: len(asked) == 2)


def test_a_row_that_is_written_late_is_read_too(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked = reads(qtbot, panel)
    panel.note_row("qv-test-002")
    panel.note_row("")
    assert not panel.details._soon.isActive()
    panel.note_row("qv-test-001")
    qtbot.waitUntil(lambda: len(asked) == 2)


def test_in_a_narrow_dock_what_the_rules_say_of_an_amendment_is_read_whole(qtbot: QtBot, panel: OrdersPanel) -> None:
    amends(qtbot, panel)
    panel.show_verdict(
        "qv-test-001", [Check("A", "A", False, "2", "1", "1", "Too many shares: at most 10,000 in one.")]
    )
    assert panel.amending.verdict.isVisible()
    assert not panel.amending.below.isVisible()
    panel.resize(420, 300)
    below = panel.amending.below
    qtbot.waitUntil(below.isVisible)
    assert below.text() == "✗ Too many shares: at most 10,000 in one."
    assert not panel.amending.verdict.isVisible()
    panel.amending.dismiss()
    assert not below.isVisible()


def test_prices_are_shown_in_their_own_steps(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.upsert(order(3, symbol="PENY", limit="0.4321"))
    panel.show_prices({"PENY": 0.4333, "AAPL": 231.425})
    last = next(column for column in panel.model.columns if column.title == "Last")
    assert [last.text(order(1)), last.text(order(3, symbol="PENY"))] == ["231.425", "0.4333"]
    positions = PositionsPanel()
    qtbot.addWidget(positions)
    positions.show_positions([position("PENY", "1000", "0.4321"), position(average="229.1")])
    positions.show_prices({"PENY": 0.4333, "AAPL": 231.5})
    cells = {row.position.symbol: [c.text(row) for c in positions.model.columns if c.title in ("Avg", "Last")]
             for row in positions.model.all_rows()}  # fmt: skip
    assert cells == {"PENY": ["0.4321", "0.4333"], "AAPL": ["229.10", "231.50"]}


def test_a_sentence_that_asks_nothing_offers_nothing_to_keep(panel: OrdersPanel) -> None:
    panel.ask_cancel_symbol("NONE")
    assert (panel.asking.yes.text(), panel.asking.no.isVisible()) == ("OK", False)
    panel.ask_cancel_symbol("AAPL")
    assert panel.asking.no.isVisible()


def test_what_could_not_be_done_cannot_be_held(qtbot: QtBot) -> None:
    positions = PositionsPanel()
    qtbot.addWidget(positions)
    positions.show_positions([position()])
    plan = Plan("AAPL", D(200), 0, D("231.43"), D(466), refused="Trading is halted.")
    positions.show_plan(plan)
    assert not positions.holding.go.isEnabled()
    positions.show_plan(replace(plan, refused=""))
    assert positions.holding.go.isEnabled()
    positions.resize(1160, 300)
    positions.show_positions([position(quantity="-200")])
    positions.show()
    side = [column.title for column in positions.model.columns].index("Side")
    words = positions.table.fontMetrics().horizontalAdvance("SHORT")
    qtbot.waitUntil(lambda: positions.table.columnWidth(side) >= words + 8)


def test_choosing_every_order_of_a_long_day_asks_about_no_cell_of_them(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qt's own list of selected rows asks the model about each cell: six seconds for ten thousand orders."""
    asked, flags = list[int](), TableModel.flags

    def counted(model: "TableModel[Order]", index: QModelIndex) -> Qt.ItemFlag:
        asked.append(index.row())
        return flags(model, index)

    monkeypatch.setattr(TableModel, "flags", counted)
    panel = OrdersPanel("0123456789abcdef")
    qtbot.addWidget(panel)
    panel.resize(1160, 300)
    many = [order(number, minutes=number % 300) for number in range(1_000)]
    panel.show_orders(many)
    panel.show()
    panel.table.selectAll()
    panel.upsert([replace(found, filled=D(5)) for found in many[:50]])
    panel.table.grab()
    assert len(panel.table.selected()) == 1_000
    assert panel.cancel.text() == "Cancel 1000 selected"
    assert len(asked) < 5_000  # those in view, some times over; there are 29,000 cells


def test_what_is_chosen_under_heads_are_rows_alone(panel: OrdersPanel) -> None:
    panel.filter.restore({"filter": "", "section": "Symbol"})
    panel.table.selectAll()
    assert [found.id for found in panel.table.selected()] == ["qv-test-001", "qv-test-002"]


def test_the_button_that_cancels_all_says_how_many_they_are(panel: OrdersPanel) -> None:
    assert panel.cancel_all.text() == "Cancel all 2 · hold 1 s"
    panel.upsert(
        [
            with_status(order(1, minutes=2), OrderStatus.FILLED),
            with_status(order(2, symbol="TSLA"), OrderStatus.CANCELED),
        ]
    )
    assert panel.cancel_all.text() == "Cancel all · hold 1 s"
    panel.resize(420, 300)
    assert panel.cancel_all.width() >= panel.cancel_all.sizeHint().width()


def test_the_keyboard_goes_back_to_the_rows_once_a_question_is_answered(qtbot: QtBot, panel: OrdersPanel) -> None:
    """It went on to the quick filters, where the next Space or arrow meant something else."""
    with qtbot.waitActive(panel):
        panel.activateWindow()
    for key, answer in ((Qt.Key.Key_Delete, Qt.Key.Key_Return), (Qt.Key.Key_Delete, Qt.Key.Key_Escape),
                        (Qt.Key.Key_F2, Qt.Key.Key_Return), (Qt.Key.Key_F2, Qt.Key.Key_Escape)):  # fmt: skip
        panel.table.setFocus()
        panel.table.select_key("qv-test-001")
        qtbot.keyClick(panel.table, key)
        asking = QApplication.focusWidget()
        assert asking is not None
        assert asking is not panel.table
        qtbot.keyClick(asking, answer)
        assert QApplication.focusWidget() is panel.table
