"""The account in the whole program: words that Alpaca invented overnight, rows that nobody can read, and files of what happened."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.orders import OrderStatus
from qv_desktop.ui.panels.balances import ACTIVITIES, EQUITY
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

MARKET = ("--seed", "5", "--speed", "5")  # a market with its broker, to be spoiled


@pytest.fixture(scope="module")
def person(qapp: QApplication, simulator: Simulator) -> Iterator[Sitting]:
    """Somebody at the window, with an embedded database of their own."""
    with program.a_home() as home, sitting(qapp, simulator, home) as signed_in:
        yield signed_in


def spoil(person: Sitting, kind: str, count: int = 1, target: str = "trading", **params: object) -> None:
    person.simulator.control("POST", "/sim/faults", {"kind": kind, "target": target, "count": count, "params": params})


def test_an_account_in_words_of_tomorrow_is_shown_and_trading_goes_on(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        panel = person.desk.panels.balances
        assert person.desk.window.raise_panel("balances") is not False
        await person.sees(lambda: any(text.startswith("Equity $") for text in panel.figures.texts()))
        spoil(
            person,
            "alter_account",
            20,
            fields={"status": "QUANTUM", "sma": "??"},
            gone=["regt_buying_power", "multiplier"],
        )
        spoil(person, "unknown_enums", 6)
        await person.sees(lambda: "Status ▲ UNKNOWN (QUANTUM)" in panel.figures.texts())
        assert {"SMA —", "Multiplier —", "Overnight (Reg T) —"} <= set(panel.figures.texts())
        assert "UNKNOWN (QUANTUM)" in panel.standing
        bought = await person.buys("KO", 5)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        person.simulator.control("DELETE", "/sim/faults")
        await person.sees(lambda: "Status ACTIVE" in panel.figures.texts())
        assert panel.standing == ""

    person.do(scenario())


def test_a_fill_that_cannot_be_read_is_asked_for_and_booked_once(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        before = person.desk.services.positions.held().get("MSFT")
        spoil(person, "unknown_enums", 12, "trade_updates", field="client_order_id", value=None)
        bought = await person.buys("MSFT", 2)
        await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
        person.simulator.control("DELETE", "/sim/faults")
        order = person.order(bought)
        assert order is not None
        assert order.filled == 2
        assert before is None
        held = person.desk.services.positions.held
        await person.sees(lambda: "MSFT" in held() and held()["MSFT"].quantity == 2)
        assert "An order update could not be read" in person.notices()
        reconcile = person.desk.services.reconcile
        await person.sees(lambda: reconcile.last and reconcile.last.reason == "after an update that could not be read")

    person.do(scenario())


def test_an_unreadable_position_stops_the_comparison_and_is_never_flat(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        services = person.desk.services
        held = {symbol: position.quantity for symbol, position in services.positions.held().items()}
        assert held
        last = services.reconcile.last
        spoil(person, "unknown_enums", 4, field="qty", value=None)
        person.desk.panels.reconciliation.run_asked.emit()
        await person.sees(
            lambda: "could not be read" in person.notices() and "not taken as complete" in person.notices()
        )
        person.simulator.control("DELETE", "/sim/faults")
        assert {symbol: position.quantity for symbol, position in services.positions.held().items()} == held
        assert services.reconcile.last is last or services.reconcile.last is None or services.reconcile.last.passed
        person.desk.panels.reconciliation.run_asked.emit()
        await person.sees(lambda: services.reconcile.last is not last and services.reconcile.last is not None)
        run = services.reconcile.last
        assert run is not None
        assert run.passed

    person.do(scenario())


def test_the_curve_and_the_activities_are_those_of_the_broker_and_go_to_a_file(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        panel = person.desk.panels.balances
        person.simulator.control("POST", "/sim/activity", {"type": "CSD", "amount": 5000, "description": "ACH"})
        person.simulator.control("POST", "/sim/activity", {"type": "VOF", "symbol": "KO"})
        person.desk.window.raise_panel("balances")
        panel.show_page(EQUITY)
        await person.sees(lambda: panel.curve.curve is not None and panel.curve.plot.isVisible())
        assert "+$5,000.00 moved in or out" in panel.curve.flows.text()
        panel.show_page(ACTIVITIES)
        await person.sees(lambda: {"CSD", "VOF", "FILL", "JNLC"} <= {row.code for row in panel.activities.model.rows()})
        panel.export_asked.emit()
        await person.sees(lambda: "Exported" in person.notices())

    person.do(scenario())
    (file,) = Path(person.settings.home).glob("**/account-activities-*.csv")
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    deposit = next(row for row in rows if row["Code"] == "CSD")
    assert (Decimal(deposit["Net amount"]), deposit["Type"], deposit["Description"]) == (5000, "Deposit", "ACH")
    assert [row["Type"] for row in rows if row["Code"] == "VOF"] == ["UNKNOWN (VOF)"]
