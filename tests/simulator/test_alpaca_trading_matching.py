"""Orders meet an exact market: when they fill, at what price, and what follows."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from qv_desktop.simulator.alpaca_errors import BrokerError
from qv_desktop.simulator.matching import portion
from qv_desktop.simulator.ticks import SECOND, Quote, Trade
from tests.simulator.small_market import DAY, Floor, at


def test_a_market_order_is_reported_pending_new_then_new_then_filled_at_the_offer() -> None:
    floor = Floor()
    order = floor.order("buy", 10)
    assert floor.events(order) == ["pending_new", "new", "fill"]
    assert order.filled_value / order.filled_qty == Decimal("100.01")
    assert [u.get("execution_id") is None for u in floor.updates] == [True, False, False]
    fill = floor.updates[-1]
    assert (fill["qty"], fill["price"], fill["position_qty"]) == ("10", "100.01", "10")


def test_a_sell_fills_at_the_bid() -> None:
    floor = Floor()
    floor.order("buy", 10)
    order = floor.order("sell", 4)
    assert order.filled_value == Decimal("99.99") * 4
    assert floor.updates[-1]["position_qty"] == "6"


def test_a_limit_order_waits_until_the_offer_comes_down_to_it_and_then_gets_the_better_price() -> None:
    floor = Floor()
    order = floor.order("buy", 10, "limit", limit_price="99.50")
    floor.market.trade(99.60)
    assert order.status == "new"
    floor.market.quoted(99.38, 99.40)
    assert (order.status, order.filled_value / 10) == ("filled", Decimal("99.4"))


@pytest.mark.parametrize(("side", "stop", "near", "through"), [("sell", 99, 99.5, 98.99), ("buy", 101, 100.5, 101.0)])
def test_a_stop_elects_on_a_print_at_or_through_its_price_and_then_trades_at_the_market(
    side: str, stop: float, near: float, through: float
) -> None:
    floor = Floor()
    if side == "sell":
        floor.order("buy", 10)
    order = floor.order(side, 10, "stop", stop_price=stop)
    floor.market.trade(near)
    assert order.status == "new"
    floor.market.trade(through)
    assert order.status == "filled"
    assert order.filled_value / 10 == Decimal(str(through)) + (Decimal("0.01") if side == "buy" else Decimal("-0.01"))


def test_a_print_outside_the_nbbo_elects_no_stop() -> None:
    floor = Floor()
    floor.order("buy", 10)
    order = floor.order("sell", 10, "stop", stop_price=99)
    floor.market.tell(Trade("ACME", floor.market.time + SECOND, 98.0, 100, 7))  # the bid stands at 99.99
    assert order.status == "new"


def test_a_stop_limit_waits_at_its_limit_after_it_was_elected() -> None:
    floor = Floor()
    floor.order("buy", 10)
    order = floor.order("sell", 10, "stop_limit", stop_price=99, limit_price="98.90")
    floor.market.trade(98.5)
    assert (order.status, order.elected) == ("new", True)
    floor.market.quoted(98.95, 98.97)
    assert order.filled_value / 10 == Decimal("98.95")


def test_a_trailing_stop_follows_the_high_and_sells_when_the_price_falls_by_the_trail() -> None:
    floor = Floor()
    floor.order("buy", 10)
    order = floor.order("sell", 10, "trailing_stop", trail_price=2)
    assert (order.hwm, order.stop_price) == (Decimal(100), Decimal(98))
    floor.market.trade(105.0)
    assert (order.hwm, order.stop_price) == (Decimal(105), Decimal(103))
    floor.market.trade(103.5)
    assert order.stop_price == Decimal(103)
    floor.market.trade(102.9)
    assert order.status == "filled"


def test_a_trailing_buy_by_percent_follows_the_low() -> None:
    floor = Floor()
    order = floor.order("buy", 10, "trailing_stop", trail_percent=5)
    floor.market.trade(80.0)
    assert (order.hwm, order.stop_price) == (Decimal(80), Decimal(84))
    floor.market.trade(84.0)
    assert order.status == "filled"


def test_one_fill_in_ten_is_partial_and_the_rest_fills_at_a_later_quote() -> None:
    random = Random(3)
    floor = Floor()
    order = floor.order("buy", 1000, "limit", limit_price=90)
    parts = [portion(order, Decimal(90), random, partial=False) for _ in range(2000)]
    share = sum(part < 1000 for part in parts) / len(parts)
    assert 0.07 < share < 0.13
    assert all(0 < part <= 1000 and part % 1 == 0 for part in parts)


def test_the_partial_fill_fault_leaves_a_rest_that_a_later_quote_fills() -> None:
    floor = Floor()
    floor.fault("partial_fills")
    order = floor.order("buy", 100)
    assert order.status == "partially_filled"
    first = order.filled_qty
    floor.market.trade(100.5)
    assert floor.events(order) == ["pending_new", "new", "partial_fill", "fill"]
    assert [u["qty"] for u in floor.updates[-2:]] == [str(first), str(100 - first)]
    kinds = [a["type"] for a in floor.exchange.account.activities if a["activity_type"] == "FILL"]
    assert kinds == ["partial_fill", "fill"]


def test_an_order_by_notional_buys_parts_of_a_share() -> None:
    floor = Floor()
    order = floor.order("buy", None, notional="500")
    assert order.status == "filled"
    assert order.qty is None
    assert order.filled_qty == Decimal("4.999500049")
    assert Decimal("499.9999") < order.filled_value <= 500


def test_immediate_or_cancel_takes_what_there_is_and_cancels_the_rest() -> None:
    floor = Floor()
    floor.fault("partial_fills")
    order = floor.order("buy", 100, "limit", limit_price=101, time_in_force="ioc")
    assert floor.events(order) == ["pending_new", "new", "partial_fill", "canceled"]
    away = floor.order("buy", 100, "limit", limit_price=90, time_in_force="ioc")
    assert floor.events(away) == ["pending_new", "new", "canceled"]


def test_fill_or_kill_never_fills_in_part() -> None:
    floor = Floor()
    floor.fault("partial_fills")
    order = floor.order("buy", 100, time_in_force="fok")
    assert floor.events(order) == ["pending_new", "new", "fill"]


def test_a_halted_symbol_fills_nothing_until_it_resumes() -> None:
    floor = Floor()
    floor.market.halted.add("ACME")
    order = floor.order("buy", 10)
    floor.market.trade(100.0)
    assert order.status == "new"
    floor.market.halted.clear()
    floor.market.trade(100.0)
    assert order.status == "filled"


def test_a_day_order_expires_at_the_close_and_a_gtc_order_stays() -> None:
    floor = Floor(at(15, 59))
    day = floor.order("buy", 10, "limit", limit_price=90)
    gtc = floor.order("buy", 10, "limit", limit_price=90, time_in_force="gtc")
    floor.market.trade(100.0, at(16))
    assert (day.status, day.expired_at) == ("expired", at(16))
    floor.market.trade(89.0, at(18))
    assert gtc.status == "new"
    floor.market.trade(89.0, at(9, 31, DAY + timedelta(days=1)))
    assert gtc.status == "filled"


def test_an_order_after_the_close_is_accepted_and_works_from_the_next_open() -> None:
    floor = Floor(at(17))
    order = floor.order("buy", 10)
    assert floor.events(order) == ["accepted"]
    floor.market.trade(101.0, at(9, 29, DAY + timedelta(days=1)))
    assert order.status == "accepted"
    floor.market.trade(101.0, at(9, 30, DAY + timedelta(days=1)))
    assert floor.events(order) == ["accepted", "new", "fill"]


def test_an_extended_hours_limit_order_fills_after_the_close_and_expires_at_eight() -> None:
    floor = Floor(at(17))
    taken = floor.order("buy", 10, "limit", limit_price=101, extended_hours=True)
    resting = floor.order("buy", 10, "limit", limit_price=90, extended_hours=True)
    assert (taken.status, resting.status) == ("filled", "new")
    floor.market.trade(100.0, at(20))
    assert resting.status == "expired"


def test_opening_auction_orders_fill_at_the_first_print_or_are_canceled() -> None:
    floor = Floor(at(9))
    buy = floor.order("buy", 10, time_in_force="opg")
    low = floor.order("buy", 10, "limit", limit_price=90, time_in_force="opg")
    floor.market.trade(100.5, at(9, 29))
    assert (buy.status, low.status) == ("accepted", "accepted")
    floor.market.trade(102.0, at(9, 30) + SECOND)
    assert (buy.status, buy.filled_value) == ("filled", Decimal(1020))
    assert low.status == "canceled"


def test_closing_auction_orders_fill_at_the_closing_print_or_at_the_last_price_when_none_comes() -> None:
    floor = Floor(at(15))
    order = floor.order("buy", 10, time_in_force="cls")
    floor.market.trade(103.0, at(15, 59))
    assert order.status == "new"
    floor.market.trade(104.0, at(16))
    assert order.filled_value == Decimal(1040)
    late = Floor(at(15))
    order = late.order("buy", 10, time_in_force="cls")
    late.market.time = at(16, 2)
    late.exchange.step()
    assert order.filled_value == Decimal(1000)


@pytest.mark.parametrize(
    ("kind", "hour", "minute", "refused"),
    [("opg", 9, 27, False), ("opg", 9, 28, True), ("opg", 18, 59, True), ("opg", 19, 0, False)]
    + [("cls", 15, 49, False), ("cls", 15, 50, True), ("cls", 18, 59, True), ("cls", 19, 0, False)],
)
def test_auction_orders_are_refused_between_the_cut_off_and_the_evening(
    kind: str, hour: int, minute: int, refused: bool
) -> None:
    floor = Floor(at(hour, minute))
    if refused:
        with pytest.raises(BrokerError, match="orders must be submitted before"):
            floor.order("buy", 10, time_in_force=kind)
    else:
        assert floor.order("buy", 10, time_in_force=kind).is_open


def test_a_quote_alone_does_not_elect_a_stop() -> None:
    floor = Floor()
    floor.order("buy", 10)
    order = floor.order("sell", 10, "stop", stop_price=99)
    floor.market.tell(Quote("ACME", floor.market.time + SECOND, 97, 100, 97.02, 100))
    assert order.status == "new"
