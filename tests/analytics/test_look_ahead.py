"""The prefix test finds strategies that read the future, and lets honest ones pass."""

from collections.abc import Callable

import numpy as np
import pytest

from qv_desktop.analytics.look_ahead import Said, look_ahead, shown_lengths

CLOSE = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, 900)))


def asking(rule: Callable[[np.ndarray], Said]) -> Callable[[int], Said]:
    return lambda count: rule(CLOSE[:count].copy())


def flags(entries: np.ndarray) -> Said:
    return entries, ~entries


def average(close: np.ndarray, length: int) -> np.ndarray:
    sums = np.cumsum(np.concatenate(([0.0], close)))
    return np.concatenate((np.full(length - 1, np.nan), (sums[length:] - sums[:-length]) / length))


def honest(close: np.ndarray) -> Said:
    return flags(average(close, 5) > average(close, 20))


def tomorrow(close: np.ndarray) -> Said:
    return flags(np.concatenate((close[1:] > close[:-1], [False])))


def seldom(close: np.ndarray) -> Said:
    """Buys the day before a jump, which is rare."""
    jump = np.concatenate((close[1:] / close[:-1] > 1.03, [False]))
    return jump, np.zeros(len(close), dtype=bool)


def whole_mean(close: np.ndarray) -> Said:
    return flags(close > close.mean())


def centred(close: np.ndarray) -> Said:
    middle = np.convolve(close, np.ones(9) / 9, mode="same")
    return flags(close < middle)


def backwards(close: np.ndarray) -> Said:
    """A rank over the whole history."""
    return (close.argsort().argsort() / len(close),)


def test_an_honest_strategy_passes() -> None:
    found = look_ahead(asking(honest), 900)
    assert found.bar is None
    assert not found.unsteady
    assert found.compared > 20


@pytest.mark.parametrize("rule", [tomorrow, seldom, whole_mean, centred, backwards])
def test_one_that_reads_the_future_is_caught(rule: Callable[[np.ndarray], Said]) -> None:
    found = look_ahead(asking(rule), 900)
    assert found.bar is not None
    whole, part = rule(CLOSE), rule(CLOSE[: found.shown].copy())
    apart = [np.flatnonzero(a[: found.shown] != b) for a, b in zip(whole, part, strict=True)]
    assert min(int(places[0]) for places in apart if len(places)) == found.bar


def test_the_first_bar_that_changes_is_named() -> None:
    """Bar 300 knows bar 700; every other one is honest."""

    def peeks(close: np.ndarray) -> Said:
        entries = np.zeros(len(close), dtype=bool)
        entries[300] = len(close) > 700
        return entries, np.zeros(len(close), dtype=bool)

    found = look_ahead(asking(peeks), 900)
    assert found.bar == 300
    assert found.shown <= 700


def test_one_that_gives_two_answers_is_called_unsteady() -> None:
    chance = np.random.default_rng(1)
    found = look_ahead(asking(lambda close: flags(chance.random(len(close)) < 0.5)), 900)
    assert found.unsteady
    assert found.bar is None


def test_an_error_on_few_bars_is_no_look_ahead() -> None:
    def needs(close: np.ndarray) -> Said:
        if len(close) < 400:
            raise ValueError("too few")
        return honest(close)

    found = look_ahead(asking(needs), 900)
    assert found.bar is None
    assert found.unable > 0
    assert found.compared > 0


def test_an_error_on_all_bars_is_the_callers() -> None:
    def broken(close: np.ndarray) -> Said:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        look_ahead(asking(broken), 900)


def test_weights_that_stay_unknown_are_equal_and_those_that_change_are_not() -> None:
    def weights(close: np.ndarray, cheat: bool) -> Said:
        table = np.full((len(close), 2), np.nan)
        table[::20, 0] = close[::20] / 1000
        table[::20, 1] = close[-1] / 1000 if cheat else 0.2
        return (table,)

    assert look_ahead(asking(lambda close: weights(close, False)), 900).bar is None
    assert look_ahead(asking(lambda close: weights(close, True)), 900).bar == 0


def test_lengths_stand_beside_trading_bars_and_elsewhere() -> None:
    entries = np.zeros(1000, dtype=bool)
    entries[[10, 500]] = True
    lengths = shown_lengths((entries, np.zeros(1000, dtype=bool)), 1000, 1)
    assert {10, 11, 500, 501, 999} <= set(lengths)
    assert len(lengths) > 10
    assert lengths == shown_lengths((entries, np.zeros(1000, dtype=bool)), 1000, 1)
    assert all(2 <= length < 1000 for length in lengths)


def test_an_answer_of_another_length_differs() -> None:
    found = look_ahead(lambda count: (np.zeros(900, dtype=bool),), 900)
    assert found.bar == 0
