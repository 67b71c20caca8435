"""The watchlist shows what moved and asks for what a person wants to follow."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QColor, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import SECOND, Quote, Snapshot
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.table_model import CHIP, GROUND
from qv_desktop.ui.panels.watchlist import WatchlistPanel

NOW = 1_800_000_000 * SECOND


def snapshot(symbol: str = "AAPL", last: float = 231.43, at: int = NOW) -> Snapshot:
    return Snapshot(symbol, last, at, 229.5, Quote(symbol, at, last - 0.01, 300, last + 0.01, 500))


def shown(qtbot: QtBot, *symbols: str) -> WatchlistPanel:
    panel = WatchlistPanel()
    qtbot.addWidget(panel)
    panel.resize(340, 300)
    panel.show_symbols(symbols)
    panel.show()
    return panel


def texts(panel: WatchlistPanel, row: int = 0) -> list[str]:
    return [panel.model.index(row, column).data() for column in range(5)]


def test_a_row_reads_like_the_tape(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([snapshot()])
    panel.show_age(NOW + SECOND // 5)
    assert texts(panel) == ["AAPL", "231.43", "+0.84", "231.42 × 231.44", "0.2s"]


def test_ages_are_what_a_person_waited_and_those_of_the_quote_as_in_the_ticket(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([replace(snapshot(), last_at=NOW + 60 * SECOND)])
    clock = Clock(Rate(NOW, 0, 60.0), lambda: 2 * SECOND)  # two seconds later, the market's clock runs 60 times as fast
    panel.show_age(clock.market_ns(), clock.speed)
    assert texts(panel)[4] == fmt.age(clock.age(NOW)) == "2.0s"


def test_what_is_unknown_is_an_em_dash_and_prices_under_a_dollar_have_four_digits(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "PENY")
    panel.upsert([Snapshot("PENY", 0.1234)])
    assert texts(panel) == ["AAPL", "—", "—", "—", "—"]
    assert texts(panel, 1)[:2] == ["PENY", "0.1234"]


def test_symbols_that_are_not_followed_are_passed_over_and_those_that_stay_keep_their_prices(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([snapshot(), snapshot("XOM")])
    panel.show_symbols(["MSFT", "AAPL"])
    assert [row.symbol for row in panel.model.rows()] == ["MSFT", "AAPL"]
    assert texts(panel, 1)[1] == "231.43"


def test_an_old_quote_turns_amber_and_then_its_price_fades(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([snapshot()])
    colors = []
    for seconds in (1, 6, 90):
        panel.show_age(NOW + seconds * SECOND)
        colors.append(tuple(panel.model.index(0, c).data(Qt.ItemDataRole.ForegroundRole).name() for c in (1, 4)))
    assert colors == [(theme.UP, theme.TX1), (theme.UP, theme.WARN), (theme.TX2, theme.TX2)]


def test_a_price_change_flashes_briefly_unless_motion_is_unwanted(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([snapshot()])
    panel.upsert([snapshot(last=231.50)])
    ground = panel.model.index(0, 1).data(GROUND)
    assert QColor(ground).rgb() & 0xFFFFFF == QColor(theme.UP).rgb() & 0xFFFFFF
    qtbot.waitUntil(lambda: panel.model.index(0, 1).data(GROUND) is None)
    panel.set_flashing(False)
    panel.upsert([snapshot(last=231.40)])
    assert panel.model.index(0, 1).data(GROUND) is None


def test_a_click_chooses_a_symbol_and_showing_one_does_not(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    with qtbot.waitSignal(panel.symbol_chosen) as chosen:
        at = panel.table.visualRect(panel.model.index(1, 0)).center()
        qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert chosen.args == ["MSFT"]
    with qtbot.assertNotEmitted(panel.symbol_chosen):
        panel.show_chosen("AAPL")
    assert [row.symbol for row in panel.table.selected()] == ["AAPL"]


def test_symbols_are_added_by_typing_and_removed_by_del(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    field = panel.findChild(QLineEdit)
    with qtbot.waitSignal(panel.symbol_add_asked) as asked:
        qtbot.keyClicks(field, " brk.b ")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert (asked.args, field.text()) == (["BRK.B"], "")
    panel.show_chosen("MSFT")
    with qtbot.waitSignal(panel.symbol_remove_asked) as removed:
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert removed.args == ["MSFT"]


def test_a_list_that_the_role_may_not_change_says_so_and_asks_for_nothing(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.forbid({"change": "Your role, Viewer, lacks “market data: change”; ask an Admin."})
    field = panel.findChild(QLineEdit)
    assert field is not None
    assert not field.isEnabled()
    assert "lacks" in field.placeholderText()
    panel.show_chosen("AAPL")
    with qtbot.assertNotEmitted(panel.symbol_remove_asked):
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)


def test_live_prices_repaint_the_table_and_nothing_behind_it(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    qtbot.waitExposed(panel)
    qtbot.wait(50)
    painted: list[object] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                painted.append(watched)
            return False

    watch = Watch()
    panel.installEventFilter(watch)
    panel.table.viewport().installEventFilter(watch)
    panel.upsert([snapshot()])
    qtbot.waitUntil(lambda: bool(painted))
    assert set(painted) == {panel.table.viewport()}


def test_what_did_not_move_is_not_painted_again(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([snapshot()])
    with qtbot.assertNotEmitted(panel.model.dataChanged):
        panel.upsert([snapshot()])


def column(panel: WatchlistPanel, title: str) -> int:
    return [c.title for c in panel.model.columns].index(title)


def menu_of(panel: WatchlistPanel) -> dict[str, QAction]:
    menu = QMenu(panel)
    panel.lists._fill(menu)
    return {action.text(): action for action in menu.actions() if action.text()}


def test_a_stale_symbol_and_a_halted_one_are_plain_to_see(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "XOM", "DIS")
    panel.upsert([snapshot(), replace(snapshot("XOM"), stale=True), replace(snapshot("DIS"), halted=True, stale=True)])
    panel.show_age(NOW + SECOND)
    age = column(panel, "Age")
    assert [(panel.model.index(r, age).data(), panel.model.index(r, age).data(CHIP)) for r in range(3)] == [
        ("1.0s", None), ("stale", "warning"), ("HALT", "critical")]  # fmt: skip
    assert "prices may be old" in panel.model.index(1, age).data(Qt.ItemDataRole.ToolTipRole)
    assert panel.model.index(1, 1).data(Qt.ItemDataRole.ForegroundRole).name() == theme.TX2


def test_the_column_chooser_offers_the_rest_of_what_is_known(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([replace(snapshot(), day_open=230.0, source="Polygon")])
    titles = ("Open", "Prev close", "Chg $", "Spread bps", "Source")
    assert [panel.model.index(0, column(panel, title)).data() for title in titles] == [
        "230.00", "229.50", "+1.93", "0.9", "Polygon"]  # fmt: skip
    assert all(panel.table.isColumnHidden(column(panel, title)) for title in titles)


def test_a_persons_lists_stand_over_the_table_and_one_is_chosen(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    with qtbot.assertNotEmitted(panel.list_chosen):
        panel.show_lists(["Watchlist", "Tech"], "Tech")
    assert panel.lists.shown == "Tech"
    panel.lists.combo.setFocus()
    with qtbot.waitSignal(panel.list_chosen) as chosen:
        qtbot.keyClick(panel.lists.combo, Qt.Key.Key_Up)
    assert chosen.args == ["Watchlist"]


def test_lists_are_made_renamed_and_deleted_after_a_question(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    panel.show_lists(["Watchlist", "Tech"], "Tech")
    panel.lists.new.click()
    qtbot.keyClicks(panel.lists.naming.field, "watchlist")
    assert not panel.lists.naming.yes.isEnabled()  # there is one of that name
    panel.lists.naming.field.setText("Energy")
    with qtbot.waitSignal(panel.list_create_asked) as made:
        qtbot.keyClick(panel.lists.naming.field, Qt.Key.Key_Return)
    menu_of(panel)["Rename “Tech”…"].trigger()
    panel.lists.naming.field.setText("Chips")
    with qtbot.waitSignal(panel.list_rename_asked) as renamed:
        panel.lists.naming.yes.click()
    menu_of(panel)["Delete “Tech”…"].trigger()
    assert panel.lists.confirming.yes.text() == "Delete 2 symbols"
    with qtbot.waitSignal(panel.list_delete_asked) as deleted:
        panel.lists.confirming.yes.click()
    assert (made.args, renamed.args, deleted.args) == (["Energy"], ["Tech", "Chips"], ["Tech"])


def test_esc_leaves_lists_as_they_are_and_the_last_one_stays(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.show_lists(["Watchlist"], "Watchlist")
    panel.lists.new.click()
    with qtbot.assertNotEmitted(panel.list_create_asked):
        qtbot.keyClicks(panel.lists.naming.field, "Tech")
        qtbot.keyClick(panel.lists.naming.field, Qt.Key.Key_Escape)
    assert not panel.lists.naming.isVisible()
    assert not menu_of(panel)["Delete “Watchlist”…"].isEnabled()


def test_lists_come_from_files_and_go_to_files(qtbot: QtBot, tmp_path: Path) -> None:
    panel = shown(qtbot, "AAPL")
    panel.show_lists(["Tech"], "Tech")
    for word, told in (("Import", panel.import_asked), ("Export", panel.export_asked)):
        menu_of(panel)[f"{word} symbols…"].trigger()
        dialog = panel.findChild(QFileDialog)
        with qtbot.waitSignal(told) as asked:
            dialog.fileSelected.emit(str(tmp_path / "tech.txt"))
        assert asked.args == [tmp_path / "tech.txt"]
        dialog.close()
        qtbot.waitUntil(lambda: panel.findChild(QFileDialog) is None)


def dropped(panel: WatchlistPanel, data: QMimeData) -> bool:
    """Whether the panel takes ``data`` that is dragged over it, and if so, it is dropped."""
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    panel.dragEnterEvent(event)  # type: ignore[arg-type]  # a drag's own event cannot be made without a drag
    taken = event.isAccepted()
    if taken:
        panel.dropEvent(event)
    return taken


def test_a_file_or_a_text_of_symbols_can_be_dropped_here(qtbot: QtBot, tmp_path: Path) -> None:
    panel = shown(qtbot, "AAPL")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "tech.csv"))])
    with qtbot.waitSignal(panel.import_asked) as asked:
        assert dropped(panel, data)
    assert asked.args == [tmp_path / "tech.csv"]
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "holiday.png"))])
    assert not dropped(panel, data)
    text = QMimeData()
    text.setText("NVDA, AMD")
    with qtbot.waitSignal(panel.symbols_dropped) as told:
        assert dropped(panel, text)
    assert told.args == ["NVDA, AMD"]
    panel.forbid({"change": "Your role may not."})
    assert not dropped(panel, text)


def symbols(panel: WatchlistPanel) -> list[str]:
    return [row.symbol for row in panel.model.rows()]


def test_alt_and_an_arrow_move_the_chosen_row(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT", "XOM")
    panel.show_chosen("MSFT")
    with qtbot.waitSignal(panel.order_changed) as moved:
        qtbot.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert moved.args == [["AAPL", "XOM", "MSFT"]]
    with qtbot.assertNotEmitted(panel.order_changed):
        qtbot.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(panel.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(panel.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert symbols(panel) == ["MSFT", "AAPL", "XOM"]
    assert [row.symbol for row in panel.table.selected()] == ["MSFT"]


def test_a_row_that_is_dragged_goes_between_two_others(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT", "XOM", "IBM")
    view, button = panel.table.viewport(), Qt.MouseButton.LeftButton
    at = [panel.table.visualRect(panel.model.index(row, 0)).center() for row in range(4)]
    qtbot.mousePress(view, button, pos=at[0])
    for y in range(at[0].y(), at[2].y() + 8, 4):
        drag(view, QPoint(at[0].x(), y))
    with qtbot.waitSignal(panel.order_changed) as moved:
        qtbot.mouseRelease(view, button, pos=QPoint(at[0].x(), at[2].y() + 8))
    assert moved.args == [["MSFT", "XOM", "AAPL", "IBM"]] == [symbols(panel)]


def test_a_drag_that_is_given_up_moves_nothing(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT", "XOM")
    view, button = panel.table.viewport(), Qt.MouseButton.LeftButton
    at = [panel.table.visualRect(panel.model.index(row, 0)).center() for row in range(3)]
    with qtbot.assertNotEmitted(panel.order_changed):
        qtbot.mousePress(view, button, pos=at[0])
        drag(view, at[1])
        drag(view, at[2])
        qtbot.keyClick(panel.table, Qt.Key.Key_Escape)
        qtbot.mouseRelease(view, button, pos=at[2])
    assert symbols(panel) == ["AAPL", "MSFT", "XOM"]


def test_rows_that_a_column_sorts_are_not_moved_by_hand_and_it_says_why(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    panel.model.sort(0)
    panel.show_chosen("AAPL")
    with qtbot.assertNotEmitted(panel.order_changed):
        qtbot.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert "while no column sorts them" in panel.lists.said


def test_a_hidden_watchlist_only_remembers(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.hide()
    with qtbot.assertNotEmitted(panel.model.dataChanged):
        panel.upsert([snapshot()])
    panel.show()
    assert texts(panel)[1] == "231.43"


def drag(view: QWidget, at: QPoint) -> None:
    """A mouse move with the left button held, which the test library's own mouse moves do not carry."""
    left = Qt.MouseButton.LeftButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), view.mapToGlobal(QPointF(at)), left, left, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, move)
