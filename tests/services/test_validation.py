"""Tests of a sweep: made of the real kernel's rows and the real engine's runs, kept with their record, and refused in words."""

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pytest

from qv_desktop.adapters.compute import pool, worker
from qv_desktop.analytics.sweep_tests import returns_of, trade_returns, walk, walk_told
from qv_desktop.domain.access import Role, User
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.events import Event, ValidationFailed, ValidationFinished, ValidationProgressed
from qv_desktop.domain.market import SECOND, Bar
from qv_desktop.domain.sweep_axes import read_axis
from qv_desktop.domain.sweeps import SweepResult, SweepSpec
from qv_desktop.domain.validation import FoldsAsked, TradesAsked, Validation, WalkAsked
from qv_desktop.services.login import Login
from qv_desktop.services.validation import Validations
from tests.adapters.compute.sweeping import alone, strategy
from tests.builders import a_session
from tests.fakes import Trail, Users

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = 86_400 * SECOND
BASE = BacktestSpec("sma_cross", 1, ("SPY",), "1D", date(2010, 1, 1), date(2020, 1, 1), ())
SPEC = SweepSpec(BASE, (read_axis("fast=3:21:3"), read_axis("slow=20:80:10")), "fast < slow", blocks=64)


def days(count: int = 2_000, seed: int = 5) -> tuple[Bar, ...]:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0.0003, 0.011, count)))
    opens = np.concatenate(([100.0], close[:-1]))
    return tuple(Bar("SPY", (14_610 + i) * DAY, o, max(o, c) * 1.002, min(o, c) * 0.998, c, 1e6)
                 for i, (o, c) in enumerate(zip(opens.tolist(), close.tolist(), strict=True)))  # fmt: skip


@cache
def swept() -> SweepResult:
    return replace(alone(SPEC, strategy(), days()), id="s1")


@cache
def ran(spec: BacktestSpec, bars: tuple[Bar, ...] | None = None) -> BacktestResult:
    """The run as a worker makes it, in this process."""
    data, code = RunData({"SPY": bars or days()}), strategy()
    done = worker.serve(pool.request_of("r", spec, code, data), lambda share, words: None)
    return pool._result(done, spec, code, data, "test", NOW)


@dataclass
class Store:
    """Keeps what it is given."""

    kept: list[Validation] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    async def save(self, found: Validation, draft: Draft) -> None:
        self.kept.append(found)
        self.drafts.append(draft)

    async def of(self, sweeps: list[str]) -> list[Validation]:
        return [found for found in self.kept if found.sweep in sweeps]


@dataclass
class Bench:
    """The service with what it told."""

    role: Role = Role.TRADER
    result: SweepResult = field(default_factory=swept)
    trial: Callable[[BacktestSpec], BacktestResult] = ran
    store: Store = field(default_factory=Store)
    events: list[Event] = field(default_factory=list)
    notes: list[Draft] = field(default_factory=list)

    def __post_init__(self) -> None:
        login = Login(Users(User("u1", "maria", self.role)), Trail(), lambda: NOW, "here")
        login.session = a_session(self.role)

        async def read(sweep: str) -> SweepResult:
            return self.result

        async def trial(spec: BacktestSpec) -> BacktestResult:
            return self.trial(spec)

        async def note(draft: Draft) -> None:
            self.notes.append(draft)

        self.service = Validations(read, trial, self.store, login, self.events.append, note, lambda: NOW)  # type: ignore[arg-type]


def test_a_combination_makes_the_same_alone_as_in_the_sweep() -> None:
    edges = np.concatenate(([0], np.cumsum(swept().block_bars))).astype(int)
    for row in swept().rows[::7]:
        sums = np.add.reduceat(returns_of(ran(SPEC.backtest(row.values))), edges[:-1])
        np.testing.assert_allclose(sums, row.block_sums, atol=1e-9)


