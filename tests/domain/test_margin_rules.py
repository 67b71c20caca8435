"""The margin rules refuse with their numbers, say what would still pass, and leave the way out open."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.cash_settlement import FREE_RIDING, GOOD_FAITH, Violation, settled_up
from qv_desktop.domain.day_trades import Standing, legs
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.margin import (
    Deficit,
    MarginStanding,
    MarginTerms,
    Regime,
    checked,
    from_words,
    grown,
    is_met,
    loosened,
    power,
    restricted,
    small,
    to_words,
)
from qv_desktop.domain.margin_log import DEFICIT, MET, MarginEvent, deficits
from qv_desktop.domain.margin_rules import MARGIN_RULES
from qv_desktop.domain.orders import Fill, OrderRequest, Side
from qv_desktop.domain.risk import Check, RiskView, TradingState
from qv_desktop.domain.rules import RULES, judged
from qv_desktop.ui.models.order_preview import mark
from tests.builders import NOW, a_limit, a_position, a_request, a_view, an_account, an_order
from tests.domain.test_day_trades import DAYS, MONDAY, fills

TUESDAY = MONDAY + timedelta(days=1)
LOTS = Limits(
    order_value=Decimal(10**9), order_quantity=Decimal(10**6), position_fraction=Decimal(99), gross_fraction=Decimal(99)
)


def standing(regime: Regime = Regime.INTRADAY_MARGIN, **rest: object) -> MarginStanding:
    terms = rest.pop("terms", MarginTerms(regime))
    window = tuple((day, 0) for day in DAYS.last(MONDAY, 5))
    values = {"equity": Decimal(10_000), "prior_equity": Decimal(10_000), "cash": Decimal(10_000), "level": Decimal(10_000),
              "window": window, **rest}  # fmt: skip
    return MarginStanding(NOW, MONDAY, terms, DAYS, **values)  # type: ignore[arg-type]


def answers(
    request: OrderRequest, found: MarginStanding | None, limits: Limits = LOTS, **view: object
) -> dict[str, Check]:
    seen = a_view(margin=found, **view)
    told = (rule(request, seen, limits) for rule in MARGIN_RULES)
    return {check.code: check for check in told if check is not None}


def refused(checks: dict[str, Check]) -> list[str]:
    return [code for code, check in checks.items() if not check.passed]


def opened(quantity: int, symbol: str = "AAPL", *, closing: bool = False) -> dict[str, Standing]:
    held = Decimal(quantity)
    return {symbol: Standing(held, abs(held), abs(held) * 100, NOW, closing)}


def test_they_are_rules_of_the_gate_and_say_nothing_while_the_margin_is_unknown() -> None:
    assert set(MARGIN_RULES) <= set(RULES)
    assert answers(a_limit("100.00"), None) == {}


# ---- intraday margin


def test_an_order_within_the_level_passes_with_its_numbers() -> None:
    check = answers(a_limit("100.00", 100), standing())["INTRADAY_MARGIN"]
    assert (check.passed, check.value, check.limit, check.message) == (True, "$2,500", "$10,000", "")


def test_an_order_that_would_leave_a_deficit_is_refused_with_the_shares_that_pass() -> None:
    """4210(d)(2): the level after a transaction that lowers it; long positions bind 25 % under 4210(c)(1)."""
    check = answers(a_limit("100.00", 500), standing())["INTRADAY_MARGIN"]
    assert (check.passed, check.nearest) == (False, "400")
    assert "deficit of $2,500, to be met by 23 Nov" in check.message
    assert answers(a_limit("100.00", 400), standing())["INTRADAY_MARGIN"].passed


def test_shorts_bind_thirty_percent_at_three_percent_over_the_ask() -> None:
    check = answers(a_limit("100.00", 324, Side.SELL), standing())["INTRADAY_MARGIN"]
    assert (check.passed, check.nearest) == (False, "323")


def test_working_orders_count_in_full() -> None:
    waiting = an_order(a_limit("100.00", 300, id="other"))
    check = answers(a_limit("100.00", 100), standing(), open_orders=(waiting,))["INTRADAY_MARGIN"]
    assert not check.passed
    assert "beside working orders that may need $9,000" in check.message
    assert check.nearest == "40"


def test_what_only_reduces_passes_in_a_deficit() -> None:
    assert "INTRADAY_MARGIN" not in answers(
        a_request(100, Side.SELL), standing(level=Decimal(-1)), positions={"AAPL": a_position(100)}
    )
    more = answers(a_limit("100.00", 1), standing(level=Decimal(-1)))["INTRADAY_MARGIN"]
    assert (more.passed, more.nearest) == (False, "0")


def test_it_only_warns_where_that_is_chosen_and_the_ticket_marks_it() -> None:
    check = answers(a_limit("100.00", 500), standing(terms=MarginTerms(blocks=False)))["INTRADAY_MARGIN"]
    assert check.passed
    assert "deficit of $2,500" in check.message
    assert mark(check) == "!"


def test_an_unknown_level_or_price_is_no_leave_to_open() -> None:
    assert refused(answers(a_limit("100.00"), standing(level=None))) == ["INTRADAY_MARGIN"]
    assert refused(answers(a_request(), standing(), quote=None, prices={})) == ["INTRADAY_MARGIN"]


def test_no_small_deficit_is_excepted_unless_it_is_set() -> None:
    tiny = a_limit("100.00", 401)
    assert refused(answers(tiny, standing())) == ["INTRADAY_MARGIN"]
    both = MarginTerms(small_dollars=Decimal(1_000), small_fraction=Decimal("0.05"))
    assert answers(tiny, standing(terms=both))["INTRADAY_MARGIN"].passed
    assert small(both, Decimal(10_000), Decimal(500))
    assert not small(both, Decimal(10_000), Decimal(501))  # the lesser of the two
    assert not small(both, Decimal(100_000), Decimal(1_001))
    assert not small(replace(both, small_fraction=Decimal(0)), Decimal(10_000), Decimal(1))
    assert not small(MarginTerms(), Decimal(10_000), Decimal(1))


@given(st.integers(1, 1_000), st.integers(-5_000, 50_000), st.integers(0, 20_000))
def test_a_lower_level_never_admits_more(quantity: int, level: int, less: int) -> None:
    request = a_limit("100.00", quantity)
    high = answers(request, standing(level=Decimal(level)))["INTRADAY_MARGIN"].passed
    low = answers(request, standing(level=Decimal(level - less)))["INTRADAY_MARGIN"].passed
    assert high or not low


@given(st.integers(1, 1_000), st.integers(-5_000, 50_000))
def test_the_nearest_quantity_passes_and_one_more_does_not(quantity: int, level: int) -> None:
    found = standing(level=Decimal(level))
    check = answers(a_limit("100.00", quantity), found)["INTRADAY_MARGIN"]
    if not check.passed:
        most = int(check.nearest.replace(",", ""))
        assert most == 0 or answers(a_limit("100.00", most), found)["INTRADAY_MARGIN"].passed
        assert not answers(a_limit("100.00", most + 1), found)["INTRADAY_MARGIN"].passed


@given(st.integers(1, 900), st.integers(1, 900), st.integers(0, 50_000))
def test_two_orders_at_once_never_both_pass_one_remaining_margin(one: int, other: int, level: int) -> None:
    found, first, second = (
        standing(level=Decimal(level)),
        a_limit("100.00", one, id="one"),
        a_limit("100.00", other, id="other"),
    )
    if (
        answers(first, found)["INTRADAY_MARGIN"].passed
        and answers(second, found, open_orders=(an_order(first),))["INTRADAY_MARGIN"].passed
    ):
        assert (one + other) * 25 <= level


# ---- deficits and restrictions


def a_deficit(day: date, **rest: object) -> Deficit:
    made = grown(None, day, Decimal(1_000), NOW, "buy 10 AAPL", MarginTerms(), DAYS)
    assert made is not None
    return replace(made, **rest)  # type: ignore[arg-type]


def test_the_largest_of_a_day_is_its_deficit_due_on_the_fifth_business_day() -> None:
    """4210(d)(2)(D): by the close of the fifth business day; outstanding until the close of the fifteenth, (d)(2)(C)."""
    one = a_deficit(MONDAY)
    assert (one.deadline, one.expires) == (
        date(2026, 11, 23),
        date(2026, 12, 8),
    )  # Thanksgiving does not count; weekdays from there
    assert grown(one, MONDAY, Decimal(1_000), NOW, "", MarginTerms(), DAYS) is None
    assert grown(None, MONDAY, Decimal(-5), NOW, "", MarginTerms(), DAYS) is None
    larger = grown(one, MONDAY, Decimal(1_500), NOW, "", MarginTerms(), DAYS)
    assert larger is not None
    assert larger.amount == 1_500


def test_it_is_met_when_the_level_rose_by_as_much_on_a_later_day() -> None:
    one = a_deficit(MONDAY, base=Decimal(200))
    assert not is_met(one, MONDAY, Decimal(5_000))  # a recovery on its own day does not meet it
    assert not is_met(one, TUESDAY, Decimal("1199.99"))
    assert is_met(one, TUESDAY, Decimal(1_200))
    assert not is_met(one, TUESDAY, None)


def test_a_practice_of_unmet_deficits_restricts_for_ninety_days() -> None:
    """4210(d)(2)(D), for 90 calendar days or until it is met; the practice is no number there, two a year is this program's own default."""
    first, second = a_deficit(MONDAY), a_deficit(TUESDAY)
    day = date(2026, 11, 25)
    assert restricted(MarginTerms(), [first], [], day, DAYS) == (None, "")
    until, why = restricted(MarginTerms(), [first, second], [], day, DAYS)
    assert until == second.deadline + timedelta(days=90)
    assert "2 margin deficits were not met in time" in why
    assert restricted(MarginTerms(), [first, second], [], until + timedelta(days=1), DAYS) == (None, "")
    in_time = replace(second, met=datetime(2026, 11, 20, 18, tzinfo=UTC))
    assert restricted(MarginTerms(), [first, in_time], [], day, DAYS) == (None, "")
    late = replace(second, met=datetime(2026, 11, 25, 18, tzinfo=UTC))
    assert restricted(MarginTerms(), [first, late], [], day, DAYS)[0] == first.deadline + timedelta(days=90)
    assert restricted(MarginTerms(), [replace(first, met=NOW + timedelta(days=9)), late], [], day, DAYS) == (
        None,
        "",
    )  # until it is met
    after = second.expires + timedelta(days=1)  # no longer outstanding, and still not met
    assert restricted(MarginTerms(), [first, second], [], after, DAYS)[0] == until


