"""Value at risk, its backtests and the rest against scipy and against figures that were published."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from qv_desktop.analytics.risk_backtest import (
    christoffersen,
    conditional,
    independence,
    kupiec,
    one_degree,
)
from qv_desktop.analytics.risk_drawdown import drawdowns
from qv_desktop.analytics.risk_factors import betas, correlations
from qv_desktop.analytics.risk_historical import profits, tail
from qv_desktop.analytics.risk_liquidity import concentration, left_within
from qv_desktop.analytics.risk_monte_carlo import factors, root, simulated
from qv_desktop.analytics.risk_parametric import covariance, deviation, normal_tail, weighted_covariance
from qv_desktop.analytics.risk_returns import aligned
from qv_desktop.analytics.risk_rolling import historical, monte_carlo, parametric

RANDOM = np.random.default_rng(11)


# ---- published examples


def test_hulls_historical_simulation_of_four_indices_gives_his_var_and_shortfall() -> None:
    """Hull, Risk Management and Financial Institutions, table 13.4: 500 scenarios, the worst losses of $10 million (in dollars)."""
    worst = [-477_841.0, -345_435.0, -282_204.0, -277_041.0, -253_385.0]
    days = np.concatenate([np.linspace(-217_974.0, 400_000.0, 495), worst])
    var, shortfall = tail(days, 0.99)
    assert var == pytest.approx(253_385)
    assert shortfall == pytest.approx(327_181, abs=1)


def test_hulls_microsoft_and_att_give_his_normal_var() -> None:
    """Hull, the model-building approach: $10 m at 2 % a day and $5 m at 1 %, correlation 0.3, 99 %: $1,471,300, $367,800, $1,620,100."""
    sigma = np.array([0.02, 0.01])
    covariances = np.outer(sigma, sigma) * np.array([[1, 0.3], [0.3, 1]])
    both = deviation(np.array([10e6, 5e6]), covariances)
    assert both == pytest.approx(220_227, abs=1)
    assert normal_tail(200_000, 0.99)[0] == pytest.approx(465_300, rel=1e-4)
    assert normal_tail(200_000, 0.99, 10)[0] == pytest.approx(1_471_300, rel=1e-4)
    assert normal_tail(50_000, 0.99, 10)[0] == pytest.approx(367_800, rel=1e-3)
    assert normal_tail(both, 0.99, 10)[0] == pytest.approx(1_620_100, rel=1e-4)


def test_kupiec_gives_the_figures_of_the_mathworks_manual() -> None:
    """MathWorks, Risk Management Toolbox, varbacktest/pof: 57 failures in 1,043 days at 95 %: 0.46147, p 0.49694."""
    found = kupiec(57, 1_043, 0.05)
    assert found.ratio == pytest.approx(0.46147, abs=5e-6)
    assert found.p == pytest.approx(0.49694, abs=5e-6)


def test_christoffersen_gives_the_figures_of_the_mathworks_manual() -> None:
    """MathWorks, Risk Management Toolbox, varbacktest/cci: N00 932, N10 53, N01 53, N11 4: 0.25866, p 0.61104."""
    found = independence(932, 53, 53, 4)
    assert found is not None
    assert found.ratio == pytest.approx(0.25866, abs=5e-6)
    assert found.p == pytest.approx(0.61104, abs=5e-6)


def test_a_bank_with_six_exceptions_of_which_four_follow_another_is_jorions_answer() -> None:
    """Jorion, Value at Risk, 3rd edition, ch. 6, exercise 10: 6 in 252 days at 99 %: 3.498 not rejected, bunching 25.837 rejected."""
    count, bunching = kupiec(6, 252, 0.01), independence(244, 2, 2, 4)
    assert bunching is not None
    assert count.ratio == pytest.approx(3.498, abs=1e-3)  # printed without rounding
    assert count.p > 0.05
    assert bunching.ratio == pytest.approx(25.837, abs=5e-3)
    assert bunching.p < 0.001


def test_twenty_exceptions_in_252_days_are_jorions_example_of_a_bank() -> None:
    """Jorion, ch. 6.2.4: 20 in 252 days at 95 %, 14 of 232 and 6 of 20: 3.91, 9.53, together 13.44 above 5.99."""
    count, bunching = kupiec(20, 252, 0.05), independence(218, 14, 14, 6)
    assert bunching is not None
    assert count.ratio == pytest.approx(3.91, abs=0.005)
    assert bunching.ratio == pytest.approx(9.53, abs=0.005)
    assert conditional(count, bunching).ratio == pytest.approx(13.44, abs=0.01)
    assert conditional(count, bunching).p < 0.05


@pytest.mark.parametrize(
    ("rate", "days", "fewest", "most"),
    [(0.01, 255, 0, 6), (0.01, 510, 2, 10), (0.01, 1000, 5, 16), (0.05, 255, 7, 20), (0.05, 1000, 38, 64)],
)
def test_kupiecs_table_of_counts_that_are_not_rejected(rate: float, days: int, fewest: int, most: int) -> None:
    """Kupiec 1995, as in Jorion, table 6-2: N < 7, 1 < N < 11, 4 < N < 17; 6 < N < 21, 37 < N < 65."""
    taken = [count for count in range(days // 8) if kupiec(count, days, rate).p > 0.05]
    assert (taken[0] if rate > 0.01 or days > 255 else 0, taken[-1]) == (fewest, most)


# ---- against scipy


@given(st.integers(0, 300), st.integers(301, 1500), st.sampled_from([0.01, 0.05]))
def test_kupiec_is_the_binomial_likelihood_ratio_of_scipy(hits: int, days: int, rate: float) -> None:
    best = stats.binom.logpmf(hits, days, hits / days)
    ratio = max(0.0, 2 * (best - stats.binom.logpmf(hits, days, rate)))
    found = kupiec(hits, days, rate)
    assert found.ratio == pytest.approx(ratio, abs=1e-7, rel=1e-7)
    assert found.p == pytest.approx(stats.chi2.sf(found.ratio, 1), rel=1e-9, abs=1e-300)


def test_christoffersen_is_the_g_test_of_the_contingency_table_of_scipy() -> None:
    hits = RANDOM.random(600) < 0.08
    hits[100:106] = True
    before, after = hits[:-1], hits[1:]
    table = [[int(((before == was) & (after == now)).sum()) for now in (False, True)] for was in (False, True)]
    reference = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    found = christoffersen(hits)
    assert found is not None
    assert found.ratio == pytest.approx(reference.statistic, rel=1e-9)
    assert found.p == pytest.approx(reference.pvalue, rel=1e-9)
    both = conditional(one_degree(1.7), found)
    assert both.p == pytest.approx(stats.chi2.sf(both.ratio, 2), rel=1e-9)


def test_nothing_is_said_of_bunching_without_an_exception() -> None:
    assert christoffersen(np.zeros(250, bool)) is None
    assert kupiec(0, 250, 0.01).ratio == pytest.approx(-500 * math.log(0.99))


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_normal_tail_is_scipys_quantile_and_conditional_mean(confidence: float) -> None:
    var, shortfall = normal_tail(1.0, confidence)
    assert var == pytest.approx(stats.norm.ppf(confidence), rel=1e-9)
    beyond = stats.norm.expect(lambda x: x, lb=stats.norm.ppf(confidence), conditional=True)
    assert shortfall == pytest.approx(beyond, rel=1e-6)


@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_historical_simulation_of_many_normal_days_is_the_normal_tail(confidence: float) -> None:
    days = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert tail(days, confidence) == pytest.approx(normal_tail(1.0, confidence), rel=2e-3)


def test_covariances_are_numpys_and_the_weighted_ones_favour_the_newest_days() -> None:
    returns = RANDOM.standard_normal((300, 4))
    assert covariance(returns) == pytest.approx(np.cov(returns, rowvar=False))
    calm = np.vstack([returns, returns[-20:] * 0.1])
    assert weighted_covariance(calm)[0, 0] < covariance(calm)[0, 0] / 2
    assert weighted_covariance(returns, 1.0 - 1e-12) == pytest.approx(returns.T @ returns / 300, rel=1e-6)


def test_betas_and_correlations_are_scipys() -> None:
    market = RANDOM.standard_normal(250)
    names = np.column_stack([1.5 * market + RANDOM.standard_normal(250), RANDOM.standard_normal(250)])
    for column, beta in enumerate(betas(names, market)):
        assert beta == pytest.approx(stats.linregress(market, names[:, column]).slope)
    assert correlations(names)[0, 1] == pytest.approx(stats.pearsonr(names[:, 0], names[:, 1]).statistic)
    assert np.isnan(correlations(np.column_stack([market, np.ones(250)]))[0, 1])
    assert np.isnan(betas(names, np.ones(250))).all()


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=300),
    st.sampled_from([0.95, 0.99]),
)
def test_shortfall_is_at_least_the_var_grows_with_confidence_and_two_books_never_lose_more_than_both(
    days: list[tuple[float, float]], confidence: float
) -> None:
    one, other = np.array(days).T
    var, shortfall = tail(one, confidence)
    assert shortfall >= var - 1e-6
    assert tail(one, 0.99)[0] >= tail(one, 0.95)[0]
    assert tail(3 * one, confidence) == pytest.approx((3 * var, 3 * shortfall))
    assert tail(one + other, confidence)[1] <= shortfall + tail(other, confidence)[1] + 1e-5


# ---- of each day from the days before it


def a_history() -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]
]:
    chance = np.random.default_rng(5)
    market = chance.standard_normal((400, 1)) * 0.01
    return np.expm1(market + chance.standard_normal((400, 3)) * 0.015), np.array([9e3, -4e3, 5e3])


def test_the_normal_var_of_a_day_is_that_of_numpys_covariance_and_scipys_quantile_of_the_days_before() -> None:
    returns, values = a_history()
    earned = returns @ values
    equal, newer = (parametric(earned, 250, 0.99, weighted=weighted) for weighted in (False, True))
    assert len(equal) == len(newer) == 150
    for place in (0, 70, 149):
        past = returns[place : place + 250]
        sigma = math.sqrt(values @ np.cov(past, rowvar=False) @ values)
        assert equal[place] == pytest.approx(stats.norm.ppf(0.99) * sigma)
        weights = 0.94 ** np.arange(249, -1, -1)
        about = np.einsum("t,ti,tj->ij", weights / weights.sum(), past, past)
        assert newer[place] == pytest.approx(stats.norm.ppf(0.99) * math.sqrt(values @ about @ values))


def test_the_historical_var_of_a_day_is_the_second_worst_loss_of_the_250_days_before() -> None:
    returns, values = a_history()
    earned = returns @ values
    told = historical(earned, 250, 0.99)
    assert len(told) == 150
    assert told[31] == pytest.approx(-np.sort(earned[31:281])[1])


def test_the_drawn_var_of_a_day_is_near_the_normal_one_and_stands_for_as_many_days_as_it_is_said_to() -> None:
    returns, values = a_history()
    earned, logs = returns @ values, np.log1p(returns)
    each = monte_carlo(logs, values, 250, (0.95, 0.99), 20_000, seed=3)
    assert each.shape == (2, 150)
    for row, confidence in enumerate((0.95, 0.99)):
        assert each[row] == pytest.approx(parametric(earned, 250, confidence), rel=0.06)
    weekly = monte_carlo(logs, values, 250, (0.95, 0.99), 20_000, seed=3, step=5)
    assert (weekly[:, ::5] == each[:, ::5]).all()
    assert (weekly[:, 4] == each[:, 0]).all()


@pytest.mark.parametrize("method", ["historical", "parametric", "weighted", "drawn"])
def test_nothing_of_a_day_is_in_its_own_var(method: str) -> None:
    returns, values = a_history()

    def told(some: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        if method == "drawn":
            return monte_carlo(np.log1p(some), values, 250, (0.99,), 2_000, seed=3)[0]
        if method == "historical":
            return historical(some @ values, 250, 0.99)
        return parametric(some @ values, 250, 0.99, weighted=method == "weighted")

    crash = returns.copy()
    crash[300] = -0.5
    before, after = told(returns), told(crash)
    assert (before[:51] == after[:51]).all()
    assert after[51] > before[51]


# ---- Monte Carlo


def test_monte_carlo_agrees_with_the_normal_tail_where_returns_are_small() -> None:
    logs = RANDOM.standard_normal((251, 20)) * 0.002
    values = RANDOM.standard_normal(20) * 1e4
    sigma = deviation(values, covariance(logs))
    one, ten = simulated(factors(logs), values, 100_000, seed=3, days=(1, 10))
    for confidence in (0.95, 0.99):
        assert tail(one, confidence) == pytest.approx(normal_tail(sigma, confidence), rel=0.02)
        assert tail(ten, confidence) == pytest.approx(normal_tail(sigma, confidence, 10), rel=0.04)


def test_a_long_cannot_lose_more_than_all_and_a_short_can() -> None:
    logs = RANDOM.standard_normal((251, 1)) * 0.3
    long = simulated(factors(logs), np.array([100.0]), 20_000, 1, (10,))[0]
    short = simulated(factors(logs), np.array([-100.0]), 20_000, 1, (10,))[0]
    assert long.min() >= -100
    assert short.min() < -200


def test_the_same_seed_gives_the_same_paths_and_another_gives_others() -> None:
    drawing = factors(RANDOM.standard_normal((100, 5)) * 0.01)
    values = np.ones(5)
    assert (simulated(drawing, values, 10_000, 5) == simulated(drawing, values, 10_000, 5)).all()
    assert (simulated(drawing, values, 10_000, 5) != simulated(drawing, values, 10_000, 6)).any()
    with pytest.raises(ValueError, match="even"):
        simulated(drawing, values, 3, 5)


@pytest.mark.parametrize(("days", "names"), [(60, 80), (80, 60), (251, 500)])
def test_what_paths_are_drawn_with_has_just_the_covariance_of_the_days(days: int, names: int) -> None:
    logs = RANDOM.standard_normal((days, names)) @ np.diag(RANDOM.random(names) * 0.03)
    drawing = factors(logs)
    assert len(drawing) <= max(days, names)
    assert drawing.T @ drawing == pytest.approx(np.cov(logs, rowvar=False), abs=1e-12)


def test_a_matrix_that_is_no_covariance_is_repaired_and_keeps_its_variances() -> None:
    impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]) * 4.0
    assert np.linalg.eigvalsh(impossible)[0] < 0
    drawing = root(impossible)
    mended = drawing.T @ drawing
    assert np.linalg.eigvalsh(mended)[0] > -1e-9
    assert np.diag(mended) == pytest.approx(np.diag(impossible))
    twice = np.ones((2, 2))  # one name twice: singular, and right as it is
    assert root(twice).T @ root(twice) == pytest.approx(twice, abs=1e-7)


# ---- days, drawdown, liquidity


def test_several_days_are_those_of_a_book_that_is_held() -> None:
    returns = RANDOM.standard_normal((30, 3)) * 0.02
    values = np.array([100.0, -50.0, 25.0])
    ten = profits(returns, values, 10)
    assert len(ten) == 21
    assert ten[4] == pytest.approx(float((np.prod(1 + returns[4:14], axis=0) - 1) @ values))
    assert profits(returns, values) == pytest.approx(returns @ values)


def test_names_without_enough_days_are_told_and_a_day_that_one_lacks_moves_it_when_it_trades_again() -> None:
    days = np.arange(100)
    closes = {
        "OLD": (days, 100.0 + days),
        "GAP": (days[days != 50], 50.0 + days[days != 50]),
        "NEW": (days[80:], np.full(20, 10.0)),
    }
    found = aligned(closes, 250)
    assert found.names == ("OLD", "GAP")
    assert found.short == {"NEW": 20}
    assert found.days.tolist() == list(range(1, 100))
    at = list(found.days).index(51)
    assert found.values[at - 1 : at + 1] == pytest.approx(np.array([[150 / 149 - 1, 0], [151 / 150 - 1, 101 / 99 - 1]]))
    assert aligned({}, 250).names == ()


def test_names_that_each_lack_another_day_leave_every_day_a_day_and_the_book_its_risk() -> None:
    """A hundred names of which each lacks one day in a hundred: a return over two or three days is no day's."""
    logs = np.random.default_rng(1).standard_normal((502, 100)) * 0.01
    prices, days = 100 * np.exp(np.cumsum(logs, axis=0)), np.arange(502)
    kept = np.random.default_rng(2).random((502, 100)) > 0.01
    found = aligned({f"N{n}": (days[kept[:, n]], prices[kept[:, n], n]) for n in range(100)}, 500)
    assert len(found.names) == 100
    assert len(found.days) >= 495
    true, told = (deviation(np.full(100, 1e3), covariance(one)) for one in (np.expm1(logs), found.values))
    assert told == pytest.approx(true, rel=0.05)


