"""What the gate does not know holds nothing back by being left out, and no price understates what an order comes to."""

from dataclasses import replace
from decimal import Decimal

import pytest

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side
from qv_desktop.domain.risk import RiskView
from qv_desktop.domain.rules import judged
from tests.builders import a_limit, a_position, a_quote, a_request, a_view, an_account

D = Decimal
UNKNOWN = replace(an_account(), equity=None)


def codes(request: OrderRequest, view: RiskView, limits: Limits | None = None) -> set[str]:
    return {check.code for check in judged(request, view, limits or Limits()).refusals}


@pytest.mark.parametrize("account", [None, UNKNOWN, an_account("0"), an_account("-5000", buying_power=D(10**6))])
def test_nothing_is_opened_while_there_is_no_equity_to_measure_exposure_by(account: object) -> None:
    view = a_view(account=account, positions={"MSFT": a_position(100, symbol="MSFT")})
    assert "EQUITY" in codes(a_limit("100.00", 10), view)
    assert "EQUITY" in codes(a_limit("100.00", 10, Side.SELL), view)


@pytest.mark.parametrize("account", [None, UNKNOWN, an_account("0"), an_account("-5000")])
def test_a_position_is_left_whatever_is_known_of_the_account(account: object) -> None:
    view = a_view(account=account, positions={"AAPL": a_position(100)})
    assert codes(a_request(100, Side.SELL), view) == set()
    short = a_view(account=account, positions={"AAPL": a_position(-100)})
    assert codes(a_request(100, Side.BUY), short) == set()


def test_buying_power_that_is_not_known_is_not_spent() -> None:
    view = a_view(account=an_account(buying_power=None))
    assert codes(a_limit("100.00", 10), view) == {"BUYING_POWER"}
    held = replace(view, positions={"AAPL": a_position(10)})
    assert codes(a_request(10, Side.SELL), held) == set()


def test_a_stop_that_triggers_at_once_is_worth_what_the_market_asks() -> None:
    """A buy stop below the ask is a market order the moment it arrives."""
    view = a_view(account=an_account("10000000"))
    request = a_request(5_000, type=OrderType.STOP, stop=D("1.00"))
    assert "ORDER_VALUE" in codes(request, view)
    assert "ORDER_VALUE" not in codes(replace(request, quantity=D(900)), view)


def test_a_short_below_the_bid_is_worth_the_bid() -> None:
    view = a_view(quote=a_quote(100.0, 100.02), account=an_account("10000000"))
    assert "ORDER_VALUE" in codes(a_limit("91.00", 1_050, Side.SELL), view)
    assert "ORDER_VALUE" not in codes(a_limit("91.00", 1_000, Side.SELL), view)


@pytest.mark.parametrize(
    "wrong",
    [
        a_request(5_000, limit=D("0.01")),
        a_request(5_000, stop=D("0.01")),
        a_request(5_000, type=OrderType.STOP, stop=D("101.00"), limit=D("0.01")),
        a_request(5_000, type=OrderType.TRAILING_STOP, trail_percent=D(1), limit=D("0.01")),
        a_limit("100.00", 5, stop=D("99.00")),
    ],
)
def test_a_price_that_the_type_does_not_have_is_refused_and_values_nothing(wrong: OrderRequest) -> None:
    assert "PRICE" in codes(wrong, a_view())


def test_a_limit_is_told_as_it_is_and_not_rounded_to_whole_per_cent() -> None:
    limits = Limits(position_fraction=D("0.125"), collar=D("0.025"))
    found = judged(a_limit("105.00", 130), a_view(), limits).refusals
    told = {check.code: check for check in found}
    assert told["SINGLE_NAME"].limit == "12.5%"
    assert "over 12.5%" in told["SINGLE_NAME"].message
    assert told["COLLAR"].limit == "2.5%"
    assert "at most 2.5%" in told["COLLAR"].message


def test_a_buy_that_trails_is_worth_where_its_stop_lies() -> None:
    view = a_view(account=an_account("10000000"))
    request = a_request(900, type=OrderType.TRAILING_STOP, trail_price=D(50))
    assert "ORDER_VALUE" in codes(request, view)
    assert "ORDER_VALUE" in codes(replace(request, trail_price=None, trail_percent=D(50)), view)
    assert codes(replace(request, trail_price=D(5)), view) == set()
    assert codes(replace(request, side=Side.SELL), replace(view, positions={"AAPL": a_position(900)})) == set()


@pytest.mark.parametrize("trail", [{"trail_price": D(0)}, {"trail_price": D(-1)}, {"trail_percent": D(-5)}])
def test_a_trail_lies_above_zero(trail: dict[str, Decimal]) -> None:
    assert codes(a_request(10, type=OrderType.TRAILING_STOP, **trail), a_view()) == {"PRICE"}


@pytest.mark.parametrize("exits", [{"take_profit": D(110)}, {"stop_loss": D(90)}])
def test_exits_that_would_not_be_sent_are_refused(exits: dict[str, Decimal]) -> None:
    assert codes(a_limit("100.00", 10, **exits), a_view()) == {"ORDER_CLASS"}
    assert codes(a_limit("100.00", 10, order_class=OrderClass.BRACKET, **exits), a_view()) == set()


def test_a_position_is_left_by_limit_or_stop_while_quotes_are_old() -> None:
    """Outside regular hours a limit is the only way."""
    old = a_view(quote_age=30.0, positions={"AAPL": a_position(100)})
    late = a_limit("99.00", 100, Side.SELL, extended_hours=True)
    stop = a_request(100, Side.SELL, type=OrderType.STOP, stop=D("95.00"))
    assert codes(late, old) == set()
    assert codes(stop, old) == set()
    assert "QUOTE_AGE" in codes(a_limit("99.00", 101, Side.SELL), old)
    assert codes(a_limit("50.00", 100, Side.SELL), old) == {"COLLAR"}
