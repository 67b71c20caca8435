"""The ticket with the real program and the simulated broker: a size in dollars, the two exits of a position, and habits that last."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.exposure import committed
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.sizing import Sizing
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

MARKET = ("--seed", "3", "--speed", "1")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One person's home for both sittings."""
    with program.a_home() as folder:
        yield folder


async def sends(person: Sitting) -> OrderRequest:
    """Press twice; what was sent."""
    ticket = person.desk.panels.ticket
    taken: list[OrderRequest] = []
    ticket.submitted.connect(taken.append)
    for _ in range(2):
        QTest.mouseClick(ticket.send, Qt.MouseButton.LeftButton)
        await asyncio.sleep(0.05)
    ticket.submitted.disconnect(taken.append)
    assert taken, (ticket.send.text(), ticket.message.text(), ticket._draft.complaints)
    return taken[0]


async def buys_for_dollars(person: Sitting) -> None:
    ticket = person.desk.panels.ticket
    ticket.symbol_asked.emit("SPY")
    await person.sees(lambda: person.fresh("SPY") and ticket.fields.instrument is not None)
    ticket.fields.set_kind("Market")
    ticket.fields.tif.setCurrentText("GTC")  # whole shares, for those can have exits
    ticket.fields.amount.set_text("5000", Sizing.NOTIONAL)
    await person.sees(lambda: ticket.draft is not None and person.fresh("SPY"))
    request = await sends(person)
    quote = person.desk.services.market.snapshot("SPY").quote
    assert quote is not None
    assert 0 < request.quantity <= 5000 / (quote.bid * 0.99)
    assert request.quantity % 1 == 0
    await person.sees(lambda: person.stands(request.client_order_id, OrderStatus.FILLED))
    await person.sees(lambda: ticket._beside.held == request.quantity)


async def leaves_by_oco(person: Sitting) -> None:
    ticket, services = person.desk.panels.ticket, person.desk.services
    ticket.fields.choose_class(OrderClass.OCO)
    for name, text in (("take_profit", "4%"), ("stop_loss", "4%"), ("loss_limit", "1%")):
        ticket.fields.prices[name].setText(text)  # type: ignore[index]
    await person.sees(lambda: ticket.draft is not None and person.fresh("SPY"))
    request = await sends(person)
    held = services.positions.held()["SPY"].quantity
    assert (request.side, request.quantity, request.order_class) == (Side.SELL, held, OrderClass.OCO)
    await person.sees(lambda: person.stands(request.client_order_id, OrderStatus.WORKING))
    await person.sees(
        lambda: any(o.request.type is OrderType.STOP_LIMIT and o.open for o in services.orders.book.values())
    )
    assert committed(services.risk._view("SPY", services.orders.book), "SPY", Side.SELL) == held
    kept = await person.asked(
        "SELECT order_class, stop_loss_limit FROM orders WHERE client_order_id = :id", id=request.client_order_id
    )
    assert kept == [("oco", request.stop_loss_limit)]
    await services.orders.cancel([request.client_order_id])
    await person.sees(lambda: not any(order.open for order in services.orders.book.values()))
    assert services.positions.held()["SPY"].quantity == held


async def types_in_haste(person: Sitting) -> None:
    """Another symbol and the keys that send, faster than its prices can come: nothing of the symbol before is sent."""
    ticket, sent = person.desk.panels.ticket, list[OrderRequest]()
    ticket.submitted.connect(sent.append)
    person.desk.window.raise_panel("ticket")
    person.desk.window.activateWindow()

    def types(symbol: str) -> None:
        ticket.head.symbol.setFocus()
        ticket.head.symbol.selectAll()
        QTest.keyClicks(ticket.head.symbol, symbol)

    def sends_by_key() -> None:
        QTest.keyClick(ticket.head.symbol, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    types("zzqq")
    for _ in range(3):
        sends_by_key()
        await asyncio.sleep(0.05)
    assert (ticket.symbol, sent) == ("ZZQQ", [])
    types("msft")
    sends_by_key()  # not more than a review
    assert (ticket.symbol, sent) == ("MSFT", [])
    await person.sees(
        lambda: person.fresh("MSFT") and ticket.fields.instrument is not None and ticket.draft is not None
    )
    types("aapl")
    sends_by_key()
    assert (ticket.symbol, sent) == ("AAPL", [])
    await person.sees(
        lambda: person.fresh("AAPL") and ticket.fields.instrument is not None and ticket.draft is not None
    )
    for _ in range(2):
        sends_by_key()
        await asyncio.sleep(0.05)
    assert [request.symbol for request in sent] == ["AAPL"]
    ticket.submitted.disconnect(sent.append)
    await person.sees(lambda: sent[0].client_order_id in person.desk.services.orders.book)
    assert [one.request.symbol for one in person.desk.services.orders.book.values() if one.request.symbol != "SPY"] == [
        "AAPL"
    ]


def test_dollars_are_bought_left_by_an_oco_and_remembered(
    qapp: QApplication, simulator: Simulator, home: Path, postgres_url: str
) -> None:
    with sitting(qapp, simulator, home, postgres_url) as person:

        async def story() -> None:
            await person.ready()
            await buys_for_dollars(person)
            await leaves_by_oco(person)
            await types_in_haste(person)

        person.do(story())
    with sitting(qapp, simulator, home, postgres_url) as again:

        async def next_time() -> None:
            await again.ready()
            ticket = again.desk.panels.ticket
            ticket.symbol_asked.emit("SPY")
            await again.sees(lambda: ticket.presets.button.text().startswith("Last used"))
            assert ticket.fields.prices["stop_loss"].text() == "4%"
            assert ticket.fields.preset().order_class == ""

        again.do(next_time())