def test_overfitting_is_told_kept_and_published() -> None:
    bench = Bench()
    found = asyncio.run(bench.service.overfitting("s1"))
    numbers = found.numbers
    assert 0 <= numbers["probability"] <= 1
    assert numbers["trials"] == len(swept().rows)
    assert 1 <= numbers["independent"] < numbers["trials"]
    assert numbers["deflated"] <= numbers["deflated_independent"] <= numbers["probabilistic"]
    best = swept().best
    assert best is not None
    assert numbers["sharpe"] == best.sharpe
    assert len(found.arrays["logits"]) == 12_870
    assert found.verdict.sentence.startswith(("Probably overfitted", "Doubtful"))  # the walk has nothing to find
    assert bench.store.kept == [found]
    after = json.loads(bench.store.drafts[0].after)
    assert (after["sweep"], after["kind"], after["verdict"]) == ("s1", "overfitting", found.verdict.sentence)
    assert bench.events[-1] == ValidationFinished(found)
    assert any(isinstance(event, ValidationProgressed) and event.fraction > 0.4 for event in bench.events)


def test_the_walk_joins_what_the_choices_made_out_of_sample() -> None:
    bench = Bench()
    found = asyncio.run(bench.service.walk_forward("s1", WalkAsked(25, 6.25)))
    numbers, curves = found.numbers, found.arrays
    assert numbers["steps"] == 12
    result = swept()
    edges = np.concatenate(([0], np.cumsum(result.block_bars))).astype(int)
    chosen = list(zip(curves["chosen fast"], curves["chosen slow"], strict=True))
    parts, before, cost = [], None, 0.0
    for step, values in enumerate(chosen):
        run = ran(SPEC.backtest(values))
        split, end = int(edges[16 + 4 * step]), int(edges[20 + 4 * step])
        part = returns_of(run)[split:end].copy()
        if values != before:
            held = abs(run.exposure[split - 1]) + (
                abs(ran(SPEC.backtest(before)).exposure[split - 1]) if before else 0.0
            )
            part[0] -= held * 3 / 10_000  # a basis point of fees and two of slippage
            cost += held * 3 / 10_000
        parts.append(part)
        before = values
    equity = np.cumprod(1 + np.concatenate(parts))
    assert numbers["total_return"] == pytest.approx(equity[-1] - 1, abs=1e-9)
    assert numbers["change_cost"] == pytest.approx(cost)
    assert curves["equity"][-1] == pytest.approx(equity[-1], abs=1e-6)
    assert len(curves["equity"]) == len(curves["benchmark"]) == len(curves["hindsight"]) == len(curves["at"]) <= 1000
    assert curves["at"][-1] == days()[-1].start
    held = curves["benchmark"][-1] / curves["benchmark"][0]
    assert held == pytest.approx(days()[-1].close / days()[edges[16] - 1].close, rel=1e-6)


def test_choices_of_a_walk_are_the_best_by_the_bars_before_alone() -> None:
    found = asyncio.run(Bench().service.walk_forward("s1", WalkAsked(50, 25, anchored=True)))
    result = swept()
    edges = np.concatenate(([0], np.cumsum(result.block_bars))).astype(int)
    scores = {}
    for row in result.rows:
        seen = returns_of(ran(SPEC.backtest(row.values)))[: edges[32]]
        scores[row.values] = seen.mean() / seen.std(ddof=1)
    first = (found.arrays["chosen fast"][0], found.arrays["chosen slow"][0])
    assert scores[first] == pytest.approx(max(scores.values()))
    assert found.arrays["inside"][0] == pytest.approx(scores[first] * math.sqrt(result.year_bars))


def test_folds_are_purged_by_the_longest_mean_hold_and_embargoed() -> None:
    found = asyncio.run(Bench().service.cross_validation("s1", FoldsAsked(8, None, 1.0)))
    holds = [row.exposure * swept().bars / row.trades for row in swept().rows if row.trades]
    assert found.numbers["purge"] == math.ceil(max(holds))
    assert found.numbers["folds"] == 8
    assert found.numbers["purged"] > 0
    assert found.numbers["embargoed"] > 0
    assert len(found.arrays["outside"]) == 8
    assert dict(found.settings)["purge"] == -1


def test_the_same_seed_gives_the_same_numbers_and_another_one_others() -> None:
    values = swept().rows[3].values
    bench = Bench()
    one, two, other = (
        asyncio.run(bench.service.monte_carlo("s1", TradesAsked(values, runs=500, seed=seed))) for seed in (1, 1, 2)
    )
    assert one.figures == two.figures
    assert one.curves == two.curves
    assert one.figures != other.figures
    assert one.values == values
    returns = trade_returns(ran(SPEC.backtest(values)))
    assert one.numbers["final_seen"] == pytest.approx(np.prod(1 + returns))
    assert one.numbers["trades"] == len(returns)


