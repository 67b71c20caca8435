"""Alert rules: what is measured, from where on it is near or breached, and when an alert begins and ends without flapping."""

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal

from qv_desktop.domain.alerts import Kind
from qv_desktop.domain.errors import BadInput

type Severity = Literal["info", "warning", "critical"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
MILDER: dict[Severity, Severity] = {"info": "info", "warning": "info", "critical": "warning"}
CLEARS = 5.0  # seconds for which it must not hold until it is over
REPEATS = 60.0  # seconds after its end within which the same goes on as the same alert, without being told anew
LONGEST_HOLD, LONGEST_ESCALATION = 3600.0, 240.0  # seconds, minutes


class Level(IntEnum):
    """How far a measure has gone; a greater one is graver."""

    CLEAR = 0
    NEAR = 1
    BREACHED = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition. It is breached at or beyond ``breached`` and near at or beyond ``near`` (None: it never is), beyond being above,
    or ``below``, once that has held for ``hold`` seconds; it is over when the measure has come back by ``slack`` (a fraction of the
    threshold) and stayed there for ``clears`` seconds. ``unit`` is that of the measure. Unacknowledged for ``escalate`` minutes, a
    critical alert is told to the others of the desk; with 0 never."""

    code: str
    title: str
    what: str
    severity: Severity
    unit: str
    breached: float
    near: float | None = None
    below: bool = False
    hold: float = 0.0
    clears: float = CLEARS
    slack: float = 0.0
    escalate: float = 5.0
    on: bool = True
    kind: Kind = "risk"
    panel: str = "risk"
    fixed: bool = False  # its threshold is no matter of taste: a thing is so or not

    def graver(self, value: float, threshold: float) -> bool:
        """Whether ``value`` is at or beyond ``threshold``."""
        return value <= threshold if self.below else value >= threshold

    def threshold(self, level: Level) -> float:
        """What the measure reached at ``level``."""
        return self.near if level is Level.NEAR and self.near is not None else self.breached

    def severity_at(self, level: Level) -> Severity:
        """How grave an alert is that stands at ``level``: what is only near is one step milder."""
        return MILDER[self.severity] if level is Level.NEAR else self.severity


@dataclass(frozen=True, slots=True)
class Reading:
    """A measure of ``subject`` (a feed, an order, a symbol; "" for the desk) now; None is unknown. ``about`` is the row that a click
    selects. ``shown`` and ``against`` stand in the alert where they say more than ``value`` and the rule's threshold."""

    subject: str
    value: float | None
    words: str = ""
    about: str = ""
    shown: float | None = None
    against: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule stands for one subject. The rest are the seconds since which the measure has been without a break at or beyond near,
    at or beyond breached, back from breached, and back from near; None when it is not."""

    level: Level = Level.CLEAR
    near: float | None = None
    breached: float | None = None
    eased: float | None = None
    over: float | None = None


def moved(rule: Rule, before: Standing, value: float | None, at: float) -> Standing:
    """How the rule stands once ``value`` was read at ``at`` (seconds that only grow). What is unknown neither raises nor clears."""
    if value is None or math.isnan(value):
        return Standing(before.level)
    now = reached(rule, value, before.level)
    marks = Standing(
        before.level,
        _since(now >= Level.NEAR, before.near, at),
        _since(now >= Level.BREACHED, before.breached, at),
        _since(now < Level.BREACHED, before.eased, at),
        _since(now < Level.NEAR, before.over, at),
    )
    return replace(marks, level=_level(rule, marks, at))


def reached(rule: Rule, value: float, before: Level) -> Level:
    """Where ``value`` alone stands; a level that is held already is left only beyond the slack."""
    for level in (Level.BREACHED, Level.NEAR):
        threshold = rule.breached if level is Level.BREACHED else rule.near
        if threshold is None:
            continue
        back = abs(threshold) * rule.slack * (1 if rule.below else -1)
        if rule.graver(value, threshold + (back if before >= level else 0)):
            return level
    return Level.CLEAR


def _since(holds: bool, before: float | None, at: float) -> float | None:
    return (at if before is None else before) if holds else None


def _level(rule: Rule, marks: Standing, at: float) -> Level:
    def lasted(since: float | None, seconds: float) -> bool:
        return since is not None and at - since >= seconds

    if lasted(marks.breached, rule.hold):
        return Level.BREACHED
    if marks.level is Level.BREACHED:
        if lasted(marks.over, rule.clears):
            return Level.CLEAR
        return Level.NEAR if rule.near is not None and lasted(marks.eased, rule.clears) else Level.BREACHED
    if marks.level is Level.CLEAR:
        return Level.NEAR if rule.near is not None and lasted(marks.near, rule.hold) else Level.CLEAR
    return Level.CLEAR if lasted(marks.over, rule.clears) else Level.NEAR


def checked(rule: Rule) -> Rule:
    """``rule`` if its numbers make sense. Raises BadInput with what to do."""
    numbers = [rule.breached, rule.hold, rule.escalate, *([rule.near] if rule.near is not None else [])]
    if not all(math.isfinite(number) for number in numbers):
        raise BadInput(f"“{rule.title}” needs plain numbers; correct what is none.")
    if rule.breached < 0 or (rule.near is not None and rule.near < 0):
        raise BadInput(f"A threshold of “{rule.title}” is zero or more; correct it.")
    if rule.near is not None and (rule.near <= rule.breached if rule.below else rule.near >= rule.breached):
        way = "above" if rule.below else "below"
        raise BadInput(
            f"Near must lie {way} the breach of “{rule.title}”, so that it comes first; correct one of them."
        )
    if not 0 <= rule.hold <= LONGEST_HOLD:
        raise BadInput(f"A rule may wait 0 to {LONGEST_HOLD:,.0f} seconds; correct it.")
    if not 0 <= rule.escalate <= LONGEST_ESCALATION:
        raise BadInput(f"Escalation comes after 1 to {LONGEST_ESCALATION:,.0f} minutes, or never with 0; correct it.")
    if rule.severity not in SEVERITIES:
        raise BadInput(f"A rule's severity is one of {', '.join(SEVERITIES)}; choose one.")
    return rule


def said(value: float | None, unit: str) -> str:
    """A measure as people read it: ``85 %``, ``1.25 s``, ``12.5 bps``, ``3``; an em dash when unknown."""
    if value is None or not math.isfinite(value):
        return "—"
    if unit == "$":
        return f"{'−' if value < 0 else ''}${abs(value):,.2f}"
    places = 0 if unit == "ms" or float(value).is_integer() else 4 if not unit and abs(value) < 1 else 2
    digits = f"{value:,.{places}f}"
    digits = digits.rstrip("0").rstrip(".") if places else digits
    return f"{digits.replace('-', '−')} {unit}".rstrip()
