"""What the broker refuses, in Alpaca's own words, and what open orders hold of shares and buying power."""

from decimal import Decimal

import pytest

from qv_desktop.simulator.alpaca_errors import BrokerError
from tests.simulator.openapi import recorded
from tests.simulator.small_market import ASSET, Floor, at


def refused(floor: Floor, *args: object, **fields: object) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        floor.order(*args, **fields)  # type: ignore[arg-type]
    return caught.value


def same_extras(error: BrokerError, name: str) -> None:
    """The refusal's body has the fields of the recorded one."""
    assert set(recorded(f"alpaca/errors_field_reports/{name}.json")) <= set(error.body)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"qty": None}, "qty or notional is required"),
        ({"notional": 10}, "only one of qty or notional is accepted"),
        ({"qty": -1}, "qty must be > 0"),
        ({"qty": "ten"}, "qty must be a number"),
        ({"qty": True}, "qty must be a number"),
        ({"qty": "NaN"}, "qty must be > 0"),
        ({"kind": "limit"}, "limit orders require a limit price"),
        ({"kind": "stop"}, "stop orders require a stop price"),
        ({"kind": "stop_limit", "stop_price": 101}, "stop limit orders require both stop and limit price"),
        ({"limit_price": 100}, "market orders require no stop or limit price"),
        ({"kind": "trailing_stop"}, "trailing stop orders must specify one of trail_price or trail_percent"),
        ({"kind": "warrant"}, "invalid type: warrant"),
        ({"time_in_force": "month"}, "invalid time_in_force: month"),
        ({"time_in_force": None}, "time_in_force is required"),
        ({"side": "hold"}, "invalid side: hold"),
        ({"extended_hours": True}, 'only type="limit" is allowed for extended hours orders'),
        ({"order_class": "bracket"}, "bracket orders require take_profit.limit_price"),
        ({"order_class": "oto"}, "oto orders require one of take_profit or stop_loss"),
        ({"take_profit": {"limit_price": 120}}, "simple orders require no take_profit or stop_loss"),
        ({"client_order_id": "x" * 129}, "client_order_id must be no more than 128 characters"),
        ({"symbol": None}, "symbol is required"),
    ],
)
def test_a_request_that_is_no_order_is_answered_422_with_a_sentence(fields: dict[str, object], sentence: str) -> None:
    error = refused(Floor(), **fields)
    assert (error.status, error.body["code"], error.body["message"]) == (422, 40010001, sentence)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"qty": "1.5", "time_in_force": "gtc"}, "fractional orders must be DAY orders"),
        ({"qty": "0.1234567891"}, "qty must be limited to 9 decimal places"),
        ({"qty": None, "notional": "10.123"}, "notional value must be limited to 2 decimal places"),
        ({"symbol": "NONE"}, 'asset "NONE" not found'),
        (
            {"kind": "limit", "limit_price": "290.123"},
            "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
        ),
        (
            {"kind": "limit", "limit_price": "0.12345"},
            "invalid limit_price 0.12345. sub-penny increment does not fulfill minimum pricing criteria",
        ),
        ({"order_class": "mleg"}, "mleg orders are only supported for options"),
        ({"side": "sell", "symbol": "HARD"}, 'asset "HARD" cannot be sold short'),
        ({"side": "sell", "qty": "1.5"}, "fractional orders cannot be sold short"),
        (
            {
                "order_class": "oco",
                "kind": "limit",
                "take_profit": {"limit_price": 90},
                "stop_loss": {"stop_price": 110},
            },
            "oco orders must be exit orders",
        ),
        (
            {"order_class": "bracket", "take_profit": {"limit_price": 95}, "stop_loss": {"stop_price": 105}},
            "take_profit.limit_price must be greater than stop_loss.stop_price",
        ),
        (
            {"order_class": "bracket", "take_profit": {"limit_price": 120}, "stop_loss": {"stop_price": 100}},
            "stop_loss.stop_price must be <= base_price - 0.01",
        ),
        (
            {"order_class": "oto", "take_profit": {"limit_price": "100"}},
            "take_profit.limit_price must be >= base_price + 0.01",
        ),
    ],
)
def test_an_order_against_the_rules_is_answered_42210000(fields: dict[str, object], sentence: str) -> None:
    error = refused(Floor(), **fields)
    assert (error.status, error.body["code"], error.body["message"]) == (422, 42210000, sentence)


def test_prices_below_one_dollar_may_have_four_decimals() -> None:
    assert Floor().order("buy", 10, "limit", limit_price="0.1234").status == "new"


def test_an_asset_may_be_named_by_its_id() -> None:
    assert Floor().order("buy", 10, symbol=ASSET).symbol == "ACME"


def test_a_client_order_id_can_be_used_once() -> None:
    floor = Floor()
    floor.order("buy", 1, client_order_id="mine")
    error = refused(floor, "buy", 1, client_order_id="mine")
    assert (error.status, error.body) == (422, {"code": 40010001, "message": "client_order_id must be unique"})


def test_a_buy_beyond_the_buying_power_names_power_and_cost() -> None:
    error = refused(Floor(), "buy", 5000, "limit", limit_price=100)
    assert error.status == 403
    assert error.body["buying_power"] == "400000"
    assert error.body["cost_basis"] == "500000"
    same_extras(error, "403_insufficient_buying_power")


