"""What an alert rule would say of the present values, before anybody keeps it."""

from datetime import datetime

from qv_desktop.domain.alert_rules import Level, Rule, checked, reached, said
from qv_desktop.domain.alert_terms import comparisons, judged
from qv_desktop.domain.own_alert_rules import OwnRule
from qv_desktop.services.alert_ports import Measures, OwnMeasures
from qv_desktop.services.alert_words import now_words


def tried(measures: Measures, rule: Rule) -> str:
    """What a desk rule with these numbers says. Raises BadInput."""
    found = measures.readings().get(checked(rule).code)
    if found is None:
        return "Its measure is not known at this moment."
    readings = [one for one in found if one.value is not None]
    if not readings:
        return "There is nothing to measure now, so it would not be raised."
    worst = (min if rule.below else max)(readings, key=lambda one: one.value or 0.0)
    level = reached(rule, worst.value or 0.0, Level.CLEAR)
    verdict = {
        Level.CLEAR: "it would not be raised",
        Level.NEAR: "it would be near",
        Level.BREACHED: "it would be breached",
    }[level]
    of = f" ({worst.subject})" if worst.subject else ""
    return f"Now {said(worst.value, rule.unit)}{of}: {verdict}."


async def tried_own(measures: OwnMeasures, condition: str, now: datetime) -> str:
    """What a condition says. Raises BadInput."""
    rule = OwnRule("", "test", condition, "info", True, now)
    read = rule.read()
    quantities = {one.quantity for one in comparisons(read)}
    measures.checked(quantities)
    values = await measures.asked(quantities)
    holds = judged(read, values)
    verdict = "not known yet" if holds is None else "it would be raised" if holds else "it would not be raised"
    return f"Now {now_words(read, values)}: {verdict}."