def test_a_restricted_account_opens_no_short_and_borrows_nothing() -> None:
    found = standing(restricted_until=date(2027, 2, 1), restriction="2 deficits", cash=Decimal(3_000))
    assert refused(answers(a_limit("100.00", 10, Side.SELL), found)) == ["RESTRICTED"]
    check = answers(a_limit("100.00", 31), found)["RESTRICTED"]
    assert (check.passed, check.nearest) == (False, "30")
    assert answers(a_limit("100.00", 30), found)["RESTRICTED"].passed
    assert refused(answers(a_request(10, Side.SELL), found, positions={"AAPL": a_position(10)})) == []
    assert refused(answers(a_request(10), found, positions={"AAPL": a_position(-10)})) == []  # a short that is covered


def test_the_log_gives_each_days_largest_deficit_and_when_it_was_met() -> None:
    def event(kind: str, hours: int, amount: int, actor: str = "") -> MarginEvent:
        return MarginEvent(kind, NOW + timedelta(hours=hours), MONDAY, MONDAY.isoformat(), Decimal(amount), actor=actor)

    (one,) = deficits([event(DEFICIT, 0, 500), event(DEFICIT, 2, 900), event(DEFICIT, 1, 700), event(MET, 30, 900, "maria")],
                      MarginTerms(), DAYS, {MONDAY: Decimal(5)})  # fmt: skip
    assert (one.amount, one.base, one.met, one.said) == (900, 5, NOW + timedelta(hours=30), "maria")
    assert not one.outstanding(TUESDAY)