def test_open_orders_hold_buying_power_and_a_market_buy_is_valued_above_the_offer() -> None:
    floor = Floor()
    floor.order("buy", 1000, "limit", limit_price=90)
    assert floor.exchange.held_buying_power() == 90_000
    floor.market.halted.add("ACME")
    floor.order("buy", 100)
    assert floor.exchange.held_buying_power() == 90_000 + Decimal("100.01") * Decimal("1.025") * 100


def test_a_short_sale_is_valued_at_its_limit_or_three_percent_above_the_offer() -> None:
    floor = Floor()
    floor.order("sell", 10, "limit", limit_price=101)
    assert floor.exchange.held_buying_power() == Decimal("100.01") * Decimal("1.03") * 10
    floor.order("sell", 10, "limit", limit_price=120)
    assert floor.exchange.held_buying_power() == Decimal("100.01") * Decimal("1.03") * 10 + 1200


def test_a_replacement_does_not_pay_for_the_order_that_it_replaces() -> None:
    floor = Floor()
    old = floor.order("buy", 4000, "limit", limit_price=90)
    new = floor.exchange.replace(old, {"limit_price": 95})
    floor.exchange.step()
    assert new.status == "new"
    with pytest.raises(BrokerError, match="insufficient buying power"):
        floor.exchange.replace(new, {"qty": 5000})


def test_shares_held_by_open_orders_cannot_be_sold_again() -> None:
    floor = Floor()
    floor.order("buy", 10)
    resting = floor.order("sell", 8, "limit", limit_price=110)
    error = refused(floor, "sell", 3, "limit", limit_price=111)
    assert (error.status, error.body["code"]) == (403, 40310000)
    assert error.body["message"] == "insufficient qty available for order (requested: 3, available: 2)"
    assert (error.body["existing_qty"], error.body["held_for_orders"]) == ("10", "8")
    assert error.body["related_orders"] == [resting.id]
    same_extras(error, "403_insufficient_qty_available")


def test_a_position_cannot_be_reversed_by_one_order() -> None:
    floor = Floor()
    floor.order("buy", 10)
    assert "insufficient qty" in str(refused(floor, "sell", 11))


@pytest.mark.parametrize(
    ("resting", "coming", "reason"),
    [
        (("stop", {"stop_price": 110}), ("market", {}), "opposite side market/stop order exists"),
        (("limit", {"limit_price": 95}), ("market", {}), "opposite side limit order exists"),
        (("limit", {"limit_price": 95}), ("limit", {"limit_price": 95}), "opposite side limit order exists"),
        (("limit", {"limit_price": 95}), ("limit", {"limit_price": 96}), None),
    ],
)
def test_an_order_that_could_meet_an_own_order_is_a_potential_wash_trade(
    resting: tuple[str, dict[str, object]], coming: tuple[str, dict[str, object]], reason: str | None
) -> None:
    floor = Floor()
    floor.order("buy", 10)
    own = floor.order("buy", 10, resting[0], **resting[1])
    if reason is None:
        floor.order("sell", 10, coming[0], **coming[1])
        return
    error = refused(floor, "sell", 10, coming[0], **coming[1])
    assert (error.status, error.body["reject_reason"]) == (403, reason)
    assert error.body["existing_order_id"] == own.id
    same_extras(error, "403_wash_trade")


def test_from_flat_a_symbol_is_entered_in_one_direction_only() -> None:
    floor = Floor()
    floor.order("buy", 10, "limit", limit_price=90)
    error = refused(floor, "sell", 10, "limit", limit_price=110)
    assert error.body["message"] == "cannot open a short sell while a long buy order is open"


def test_a_bracket_must_open_a_position() -> None:
    floor = Floor()
    floor.order("buy", 10)
    error = refused(
        floor, "sell", 10, order_class="bracket", take_profit={"limit_price": 90}, stop_loss={"stop_price": 110}
    )
    assert error.body["message"] == "bracket orders must be entry orders"


@pytest.mark.parametrize(("side", "stop", "word"), [("sell", 101, "less"), ("buy", 99, "greater")])
def test_a_stop_on_the_wrong_side_of_the_market_is_refused(side: str, stop: int, word: str) -> None:
    error = refused(Floor(), side, 1, "stop", stop_price=stop)
    assert error.body["message"] == f"stop price must be {word} than current price"
    assert (error.body["market_price"], error.body["stop_price"]) == ("100", str(stop))
    same_extras(error, f"422_stop_price_must_be_{word}")


def test_settings_of_the_account_forbid_trading_and_shorting() -> None:
    floor = Floor()
    floor.exchange.account.configuration["no_shorting"] = True
    assert refused(floor, "sell", 1).body["message"] == "account is not allowed to short"
    floor.exchange.account.configuration["suspend_trade"] = True
    assert refused(floor, "buy", 1).status == 403


def test_an_order_must_be_worth_a_dollar() -> None:
    assert refused(Floor(), "buy", None, notional="0.50").body == {
        "code": 40310000,
        "message": "cost basis must be >= minimal amount of order 1",
        "cost_basis": "0.5",
    }


def test_replacements_keep_to_the_rules_of_their_type() -> None:
    floor = Floor(at(10))
    order = floor.order("buy", 10, "limit", limit_price=90)
    for body, sentence in (
        ({"stop_price": 99}, "stop_price cannot be set on a limit order"),
        ({"trail": 1}, "trail can only be replaced on trailing stop orders"),
        ({"limit_price": "90.001"}, "sub-penny"),
        ({"qty": "1.5"}, "qty of fractional orders cannot be replaced"),
    ):
        with pytest.raises(BrokerError, match=sentence):
            floor.exchange.replace(order, body)
    assert order.status == "new"
