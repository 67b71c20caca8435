"""A stored backtest run once more: equal to the last digit, or what differs and why."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from qv_desktop.domain.backtests import BacktestResult

SHOWN = 5  # figures that are named


@dataclass(frozen=True, slots=True)
class Rerun:
    """``fresh`` is not stored. ``causes`` are in sentences what was other than then, ``figures`` what came out otherwise."""

    stored: BacktestResult
    fresh: BacktestResult
    causes: tuple[str, ...]
    figures: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every figure, every value of the curves and every trade is the same number."""
        return not self.figures

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict first, then why."""
        if self.same:
            count = len(self.stored.statistics)
            head = f"The same numbers: {count} statistics, {len(self.stored.at):,} bars of equity and {len(self.stored.trades):,} trades."
            return (head, *self.causes)
        why = self.causes or (
            "Code, data, terms and versions are the same: the strategy does not give the same twice.",
        )
        return ("Other numbers than then.", *self.figures, *why)


def compared(stored: BacktestResult, fresh: BacktestResult) -> Rerun:
    """What differs between a run and its repetition. A run of an earlier version lacks some figures, which are not compared."""
    return Rerun(stored, fresh, tuple(_causes(stored, fresh)), tuple(_figures(stored, fresh)))


def _causes(stored: BacktestResult, fresh: BacktestResult) -> Iterable[str]:
    for what, then, now in (
        ("The strategy's code", stored.code_hash, fresh.code_hash),
        ("The data", stored.data_hash, fresh.data_hash),
    ):
        if then != now:
            yield f"{what} is not the same: SHA-256 {then[:12]} then, {now[:12]} now."
    other = stored.spec.benchmark  # whose bars the data's hash is not over, for the strategy does not see them
    if other and other not in stored.spec.symbols and _differs(stored.benchmark, fresh.benchmark) is not None:
        yield f"The bars of the benchmark {other} are not the same."
    if stored.bars != fresh.bars:
        yield f"There were {stored.bars:,} bars then, and there are {fresh.bars:,} now."
    if stored.engine != fresh.engine:
        yield f"It ran on {stored.engine} then, and on {fresh.engine} now."
    now_of = dict(fresh.versions)
    for name, then in stored.versions:
        if name not in ("vectorbt",) and now_of.get(name, then) != then:
            yield f"It ran with {name} {then} then, and with {now_of[name]} now."
    if not stored.versions:
        yield "It was run by an earlier version of the program, which did not write down all that it ran with."


def _figures(stored: BacktestResult, fresh: BacktestResult) -> Iterable[str]:
    now_of = fresh.numbers
    other = [
        (name, then, now_of[name])
        for name, then in stored.statistics
        if name in now_of and not _equal(then, now_of[name])
    ]
    for name, then, now in other[:SHOWN]:
        yield f"{name}: {then:.12g} then, {now:.12g} now."
    if len(other) > SHOWN:
        yield f"{len(other) - SHOWN} other statistics differ, too."
    for name in ("equity", "benchmark", "drawdown", "exposure"):
        place = _differs(getattr(stored, name), getattr(fresh, name))
        if place is not None and getattr(stored, name):
            yield f"The curve of {name} differs from bar {place + 1:,} on."
    if len(stored.trades) != len(fresh.trades):
        yield f"There were {len(stored.trades):,} trades then, and there are {len(fresh.trades):,} now."
    elif stored.versions and any(not _same(one, two) for one, two in zip(stored.trades, fresh.trades, strict=True)):
        place = next(i for i, pair in enumerate(zip(stored.trades, fresh.trades, strict=True)) if not _same(*pair))
        yield f"Trade {place + 1:,} is another one."


def _same(one: object, two: object) -> bool:
    pairs = zip(astuple(one), astuple(two), strict=True)  # type: ignore[call-overload]  # both are dataclasses
    return all(_equal(a, b) for a, b in pairs)


def _differs(then: Sequence[float], now: Sequence[float]) -> int | None:
    """The first place at which they are not the same numbers."""
    if then == now:
        return None
    place = next((i for i, (a, b) in enumerate(zip(then, now, strict=False)) if not _equal(a, b)), None)
    return place if place is not None or len(then) == len(now) else min(len(then), len(now))


def _equal(one: object, two: object) -> bool:
    if isinstance(one, float) and isinstance(two, float) and math.isnan(one):
        return math.isnan(two)
    return one == two
