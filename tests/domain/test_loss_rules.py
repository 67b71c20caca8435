"""The gate's rules about losses: each scope's own day, the cooldown with its end, and round trips of a day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.counters import ACCOUNT, Counters, Holding, Standing
from qv_desktop.domain.limits import Limits, Scope
from qv_desktop.domain.loss_rules import LOSS_RULES, remaining
from qv_desktop.domain.orders import OrderType, Side
from qv_desktop.domain.risk import Check, RiskView, TradingState
from qv_desktop.domain.rules import judged
from tests.builders import NOW, a_limit, a_position, a_request, a_view, an_order

LIMITS = Limits(daily_loss=Decimal(2_000), consecutive_losses=3, cooldown_seconds=Decimal(900), trades_per_day=5)
LONG = {"AAPL": a_position(100)}
SELL = a_request(side=Side.SELL, quantity=Decimal(100), type=OrderType.MARKET, limit=None)


def standing(key: tuple[Scope, str] = ACCOUNT, limits: Limits = LIMITS, profit: str = "0", losses: int = 0, ago: float = 60,
             trips: int = 0, drawdown: str | None = None) -> Standing:  # fmt: skip
    counters = Counters(losses, NOW - timedelta(seconds=ago) if losses else None, trips)
    return Standing(key, limits, counters, Decimal(profit), drawdown=None if drawdown is None else Decimal(drawdown))


def refusals(view: RiskView, request: object = None) -> dict[str, Check]:
    found = (rule(request or a_request(), view, LIMITS) for rule in LOSS_RULES)  # type: ignore[arg-type]
    return {check.code: check for check in found if check is not None and not check.passed}


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (standing(profit="-2000"), "DAILY_LOSS"),
        (standing(drawdown="0.2"), "DRAWDOWN"),
        (standing(losses=3), "COOLDOWN"),
        (standing(losses=7), "COOLDOWN"),
        (standing(trips=5), "TRADES_PER_DAY"),
    ],
)
def test_what_opens_is_refused_and_what_reduces_is_taken(one: Standing, code: str) -> None:
    view = a_view(counters=(one,))
    assert list(refusals(view)) == [code]
    assert refusals(a_view(counters=(one,), positions=LONG), SELL) == {}


@pytest.mark.parametrize(
    "one",
    [
        standing(profit="-1999.99"),
        standing(drawdown="0.1999"),
        standing(losses=2),
        standing(losses=3, ago=901),
        standing(trips=4),
    ],
)
def test_what_is_still_within_is_taken(one: Standing) -> None:
    assert refusals(a_view(counters=(one,))) == {}


def test_a_tighter_drawdown_of_a_user_a_strategy_or_a_symbol_binds_their_orders() -> None:
    view, own = a_view(counters=(standing(drawdown="0.06"),)), replace(LIMITS, drawdown_fraction=Decimal("0.05"))
    check = LOSS_RULES[1](a_request(), view, own)
    assert check is not None
    assert (check.passed, check.limit) == (False, "5.0%")
    assert LOSS_RULES[1](a_request(), view, LIMITS).passed  # type: ignore[union-attr]


def test_a_tighter_part_of_the_days_loss_from_which_only_what_reduces_is_taken_binds_their_orders() -> None:
    view, own = a_view(counters=(standing(profit="-1000"),)), replace(LIMITS, reducing_fraction=Decimal("0.5"))
    check = LOSS_RULES[0](a_request(), view, own)
    assert check is not None
    assert (check.passed, check.value, check.limit) == (False, "$0", "$1,000")
    assert LOSS_RULES[0](a_request(), view, LIMITS).passed  # type: ignore[union-attr]
    assert LOSS_RULES[0](a_request(), a_view(counters=(standing(profit="-999"),)), own).passed  # type: ignore[union-attr]


def test_the_cooldown_says_when_it_ends() -> None:
    check = refusals(a_view(counters=(standing(losses=3, ago=61.5),)))["COOLDOWN"]
    ends = (NOW + timedelta(seconds=838.5)).astimezone().strftime("%M:%S")
    assert check.message.startswith("3 losing round trips in a row for the account: only what reduces is taken until ")
    assert f"{ends} ET, 13 min 59 s from now." in check.message


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59, "59 s"), (61, "1 min 01 s"), (3_660, "1 h 01 min"), (-5, "0 s")]
)
def test_a_remaining_time_is_said_in_words(seconds: float, words: str) -> None:
    assert remaining(NOW + timedelta(seconds=seconds), NOW) == words


def test_a_users_limit_binds_by_the_users_own_day_and_not_by_the_accounts() -> None:
    tight = replace(LIMITS, daily_loss=Decimal(500))
    user = standing((Scope.USER, "anna"), tight, "-100")
    assert refusals(a_view(counters=(standing(profit="-900"), user))) == {}
    lost = standing((Scope.USER, "anna"), tight, "-500")
    check = refusals(a_view(counters=(standing(profit="+900"), lost)))["DAILY_LOSS"]
    assert "The day's loss of $500 has reached the limit of $500 for anna" in check.message


def test_round_trips_that_working_orders_will_begin_are_counted_too() -> None:
    others = tuple(an_order(a_request(id=name, symbol=name)) for name in ("KO", "SPY"))
    assert refusals(a_view(counters=(standing(trips=2),), open_orders=others)) == {}
    check = refusals(a_view(counters=(standing(trips=3),), open_orders=others))["TRADES_PER_DAY"]
    assert check.value == "6"
    same = (an_order(a_request(id="x")),)  # the same symbol: one round trip
    assert refusals(a_view(counters=(standing(trips=4),), open_orders=same)) == {}


def test_adding_to_a_round_trip_that_has_begun_needs_none_that_is_left() -> None:
    one = replace(standing(trips=9), held={"AAPL": Holding(Decimal(100))})
    assert "TRADES_PER_DAY" not in refusals(a_view(counters=(one,), positions=LONG))


def test_two_orders_at_once_never_both_pass_the_one_round_trip_that_is_left() -> None:
    view = a_view(counters=(standing(trips=4),))
    assert refusals(view) == {}
    first = an_order(a_request(id="1", symbol="KO"))
    assert "TRADES_PER_DAY" in refusals(replace(view, open_orders=(first,)))


def test_without_counters_the_account_as_the_broker_tells_it_counts() -> None:
    view = a_view()
    assert view.counters is None
    lost = replace(view.account, equity=Decimal(97_000), last_equity=Decimal(100_000))  # type: ignore[type-var]
    assert list(refusals(replace(view, account=lost))) == ["DAILY_LOSS"]


@given(
    st.decimals(-5_000, 5_000, places=2), st.integers(0, 40), st.integers(0, 40), st.floats(0, 2_000), st.integers(1, 4)
)
def test_a_tighter_limit_never_admits_more(profit: Decimal, losses: int, trips: int, ago: float, part: int) -> None:
    loose = standing(profit=str(profit), losses=losses, trips=trips, ago=ago)
    tight = replace(LIMITS, daily_loss=LIMITS.daily_loss / part, consecutive_losses=max(LIMITS.consecutive_losses // part, 1),
                    cooldown_seconds=LIMITS.cooldown_seconds * part, trades_per_day=LIMITS.trades_per_day // part)  # fmt: skip
    assert set(refusals(a_view(counters=(loose,)))) <= set(refusals(a_view(counters=(replace(loose, limits=tight),))))


def test_a_halt_of_the_ladder_lets_positions_be_left_at_the_market_and_one_by_hand_does_not() -> None:
    def state(request: object, **view: object) -> Check:
        verdict = judged(request, a_view(state=TradingState.HALTED, positions=LONG, **view), LIMITS)  # type: ignore[arg-type]
        return next(check for check in verdict.checks if check.code == "TRADING_STATE")

    assert state(SELL, way_out=True).passed
    assert not state(SELL).passed
    assert not state(a_request(), way_out=True).passed
    limit = a_limit("100", side=Side.SELL)
    assert "halted by the loss ladder" in state(limit, way_out=True).message
