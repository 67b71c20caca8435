"""The measures that need history, from plain arrays: value at risk four ways, its backtests, betas and correlations.

Runs on a thread; asks nothing and changes nothing.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.risk_backtest import christoffersen, conditional, kupiec
from qv_desktop.analytics.risk_factors import betas, correlations
from qv_desktop.analytics.risk_historical import profits, tail
from qv_desktop.analytics.risk_monte_carlo import factors, simulated
from qv_desktop.analytics.risk_parametric import covariance, deviation, normal_tail, weighted_covariance
from qv_desktop.analytics.risk_returns import LEAST, Returns, Series, aligned
from qv_desktop.analytics.risk_rolling import historical, monte_carlo, parametric
from qv_desktop.analytics.risk_rolling import student as student_rolled
from qv_desktop.analytics.risk_student import freedom
from qv_desktop.analytics.risk_student import simulated as student
from qv_desktop.domain.risk_measures import (
    Backtest,
    Basis,
    Beta,
    Correlations,
    Horizon,
    Method,
    Missing,
    RiskDay,
    SlowMeasures,
    ValueAtRisk,
    VarDay,
    VarHistory,
    Zone,
)
from qv_desktop.domain.trading_days import is_weekday

type Array = NDArray[np.float64]

CONFIDENCES, TEN = (0.95, 0.99), 10
LONGEST = 500  # days of historical simulation: two years
YEAR = 250  # days of covariances, betas and correlations, and of the VaR that a backtest looks at
FEWEST = 30  # days of a backtest, below which nothing is said
SHOWN = 40  # names in the map of correlations
FITTED = 21  # days after which the tails of a backtest's t are fitted anew
PATHS, SEED = 100_000, 20_260_606
ROLLED = 2_000  # paths of each VaR that a backtest looks at: at 99 % the loss that 20 of them pass
ROLLED_AT_MOST = 50_000_000  # paths times names of a whole backtest: as many as the VaR of now takes with 500 names


@dataclass(frozen=True, slots=True)
class Book:
    """What is looked at: ``values`` are signed dollars by symbol; ``closes`` day ordinals and adjusted closes by symbol, the
    benchmark's among them; ``days`` what was kept of earlier days, oldest first. ``notes`` is symbol -> what is odd about its closes."""

    at: datetime
    today: date
    values: Mapping[str, float]
    benchmark: str
    closes: Mapping[str, Series]
    days: Sequence[RiskDay] = ()
    notes: Mapping[str, str] | None = None
    trouble: str = ""
    paths: int = PATHS
    weighted: bool = False  # whether covariances give newer days more weight


@dataclass(frozen=True, slots=True)
class Looked:
    """The measures, and beta by symbol for whoever needs it each second."""

    measures: SlowMeasures
    betas: Mapping[str, float]


def looked_back(book: Book, between: Callable[[], None] = lambda: None) -> Looked:
    """All of them. ``between`` is called now and then, and may raise to end it."""
    began = time.perf_counter()
    held = {symbol: value for symbol, value in book.values.items() if value}
    wanted = [symbol for symbol in {**held, book.benchmark: 0.0} if symbol in book.closes]
    table = aligned({symbol: book.closes[symbol] for symbol in wanted}, LONGEST)
    between()
    each, beta = _betas(table, book.benchmark, held)
    found = _columns(table, [name for name in table.names if name in held])
    histories = _history(book)
    vars_: tuple[ValueAtRisk, ...] = ()
    if found.names and len(found.days) >= LEAST:
        values = np.array([held[name] for name in found.names])
        vars_ = _vars(found, values, book, between)
        histories += _hypothetical(found, values, book, between)
    first, last = (date.fromordinal(int(found.days[at])) for at in (0, -1)) if len(found.days) else (None, None)
    paths, covered = (book.paths, _covered(held, found)) if vars_ else (0, 0.0)
    measures = SlowMeasures(
        book.at, first, last, vars_, tuple(map(_tested, histories)), tuple(histories), beta, _correlations(found, held),
        _missing(book, held, found), time.perf_counter() - began, paths, covered, tuple(book.days),
    )  # fmt: skip
    return Looked(measures, each)


def _covered(held: Mapping[str, float], found: Returns) -> float:
    gross = sum(map(abs, held.values()))
    return sum(abs(held[name]) for name in found.names) / gross if gross else 1.0


