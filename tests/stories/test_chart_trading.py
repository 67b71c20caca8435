"""Trading on the chart, with the real program and the simulated broker: an order is dragged, an alert set, a line drawn and kept."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.orders import OrderStatus
from qv_desktop.ui.panels.chart import ChartPanel
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

LEFT = Qt.MouseButton.LeftButton
MARKET = ("--seed", "3", "--speed", "1")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One person's home for both sittings."""
    with program.a_home() as folder:
        yield folder


def drag(chart: ChartPanel, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(chart.canvas, LEFT, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(chart.canvas, (start + end) / 2)
    QTest.mouseMove(chart.canvas, end)
    QTest.mouseRelease(chart.canvas, LEFT, Qt.KeyboardModifier.NoModifier, end)


def line_of(chart: ChartPanel, kind: str) -> int:
    """Where an order's or alert's line stands, in px; −1 while it is not on the chart."""
    chart.canvas.grab()
    grips = [grip for grip in chart.canvas.grips if grip.level.handle is not None and grip.level.handle.kind == kind]
    return int(grips[0].y) if grips else -1


async def an_order_is_dragged(person: Sitting, chart: ChartPanel) -> None:
    last = person.desk.services.market.snapshot("SPY").last
    assert last is not None
    key = await person.buys("SPY", 3, Decimal(str(round(last * 0.998, 2))))
    await person.sees(lambda: person.stands(key, OrderStatus.WORKING))
    await person.sees(lambda: line_of(chart, "order") > 0)
    y = line_of(chart, "order")
    drag(chart, QPoint(60, y), QPoint(60, y - 12))
    await person.sees(chart.asking.isVisible)
    await person.sees(lambda: "all rules pass" in chart.asking.question.text())
    assert person.stands(key, OrderStatus.WORKING)  # nothing goes out before the click
    QTest.mouseClick(chart.asking.yes, LEFT)
    await person.sees(lambda: person.stands(key, OrderStatus.REPLACED))
    fresh = next(
        order for order in person.desk.services.orders.book.values() if order.open and order.request.symbol == "SPY"
    )
    before = person.order(key)
    assert before is not None
    assert before.request.limit is not None
    assert fresh.request.limit is not None
    assert fresh.request.limit > before.request.limit
    rows = await person.asked(
        "SELECT count(*) FROM audit_log WHERE action = 'order.replace' AND object_id = :id", id=fresh.id
    )
    assert rows == [(1,)]
    await person.sees(lambda: person.stands(fresh.id, OrderStatus.WORKING))
    await person.desk.services.orders.cancel([fresh.id])
    await person.sees(lambda: line_of(chart, "order") < 0)


async def an_alert_fires(person: Sitting, chart: ChartPanel) -> None:
    last = person.desk.services.market.snapshot("SPY").last
    assert last is not None
    chart.alert_asked.emit(round(last * 1.001, 2))
    await person.sees(lambda: line_of(chart, "alert") > 0)
    alert = person.desk.services.price_alerts.all[0]
    assert alert.state == "armed"
    chart.alert_moved.emit(alert.id, round(last, 2))  # where the market trades
    await person.sees(lambda: person.desk.services.price_alerts.all[0].state == "fired")
    await person.sees(lambda: line_of(chart, "alert") < 0)
    await person.sees(lambda: "SPY" in person.notices())


async def a_line_is_drawn(person: Sitting, chart: ChartPanel) -> None:
    chart.canvas.setFocus()
    QTest.keyClick(chart.canvas, Qt.Key.Key_H, Qt.KeyboardModifier.AltModifier)
    QTest.mouseClick(chart.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(120, 90))
    await person.sees(lambda: len(person.desk.services.drawings.of("SPY")) == 1)
    await person.sees(lambda: person.desk.services.drawings.waiting == 0)
    assert await person.asked("SELECT kind FROM drawings WHERE symbol = 'SPY'") == [("horizontal",)]


def test_a_trader_s_hands_on_the_chart(qapp: QApplication, simulator: Simulator, home: Path) -> None:
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            await person.ready()
            chart = person.desk.panels.chart
            await person.sees(lambda: chart.canvas.series is not None)
            await an_order_is_dragged(person, chart)
            await an_alert_fires(person, chart)
            await a_line_is_drawn(person, chart)

        person.do(scenario())
    with sitting(qapp, simulator, home) as again:

        async def next_day() -> None:
            await again.ready()
            await again.sees(lambda: len(again.desk.panels.chart.drawing.board.drawings) == 1)
            await again.sees(lambda: [alert.state for alert in again.desk.services.price_alerts.all] == ["fired"])

        again.do(next_day())
