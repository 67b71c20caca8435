"""What the look-ahead check told of a strategy's code with certain parameters, and how a badge says it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from qv_desktop.domain.market import NEW_YORK, utc

type Outcome = Literal["passed", "fails", "unsteady", "unable"]


@dataclass(frozen=True, slots=True)
class LookAhead:
    """A check of the code with ``code_hash`` run with ``parameters``.

    ``bar`` is the place of the first bar whose signal changed when later bars became known and ``bar_at`` its time in ns, ``symbol``
    where several were run; ``shown`` bars were known when it still said something else. ``compared`` lengths could be compared and
    ``unable`` raised an error. ``reason`` says why a check could not be made.
    """

    code_hash: str
    parameters: tuple[tuple[str, float], ...]
    outcome: Outcome
    bar: int | None
    bar_at: int | None
    symbol: str
    shown: int
    compared: int
    unable: int
    bars: int
    reason: str
    at: datetime


def parameters_hash(parameters: Iterable[tuple[str, float]]) -> str:
    """SHA-256 of parameters by name, whatever their order."""
    return hashlib.sha256(json.dumps(sorted((name, float(value)) for name, value in parameters)).encode()).hexdigest()


def badge(check: LookAhead | None) -> tuple[str, str]:
    """The words of the badge, and the chip that they stand in."""
    if check is None:
        return "look-ahead not checked", "filled"
    if check.outcome == "passed":
        return "no look-ahead found", "working"
    if check.outcome == "fails":
        return f"looks ahead at bar {(check.bar or 0) + 1:,}", "rejected"
    if check.outcome == "unsteady":
        return "signals differ each time", "rejected"
    return "look-ahead not checked", "filled"


def word(check: LookAhead) -> str:
    """The badge where its column says already that it is about looking ahead."""
    return {"passed": "passed", "fails": f"fails at {(check.bar or 0) + 1:,}", "unsteady": "unsteady"}.get(
        check.outcome, "not checked"
    )


def explained(check: LookAhead | None) -> str:
    """The whole story in a few sentences, for a tool tip."""
    if check is None:
        return "The check runs by itself after the next backtest of this version."
    told = " ".join(f"{name} {value:g}" for name, value in check.parameters) or "no parameters"
    if check.outcome == "passed":
        return (f"With {told}, the signals of {check.compared:,} shorter histories of {check.bars:,} bars are those of the whole one. "
                "That is no proof, but every length that was tried agreed.")  # fmt: skip
    if check.outcome == "fails":
        when = f" ({utc(check.bar_at).astimezone(NEW_YORK):%Y-%m-%d %H:%M})" if check.bar_at is not None else ""
        whose = f" of {check.symbol}" if check.symbol else ""
        return (f"With {told}, the signal of bar {(check.bar or 0) + 1:,}{whose}{when} was another while only {check.shown:,} of "
                f"{check.bars:,} bars were known. It uses bars that came later, so its results cannot be traded.")  # fmt: skip
    if check.outcome == "unsteady":
        return f"With {told}, the same bars gave other signals the second time; draw random numbers from a fixed seed."
    return f"With {told}, the check could not be made: {check.reason}"
