"""Verdicts follow the figures at their thresholds, in one sentence; what is unknown proves nothing."""

import math

import pytest

from qv_desktop.domain.look_ahead import LookAhead, badge, explained, parameters_hash, word
from qv_desktop.domain.verdicts import on_cross_validation, on_monte_carlo, on_overfitting, on_walk_forward
from tests.builders import NOW


@pytest.mark.parametrize(
    ("probability", "deflated", "level", "words"),
    [
        (0.71, 0.99, "bad", "Probably overfitted: PBO 0.71 (71% of the splits"),
        (0.5, 0.99, "bad", "Probably overfitted"),
        (0.02, 0.4, "bad", "Probably overfitted"),
        (0.3, 0.99, "doubtful", "Doubtful"),
        (0.02, 0.9, "doubtful", "Doubtful"),
        (0.05, 0.95, "good", "No sign of overfitting"),
        (0.02, math.nan, "bad", "deflated Sharpe unknown"),
        (math.nan, 0.99, "unknown", "Nothing can be said"),
    ],
)
def test_overfitting_is_told_by_pbo_and_deflated_sharpe(
    probability: float, deflated: float, level: str, words: str
) -> None:
    found = on_overfitting({"probability": probability, "deflated": deflated, "trials": 780.0})
    assert found.level == level
    assert words in found.sentence


@pytest.mark.parametrize(
    ("total", "efficiency", "won", "level"),
    [(-0.1, 0.9, 9, "bad"), (0.3, 0.49, 9, "doubtful"), (0.3, math.nan, 9, "doubtful"), (0.3, 0.8, 3, "doubtful"), (0.3, 0.8, 9, "good")],
)  # fmt: skip
def test_a_walk_is_told_by_its_return_efficiency_and_steps(
    total: float, efficiency: float, won: float, level: str
) -> None:
    found = on_walk_forward({"total_return": total, "efficiency": efficiency, "steps_won": won, "steps": 12.0})
    assert found.level == level
    assert f"{won:.0f} of 12 steps won" in found.sentence


@pytest.mark.parametrize(
    ("outside", "ahead", "level"), [(-0.1, 8, "bad"), (0.5, 4, "bad"), (0.4, 7, "doubtful"), (0.8, 5, "doubtful"), (0.8, 7, "good")]
)  # fmt: skip
def test_folds_are_told_by_what_the_choice_was_worth_in_them(outside: float, ahead: float, level: str) -> None:
    found = on_cross_validation({"folds_ahead": ahead, "folds": 8.0, "outside": outside, "inside": 1.0})
    assert found.level == level


@pytest.mark.parametrize(
    ("change", "level"),
    [({}, "good"), ({"ruin_high": 0.06}, "bad"), ({"final_50": 0.99}, "bad"), ({"final_5": 0.9}, "doubtful"),
     ({"drawdown_5": -0.31}, "doubtful")],
)  # fmt: skip
def test_a_monte_carlo_is_told_by_ruin_ends_and_falls(change: dict[str, float], level: str) -> None:
    calm = {"ruin": 0.001, "ruin_low": 0.0, "ruin_high": 0.002, "ruin_at": 0.5, "final_5": 1.1, "final_50": 1.5,
            "drawdown_5": -0.25, "drawdown_seen": -0.2}  # fmt: skip
    found = on_monte_carlo(calm | change)
    assert found.level == level
    assert "risk of losing 50%: 0.1%" in found.sentence


def test_badges_say_passed_fails_and_not_checked() -> None:
    passed = LookAhead("c", (("fast", 5.0),), "passed", None, None, "", 900, 30, 0, 900, "", NOW)
    fails = LookAhead("c", (("fast", 5.0),), "fails", 41, int(NOW.timestamp()) * 10**9, "", 42, 30, 0, 900, "", NOW)
    unable = LookAhead("c", (), "unable", None, None, "", 0, 0, 0, 900, "the code takes too long.", NOW)
    assert badge(passed) == ("no look-ahead found", "working")
    assert badge(fails) == ("looks ahead at bar 42", "rejected")
    assert badge(None)[0] == badge(unable)[0] == "look-ahead not checked"
    assert (word(passed), word(fails), word(unable)) == ("passed", "fails at 42", "not checked")
    assert "With fast 5, the signal of bar 42" in explained(fails)
    assert "the code takes too long" in explained(unable)
    assert "runs by itself" in explained(None)


def test_the_order_of_parameters_changes_nothing() -> None:
    assert parameters_hash([("a", 1), ("b", 2.0)]) == parameters_hash([("b", 2), ("a", 1.0)])
    assert parameters_hash([("a", 1)]) != parameters_hash([("a", 2)])