def _columns(table: Returns, names: list[str]) -> Returns:
    places = [table.names.index(name) for name in names]
    return Returns(tuple(names), table.days, table.values[:, places], table.short)


def _missing(book: Book, held: Mapping[str, float], found: Returns) -> tuple[Missing, ...]:
    told = list[Missing]()
    if book.trouble:
        told.append(Missing("History", book.trouble))
    for symbol in held:
        if symbol not in book.closes:
            told.append(Missing(symbol, "No daily bars: it is in no value at risk."))
        elif symbol in found.short:
            days = found.short[symbol]
            told.append(Missing(symbol, f"{days} days of history are too few: it is in no value at risk."))
        elif book.notes and book.notes.get(symbol):
            told.append(Missing(symbol, book.notes[symbol]))
    if book.benchmark not in book.closes:
        told.append(Missing("Beta", f"No daily bars of {book.benchmark}."))
    elif book.benchmark in found.short:
        told.append(Missing("Beta", f"{found.short[book.benchmark]} days of history of {book.benchmark} are too few."))
    if found.names and len(found.days) < LEAST:
        told.append(
            Missing("Value at risk", f"Only {len(found.days)} days are common to all names; {LEAST} are needed.")
        )
    return tuple(told)


# ---- value at risk


def _vars(found: Returns, values: Array, book: Book, between: Callable[[], None]) -> tuple[ValueAtRisk, ...]:
    year = found.values[-YEAR:]
    sigma = deviation(values, weighted_covariance(year) if book.weighted else covariance(year))
    one, ten = profits(found.values, values), profits(found.values, values, TEN)
    between()
    paths = simulated(factors(np.log1p(year)), values, book.paths, SEED, (1, TEN), between)
    degrees = freedom(profits(year, values))
    fat = student(factors(year), values, book.paths, SEED, degrees, (1, TEN), between)
    out = list[ValueAtRisk]()
    for confidence in CONFIDENCES:
        for days, past, drawn, tails in ((1, one, paths[0], fat[0]), (TEN, ten, paths[1], fat[1])):
            overlapping, root = (Horizon.OWN, Horizon.OWN) if days == 1 else (Horizon.OVERLAPPING, Horizon.ROOT)
            out.append(
                ValueAtRisk(Method.HISTORICAL, confidence, days, *tail(past, confidence), len(past), overlapping)
            )
            out.append(
                ValueAtRisk(Method.PARAMETRIC, confidence, days, *normal_tail(sigma, confidence, days), len(year), root)
            )
            out.append(ValueAtRisk(Method.MONTE_CARLO, confidence, days, *tail(drawn, confidence), book.paths, root))
            out.append(
                ValueAtRisk(Method.STUDENT, confidence, days, *tail(tails, confidence), book.paths, root, degrees)
            )
    return tuple(out)


# ---- backtests


