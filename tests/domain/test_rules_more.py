"""The gate's further rules: each refuses what it is for, with its numbers and the nearest value that passes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.instruments import HALF_PENNY, Instrument
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_rules import LOSS_RULES
from qv_desktop.domain.margin_rules import MARGIN_RULES
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rules import RULES, judged
from qv_desktop.domain.rules_size import reserved
from tests.builders import NOW, a_limit, a_position, a_quote, a_request, a_view, an_account, an_order

D = Decimal
PARTS, WHOLE = Instrument("AAPL", "", ""), Instrument("AAPL", "", "", fractionable=False)
HARD = Instrument("AAPL", "", "", easy_to_borrow=False)
LONG = {"AAPL": a_position(100)}


def check(code: str, request: OrderRequest, view: RiskView, limits: Limits | None = None) -> Check | None:
    return next((c for c in judged(request, view, limits or Limits()).checks if c.code == code), None)


def refused(code: str, request: OrderRequest, view: RiskView, limits: Limits | None = None) -> Check:
    found = check(code, request, view, limits)
    assert found is not None
    assert not found.passed
    assert found.message.endswith(".")
    return found


def passes(code: str, request: OrderRequest, view: RiskView, limits: Limits | None = None) -> bool:
    found = check(code, request, view, limits)
    return found is None or found.passed


def a_part(quantity: str, side: Side = Side.BUY, **rest: object) -> OrderRequest:
    return replace(a_limit("100.00", 1, side, **rest), quantity=D(quantity))


def test_what_the_desk_does_not_trade_can_still_be_left() -> None:
    view = a_view(restricted="AAPL is on the restricted list: a merger is talked of.", positions=LONG)
    assert "merger" in refused("RESTRICTED", a_request(10), view).message
    assert passes("RESTRICTED", a_request(100, Side.SELL), view)
    assert not passes("RESTRICTED", a_request(101, Side.SELL), view)


def test_half_a_cent_is_a_step_where_the_listing_says_so() -> None:
    fine = a_view(instrument=replace(PARTS, tick=HALF_PENNY))
    assert passes("TICK", a_limit("100.005"), fine)
    assert refused("TICK", a_limit("100.004"), fine).nearest == "100.005"
    assert refused("TICK", a_limit("100.005"), a_view()).nearest == "100.00"


@pytest.mark.parametrize(
    ("instrument", "request_", "nearest"),
    [
        (WHOLE, a_part("2.5"), "2"),
        (WHOLE, a_part("0.5"), ""),
        (PARTS, a_part("2.1234567891"), "2"),
        (PARTS, a_part("2.5", time_in_force=TimeInForce.GTC), "2"),
        (PARTS, a_part("2.5", order_class=OrderClass.BRACKET, take_profit=D(120), stop_loss=D(90)), "2"),
        (PARTS, a_part("2.5", Side.SELL), "2"),
    ],
)
def test_parts_of_a_share_trade_where_and_how_the_broker_takes_them(
    instrument: Instrument, request_: OrderRequest, nearest: str
) -> None:
    assert refused("LOT", request_, a_view(instrument=instrument)).nearest == nearest


def test_parts_of_a_share_that_are_held_can_be_sold() -> None:
    view = a_view(positions=LONG)
    assert passes("LOT", a_part("2.5", Side.SELL), view)
    assert passes("LOT", a_part("2.5"), view)


def test_an_order_is_a_small_part_of_what_trades_in_a_day() -> None:
    thin = a_view(average_volume=2_000.0)
    found = refused("ORDER_VOLUME", a_limit("100.00", 201), thin)
    assert (found.value, found.limit, found.nearest) == ("10.05%", "10%", "200")
    assert passes("ORDER_VOLUME", a_limit("100.00", 200), thin)
    assert passes("ORDER_VOLUME", a_limit("100.00", 201), a_view(average_volume=None))
    assert passes("ORDER_VOLUME", a_request(201, Side.SELL), replace(thin, positions={"AAPL": a_position(500)}))


def test_net_exposure_counts_each_side_against_the_other_and_a_move_towards_zero_is_free() -> None:
    tight = Limits(net_fraction=D("0.5"), gross_fraction=D(10), position_fraction=D(10), order_value=D(10**9))
    short = {"MSFT": a_position(-400, "100", "MSFT"), "IBM": a_position(300, "100", "IBM")}
    view = a_view(positions=short, prices={"AAPL": D(100), "MSFT": D(100), "IBM": D(100)})
    found = refused("NET", a_limit("100.00", 700), view, tight)
    assert (found.value, found.limit, found.nearest) == ("60%", "50%", "600")
    assert refused("NET", a_limit("100.00", 500, Side.SELL), view, tight).nearest == "400"
    deep = replace(view, positions={"MSFT": a_position(-4_000, "100", "MSFT")})
    assert passes("NET", a_limit("100.00", 10), deep, tight)
    assert not passes("NET", a_limit("100.00", 10, Side.SELL), deep, tight)
    resting = (an_order(a_limit("99.00", 600, symbol="IBM", id="r")),)
    assert not passes("NET", a_limit("100.00", 100), replace(view, open_orders=resting), tight)


def test_a_sector_is_long_and_short_together_and_a_symbol_of_none_is_not_bound() -> None:
    tight = Limits(sector_fraction=D("0.2"))
    view = a_view(
        positions={"MSFT": a_position(-100, "100", "MSFT"), "XOM": a_position(900, "100", "XOM")},
        sectors={"AAPL": "Technology", "MSFT": "Technology", "XOM": "Energy"},
    )
    found = refused("SECTOR", a_limit("100.00", 101), view, tight)
    assert (found.title, found.value, found.nearest) == ("Sector · Technology", "20.1%", "100")
    assert check("SECTOR", a_limit("100.00", 101), replace(view, sectors={"XOM": "Energy"}), tight) is None


def test_a_strategy_is_bounded_by_what_it_holds_and_has_ordered() -> None:
    tight = Limits(strategy_fraction=D("0.2"))
    own = an_order(a_limit("100.00", 50, id="own", source="strategy:one"))
    other = an_order(a_limit("100.00", 900, id="other", source="strategy:two"))
    view = a_view(strategy_held={"MSFT": D(-100)}, prices={"AAPL": D(100), "MSFT": D(100)}, open_orders=(own, other))
    request = a_limit("100.00", 51, source="strategy:one")
    assert refused("STRATEGY", request, view, tight).nearest == "50"
    closing = a_limit("100.00", 51, Side.SELL, source="strategy:one")
    assert check("STRATEGY", closing, replace(view, strategy_held={"AAPL": D(51), "MSFT": D(-900)}), tight) is None
    assert check("STRATEGY", replace(request, source="Ticket"), replace(view, strategy_held=None), tight) is None


def test_buying_power_that_orders_have_taken_since_the_broker_told_it_is_gone() -> None:
    poor = an_account(buying_power=D(15_000))
    sent = an_order(a_limit("100.00", 100, id="sent", symbol="MSFT"), OrderStatus.SUBMITTED)
    view = a_view(account=poor, unsettled=(sent,))
    assert refused("BUYING_POWER", a_limit("100.00", 51), view).nearest == "50"
    assert passes("BUYING_POWER", a_limit("100.00", 50), view)
    filled = replace(sent, status=OrderStatus.FILLED, filled=D(100), average=D(99))
    bought = replace(view, unsettled=(filled,), positions={"MSFT": a_position(100, "99", "MSFT")})
    assert reserved(bought) == 10_000
    assert reserved(replace(view, unsettled=(replace(sent, status=OrderStatus.CANCELED),))) == 0
    assert reserved(replace(view, unsettled=(replace(sent, status=OrderStatus.HELD),))) == 0


def test_what_closed_a_position_took_no_buying_power() -> None:
    closing = an_order(a_limit("100.00", 100, Side.SELL, id="c"), OrderStatus.FILLED, filled=D(100), average=D(100))
    assert reserved(a_view(unsettled=(closing,))) == 0
    working = replace(closing, status=OrderStatus.WORKING, filled=D(0))
    assert reserved(a_view(unsettled=(working,), positions=LONG)) == 0
    assert reserved(a_view(unsettled=(working,), positions={"AAPL": a_position(40)})) == 6_000


def test_what_is_hard_to_borrow_is_not_sold_short() -> None:
    view = a_view(instrument=HARD, positions={"AAPL": a_position(30)})
    assert refused("BORROW", a_limit("100.00", 40, Side.SELL), view).nearest == "30"
    assert passes("BORROW", a_limit("100.00", 30, Side.SELL), view)
    assert check("BORROW", a_limit("100.00", 40, Side.SELL), a_view(instrument=replace(HARD, shortable=False))) is None


@pytest.mark.parametrize(
    "request_",
    [
        a_request(10, Side.SELL),
        a_limit("99.99", 10, Side.SELL),
        a_request(10, Side.SELL, type=OrderType.STOP, stop=D(95)),
        a_request(10, Side.SELL, type=OrderType.STOP_LIMIT, stop=D(95), limit=D(101)),
    ],
)
def test_after_a_fall_of_ten_per_cent_a_short_is_priced_above_the_best_bid(request_: OrderRequest) -> None:
    view = a_view(price_test=True)
    assert refused("SSR", request_, view).nearest == "100.00"
    assert passes("SSR", a_limit("100.00", 10, Side.SELL), view)
    assert passes("SSR", request_, replace(view, positions=LONG))
    assert passes("SSR", replace(request_, side=Side.BUY), view)
    for unbound in (False, None):
        assert passes("SSR", request_, replace(view, price_test=unbound))


def test_a_short_under_the_price_test_needs_a_bid_to_be_priced_above() -> None:
    assert (
        "no bid"
        in refused("SSR", a_limit("100.00", 10, Side.SELL), a_view(price_test=True, quote=a_quote(bid=0.0))).message
    )


def test_too_many_orders_a_second_are_refused_and_the_way_out_stays_open() -> None:
    recent = tuple(an_order(a_request(id=f"q{i}", symbol="MSFT"), submitted=NOW) for i in range(10))
    view = a_view(recent=recent, positions=LONG, now=NOW + timedelta(milliseconds=900))
    assert refused("ORDERS_PER_SECOND", a_request(1), view).value == "11"
    assert passes("ORDERS_PER_SECOND", a_request(100, Side.SELL), view)
    assert not passes("ORDERS_PER_SECOND", a_limit("100.00", 100, Side.SELL), view)
    assert passes("ORDERS_PER_SECOND", a_request(1), replace(view, now=NOW + timedelta(seconds=1)))
    crowd = tuple(replace(recent[0], submitted=NOW - timedelta(seconds=30)) for _ in range(60))
    assert passes("ORDER_RATE", a_request(100, Side.SELL), replace(view, recent=crowd))
    assert not passes("ORDER_RATE", a_request(100), replace(view, recent=crowd))


def test_whoever_cancels_too_much_enters_nothing_new_for_a_while() -> None:
    view = a_view(cancels=(NOW,) * 121, positions=LONG)
    assert refused("CANCEL_RATE", a_request(1), view).limit == "120"
    assert passes("CANCEL_RATE", a_request(1), replace(view, cancels=(NOW,) * 120))
    assert passes("CANCEL_RATE", a_limit("100.00", 100, Side.SELL), view)


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (datetime(2026, 11, 20, 14, 29, 59, tzinfo=UTC), False),  # 09:29 in New York, winter
        (datetime(2026, 11, 20, 14, 30, tzinfo=UTC), True),
        (datetime(2026, 7, 20, 13, 30, tzinfo=UTC), True),  # 09:30, summer
        (datetime(2026, 7, 20, 13, 29, tzinfo=UTC), False),
        (datetime(2026, 11, 20, 20, 59, tzinfo=UTC), True),  # 15:59
        (datetime(2026, 11, 20, 21, 0, tzinfo=UTC), False),
    ],
)
def test_positions_are_entered_in_the_desks_hours_of_new_york_and_left_at_any_time(
    moment: datetime, open_: bool
) -> None:
    desk = Limits(opens=570, closes=960)
    assert passes("HOURS", a_request(1), a_view(now=moment), desk) is open_
    assert passes("HOURS", a_request(100, Side.SELL), a_view(now=moment, positions=LONG), desk)
    assert check("HOURS", a_request(1), a_view(now=moment)) is None


def test_hours_that_never_open_take_nothing_and_name_no_nearest() -> None:
    assert refused("HOURS", a_request(1), a_view(), Limits(opens=600, closes=600)).nearest == ""
    assert refused("HOURS", a_request(1), a_view(), Limits(opens=660)).nearest == "11:00"


def test_a_role_that_may_not_trade_is_refused_where_the_verdict_is_made() -> None:
    refused("ACCESS", a_request(1), a_view(may_trade=False))
    assert passes("ACCESS", a_request(1), a_view())


def test_real_money_takes_a_right_of_its_own_and_what_is_held_can_be_left_without() -> None:
    live = a_view(environment="LIVE", live_allowed=False, positions=LONG)
    assert refused("ENVIRONMENT", a_request(1), live).limit == "PAPER"
    assert passes("ENVIRONMENT", a_request(100, Side.SELL), live)
    assert passes("ENVIRONMENT", a_request(1), replace(live, live_allowed=True))
    assert passes("ENVIRONMENT", a_request(1), replace(live, environment="PAPER"))


@pytest.mark.parametrize("word", ["trading_blocked", "account_blocked", "suspended"])
def test_an_account_that_the_broker_blocks_takes_nothing_new(word: str) -> None:
    view = a_view(account=an_account(**{word: True}), positions=LONG)
    refused("ACCOUNT", a_request(1), view)
    assert passes("ACCOUNT", a_request(100, Side.SELL), view)
    assert check("ACCOUNT", a_request(1), a_view()) is None


BAD = [
    (a_limit("150.005", 20_000), a_view(restricted="Listed.", may_trade=False, environment="LIVE", live_allowed=False),
     Limits(opens=1_440)),
    (a_part("2.5"), a_view(instrument=WHOLE, average_volume=1.0, sectors={"AAPL": "Technology"}, strategy_held={}),
     Limits(sector_fraction=D(0), strategy_fraction=D(0), net_fraction=D(0))),
    (a_request(10, type=OrderType.LIMIT, extended_hours=True, time_in_force=TimeInForce.IOC), a_view(halted=True, closed="Closed."),
     Limits()),
    (a_request(10, Side.SELL), a_view(instrument=replace(HARD, shortable=False), account=an_account(suspended=True)), Limits()),
    (a_request(10, Side.SELL), a_view(instrument=HARD, price_test=True), Limits()),
    (a_request(150, Side.SELL), a_view(positions=LONG), Limits()),
    (a_limit("100.00", 1, order_class=OrderClass.OCO, take_profit=D(110)), a_view(account=None), Limits()),
    (a_limit("100.00"), a_view(open_orders=(an_order(a_limit("100.00", 9, Side.SELL, id="r")),), cancels=(NOW,) * 200,
                               recent=tuple(an_order(a_limit("100.00", id=f"q{i}")) for i in range(80))), Limits()),
]  # fmt: skip


def test_every_rule_refuses_at_least_one_of_these() -> None:
    ours = [rule for rule in RULES if rule not in MARGIN_RULES and rule not in LOSS_RULES]
    answers = {rule: [rule(*bad) for bad in BAD] for rule in ours}
    idle = [rule.__name__ for rule, found in answers.items() if all(one is None or one.passed for one in found)]
    assert idle == []
