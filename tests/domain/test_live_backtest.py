"""A day as traded beside the day as tested: the parts sum to the whole to the last digit, and pairs are what a person would pair."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade
from qv_desktop.domain.live_backtest import Modelled, Parts, Sent, added
from qv_desktop.domain.live_backtest_pairs import aligned, explained, paired, profits
from qv_desktop.domain.live_backtest_sides import executions, held, modelled, sent_by, usual
from qv_desktop.domain.market import SECOND, Timeframe, ns, utc
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Side
from tests.builders import a_request, an_order

D = Decimal
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
SPEC = BacktestSpec("sma_cross", 3, ("AAPL",), "1m", date(2026, 11, 20), date(2026, 11, 20), (), fees=1.0, slippage=2.0)
WINDOW = timedelta(minutes=5)
PRICES = st.decimals(min_value=D("0.0001"), max_value=D(99_999), places=6)
SIZES = st.decimals(min_value=D("0.000001"), max_value=D(999_999), places=6)


@st.composite
def models(draw: st.DrawFn) -> Modelled:
    at = OPEN + timedelta(seconds=draw(st.integers(0, 23_400)))
    return Modelled(draw(st.sampled_from(Side)), at, draw(SIZES), draw(PRICES), draw(PRICES), draw(PRICES))


@st.composite
def orders(draw: st.DrawFn) -> Sent:
    at = OPEN + timedelta(seconds=draw(st.integers(0, 23_400)))
    filled = draw(st.one_of(st.just(D(0)), SIZES))
    value = filled * draw(PRICES)
    fees = draw(PRICES) if filled else D(0)
    key = draw(st.uuids()).hex
    return Sent(
        key, draw(st.sampled_from(Side)), at, draw(SIZES), filled, value, fees, "filled", draw(st.none() | PRICES)
    )


@given(st.lists(models(), max_size=8), st.lists(orders(), max_size=8), PRICES)
def test_the_parts_of_every_pair_add_up_to_what_the_day_made_less_than_its_backtest(
    ours: list[Modelled], sent: list[Sent], mark: Decimal
) -> None:
    ours, sent = sorted(ours, key=lambda one: one.at), sorted(sent, key=lambda one: one.at)
    pairs = paired(ours, sent, WINDOW, mark)
    for pair in pairs:
        live, paper = profits([pair], mark)
        assert pair.parts.total == live - paper  # to the last digit
    live, paper = profits(pairs, mark)
    assert added(*(pair.parts for pair in pairs)).total == live - paper
    # nothing is lost and nothing is there twice
    assert sorted(one.sent.id for one in pairs if one.sent) == sorted(one.id for one in sent)
    assert sorted(id(one.modelled) for one in pairs if one.modelled) == sorted(map(id, ours))


@given(st.lists(models(), max_size=8), st.lists(orders(), max_size=8))
def test_a_pair_is_of_one_side_and_within_the_window_and_no_near_ones_stay_alone(
    ours: list[Modelled], sent: list[Sent]
) -> None:
    ours, sent = sorted(ours, key=lambda one: one.at), sorted(sent, key=lambda one: one.at)
    pairs = paired(ours, sent, WINDOW, D(1))
    for pair in pairs:
        if pair.modelled and pair.sent:
            assert pair.modelled.side is pair.sent.side
            assert abs(pair.modelled.at - pair.sent.at) <= WINDOW
    lone = [[p for p in pairs if p.kind == kind] for kind in ("only live", "only backtest")]
    for live in lone[0]:
        assert not any(live.side is tested.side and abs(live.at - tested.at) <= WINDOW for tested in lone[1])


TIMES = st.lists(st.integers(0, 40), max_size=5).map(sorted)


@settings(max_examples=150)
@given(TIMES, TIMES, st.integers(0, 15))
def test_the_alignment_is_the_best_of_all_that_there_are(left: list[int], right: list[int], window: int) -> None:
    found = aligned(
        *([OPEN + timedelta(seconds=t) for t in times] for times in (left, right)), timedelta(seconds=window)
    )
    assert all(a < c and b < d for (a, b), (c, d) in combinations(found, 2))
    apart = [abs(left[i] - right[j]) for i, j in found]
    assert all(one <= window for one in apart)
    most = range(min(len(left), len(right)) + 1)
    every = (
        list(zip(some, other, strict=True))
        for n in most
        for some in combinations(left, n)
        for other in combinations(right, n)
    )
    good = [(-len(one), sum(abs(a - b) for a, b in one)) for one in every if all(abs(a - b) <= window for a, b in one)]
    assert (-len(found), sum(apart)) == min(good)


def test_a_late_buy_that_was_filled_in_part_is_explained_cause_by_cause() -> None:
    model = modelled(Side.BUY, OPEN, D(100), 100.0, SPEC)
    assert (model.open, model.price, model.fee) == (D("100"), D("100.02"), D("1.000200"))
    sent = Sent(
        "qv-1",
        Side.BUY,
        OPEN + timedelta(seconds=4),
        D(100),
        D(60),
        D(60) * D("100.08"),
        D("0.30"),
        "canceled",
        D("100.05"),
    )
    parts = explained(model, sent, D("101.00"))
    assert parts == Parts(
        delay=D("-3.00"),  # 60 shares, five cents that the price had moved by
        execution=D("-1.80"),  # three cents of spread
        allowed=D("1.20"),  # two cents that the backtest had allowed for
        quantity=D("-39.20"),  # forty shares that would have made 98 cents each
        fees=D("0.700200"),
    )
    assert parts.total == D("-42.099800")


def test_a_sell_at_a_better_price_made_more_than_its_backtest() -> None:
    model = modelled(Side.SELL, OPEN, D(10), 50.0, SPEC)
    assert model.price == D("49.99")
    sent = Sent("qv-1", Side.SELL, OPEN, D(10), D(10), D("500.50"), D(0), "filled", D("50.10"))
    parts = explained(model, sent, D(49))
    assert (parts.delay, parts.execution, parts.allowed, parts.quantity) == (D("1.0"), D("-0.50"), D("0.10"), D(0))


def test_without_an_arrival_price_delay_and_execution_are_one_and_not_guessed() -> None:
    model = modelled(Side.BUY, OPEN, D(10), 50.0, SPEC)
    sent = Sent("qv-1", Side.BUY, OPEN, D(10), D(10), D("501"), D(0), "filled")
    parts = explained(model, sent, D(51))
    assert (parts.delay, parts.execution, parts.price) == (D(0), D(0), D("-1"))


def test_a_rejected_order_does_not_take_the_place_of_the_one_that_traded() -> None:
    model = modelled(Side.BUY, OPEN, D(10), 50.0, SPEC)
    rejected = Sent("a", Side.BUY, OPEN, D(10), D(0), D(0), D(0), "rejected: no buying power")
    traded = Sent("b", Side.BUY, OPEN + timedelta(seconds=9), D(10), D(10), D("501"), D(0), "filled")
    pairs = paired([model], [rejected, traded], WINDOW, D(51))
    assert [(pair.kind, pair.sent.id if pair.sent else "") for pair in pairs] == [("only live", "a"), ("both", "b")]
    (alone,) = paired([model], [rejected], WINDOW, D(51))
    assert (alone.kind, alone.parts.total) == ("both", alone.parts.quantity + alone.parts.fees)


def an(order: str, quantity: int = 100, **rest: object) -> Order:
    return an_order(a_request(quantity, id=order, source="sma_cross"), **{"status": OrderStatus.FILLED, **rest})


def a_fill(order: str, quantity: int, price: str, fee: str = "0") -> Fill:
    return Fill(f"e{order}{quantity}{price}", order, "AAPL", Side.BUY, D(quantity), D(price), OPEN, D(fee))


def test_an_order_and_what_it_was_replaced_by_are_one_since_the_first_was_made() -> None:
    first = an("1", status=OrderStatus.REPLACED, broker_id="b1", replaced_by="b2", submitted=OPEN)
    second = an("2", 80, broker_id="b2", submitted=OPEN + timedelta(seconds=30))
    other = an("3", broker_id="b3", submitted=OPEN + timedelta(seconds=10), status=OrderStatus.REJECTED, reason="no")
    fills = [a_fill("2", 30, "10.01", "0.05"), a_fill("2", 50, "10.02", "0.05")]
    found = sent_by([second, other, first], fills)
    assert [(one.id, one.at, one.wanted, one.filled, one.value, one.fees, one.status) for one in found] == [
        ("2", OPEN, D(80), D(80), D("801.30"), D("0.10"), "filled"),
        ("3", OPEN + timedelta(seconds=10), D(100), D(0), D(0), D(0), "rejected: no"),
    ]
    assert usual(found) == D(100)
    assert usual([]) is None


@pytest.mark.parametrize("loop", [("b1", "b1"), ("b2", "b1")])
def test_orders_that_are_said_to_replace_each_other_end_somewhere(loop: tuple[str, str]) -> None:
    told = [an(str(n), broker_id=f"b{n}", replaced_by=by) for n, by in enumerate(loop, 1)]
    fills = [a_fill("1", 3, "10"), a_fill("2", 4, "10")]
    assert sum(one.filled for one in sent_by([*told, an("9")], fills)) == D(7)


def a_result(*trades: BacktestTrade) -> BacktestResult:
    at = tuple(ns(OPEN) + n * 60 * SECOND for n in range(10))
    return BacktestResult("r", SPEC, "demo", OPEN, 0.1, at, (), (), (), (), trades, 10, "c", "d", "s", "e")


def test_what_is_only_told_of_the_bar_beyond_the_end_has_not_happened() -> None:
    at = [ns(OPEN) + n * 60 * SECOND for n in range(10)]
    closed = BacktestTrade(at[1], at[3], 9.5, 50.0, 51.25, 0, 0)
    still_open = BacktestTrade(at[5], at[9], 9.4, 52.0, 52.5, 0, 0)
    not_yet = BacktestTrade(at[9], at[9], 9.4, 52.0, 52.5, 0, 0)
    found = executions(a_result(closed, still_open, not_yet), SPEC, Timeframe(1, "m"), None)
    assert [(one.side, one.at, one.quantity, one.open) for one in found] == [
        (Side.BUY, utc(at[1]), D("9.5"), D(50)), (Side.SELL, utc(at[3]), D("9.5"), D("51.25")), (Side.BUY, utc(at[5]), D("9.4"), D(52)),
    ]  # fmt: skip
    assert held(found) == D("9.4")
    fixed = executions(a_result(closed), SPEC, Timeframe(1, "m"), D(20))
    assert [one.quantity for one in fixed] == [D(20), D(20)]
    assert fixed[0].fee == (D(20) * fixed[0].price / 10_000).quantize(D("0.000001"))


def test_a_days_bar_trades_when_the_market_opens() -> None:
    midnight = ns(datetime(2026, 11, 20, 5, tzinfo=UTC))
    result = replace(
        a_result(BacktestTrade(midnight, midnight + 10**14, 1, 50.0, 51.0, 0, 0)), at=(midnight, midnight + 10**14)
    )
    assert [one.at for one in executions(result, SPEC, Timeframe(1, "D"), None)] == [OPEN]
