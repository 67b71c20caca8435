"""Alpaca's bar timeframes, and minute or day bars folded into them as Alpaca aligns them (New York time)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from qv_desktop.simulator.ticks import DAY_SECONDS, MINUTE, SECOND, Bar

NEW_YORK = ZoneInfo("America/New_York")
DAY = DAY_SECONDS * SECOND
UNITS = {"Min": "Min", "T": "Min", "Hour": "Hour", "H": "Hour", "Day": "Day", "D": "Day"}
UNITS |= {"Week": "Week", "W": "Week", "Month": "Month", "M": "Month"}
COUNTS = {"Min": range(1, 60), "Hour": range(1, 24), "Day": (1,), "Week": (1,), "Month": (1, 2, 3, 4, 6, 12)}
REACH = {"Min": MINUTE, "Hour": 60 * MINUTE, "Day": DAY, "Week": 7 * DAY, "Month": 31 * DAY}


@dataclass(frozen=True, slots=True)
class Timeframe:
    """`count` times `unit` (Min, Hour, Day, Week or Month)."""

    count: int
    unit: str

    @property
    def seconds(self) -> int:
        """The span of the bars it is folded from: 60 or 86400."""
        return 60 if self.unit in ("Min", "Hour") else DAY_SECONDS

    @property
    def reach(self) -> int:
        """No bar of this timeframe lasts longer (ns)."""
        return self.count * REACH[self.unit]

    def start_of(self, t: int) -> int:
        """The start (ns UTC) of the bar that holds `t`: minutes and hours count from midnight, months from January."""
        local = datetime.fromtimestamp(t // SECOND, NEW_YORK)
        midnight = local.replace(hour=0, minute=0, second=0)
        match self.unit:
            case "Min" | "Hour":
                minutes = self.count * (60 if self.unit == "Hour" else 1)
                past = (local.hour * 60 + local.minute) % minutes
                return (t // MINUTE - past) * MINUTE
            case "Day":
                return nanoseconds(midnight)
            case "Week":
                return nanoseconds(midnight - timedelta(days=local.weekday()))
            case _:
                month = local.month - (local.month - 1) % self.count
                return nanoseconds(midnight.replace(month=month, day=1))


def timeframe(text: str) -> Timeframe:
    """The timeframe that `text` names, such as 5Min, 1H or 1Day; raises ValueError when Alpaca has no such one."""
    found = re.fullmatch(r"(\d{1,2})([A-Za-z]+)", text)
    unit = UNITS.get(found[2]) if found else None
    if found is None or unit is None or int(found[1]) not in COUNTS[unit]:
        raise ValueError(f"invalid timeframe: {text}")
    return Timeframe(int(found[1]), unit)


def folded(bars: Iterable[Bar], frame: Timeframe) -> Iterator[Bar]:
    """Ascending minute or day bars as the bars of `frame`, ascending."""
    for start, parts in groupby(bars, key=lambda bar: frame.start_of(bar.t)):
        yield _one(start, list(parts))


def nanoseconds(moment: datetime) -> int:
    """A moment of whole seconds as ns UTC."""
    return int(moment.timestamp()) * SECOND


def midnight(t: int) -> int:
    """The New York midnight at or before `t`, as ns UTC."""
    return Timeframe(1, "Day").start_of(t)


def _one(start: int, parts: list[Bar]) -> Bar:
    volume = sum(part.volume for part in parts)
    value = sum(part.vwap * part.volume for part in parts)
    return Bar(
        symbol=parts[0].symbol,
        t=start,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=volume,
        count=sum(part.count for part in parts),
        vwap=value / volume if volume else parts[-1].close,
        span=sum(part.span for part in parts),
    )
