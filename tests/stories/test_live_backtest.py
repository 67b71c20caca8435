"""A strategy trades on a simulated day, through its orders' source; then the day is laid beside its backtest and filed."""

import csv
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook
from PySide6.QtWidgets import QApplication, QMenu

from qv_desktop.app.hands import press
from qv_desktop.domain.live_backtest import Comparison, Modelled
from qv_desktop.domain.live_backtest_pairs import profits
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import OrderRequest, OrderStatus, Side
from tests.simulator.process import Simulator
from tests.stories.driver import Sitting, sitting

SPEED = 20  # a market minute is three seconds
PATIENCE = 240.0  # a first run compiles
SYMBOL, STRATEGY = "AAPL", "rsi_reversion"
SOON = timedelta(minutes=2)  # after which a signal is stale
MARKET = ("--seed", "5", "--speed", str(SPEED))


async def compared(person: Sitting) -> Comparison:
    """What pressing Compare shows."""
    page = person.desk.panels.backtests.live
    before = page._compared
    press(page, "Compare")
    await person.sees(lambda: page._compared is not before, PATIENCE)
    assert page._compared is not None
    return page._compared


async def nothing_is_attributed_yet(person: Sitting) -> None:
    panel = person.desk.panels.backtests
    await person.sees(lambda: "so there is nothing live to lay beside a backtest" in panel.live.note.text())
    assert not panel.live.traded.isEnabled()
    panel.form.strategy.setCurrentText(STRATEGY)
    panel.form.symbol.setText(SYMBOL)
    panel.form.frame.setCurrentText("1m")
    for knob, value in (("period", "2"), ("buy_below", "50"), ("sell_above", "55")):  # a trade every few minutes
        panel.form.knobs[knob].setText(value)
    told = await compared(person)
    assert told.pairs
    assert {pair.kind for pair in told.pairs} == {"only backtest"}
    assert "No order of" in panel.live.note.text()


async def the_strategy_trades(person: Sitting) -> list[OrderRequest]:
    """What the backtest would do in the newest minutes is done, as a deployed strategy would: a buy, and then a sell."""
    sent = list[OrderRequest]()
    services = person.desk.services
    for side in (Side.BUY, Side.SELL):
        while True:
            newest = _newest(await compared(person), side)
            if newest is not None and services.clock.market() - newest.at < SOON:
                break
        await person.sees(lambda: person.fresh(SYMBOL))
        request = OrderRequest(f"qv-story-{side}", SYMBOL, side, Decimal(10), source=STRATEGY)
        order = await services.orders.submit(request)
        assert order.status is not OrderStatus.REFUSED, order.reason
        await person.sees(lambda key=request.client_order_id: person.stands(key, OrderStatus.FILLED))
        sent.append(request)
    assert await services.orders.records.written(30)
    return sent


def _newest(told: Comparison, side: Side) -> Modelled | None:
    trades = [pair.modelled for pair in told.pairs if pair.modelled and pair.side is side and pair.kind != "both"]
    return max(trades, key=lambda one: one.at, default=None)


async def the_day_is_explained(person: Sitting, sent: list[OrderRequest]) -> None:
    page = person.desk.panels.backtests.live
    told = await compared(person)
    pairs = [pair for pair in told.pairs if pair.kind == "both"]
    assert [pair.sent.id for pair in pairs if pair.sent] == [request.client_order_id for request in sent]
    for pair in pairs:
        order = person.order(pair.sent.id) if pair.sent else None
        assert pair.sent is not None
        assert pair.modelled is not None
        assert order is not None
        assert (pair.sent.filled, pair.sent.average) == (Decimal(10), order.average)
        assert pair.modelled.quantity == Decimal(10)  # as many as the orders asked for
        assert pair.sent.arrival is not None
        assert pair.parts.quantity == 0
        assert pair.sent.arrived.startswith("last print, ")
    live, paper = profits(told.pairs, told.mark)
    assert told.parts.total == live - paper
    assert page.model.counts()[0] == len(told.pairs)
    assert "than its backtest would have made" in page.verdict.text() or "exactly" in page.verdict.text()
    await person.sees(
        lambda: page.traded.currentText() == f"{STRATEGY} · {SYMBOL} (2)"
    )  # asked for after the comparison


async def it_is_filed_in_every_form(person: Sitting) -> None:
    page = person.desk.panels.backtests.live
    files = dict[str, Path]()
    for form in ("csv", "json", "html", "xlsx", "pdf"):
        menu = QMenu()
        page._fill_reports(menu)
        page._saved = None
        next(action for action in menu.actions() if action.text() == form.upper()).trigger()
        await person.sees(lambda: page._saved is not None)
        assert page._saved is not None
        files[form] = page._saved
    told = page._compared
    assert told is not None
    with files["csv"].open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    book = load_workbook(files["xlsx"])
    totals = [row[0] for row in book["Trades"].iter_rows(min_row=2, min_col=17, max_col=17, values_only=True)]
    assert [Decimal(row["Total, $"]) for row in rows] == [Decimal(repr(total)) for total in totals]
    assert sum(Decimal(row["Total, $"]) for row in rows) == told.parts.total
    assert json.loads(files["json"].read_text())["report_hash"] in files["html"].read_text()
    assert files["pdf"].read_bytes().startswith(b"%PDF-")
    actions = await person.asked(
        "SELECT action, outcome FROM audit_log WHERE object_type = 'live backtest' ORDER BY sequence"
    )
    assert actions == [("export.report", "ok")] * 5


async def what_cannot_be_compared_is_said(person: Sitting) -> None:
    page = person.desk.panels.backtests.live
    today = person.desk.services.clock.market().astimezone(NEW_YORK).date()
    for text, shares, said in (
        ("tomorrow", "", "is no day; type it as year-month-day"),
        (str(today + timedelta(days=1)), "", "has not begun in New York; choose a day that has."),
        (str(today), "-3", "Shares must be a number above 0"),
    ):
        page.day.setText(text)
        page.shares.setText(shares)
        press(page, "Compare")
        await person.sees(lambda said=said: said in page.note.text())
        assert page.compare.isEnabled()


def test_a_strategy_s_day_is_compared_with_its_backtest_and_every_difference_is_explained(
    qapp: QApplication, simulator: Simulator, home: Path
) -> None:
    with sitting(qapp, simulator, home) as person:

        async def story() -> None:
            await person.ready()
            person.desk.window.raise_panel("backtests")
            await nothing_is_attributed_yet(person)
            sent = await the_strategy_trades(person)
            await the_day_is_explained(person, sent)
            await it_is_filed_in_every_form(person)
            await what_cannot_be_compared_is_said(person)

        person.do(story())