def test_many_young_names_do_not_take_an_old_one_its_history() -> None:
    days = np.arange(200)
    young = {f"NEW{n}": (days[180:], np.full(20, 10.0)) for n in range(5)}
    found = aligned({"OLD": (days, 100.0 + days), **young}, 250)
    assert (found.names, len(found.days)) == (("OLD",), 199)
    assert found.short == dict.fromkeys(young, 20)


def test_days_before_the_youngest_name_are_left_out() -> None:
    days = np.arange(100)
    found = aligned({"OLD": (days, 100.0 + days), "YOUNG": (days[8:], 50.0 + days[8:])}, 250)
    assert found.names == ("OLD", "YOUNG")
    assert found.days.tolist() == list(range(9, 100))
    assert np.isfinite(found.values).all()


def test_a_drawdown_is_measured_from_the_highest_before() -> None:
    assert drawdowns(np.array([100.0, 120.0, 90.0, 130.0, 65.0])) == pytest.approx([0, 0, -0.25, 0, -0.5])


def test_liquidity_and_concentration_follow_their_definitions() -> None:
    days = np.array([1.0, 5.0, np.nan])
    assert left_within(np.array([50.0, -50.0, 0.0]), days, 1) == pytest.approx(0.6)
    largest, five, index, names = concentration(np.array([25.0, -25.0, 25.0, 25.0]))
    assert (largest, five, index, names) == pytest.approx((0.25, 1.0, 0.25, 4.0))
    assert not math.isnan(left_within(np.array([1.0]), np.array([np.nan]), 5))
