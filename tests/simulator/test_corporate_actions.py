"""A split and a dividend take effect in the account as the broker tells it: shares, cost, cash, open orders and activities."""

from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from alpaca.data.enums import CorporateActionsType
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import CorporateActionsRequest
from alpaca.trading.enums import OrderClass, OrderSide, QueryOrderStatus, TimeInForce
from alpaca.trading.models import Order, Position
from alpaca.trading.requests import (
    GetOrdersRequest,
    LimitOrderRequest,
    StopLossRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from polygon import RESTClient

from qv_desktop.domain.market import NEW_YORK, utc
from tests.simulator.process import Simulator
from tests.simulator.trading import Broker


@pytest.fixture
def broker(simulator: Simulator) -> Broker:
    return Broker(simulator)


def split(broker: Broker, ratio: int, old: int = 1, symbol: str = "AAPL") -> dict:
    return broker.simulator.control("POST", "/sim/split/now", {"symbol": symbol, "ratio": ratio, "old": old})


def held(broker: Broker, symbol: str = "AAPL") -> Position:
    found = broker.client.get_open_position(symbol)
    assert isinstance(found, Position)
    return found


def told(broker: Broker, *codes: str) -> list[tuple[str, str, str]]:
    """Type, shares and dollars of the activities, oldest first."""
    asked = {
        "activity_types": ",".join(codes),
        "direction": "asc",
    }  # CIL is in the official client's list, not in the document's
    rows = broker.raw("GET", "/account/activities", **asked).json()
    return [(row["activity_type"], row.get("qty", ""), row.get("net_amount", "")) for row in rows]


def orders(broker: Broker) -> list[Order]:
    found = broker.client.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, nested=True))
    return [one for one in found if isinstance(one, Order)]


def test_a_split_multiplies_the_shares_at_the_same_cost_and_the_equity_stays(broker: Broker) -> None:
    broker.buy(100)
    before, equity = held(broker), Decimal(broker.client.get_account().equity)
    split(broker, 4)
    after = held(broker)
    assert (after.qty, Decimal(after.cost_basis)) == ("400", Decimal(before.cost_basis))
    assert Decimal(after.avg_entry_price) == pytest.approx(Decimal(before.avg_entry_price) / 4)
    assert float(after.current_price) == pytest.approx(float(before.current_price) / 4, rel=0.02)
    assert abs(Decimal(broker.client.get_account().equity) - equity) < equity / 100
    assert abs(float(after.lastday_price) * 4 / float(before.lastday_price) - 1) < 0.001
    assert told(broker, "SPLIT", "CIL") == [("SPLIT", "-100", "0"), ("SPLIT", "400", "0")]


def test_what_is_left_of_a_share_is_paid_out_in_cash(broker: Broker) -> None:
    broker.buy(33, "MSFT")
    cash, cost = Decimal(broker.client.get_account().cash), Decimal(held(broker, "MSFT").cost_basis)
    split(broker, 1, 10, "MSFT")
    after = held(broker, "MSFT")
    assert after.qty == "3"
    assert Decimal(after.cost_basis) == pytest.approx(cost * 3 / Decimal("3.3"))
    (_, _, (code, shares, dollars)) = told(broker, "SPLIT", "CIL")
    assert (code, shares) == ("CIL", "0.3")
    assert Decimal(dollars) > 0
    assert Decimal(broker.client.get_account().cash) == cash + Decimal(dollars)


def test_a_short_position_is_split_too_and_one_that_vanishes_is_paid_out(broker: Broker) -> None:
    broker.until(
        broker.client.submit_order(
            LimitOrderRequest(
                symbol="AAPL",
                qty=3,
                side=OrderSide.SELL,
                time_in_force=TimeInForce.DAY,
                limit_price=round(broker.last() * 0.98, 2),
            )
        ),
        "filled",
    )
    split(broker, 2)
    assert held(broker).qty == "-6"
    split(broker, 1, 10)
    assert broker.client.get_all_positions() == []
    assert told(broker, "CIL")[0][1] == "-0.6"


def test_good_till_cancelled_orders_follow_a_forward_split_and_exits_of_brackets_stay(broker: Broker) -> None:
    last = broker.last()
    gtc = broker.resting(10, time_in_force=TimeInForce.GTC, limit_price=round(last * 0.8, 2))
    far = LimitOrderRequest(
        symbol="AAPL", qty=4, side=OrderSide.BUY, time_in_force=TimeInForce.GTC, limit_price=round(last * 0.2, 2),
        order_class=OrderClass.BRACKET, take_profit=TakeProfitRequest(limit_price=round(last * 1.5, 2)),
        stop_loss=StopLossRequest(stop_price=round(last * 0.1, 2)),
    )  # fmt: skip
    bracket = broker.client.submit_order(far)
    split(broker, 4)
    found = {one.id: one for one in orders(broker)}
    assert isinstance(bracket, Order)
    assert set(found) == {gtc.id, bracket.id}
    assert (found[gtc.id].qty, found[gtc.id].limit_price) == ("40", f"{int(float(gtc.limit_price or 0) * 25) / 100:g}")
    assert (found[bracket.id].qty, found[bracket.id].limit_price) == (bracket.qty, bracket.limit_price)