def test_trades_compound_to_what_the_run_ended_with() -> None:
    run = ran(SPEC.backtest(swept().rows[3].values))
    assert np.prod(1 + trade_returns(run)) * run.spec.cash == pytest.approx(run.equity[-1], rel=1e-9)


def test_other_bars_than_the_sweeps_are_refused() -> None:
    bench = Bench(trial=lambda spec: ran(spec, days(seed=6)))
    with pytest.raises(BadInput, match=r"bars changed|other bars|does not make"):
        asyncio.run(bench.service.walk_forward("s1", WalkAsked()))
    assert isinstance(bench.events[-1], ValidationFailed)
    assert bench.store.kept == []
    assert bench.notes[-1].outcome == "failed"


def test_an_engine_that_disagrees_with_the_sweep_is_refused() -> None:
    def off(spec: BacktestSpec) -> BacktestResult:
        run = ran(spec)
        return replace(run, equity=(*run.equity[:-1], run.equity[-1] * 1.001))

    with pytest.raises(BadInput, match="does not make what it made"):
        asyncio.run(Bench(trial=off).service.walk_forward("s1", WalkAsked()))
    with pytest.raises(BadInput, match="does not make what it made"):
        asyncio.run(Bench(trial=off).service.monte_carlo("s1", TradesAsked(swept().rows[3].values)))


@pytest.mark.parametrize(("inside", "outside"), [(90, 20), (100, 1)])
def test_a_walk_that_does_not_fit_is_refused_in_words(inside: float, outside: float) -> None:
    with pytest.raises(BadInput, match="choose shorter stretches"):
        asyncio.run(Bench().service.walk_forward("s1", WalkAsked(inside, outside)))


def test_folds_that_leave_nothing_are_refused_in_words() -> None:
    with pytest.raises(BadInput, match="take fewer folds"):
        asyncio.run(Bench().service.cross_validation("s1", FoldsAsked(2, 5_000, 0)))


def test_a_sweep_of_one_combination_is_no_choice() -> None:
    bench = Bench(result=replace(swept(), rows=swept().rows[:1]))
    with pytest.raises(BadInput, match="at least two combinations"):
        asyncio.run(bench.service.overfitting("s1"))


def test_a_cancel_ends_a_test() -> None:
    bench = Bench()

    async def story() -> None:
        def cancelling(spec: BacktestSpec) -> BacktestResult:
            for stop in bench.service.running.values():
                stop.set()
            return ran(spec)

        bench.trial = cancelling
        await bench.service.walk_forward("s1", WalkAsked())

    with pytest.raises(BadInput, match="cancelled"):
        asyncio.run(story())
    assert bench.service.running == {}
    assert bench.store.kept == []


def test_who_may_not_run_backtests_may_not_test_and_may_look() -> None:
    bench = Bench(role=Role.VIEWER)
    with pytest.raises(NotPermitted):
        asyncio.run(bench.service.overfitting("s1"))
    assert asyncio.run(bench.service.of(["s1"])) == []


def test_changing_the_choice_costs_the_dollars_a_share_too() -> None:
    spec = replace(SPEC, base=replace(BASE, fees=0.0, slippage=0.0, fees_per_share=0.05))
    result = replace(alone(spec, strategy(), days()), id="s2")
    made = walk(result, WalkAsked(25, 6.25))
    runs = {values: ran(spec.backtest(values)) for values in made.needed}
    edges, before, cost = np.concatenate(([0], np.cumsum(result.block_bars))).astype(int), None, 0.0
    for step in made.steps:
        values, split = result.rows[made.places[step.chosen]].values, int(edges[step.window.split])
        for held in () if values == before else (values, before):
            if held is not None:
                run, last = runs[held], days()[split - 1].close
                cost += (
                    abs(run.exposure[split - 1]) / last * 0.05
                )  # shares of each dollar of equity, and what each costs
        before = values
    assert cost > 0.001
    assert walk_told(result, made, runs).figures["change_cost"] == pytest.approx(cost)
