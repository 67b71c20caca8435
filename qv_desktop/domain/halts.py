"""Halts as stretches of time: from when to when trading in a symbol was stopped, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qv_desktop.domain.market import Halt


@dataclass(frozen=True, slots=True)
class Stop:
    """Trading stood still from ``start`` to ``end`` (ns); it still does when that is None."""

    start: int
    end: int | None
    reason: str


def continued(stops: Sequence[Stop], heard: Halt) -> tuple[Stop, ...]:
    """``stops``, oldest first, with a halt or resumption in it.

    A halt that is told again keeps its start and takes the newer reason. News from before the last stop's end, and a resumption
    of what was not heard to stop, change nothing.
    """
    last = stops[-1] if stops else None
    if last is not None and heard.at < (last.start if last.end is None else last.end):
        return tuple(stops)
    if last is not None and last.end is None:
        now = replace(last, reason=heard.reason or last.reason) if heard.halted else replace(last, end=heard.at)
        return (*stops[:-1], now)
    return (*stops, Stop(heard.at, None, heard.reason)) if heard.halted else tuple(stops)
