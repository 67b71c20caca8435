"""Alerts: what a rule has raised, how it stands, and everything that was done about it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from qv_desktop.domain.alert_rules import Level, Rule, Severity
from qv_desktop.domain.errors import BadInput

type Deed = Literal["raised", "again", "worse", "eased", "acknowledged", "snoozed", "woken", "escalated", "cleared"]

SNOOZES = {"15 minutes": 15, "1 hour": 60, "4 hours": 240, "1 day": 1440}  # words -> minutes
LONGEST_SNOOZE = 7 * 1440  # minutes


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of one rule and subject, at the terminal of ``user`` (an id). ``raised`` and all other times are the wall's, UTC.

    ``value`` and ``threshold`` are those of when it was raised or grew graver while it stands in history, and the present ones while
    it is active; ``unit`` is theirs. ``times`` counts how often it came back within a minute. ``since``: from when on it waits, where
    that is later than ``raised``, for it grew graver or was woken. ``slept_at``: how far it had gone when it was snoozed.
    """

    id: str
    user: str
    account: str
    rule: str
    subject: str
    title: str
    severity: Severity
    level: Level
    value: float | None
    threshold: float | None
    unit: str
    words: str
    raised: datetime
    times: int = 1
    escalated: datetime | None = None
    snoozed_until: datetime | None = None
    cleared: datetime | None = None
    panel: str = ""
    about: str = ""
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    snoozed_by: str = ""
    since: datetime | None = None
    slept_at: Level | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Its rule's code and its subject."""
        return self.rule, self.subject

    @property
    def waits(self) -> bool:
        """Whether somebody has yet to acknowledge it."""
        return self.cleared is None and self.severity != "info" and self.acknowledged_at is None

    def sleeps(self, now: datetime) -> bool:
        """Whether it is snoozed."""
        return self.snoozed_until is not None and self.snoozed_until > now


@dataclass(frozen=True, slots=True)
class Done:
    """Something that happened to an alert, or that ``actor`` did; ``value`` and ``threshold`` as they were then."""

    alert: str
    at: datetime
    actor: str
    what: Deed
    value: float | None = None
    threshold: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """A line of the history: what was done, and to which alert."""

    done: Done
    alert: Alert


def due(alert: Alert, rule: Rule, now: datetime) -> bool:
    """Whether a critical alert has waited so long that the others of the desk are told, once."""
    return (
        alert.severity == "critical"
        and alert.waits
        and alert.escalated is None
        and rule.escalate > 0
        and not alert.sleeps(now)
        and (now - (alert.since or alert.raised)).total_seconds() >= rule.escalate * 60
    )


def anew(alert: Alert, before: Level, now: datetime) -> Alert:
    """``alert`` once it has grown graver than ``before``: it waits again, and no sleep covers more than what it was when it was snoozed."""
    alert = replace(alert, acknowledged_by="", acknowledged_at=None, escalated=None, since=now)
    slept_at = before if alert.slept_at is None else alert.slept_at
    return replace(alert, snoozed_until=None, snoozed_by="", slept_at=None) if alert.level > slept_at else alert


def checked_snooze(minutes: float) -> float:
    """``minutes`` if one may snooze for so long. Raises BadInput."""
    if not 1 <= minutes <= LONGEST_SNOOZE:
        raise BadInput(f"An alert can be snoozed for 1 minute to {LONGEST_SNOOZE // 1440} days; choose within that.")
    return minutes