# ---- pattern day traders


def legacy(day_trades: int, **rest: object) -> MarginStanding:
    window = tuple((day, day_trades if day == MONDAY else 0) for day in DAYS.last(MONDAY, 5))
    values = {"window": window, "day_trades": day_trades, "trades": 2 * day_trades, "opened": opened(100), **rest}
    return standing(Regime.LEGACY_PDT, **values)


def closes(found: MarginStanding, request: OrderRequest | None = None, **view: object) -> dict[str, Check]:
    return answers(request or a_request(100, Side.SELL), found, **{"positions": {"AAPL": a_position(100)}, **view})


def test_the_fourth_day_trade_below_the_minimum_is_refused_and_explained() -> None:
    """Former 4210(f)(8)(B): four within five business days, over 6 %, $25,000; Alpaca refused the closing order."""
    check = closes(legacy(3))["DAY_TRADE"]
    assert (check.passed, check.value, check.limit) == (False, "4", "3")
    assert "day trade 4 within five business days" in check.message
    assert "equity at the last close was $10,000, below $25,000" in check.message
    assert "Keep it until Tue 17 Nov; the window lets one more pass from Mon 23 Nov." in check.message
    assert closes(legacy(2))["DAY_TRADE"].passed


def test_with_the_minimum_or_few_day_trades_among_many_trades_it_passes() -> None:
    assert closes(legacy(3, prior_equity=Decimal(25_000)))["DAY_TRADE"].passed
    assert not closes(legacy(3, prior_equity=Decimal("24999.99")))["DAY_TRADE"].passed
    assert not closes(legacy(3, prior_equity=None))["DAY_TRADE"].passed
    assert closes(legacy(3, trades=66))["DAY_TRADE"].passed  # 4 of 67 are less than 6 %
    assert not closes(legacy(3, trades=65))["DAY_TRADE"].passed


