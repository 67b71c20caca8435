"""Alerts in words and figures: what a rule and a reading say together, and how a rule stands in the audit trail."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from qv_desktop.domain.alert_rules import Level, Reading, Rule, said
from qv_desktop.domain.alert_terms import Condition, Quantity, comparisons


def figures_of(rule: Rule, reading: Reading, level: Level) -> dict[str, Any]:
    """What of an alert its rule and reading say."""
    value = reading.value if reading.shown is None else reading.shown
    threshold = rule.threshold(level) if reading.against is None else reading.against
    near = " near" if level is Level.NEAR else ""
    of = (
        f": {reading.subject}" if reading.subject and rule.code != "order_unresolved" else ""
    )  # an order's id tells nobody anything
    title = f"{rule.title}{near}{of}"
    numbers = "" if rule.fixed or reading.against is not None or rule.code == "order_unresolved" else (
        f"{said(value, rule.unit)} against {said(threshold, rule.unit)}.")  # fmt: skip
    words = " ".join(part for part in (numbers, reading.words) if part)
    return {
        "title": title,
        "severity": rule.severity_at(level),
        "level": level,
        "value": value,
        "threshold": threshold,
        "words": words,
    }


def now_words(condition: Condition, values: Mapping[Quantity, float | None]) -> str:
    """Each quantity with its value, and whether its comparison holds."""
    answers = {True: "yes", False: "no", None: "unknown"}
    return "; ".join(f"{one}: {answers[one.holds(value := values.get(one.quantity))]}, it is {said(value, '')}"
                     for one in comparisons(condition))  # fmt: skip


def told_of(rule: Rule) -> str:
    told = asdict(rule)
    return json.dumps({name: told[name] for name in ("severity", "on", "near", "breached", "hold", "escalate")})
