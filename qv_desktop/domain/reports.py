"""A report as values: a title, facts and sections of a table each, whatever it is written as."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.breaks import STATES, BreakItem, standing
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances, Uncompared

type Cells = tuple[str, ...]

FORMS = ("csv", "json", "html", "pdf")  # what a report can be written as
RUN_COLUMNS = ("Section", "Key", "Severity", "Internal", "External", "Difference", "At risk", "Proposed entry")
ITEM_COLUMNS = ("Key", "Class", "Internal", "External", "Difference", "At risk", "First seen", "Last found", "Owner", "State", "Decision",
                "Signed off")  # fmt: skip
FIGURES = frozenset({"Internal", "External", "Difference", "At risk", "Runs", "With breaks", "Most breaks", "Most at risk", "Matched",
                     "Breaks"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A table under a title; ``note`` stands where there are no rows."""

    title: str
    columns: Cells
    rows: tuple[Cells, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. ``facts`` are what its header names, ``verdict`` is one sentence, ``good`` whether that is a good one."""

    title: str
    subtitle: str
    verdict: str
    good: bool
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    @property
    def hash(self) -> str:
        """SHA-256 over everything that is told."""
        told = [
            self.title,
            self.subtitle,
            self.verdict,
            self.facts,
            [(s.title, s.columns, s.rows, s.note) for s in self.sections],
        ]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Span:
    """What a report over time holds; from ``start`` up to ``end``, of one account or of all."""

    start: datetime
    end: datetime
    account: str  # as it is shown; "" is every account
    by: str
    at: datetime
    days: tuple[Day, ...]
    items: tuple[BreakItem, ...]
    runs: tuple[RunLine, ...]
    cut: bool = False  # whether there were more runs than are held


def of_run(run: Reconciliation) -> Document:
    """The report of one comparison, its breaks by class."""
    facts = (
        ("Run", run.id), ("As of", stamp(run.at)), ("Account", run.account), ("Operator", run.operator), ("Reason", run.reason),
        ("Our books read at", precise(run.local_at)), ("Broker's books read at", precise(run.broker_at)),
        ("Sources", "this program's journal; the broker's account, positions, orders and activities"),
        ("Tolerances", tolerances(run.tolerances)),
        ("Matched", f"{run.matched:,} rows"), ("Input hash", run.input_hash),
    )  # fmt: skip
    said = verdict(len(run.breaks), run.at_risk, len(run.uncompared))
    return Document("Reconciliation", f"Account {run.account} as of {stamp(run.at)}", said, run.passed, facts,
                    (*_by_class(run.breaks), *_not_compared(run.uncompared)))  # fmt: skip


def of_span(span: Span) -> Document:
    """The report over a span of time: each day, what became of each break, and the comparisons that said something new."""
    open_ = [item for item in span.items if not item.closed]
    at_risk = sum((item.at_risk for item in open_), Decimal(0))
    said = f"{len(span.items):,} breaks in the span, {len(open_):,} not closed, {money(at_risk)} at risk."
    facts = (
        ("From", stamp(span.start)), ("Up to", stamp(span.end)), ("Account", span.account or "every account"), ("Operator", span.by),
        ("Made at", stamp(span.at)), ("Sources", "the stored comparisons and the break queue"),
        ("Comparisons", f"{sum(day.runs for day in span.days):,}, of which {sum(day.failed for day in span.days):,} found breaks"),
    )  # fmt: skip
    sections = (_days(span.days), *_items(span.items), _runs(span.runs, cut=span.cut))
    whose = f"Account {span.account}" if span.account else "Every account"
    return Document(
        "Reconciliation over time",
        f"{whose}, {stamp(span.start)} to {stamp(span.end)}",
        said,
        not open_,
        facts,
        sections,
    )


def verdict(count: int, at_risk: Decimal, uncompared: int = 0) -> str:
    """What a run came to, in one sentence; what was not compared does not match."""
    if count:
        return f"{count:,} break{'' if count == 1 else 's'}, {money(at_risk)} at risk."
    return f"Everything that was compared matches; {uncompared} was not." if uncompared else "Everything matches."


def tolerances(limits: Tolerances) -> str:
    """What was let pass as no difference."""
    return f"{limits.quantity:f} sh · ${limits.price:f} a share · ${limits.cash:f} in cash"


def money(amount: Decimal) -> str:
    """Dollars and cents."""
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


def stamp(moment: datetime) -> str:
    """UTC to the second, with New York's time beside it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC ({moment.astimezone(NEW_YORK):%H:%M:%S} ET)"


def precise(moment: datetime) -> str:
    """UTC to the millisecond."""
    return f"{moment.isoformat(sep=' ', timespec='milliseconds')[:23]} UTC"


def short(moment: datetime | None) -> str:
    """New York's day and time."""
    return "—" if moment is None else f"{moment.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"


def _not_compared(rows: Sequence[Uncompared]) -> tuple[Section, ...]:
    cells = tuple((one.section, one.key, one.why) for one in rows)
    return (Section("Not compared", ("Section", "Key", "Why"), cells),) if cells else ()


def _by_class(breaks: Sequence[Break]) -> tuple[Section, ...]:
    if not breaks:
        return (Section("Breaks", RUN_COLUMNS, (), "No differences in what was compared."),)
    classes = sorted({found.kind for found in breaks})
    return tuple(
        _section(kind.capitalize(), RUN_COLUMNS, map(_break, (b for b in breaks if b.kind == kind))) for kind in classes
    )


def _section(title: str, columns: Cells, rows: Iterable[Cells]) -> Section:
    kept = tuple(rows)
    return Section(f"{title} · {len(kept):,}", columns, kept)


def _break(found: Break) -> Cells:
    return (found.section, found.key, found.severity, found.internal, found.external, found.difference, money(found.at_risk),
            found.proposal)  # fmt: skip


def _days(days: Sequence[Day]) -> Section:
    rows = ((str(d.day), f"{d.runs:,}", f"{d.failed:,}", f"{d.most:,}", money(d.most_at_risk)) for d in days)
    columns = ("Day", "Runs", "With breaks", "Most breaks", "Most at risk")
    return Section("Days", columns, tuple(rows), "No comparison was made in this span.")


def _items(items: Sequence[BreakItem]) -> tuple[Section, ...]:
    if not items:
        return (Section("Breaks", ITEM_COLUMNS, (), "No break was there in this span."),)
    return tuple(
        _section(f"Breaks: {name.lower()}", ITEM_COLUMNS, map(_item, (i for i in items if i.state == state)))
        for state, name in STATES.items()
        if any(item.state == state for item in items)
    )


def _item(item: BreakItem) -> Cells:
    decision = f"{item.reason} ({item.decided_by}, {short(item.decided_at)})" if item.decided_by else "—"
    signature = f"{item.signed_by}, {short(item.signed_at)}" if item.signed_by else "—"
    return (f"{item.key} ({item.section})", item.kind, item.internal, item.external, item.difference, money(item.at_risk),
            short(item.first_seen), short(item.last_seen), item.owner or "—", standing(item), decision, signature)  # fmt: skip


def _runs(runs: Sequence[RunLine], *, cut: bool) -> Section:
    columns = ("As of ET", "Run", "Account", "Operator", "Reason", "Matched", "Breaks", "At risk")
    rows = (
        (short(r.at), r.id[:12], r.account, r.operator, r.reason, f"{r.matched:,}", f"{r.breaks:,}", money(r.at_risk))
        for r in runs
    )
    title = "Comparisons that said something new" + (f", the newest {len(runs):,}" if cut else "")
    return Section(title, columns, tuple(rows), "None in this span.")
