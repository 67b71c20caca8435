"""The blotters with the real program and the simulated broker: amend, cancel by scope, flatten, reverse, and an order's story."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.app.hands import hold, press
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.ui.models.position_columns import Row
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

LEFT = Qt.MouseButton.LeftButton
MARKET = ("--seed", "5", "--speed", "1")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One person's home for both sittings."""
    with program.a_home() as folder:
        yield folder


def price(person: Sitting, symbol: str, times: float) -> Decimal:
    last = person.desk.services.market.snapshot(symbol).last
    assert last is not None
    return Decimal(str(round(last * times, 2)))


def held(person: Sitting, symbol: str) -> Decimal:
    return person.desk.services.positions[symbol].quantity


def working(person: Sitting, symbol: str) -> int:
    return sum(o.open and o.request.symbol == symbol for o in person.desk.services.orders.book.values())


async def an_order_is_amended_in_place(person: Sitting) -> None:
    panel = person.desk.panels.orders
    key = await person.buys("SPY", 3, price(person, "SPY", 0.98))
    await person.sees(lambda: person.stands(key, OrderStatus.WORKING))
    await person.sees(lambda: panel.model.place(key) is not None)
    panel.table.select_key(key)
    QTest.keyClick(panel.table, Qt.Key.Key_F2)
    panel.amending.fields["quantity"].setText("4")
    await person.sees(lambda: "rules pass" in panel.amending.verdict.text())
    panel.amending.accept()
    await person.sees(lambda: person.stands(key, OrderStatus.REPLACED))
    await person.sees(
        lambda: any(o.open and o.request.quantity == 4 for o in person.desk.services.orders.book.values())
    )


async def a_symbol_s_orders_are_cancelled(person: Sitting) -> None:
    panel = person.desk.panels.orders
    other = await person.buys("KO", 1, price(person, "KO", 0.97))
    await person.sees(lambda: person.stands(other, OrderStatus.WORKING))
    panel.ask_cancel_symbol("SPY")
    assert panel.asking.question.text() == "Cancel 1 open order in SPY?"
    panel.asking.accept()
    await person.sees(lambda: not working(person, "SPY"))
    assert person.stands(other, OrderStatus.WORKING)
    assert await person.desk.services.orders.records.written(30)
    reasons = await person.asked("SELECT reason FROM audit_log WHERE action = 'order.cancel'")
    assert reasons == [("every open order of symbol SPY",)]


async def a_position_is_flattened(person: Sitting) -> None:
    panel = person.desk.panels.positions
    resting = await person.buys("SPY", 1, price(person, "SPY", 0.97))
    await person.sees(lambda: person.stands(resting, OrderStatus.WORKING))
    await person.buys("SPY", 10, price(person, "SPY", 1.01))
    await person.sees(lambda: held(person, "SPY") == 10)
    await person.sees(lambda: panel.model.place("SPY") is not None)
    panel.table.select_key("SPY")
    press(panel, "Flatten…")
    await person.sees(lambda: panel.holding.asking)
    assert panel.holding.words.text().startswith("Cancel 1 SPY order, then SELL 10 SPY at the market")
    await person.sees(lambda: person.fresh("SPY"))
    await hold(panel, "Flatten SPY")
    await person.sees(lambda: "SPY is flat" in panel.holding.words.text())
    assert held(person, "SPY") == 0
    assert not working(person, "SPY")


async def a_position_is_reversed(person: Sitting) -> None:
    panel = person.desk.panels.positions
    await person.buys("SPY", 5, price(person, "SPY", 1.01))
    await person.sees(lambda: held(person, "SPY") == 5)
    panel.table.select_key("SPY")
    press(panel, "Reverse…")
    await person.sees(lambda: panel.holding.asking)
    await person.sees(lambda: person.fresh("SPY"))
    await hold(panel, "Reverse SPY")
    await person.sees(lambda: held(person, "SPY") == -5)
    await person.sees(lambda: "SPY is reversed" in panel.holding.words.text())


async def what_is_held_overnight_earns_todays_change_alone(person: Sitting) -> None:
    """As the risk panel counts it, and not all that it has earned since it was bought."""
    panel, services = person.desk.panels.positions, person.desk.services

    def row() -> Row | None:
        return panel.model.get("KO")

    def counted() -> bool:
        found, close = row(), services.market.snapshot("KO").previous_close
        return found is not None and None not in (found.day, found.unrealised, close)

    await person.sees(counted)
    found, close = row(), services.market.snapshot("KO").previous_close
    assert found is not None and found.day is not None and found.last is not None and close is not None  # noqa: PT018
    assert abs(found.day - 40 * (found.last - Decimal(repr(close)))) < Decimal("0.000001")
    assert found.unrealised != found.day
    assert found.day_fraction is not None
    assert abs(found.day_fraction - (found.last / Decimal(repr(close)) - 1)) < Decimal("0.000001")


async def an_order_tells_its_story(person: Sitting) -> None:
    panel = person.desk.panels.orders
    person.desk.window.raise_panel("orders")
    order = next(o for o in person.desk.services.orders.book.values() if o.request.symbol == "SPY" and o.filled == 5)
    await person.sees(lambda: panel.model.place(order.id) is not None)
    panel.table.select_key(order.id)
    panel.split.resize(1200, 300)
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    await person.sees(lambda: any("audit row" in line for line in panel.timeline.texts()))
    told = "\n".join(panel.timeline.texts())
    assert "✓ Quantity 5 / " in told
    assert "Filled 5 at" in told
    rows = await person.asked("SELECT hash FROM audit_log WHERE correlation = :id ORDER BY sequence", id=order.id)
    assert len(rows) >= 2
    assert all(row[0][:12] in told for row in rows)


def test_a_trader_s_hands_on_the_blotters(qapp: QApplication, simulator: Simulator, home: Path) -> None:
    simulator.control(
        "POST", "/sim/shares", {"symbol": "KO", "qty": 40}
    )  # before the first sitting: held since before today
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            await person.ready()
            await what_is_held_overnight_earns_todays_change_alone(person)
            await an_order_is_amended_in_place(person)
            await a_symbol_s_orders_are_cancelled(person)
            await a_position_is_flattened(person)
            await a_position_is_reversed(person)
            await an_order_tells_its_story(person)
            titles = [c.title for c in person.desk.panels.orders.model.columns]
            person.desk.panels.orders.table.setColumnHidden(titles.index("Note"), False)
            person.desk.panels.orders.filter.field.setText("spy")

        person.do(scenario())
    with sitting(qapp, simulator, home) as person:

        async def again() -> None:
            await person.ready()
            panel = person.desk.panels.orders
            await person.sees(lambda: panel.filter.field.text() == "spy")
            assert not panel.table.isColumnHidden([c.title for c in panel.model.columns].index("Note"))
            await person.sees(lambda: panel.model.counts()[0] > 0)
            assert json.dumps(panel.saved())
            # an order of the sitting before tells its story as well
            order = next(
                o for o in person.desk.services.orders.book.values() if o.request.symbol == "SPY" and o.filled == 5
            )
            entries, why = await person.desk.services.audit.story(order.id)
            assert (entries[0].draft.action, why) == ("order.submit", "")

        person.do(again())
