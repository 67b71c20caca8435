"""Monte Carlo with fat tails: the fit, the quantiles and the shortfalls are those of scipy's t distribution."""

import math

import numpy as np
import pytest
from scipy import stats

from qv_desktop.analytics.risk_historical import tail
from qv_desktop.analytics.risk_monte_carlo import factors
from qv_desktop.analytics.risk_parametric import covariance, deviation, normal_tail
from qv_desktop.analytics.risk_rolling import student
from qv_desktop.analytics.risk_student import HIGH, LOW, freedom, likelihood, quantile, simulated

CHANCE = np.random.default_rng(17)
RETURNS = CHANCE.standard_normal((300, 6)) * 0.002 + CHANCE.standard_normal((300, 1)) * 0.001
VALUES = np.array([10_000.0, -4_000.0, 7_000.0, -9_000.0, 2_000.0, 5_000.0])


@pytest.mark.parametrize("degrees", [3.0, 5.0, 8.0])
def test_the_degrees_of_freedom_are_scipys_most_likely_ones(degrees: float) -> None:
    days = stats.t.rvs(degrees, loc=40.0, scale=900.0, size=2_000, random_state=5)
    assert freedom(days) == pytest.approx(stats.t.fit(days)[0], rel=0.01)


def test_the_likelihood_is_scipys_at_the_middle_and_scale_that_it_fits() -> None:
    days = stats.t.rvs(4.0, size=500, random_state=6)
    _, middle, scale = stats.t.fit(days, fix_df=4.0)
    assert likelihood(days, 4.0) == pytest.approx(stats.t.logpdf(days, 4.0, middle, scale).sum(), abs=1e-3)


def test_days_that_are_normal_or_stand_still_have_no_fat_tails_and_wild_ones_no_fewer_degrees_than_have_a_variance() -> (
    None
):
    assert freedom(stats.norm.ppf((np.arange(2_000) + 0.5) / 2_000)) == math.inf
    assert freedom(np.zeros(250)) == freedom(np.ones(1)) == math.inf
    assert freedom(stats.cauchy.rvs(size=2_000, random_state=7)) == pytest.approx(LOW, abs=0.01)
    assert freedom(stats.t.rvs(5.0, size=250, random_state=8)) < HIGH


@pytest.mark.parametrize("degrees", [LOW, 3.0, 5.0, 12.0, 99.0])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_quantile_is_scipys_of_the_deviation_one(degrees: float, confidence: float) -> None:
    wanted = stats.t.ppf(confidence, degrees) * math.sqrt((degrees - 2.0) / degrees)
    assert quantile(confidence, degrees) == pytest.approx(wanted, rel=1e-6)
    assert quantile(confidence, math.inf) == pytest.approx(stats.norm.ppf(confidence))


def test_the_var_of_each_day_is_of_the_days_before_it_alone() -> None:
    earned = stats.t.rvs(4.0, size=120, random_state=9) * 100.0
    found = student(earned, 60, (0.95, 0.99), 5)
    assert found.shape == (2, 60)
    wanted = quantile(0.99, freedom(earned[10:70])) * earned[12:72].std(ddof=1)  # fitted two days before
    assert found[1, 12] == pytest.approx(wanted)
    assert student(np.append(earned[:-1], 1e9), 60, (0.95, 0.99), 5) == pytest.approx(found)


@pytest.mark.parametrize("degrees", [3.0, 5.0, 12.0])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_tail_is_scipys_t_of_the_same_deviation(degrees: float, confidence: float) -> None:
    drawn = simulated(factors(RETURNS), VALUES, 400_000, 3, degrees)[0]
    sigma = deviation(VALUES, covariance(RETURNS))
    scale = sigma * math.sqrt((degrees - 2.0) / degrees)
    quantile = stats.t.ppf(confidence, degrees)
    beyond = stats.t.expect(lambda x: x, (degrees,), lb=quantile, conditional=True)
    var, shortfall = tail(drawn, confidence)
    assert var == pytest.approx(quantile * scale, rel=0.02)
    assert shortfall == pytest.approx(beyond * scale, rel=0.04)


def test_without_fat_tails_it_is_the_normal_tail_and_ten_days_are_the_root_of_ten() -> None:
    one, ten = simulated(factors(RETURNS), VALUES, 400_000, 3, math.inf, (1, 10))
    wanted = normal_tail(deviation(VALUES, covariance(RETURNS)), 0.99)
    assert tail(one, 0.99) == pytest.approx(wanted, rel=0.01)
    assert tail(ten, 0.99)[0] == pytest.approx(tail(one, 0.99)[0] * math.sqrt(10), rel=1e-3)


def test_the_names_keep_their_covariance_and_fall_together() -> None:
    pair = np.eye(2) * 0.01
    first, second = (simulated(pair, one, 200_000, 4, 5.0)[0] for one in np.eye(2))
    assert np.cov(first, second) == pytest.approx(np.eye(2) * 1e-4, abs=4e-6)
    both = np.mean((np.abs(first) > 0.04) & (np.abs(second) > 0.04))
    assert both > 5 * np.mean(np.abs(first) > 0.04) * np.mean(
        np.abs(second) > 0.04
    )  # uncorrelated, and not independent


def test_a_long_loses_no_more_than_it_is_worth_and_a_short_has_a_shortfall() -> None:
    wild = np.array([[0.8]])
    assert simulated(wild, np.array([100.0]), 20_000, 5, LOW)[0].min() == pytest.approx(-100.0)
    short = simulated(wild, np.array([-100.0]), 20_000, 5, LOW)[0]
    assert short.max() == pytest.approx(100.0)
    assert np.isfinite(tail(short, 0.99)).all()


def test_the_same_seed_gives_the_same_numbers_and_senseless_terms_are_refused() -> None:
    asked = (factors(RETURNS), VALUES, 10_000, 3)
    assert (simulated(*asked, 4.0) == simulated(*asked, 4.0)).all()
    with pytest.raises(ValueError, match="pairs"):
        simulated(factors(RETURNS), VALUES, 9_999, 3, 4.0)
    for degrees in (2.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="no variance"):
            simulated(*asked, degrees)


def test_whoever_is_called_between_two_blocks_may_end_it() -> None:
    def ends() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        simulated(factors(RETURNS), VALUES, 10_000, 3, 4.0, between=ends)
