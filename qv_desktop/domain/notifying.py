"""How a person wants to be told: per kind of notice by toast, sound and tray, how loud, and when it should be quiet."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Literal, cast, get_args
from zoneinfo import ZoneInfo

from qv_desktop.domain.alerts import Kind, Notice

type Channel = Literal["toast", "sound", "tray"]
type Tone = Literal["fill", "reject", "disconnect", "critical", "alert"]
type Zone = Literal["New York", "Local"]

CHANNELS: tuple[Channel, ...] = get_args(Channel.__value__)
TONES: tuple[Tone, ...] = get_args(Tone.__value__)
ZONES: tuple[Zone, ...] = get_args(Zone.__value__)
KINDS: dict[Kind, str] = {
    "fill": "Fills", "refused": "Refused by our risk", "rejected": "Rejected by the broker", "unresolved": "Unresolved and late orders",
    "cancel": "Cancels and changes refused", "feed": "Feeds lost and found", "broker": "Broker", "database": "Database",
    "risk": "Halts and the kill switch", "reconciliation": "Reconciliation breaks", "alert": "Price and scan alerts",
    "other": "Everything else",
}  # fmt: skip
EVERY_DAY = frozenset(range(7))  # Monday is 0
IDLE_MINUTES = (1, 60)  # least and most after which idleness disarms trading keys
_NEW_YORK = ZoneInfo("America/New_York")
_TONES: dict[Kind, Tone | None] = {
    "fill": "fill", "refused": "reject", "rejected": "reject", "unresolved": "critical", "cancel": "reject", "feed": "disconnect",
    "broker": "disconnect", "database": "disconnect", "risk": "critical", "reconciliation": "critical", "alert": "alert", "other": None,
}  # fmt: skip
_USUALLY_OFF: frozenset[tuple[Kind, Channel]] = frozenset({("other", "sound"), ("other", "tray")})


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` up to ``end``, past midnight when it is earlier, on the ``days`` on which it begins. Equal times: the whole day."""

    on: bool = False
    start: time = time(20, 0)
    end: time = time(4, 0)
    zone: Zone = "New York"
    days: frozenset[int] = EVERY_DAY
    critical_through: bool = True

    def holds(self, now: datetime, local: tzinfo | None = None) -> bool:
        """Whether it should be quiet at ``now`` (aware); ``local`` is this machine's zone, the system's own when None."""
        if not self.on:
            return False
        there = now.astimezone(_NEW_YORK if self.zone == "New York" else local)
        today, before, clock = there.weekday(), (there - timedelta(days=1)).weekday(), there.time()
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        return (today in self.days and clock >= self.start) or (before in self.days and clock < self.end)


@dataclass(frozen=True, slots=True)
class Notifying:
    """One person's choice. ``off`` are the ways that are not used; ``volume`` is in percent."""

    off: frozenset[tuple[Kind, Channel]] = _USUALLY_OFF
    volume: int = 70
    quiet: QuietHours = field(default_factory=QuietHours)
    idle_minutes: int = 5

    def ways(self, notice: Notice, now: datetime, *, in_front: bool, local: tzinfo | None = None) -> frozenset[Channel]:
        """How to tell ``notice``: a quiet hour takes sound and tray, and a window in front takes the tray.

        A critical one is never “everything else”: it is told by every way, unless the person silenced its own kind.
        """
        grave = notice.urgency == "critical" and notice.kind == "other"
        ways = {way for way in CHANNELS if grave or (notice.kind, way) not in self.off}
        if self.quiet.holds(now, local) and not (notice.urgency == "critical" and self.quiet.critical_through):
            ways -= {"sound", "tray"}
        if in_front:
            ways.discard("tray")
        if tone(notice) is None or not self.volume:
            ways.discard("sound")
        return frozenset(ways)


def tone(notice: Notice) -> Tone | None:
    """What it sounds like; good news about a link does not sound like its loss."""
    if notice.urgency == "critical":
        return "critical"
    if notice.urgency == "good" and notice.kind != "fill":
        return "alert" if notice.kind == "alert" else None
    return _TONES[notice.kind]


# ---- kept as text


def written(choice: Notifying) -> str:
    """The choice as JSON."""
    quiet = choice.quiet
    return json.dumps({
        "off": sorted(list(pair) for pair in choice.off), "volume": choice.volume, "idle_minutes": choice.idle_minutes,
        "quiet": {"on": quiet.on, "start": f"{quiet.start:%H:%M}", "end": f"{quiet.end:%H:%M}", "zone": quiet.zone,
                  "days": sorted(quiet.days), "critical_through": quiet.critical_through},
    })  # fmt: skip


def read(text: str) -> Notifying:
    """The choice that ``written`` gave; what cannot be used is as if it had never been chosen."""
    try:
        raw = json.loads(text)
        quiet = raw["quiet"]
        return Notifying(
            frozenset(_pairs(raw["off"])), min(100, max(0, int(raw["volume"]))),
            QuietHours(bool(quiet["on"]), time.fromisoformat(quiet["start"]), time.fromisoformat(quiet["end"]),
                       cast(Zone, quiet["zone"] if quiet["zone"] in ZONES else ZONES[0]),
                       frozenset(int(day) for day in quiet["days"]) & EVERY_DAY, bool(quiet["critical_through"])),
            min(IDLE_MINUTES[1], max(IDLE_MINUTES[0], int(raw["idle_minutes"]))),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return Notifying()


def _pairs(raw: Iterable[Any]) -> Iterable[tuple[Kind, Channel]]:
    for kind, channel in raw:
        if kind in KINDS and channel in CHANNELS:
            yield kind, channel