def test_what_was_held_overnight_is_sold_freely() -> None:
    assert closes(legacy(3, opened={})) == {}
    assert "DAY_TRADE" not in closes(legacy(3, opened=opened(50, closing=True)))  # more of the same day trade


def test_pairs_that_working_orders_will_make_count() -> None:
    both = {**opened(100), **opened(50, "MSFT")}
    leaving = an_order(a_request(50, Side.SELL, "MSFT", id="other"))
    held = {"AAPL": a_position(100), "MSFT": a_position(50, symbol="MSFT")}
    assert closes(legacy(2, opened=both), positions=held)["DAY_TRADE"].passed
    assert not closes(legacy(2, opened=both), positions=held, open_orders=(leaving,))["DAY_TRADE"].passed


def test_a_pattern_day_trader_below_the_minimum_day_trades_no_more() -> None:
    check = closes(legacy(0, pattern=True))["DAY_TRADE"]
    assert not check.passed
    assert "is a pattern day trader" in check.message


@pytest.mark.parametrize(
    ("request_", "view"),
    [
        (a_request(100, Side.SELL, source="Flatten"), {}),
        (a_request(100, Side.SELL), {"state": TradingState.REDUCING}),
        (a_request(100, Side.SELL), {"closed": "The books differ."}),
    ],
)
def test_the_way_out_stays_open_and_is_warned_of(request_: OrderRequest, view: dict[str, object]) -> None:
    check = closes(legacy(3), request_, **view)["DAY_TRADE"]
    assert check.passed
    assert "day trade 4" in check.message


def test_an_entry_is_warned_that_it_can_not_be_closed_today() -> None:
    check = answers(a_limit("100.00", 10), legacy(3, opened={}))["DAY_TRADE"]
    assert check.passed
    assert "could then be closed from the next day on only" in check.message
    assert "DAY_TRADE" not in answers(a_limit("100.00", 10), legacy(3))  # one more of what is open already


def test_day_trading_power_is_four_times_the_prior_excess() -> None:
    """Former 4210(f)(8)(B)(iii): up to four times the maintenance margin excess as of the close of the previous day."""
    account = an_account("40000", last_equity=Decimal(40_000), last_maintenance_margin=Decimal(10_000))
    assert power(account) == Decimal(120_000)
    assert power(an_account(last_maintenance_margin=None)) is None
    assert power(replace(account, last_maintenance_margin=Decimal(50_000))) == 0
    found = legacy(4, pattern=True, prior_equity=Decimal(40_000), power=Decimal(120_000))
    check = answers(a_limit("100.00", 1_101), found)["DAY_TRADING_POWER"]
    assert (check.passed, check.nearest) == (False, "1,100")  # $10,000 is opened already
    assert answers(a_limit("100.00", 1_100), found)["DAY_TRADING_POWER"].passed


