"""Splits and dividends taken out of prices: on small numbers, and on Apple's three years with a 7:1 split."""

import csv
import gzip
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from qv_desktop.domain.adjustment import adjusted, effective, midnight, steps
from qv_desktop.domain.market import Action, Bar

FILE = Path(__file__).parents[2] / ".." / "shared" / "market" / "AAPL_daily_2012_2014_with_div_split.csv.gz"


def day(n: int, price: float, volume: float = 700.0) -> Bar:
    return Bar("A", midnight(date(2024, 6, n)), price, price, price, price, volume, 3, price)


SPLIT = Action("A", date(2024, 6, 5), "split", 7.0)
DIVIDEND = Action("A", date(2024, 6, 4), "dividend", 7.0)


def test_a_split_divides_prices_and_multiplies_volumes_before_it_only() -> None:
    found = adjusted([day(4, 700.0), day(5, 100.0)], steps([SPLIT], "split"))
    assert [(bar.open, bar.close, bar.vwap, bar.volume) for bar in found] == [
        (100, 100, 100, 4900),
        (100, 100, 100, 700),
    ]


def test_two_splits_multiply() -> None:
    second = replace(SPLIT, day=date(2024, 6, 7), amount=0.5)  # a reverse split: one for two
    found = adjusted([day(4, 700.0), day(5, 100.0), day(7, 200.0)], steps([second, SPLIT], "split"))
    assert [bar.close for bar in found] == [200.0, 200.0, 200.0]


def test_a_dividend_takes_its_part_of_the_close_before_it_and_no_volume() -> None:
    bars = [day(3, 700.0), day(4, 693.0)]
    found = adjusted(bars, steps([DIVIDEND], "all", bars))
    assert [bar.close for bar in found] == [pytest.approx(693.0), 693.0]
    assert [bar.volume for bar in found] == [700, 700]
    assert adjusted(bars, steps([DIVIDEND], "split", bars)) == bars


def test_a_dividend_without_a_close_before_it_changes_nothing() -> None:
    bars = [day(4, 693.0)]
    assert steps([DIVIDEND], "all", bars) == []
    assert steps([replace(DIVIDEND, amount=9000.0)], "all", [day(3, 700.0)]) == []


def test_raw_bars_stay_as_they_traded_and_declared_actions_wait_for_their_day() -> None:
    assert steps([SPLIT, DIVIDEND], "raw", [day(3, 700.0)]) == []
    assert effective([SPLIT, DIVIDEND], date(2024, 6, 4)) == [DIVIDEND]


@pytest.fixture
def apple() -> tuple[list[Bar], list[Bar], list[Action]]:
    """Apple as it traded, the file's own columns (on terms after the split), and what happened to its shares."""
    if not FILE.is_file():
        pytest.skip("the market files are not beside this checkout")
    with gzip.open(FILE, "rt") as lines:
        rows = list(csv.DictReader(lines))
    split_day = next(row["date"] for row in rows if float(row["split"]) != 1)
    raw, column, actions = [], [], []
    for row in rows:
        when, factor = date.fromisoformat(row["date"]), 7.0 if row["date"] < split_day else 1.0
        prices = [float(row[name]) for name in ("open", "high", "low", "close")]
        volume = float(row["volume"])
        column.append(Bar("AAPL", midnight(when), *prices, volume))
        raw.append(Bar("AAPL", midnight(when), *(price * factor for price in prices), volume / factor))
        if float(row["dividend"]):
            actions.append(Action("AAPL", when, "dividend", float(row["dividend"]) * factor))
        if float(row["split"]) != 1:
            actions.append(Action("AAPL", when, "split", float(row["split"])))
    return raw, column, actions


def test_apples_returns_are_continuous_across_its_split_and_agree_with_the_file(
    apple: tuple[list[Bar], list[Bar], list[Action]],
) -> None:
    raw, column, actions = apple
    found = adjusted(raw, steps(actions, "split"))
    assert min(b.close / a.close for a, b in pairwise(raw)) < 0.15  # as traded the split looks like a crash
    assert all(0.85 < b.close / a.close < 1.1 for a, b in pairwise(found))
    for name in ("open", "high", "low", "close", "volume"):
        assert [getattr(bar, name) for bar in found] == pytest.approx([getattr(bar, name) for bar in column])


def test_apples_total_return_counts_each_dividend(apple: tuple[list[Bar], list[Bar], list[Action]]) -> None:
    raw, column, actions = apple
    found = adjusted(raw, steps(actions, "all", raw))
    paid = {midnight(one.day): one.amount for one in actions if one.kind == "dividend"}
    assert len(paid) == 10
    for (a, b), (plain_a, plain_b) in zip(pairwise(found), pairwise(column), strict=True):
        # the return of a holder who is paid: what the CRSP factor leaves is p1 / (p0 − D)
        dividend = paid.get(b.start, 0.0) / (7.0 if b.start < midnight(date(2014, 6, 9)) else 1.0)
        assert b.close / a.close == pytest.approx(plain_b.close / (plain_a.close - dividend))
    assert found[-1].close == column[-1].close
