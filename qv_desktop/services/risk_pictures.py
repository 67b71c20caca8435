"""The quick measures of one moment, in pieces that are each far shorter than a frame."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from qv_desktop.analytics.risk_drawdown import drawdowns
from qv_desktop.analytics.risk_liquidity import concentration, left_within
from qv_desktop.domain.account_history import Curve
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.counters import day_of
from qv_desktop.domain.drawdown import balances_day
from qv_desktop.domain.market import Snapshot, money
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk_books import line
from qv_desktop.domain.risk_measures import (
    ZERO,
    Concentration,
    CurvePoint,
    Drawdown,
    LiquidityBook,
    LiquidityLine,
    PositionLine,
)

NOTHING = (ZERO, ZERO)
HORIZONS = (1, 5, 20)  # days within which a part of the book is out


def traded(fills: Iterable[Fill], since: datetime) -> dict[str, tuple[Decimal, Decimal]]:
    """symbol -> net shares and net dollars that the fills from ``since`` on brought."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for fill in fills:
        if fill.at >= since:
            shares, paid = found.get(fill.symbol, (ZERO, ZERO))
            signed = fill.quantity * fill.side.sign
            found[fill.symbol] = (shares + signed, paid + signed * fill.price)
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the book: ``traded`` is net shares and dollars of today's fills by symbol, ``volume`` shares a day."""

    snapshot: Callable[[str], Snapshot]
    previous: Callable[[Snapshot], float | None]
    traded: Mapping[str, tuple[Decimal, Decimal]]
    equity: Decimal | None
    sectors: Mapping[str, str]
    betas: Mapping[str, float]
    volume: Callable[[str], float | None]
    participation: float


def lines(positions: Iterable[Position], known: Known) -> list[PositionLine]:
    """One line for each position, flat ones of today included."""
    found = list[PositionLine]()
    for position in positions:
        symbol, told = position.symbol, known.snapshot(position.symbol)
        last = money(told.last) if told.last and told.last > 0 else None
        before = known.previous(told)
        previous = money(before) if before and before > 0 else None
        volume = known.volume(symbol)
        leaves = abs(float(position.quantity)) / (known.participation * volume) if volume else None
        found.append(line(position, last, previous, known.traded.get(symbol, NOTHING), known.equity, known.sectors.get(symbol, ""),
                          known.betas.get(symbol), leaves))  # fmt: skip
    return found


def liquid(held: Sequence[PositionLine], known: Known) -> LiquidityBook | None:
    """The whole book; None for an empty one."""
    if not held:
        return None
    rows = [LiquidityLine(one.symbol, one.quantity, known.volume(one.symbol), one.liquidity_days) for one in held]
    rows.sort(key=lambda row: -(row.days if row.days is not None else float("inf")))
    values = np.array([float(one.value or 0) for one in held])
    days = np.array([np.nan if one.liquidity_days is None else one.liquidity_days for one in held])
    within = tuple((horizon, left_within(values, days, horizon)) for horizon in HORIZONS)
    return LiquidityBook(known.participation, rows[0].days, within, tuple(rows))


def concentrated(held: Sequence[PositionLine]) -> Concentration | None:
    """Of the priced lines; None where they come to nothing."""
    priced = [one for one in held if one.value]
    if not priced:
        return None
    largest = max(priced, key=lambda one: abs(one.value or ZERO))
    return Concentration(largest.symbol, *concentration(np.array([float(one.value or 0) for one in priced])))


def moved_since(curve: Curve | None, account: Account, now: datetime) -> Decimal:
    """Dollars that came in, net, and that no point of the curve tells yet: the broker's adjustments of the day without its points'."""
    after = balances_day(account, day_of(now))
    told = (point.flow for point in curve.points if after < day_of(point.at) and point.at < now) if curve else ()
    return (account.adjustments or ZERO) - sum(told, ZERO)


def drawn_down(curve: Curve | None, now: datetime, equity: Decimal | None, moved: Decimal = ZERO) -> Drawdown | None:
    """From the account's curve and the equity of this moment, with what ``moved`` since its last point. What came in or left between two
    points is no profit: the curve is linked of each step's gain, so that a deposit hides no fall and a withdrawal is none."""
    told, waiting = list[tuple[datetime, float, float]](), ZERO  # what moved while the equity was not told
    for point in curve.points if curve else ():
        waiting += point.flow
        if point.equity is not None and point.at < now:
            told.append((point.at, float(point.equity), float(waiting)))
            waiting = ZERO
    if equity is not None:
        told.append((now, float(equity), float(moved)))
    if not told:
        return None
    index = np.ones(len(told))
    for at in range(1, len(told)):
        before, worth = told[at - 1][1], told[at][1] - told[at][2]
        index[at] = index[at - 1] * (max(0.0, worth / before) if before > 0 else 1.0)
    fell = drawdowns(index)
    points = tuple(CurvePoint(at, worth, float(fall)) for (at, worth, _), fall in zip(told, fell, strict=True))
    newest, worst = float(fell[-1]), int(fell.argmin())
    dollars = told[-1][1] * newest / (1 + newest) if newest > -1 else -told[0][1]
    return Drawdown(points, newest, float(fell[worst]), dollars, points[worst].at if fell[worst] < 0 else None)