@given(st.integers(0, 8), st.integers(0, 60))
def test_fewer_day_trades_never_admit_less(day_trades: int, more: int) -> None:
    one = closes(legacy(day_trades, trades=10))["DAY_TRADE"].passed
    other = closes(legacy(day_trades + more, trades=10 + more))["DAY_TRADE"].passed
    assert one or not other


# ---- cash


def cash(start: int, executions: Sequence[Fill] = (), day: date = MONDAY, **rest: object) -> MarginStanding:
    left = Decimal(start) - sum((fill.side.sign * fill.quantity * fill.price for fill in executions), Decimal(0))
    return standing(Regime.CASH, purse=settled_up(left, legs(executions, DAYS), day, DAYS), **rest)


def test_settled_money_buys_freely() -> None:
    assert refused(answers(a_limit("100.00", 10), cash(1_000))) == []


def test_buying_with_unsettled_money_is_refused_with_the_day_on_which_it_settles() -> None:
    found = cash(500, fills("S20", symbol="XYZ"))
    check = answers(a_limit("100.00", 10), found)["SETTLED_CASH"]
    assert (check.passed, check.nearest) == (False, "5")
    assert "the rest comes from sales that settle on Tue 17 Nov" in check.message
    assert "good-faith violation" in check.message
    warns = replace(found, terms=MarginTerms(Regime.CASH, blocks=False))
    assert answers(a_limit("100.00", 10), warns)["SETTLED_CASH"].passed


def test_buying_without_money_is_refused_whatever_is_chosen() -> None:
    found = replace(cash(500, fills("S20", symbol="XYZ")), terms=MarginTerms(Regime.CASH, blocks=False))
    check = answers(a_limit("100.00", 26), found)["SETTLED_CASH"]
    assert not check.passed
    assert "free-riding" in check.message


def test_a_sale_that_breaks_good_faith_passes_and_is_warned_of_loudly() -> None:
    bought = fills("B10", begin=1, symbol="AAPL")
    found = cash(0, [*fills("S20", symbol="XYZ"), *bought])
    check = answers(a_request(10, Side.SELL), found, positions={"AAPL": a_position(10)})["GOOD_FAITH"]
    assert check.passed
    assert (
        "good-faith violation (there are 0 within a year, 3 restrict the account). Keep them until Tue 17 Nov"
        in check.message
    )
    assert mark(check) == "!"
    later = cash(0, [*fills("S20", symbol="XYZ"), *bought], TUESDAY)
    assert answers(a_request(10, Side.SELL), replace(later, day=TUESDAY), positions={"AAPL": a_position(10)}) == {}


def test_a_cash_account_is_never_short() -> None:
    assert refused(answers(a_request(1, Side.SELL), cash(1_000))) == ["CASH_SHORT"]
    check = answers(a_request(11, Side.SELL), cash(1_000), positions={"AAPL": a_position(10)})["CASH_SHORT"]
    assert (check.passed, check.nearest) == (False, "10")


@pytest.mark.parametrize(
    ("some", "until"),
    [
        ([GOOD_FAITH] * 2, None),
        ([GOOD_FAITH] * 3, MONDAY + timedelta(days=90)),
        ([FREE_RIDING], MONDAY + timedelta(days=90)),
        ([], None),
    ],
)
def test_violations_restrict_for_ninety_days(some: list[str], until: date | None) -> None:
    """12 CFR 220.8(c): ninety days after free-riding; good-faith violations as the broker counts, three within a year by default."""
    made = [Violation(f"o{place}", "AAPL", kind, NOW, MONDAY, Decimal(100)) for place, kind in enumerate(some)]
    assert restricted(MarginTerms(Regime.CASH), [], made, MONDAY, DAYS)[0] == until
    assert restricted(MarginTerms(), [], made, MONDAY, DAYS) == (None, "")
    old = [replace(one, day=MONDAY - timedelta(days=400)) for one in made]
    assert restricted(MarginTerms(Regime.CASH), [], old, MONDAY, DAYS) == (None, "")


def test_a_restricted_cash_account_buys_with_settled_money_even_where_it_only_warns() -> None:
    found = cash(500, fills("S20", symbol="XYZ"), restricted_until=date(2027, 2, 1), restriction="free-riding")
    found = replace(found, terms=MarginTerms(Regime.CASH, blocks=False))
    assert refused(answers(a_limit("100.00", 6), found)) == ["RESTRICTED"]
    assert refused(answers(a_limit("100.00", 5), found)) == []


