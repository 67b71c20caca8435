"""The judge itself is judged: it passes the vendors' own examples and catches what is wrong."""

import copy
from typing import Any

import pytest

from tests.simulator.openapi import complaints, recorded, same_shape, schema_named, validate

ORDER = "alpaca/openapi_trading/post_v2_orders_200_Equity.json"
BARS = "alpaca/openapi_data/get_v2_stocks_bars_200_bars.json"


def test_a_recorded_order_passes_the_trading_document() -> None:
    order = recorded(ORDER)
    assert validate("alpaca-trading", "POST", "/v2/orders", 200, order) == []
    assert validate("alpaca-trading", "GET", "/v2/orders/0c64fd98-0000-4000-8000-000000000001", 200, order) == []


def test_recorded_bars_and_polygon_answers_pass_their_documents() -> None:
    aggregates = "polygon/client-python_mocks/v2/aggs/ticker/AAPL/range/1/day/2005-04-01/2005-04-04.json"
    assert validate("alpaca-data", "GET", "/v2/stocks/bars", 200, recorded(BARS)) == []
    path = "/v2/aggs/ticker/AAPL/range/1/day/2005-04-01/2005-04-04"
    assert validate("polygon-rest", "GET", path, 200, recorded(aggregates)) == []
    assert validate("polygon-ws", "GET", "/stocks/T", 200, recorded("polygon/openapi_ws/stocks_T.json")) == []


def test_a_missing_field_and_a_wrong_type_are_named() -> None:
    body: dict[str, Any] = copy.deepcopy(recorded(BARS))
    first = next(iter(body["bars"].values()))[0]
    first["o"] = "178.26"
    del first["vw"]
    found = validate("alpaca-data", "GET", "/v2/stocks/bars", 200, body)
    assert len(found) == 2
    assert any("'178.26' is not of type 'number'" in line for line in found)
    assert any("'vw' is a required property" in line for line in found)


def test_null_passes_only_where_the_document_allows_it() -> None:
    order = recorded(ORDER)
    assert validate("alpaca-trading", "POST", "/v2/orders", 200, {**order, "filled_at": None, "legs": None}) == []
    assert validate("alpaca-trading", "POST", "/v2/orders", 200, {**order, "symbol": 7}) != []


def test_an_unknown_path_or_status_is_a_finding() -> None:
    assert validate("alpaca-data", "GET", "/v2/stonks", 200, {}) == ["alpaca-data describes no GET /v2/stonks"]
    assert validate("alpaca-data", "GET", "/v2/stocks/bars", 299, {}) == [
        "alpaca-data describes no status 299 for GET /v2/stocks/bars"
    ]


def test_a_schema_can_be_asked_for_by_name() -> None:
    trade = recorded("alpaca/openapi_data/_schemas/stock_trade.json")
    assert complaints("alpaca-data", schema_named("alpaca-data", "stock_trade"), trade) == []
    assert complaints("alpaca-data", schema_named("alpaca-data", "stock_trade"), {"p": 1.0}) != []


@pytest.mark.parametrize(
    ("answered", "finding"),
    [
        ({"a": 1, "b": [{"c": "x"}]}, []),
        ({"a": 1.5, "b": [{"c": None}], "more": True}, []),
        ({"a": None, "b": None}, []),
        ({"a": "1", "b": [{"c": "x"}]}, ["$.a: number was recorded, string was answered"]),
        ({"a": True, "b": [{"c": "x"}]}, ["$.a: number was recorded, boolean was answered"]),
        ({"b": [{"c": "x"}, {}]}, ["$.a: missing", "$.b[1].c: missing"]),
        ({"a": 1, "b": []}, ["$.b: items were recorded, none was answered"]),
    ],
)
def test_shapes_are_compared_key_by_key(answered: object, finding: list[str]) -> None:
    assert same_shape({"a": 1, "b": [{"c": "y"}]}, answered) == finding


def test_each_answered_item_may_look_like_any_of_the_recorded_ones() -> None:
    models = [{"trade": 1}, {"dividend": "0.5"}]
    assert same_shape(models, [{"dividend": "1"}, {"trade": 2}]) == []
    assert same_shape(models, [{"dividend": 1}]) != []


def test_named_keys_are_not_looked_for() -> None:
    assert same_shape({"daytrade_count": 0, "cash": "1"}, {"cash": "2"}, frozenset({"daytrade_count"})) == []
