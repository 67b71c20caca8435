"""The gate: each rule refuses with its numbers and the nearest value that passes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.domain.risk import RiskView, TradingState, Verdict
from qv_desktop.domain.rules import judged
from tests.builders import NOW, a_limit, a_position, a_quote, a_request, a_view, an_account, an_order


def codes(request: OrderRequest, view: RiskView | None = None, limits: Limits | None = None) -> list[str]:
    return [check.code for check in judged(request, view or a_view(), limits or Limits()).refusals]


def nearest(request: OrderRequest, code: str, view: RiskView | None = None) -> str:
    return next(c.nearest for c in judged(request, view or a_view(), Limits()).refusals if c.code == code)


def test_an_ordinary_order_passes_and_shows_its_numbers() -> None:
    verdict = judged(a_limit("100.00"), a_view(), Limits())
    assert verdict.passed
    single = next(check for check in verdict.checks if check.code == "SINGLE_NAME")
    assert (single.value, single.limit) == ("10.0%", "25%")


def test_nobody_but_the_gate_can_make_a_verdict() -> None:
    with pytest.raises(TypeError, match="risk gate"):
        Verdict(a_request(), (), object())  # type: ignore[arg-type]


def test_a_verdict_cannot_be_moved_to_another_order() -> None:
    verdict = judged(a_limit("100.00"), a_view(), Limits())
    with pytest.raises(AttributeError):
        verdict.request = a_limit("100.00", 9_999)


def test_one_order_cannot_turn_a_position_round() -> None:
    view = a_view(positions={"AAPL": a_position(100)})
    assert "REVERSAL" in codes(a_request(150, Side.SELL), view)
    assert nearest(a_request(150, Side.SELL), "REVERSAL", view) == "100"
    assert codes(a_request(100, Side.SELL), view) == []


@pytest.mark.parametrize(
    ("request_", "view", "code"),
    [
        (a_request(), a_view(instrument=None), "INSTRUMENT"),
        (a_request(), a_view(instrument=Instrument("AAPL", "", "", tradable=False)), "INSTRUMENT"),
        (a_request(), a_view(halted=True), "INSTRUMENT"),
        (a_request(), a_view(state=TradingState.HALTED), "TRADING_STATE"),
        (a_request(), a_view(state=TradingState.REDUCING), "TRADING_STATE"),
        (a_request(), a_view(closed="The books differ."), "TRADING_STATE"),
        (a_request(0), a_view(), "ORDER_QUANTITY"),
        (a_request(10_001), a_view(), "ORDER_QUANTITY"),
        (a_request(type=OrderType.LIMIT), a_view(), "PRICE"),
        (a_request(type=OrderType.STOP), a_view(), "PRICE"),
        (a_request(type=OrderType.TRAILING_STOP), a_view(), "PRICE"),
        (a_limit("100.005"), a_view(), "TICK"),
        (a_request(extended_hours=True), a_view(), "EXTENDED_HOURS"),
        (a_limit("100.00", time_in_force=TimeInForce.IOC, extended_hours=True), a_view(), "EXTENDED_HOURS"),
        (a_limit("100.00", 1_100), a_view(), "ORDER_VALUE"),
        (a_limit("112.00", 1), a_view(), "COLLAR"),
        (a_limit("88.00", 1, Side.SELL), a_view(positions={"AAPL": a_position(10)}), "COLLAR"),
        (a_request(), a_view(quote_age=2.5), "QUOTE_AGE"),
        (a_request(), a_view(quote=None, quote_age=None), "QUOTE_AGE"),
        (a_limit("100.00", 260), a_view(), "SINGLE_NAME"),
        (a_limit("100.00", 100), a_view(account=an_account(buying_power=Decimal(5_000))), "BUYING_POWER"),
        (a_request(10, Side.SELL), a_view(instrument=Instrument("AAPL", "", "", shortable=False)), "SHORT"),
        (a_request(10), a_view(account=an_account("97000", last_equity=Decimal(100_000))), "DAILY_LOSS"),
    ],
)
def test_each_rule_refuses_what_it_is_for(request_: OrderRequest, view: RiskView, code: str) -> None:
    assert code in codes(request_, view)


@pytest.mark.parametrize("nothing", [0.0, -1.0, float("nan")])
def test_a_side_of_the_quote_that_is_no_price_refuses_with_a_sentence(nothing: float) -> None:
    no_ask = a_view(quote=a_quote(ask=nothing))
    assert "NO_QUOTE" in codes(a_request(), no_ask)
    assert "NO_QUOTE" in codes(a_limit("100.00"), no_ask)
    view = a_view(quote=a_quote(bid=nothing), positions={"AAPL": a_position(100)})
    check = next(c for c in judged(a_request(10, Side.SELL), view, Limits()).refusals if c.code == "NO_QUOTE")
    assert check.message == "The market shows no bid to sell at; wait for a quote."


any_price = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -0.0, 1e-300, 1e300, -5.0])
any_dollars = st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=4)
any_shares = st.decimals(min_value=-(10**7), max_value=10**7, allow_nan=False, places=0)
any_limit = st.none() | st.decimals(min_value=-100, max_value=10**7, allow_nan=False, places=4)


@given(any_price, any_price, any_dollars, any_shares, any_shares, any_limit, st.sampled_from(Side))
def test_the_gate_answers_whatever_the_market_and_the_books_hold(
    bid: float, ask: float, dollars: Decimal, held: Decimal, quantity: Decimal, limit: Decimal | None, side: Side
) -> None:
    view = a_view(quote=a_quote(bid, ask), account=an_account(str(dollars)), positions={"AAPL": a_position(int(held))})
    request = replace(a_request(int(quantity), side), limit=limit, type=OrderType.LIMIT if limit else OrderType.MARKET)
    for limits in (Limits(), Limits(*([dollars] * 7), 0, dollars)):
        assert judged(request, view, limits).checks


def test_reducing_takes_orders_that_reduce_and_no_others() -> None:
    view = a_view(state=TradingState.REDUCING, positions={"AAPL": a_position(100)})
    assert codes(a_request(100, Side.SELL), view) == []
    assert "TRADING_STATE" in codes(a_request(101, Side.SELL), view)
    working = an_order(a_limit("101.00", 60, Side.SELL, id="qv-0"))
    assert "TRADING_STATE" in codes(a_request(50, Side.SELL), replace(view, open_orders=(working,)))


def test_a_halt_refuses_even_what_reduces() -> None:
    view = a_view(state=TradingState.HALTED, positions={"AAPL": a_position(100)})
    assert codes(a_request(100, Side.SELL), view) == ["TRADING_STATE"]


def test_after_the_daily_loss_a_position_can_still_be_closed() -> None:
    view = a_view(account=an_account("97000", last_equity=Decimal(100_000)), positions={"AAPL": a_position(100)})
    assert codes(a_request(100, Side.SELL), view) == []


def test_working_orders_count_in_single_name_exposure() -> None:
    working = an_order(a_limit("99.00", 200, id="qv-0"))
    assert "SINGLE_NAME" in codes(a_limit("100.00", 100), a_view(open_orders=(working,)))


def test_an_order_against_ones_own_resting_order_is_a_wash() -> None:
    resting = an_order(a_limit("100.00", 10, Side.SELL, id="qv-0"))
    view = a_view(open_orders=(resting,), positions={"AAPL": a_position(100)})
    assert "WASH" in codes(a_limit("100.00", 10), view)
    assert "WASH" not in codes(a_limit("99.50", 10), view)


def test_the_same_order_twice_within_a_second_is_a_duplicate() -> None:
    before = an_order(replace(a_limit("100.00"), client_order_id="qv-0"))
    view = a_view(recent=(before,))
    assert "DUPLICATE" in codes(a_limit("100.00"), view)
    assert "DUPLICATE" not in codes(a_limit("100.01"), view)
    assert "DUPLICATE" not in codes(a_limit("100.00"), replace(view, now=NOW + timedelta(seconds=2)))


def test_too_many_orders_a_minute_are_refused() -> None:
    recent = tuple(an_order(a_request(id=f"qv-{i}", symbol="MSFT")) for i in range(60))
    assert "ORDER_RATE" in codes(a_request(), a_view(recent=recent))


@pytest.mark.parametrize("code", ["ORDER_VALUE", "SINGLE_NAME", "BUYING_POWER", "GROSS"])
@given(st.integers(1_000, 9_999))
def test_the_nearest_quantity_passes_the_rule_that_named_it(code: str, quantity: int) -> None:
    view = a_view(account=an_account(buying_power=Decimal(30_000)))
    request = a_limit("100.00", quantity)
    if code not in codes(request, view):
        return
    suggested = int(nearest(request, code, view).replace(",", ""))
    assert code not in codes(replace(request, quantity=Decimal(suggested)), view)
    assert code in codes(replace(request, quantity=Decimal(suggested + 1)), view)


def test_the_nearest_price_is_on_the_tick() -> None:
    assert nearest(a_limit("100.004"), "TICK") == "100.00"
    assert "TICK" not in codes(a_limit("100.00"))


def test_every_failing_rule_is_listed_at_once() -> None:
    found = codes(a_limit("150.00", 20_000), a_view(quote_age=0.1))
    assert {"ORDER_QUANTITY", "ORDER_VALUE", "COLLAR", "SINGLE_NAME", "GROSS", "BUYING_POWER"} <= set(found)


def an_oco(quantity: int, side: Side = Side.SELL) -> OrderRequest:
    return a_limit(
        "110.00", quantity, side, order_class=OrderClass.OCO, stop_loss=Decimal(95), stop_loss_limit=Decimal("94.5")
    )


def test_an_oco_closes_at_most_what_is_held_and_not_on_its_way_out() -> None:
    long = a_view(positions={"AAPL": a_position(100)})
    assert codes(an_oco(100), long) == []
    assert nearest(an_oco(101), "ORDER_CLASS", long) == "100"
    assert "ORDER_CLASS" in codes(an_oco(1))
    assert "ORDER_CLASS" in codes(an_oco(1, Side.BUY), long)
    leaving = (an_order(a_limit("105.00", 40, Side.SELL, id="qv-0")),)
    assert nearest(an_oco(100), "ORDER_CLASS", replace(long, open_orders=leaving)) == "60"


def test_the_two_exits_of_an_oco_count_once_beside_the_next_order() -> None:
    pair = an_order(replace(an_oco(60), client_order_id="qv-pair"))
    leg = a_request(
        60,
        Side.SELL,
        id="leg",
        type=OrderType.STOP_LIMIT,
        stop=Decimal(95),
        limit=Decimal("94.5"),
        order_class=OrderClass.OCO,
    )
    for status in (OrderStatus.HELD, OrderStatus.WORKING):
        view = a_view(positions={"AAPL": a_position(100)}, open_orders=(pair, an_order(leg, status)))
        assert codes(a_limit("105.00", 40, Side.SELL, id="qv-2"), view) == []
        assert nearest(an_oco(41), "ORDER_CLASS", view) == "40"


def test_a_bracket_opens_and_a_leg_of_one_that_is_changed_is_no_bracket() -> None:
    bracket = a_limit(
        "100.00", 10, Side.SELL, order_class=OrderClass.BRACKET, take_profit=Decimal(90), stop_loss=Decimal(110)
    )
    long = a_view(positions={"AAPL": a_position(100)})
    assert codes(bracket, long) == ["ORDER_CLASS"]
    assert codes(bracket) == []
    leg = a_limit("120.00", 100, Side.SELL, order_class=OrderClass.BRACKET, source="Broker")
    assert codes(leg, long) == []


def test_the_limit_of_a_stop_loss_is_on_its_step_too() -> None:
    view = a_view(positions={"AAPL": a_position(100)})
    assert nearest(replace(an_oco(10), stop_loss_limit=Decimal("94.505")), "TICK", view) == "94.50"


def test_what_only_reduces_is_not_held_back_by_limits_on_size_or_by_quotes_that_are_away() -> None:
    held = {"AAPL": a_position(20_000)}
    away = a_view(positions=held, quote=None, quote_age=None)
    assert codes(a_request(20_000, Side.SELL), away) == []
    assert {"ORDER_QUANTITY", "ORDER_VALUE"} <= set(codes(a_limit("100.00", 20_001), a_view(positions=held)))


def test_a_way_out_that_names_a_price_is_open_without_any_quote_as_one_at_the_market_is_and_shows_that() -> None:
    nothing = a_view(positions={"AAPL": a_position(100)}, quote=None, quote_age=None, prices={})
    no_bid = a_view(positions={"AAPL": a_position(100)}, quote=a_quote(0.0, 100.01))
    stop = a_request(100, Side.SELL, type=OrderType.STOP, stop=Decimal("95.00"))
    for request in (a_limit("100.00", 100, Side.SELL), stop):
        for view in (nothing, no_bid):
            verdict = judged(request, view, Limits())
            assert verdict.passed
            assert next(check.value for check in verdict.checks if check.code == "COLLAR") == "no quote"
        beyond = replace(request, quantity=Decimal(101))
        assert "QUOTE_AGE" in codes(beyond, nothing)
        assert "NO_QUOTE" in codes(beyond, no_bid)


def test_a_market_order_of_the_opening_auction_needs_a_price_to_be_valued_at_and_no_young_quote() -> None:
    on_open = a_request(100, time_in_force=TimeInForce.OPG)
    assert codes(on_open, a_view(quote_age=600.0)) == []
    assert codes(on_open, a_view(quote=None, quote_age=None)) == []
    assert codes(on_open, a_view(quote=a_quote(99.99, 0.0))) == []  # the last price tells
    assert "ORDER_VALUE" in codes(
        replace(on_open, quantity=Decimal(9_000)), a_view(quote=None, quote_age=None, prices={"AAPL": Decimal(100)})
    )
    assert "NO_QUOTE" in codes(on_open, a_view(quote=None, quote_age=None, prices={}))
    assert "QUOTE_AGE" in codes(a_limit("100.00", time_in_force=TimeInForce.OPG), a_view(quote_age=600.0))


def test_shares_that_are_on_their_way_out_are_not_sold_twice() -> None:
    resting = an_order(a_limit("120.00", 100, Side.SELL), OrderStatus.WORKING)
    view = a_view(positions={"AAPL": a_position(100)}, open_orders=(resting,))
    check = next(c for c in judged(a_request(50, Side.SELL), view, Limits()).refusals if c.code == "REVERSAL")
    assert check.nearest == ""
    assert "All 100 shares of AAPL are on their way out already" in check.message
