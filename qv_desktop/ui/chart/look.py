"""How one chart is set up: its style, scale, hours and clock, as a value that can be kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

type Style = Literal["candles", "hollow", "heikin-ashi", "bars", "line", "area", "baseline", "renko"]

STYLES: dict[Style, str] = {
    "candles": "Candles", "hollow": "Hollow candles", "heikin-ashi": "Heikin-Ashi", "bars": "Bars", "line": "Line", "area": "Area",
    "baseline": "Baseline", "renko": "Renko",
}  # fmt: skip
LINES: tuple[Style, ...] = ("line", "area", "baseline")  # styles that show the closes alone
ZONES: dict[str, str] = {  # zone -> what the axis calls it
    "America/New_York": "ET", "America/Chicago": "CT", "America/Denver": "MT", "America/Los_Angeles": "PT", "UTC": "UTC",
    "Europe/London": "London", "Europe/Berlin": "Berlin", "Asia/Dubai": "Dubai", "Asia/Kolkata": "Kolkata",
    "Asia/Singapore": "Singapore", "Asia/Hong_Kong": "Hong Kong", "Asia/Tokyo": "Tokyo", "Australia/Sydney": "Sydney",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """``percent`` writes the axis as change since the first bar in view; ``extended`` shows bars outside regular hours."""

    style: Style = "candles"
    log: bool = False
    percent: bool = False
    inverted: bool = False
    extended: bool = True
    volume: bool = True
    countdown: bool = True
    zone: str = "America/New_York"

    @property
    def clock(self) -> ZoneInfo:
        """The zone that the time axis is written in."""
        return ZoneInfo(self.zone)

    @property
    def clock_name(self) -> str:
        """What the axis calls that zone."""
        return ZONES.get(self.zone, self.zone.rpartition("/")[2].replace("_", " "))


def look_words(look: Look) -> dict[str, object]:
    """The look as JSON values."""
    return asdict(look)


def look_from(words: Mapping[str, object]) -> Look:
    """The look that ``words`` name; what cannot be used stays as a new chart has it."""
    look = Look()
    for field in fields(Look):
        value = words.get(field.name)
        if isinstance(value, type(getattr(look, field.name))) and _usable(field.name, value):
            look = replace(look, **{field.name: value})
    return look


def _usable(name: str, value: object) -> bool:
    if name == "style":
        return value in get_args(Style.__value__)
    return name != "zone" or is_zone(str(value))


def is_zone(name: str) -> bool:
    """Whether a time zone of this name is known, such as ``Europe/Madrid``."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return bool(name)