# ---- a limit of one's own


@pytest.mark.parametrize("regime", Regime)
def test_ones_own_limit_refuses_entries_and_lets_everything_out(regime: Regime) -> None:
    window = tuple((day, 2 if day == MONDAY else 0) for day in DAYS.last(MONDAY, 5))
    found = replace(cash(100_000), terms=MarginTerms(regime), day_trades=2, window=window, prior_equity=Decimal(90_000))
    limits = replace(LOTS, day_trades=2)
    check = answers(a_limit("100.00", 10), found, limits)["OWN_DAY_TRADES"]
    assert (check.passed, check.value, check.limit) == (False, "3", "2")
    assert "2 of the 2 day trades" in check.message
    assert "Entries pass again from Mon 23 Nov." in check.message
    out = answers(
        a_request(100, Side.SELL), replace(found, opened=opened(100)), limits, positions={"AAPL": a_position(100)}
    )
    assert out["OWN_DAY_TRADES"].passed
    assert "day trade 3" in out["OWN_DAY_TRADES"].message
    assert refused(out) == []


def test_what_is_open_today_is_counted_as_if_it_were_closed_and_may_be_added_to() -> None:
    found = standing(day_trades=1, opened=opened(100, "MSFT"))
    limits = replace(LOTS, day_trades=2)
    assert refused(answers(a_limit("100.00", 1), found, limits)) == ["OWN_DAY_TRADES"]
    more = a_limit("100.00", 1, symbol="MSFT")
    assert refused(answers(more, found, limits, positions={"MSFT": a_position(100, symbol="MSFT")})) == []


def test_without_such_a_limit_nothing_is_said() -> None:
    assert "OWN_DAY_TRADES" not in answers(a_limit("100.00", 1), standing(day_trades=900))


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_a_tighter_limit_never_admits_more(day_trades: int, limit: int, less: int) -> None:
    found, request = standing(day_trades=day_trades), a_limit("100.00", 1)
    wide = refused(answers(request, found, replace(LOTS, day_trades=limit)))
    narrow = refused(answers(request, found, replace(LOTS, day_trades=max(limit - less, 0))))
    assert not wide or narrow


# ---- terms


def test_terms_come_back_as_they_were_and_nonsense_does_not() -> None:
    terms = MarginTerms(
        Regime.CASH, blocks=False, long_rate=Decimal("0.35"), good_faith=4, small_dollars=Decimal("999.5")
    )
    assert from_words(to_words(terms)) == terms
    assert from_words({}) == MarginTerms()
    with pytest.raises(BadInput, match="cannot be read"):
        from_words({"regime": "MAYBE"})
    for wrong in (MarginTerms(long_rate=Decimal(0)), MarginTerms(practice=0), MarginTerms(deadline_days=20),
                  MarginTerms(small_fraction=Decimal(2))):  # fmt: skip
        with pytest.raises(BadInput):
            checked(wrong)


@pytest.mark.parametrize(
    ("after", "looser"),
    [
        (MarginTerms(), ()),
        (MarginTerms(Regime.CASH), ("another regime",)),
        (MarginTerms(blocks=False), ("orders are only warned of",)),
        (MarginTerms(long_rate=Decimal("0.2")), ("maintenance of long positions",)),
        (MarginTerms(long_rate=Decimal("0.3"), deadline_days=2, practice=1), ()),
        (
            MarginTerms(practice=3, small_dollars=Decimal(1)),
            ("small deficits excepted up to", "unmet deficits in a year until restricted"),
        ),
        (MarginTerms(good_faith=9), ()),  # of another regime
    ],
)
def test_what_lets_more_pass_is_known_by_its_name(after: MarginTerms, looser: tuple[str, ...]) -> None:
    assert loosened(MarginTerms(), after) == looser


def test_the_gate_judges_by_them() -> None:
    view: RiskView = a_view(margin=standing(level=Decimal(0)))
    assert "INTRADAY_MARGIN" in [check.code for check in judged(a_limit("100.00", 1), view, LOTS).refusals]
