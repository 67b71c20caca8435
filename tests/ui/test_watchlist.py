"""The watchlist shows what moved and asks for what a person wants to follow."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import SECOND, Quote, Snapshot
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.table_model import GROUND
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
