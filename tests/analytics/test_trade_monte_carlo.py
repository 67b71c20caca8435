"""Monte-Carlo of trades: the same seed gives the same numbers, and they are those that theory and scipy give."""

import math

import numpy as np
import pytest
from scipy import stats

from qv_desktop.analytics.trade_monte_carlo import monte_carlo, wilson

TRADES = np.random.default_rng(7).normal(0.004, 0.03, 120)


@pytest.mark.parametrize("method", ["shuffle", "bootstrap"])
def test_the_same_seed_gives_the_same_numbers(method: str) -> None:
    one, two, other = (monte_carlo(TRADES, method, seed, 500) for seed in (5, 5, 6))  # type: ignore[arg-type]
    assert np.array_equal(one.final, two.final)
    assert np.array_equal(one.drawdown_fan, two.drawdown_fan)
    assert not np.array_equal(one.drawdown, other.drawdown)


def test_another_order_changes_the_drawdown_and_not_the_end() -> None:
    found = monte_carlo(TRADES, "shuffle", 1, 2000)
    np.testing.assert_allclose(found.final, np.prod(1 + TRADES), rtol=1e-9)
    assert np.ptp(found.drawdown) > 0.05
    assert found.drawdown.max() <= 0


def test_drawn_again_the_logarithm_of_the_end_has_the_mean_and_deviation_of_a_sum() -> None:
    found = monte_carlo(TRADES, "bootstrap", 1, 20_000)
    logs = np.log1p(TRADES)
    assert np.log(found.final).mean() == pytest.approx(logs.sum(), abs=4 * logs.std() * math.sqrt(120 / 20_000))
    assert np.log(found.final).std() == pytest.approx(logs.std() * math.sqrt(120), rel=0.02)


def test_drawdowns_are_those_of_a_loop() -> None:
    found = monte_carlo(np.array([0.1, -0.2]), "shuffle", 1, 400)
    assert set(found.drawdown.round(9)) == {-0.2}
    found = monte_carlo(np.array([-0.1, -0.2, 0.5]), "shuffle", 1, 4000)
    # the losses together in 4 orders of 6, apart in 2
    assert np.mean(found.drawdown < -0.25) == pytest.approx(4 / 6, abs=0.03)


def test_ruin_of_a_coin_is_that_of_the_exact_count() -> None:
    """Ten tosses of ±20%: ruined at 50% once four more are lost than won (0.8⁴·(0.8·1.2)^k ≤ 0.5)."""
    exact = 0
    for tosses in range(2**10):
        equity = 1.0
        for toss in range(10):
            equity *= 1.2 if tosses >> toss & 1 else 0.8
            if equity <= 0.5:
                exact += 1
                break
    found = monte_carlo(np.array([0.2, -0.2]).repeat(5), "bootstrap", 3, 20_000)
    assert found.ruin == pytest.approx(exact / 2**10, abs=0.01)
    assert found.ruin_low < found.ruin < found.ruin_high


def test_the_fan_is_ordered_and_begins_with_all() -> None:
    found = monte_carlo(TRADES, "bootstrap", 1, 1000)
    assert np.all(np.diff(found.fan, axis=0) >= 0)
    assert np.all(found.fan[:, 0] == 1.0)
    assert np.all(found.drawdown_fan <= 0)
    assert found.trade[-1] == 120
    assert found.percentiles(found.final) == tuple(np.percentile(found.final, [5, 25, 50, 75, 95]))


def test_many_trades_give_a_fan_of_two_hundred_points_and_go_in_parts() -> None:
    told: list[float] = []
    found = monte_carlo(np.full(3000, 0.001), "bootstrap", 1, 1500, going=told.append)
    assert len(found.trade) == 201
    assert told == sorted(told)
    assert len(told) > 1
    assert told[-1] == 1.0


def test_a_trade_that_loses_everything_leaves_nothing() -> None:
    found = monte_carlo(np.array([0.5, -1.4, 0.5]), "shuffle", 1, 100)
    assert np.all(found.final == 0)
    assert found.ruin == 1.0
    assert found.drawdown.min() == -1.0


def test_one_trade_says_nothing() -> None:
    with pytest.raises(ValueError, match="needs two"):
        monte_carlo(np.array([0.1]), "shuffle", 1)


@pytest.mark.parametrize(("hits", "tries"), [(0, 50), (3, 50), (25, 50), (50, 50)])
def test_the_interval_is_scipys(hits: int, tries: int) -> None:
    theirs = stats.binomtest(hits, tries).proportion_ci(0.95, method="wilson")
    assert wilson(hits, tries) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