def _hypothetical(found: Returns, values: Array, book: Book, between: Callable[[], None]) -> list[VarHistory]:
    """Today's book through history: each day's VaR from the days before it alone, as many as a year or half of what there is."""
    earned = profits(found.values, values)
    window = min(YEAR, len(earned) // 2)
    step = max(1, -(-(len(earned) - window) * ROLLED * len(values) // ROLLED_AT_MOST))
    drawn = monte_carlo(np.log1p(found.values), values, window, CONFIDENCES, ROLLED, SEED, step, between)
    days = [date.fromordinal(int(day)) for day in found.days[window:]]
    often = "" if step == 1 else f", told anew each {step} days"
    fat = student_rolled(earned, window, CONFIDENCES, FITTED)
    between()
    notes = (f"The VaR is of {window} days.", "", f"The VaR is of {ROLLED:,} paths{often}.",
             f"The VaR is the closed one, its tails fitted anew each {FITTED} days.")  # fmt: skip
    histories = list[VarHistory]()
    for row, confidence in enumerate(CONFIDENCES):
        told = (
            historical(earned, window, confidence),
            parametric(earned, window, confidence, weighted=book.weighted),
            drawn[row],
            fat[row],
        )
        for method, vars_, note in zip(Method, told, notes, strict=True):
            each = map(VarDay, days, vars_.tolist(), earned[window:].tolist())
            histories.append(VarHistory(Basis.HYPOTHETICAL, confidence, tuple(each), method, note))
    return histories


def _history(book: Book) -> list[VarHistory]:
    """The account's own days: the VaR that was told the trading day before against what the day earned.

    Where a trading day lies between two that were kept, nobody told a VaR for the later one; an evening without a book, or with
    too little of it in the VaR, told none.
    """
    known = [days for days, _ in book.closes.values() if len(days)]
    trading = np.unique(np.concatenate(known)) if known else np.empty(0, np.int64)
    pairs = [(a, b) for a, b in pairwise(book.days) if a.var99 > 0 and not _between(trading, a.day, b.day)]
    return [
        VarHistory(Basis.ACCOUNT, 0.95, tuple(VarDay(now.day, before.var95, now.profit) for before, now in pairs)),
        VarHistory(Basis.ACCOUNT, 0.99, tuple(VarDay(now.day, before.var99, now.profit) for before, now in pairs)),
    ]


def _between(trading: NDArray[np.int64], first: date, last: date) -> bool:
    """Whether there is a trading day between; beyond what is known every weekday may be one."""
    start, end = first.toordinal() + 1, last.toordinal()
    if not len(trading) or start < trading[0] or end - 1 > trading[-1]:
        return any(is_weekday(date.fromordinal(day)) for day in range(start, end))
    return bool(((trading >= start) & (trading < end)).any())


def _tested(history: VarHistory) -> Backtest:
    hits = np.array([day.exception for day in history.days], bool)
    count, days, rate = int(hits.sum()), len(hits), 1.0 - history.confidence
    found = Backtest(history.basis, history.confidence, days, count, days * rate, method=history.method,
                     sentence=f"{days} days are too few to judge by; {FEWEST} are needed.")  # fmt: skip
    if days < FEWEST:
        return found
    rated, bunched = kupiec(count, days, rate), christoffersen(hits)
    both = conditional(rated, bunched) if bunched else None
    zone, sentence = _judged(count, found.expected, rated.p, bunched.p if bunched else None, both.p if both else None)
    return replace(
        found, kupiec=rated.ratio, kupiec_p=rated.p, christoffersen=bunched.ratio if bunched else None,
        christoffersen_p=bunched.p if bunched else None, conditional=both.ratio if both else None,
        conditional_p=both.p if both else None, zone=zone, sentence=f"{sentence} {history.note}".strip(),
    )  # fmt: skip


def _judged(count: int, expected: float, rated: float, bunched: float | None, both: float | None) -> tuple[Zone, str]:
    often = f"The loss passed the VaR on {count} days where {expected:.1f} are expected"
    way = "too often" if count > expected else "too seldom"
    if rated < 0.01:
        return Zone.REJECTED, f"{often}: {way} (p {rated:.3f})."
    if rated < 0.05:
        return Zone.DOUBTFUL, f"{often}: {way} (p {rated:.3f})."
    if bunched is not None and bunched < 0.05:
        return Zone.DOUBTFUL, f"{often}, but they come in bunches (p {bunched:.3f})."
    if both is not None and both < 0.05:
        return Zone.DOUBTFUL, f"{often}; count and bunching together are unlikely (p {both:.3f})."
    return Zone.SOUND, f"{often}; neither their number nor their order speaks against it."


# ---- betas, correlations


def _betas(table: Returns, benchmark: str, held: Mapping[str, float]) -> tuple[dict[str, float], Beta | None]:
    """Beta of each name over a year."""
    if benchmark not in table.names or len(table.days) < LEAST:
        return {}, None
    year = table.values[-YEAR:]
    found = betas(year, year[:, table.names.index(benchmark)])
    each = {name: float(value) for name, value in zip(table.names, found, strict=True) if np.isfinite(value)}
    known = [name for name in held if name in each]
    gross, covered = sum(map(abs, held.values())), sum(abs(held[name]) for name in known)
    dollars = sum(held[name] * each[name] for name in known) if known else None
    return each, Beta(benchmark, dollars, None, covered / gross if gross else 0.0, len(year))


def _correlations(found: Returns, held: Mapping[str, float]) -> Correlations | None:
    """Of the largest positions, over a year."""
    if len(found.days) < LEAST:
        return None
    largest = sorted(found.names, key=lambda name: -abs(held[name]))[:SHOWN]
    year = found.values[-YEAR:, [found.names.index(name) for name in largest]]
    table = correlations(year)
    return Correlations(tuple(largest), tuple(tuple(map(float, row)) for row in table), len(year))
