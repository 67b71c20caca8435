"""What the tables of alerts, of their history and of the rules show."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.alert_rules import Rule, Severity, said
from qv_desktop.domain.desk_alert_rules import RULES
from qv_desktop.domain.desk_alerts import Alert, Past
from qv_desktop.domain.own_alert_rules import OwnRule
from qv_desktop.ui import format as fmt
from qv_desktop.ui.models.column import Column

SEVERITY_WORDS: dict[Severity, str] = {"info": "Info", "warning": "Warning", "critical": "Critical"}
DEEDS = {"raised": "Raised", "again": "Came back", "worse": "Grew graver", "eased": "Eased", "acknowledged": "Acknowledged",
         "snoozed": "Snoozed", "woken": "Snooze over", "escalated": "Escalated", "cleared": "Cleared"}  # fmt: skip
_ORDER = list(SEVERITY_WORDS)

type Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule of the desk, or one of the person's own."""

    rule: Rule
    own: OwnRule | None = None


def alert_columns(now: Now) -> list[Column[Alert]]:
    """Of what is not over."""
    return [
        Column("Severity", lambda a: SEVERITY_WORDS[a.severity], key=lambda a: _ORDER.index(a.severity),
               raw=lambda a: SEVERITY_WORDS[a.severity], chip=lambda a: a.severity, width=76),
        Column("Alert", _headed, width=170, bold=True, tip=lambda a: a.title),
        Column("State", lambda a: _state(a, now()), width=116, whole=True, color=lambda a: _hue(a, now()), tip=lambda a: _state(a, now())),
        Column("Value", lambda a: _figure(a, a.value), key=lambda a: a.value, right=True, width=62, tip=lambda a: said(a.value, a.unit)),
        Column("Threshold", lambda a: _figure(a, a.threshold), key=lambda a: a.threshold, right=True, width=78,
               tip=lambda a: said(a.threshold, a.unit)),
        Column("Since", lambda a: fmt.clock(a.raised)[:5], key=lambda a: a.raised, raw=lambda a: a.raised, width=50, whole=True,
               color=lambda a: "TX1", tip=lambda a: f"{fmt.day(a.raised)} {fmt.clock(a.raised)} in New York"),
        Column("Age", lambda a: fmt.age((now() - a.raised).total_seconds()), key=lambda a: a.raised, right=True, width=50,
               color=lambda a: "TX1", aging=True),
        Column("What is so", lambda a: a.words, width=110, color=lambda a: "TX1", stretch=True, tip=lambda a: a.words),
    ]  # fmt: skip


def history_columns() -> list[Column[tuple[int, Past]]]:
    """Of what was done, newest first."""
    return [
        Column("Day", lambda r: fmt.day(r[1].done.at), key=lambda r: r[1].done.at, raw=lambda r: r[1].done.at, width=92, whole=True,
               color=lambda r: "TX1"),
        Column("Time ET", lambda r: fmt.clock(r[1].done.at), key=lambda r: r[1].done.at, raw=lambda r: r[1].done.at, width=68,
               color=lambda r: "TX1"),
        Column("Severity", lambda r: SEVERITY_WORDS[r[1].alert.severity], key=lambda r: _ORDER.index(r[1].alert.severity),
               raw=lambda r: SEVERITY_WORDS[r[1].alert.severity], chip=lambda r: r[1].alert.severity, width=76),
        Column("Alert", lambda r: r[1].alert.title, width=160, bold=True, tip=lambda r: r[1].alert.title),
        Column("Happened", lambda r: DEEDS[r[1].done.what], width=98),
        Column("Value", lambda r: _figure(r[1].alert, r[1].done.value), key=lambda r: r[1].done.value, right=True, width=66,
               tip=lambda r: said(r[1].done.value, r[1].alert.unit)),
        Column("Threshold", lambda r: _figure(r[1].alert, r[1].done.threshold), key=lambda r: r[1].done.threshold, right=True,
               width=78, tip=lambda r: said(r[1].done.threshold, r[1].alert.unit)),
        Column("By", lambda r: r[1].done.actor, width=70, color=lambda r: "TX1", tip=lambda r: r[1].done.actor),
        Column("Words", lambda r: r[1].done.words, width=90, color=lambda r: "TX1", stretch=True, tip=lambda r: r[1].done.words),
    ]  # fmt: skip


def rule_columns() -> list[Column[RuleRow]]:
    """Of the rules."""
    return [
        Column("On", lambda r: "on" if r.rule.on else "off", chip=lambda r: "working" if r.rule.on else "canceled", width=44),
        Column("Whose", lambda r: "Mine" if r.own else "Desk", width=56, color=lambda r: "TX1"),
        Column("Rule", lambda r: r.rule.title, width=128, bold=True, tip=lambda r: r.rule.title),
        Column("Severity", lambda r: SEVERITY_WORDS[r.rule.severity], key=lambda r: _ORDER.index(r.rule.severity),
               raw=lambda r: SEVERITY_WORDS[r.rule.severity], chip=lambda r: r.rule.severity, width=76),
        Column("Near", lambda r: _threshold(r, r.rule.near), key=lambda r: r.rule.near, right=True, width=60,
               tip=lambda r: said(r.rule.near, r.rule.unit)),
        Column("Breached", lambda r: _threshold(r, r.rule.breached), key=lambda r: None if r.own else r.rule.breached, right=True,
               width=66, tip=lambda r: "" if r.own or r.rule.fixed else said(r.rule.breached, r.rule.unit)),
        Column("Holds for", lambda r: f"{r.rule.hold:g} s" if r.rule.hold else "at once", key=lambda r: r.rule.hold, right=True,
               width=72, color=lambda r: "TX1"),
        Column("Escalates", lambda r: f"{r.rule.escalate:g} min" if r.rule.escalate and r.rule.severity == "critical" else "—",
               key=lambda r: r.rule.escalate, right=True, width=72, color=lambda r: "TX1"),
        Column("What it watches", lambda r: r.rule.what, width=110, color=lambda r: "TX1", stretch=True, tip=lambda r: r.rule.what),
    ]  # fmt: skip


def _figure(alert: Alert, value: float | None) -> str:
    """A measure in short; nothing where a thing is so or not."""
    rule = RULES.get(alert.rule)
    if rule is not None and rule.fixed:
        return "—"
    return said(value, "%" if alert.unit.startswith("%") else alert.unit)


def _threshold(row: RuleRow, value: float | None) -> str:
    if row.own is not None or row.rule.fixed:
        return "—"
    unit = "%" if row.rule.unit.startswith("%") else row.rule.unit
    return said(value, unit)


def _headed(alert: Alert) -> str:
    return f"{alert.title} ×{alert.times:,}" if alert.times > 1 else alert.title


def _state(alert: Alert, now: datetime) -> str:
    if alert.sleeps(now):
        return f"snoozed to {fmt.clock(alert.snoozed_until)[:5]}"
    if alert.acknowledged_at is not None:
        return f"{alert.acknowledged_by} {fmt.clock(alert.acknowledged_at)[:5]}"
    if alert.escalated is not None:
        return "escalated"
    return "waits" if alert.waits else "—"


def _hue(alert: Alert, now: datetime) -> str:
    if alert.sleeps(now) or not alert.waits:
        return "TX2"
    return "BAD" if alert.escalated is not None else "WARN"
