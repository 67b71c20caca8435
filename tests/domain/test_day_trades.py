"""Day trades are paired as brokers document it, and no order of executions, and no restart, makes more or fewer of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.day_trades import DayTrade, history, legs, within
from qv_desktop.domain.margin import is_pattern
from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.trading_days import TradingDays, banks_rest, trading_days

MONDAY = date(2026, 11, 16)  # New York is five hours behind UTC
HOLIDAY = date(2026, 11, 26)  # Thanksgiving


def a_session(day: date, close: int = 16, post: int = 20) -> MarketSession:
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour + 5, minutes=minute)

    return MarketSession(day, at(4), at(9, 30), at(close), at(post))


def the_days(first: date = MONDAY, count: int = 20) -> TradingDays:
    found = [first + timedelta(days=place) for place in range(count)]
    return trading_days([
        a_session(day, 13 if day == date(2026, 11, 27) else 16, 17 if day == date(2026, 11, 27) else 20)
        for day in found if day.weekday() < 5 and day != HOLIDAY
    ])  # fmt: skip


DAYS = the_days()


def fills(text: str, day: date = MONDAY, symbol: str = "TSLA", begin: int = 0) -> list[Fill]:
    """``B100 S100``: one order each, a minute apart; ``B100:a S50:b B50:a`` names the orders, so that one trades in parts."""
    found: list[Fill] = []
    for place, word in enumerate(text.split(), begin):
        amount, _, order = word[1:].partition(":")
        at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC) + timedelta(minutes=place)
        key = f"{symbol}-{day}-{order or place}"
        side = Side.BUY if word[0] == "B" else Side.SELL
        found.append(Fill(f"{symbol}-{day}-x{place}", key, symbol, side, Decimal(amount), Decimal(100), at))
    return found


def found(
    executions: Sequence[Fill], now: dict[str, Decimal] | None = None, days: TradingDays = DAYS
) -> list[DayTrade]:
    by_day = legs(executions, days)
    if now is None:
        now = {}
        for fill in executions:
            now[fill.symbol] = now.get(fill.symbol, Decimal(0)) + fill.side.sign * fill.quantity
    return [one for day in history(by_day, now).values() for one in day.day_trades]


@pytest.mark.parametrize(
    ("traded", "count"),
    [
        ("B100 S100", 1),
        ("B50 B50 S100", 1),  # buy, buy, sell all
        ("B100 S100 B100 S100", 2),  # buy, sell, buy, sell
        ("S100 B100", 1),  # a short that is covered on the same day
        ("S50 S50 B100", 1),
        ("B100 S50 S50", 1),  # leaving in two orders is still one change of direction
        ("B100 S50 B50 S100", 2),
        ("B100", 0),
        ("B100:a S50:b B50:a S100:c", 1),  # the buy is one order that traded in parts
        ("B10 S10 B10 S10 B10 S10 B10 S10", 4),
        ("B100 S200 B100", 2),  # a sale that goes through flat closes one and opens the other
    ],
)
def test_pairs_are_counted_as_documented(traded: str, count: int) -> None:
    """docs.alpaca.markets “User Protection” before June 2026, and E*TRADE on pattern day trading: changes of direction count."""
    assert len(found(fills(traded))) == count


@pytest.mark.parametrize(
    ("before", "traded", "count"),
    [
        (100, "S100", 0),  # held overnight
        (100, "S50 S50", 0),
        (100, "S100 B100", 0),  # sold before anything was bought today: the exception of former 4210(f)(8)(B)(i)
        (100, "B50 S50", 1),  # bought today, then sold
        (100, "B50 S150", 1),
        (100, "S100 B100 S100", 1),
        (-100, "B100", 0),
        (-100, "S50 B150", 1),
    ],
)
def test_what_was_held_overnight_does_not_count_until_more_is_bought(before: int, traded: str, count: int) -> None:
    executions = fills(traded)
    after = Decimal(before) + sum((fill.side.sign * fill.quantity for fill in executions), Decimal(0))
    assert len(found(executions, {"TSLA": after})) == count


def test_symbols_are_paired_for_themselves_and_days_too() -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert found([*fills("B100"), *fills("S100", symbol="AAPL")]) == []
    assert found([*fills("B100"), *fills("S100", tuesday)]) == []
    assert len(found([*fills("B100 S100"), *fills("B100 S100", tuesday)])) == 2


def test_a_day_trade_tells_what_closed_it() -> None:
    (one,) = found(fills("B60 B40 S80"))
    assert (one.symbol, one.day, one.quantity) == ("TSLA", MONDAY, Decimal(80))
    assert one.order == "TSLA-2026-11-16-2"
    assert (one.closed - one.opened) == timedelta(minutes=2)


def test_the_new_york_day_ends_at_eight_in_the_evening_and_weekends_belong_to_monday() -> None:
    friday, monday = date(2026, 11, 20), date(2026, 11, 23)
    assert DAYS.of(datetime(2026, 11, 21, 0, 59, tzinfo=UTC)) == friday  # 19:59 in New York
    assert DAYS.of(datetime(2026, 11, 21, 1, 0, tzinfo=UTC)) == monday
    assert DAYS.of(datetime(2026, 11, 22, 18, tzinfo=UTC)) == monday
    assert DAYS.of(datetime(2026, 11, 26, 15, tzinfo=UTC)) == date(2026, 11, 27)  # a holiday
    assert DAYS.of(datetime(2026, 11, 27, 22, tzinfo=UTC)) == date(2026, 11, 30)  # after an early close


def test_a_trade_of_the_evening_pairs_with_the_next_days() -> None:
    bought, sold = fills("B100 S100")
    evening = datetime(2026, 11, 17, 1, 30, tzinfo=UTC)  # 20:30 on Monday: overnight trading of Tuesday's session
    moved = Fill(bought.execution_id, bought.client_order_id, "TSLA", Side.BUY, bought.quantity, bought.price, evening)
    later = Fill(
        sold.execution_id,
        sold.client_order_id,
        "TSLA",
        Side.SELL,
        sold.quantity,
        sold.price,
        evening + timedelta(hours=14),
    )
    assert [one.day for one in found([moved, later])] == [date(2026, 11, 17)]


def test_five_business_days_leave_holidays_out() -> None:
    assert DAYS.last(date(2026, 11, 30), 5) == (
        date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30),
    )  # fmt: skip
    assert DAYS.later(date(2026, 11, 25), 1) == date(2026, 11, 27)


def test_money_settles_on_the_next_trading_day_on_which_banks_work() -> None:
    around = the_days(date(2026, 11, 2), 20)
    assert around.settles(date(2026, 11, 9)) == date(2026, 11, 10)
    assert around.settles(date(2026, 11, 10)) == date(2026, 11, 12)  # the 11th is Veterans Day
    assert DAYS.settles(date(2026, 11, 25)) == date(2026, 11, 27)
    assert banks_rest(date(2026, 10, 12))
    assert not banks_rest(date(2026, 10, 5))
    assert banks_rest(date(2029, 11, 12))  # Veterans Day on a Sunday is kept on Monday


@pytest.mark.parametrize(
    ("day_trades", "trades", "pattern"),
    [(3, 6, False), (4, 8, True), (4, 66, True), (4, 67, False), (5, 83, True), (5, 84, False), (40, 1_000, False)],
)
def test_a_pattern_is_four_and_more_than_six_percent(day_trades: int, trades: int, pattern: bool) -> None:
    """Former FINRA Rule 4210(f)(8)(B)(ii): four or more within five business days, unless six percent or less of all trades."""
    assert is_pattern(day_trades, trades) is pattern


def test_the_window_moves_on() -> None:
    executions = [one for place in range(4) for one in fills("B10 S10", MONDAY + timedelta(days=place))]
    days = history(legs(executions, DAYS), {})
    assert within(days, DAYS.last(date(2026, 11, 20), 5)) == (4, 8)
    assert within(days, DAYS.last(date(2026, 11, 23), 5)) == (3, 6)


words = st.lists(st.tuples(st.sampled_from("BS"), st.integers(1, 5)), max_size=14).map(
    lambda some: " ".join(f"{side}{shares * 10}" for side, shares in some)
)


@given(words, st.integers(-10, 10))
def test_there_are_never_more_day_trades_than_round_trips(text: str, before: int) -> None:
    """A day trade takes an order that opens and one that closes; one that goes through flat can do both."""
    executions = fills(text)
    held, opens, closes = Decimal(before * 10), 0, 0
    for fill in executions:
        signed = fill.side.sign * fill.quantity
        closes += held * signed < 0
        opens += held * signed >= 0 or fill.quantity > abs(held)
        held += signed
    made = found(executions, {"TSLA": held})
    assert len(made) <= min(opens, closes)
    assert all(one.quantity > 0 and one.opened <= one.closed for one in made)


@given(words, st.lists(st.sampled_from((1, 2, 4, 5)), min_size=14, max_size=14), st.randoms())
def test_neither_the_size_nor_the_order_of_partial_fills_matters(text: str, parts: list[int], random: object) -> None:
    whole = fills(text)
    split: list[Fill] = []
    for fill, many in zip(whole, parts, strict=False):
        share = fill.quantity / many
        split += [
            Fill(
                f"{fill.execution_id}-{part}", fill.client_order_id, fill.symbol, fill.side, share, fill.price, fill.at
            )
            for part in range(many)
        ]
    random.shuffle(split)  # type: ignore[attr-defined]
    assert [(one.order, one.closed) for one in found(split)] == [(one.order, one.closed) for one in found(whole)]


@given(words)
def test_an_execution_that_is_told_twice_counts_once(text: str) -> None:
    executions = fills(text)
    end = {"TSLA": sum((fill.side.sign * fill.quantity for fill in executions), Decimal(0))}
    assert found([*executions, *executions], end) == found(executions, end)


@given(words, words)
def test_days_counted_together_are_days_counted_apart(first: str, second: str) -> None:
    tuesday = MONDAY + timedelta(days=1)
    one, two = fills(first), fills(second, tuesday)
    middle = sum((fill.side.sign * fill.quantity for fill in one), Decimal(0))
    end = middle + sum((fill.side.sign * fill.quantity for fill in two), Decimal(0))
    together = found([*one, *two], {"TSLA": end})
    assert together == [*found(one, {"TSLA": middle}), *found(two, {"TSLA": end})]
