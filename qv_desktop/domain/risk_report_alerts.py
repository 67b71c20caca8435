"""What the day's risk report says of alerts: those of the day, and everything that was done about them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.reports import Section, Values
from qv_desktop.domain.risk_report_cells import section

PAST = ("At ET", "What", "Severity", "Alert", "Text", "By")


class Deed(Protocol):
    """What was done about an alert: by whom, when, and in which words."""

    @property
    def at(self) -> datetime: ...
    @property
    def actor(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def words(self) -> str: ...


class Told(Protocol):
    """The alert that it was done about."""

    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def words(self) -> str: ...


class Line(Protocol):
    """A line of the alerts' history."""

    @property
    def done(self) -> Deed: ...
    @property
    def alert(self) -> Told: ...


def past_told(lines: Iterable[Line]) -> tuple[Values, ...]:
    """The history under ``PAST``, oldest first."""
    ordered = sorted(lines, key=lambda line: line.done.at)
    return tuple(
        (one.done.at, one.done.what, one.alert.severity, one.alert.title, one.done.words or one.alert.words, one.done.actor)
        for one in ordered
    )  # fmt: skip


def alerts_of(alerts: Sequence[Notice]) -> Section:
    """The notices of the day."""
    values = tuple((one.at, one.urgency, one.title, one.text, one.count, one.acknowledged_by or None) for one in alerts)
    return section(
        f"Alerts · {len(values):,}",
        ("At ET", "Severity", "Alert", "Text", "Times", "Acknowledged by"),
        values,
        "None on this day.",
    )


def past_of(past: Sequence[Values] | None) -> Section:
    """The history under ``PAST``; None where the person may not read it."""
    if past is None:
        return section(
            "History of alerts", PAST, (), "Your role may not read the alerts' history; ask an Admin for this part."
        )
    return section(f"History of alerts · {len(past):,}", PAST, past, "Nothing was done about alerts on this day.")
