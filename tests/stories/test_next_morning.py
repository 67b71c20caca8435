"""What happened at the broker while the program was closed: explained things are booked, anything else keeps trading closed."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import MarketOrderRequest
from PySide6.QtWidgets import QApplication
from sqlalchemy import text

from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.domain.orders import OrderStatus
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
MARKET = ("--seed", "4", "--symbols", "12")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with program.a_home() as folder:
        yield folder


def control(simulator: Simulator, path: str, **body: object) -> None:
    simulator.control("POST", path, body)


async def promoted(person: Sitting) -> None:
    """An Admin at another machine makes the demo's Trader an Admin."""
    database = person.starting._engine.journal._database
    await database.write(lambda connection: connection.execute(text("UPDATE users SET role = 'Admin'")))


async def compared(person: Sitting) -> None:
    await person.sees(lambda: person.starting.ready.is_set() and person.desk.services.reconcile.last is not None)


def test_the_evening_before_shares_are_bought(qapp: QApplication, simulator: Simulator, home: Path) -> None:
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            await person.ready()
            for symbol, shares in (("AAPL", 20), ("MSFT", 10)):
                order = await person.buys(symbol, shares)
                await person.sees(lambda order=order: person.stands(order, OrderStatus.FILLED))  # type: ignore[misc]
            run = await person.desk.services.reconcile.asked()
            assert run.passed

        person.do(scenario())


def test_a_split_a_dividend_and_a_trade_of_another_program_overnight_are_booked_and_trading_opens(
    qapp: QApplication, simulator: Simulator, home: Path
) -> None:
    control(simulator, "/sim/split/now", symbol="AAPL", ratio=4)
    control(simulator, "/sim/dividend/now", symbol="MSFT", amount=0.5)
    official = TradingClient(simulator.key, simulator.secret, url_override=simulator.url)
    official.submit_order(MarketOrderRequest(symbol="MSFT", qty=5, side=OrderSide.BUY, time_in_force=TimeInForce.DAY))
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            await compared(person)
            services = person.desk.services
            run = services.reconcile.last
            assert run is not None
            assert (run.reason, run.breaks, services.risk.closed) == ("at start", (), "")
            assert [entry.split(" of ")[0] for entry in run.booked] == ["Split"]
            assert (services.positions["AAPL"].quantity, services.positions["MSFT"].quantity) == (80, 15)
            assert "cash" not in {one.key for one in run.uncompared}  # the dividend explains it

        person.do(scenario())


def test_shares_that_nothing_explains_keep_trading_closed_until_a_person_books_them_for_a_reason(
    qapp: QApplication, simulator: Simulator, home: Path
) -> None:
    control(simulator, "/sim/shares", symbol="MSFT", qty=7)
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            await compared(person)
            services, panel = person.desk.services, person.desk.panels.reconciliation
            assert services.positions["MSFT"].quantity == 15  # not taken over in silence
            assert services.risk.closed.startswith("1 reconciliation break")
            assert person.desk.window.raise_panel("reconciliation")
            await person.sees(
                lambda: "reconciliation: approve" in panel.details.buttons["book"].toolTip()
            )  # a Trader's it is not
            await promoted(person)
            await person.sees(
                lambda: panel.details.buttons["book"].isEnabled() and panel.details.buttons["book"].isVisible()
            )
            panel.details.buttons["book"].click()
            await person.sees(panel.entry.isVisible)
            assert panel.entry.entry.text().startswith("Position MSFT: shares 15 → 22 (+7)")
            panel.entry.reason.field.setText("a journal of the broker's desk")
            panel.entry.reason.accept()
            await person.sees(lambda: services.risk.closed == "")
            assert services.positions["MSFT"].quantity == 22
            await asyncio.sleep(1.2)  # the positions are kept once a second

        person.do(scenario())


def test_the_next_start_finds_nothing(qapp: QApplication, simulator: Simulator, home: Path) -> None:
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            await compared(person)
            services = person.desk.services
            assert services.reconcile.last is not None
            assert (services.reconcile.last.breaks, services.reconcile.last.booked) == ((), ())
            assert services.positions["MSFT"].quantity == 22

        person.do(scenario())


def test_what_trades_before_the_kept_positions_are_read_takes_none_of_them_away(
    qapp: QApplication, simulator: Simulator, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = OrderJournal.compared_at

    async def slowly(journal: OrderJournal, account: str) -> datetime | None:
        """A broker with a long list of instruments: another program's order is told, booked and kept meanwhile."""
        official = TradingClient(simulator.key, simulator.secret, url_override=simulator.url)
        wanted = MarketOrderRequest(symbol="SPY", qty=3, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
        await asyncio.to_thread(official.submit_order, wanted)
        await asyncio.sleep(3)
        return await read(journal, account)

    monkeypatch.setattr(OrderJournal, "compared_at", slowly)
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            await compared(person)
            services = person.desk.services
            assert services.reconcile.last is not None
            assert services.reconcile.last.breaks == ()
            held = {symbol: one.quantity for symbol, one in services.positions.held().items()}
            assert held == {"AAPL": 80, "MSFT": 22, "SPY": 3}

        person.do(scenario())
