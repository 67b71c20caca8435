"""Breaks in words: what each class means, and the columns of the queue, of a run's breaks and of earlier runs."""

from collections.abc import Callable
from datetime import datetime

from qv_desktop.domain.break_history import RunLine
from qv_desktop.domain.breaks import BreakItem, standing
from qv_desktop.domain.reconciliation import Break
from qv_desktop.ui import format as words
from qv_desktop.ui.models.table_model import Column

RANKS = {"high": 3, "medium": 2, "low": 1}
MEANINGS: dict[str, str] = {  # break class -> what it means in one sentence
    "missing here": "The broker has it and our books have no row for it.",
    "missing there": "Our books have it and the broker does not know it.",
    "quantity": "Both have it, with different quantities.",
    "price": "Both have it, at different prices.",
    "side": "Both have it, on opposite sides.",
    "status": "Both have it, in different states.",
    "duplicate": "One side has it twice.",
    "timing": "One side has it earlier than the other; it may settle by itself.",
    "external": "It was made outside this program.",
    "corporate action": "A split, a transfer or the like accounts for it.",
}
AGE = "Age"


def age_since(item: BreakItem, now: datetime) -> float | None:
    """Seconds since it is there without a pause; None once it is closed."""
    return None if item.closed else (now - item.opened).total_seconds()


def queue_columns(now: Callable[[], datetime]) -> list[Column[BreakItem]]:
    """The columns of the queue; ages are told by ``now``."""
    return [
        Column("Severity", lambda b: "Closed" if b.closed else b.severity.capitalize(), key=weight, raw=lambda b: b.severity,
               chip=lambda b: "draft" if b.closed else b.severity, width=82, whole=True),
        Column("Section", lambda b: section(b.section), width=74, color=lambda b: "TX1", shown=False),
        Column("Class", lambda b: meaning_of(b.kind), width=86, whole=True),
        Column("Key", named, raw=lambda b: b.key, bold=True, width=100, tip=lambda b: f"{section(b.section)} · {b.key}"),
        Column("Internal", lambda b: b.internal, right=True, width=76, tip=lambda b: b.internal),
        Column("External", lambda b: b.external, right=True, width=94, tip=lambda b: b.external),
        Column("Difference", lambda b: signed(b.difference), right=True, width=76, color=lambda b: difference_color(b.difference)),
        Column("At risk", lambda b: words.money(b.at_risk), key=lambda b: b.at_risk, right=True, width=82, whole=True),
        Column(AGE, lambda b: words.age(age_since(b, now())), key=lambda b: -b.opened.timestamp(), raw=lambda b: age_since(b, now()),
               right=True, width=46, aging=True, whole=True, tip=lambda b: f"First seen {stamp(b.first_seen)}"),
        Column("Owner", lambda b: b.owner or words.UNKNOWN, raw=lambda b: b.owner, width=58, tip=lambda b: b.owner),
        Column("State", standing, width=112, color=_state_color, tip=standing, whole=True),
        Column("Proposed entry", lambda b: b.proposal, width=110, stretch=True, color=lambda b: "TX1", tip=lambda b: b.proposal),
    ]  # fmt: skip


def break_columns() -> list[Column[Break]]:
    """The columns of one run's breaks."""
    return [
        Column("Severity", lambda b: b.severity.capitalize(), key=lambda b: (RANKS[b.severity], b.at_risk), raw=lambda b: b.severity,
               chip=lambda b: b.severity, width=74),
        Column("Key", lambda b: b.key, bold=True, width=66, tip=lambda b: f"{section(b.section)} · {b.key}"),
        Column("Internal", lambda b: b.internal, right=True, width=66, tip=lambda b: b.internal),
        Column("External", lambda b: b.external, right=True, width=76, tip=lambda b: b.external, stretch=True),
        Column("At risk", lambda b: words.money(b.at_risk), key=lambda b: b.at_risk, right=True, width=74),
    ]  # fmt: skip


def run_columns() -> list[Column[RunLine]]:
    """The columns of earlier runs."""
    return [
        Column("As of ET", lambda r: stamp(r.at), key=lambda r: r.at, width=150, whole=True),
        Column("Verdict", lambda r: "Passed" if r.passed else "Breaks", chip=lambda r: "ok" if r.passed else "medium", width=72),
        Column("Matched", lambda r: f"{r.matched:,}", key=lambda r: r.matched, right=True, width=66),
        Column("Breaks", lambda r: f"{r.breaks:,}", key=lambda r: r.breaks, right=True, width=60),
        Column("At risk", lambda r: words.money(r.at_risk), key=lambda r: r.at_risk, right=True, width=92),
        Column("Operator", lambda r: r.operator, width=76, tip=lambda r: r.operator),
        Column("Reason", lambda r: r.reason, width=90, stretch=True, color=lambda r: "TX2", tip=lambda r: r.reason),
        Column("Account", lambda r: r.account, width=84, shown=False),
        Column("Input", lambda r: r.input_hash[:8], mono=True, width=72, color=lambda r: "TX2", tip=lambda r: r.input_hash, shown=False),
    ]  # fmt: skip


_ONE = {"positions": "position", "open orders": "order", "fills": "fill"}


def named(item: BreakItem) -> str:
    """A key with what it is the key of; of long ones the end, for executions of one day begin alike."""
    key = item.key if len(item.key) <= 9 else f"…{item.key[-7:]}"
    return f"{key} {_ONE.get(item.section, '')}".strip()


def weight(item: BreakItem) -> tuple[object, ...]:
    """What a person should look at first: what is not closed, then by severity and dollars."""
    return not item.closed, RANKS[item.severity], item.at_risk


def section(name: str) -> str:
    """``open orders`` as the short word of a narrow column."""
    return name.removeprefix("open ").capitalize()


def meaning_of(kind: str) -> str:
    """A class with its capital."""
    return kind.capitalize()


def stamp(moment: datetime | None) -> str:
    """New York's day and time of day."""
    return words.UNKNOWN if moment is None else f"{words.day(moment)} {words.clock(moment)}"


def signed(difference: str) -> str:
    """The difference with the minus that stands as wide as a plus."""
    return difference.replace("-", words.MINUS, 1) if difference.startswith("-") else difference


def difference_color(difference: str) -> str:
    """Up, down, or quiet."""
    return {"+": "UP", "-": "DOWN", "−": "DOWN"}.get(difference[:1], "TX1")


def _state_color(item: BreakItem) -> str:
    return "TX2" if item.closed else "WARN" if item.waits else "TX0" if item.state == "open" else "TX1"
