"""What is written down of an account's margin: deficits, when they were met, and violations; rows are added and never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from qv_desktop.domain.cash_settlement import FREE_RIDING, GOOD_FAITH, Violation
from qv_desktop.domain.margin import Deficit, MarginTerms
from qv_desktop.domain.trading_days import TradingDays

DEFICIT, MET = "deficit", "met"
KINDS = (DEFICIT, MET, GOOD_FAITH, FREE_RIDING)


@dataclass(frozen=True, slots=True)
class MarginEvent:
    """One row: ``key`` is the deficit's day or the violation's order, ``amount`` in dollars; ``actor`` is empty for the program."""

    kind: str
    at: datetime
    day: date
    key: str
    amount: Decimal
    symbol: str = ""
    words: str = ""
    actor: str = ""


def deficits(
    events: Iterable[MarginEvent], terms: MarginTerms, days: TradingDays, bases: Mapping[date, Decimal]
) -> tuple[Deficit, ...]:
    """Each day's largest deficit with what became of it, newest first; ``bases`` are the levels at the ends of their days."""
    found: dict[date, Deficit] = {}
    for one in sorted(events, key=lambda event: event.at):
        known = found.get(one.day)
        if one.kind == DEFICIT and (known is None or one.amount > known.amount):
            made = Deficit(one.day, one.amount, one.at, days.later(one.day, terms.deadline_days),
                           days.later(one.day, terms.outstanding_days), one.words, bases.get(one.day))  # fmt: skip
            found[one.day] = made if known is None else replace(made, met=known.met, said=known.said)
        elif one.kind == MET and known is not None and known.met is None:
            found[one.day] = replace(known, met=one.at, said=one.actor)
    return tuple(found[day] for day in sorted(found, reverse=True))


def violations(events: Iterable[MarginEvent]) -> tuple[Violation, ...]:
    """Each order's violations once, newest first."""
    kept: dict[tuple[str, str], Violation] = {}
    for one in events:
        if one.kind in (GOOD_FAITH, FREE_RIDING):
            kept.setdefault((one.key, one.kind), Violation(one.key, one.symbol, one.kind, one.at, one.day, one.amount))
    return tuple(sorted(kept.values(), key=lambda violation: violation.at, reverse=True))


def of_violation(violation: Violation) -> MarginEvent:
    """The row of a violation."""
    return MarginEvent(violation.kind, violation.at, violation.day, violation.order, violation.amount, violation.symbol)
