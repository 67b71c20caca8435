"""The order blotter: what each state looks like, and that nothing is cancelled or amended without being asked for."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.audit import BROKER, GENESIS, Actor, Draft, Entry, sealed
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.domain.risk import Check
from qv_desktop.ui import theme
from qv_desktop.ui.models.order_words import kind_text, life_text
from qv_desktop.ui.models.table_model import CHIP
from qv_desktop.ui.panels.orders import OrdersPanel, chip
from tests.ui.trading_values import NOON, fill, order, with_status

D = Decimal


@pytest.fixture
def panel(qtbot: QtBot) -> OrdersPanel:
    """A blotter of three open orders and two closed ones."""
    blotter = OrdersPanel("0123456789")
    qtbot.addWidget(blotter)
    blotter.resize(1160, 280)
    blotter.show_orders(
        [
            order(1, OrderStatus.FILLED, "MSFT", Side.SELL, 120, None, filled=120),
            order(2, minutes=3),
            order(3, OrderStatus.PARTIAL, "NVDA", Side.BUY, 400, "141.18", filled=250, minutes=1),
            order(4, OrderStatus.REFUSED, "AMD", Side.BUY, 2000, None, reason="single-name 14.2% over 10%", minutes=5),
            order(5, OrderStatus.UNRESOLVED, "TSLA", Side.SELL, 50, None, minutes=9),
        ]
    )
    blotter.show()
    return blotter


def cell(panel: OrdersPanel, number: int, title: str, role: int = Qt.ItemDataRole.DisplayRole) -> object:
    column = [c.title for c in panel.model.columns].index(title)
    place = panel.model.place(f"qv-test-{number:03d}")
    assert place is not None
    return panel.model.index(place, column).data(role)


def ids(panel: OrdersPanel) -> list[str]:
    return [row.id[-1] for row in panel.model.rows()]


def test_every_status_has_a_word_and_a_chip_that_the_theme_knows() -> None:
    words = [chip(status) for status in OrderStatus]
    assert all(text and key in theme.CHIPS for text, key in words)
    assert len({text for text, _ in words}) == len(OrderStatus)


def test_refused_is_ours_and_rejected_is_the_brokers(panel: OrdersPanel) -> None:
    panel.upsert(order(6, OrderStatus.REJECTED, "XOM", reason="insufficient buying power"))
    assert (cell(panel, 4, "Status"), cell(panel, 4, "Reason")) == ("Refused", "risk: single-name 14.2% over 10%")
    assert (cell(panel, 6, "Status"), cell(panel, 6, "Reason")) == ("Rejected", "broker: insufficient buying power")
    assert cell(panel, 4, "Status", Qt.ItemDataRole.ToolTipRole) != cell(
        panel, 6, "Status", Qt.ItemDataRole.ToolTipRole
    )


def test_what_we_do_not_know_is_marked_as_such(panel: OrdersPanel) -> None:
    assert cell(panel, 5, "Status", CHIP) == "unresolved"
    assert "unresolved" in theme.HATCHED
    assert panel.count.text() == "3 open · 2 closed · 1 unresolved"


def test_open_orders_stand_first_until_that_is_switched_off(qtbot: QtBot, panel: OrdersPanel) -> None:
    assert ids(panel) == ["3", "2", "5", "1", "4"]
    qtbot.mouseClick(panel.open_first, Qt.MouseButton.LeftButton)
    assert ids(panel) == ["1", "3", "2", "4", "5"]


def test_a_row_says_what_traded_and_what_remains(panel: OrdersPanel) -> None:
    shown = [
        cell(panel, 3, title)
        for title in ("Time ET", "Side", "Qty", "Filled", "Remaining", "Type", "Limit", "Stop", "TIF", "Avg fill")
    ]
    assert shown == ["10:40:55", "BUY", "400", "250", "150", "Limit", "141.18", "—", "Day", "141.18"]


def test_the_distance_to_fill_follows_the_price(panel: OrdersPanel) -> None:
    assert cell(panel, 2, "To fill, bps") == "—"
    panel.show_prices({"AAPL": 231.43, "KO": 62.0})
    assert cell(panel, 2, "To fill, bps") == "22.9"
    panel.show_prices({"AAPL": 230.90})
    assert cell(panel, 2, "To fill, bps") == "0.0"


def test_an_order_of_an_earlier_day_shows_its_date(panel: OrdersPanel) -> None:
    panel.upsert(order(7, minutes=24 * 60))
    assert cell(panel, 7, "Time ET") == "11-19"


def test_delete_asks_with_the_count_and_cancels_only_what_is_open(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[list[str]] = []
    panel.cancel_asked.connect(asked.append)
    panel.table.selectAll()
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert asked == []
    assert (panel.asking.question.text(), panel.asking.yes.text()) == ("Cancel 3 open orders?", "Cancel 3 orders")
    qtbot.mouseClick(panel.asking.yes, Qt.MouseButton.LeftButton)
    assert [sorted(found) for found in asked] == [["qv-test-002", "qv-test-003", "qv-test-005"]]
    assert not panel.asking.isVisible()


def test_keeping_the_orders_cancels_nothing(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[list[str]] = []
    panel.cancel_asked.connect(asked.append)
    panel.table.selectRow(0)
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert panel.asking.question.text() == "Cancel the NVDA order?"
    qtbot.keyClick(panel.asking, Qt.Key.Key_Escape)
    assert (asked, panel.asking.isVisible()) == ([], False)


def test_closed_orders_cannot_be_cancelled(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.table.select_key("qv-test-001")
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert not panel.asking.isVisible()
    assert not panel.cancel.isEnabled()


def test_cancel_all_fires_only_when_held_and_only_with_something_open(qtbot: QtBot, panel: OrdersPanel) -> None:
    held: list[bool] = []
    panel.cancel_all_asked.connect(lambda: held.append(True))
    qtbot.mouseClick(panel.cancel_all, Qt.MouseButton.LeftButton)
    assert held == []
    with qtbot.waitSignal(panel.cancel_all_asked, timeout=10_000):
        qtbot.mousePress(panel.cancel_all, Qt.MouseButton.LeftButton)
    panel.show_orders([order(1, OrderStatus.FILLED)])
    assert not panel.cancel_all.isEnabled()


def test_f2_amends_quantity_and_limit_under_an_id_of_its_own(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[tuple[str, OrderRequest]] = []
    panel.amend_asked.connect(lambda id_, request: asked.append((id_, request)))
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    assert (panel.quantity.text(), panel.limit.text()) == ("100", "230.90")
    panel.quantity.setText("150")
    panel.limit.setText("231.00")
    qtbot.keyClick(panel.limit, Qt.Key.Key_Return)
    ((id_, request),) = asked
    assert id_ == "qv-test-002"
    assert (request.quantity, request.limit, request.symbol) == (D(150), D("231.00"), "AAPL")
    assert request.client_order_id.startswith("qv-01234567-")


def test_an_amendment_that_changes_nothing_asks_nothing(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[str] = []
    panel.amend_asked.connect(lambda id_, _: asked.append(id_))
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    qtbot.mouseClick(panel.amending.yes, Qt.MouseButton.LeftButton)
    assert asked == []


def test_an_unreadable_amendment_stays_open_with_its_sentence(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[str] = []
    panel.amend_asked.connect(lambda id_, _: asked.append(id_))
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    panel.quantity.setText("0")
    qtbot.mouseClick(panel.amending.yes, Qt.MouseButton.LeftButton)
    assert (asked, panel.amending.isVisible()) == ([], True)
    assert panel.amending.verdict.text() == "Type a number above zero."


def test_enter_opens_the_details_with_what_happened(qtbot: QtBot, panel: OrdersPanel) -> None:
    found = order(2, minutes=3)
    panel.table.select_key(found.id)
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    panel.upsert(with_status(found, OrderStatus.PARTIAL, filled=40))
    panel.upsert(with_status(found, OrderStatus.FILLED, filled=100, seconds=2))
    assert panel.details.isVisible()
    assert panel.heading.text() == "BUY 100 AAPL · Filled"
    assert [text.rsplit(" ", 1)[0] for text in panel.timeline.texts()] == [
        "Intent recorded", "Sent to the broker", "Acknowledged", "Working", "Partly filled 40, 40 of 100", "Filled 60, 100 of 100",
    ]  # fmt: skip
    qtbot.keyClick(panel.table, Qt.Key.Key_Escape)
    assert not panel.details.isVisible()


def test_auctions_and_extended_hours_are_named_as_traders_do() -> None:
    close = OrderRequest("", "KO", Side.BUY, D(1), OrderType.LIMIT, D(62), time_in_force=TimeInForce.CLS)
    assert (kind_text(close), life_text(close)) == ("LOC", "CLS")
    late = OrderRequest("", "KO", Side.BUY, D(1), OrderType.LIMIT, D(62), extended_hours=True)
    assert (kind_text(late), life_text(late)) == ("Limit", "Day+")


def scopes(panel: OrdersPanel) -> list[tuple[str, str, str]]:
    asked: list[tuple[str, str, str]] = []
    panel.cancel_scope_asked.connect(lambda *scope: asked.append(scope))
    return asked


def test_a_symbol_s_orders_are_counted_before_they_are_cancelled(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.upsert([order(7, minutes=2), order(8, OrderStatus.FILLED)])
    asked = scopes(panel)
    panel.table.select_key("qv-test-002")
    panel.ask_cancel_symbol()
    assert panel.asking.question.text() == "Cancel 2 open orders in AAPL?"
    assert asked == []
    qtbot.mouseClick(panel.asking.yes, Qt.MouseButton.LeftButton)
    assert asked == [("AAPL", "", "")]


def test_mine_are_those_that_the_signed_in_person_entered(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked = scopes(panel)
    panel.show_user("demo")
    panel.upsert(replace(order(7), user="ada"))
    panel.ask_cancel_mine()
    assert panel.asking.question.text() == "Cancel 3 open orders entered by demo?"
    panel.asking.accept()
    panel.show_user("nobody")
    panel.ask_cancel_mine()
    assert panel.asking.question.text() == "No open orders entered by nobody: there is nothing to cancel."
    panel.asking.accept()
    assert asked == [("", "", "demo")]


def test_the_cancel_menu_counts_each_scope_and_leaves_all_to_the_hold(panel: OrdersPanel) -> None:
    panel.show_user("demo")
    panel.table.select_key("qv-test-003")
    menu = QMenu(panel)
    panel._offer_scopes(menu)
    assert [(e.text(), e.isEnabled()) for e in menu.actions()] == [
        ("This symbol · NVDA (1)", True), ("This source · Ticket (3)", True), ("Mine · demo (3)", True),
        ("All (3) · hold the red button", True),
    ]  # fmt: skip


def test_quick_filters_and_words_leave_the_rows_that_pass_and_say_how_many(qtbot: QtBot, panel: OrdersPanel) -> None:
    qtbot.mouseClick(panel.filter.kinds.segment("Rejected"), Qt.MouseButton.LeftButton)
    assert ids(panel) == ["4"]
    assert panel.count.text() == "1 of 5 orders · 3 open"
    qtbot.mouseClick(panel.filter.kinds.segment("All"), Qt.MouseButton.LeftButton)
    qtbot.keyClick(panel.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(panel.filter.field.hasFocus)
    qtbot.keyClicks(panel.filter.field, "qty>=120 side:buy")
    qtbot.waitUntil(lambda: ids(panel) == ["3", "4"])
    qtbot.keyClick(panel.filter.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(ids(panel)) == 5)
    qtbot.keyClick(panel.filter.field, Qt.Key.Key_Escape)
    assert panel.table.hasFocus()


def test_sections_put_orders_under_their_symbols_with_sums(panel: OrdersPanel) -> None:
    panel.upsert(order(7, minutes=2))
    panel.filter._group("Symbol")
    heads = [panel.model.head(i) for i in range(panel.model.rowCount())]
    assert [head.title for head in heads if head] == ["AAPL · 2", "AMD · 1", "MSFT · 1", "NVDA · 1", "TSLA · 1"]
    column = [c.title for c in panel.model.columns].index("Qty")
    assert heads[0] is not None
    assert heads[0].totals[column] == "200"
    panel.table.selectAll()
    assert len(panel.table.selected()) == 6


def stop(number: int, **more: object) -> Order:
    found = order(number)
    return replace(found, request=replace(found.request, type=OrderType.STOP_LIMIT, stop=D("229.00"), **more))  # type: ignore[arg-type]


def test_stop_and_time_in_force_are_amended_too(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[OrderRequest] = []
    panel.amend_asked.connect(lambda _, request: asked.append(request))
    panel.upsert(stop(7))
    panel.table.select_key("qv-test-007")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    fields = panel.amending.fields
    assert [name for name, field in fields.items() if field.isVisible()] == ["quantity", "limit", "stop"]
    fields["stop"].setText("228.50")
    panel.amending.life.setCurrentText("GTC")
    qtbot.mouseClick(panel.amending.yes, Qt.MouseButton.LeftButton)
    assert [(r.stop, r.time_in_force, r.limit) for r in asked] == [(D("228.50"), TimeInForce.GTC, D("230.90"))]


def test_a_trail_stays_percent(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[OrderRequest] = []
    panel.amend_asked.connect(lambda _, request: asked.append(request))
    found = order(7, limit=None)
    panel.upsert(replace(found, request=replace(found.request, type=OrderType.TRAILING_STOP, trail_percent=D("1.5"))))
    assert cell(panel, 7, "Stop") == "1.5 %"
    panel.table.select_key("qv-test-007")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    panel.amending.fields["trail"].setText("2")
    panel.amending.accept()
    assert [(r.trail_percent, r.trail_price) for r in asked] == [(D(2), None)]


def test_a_double_click_on_a_limit_amends_it_in_place(qtbot: QtBot, panel: OrdersPanel) -> None:
    place, column = panel.model.place("qv-test-002"), [c.title for c in panel.model.columns].index("Limit")
    assert place is not None
    at = panel.table.visualRect(panel.model.index(place, column)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert panel.amending.isVisible()
    qtbot.waitUntil(panel.limit.hasFocus)
    assert not panel.details.isVisible()


def test_what_the_rules_refuse_is_said_before_it_is_sent(qtbot: QtBot, panel: OrdersPanel) -> None:
    drafted: list[tuple[str, OrderRequest | None]] = []
    panel.amend_drafted.connect(lambda key, request: drafted.append((key, request)))
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    panel.quantity.setText("90000")
    key, request = drafted[-1]
    assert request is not None
    assert (key, request.quantity) == ("qv-test-002", D(90000))
    panel.show_verdict(
        key, [Check("ORDER_QUANTITY", "Quantity", False, "90,000", "10,000", "10,000", "Too many shares.")]
    )
    assert panel.amending.verdict.text() == "✗ Too many shares."
    assert not panel.amending.yes.isEnabled()
    panel.quantity.setText("50")
    panel.show_verdict(key, [Check("ORDER_QUANTITY", "Quantity", True, "50", "10,000")])
    assert panel.amending.yes.isEnabled()
    panel.upsert(with_status(order(2, minutes=3), OrderStatus.FILLED, filled=100))
    assert not panel.amending.isVisible()  # nothing is left to amend


CHECK = {"title": "Quantity", "passed": True, "value": "100", "limit": "10,000"}


def story() -> list[Entry]:
    click, fill = NOON - timedelta(minutes=3), NOON - timedelta(minutes=2)
    ada = Actor("demo", "human", "Trader")
    rows = [
        (click + timedelta(milliseconds=2), Draft(ada, "order.submit", "order", "qv-test-002", after=json.dumps({"checks": [CHECK]}))),
        (fill, Draft(BROKER, "fill.book", "order", "qv-test-002", after=json.dumps({"quantity": "40", "price": "230.90", "filled": "40"}))),
    ]  # fmt: skip
    return [sealed("main", number, at, draft, "0", GENESIS) for number, (at, draft) in enumerate(rows, 7)]


def test_an_order_s_story_tells_the_rules_numbers_latencies_and_audit_rows(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[str] = []
    panel.story_asked.connect(asked.append)
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert asked == ["qv-test-002"]
    rows = story()
    panel.show_story("qv-test-002", rows)
    assert panel.timeline.texts() == [
        "Click → journal 2 ms", "Click → sent 3 ms", "Sent → ack 41 ms", "Ack → first fill 59,956 ms",
        "Intent recorded by demo 10:38:55.120", "✓ Quantity 100 / 10,000", f"audit row #7 {rows[0].hash[:12]}",
        "Sent to the broker 10:38:55.121", "Filled 40 at 230.90 · 40 in all 10:39:55.118", f"audit row #8 {rows[1].hash[:12]}",
    ]  # fmt: skip
    panel.details.copy.click()
    assert rows[0].hash in QGuiApplication.clipboard().text()
    panel.show_story("qv-test-002", rows, "Hashes are for auditors.")
    assert "audit row #7 —" in panel.timeline.texts()


def test_a_story_of_another_order_is_not_shown(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.table.select_key("qv-test-003")
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    before = panel.timeline.texts()
    panel.show_story("qv-test-002", story())
    assert panel.timeline.texts() == before


def test_columns_sorting_and_filter_come_back(qtbot: QtBot, panel: OrdersPanel) -> None:
    titles = [c.title for c in panel.model.columns]
    panel.table.setColumnHidden(titles.index("TIF"), True)
    panel.table.setColumnHidden(titles.index("Note"), False)
    panel.table.horizontalHeader().moveSection(3, 6)
    panel.table.horizontalHeader().resizeSection(titles.index("Symbol"), 93)
    panel.model.sort(titles.index("Qty"), Qt.SortOrder.AscendingOrder)
    panel.filter.field.setText("qty>60")
    kept = json.loads(json.dumps(panel.saved()))
    fresh = OrdersPanel("0123456789")
    qtbot.addWidget(fresh)
    fresh.show_orders(panel.model.all_rows())
    fresh.restore(kept)
    assert fresh.saved() == kept
    assert fresh.table.isColumnHidden(titles.index("TIF"))
    assert fresh.table.columnWidth(titles.index("Symbol")) == 93
    assert ids(fresh) == ["2", "1", "3", "4"]
    fresh.restore({"columns": [{"title": "Gone"}, 7], "sorting": ["Nothing", 1], "kind": "Odd", "section": "Odd"})
    assert fresh.table.isColumnHidden(titles.index("TIF"))


def test_every_column_that_a_trader_expects_is_in_view_or_in_the_chooser(panel: OrdersPanel) -> None:
    shown = [c.title for place, c in enumerate(panel.model.columns) if not panel.table.isColumnHidden(place)]
    assert shown == ["Status", "Time ET", "Symbol", "Side", "Qty", "Filled", "Remaining", "Type", "Limit", "Stop", "TIF", "Avg fill",
                     "Last", "To fill, bps", "Source", "User", "Reason"]  # fmt: skip
    assert {
        "Client id",
        "Broker id",
        "Group",
        "Sent → ack, ms",
        "Ack → fill, ms",
        "Ext. hours",
        "Account",
        "Note",
        "Verdict",
    } <= {c.title for c in panel.model.columns}
    panel.note_fills([fill(2)])
    panel.note_verdict("qv-test-002", 1204)
    assert cell(panel, 2, "Verdict") == "#1,204"
    assert cell(panel, 2, "Ack → fill, ms") == "177,956"


def test_a_narrow_dock_keeps_the_dangerous_buttons_whole(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.resize(300, 200)
    assert (panel.count.isVisible(), panel.export.isVisible(), panel.cancel_all.isVisible()) == (False, False, True)
    qtbot.waitUntil(lambda: panel.cancel_all.geometry().right() <= 300)
    assert not panel.cancel.geometry().intersects(panel.cancel_all.geometry())


def test_what_the_role_may_not_do_is_grey_with_the_reason_and_keys_do_nothing(qtbot: QtBot, panel: OrdersPanel) -> None:
    why = "Your role, Viewer, lacks “trading: delete”; ask an Admin."
    panel.forbid({"cancel": why, "amend": why, "export": why})
    panel.table.select_key("qv-test-002")
    assert [part.isEnabled() for part in (panel.cancel, panel.cancel_all, panel.export)] == [False, False, False]
    assert [part.toolTip() for part in (panel.cancel, panel.cancel_all, panel.export)] == [why] * 3
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.keyClick(panel, Qt.Key.Key_F2)
    assert not panel.asking.isVisible()
    assert not panel.amending.isVisible()
    panel.forbid({})
    assert panel.cancel.isEnabled()
    assert panel.export.isEnabled()


def test_at_the_width_of_its_dock_a_reason_has_room(panel: OrdersPanel) -> None:
    panel.resize(1278, 235)
    header = panel.table.horizontalHeader()
    column = [c.title for c in panel.model.columns].index("Reason")
    assert header.sectionSize(column) >= 330
    assert not panel.table.horizontalScrollBar().isVisible()


def test_the_question_names_the_order_that_it_would_cancel(qtbot: QtBot, panel: OrdersPanel) -> None:
    rows = {row.id[-1]: row for row in panel.model.rows()}
    panel._ask_cancel([rows["1"], rows["2"]])  # a filled one stands above
    assert panel.asking.question.text() == "Cancel the AAPL order?"
    with qtbot.waitSignal(panel.cancel_asked) as asked:
        panel.asking.accept()
    assert asked.args == [["qv-test-002"]]


def test_a_question_about_an_order_that_is_replaced_meanwhile_is_taken_back(qtbot: QtBot, panel: OrdersPanel) -> None:
    sent: list[list[str]] = []
    panel.cancel_asked.connect(sent.append)
    panel._ask_cancel([row for row in panel.model.rows() if row.id[-1] == "2"])
    panel.upsert(order(3, OrderStatus.FILLED, "NVDA", Side.BUY, 400, "141.18", filled=400, minutes=1))
    assert panel.asking.question.text() == "Cancel the AAPL order?"  # another order's news leave it
    panel.upsert(order(2, OrderStatus.REPLACED, minutes=3))
    assert panel.asking.question.text() == "Replaced meanwhile; look at the new order."
    panel.asking.accept()
    assert sent == []
