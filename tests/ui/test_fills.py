"""Fills: each execution once, newest first, with its value."""

from dataclasses import replace
from datetime import timedelta

from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import Side
from qv_desktop.ui.panels.fills import FillsPanel
from tests.ui.trading_values import fill


def shown(panel: FillsPanel, number: int) -> dict[str, str]:
    place = panel.model.place(f"e-{number}")
    assert place is not None
    return {column.title: column.text(panel.model.row(place)) for column in panel.model.columns}


def test_fills_show_milliseconds_value_and_totals_by_side(qtbot: QtBot) -> None:
    panel = FillsPanel()
    qtbot.addWidget(panel)
    panel.show_fills([fill(9), fill(1, "SPY", Side.SELL, 60, "588.0925")])
    row = shown(panel, 1)
    assert (row["Time ET"], row["Side"], row["Price"], row["Value"]) == (
        "10:41:54.118",
        "SELL",
        "588.0925",
        "$35,285.55",
    )
    assert (panel.count.text(), panel.bought.text(), panel.sold.text()) == ("2 fills", "$23,143.00", "$35,285.55")


def test_the_newest_stands_first_and_a_repeat_adds_nothing(qtbot: QtBot) -> None:
    panel = FillsPanel()
    qtbot.addWidget(panel)
    panel.show_fills([fill(9)])
    panel.upsert(fill(3))
    panel.upsert([fill(3)])
    assert [found.execution_id for found in panel.model.rows()] == ["e-3", "e-9"]


def test_a_fill_of_an_earlier_day_shows_its_date(qtbot: QtBot) -> None:
    panel = FillsPanel()
    qtbot.addWidget(panel)
    panel.show_fills([fill(1), replace(fill(2), at=fill(2).at - timedelta(days=1))])
    assert (shown(panel, 1)["Time ET"], shown(panel, 2)["Time ET"]) == ("10:41:54.118", "11-19 10:41:53")
    panel.upsert(replace(fill(3), at=fill(3).at + timedelta(days=1)))
    assert shown(panel, 1)["Time ET"] == "11-20 10:41:54"


def test_slippage_is_counted_against_the_side(qtbot: QtBot) -> None:
    panel = FillsPanel()
    qtbot.addWidget(panel)
    panel.show_fills([fill(1, price="231.44"), fill(2, side=Side.SELL, price="231.44")])
    assert shown(panel, 1)["Slip, bps"] == "—"
    for number in (1, 2):
        panel.show_arrival(f"qv-test-{number:03d}", 231.42)
    assert (shown(panel, 1)["Slip, bps"], shown(panel, 2)["Slip, bps"]) == ("+0.9", "−0.9")


def test_opening_a_fill_asks_for_its_order(qtbot: QtBot) -> None:
    panel = FillsPanel()
    qtbot.addWidget(panel)
    panel.show_fills([fill(4)])
    with qtbot.waitSignal(panel.order_asked) as asked:
        panel.table.doubleClicked.emit(panel.model.index(0, 0))
    assert asked.args == ["qv-test-004"]


def test_what_alpaca_does_not_tell_is_unknown_also_in_the_copy(qtbot: QtBot) -> None:
    panel = FillsPanel()
    qtbot.addWidget(panel)
    panel.show_fills([fill(1)])
    titles = [c.title for c in panel.model.columns]
    assert titles == ["Time ET", "Symbol", "Side", "Qty", "Price", "Value", "Venue", "Liquidity", "Fee", "Order", "Exec id", "Strategy",
                      "Slip, bps"]  # fmt: skip
    shown = {c.title: c.text(panel.model.row(0)) for c in panel.model.columns}
    assert [shown[title] for title in ("Venue", "Liquidity", "Fee", "Slip, bps")] == ["—"] * 4
    copied = dict(zip(titles, panel.table.tsv().splitlines()[1].split("\t"), strict=True))
    assert [copied[title] for title in ("Venue", "Liquidity", "Fee", "Slip, bps", "Value")] == [
        "",
        "",
        "",
        "",
        "23143.00",
    ]


def test_filtered_fills_are_counted_as_such(qtbot: QtBot) -> None:
    panel = FillsPanel()
    qtbot.addWidget(panel)
    panel.show_fills([fill(1), fill(2, "MSFT"), fill(3)])
    panel.filter.field.setText("symbol:aapl")
    panel.filter._apply()
    assert panel.count.text() == "2 of 3 fills"
    assert panel.bought.text() == "$69,429.00"  # totals are of the day, not of the filter
