"""The account's equity minute by minute, and the portfolio history that Alpaca makes of it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from qv_desktop.simulator.alpaca_errors import unprocessable
from qv_desktop.simulator.alpaca_format import SECOND, new_york
from qv_desktop.simulator.ticks import Session

if TYPE_CHECKING:
    from qv_desktop.simulator.market import Market

MINUTE = 60 * SECOND
TIMEFRAMES = {"1Min": 1, "5Min": 5, "15Min": 15, "1H": 60}  # minutes; 1D is apart
UNITS = {"D": 1, "W": 7, "M": 30, "A": 365}  # days


class EquityHistory:
    """One sample a minute of market time, kept for the life of the process."""

    def __init__(self, start: Decimal, opened: int = 0) -> None:
        """An account with the balance `start` since `opened` (ns), and nothing before."""
        self._start, self._opened = start, opened
        self._minutes: list[int] = []  # ns, start of the minute
        self._values: list[Decimal] = []

    def is_due(self, now: int) -> bool:
        """Whether the minute of `now` has no sample yet."""
        return not self._minutes or now // MINUTE * MINUTE > self._minutes[-1]

    def sample(self, now: int, equity: Decimal) -> None:
        """Keep the equity of this minute, in place of what was kept of it before."""
        minute = now // MINUTE * MINUTE
        if self._minutes and self._minutes[-1] == minute:
            self._values[-1] = equity
            return
        self._minutes.append(minute)
        self._values.append(equity)

    def at(self, t: int) -> Decimal:
        """The last equity known at `t` (ns); the opening balance before the first sample, nothing before the account was there."""
        if t < self._opened:
            return Decimal(0)
        index = bisect_right(self._minutes, t)
        return self._values[index - 1] if index else self._start


@dataclass(frozen=True, slots=True)
class Asked:
    """The range and the grid of a portfolio history: ns UTC, both ends inclusive."""

    start: int
    end: int
    timeframe: str
    hours: str  # market_hours | extended_hours | continuous
    resets: bool
    cash_flows: frozenset[str] | None = frozenset()  # activity types to tell the money of; None is all


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that moved at `at` (ns) by an activity that is no trade; out is negative."""

    at: int
    code: str
    dollars: Decimal


def timeframe_for(days: int, given: str | None) -> str:
    """The timeframe asked for, or Alpaca's default for the length of the range."""
    chosen = given or ("1Min" if days < 7 else "15Min" if days < 30 else "1D")
    if chosen not in (*TIMEFRAMES, "1D"):
        raise unprocessable(f"invalid timeframe: {chosen}")
    if chosen != "1D" and days > 30:
        raise unprocessable("intraday timeframes are limited to 30 days; use timeframe=1D")
    return chosen


def period_days(text: str) -> int:
    """Calendar days of a period such as 1D, 2W, 1M or 1A; raises BrokerError (422) when it is none."""
    match = re.fullmatch(r"(\d{1,3})([DWMA])", text)
    if match is None or int(match[1]) == 0:
        raise unprocessable(f"invalid period: {text}")
    return int(match[1]) * UNITS[match[2]]


def portfolio_history(
    asked: Asked, history: EquityHistory, market: "Market", flows: Sequence[Flow] = ()
) -> dict[str, object]:
    """The answer of GET /v2/account/portfolio/history; profits count from the previous close unless `resets` is off."""
    first, last = new_york(asked.start).date(), new_york(asked.end).date()
    sessions = [s for s in market.sessions(first - timedelta(days=10), last) if s.day <= last]
    days = [s for s in sessions if s.day >= first]
    before = [s for s in sessions if s.day < first]
    since = before[-1].close if before else 0
    base = history.at(since)
    points = _points(asked, days, history, base)
    columns = _columns(points, base, resets=asked.resets or asked.timeframe == "1D")
    return {
        **columns,
        "base_value": float(base),
        "base_value_asof": before[-1].day.isoformat() if before else None,
        "timeframe": asked.timeframe,
        "cashflow": _cash_flows(asked, points, since, flows),
    }


def _cash_flows(
    asked: Asked, points: Sequence[tuple[int, Decimal, Decimal]], since: int, flows: Sequence[Flow]
) -> dict[str, list[float]]:
    """What moved in the window of each point after `since`, by activity type."""
    ends = [_known(t, asked) for t, _, _ in points]
    columns: dict[str, list[Decimal]] = {}
    for flow in flows:
        place = bisect_left(ends, flow.at)
        if flow.at > since and place < len(ends) and (asked.cash_flows is None or flow.code in asked.cash_flows):
            columns.setdefault(flow.code, [Decimal(0)] * len(ends))[place] += flow.dollars
    return {code: [float(value) for value in values] for code, values in columns.items()}


def _known(t: int, asked: Asked) -> int:
    """The end of the window that begins at `t`, or the day's own time."""
    return t if asked.timeframe == "1D" else t + TIMEFRAMES[asked.timeframe] * MINUTE - 1


def _points(
    asked: Asked, days: Sequence[Session], history: EquityHistory, base: Decimal
) -> list[tuple[int, Decimal, Decimal]]:
    """(time, equity, the equity its profit counts from) of each point."""
    points: list[tuple[int, Decimal, Decimal]] = []
    reference = base
    for session in days:
        times = [session.post_close] if asked.timeframe == "1D" else _grid(session, asked)
        points += [(t, history.at(_known(t, asked)), reference) for t in times]
        reference = history.at(session.post_close)
    return points


def _grid(session: Session, asked: Asked) -> list[int]:
    step = TIMEFRAMES[asked.timeframe] * MINUTE
    start, end = (session.open, session.close)
    if asked.hours != "market_hours":
        start, end = session.pre_open, session.post_close
    return [t for t in range(start, end + 1, step) if t <= asked.end]


def _columns(points: Sequence[tuple[int, Decimal, Decimal]], base: Decimal, *, resets: bool) -> dict[str, object]:
    gains = [
        (equity - (reference if resets else base), reference if resets else base) for _, equity, reference in points
    ]
    return {
        "timestamp": [t // SECOND for t, _, _ in points],
        "equity": [float(round(equity, 2)) for _, equity, _ in points],
        "profit_loss": [float(round(gain, 4)) for gain, _ in gains],
        "profit_loss_pct": [float(round(gain / ref, 6)) if ref else None for gain, ref in gains],
    }
