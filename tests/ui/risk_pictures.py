"""Pictures of risk as the services make them, for tests of what shows them."""

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from qv_desktop.domain.risk import Gauge, Measures, TradingState
from qv_desktop.domain.risk_measures import (
    DRAWN,
    Backtest,
    Basis,
    Beta,
    Concentration,
    Correlations,
    CurvePoint,
    Drawdown,
    Earned,
    Exposure,
    Horizon,
    LiquidityBook,
    LiquidityLine,
    Method,
    Missing,
    MovedBy,
    PositionLine,
    Profit,
    RiskPicture,
    Scenario,
    Shock,
    SlowMeasures,
    StressLine,
    StressResult,
    ValueAtRisk,
    VarDay,
    VarHistory,
    Zone,
)
from tests.builders import NOW

NAMES = ("AAPL", "NVDA", "MSFT", "XOM", "JPM", "TSLA", "KO", "AMD", "UNH", "SPY", "QQQ", "DIS")
SECTORS = (
    "Technology",
    "Technology",
    "Technology",
    "Energy",
    "Financials",
    "Consumer discretionary",
    "Consumer staples",
    "Technology",
    "Health care",
    "Funds",
    "Funds",
    "Communication",
)
EQUITY = Decimal("104381.22")


def a_line(
    symbol: str, value: float, sector: str = "Technology", today: float = 0.0, equity: Decimal = EQUITY
) -> PositionLine:
    share = float(Decimal(value) / equity) if equity else None
    return PositionLine(
        symbol,
        sector,
        Decimal(round(value / 100)),
        Decimal(f"{value:.2f}"),
        share,
        Decimal(f"{today * 2:.2f}"),
        Decimal(0),
        Decimal(f"{today:.2f}"),
        1.1,
        abs(value) / 40_000,
    )


def some_lines(many: int = 12) -> tuple[PositionLine, ...]:
    random = Random(7)
    lines = []
    for at in range(many):
        name = NAMES[at] if at < len(NAMES) else f"Q{at}"
        value = 31_000 / (1 + at * 0.4) * (-1 if at % 4 == 1 else 1)
        lines.append(a_line(name, value, SECTORS[at % len(SECTORS)], random.gauss(0, 300)))
    return tuple(lines)


def sectors_of(lines: Sequence[PositionLine]) -> tuple[Exposure, ...]:
    found: dict[str, list[Decimal]] = {}
    for line in lines:
        found.setdefault(line.sector, []).append(line.value or Decimal(0))
    made = [
        Exposure(
            name,
            sum((v for v in values if v > 0), Decimal(0)),
            sum((v for v in values if v < 0), Decimal(0)),
            float(sum(map(abs, values)) / EQUITY),
            len(values),
        )
        for name, values in found.items()
    ]
    return tuple(sorted(made, key=lambda one: -one.gross))


def a_stress(
    lines: Sequence[PositionLine], name: str = "Black Monday, 1987", move: float = -0.2047, custom: bool = False
) -> StressResult:
    scenario = Scenario(name, (Shock("market", "", move),), "1987-10-19", "S&P 500 close to close", custom)
    moved = [
        StressLine(
            line.symbol,
            line.sector,
            line.value or Decimal(0),
            move * 1.1,
            Decimal(f"{float(line.value or 0) * move * 1.1:.2f}"),
            MovedBy.BETA,
        )
        for line in lines
    ]
    moved.sort(key=lambda line: line.profit)
    total = sum((line.profit for line in moved), Decimal(0))
    return StressResult(scenario, total, float(total / EQUITY), tuple(moved))


def a_slow(lines: Sequence[PositionLine], days: int = 250) -> SlowMeasures:
    random = Random(3)
    vars_ = [
        ValueAtRisk(
            method,
            confidence,
            n,
            1_900 * bump * (1.4 if confidence > 0.96 else 1) * math.sqrt(n),
            2_400 * bump * (1.4 if confidence > 0.96 else 1) * math.sqrt(n),
            100_000 if method in DRAWN else days,
            Horizon.OWN if n == 1 else Horizon.ROOT,
            4.2 if method is Method.STUDENT else None,
        )
        for method, bump in (
            (Method.HISTORICAL, 1.0),
            (Method.PARAMETRIC, 0.93),
            (Method.MONTE_CARLO, 0.95),
            (Method.STUDENT, 1.07),
        )
        for confidence in (0.95, 0.99)
        for n in (1, 10)
    ]
    first = date(2025, 11, 20)
    var_days = tuple(
        VarDay(first + timedelta(days=at), 2_600 + 400 * math.sin(at / 20), random.gauss(60, 1_150))
        for at in range(days)
    )
    passed = sum(day.exception for day in var_days)
    tests = [
        Backtest(
            Basis.HYPOTHETICAL,
            confidence,
            days,
            passed,
            days * (1 - confidence),
            0.77,
            0.379,
            0.05,
            0.823,
            0.82,
            0.663,
            Zone.SOUND,
            f"{passed} exceptions in {days} days, {days * (1 - confidence):.1f} expected: the model is not rejected.",
            method,
        )
        for method in Method
        for confidence in (0.95, 0.99)
    ]
    names = tuple(line.symbol for line in lines[:16])
    values = tuple(
        tuple(1.0 if i == j else math.cos((i + 1) * (j + 1)) * 0.3 + 0.35 for j in range(len(names)))
        for i in range(len(names))
    )
    return SlowMeasures(
        NOW,
        first,
        var_days[-1].day,
        tuple(vars_),
        tuple(tests),
        tuple(VarHistory(Basis.HYPOTHETICAL, c, var_days, method) for method in Method for c in (0.95, 0.99)),
        Beta("SPY", 61_000.0, 0.58, 0.97, days),
        Correlations(names, values, days),
        (),
        0.8,
        100_000,
    )


