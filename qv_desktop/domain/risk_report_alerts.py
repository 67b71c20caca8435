"""What the day's risk report says of alerts: everything that was done about them, oldest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.reports import Values


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
    """The history under ``risk_report.PAST``, oldest first."""
    ordered = sorted(lines, key=lambda line: line.done.at)
    return tuple(
        (one.done.at, one.done.what, one.alert.severity, one.alert.title, one.done.words or one.alert.words, one.done.actor)
        for one in ordered
    )  # fmt: skip
