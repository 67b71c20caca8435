"""Which bars of a day a backtest takes, and which of those that the exchange's calendar promises are not there."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

from qv_desktop.domain.backtests import TradingHours
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe, bar_start, ns, utc
from qv_desktop.domain.sessions import MarketSession

NAMED = 4  # days that a sentence names

type Spans = list[tuple[int, int]]  # ns, from and up to, oldest first


def spans(sessions: Iterable[MarketSession], hours: TradingHours) -> Spans:
    """What counts of each session."""
    if hours.kind == "extended":
        return [(ns(one.pre_open), ns(one.post_close)) for one in sessions]
    if hours.kind == "window" and hours.first is not None and hours.last is not None:
        return [
            (ns(datetime.combine(one.day, hours.first, NEW_YORK)), ns(datetime.combine(one.day, hours.last, NEW_YORK)))
            for one in sessions
        ]
    return [(ns(one.open), ns(one.close)) for one in sessions]


def within(bars: Sequence[Bar], frame: Timeframe, chosen: Spans) -> tuple[Bar, ...]:
    """The bars that begin within a span, or begin before it and reach into it; all of them when they are daily or longer."""
    if not frame.intraday:
        return tuple(bars)
    starts, length = [span[0] for span in chosen], frame.seconds * SECOND
    found = []
    for bar in bars:
        place = bisect_right(starts, bar.start + length - 1) - 1
        if place >= 0 and bar.start < chosen[place][1] and bar.start + length > chosen[place][0]:
            found.append(bar)
    return tuple(found)


def lacking(
    symbol: str, bars: Sequence[Bar], frame: Timeframe, sessions: Sequence[MarketSession], hours: TradingHours
) -> list[str]:
    """Sentences about the bars of regular hours that the calendar promises and that are not there; empty when all are.

    Within a day the bars of sessions without any are counted apart from those that lack in the others, where nothing may have traded.
    """
    had = {bar.start for bar in bars}
    if not frame.intraday:
        wanted = list(dict.fromkeys(bar_start(ns(one.open), frame) for one in sessions))
        return _days(symbol, [start for start in wanted if start not in had], len(wanted), frame)
    if hours.kind == "extended":
        hours = TradingHours()  # before and after the session no bar is promised
    absent, holes, promised = list[int](), list[tuple[int, int]](), 0
    for start, end in spans(sessions, hours):
        each = list(dict.fromkeys(bar_start(at, frame) for at in range(start, end, frame.seconds * SECOND)))
        gone = sum(at not in had for at in each)
        promised += len(each)
        if each and gone == len(each):
            absent.append(start)
        elif gone:
            holes.append((gone, start))
    found = _days(symbol, absent, len(sessions), Timeframe(1, "D"))
    if holes:
        most, day = max(holes)
        gone = sum(count for count, _ in holes)
        found.append(f"{symbol}: {gone:,} of {promised:,} bars of {frame} are not there, on {len(holes):,} days, the "
                     f"most ({most:,}) on {_day(day)}. A bar in which nothing traded does not exist.")  # fmt: skip
    return found


def _days(symbol: str, absent: Sequence[int], wanted: int, frame: Timeframe) -> list[str]:
    if not absent:
        return []
    what = "sessions" if frame.seconds <= 86_400 else f"periods of {frame}"
    if len(absent) == wanted:
        return [f"{symbol}: none of the {wanted:,} {what} has a bar."]
    shown = ", ".join(_day(at) for at in absent[:NAMED]) + (
        f" and {len(absent) - NAMED:,} more" if len(absent) > NAMED else ""
    )
    return [f"{symbol}: {len(absent):,} of {wanted:,} {what} have no bar: {shown}."]


def _day(at: int) -> str:
    return utc(at).astimezone(NEW_YORK).date().isoformat()
