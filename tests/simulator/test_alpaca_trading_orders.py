"""Alpaca's official client places, lists, replaces and cancels orders on a running simulator."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderClass, OrderSide, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    GetOrderByIdRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)

from tests.simulator.openapi import recorded, same_shape
from tests.simulator.process import Simulator
from tests.simulator.trading import SYMBOL, Broker, wait_for


@pytest.fixture
def broker(simulator: Simulator) -> Broker:
    return Broker(simulator)


def order(**fields: Any) -> dict[str, Any]:
    return {"symbol": SYMBOL, "qty": 10, "side": "buy", "type": "market", "time_in_force": "day"} | fields


def test_a_market_order_is_answered_at_once_and_fills_within_the_spread_shown(broker: Broker) -> None:
    placed = broker.client.submit_order(
        MarketOrderRequest(symbol=SYMBOL, qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
    )
    assert placed.status.value == "pending_new"
    filled = broker.until(placed, "filled")
    assert float(filled.filled_qty) == 10
    assert float(filled.filled_avg_price) == pytest.approx(broker.last(), rel=0.01)
    assert filled.filled_at >= filled.submitted_at


@pytest.mark.parametrize(
    "fields",
    [
        order(),
        order(qty=None, notional=500.25),
        order(qty=0.5),
        order(type="limit", limit_price=50.5),
        order(type="limit", limit_price="50.5", qty="10", extended_hours=True, time_in_force="gtc"),
        order(type="limit", limit_price=50, time_in_force="ioc"),
        order(type="limit", limit_price=50, time_in_force="fok"),
        order(type="limit", limit_price=50, time_in_force="cls"),
        order(type="stop", stop_price=5000, qty=1),
        order(type="stop_limit", stop_price=5000, limit_price=5001, qty=1),
        order(type="trailing_stop", trail_percent=5),
        order(type="trailing_stop", trail_price="3", time_in_force="gtc"),
        order(order_class="simple", client_order_id="simple-one"),
    ],
)
def test_orders_of_every_type_are_taken_and_read_as_the_document_says(broker: Broker, fields: dict[str, Any]) -> None:
    placed = broker.valid("POST", "/orders", body={k: v for k, v in fields.items() if v is not None})
    assert placed["order_class"] == ""
    assert placed["type"] == placed["order_type"] == fields["type"]
    read = broker.valid("GET", f"/orders/{placed['id']}", "/orders/{order_id}")
    shape = recorded("alpaca/openapi_trading/post_v2_orders_200_Equity.json")
    assert same_shape(shape, placed) == same_shape(shape, read) == []


def test_every_request_class_of_the_client_is_understood(broker: Broker) -> None:
    last = broker.last()
    broker.buy(40)
    day: dict[str, Any] = {"symbol": SYMBOL, "qty": 10, "side": OrderSide.SELL, "time_in_force": TimeInForce.DAY}
    sent = [
        LimitOrderRequest(**day, limit_price=round(last * 1.3, 2)),
        StopOrderRequest(**day, stop_price=round(last * 0.7, 2)),
        StopLimitOrderRequest(**day, stop_price=round(last * 0.7, 2), limit_price=round(last * 0.69, 2)),
        TrailingStopOrderRequest(**day, trail_percent=20),
    ]
    placed = [broker.client.submit_order(request) for request in sent]
    working = [broker.until(one, "new") for one in placed]
    assert [one.type.value for one in working] == ["limit", "stop", "stop_limit", "trailing_stop"]
    trailing = working[-1]
    assert float(trailing.stop_price) == pytest.approx(float(trailing.hwm) * 0.8, abs=0.01)


def test_a_bracket_shows_its_legs_and_releases_them_after_the_entry(broker: Broker) -> None:
    last = broker.last()
    request = MarketOrderRequest(
        symbol=SYMBOL,
        qty=10,
        side=OrderSide.BUY,
        time_in_force=TimeInForce.GTC,
        order_class=OrderClass.BRACKET,
        take_profit=TakeProfitRequest(limit_price=round(last * 1.2, 2)),
        stop_loss=StopLossRequest(stop_price=round(last * 0.8, 2), limit_price=round(last * 0.79, 2)),
    )
    placed = broker.client.submit_order(request)
    assert [leg.type.value for leg in placed.legs] == ["limit", "stop_limit"]
    broker.until(placed, "filled")
    nested = broker.client.get_order_by_id(placed.id, GetOrderByIdRequest(nested=True))
    assert [leg.status.value for leg in nested.legs] == ["new", "held"]
    assert broker.client.get_order_by_id(placed.id).legs is None
    broker.price(round(last * 1.25, 2))
    assert broker.until(nested.legs[0], "filled").order_class is OrderClass.BRACKET
    assert broker.until(nested.legs[1], "canceled").canceled_at is not None


def test_one_cancels_other_and_one_triggers_other_come_with_their_legs(broker: Broker) -> None:
    last = broker.last()
    broker.buy(10)
    exits = {
        "take_profit": TakeProfitRequest(limit_price=round(last * 1.3, 2)),
        "stop_loss": StopLossRequest(stop_price=round(last * 0.7, 2)),
    }
    common: dict[str, Any] = {"symbol": SYMBOL, "qty": 10, "time_in_force": TimeInForce.DAY}
    oco = broker.client.submit_order(
        LimitOrderRequest(**common, side=OrderSide.SELL, order_class=OrderClass.OCO, **exits)
    )
    assert (oco.type.value, oco.legs[0].type.value, oco.legs[0].status.value) == ("limit", "stop", "held")
    broker.client.cancel_order_by_id(oco.id)
    broker.until(oco, "canceled")
    broker.until(oco.legs[0], "canceled")
    oto = broker.client.submit_order(
        LimitOrderRequest(
            **common,
            side=OrderSide.BUY,
            limit_price=round(last * 0.8, 2),
            order_class=OrderClass.OTO,
            stop_loss=StopLossRequest(stop_price=round(last * 0.7, 2)),
        )
    )
    broker.until(oto, "new")
    assert [leg.status.value for leg in oto.legs] == ["held"]


def test_lists_of_orders_are_filtered_in_every_documented_way(broker: Broker) -> None:
    filled = broker.buy(1)
    first, second = broker.resting(1), broker.resting(2)
    other = broker.resting(3, symbol="MSFT", limit_price=50)

    def ids(**filters: Any) -> list[uuid.UUID]:
        return [one.id for one in broker.client.get_orders(GetOrdersRequest(**filters))]

    assert ids() == [other.id, second.id, first.id]
    assert ids(status=QueryOrderStatus.CLOSED) == [filled.id]
    assert ids(status=QueryOrderStatus.ALL, limit=2) == [other.id, second.id]
    assert ids(symbols=["MSFT"]) == [other.id]
    assert ids(side=OrderSide.SELL) == []
    assert ids(direction="asc") == [first.id, second.id, other.id]
    moment = second.submitted_at  # to the microsecond, which rounds down what the order has in nanoseconds
    assert ids(after=moment + timedelta(microseconds=1)) == [other.id]
    assert ids(until=moment) == [first.id]
    assert [o["id"] for o in broker.valid("GET", "/orders", before_order_id=str(second.id))] == [str(first.id)]
    assert [o["id"] for o in broker.valid("GET", "/orders", after_order_id=str(second.id))] == [str(other.id)]
    assert broker.valid("GET", "/orders", asset_class="crypto") == []
    assert len(broker.valid("GET", "/orders", asset_class="us_equity")) == 3


def test_nested_lists_roll_legs_up_under_their_parent(broker: Broker) -> None:
    broker.valid(
        "POST",
        "/orders",
        body=order(
            type="limit",
            limit_price=50,
            order_class="bracket",
            take_profit={"limit_price": 60},
            stop_loss={"stop_price": 40},
        ),
    )
    assert [len(o["legs"]) for o in broker.valid("GET", "/orders", nested=True)] == [2]
    assert [o["legs"] for o in broker.valid("GET", "/orders")] == [None]  # exits that are held are not listed as open
    assert [o["legs"] for o in broker.valid("GET", "/orders", status="all")] == [None, None, None]


def test_an_order_is_found_by_its_client_order_id_which_is_unique(broker: Broker) -> None:
    placed = broker.resting(client_order_id="intent-1")
    assert broker.client.get_order_by_client_id("intent-1").id == placed.id
    assert broker.refusal("POST", "/orders", order(client_order_id="intent-1")) == (
        422,
        {"code": 40010001, "message": "client_order_id must be unique"},
    )
    status, body = broker.refusal("GET", "/orders:by_client_order_id", client_order_id="intent-2")
    assert (status, body["code"]) == (404, 40410000)


def test_a_replacement_chain_links_both_ways(broker: Broker) -> None:
    old = broker.resting()
    change = ReplaceOrderRequest(qty=12, limit_price=50.25, time_in_force=TimeInForce.GTC, client_order_id="second")
    new = broker.client.replace_order_by_id(old.id, change)
    assert (new.replaces, new.client_order_id, new.qty, new.limit_price) == (old.id, "second", "12", "50.25")
    assert broker.until(old, "replaced").replaced_by == new.id
    working = broker.until(new, "new")
    assert working.time_in_force is TimeInForce.GTC
    answer = broker.valid("PATCH", f"/orders/{new.id}", "/orders/{order_id}", {"limit_price": "50.5"})
    assert answer["replaces"] == str(new.id)
    status, body = broker.refusal("PATCH", f"/orders/{old.id}", {"qty": 1})
    assert (status, body) == (422, {"code": 42210000, "message": "unable to replace order in current state"})


def test_a_cancel_is_answered_204_and_a_second_one_422(broker: Broker) -> None:
    placed = broker.resting()
    answer = broker.raw("DELETE", f"/orders/{placed.id}")
    assert (answer.status_code, answer.content) == (204, b"")
    broker.until(placed, "canceled")
    status, body = broker.refusal("DELETE", f"/orders/{placed.id}")
    assert (status, body) == (422, {"code": 42210000, "message": 'order is already in "canceled" state'})


def test_cancel_all_gives_one_result_for_each_open_order(broker: Broker) -> None:
    placed = [broker.resting(), broker.resting()]
    results = broker.client.cancel_orders()
    assert {result.id for result in results} == {one.id for one in placed}
    assert {result.status for result in results} == {200}
    wait_for(lambda: broker.client.get_orders(), lambda found: found == [])
    assert broker.valid("DELETE", "/orders") == []


def test_an_unknown_order_is_answered_404(broker: Broker) -> None:
    missing = uuid.uuid4()
    for method in ("GET", "DELETE"):
        status, body = broker.refusal(method, f"/orders/{missing}")
        assert (status, body["code"]) == (404, 40410000)
    with pytest.raises(APIError, match="order not found"):
        broker.client.replace_order_by_id(missing, ReplaceOrderRequest(qty=1))


def test_refusals_reach_the_client_with_their_code_and_extras(broker: Broker) -> None:
    with pytest.raises(APIError) as caught:
        broker.client.submit_order(
            LimitOrderRequest(
                symbol=SYMBOL, qty=100_000, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=50
            )
        )
    assert (caught.value.status_code, caught.value.code) == (403, 40310000)
    assert '"cost_basis": "5000000"' in str(caught.value)
    status, body = broker.refusal("POST", "/orders", order(symbol="NOSUCH"))
    assert (status, body["message"]) == (422, 'asset "NOSUCH" not found')


@pytest.mark.parametrize("text", ["{", "[]", '"buy"'])
def test_a_body_that_is_no_object_is_answered_422(broker: Broker, text: str) -> None:
    import requests

    answer = requests.post(f"{broker.simulator.url}/v2/orders", data=text, headers=broker.headers, timeout=30)
    assert (answer.status_code, answer.json()["message"]) == (422, "request body format is invalid")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"status": "some"}, "invalid status: some"),
        ({"limit": 501}, "limit must be between 1 and 500"),
        ({"after": "yesterday"}, "invalid after: yesterday"),
    ],
)
def test_a_query_that_cannot_be_read_is_answered_422(broker: Broker, query: dict[str, Any], message: str) -> None:
    status, body = broker.refusal("GET", "/orders", **query)
    assert (status, body["message"]) == (422, message)
