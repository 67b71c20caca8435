"""How long 100,000 paths of 500 positions take, how late the loop is while all that looks back is computed, and a picture a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from qv_desktop.analytics.risk_monte_carlo import factors, simulated
from qv_desktop.analytics.risk_student import freedom
from qv_desktop.analytics.risk_student import simulated as student
from qv_desktop.domain.account_history import Curve, Period
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.market import Snapshot
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk_measures import MeasureSettings, RiskDay, Scenario
from qv_desktop.services.risk_histories import Closes
from qv_desktop.services.risk_looking_back import PATHS, YEAR, Book, looked_back
from qv_desktop.services.risk_measures import Around, RiskMeasures

POSITIONS, DAYS, TIMES = 500, 520, 5
NOW = datetime(2026, 6, 5, 15, 0, tzinfo=UTC)
TODAY = date(2026, 6, 5)


def figures() -> dict[str, object]:
    """Seconds of the simulations (the median of five), milliseconds that the loop was late, and of one picture."""
    closes, values = _book()
    return {
        "monte_carlo_s": round(_simulated(closes, values), 3), "student_t_s": round(_student(closes, values), 3),
        "monte_carlo_positions": POSITIONS, "monte_carlo_paths": PATHS,
        **asyncio.run(_late(closes, values)), **asyncio.run(_pictured(closes, values)),
    }  # fmt: skip


def _book() -> tuple[dict[str, Closes], dict[str, float]]:
    """500 names with a common factor, two years of closes, and as many positions, long and short."""
    chance = np.random.default_rng(7)
    market = chance.standard_normal(DAYS) * 0.01
    days = np.array([(TODAY - timedelta(days=DAYS - n)).toordinal() for n in range(DAYS)])
    closes, values = {"SPY": Closes(days, 500 * np.exp(np.cumsum(market)))}, dict[str, float]()
    for number in range(POSITIONS):
        own = chance.standard_normal(DAYS) * 0.015 + market * chance.uniform(0.3, 1.8)
        closes[f"S{number:03d}"] = Closes(days, 100 * np.exp(np.cumsum(own)))
        values[f"S{number:03d}"] = float(chance.normal(3_000, 10_000))
    return closes, values


def _simulated(closes: dict[str, Closes], values: dict[str, float]) -> float:
    logs = np.column_stack([np.diff(np.log(closes[name].prices[-YEAR - 1 :])) for name in values])
    drawing, held = factors(logs), np.array(list(values.values()))
    took = list[float]()
    for _ in range(TIMES):
        began = time.perf_counter()
        simulated(drawing, held, PATHS, 1)
        took.append(time.perf_counter() - began)
    return sorted(took)[TIMES // 2]


def _student(closes: dict[str, Closes], values: dict[str, float]) -> float:
    """The same with fat tails, their fit included."""
    returns = np.column_stack(
        [np.diff(closes[name].prices[-YEAR - 1 :]) / closes[name].prices[-YEAR - 1 : -1] for name in values]
    )
    held = np.array(list(values.values()))
    took = list[float]()
    for _ in range(TIMES):
        began = time.perf_counter()
        student(factors(returns), held, PATHS, 1, freedom(returns @ held))
        took.append(time.perf_counter() - began)
    return sorted(took)[TIMES // 2]


async def _late(closes: dict[str, Closes], values: dict[str, float]) -> dict[str, object]:
    """Everything that looks back, on a thread, while the loop wants to wake each millisecond."""
    book = Book(NOW, TODAY, values, "SPY", {name: (one.days, one.prices) for name, one in closes.items()})
    await asyncio.to_thread(looked_back, book)  # what is loaded once
    seconds, lags = await _watched(lambda: asyncio.to_thread(looked_back, book))
    _, idle = await _watched(lambda: asyncio.sleep(seconds))
    return {
        "looking_back_s": round(seconds, 2), "loop_lag_p99_ms": _of(lags, 99), "loop_lag_max_ms": _of(lags, 100),
        "idle_lag_p99_ms": _of(idle, 99), "idle_lag_max_ms": _of(idle, 100),
    }  # fmt: skip


async def _watched(work: Callable[[], Awaitable[object]]) -> tuple[float, list[float]]:
    """How long ``work`` took, and by how many milliseconds each wake was late meanwhile."""
    began, lags = time.perf_counter(), list[float]()
    task = asyncio.ensure_future(work())
    while not task.done():
        asked = time.perf_counter()
        await asyncio.sleep(0.001)
        lags.append((time.perf_counter() - asked - 0.001) * 1000)
    await task
    return time.perf_counter() - began, lags


def _of(lags: list[float], percent: int) -> float:
    return round(float(np.percentile(lags, percent)), 1)


# ---- a picture


class _Held:
    """Histories that are there already."""

    trouble = ""

    def __init__(self, closes: dict[str, Closes]) -> None:
        self._closes = closes

    async def of(self, symbols: list[str], today: date) -> dict[str, Closes]:
        return {symbol: self._closes[symbol] for symbol in symbols}


class _Store:
    async def scenarios(self, account: str) -> list[Scenario]:
        return []

    async def settings(self, account: str) -> MeasureSettings:
        return MeasureSettings()

    async def days(self, account: str, since: date) -> list[RiskDay]:
        return []


class _Sectors:
    def __init__(self, names: list[str]) -> None:
        self._known = {name: ("Technology", "Energy", "Financials")[n % 3] for n, name in enumerate(names)}

    async def load(self) -> None:
        """All are known."""

    def want(self, symbols: list[str]) -> None:
        pass

    def of(self, symbol: str) -> str:
        return self._known.get(symbol, "")

    def mapping(self) -> dict[str, str]:
        return self._known


class _Strategies:
    trouble = ""

    async def begin(self, since: datetime) -> None:
        pass

    def earned(self, *_: object) -> tuple[()]:
        return ()


async def _pictured(closes: dict[str, Closes], values: dict[str, float]) -> dict[str, object]:
    """One picture of all of it, and the longest that the loop was held meanwhile."""
    last = {name: float(closes[name].prices[-1]) for name in closes}
    held = {name: Position(name, Decimal(round(value / last[name])), Decimal(90)) for name, value in values.items()}
    account = Account("a", "1", "ACTIVE", NOW, equity=Decimal(5_000_000), last_equity=Decimal(4_990_000))

    async def curve() -> Curve:
        return Curve(Period.YEAR, ())

    around = Around(
        lambda: held, dict, lambda name: Snapshot(name, last[name], previous_close=last[name]), lambda told: told.previous_close,
        lambda: account, lambda _: 1e6, lambda _: None, curve, lambda: NOW, lambda: False, lambda: False,
    )  # fmt: skip
    parts: Any = (_Store(), around, _Held(closes), _Sectors(list(values)), _Strategies(), None, lambda: NOW)
    measures = RiskMeasures(*parts)  # nobody asks it for permission here
    await measures.measure()
    if measures._looking is not None:
        await measures._looking
    seconds, lags = await _watched(measures.measure)
    return {"picture_ms": round(seconds * 1000, 1), "picture_lag_max_ms": _of(lags, 100)}
