"""The quote board shows every number with its age, and the chosen symbol's touch large."""

import random
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import SECOND, Quote, Snapshot
from qv_desktop.ui import theme
from qv_desktop.ui.models.table_model import CHIP
from qv_desktop.ui.panels.quotes import QuotesPanel

NOW = 1_800_000_000 * SECOND


def snapshot(symbol: str = "AAPL", last: float = 231.43, quoted: int = NOW, traded: int = NOW) -> Snapshot:
    quote = Quote(symbol, quoted, last - 0.01, 300, last + 0.01, 500)
    return Snapshot(symbol, last, traded, 229.5, quote, 229.0, 232.0, 228.5, 1_230_000, source="Polygon")


def shown(qtbot: QtBot, *symbols: str) -> QuotesPanel:
    panel = QuotesPanel()
    qtbot.addWidget(panel)
    panel.resize(1100, 300)
    panel.show_symbols(symbols)
    panel.show()
    return panel


def cell(panel: QuotesPanel, title: str, row: int = 0, role: int = Qt.ItemDataRole.DisplayRole) -> object:
    column = [c.title for c in panel.model.columns].index(title)
    return panel.model.index(row, column).data(role)


def test_quote_and_last_have_an_age_of_their_own(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.upsert([snapshot(quoted=NOW - SECOND, traded=NOW - 90 * SECOND)])
    panel.show_age(NOW)
    assert [cell(panel, t) for t in ("Bid", "Ask", "Spread bps", "Quote age", "Last", "Last age", "Volume", "Source")] == [
        "231.42", "231.44", "0.9", "1.0s", "231.43", "1m", "1.23M", "Polygon"]  # fmt: skip
    hues = [
        cell(panel, t, role=Qt.ItemDataRole.ForegroundRole).name() for t in ("Bid", "Quote age", "Last", "Last age")
    ]  # type: ignore[attr-defined]
    assert hues == [theme.UP, theme.TX1, theme.TX2, theme.TX2]


def test_the_state_says_how_far_prices_can_be_believed(qtbot: QtBot) -> None:
    panel = shown(qtbot, "A", "B", "C", "D")
    panel.upsert([snapshot("A"), replace(snapshot("B"), stale=True), replace(snapshot("C"), halted=True)])
    assert [cell(panel, "State", row) for row in range(4)] == ["live", "stale", "halted", "no prices"]
    assert [cell(panel, "State", row, CHIP) for row in range(3)] == ["good", "warning", "critical"]
    assert "more than 5 seconds" in str(cell(panel, "State", 1, Qt.ItemDataRole.ToolTipRole))
    panel.show_phase("closed")
    assert [cell(panel, "State", row) for row in range(2)] == ["closed", "closed"]


def test_a_crossed_or_one_sided_quote_is_not_given_a_spread_that_looks_normal(qtbot: QtBot) -> None:
    panel = shown(qtbot, "A", "B")
    panel.upsert(
        [
            Snapshot("A", quote=Quote("A", NOW, 10.02, 100, 10.00, 100)),
            Snapshot("B", quote=Quote("B", NOW, 0.0, 0, 10.0, 100)),
        ]
    )
    assert [cell(panel, "Spread bps", row) for row in range(2)] == ["−20.0", "—"]
    assert cell(panel, "Spread bps", 0, Qt.ItemDataRole.ForegroundRole).name() == theme.WARN  # type: ignore[attr-defined]


def test_the_chosen_symbols_touch_is_large_and_fades_when_it_is_old(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    panel.upsert([snapshot()])
    panel.show_chosen("AAPL")
    panel.show_age(NOW + SECOND)
    head = panel.head
    assert [part.text() for part in (head.symbol, head.bid, head.ask, head.bid_size, head.mid, head.spread, head.state)] == [
        "AAPL", "231.42", "231.44", "300 bid", "mid 231.430", "0.9 bps · Polygon", "quote 1.0s"]  # fmt: skip
    assert theme.UP in head.bid.styleSheet()
    panel.show_age(NOW + 20 * SECOND)
    assert theme.TX2 in head.bid.styleSheet()
    panel.upsert([snapshot(last=232.0, quoted=NOW + 20 * SECOND)])
    assert head.bid.text() == "231.99"


def test_a_hidden_board_only_remembers_and_is_up_to_date_when_it_shows(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    panel.hide()
    with qtbot.assertNotEmitted(panel.model.dataChanged):
        panel.upsert([snapshot()])
        panel.upsert([snapshot(last=240.0)])
        panel.show_age(NOW + SECOND)
    panel.show()
    assert cell(panel, "Last") == "240.00"


def test_symbols_that_left_while_it_was_hidden_do_not_come_back(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    panel.hide()
    panel.upsert([snapshot("MSFT")])
    panel.show_symbols(["AAPL"])
    panel.show()
    assert [row.symbol for row in panel.model.rows()] == ["AAPL"]


def test_choosing_a_row_says_so_and_showing_one_does_not(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL", "MSFT")
    with qtbot.waitSignal(panel.symbol_chosen) as chosen:
        qtbot.mouseClick(
            panel.table.viewport(),
            Qt.MouseButton.LeftButton,
            pos=panel.table.visualRect(panel.model.index(1, 0)).center(),
        )
    assert chosen.args == ["MSFT"]
    with qtbot.assertNotEmitted(panel.symbol_chosen):
        panel.show_chosen("AAPL")
    assert panel.head.symbol.text() == "AAPL"


def test_the_table_is_exported_as_csv_or_parquet_unless_the_role_may_not(qtbot: QtBot) -> None:
    panel = shown(qtbot, "AAPL")
    menu, later = QMenu(), QMenu()
    panel.table.offer_export(menu)
    entries = {a.text(): a for a in menu.actions()}
    with qtbot.waitSignal(panel.table.export_asked) as asked:
        entries["Export as Parquet"].trigger()
    assert asked.args == ["parquet"]
    panel.forbid({"export": "Your role may not."})
    panel.table.offer_export(later)
    assert [a.isEnabled() for a in later.actions()] == [False, False]


def on_screen(panel: QuotesPanel) -> QImage:
    """What has been painted of the panel so far."""
    seen = panel.screen().grabWindow(panel.winId()).toImage()
    return seen.convertToFormat(panel.grab().toImage().format())


def test_what_stands_on_the_screen_is_what_a_whole_repaint_would_show(qtbot: QtBot) -> None:
    """Only cells that changed are painted; none may be forgotten, however rows sort, scroll and age meanwhile."""
    chance = random.Random(7)
    names = [f"S{i}" for i in range(30)]
    panel = shown(qtbot, *names)
    panel.set_flashing(False)
    for step in range(40):
        now = NOW + step * SECOND
        moved = chance.sample(names, 12)
        panel.upsert(
            [replace(snapshot(s, chance.uniform(5, 400), now, now), stale=chance.random() < 0.1) for s in moved]
        )
        panel.show_age(now + SECOND // 2)
        if step % 5 == 0:
            panel.model.sort(chance.choice([-1, 3, 8]))
            panel.table.verticalScrollBar().setValue(chance.randint(0, 12))
            panel.table.selectRow(chance.randint(0, 20))
        qtbot.waitUntil(lambda: on_screen(panel) == panel.grab().toImage(), timeout=2_000)
