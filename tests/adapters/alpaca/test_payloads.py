"""Our orders in Alpaca's words."""

from dataclasses import replace
from decimal import Decimal

from qv_desktop.adapters.alpaca.payloads import amendment, submission
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce

LIMIT = OrderRequest("c1", "AAPL", Side.BUY, Decimal(10), OrderType.LIMIT, limit=Decimal("10.10"))


def test_a_limit_order_says_what_was_meant_and_no_more() -> None:
    assert submission(LIMIT) == {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "limit", "time_in_force": "day",
                                 "client_order_id": "c1", "limit_price": "10.10"}  # fmt: skip


def test_decimals_are_written_out() -> None:
    tiny = replace(LIMIT, quantity=Decimal("1E+2"), limit=Decimal("1E-4"))
    assert (submission(tiny)["qty"], submission(tiny)["limit_price"]) == ("100", "0.0001")


def test_extended_hours_are_said_only_when_wanted() -> None:
    assert "extended_hours" not in submission(LIMIT)
    assert submission(replace(LIMIT, extended_hours=True))["extended_hours"] is True


def test_a_trailing_stop_names_one_trail_and_no_stop() -> None:
    trailing = OrderRequest(
        "c", "AAPL", Side.SELL, Decimal(1), OrderType.TRAILING_STOP, stop=Decimal(5), trail_percent=Decimal("1.5")
    )
    body = submission(trailing)
    assert body["trail_percent"] == "1.5"
    assert not {"trail_price", "stop_price"} & body.keys()


def test_groups_carry_their_legs() -> None:
    bracket = replace(LIMIT, order_class=OrderClass.BRACKET, take_profit=Decimal(12), stop_loss=Decimal(9))
    body = submission(bracket)
    assert body["order_class"] == "bracket"
    assert (body["take_profit"], body["stop_loss"]) == ({"limit_price": "12"}, {"stop_price": "9"})
    oto = submission(replace(LIMIT, order_class=OrderClass.OTO, stop_loss=Decimal(9)))
    assert "take_profit" not in oto
    oco = submission(replace(LIMIT, side=Side.SELL, order_class=OrderClass.OCO, stop_loss=Decimal(9)))
    assert oco["take_profit"] == {"limit_price": "10.10"}


def test_an_oco_names_its_limit_once_as_the_take_profit_and_a_stop_loss_may_have_a_limit() -> None:
    pair = replace(
        LIMIT, side=Side.SELL, order_class=OrderClass.OCO, stop_loss=Decimal(9), stop_loss_limit=Decimal("8.90")
    )
    assert submission(pair) == {
        "symbol": "AAPL", "qty": "10", "side": "sell", "type": "limit", "time_in_force": "day", "client_order_id": "c1",
        "order_class": "oco", "take_profit": {"limit_price": "10.10"}, "stop_loss": {"stop_price": "9", "limit_price": "8.90"},
    }  # fmt: skip


def test_an_amendment_names_only_what_changed_and_the_new_id() -> None:
    after = replace(LIMIT, client_order_id="c2", limit=Decimal("10.20"))
    assert amendment(LIMIT, after) == {"limit_price": "10.20", "client_order_id": "c2"}
    assert amendment(
        LIMIT, replace(LIMIT, client_order_id="c2", time_in_force=TimeInForce.GTC, quantity=Decimal(5))
    ) == {
        "qty": "5",
        "time_in_force": "gtc",
        "client_order_id": "c2",
    }
    assert amendment(LIMIT, replace(LIMIT, client_order_id="c2")) == {"qty": "10", "client_order_id": "c2"}


def test_an_amended_trail_is_named_trail() -> None:
    before = OrderRequest("c", "AAPL", Side.SELL, Decimal(1), OrderType.TRAILING_STOP, trail_price=Decimal(2))
    assert amendment(before, replace(before, client_order_id="d", trail_price=Decimal(3))) == {
        "trail": "3",
        "client_order_id": "d",
    }
