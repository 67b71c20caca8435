"""What the gate does not know holds nothing back by being left out, and no price understates what an order comes to."""

from dataclasses import replace
from decimal import Decimal

import pytest

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest, OrderType, Side
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