def test_a_trailing_stop_is_cancelled_by_a_split(broker: Broker) -> None:
    broker.buy(10)
    trail = TrailingStopOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, trail_percent=20
    )
    order = broker.client.submit_order(trail)
    assert isinstance(order, Order)
    split(broker, 4)
    broker.until(order, "canceled")


def test_every_open_order_is_cancelled_before_a_reverse_split(broker: Broker) -> None:
    order = broker.resting(10, time_in_force=TimeInForce.GTC)
    split(broker, 1, 10)
    assert orders(broker) == []
    broker.until(order, "canceled")


def test_both_vendors_announce_it_and_adjust_the_prices_before_it(broker: Broker) -> None:
    today = utc(broker.simulator.ready["market_ns"]).astimezone(NEW_YORK).date()
    polygon = RESTClient(broker.simulator.polygon_key, base=broker.simulator.url)
    start = today - timedelta(days=9)

    def closes(adjusted: bool) -> list[float]:
        rows = polygon.list_aggs("KO", 1, "day", start, today - timedelta(days=1), adjusted=adjusted)
        return [float(row.close) for row in rows]  # type: ignore[arg-type]

    before = closes(False)
    split(broker, 2, symbol="KO")
    assert closes(False) == before
    assert closes(True) == pytest.approx([price / 2 for price in before], abs=0.001)
    client = CorporateActionsClient(broker.simulator.key, broker.simulator.secret, url_override=broker.simulator.url)
    asked = CorporateActionsRequest(symbols=["KO"], types=[CorporateActionsType.FORWARD_SPLIT], start=today, end=today)
    (announced,) = client.get_corporate_actions(asked).data["forward_splits"]
    assert (announced.ex_date, announced.new_rate, announced.old_rate) == (today, 2, 1)
    older = requests.get(f"{broker.simulator.url}/v1beta1/corporate-actions", params={"symbols": "KO", "types": "forward_split"},
                         headers=broker.headers, timeout=30).json()  # fmt: skip
    assert [one["new_rate"] for one in older["corporate_actions"]["forward_splits"]] == [2]
    (theirs,) = [one for one in polygon.list_splits("KO") if one.execution_date == today.isoformat()]
    assert (theirs.split_from, theirs.split_to) == (1, 2)


def test_a_dividend_is_paid_on_the_shares_held_and_announced(broker: Broker) -> None:
    broker.buy(50)
    cash = Decimal(broker.client.get_account().cash)
    answer = broker.simulator.control("POST", "/sim/dividend/now", {"symbol": "AAPL", "amount": 0.26})
    assert (Decimal(broker.client.get_account().cash) - cash, answer["paid"]) == (13, 13)
    (row,) = broker.valid("GET", "/account/activities/DIV", "/account/activities/{activity_type}")
    assert (row["symbol"], row["qty"], row["per_share_amount"], row["net_amount"]) == ("AAPL", "50", "0.26", "13")
    client = CorporateActionsClient(broker.simulator.key, broker.simulator.secret, url_override=broker.simulator.url)
    today = utc(broker.simulator.ready["market_ns"]).astimezone(NEW_YORK).date()
    kinds = [CorporateActionsType.CASH_DIVIDEND]
    found = client.get_corporate_actions(
        CorporateActionsRequest(symbols=["AAPL"], types=kinds, start=today - timedelta(days=7), end=today)
    ).data["cash_dividends"]
    assert [one.rate for one in found if one.ex_date.isoformat() == answer["ex"]] == [0.26]


@pytest.mark.parametrize(
    ("path", "nonsense"),
    [
        ("/sim/split/now", {"symbol": "AAPL", "ratio": 1}),
        ("/sim/split/now", {"symbol": "AAPL", "ratio": 2.5}),
        ("/sim/split/now", {"symbol": "NOPE"}),
        ("/sim/dividend/now", {"symbol": "AAPL", "amount": -1}),
        ("/sim/dividend/now", {"symbol": "AAPL"}),
        ("/sim/shares", {"symbol": "AAPL", "qty": 0}),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(broker: Broker, path: str, nonsense: dict[str, object]) -> None:
    assert broker.simulator.control("POST", path, nonsense, wanted=422)["error"].endswith(".")