def a_drawdown(days: int = 40) -> Drawdown:
    random, equity, high, points = Random(5), 100_000.0, 100_000.0, []
    for at in range(days):
        equity *= 1 + random.gauss(0.0005, 0.006)
        high = max(high, equity)
        points.append(CurvePoint(NOW - timedelta(days=days - at), equity, equity / high - 1))
    for at in range(60):
        equity *= 1 + random.gauss(0.0, 0.0006)
        high = max(high, equity)
        points.append(CurvePoint(NOW - timedelta(minutes=60 - at), equity, equity / high - 1))
    return Drawdown(tuple(points), points[-1].drawdown, min(p.drawdown for p in points), equity - high, NOW)


def a_picture(many: int = 12, at: datetime = NOW, slow: bool = True, **rest: object) -> RiskPicture:
    lines = some_lines(many)
    long, short = (
        sum((line.value or Decimal(0) for line in lines if sign * (line.value or 0) > 0), Decimal(0))
        for sign in (1, -1)
    )
    gross = long - short
    earned = (
        Earned("sma_cross v3", Decimal("-310.20"), Decimal("-42.10"), 3),
        Earned("By hand", Decimal("1284.07"), Decimal("120"), 9),
    )
    exits = tuple(LiquidityLine(line.symbol, abs(line.quantity), 4_000_000.0, line.liquidity_days) for line in lines)
    exits = tuple(sorted(exits, key=lambda line: -(line.days or 0)))
    values: dict[str, object] = {
        "at": at,
        "equity": EQUITY,
        "positions": lines,
        "profit": Profit(Decimal("1284.07"), Decimal("973.87"), Decimal("77.90"), earned, EQUITY - Decimal("1284.07")),
        "book": Exposure("", long, short, float(gross / EQUITY), many),
        "sectors": sectors_of(lines),
        "drawdown": a_drawdown(),
        "concentration": Concentration("AAPL", 0.212, 0.61, 0.104, 9.6),
        "liquidity": LiquidityBook(0.1, 1.4, ((1, 0.88), (5, 1.0), (20, 1.0)), exits),
        "stress": (
            a_stress(lines),
            a_stress(lines, "Euro crisis, August 2011", -0.0666),
            a_stress(lines, "Rates up", 0.021, custom=True),
        ),
        "slow": a_slow(lines) if slow else None,
        **rest,
    }
    return RiskPicture(**values)  # type: ignore[arg-type]


def an_empty_picture(**rest: object) -> RiskPicture:
    nothing = Exposure("", Decimal(0), Decimal(0), 0.0, 0)
    missing = (Missing("Value at risk", "not enough history: 41 of 250 days"),)
    values = {
        "at": NOW,
        "equity": None,
        "positions": (),
        "profit": Profit(),
        "book": nothing,
        "sectors": (),
        "drawdown": None,
        "concentration": None,
        "liquidity": None,
        "stress": (),
        "missing": missing,
        **rest,
    }
    return RiskPicture(**values)  # type: ignore[arg-type]


GAUGES = (
    Gauge("Day loss", 0.0, "+1,284", "−2,000"),
    Gauge("Gross exposure", 0.62, "124.0%", "200%"),
    Gauge("Largest name · AAPL", 0.91, "22.8%", "25%"),
    Gauge("Margin used", 0.36, "36.0%", "100%"),
    Gauge("Working orders", 0.04, "4.0%", "100%"),
    Gauge("Orders per minute", 1.2, "72", "60"),
)


def some_measures(many: int = 12) -> Measures:
    lines = some_lines(many)
    exposures = tuple((line.symbol, line.value or Decimal(0)) for line in lines)
    return Measures(NOW, TradingState.ACTIVE, GAUGES, Decimal(43_943), Decimal(137_343), exposures, EQUITY)
