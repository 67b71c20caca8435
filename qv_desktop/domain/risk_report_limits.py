"""What the day's risk report says of limits: how far each is used, and which are in force."""

import math
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal

from qv_desktop.domain import limit_words
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.reports import Section
from qv_desktop.domain.risk import Measures
from qv_desktop.domain.risk_report_cells import section


def usage(measures: Measures | None) -> Section:
    """How far each measure is to its limit."""
    gauges = tuple(
        (g.title, g.value, g.limit, Decimal(f"{g.used:.4f}") if math.isfinite(g.used) else None, _standing(g.used))
        for g in (measures.gauges if measures else ())
    )
    return section(
        "Limits and usage", ("Measure", "Value", "Limit", "Used", "Standing"), gauges, "No measure is known yet."
    )


def in_force(limits: Limits, set_by: Callable[[str], str]) -> Section:
    """Every limit, and which scope set it."""
    values = tuple(
        (
            limit_words.title(name),
            getattr(limits, name),
            limit_words.told(name, getattr(limits, name)),
            set_by(name) or None,
        )
        for name in (field.name for field in fields(limits))
    )
    return section("Limits in force", ("Limit", "At most", "In words", "Set by"), values)


def _standing(used: float) -> str:
    return "reached" if used >= 1 else "near" if used >= 0.8 else "within"
