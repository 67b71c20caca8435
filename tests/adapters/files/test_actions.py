"""Dividends and splits in a file of days: kept as actions, and prices that they were divided by are multiplied back."""

from datetime import date
from pathlib import Path

import pytest

from qv_desktop.adapters.files.reading import understood
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import Reading, already_adjusted
from qv_desktop.domain.market import Action
from tests.adapters.files.written import read

HEAD = "date,open,high,low,close,volume,dividend,split\n"
TRADED = (
    HEAD + "2014-06-05,640,650,630,645,100,3.29,1\n2014-06-06,646,650,640,644,100,0,1\n2014-06-09,92,94,91,93,700,0,7\n"
)
DIVIDED = (
    HEAD
    + "2014-06-05,91.4,92.8,90,92.1,700,0.47,1\n2014-06-06,92.3,92.9,91.4,92,700,0,1\n2014-06-09,92,94,91,93,700,0,7\n"
)


def market() -> Path:
    return Path(__file__).parents[3] / ".." / "shared" / "market"


def test_prices_as_traded_stay_as_they_are(tmp_path: Path) -> None:
    found = read(tmp_path, TRADED)
    assert found.bars[0].close == 645
    assert found.actions == (
        Action("AAPL", date(2014, 6, 5), "dividend", 3.29),
        Action("AAPL", date(2014, 6, 9), "split", 7.0),
    )


def test_prices_that_do_not_fall_at_the_split_were_divided_and_are_multiplied_back(tmp_path: Path) -> None:
    found = read(tmp_path, DIVIDED)
    assert [(bar.close, bar.volume) for bar in found.bars] == [(644.7, 100), (644, 100), (93, 700)]
    assert found.actions[0] == Action("AAPL", date(2014, 6, 5), "dividend", 3.29)
    assert any("split 7:1 of 2014-06-09 were divided" in line for line in found.understood)


def test_a_person_may_say_what_the_prices_are(tmp_path: Path) -> None:
    assert read(tmp_path, DIVIDED, prices="traded").bars[0].close == 92.1
    assert read(tmp_path, DIVIDED, prices="adjusted").bars[0].close == 644.7


def test_a_small_split_after_a_lively_night_is_refused(tmp_path: Path) -> None:
    text = HEAD + "2014-06-06,100,101,99,100,5,0,1\n2014-06-09,97.5,98,97,97.5,5,0,1.05\n"
    with pytest.raises(BadInput, match=r"line 3: .*1.05:1.*--prices traded"):
        read(tmp_path, text)


def test_zero_and_one_are_no_splits(tmp_path: Path) -> None:
    text = HEAD + "2014-06-06,100,101,99,100,5,0,0\n2014-06-09,97.5,98,97,97.5,5,,1\n"
    assert read(tmp_path, text).actions == ()


def test_a_negative_dividend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"line 3: .*negative dividend"):
        read(tmp_path, HEAD + "2014-06-06,1,1,1,1,5,0,1\n2014-06-09,1,1,1,1,5,-1,1\n")


@pytest.mark.parametrize(("before", "after", "ratio", "verdict"), [
    (644, 92, 7, False), (92, 92.7, 7, True), (10, 100, 0.1, False), (100, 99, 0.1, True), (100, 97.5, 1.05, None),
])  # fmt: skip
def test_the_night_before_a_split_tells_what_the_prices_are(
    before: float, after: float, ratio: float, verdict: bool | None
) -> None:
    assert already_adjusted(before, after, ratio) is verdict


def test_the_recorded_days_of_apple_are_as_it_traded(tmp_path: Path) -> None:
    file = market() / "AAPL_daily_2012_2014_with_div_split.csv.gz"
    if not file.exists():
        pytest.skip("the recorded market is not beside this checkout")
    found = understood(file, Reading())
    assert round(found.bars[0].close, 2) == 411.23  # what was paid on 2012-01-03, before 7:1
    assert found.bars[0].volume == 10_793_600
    assert [action for action in found.actions if action.kind == "split"] == [
        Action("AAPL", date(2014, 6, 9), "split", 7.0)
    ]
    assert round(found.actions[0].amount, 2) == 2.65
