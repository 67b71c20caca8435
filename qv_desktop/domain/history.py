"""Questions to a vendor's history: what is asked, how far it is, and what is known to be complete."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type RequestState = Literal["waiting", "asking", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """One question on its way. ``fraction`` goes from 0 to 1; ``detail`` says what it waits for, or why it failed."""

    id: int
    label: str  # such as "AAPL 1m"
    vendor: str
    state: RequestState
    fraction: float
    detail: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` up to ``end``, in ns UTC."""

    start: int
    end: int


def missing(wanted: Span, known: list[Span]) -> list[Span]:
    """The parts of ``wanted`` that no span of ``known`` (any order, overlapping or not) covers, oldest first."""
    parts, at = list[Span](), wanted.start
    for span in sorted(known, key=lambda one: one.start):
        if span.start > at:
            parts.append(Span(at, min(span.start, wanted.end)))
        at = max(at, span.end)
        if at >= wanted.end:
            break
    if at < wanted.end:
        parts.append(Span(at, wanted.end))
    return [part for part in parts if part.start < part.end]
