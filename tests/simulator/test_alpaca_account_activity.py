"""Money that moves by what is no trade: told by the activities, the account and the portfolio history, to the official client too."""

from decimal import Decimal

import pytest
import requests
from alpaca.trading.requests import GetPortfolioHistoryRequest

from tests.simulator.process import Simulator
from tests.simulator.trading import Broker


@pytest.fixture
def broker(simulator: Simulator) -> Broker:
    return Broker(simulator)


def move(broker: Broker, code: str, amount: float | None = None, **fields: object) -> dict:
    return broker.simulator.control("POST", "/sim/activity", {"type": code, "amount": amount, **fields})


def test_a_deposit_moves_the_cash_and_is_told_as_documented(broker: Broker) -> None:
    move(broker, "CSD", 5000, description="ACH")
    move(broker, "DIV", 12.5, symbol="AAPL", qty=50, per_share_amount=0.25, activity_sub_type="CDIV")
    account = broker.client.get_account()
    assert (account.cash, account.equity) == ("105012.5", "105012.5")
    assert broker.valid("GET", "/account")["intraday_adjustments"] == "5012.5"
    dividend, deposit, _ = broker.valid("GET", "/account/activities")
    assert (deposit["activity_type"], deposit["net_amount"], deposit["description"], deposit["status"]) == (
        "CSD",
        "5000",
        "ACH",
        "executed",
    )
    assert (dividend["symbol"], dividend["qty"], dividend["per_share_amount"]) == ("AAPL", "50", "0.25")
    only = broker.valid("GET", "/account/activities/DIV", "/account/activities/{activity_type}")
    assert [one["id"] for one in only] == [dividend["id"]]


def test_flows_stand_beside_the_equity_of_their_window_when_they_are_asked_for(broker: Broker) -> None:
    move(broker, "CSD", 5000)
    move(broker, "FEE", -0.5)
    told = broker.valid("GET", "/account/portfolio/history", period="1D", timeframe="5Min", cashflow_types="ALL")
    assert {code: sum(values) for code, values in told["cashflow"].items()} == {"CSD": 5000, "FEE": -0.5}
    place = told["cashflow"]["CSD"].index(5000)
    assert (told["equity"][place - 1], told["equity"][place]) == (100_000, 104_999.5)
    assert set(broker.valid("GET", "/account/portfolio/history", cashflow_types="CSD,DIV")["cashflow"]) == {"CSD"}
    assert broker.valid("GET", "/account/portfolio/history")["cashflow"] == {}


def test_before_the_account_there_was_nothing_and_its_opening_is_a_journal_entry(broker: Broker) -> None:
    told = broker.valid("GET", "/account/portfolio/history", period="3M", timeframe="1D", cashflow_types="ALL")
    first = next(place for place, equity in enumerate(told["equity"]) if equity)
    assert told["base_value"] == 0
    assert set(told["equity"][:first]) == {0}
    assert told["cashflow"]["JNLC"][first] == 100_000


def test_the_official_client_reads_a_history_with_flows(broker: Broker) -> None:
    move(broker, "CSD", 5000)
    history = broker.client.get_portfolio_history(
        GetPortfolioHistoryRequest(period="1D", timeframe="5Min", cashflow_types="ALL")
    )
    assert history.equity[-1] == 105_000
    assert sum(history.cashflow["CSD"]) == 5000


@pytest.mark.parametrize(("body", "words"), [
    ({"type": "FILL", "amount": 5}, "fills come from orders"), ({"type": "much too long"}, "two to eight letters"),
    ({"type": "CSD", "amount": "plenty"}, "amount is a number"), ({"type": "CSD", "amount": True}, "amount is a number"),
    ({"type": "CSD", "amount": 1e12}, "amount is a number"), ({"type": "DIV", "qty": "NaN"}, "qty is a number"),
])  # fmt: skip
def test_nonsense_is_refused_with_a_sentence_and_moves_nothing(broker: Broker, body: dict, words: str) -> None:
    answer = requests.post(f"{broker.simulator.url}/sim/activity", json=body, timeout=10)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert broker.client.get_account().cash == "100000"


def test_an_answer_can_be_altered_once(broker: Broker) -> None:
    broker.fault("alter_account", fields={"status": "MOODY"}, gone=["cash"])
    odd, usual = broker.raw("GET", "/account").json(), broker.raw("GET", "/account").json()
    assert (odd["status"], "cash" in odd, usual["status"], Decimal(usual["cash"])) == (
        "MOODY",
        False,
        "ACTIVE",
        100_000,
    )
