"""A backtest's result for tests: bars of a few years, trades in several symbols, all that a page or a report can show."""

from datetime import UTC, date, datetime

from qv_desktop.domain.backtest_statistics import NAMES, UNITS
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade, Contribution, Stops
from qv_desktop.domain.market import SECOND
from qv_desktop.domain.run_months import monthly

DAY = 86_400 * SECOND
BEGIN = 1_577_977_200 * SECOND  # 2020-01-02 10:00 in New York
SPEC = BacktestSpec("sma_cross", 3, ("SPY", "QQQ"), "1D", date(2020, 1, 2), date(2021, 12, 31), (("fast", 10.0), ("slow", 30.0)),
                    stops=Stops(loss=0.08))  # fmt: skip
STARTED = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
_UNITS = {"gain": 0.1234, "fraction": 0.5, "ratio": 1.5, "dollars": 1234.5, "bars": 21.0, "count": 7.0}


def a_run(id_: str = "r1", *, bars: int = 600, trades: int = 12, **changes: object) -> BacktestResult:
    """Every other trade is lost; the last one is still open."""
    at = tuple(BEGIN + i * DAY for i in range(bars))
    equity = tuple(100_000.0 + 40.0 * i - 2_000.0 * (i % 90 > 60) for i in range(bars))
    benchmark = tuple(100_000.0 + 30.0 * i for i in range(bars))
    best, drawdown = 0.0, list[float]()
    for value in equity:
        best = max(best, value)
        drawdown.append(value / best - 1)
    values: dict[str, object] = {
        "id": id_, "spec": SPEC, "user": "demo", "started": STARTED, "seconds": 0.31, "at": at, "equity": equity, "benchmark": benchmark,
        "drawdown": tuple(drawdown), "statistics": tuple((name, _UNITS[UNITS[name]]) for name in NAMES),
        "trades": tuple(a_trade(i, at, trades) for i in range(trades)), "bars": bars, "code_hash": "c0de" * 16, "data_hash": "da7a" * 16,
        "spec_hash": "5bec" * 16, "engine": "vectorbt 1.2", "exposure": tuple(0.95 * (i % 90 > 30) for i in range(bars)),
        "monthly": tuple((year, month, value) for (year, month), value in monthly(at, equity).items()),
        "contributions": (Contribution("SPY", -50.0, 12.0, 6), Contribution("QQQ", 900.0, 10.0, 6)),
        "missing": ("QQQ has no bars from 2020-03-02 to 2020-03-06.",), "notes": ("Fills at the next bar's open.",),
        "versions": (("python", "3.13"), ("numpy", "2.3")), "log": "warming up\n",
    }  # fmt: skip
    return BacktestResult(**{**values, **changes})  # type: ignore[arg-type]


def a_trade(place: int, at: tuple[int, ...], of: int) -> BacktestTrade:
    """Trade number ``place`` of ``of``, ten bars long or as long as there are bars."""
    step = max(1, len(at) // (of + 1))
    first, last = place * step, min(place * step + min(step, 10), len(at) - 1)
    won = place % 2 == 0
    return BacktestTrade(at[first], at[last], 10.5, 300.0, 330.0 if won else 290.0, 315.0 if won else -105.0, 0.1 if won else -0.0333,
                         "SPY" if place % 3 else "QQQ", "long" if place % 4 else "short", 1.25, -0.02, 0.11, place == of - 1, last - first,
                         "signal" if won else "stop")  # fmt: skip
