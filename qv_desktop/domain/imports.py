"""Files of bars and ticks that others made: how they are to be read, and what was found in them."""

from dataclasses import dataclass
from typing import Literal

from qv_desktop.domain.market import Action, Bar, Timeframe, Trade


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person says of a file because it does not say so itself; empty means: find out, and refuse when it cannot be known.

    ``zone`` is for times without an offset, such as America/New_York; ``dates`` settles 03/04/2020.
    """

    symbol: str = ""
    frame: Timeframe | None = None
    zone: str = ""
    dates: Literal["", "mdy", "dmy", "ymd"] = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds, and in words how it was understood, one line each; ``bars`` are as traded."""

    symbol: str
    frame: Timeframe | None  # None: ticks
    bars: tuple[Bar, ...]
    trades: tuple[Trade, ...]
    actions: tuple[Action, ...]
    understood: tuple[str, ...]
