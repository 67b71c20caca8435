"""Probabilistic and deflated Sharpe ratios and the track record give the numbers that their authors published."""

import math

import numpy as np
import pytest
from scipy import stats

from qv_desktop.analytics.deflated_sharpe import (
    deflated_sharpe,
    expected_maximum_sharpe,
    independent_trials,
    mean_correlation,
)
from qv_desktop.analytics.probabilistic_sharpe import Moments, moments, probabilistic_sharpe
from qv_desktop.analytics.track_record import minimum_track_record

FUND = Moments(0.036 / 0.079, -2.448, 10.164, 24)  # the monthly hedge fund of Bailey & López de Prado (2012)


def test_the_fund_of_2012_has_the_published_probability() -> None:
    assert probabilistic_sharpe(FUND) == pytest.approx(0.913, abs=1e-3)  # mean and deviation are published rounded


def test_without_its_skew_the_fund_of_2012_would_have_looked_better() -> None:
    assert probabilistic_sharpe(FUND._replace(skew=0.0, kurtosis=3.0)) == pytest.approx(0.982, abs=1e-3)


@pytest.mark.parametrize(("periods", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_a_sharpe_of_two_against_one_needs_the_published_years(periods: int, years: float) -> None:
    seen = Moments(2 / math.sqrt(periods), 0.0, 3.0, 0)
    needed = minimum_track_record(seen, 1 / math.sqrt(periods))
    assert needed / periods == pytest.approx(years, abs=5e-3)


def test_the_length_needed_is_that_at_which_the_probability_reaches_the_confidence() -> None:
    needed = minimum_track_record(FUND)
    assert needed > FUND.periods
    for count, above in ((math.floor(needed), False), (math.ceil(needed), True)):
        assert (probabilistic_sharpe(FUND._replace(periods=count)) >= 0.95) is above


def test_a_ratio_below_the_benchmark_never_has_record_enough() -> None:
    assert minimum_track_record(FUND, 1.0) == math.inf
    assert math.isnan(minimum_track_record(Moments(math.nan, 0, 3, 10)))


FOUND = Moments(2.5 / math.sqrt(250), -3.0, 10.0, 1250)  # the example of Bailey & López de Prado (2014)
VARIANCE = 0.5 / 250  # of the trials' Sharpe ratios, by day


def test_the_example_of_2014_has_the_published_threshold_and_probability() -> None:
    assert expected_maximum_sharpe(VARIANCE, 100) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(FOUND, VARIANCE, 100) == pytest.approx(0.9004, abs=5e-5)


def test_46_trials_or_88_with_normal_returns_would_have_been_few_enough() -> None:
    assert deflated_sharpe(FOUND, VARIANCE, 46) == pytest.approx(0.9505, abs=5e-5)
    assert deflated_sharpe(FOUND._replace(skew=0.0, kurtosis=3.0), VARIANCE, 88) == pytest.approx(0.9505, abs=5e-5)


def test_ten_worthless_trials_are_expected_to_show_one_of_1_57() -> None:
    assert expected_maximum_sharpe(1.0, 10) == pytest.approx(
        1.57, abs=5e-3
    )  # Bailey et al. (2014), “Pseudo-Mathematics …”
    assert expected_maximum_sharpe(1.0, 1) == 0.0


@pytest.mark.parametrize("trials", [20, 200, 1000])
def test_the_expected_maximum_is_that_of_a_simulation(trials: int) -> None:
    highest = np.random.default_rng(3).standard_normal((4000, trials)).max(axis=1).mean()
    assert expected_maximum_sharpe(1.0, trials) == pytest.approx(highest, rel=0.02)


def test_moments_are_scipys() -> None:
    returns = stats.skewnorm.rvs(4, 0.001, 0.01, 777, random_state=5)
    found = moments(returns)
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1), rel=1e-12)
    assert found.skew == pytest.approx(stats.skew(returns), rel=1e-12)
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-12)


def test_the_probability_is_how_often_worthless_returns_show_less() -> None:
    draws = np.random.default_rng(11).normal(0.0, 0.01, (4000, 250))
    probabilities = [probabilistic_sharpe(moments(row)) for row in draws]
    assert stats.kstest(probabilities, "uniform").pvalue > 0.01


@pytest.mark.parametrize("returns", [[], [0.1], [0.01, 0.01, 0.01, 0.01], [0.0] * 50])
def test_what_does_not_move_has_no_ratio(returns: list[float]) -> None:
    found = moments(np.array(returns))
    assert math.isnan(found.sharpe)
    assert math.isnan(probabilistic_sharpe(found))
    assert math.isnan(deflated_sharpe(found, VARIANCE, 10))


def test_mean_correlation_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(2)
    returns = rng.normal(size=(300, 1)) + rng.normal(size=(300, 7))
    pairs = np.corrcoef(returns.T)[np.triu_indices(7, 1)]
    assert mean_correlation(returns) == pytest.approx(pairs.mean(), rel=1e-9)
    assert mean_correlation(np.hstack([returns, np.zeros((300, 2))])) == pytest.approx(pairs.mean(), rel=1e-9)
    assert math.isnan(mean_correlation(np.zeros((10, 3))))


def test_trials_that_move_together_count_as_fewer() -> None:
    assert independent_trials(100, 1.0) == 1.0
    assert independent_trials(100, 0.0) == 100.0
    assert independent_trials(100, 0.9) == pytest.approx(10.9)
