"""A report as values: a title, facts and sections of a table each, whatever it is written as."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.breaks import STATES, BreakItem, standing
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances, Uncompared
from qv_desktop.domain.report_values import Value, figure

type Cells = tuple[str, ...]
type Values = tuple[Value, ...]

FORMS = ("csv", "json", "html", "pdf", "xlsx")  # what a report can be written as
RUN_COLUMNS = ("Section", "Key", "Severity", "Internal", "External", "Difference", "At risk", "Proposed entry")
ITEM_COLUMNS = ("Key", "Class", "Internal", "External", "Difference", "At risk", "First seen", "Last found", "Owner", "State", "Decision",
                "Signed off")  # fmt: skip
FIGURES = frozenset({"Internal", "External", "Difference", "At risk", "Runs", "With breaks", "Most breaks", "Most at risk", "Matched",
                     "Breaks", "Shares", "Share", "Beta", "Days to leave", "Names", "Confidence", "Days", "Observations", "Exceptions",
                     "Expected", "Kupiec", "Kupiec p", "Christoffersen", "Christoffersen p", "Used", "At most", "Count", "Times",
                     "Positions", "Backtest shares", "Backtest price", "Wanted", "Live shares", "Live price", "Late, s", "Slip, bps",
                     *(f"{name}, $" for name in ("Amount", "Delay", "Execution", "Price", "Allowed for", "Quantity", "Fees",
                                                 "Total", "Value", "Long", "Short", "Net", "Gross", "VaR", "Shortfall", "P&L",
                                                 "Its P&L", "Today", "Open", "Realised"))})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A table under a title; ``note`` stands where there are no rows. ``values`` are the rows before they were put into words."""

    title: str
    columns: Cells
    rows: tuple[Cells, ...]
    note: str = ""
    values: tuple[Values, ...] = ()

    @property
    def typed(self) -> tuple[Values, ...]:
        """The rows as values, or as they read when that is all there is."""
        return self.values or self.rows


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. ``facts`` are what its header names, ``verdict`` is one sentence, ``good`` whether that is a good one.

    ``exact`` are those of the facts that are no texts, by name.
    """

    title: str
    subtitle: str
    verdict: str
    good: bool
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    exact: tuple[tuple[str, Value], ...] = ()

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
    exact = (
        ("As of", run.at),
        ("Our books read at", run.local_at),
        ("Broker's books read at", run.broker_at),
        ("Matched", run.matched),
    )
    return Document("Reconciliation", f"Account {run.account} as of {stamp(run.at)}", said, run.passed, facts,
                    (*_by_class(run.breaks), *_not_compared(run.uncompared)), exact)  # fmt: skip


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
    sections = (_totals(span), _days(span.days), *_items(span.items), _runs(span.runs, cut=span.cut))
    whose = f"Account {span.account}" if span.account else "Every account"
    return Document(
        "Reconciliation over time",
        f"{whose}, {stamp(span.start)} to {stamp(span.end)}",
        said,
        not open_,
        facts,
        sections,
        (("From", span.start), ("Up to", span.end), ("Made at", span.at)),
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
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({moment.astimezone(NEW_YORK):%H:%M:%S} ET)"


def precise(moment: datetime) -> str:
    """UTC to the millisecond."""
    return f"{moment.astimezone(UTC).isoformat(sep=' ', timespec='milliseconds')[:23]} UTC"


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
    by_class = ((kind.capitalize(), [found for found in breaks if found.kind == kind]) for kind in classes)
    return tuple(_section(title, RUN_COLUMNS, map(_break, some), map(_break_values, some)) for title, some in by_class)


def _section(title: str, columns: Cells, rows: Iterable[Cells], values: Iterable[Values]) -> Section:
    kept = tuple(rows)
    return Section(f"{title} · {len(kept):,}", columns, kept, values=tuple(values))


def _break(found: Break) -> Cells:
    return (found.section, found.key, found.severity, found.internal, found.external, found.difference, money(found.at_risk),
            found.proposal)  # fmt: skip


def _break_values(found: Break) -> Values:
    return (found.section, found.key, found.severity, figure(found.internal), figure(found.external), figure(found.difference),
            found.at_risk, found.proposal)  # fmt: skip


def _totals(span: Span) -> Section:
    """How many breaks of the span are in which state, and what they put at risk; the last row is all of them."""
    by_state = [(name, [i for i in span.items if i.state == state]) for state, name in STATES.items()]
    counted = [(name, some) for name, some in by_state if some]
    values = tuple(
        (name, len(some), sum((i.at_risk for i in some), Decimal(0))) for name, some in (*counted, ("All", span.items))
    )
    rows = tuple((name, f"{count:,}", money(at_risk)) for name, count, at_risk in values)
    return Section("Totals", ("Breaks that are", "Breaks", "At risk"), rows, values=values)


def _days(days: Sequence[Day]) -> Section:
    rows = ((str(d.day), f"{d.runs:,}", f"{d.failed:,}", f"{d.most:,}", money(d.most_at_risk)) for d in days)
    columns = ("Day", "Runs", "With breaks", "Most breaks", "Most at risk")
    values = tuple((d.day, d.runs, d.failed, d.most, d.most_at_risk) for d in days)
    return Section("Days", columns, tuple(rows), "No comparison was made in this span.", values)


def _items(items: Sequence[BreakItem]) -> tuple[Section, ...]:
    if not items:
        return (Section("Breaks", ITEM_COLUMNS, (), "No break was there in this span."),)
    by_state = ((name.lower(), [item for item in items if item.state == state]) for state, name in STATES.items())
    return tuple(
        _section(f"Breaks: {name}", ITEM_COLUMNS, map(_item, some), map(_item_values, some))
        for name, some in by_state
        if some
    )


def _item(item: BreakItem) -> Cells:
    decision, signature = _decision(item), f"{item.signed_by}, {short(item.signed_at)}" if item.signed_by else "—"
    return (f"{item.key} ({item.section})", item.kind, item.internal, item.external, item.difference, money(item.at_risk),
            short(item.first_seen), short(item.last_seen), item.owner or "—", standing(item), decision, signature)  # fmt: skip


def _item_values(item: BreakItem) -> Values:
    texts = _item(item)
    return (*texts[:2], figure(item.internal), figure(item.external), figure(item.difference), item.at_risk, item.first_seen,
            item.last_seen, *texts[8:])  # fmt: skip


def _decision(item: BreakItem) -> str:
    return f"{item.reason} ({item.decided_by}, {short(item.decided_at)})" if item.decided_by else "—"


def _runs(runs: Sequence[RunLine], *, cut: bool) -> Section:
    columns = ("As of ET", "Run", "Account", "Operator", "Reason", "Matched", "Breaks", "At risk")
    rows = (
        (short(r.at), r.id[:12], r.account, r.operator, r.reason, f"{r.matched:,}", f"{r.breaks:,}", money(r.at_risk))
        for r in runs
    )
    values = tuple((r.at, r.id, r.account, r.operator, r.reason, r.matched, r.breaks, r.at_risk) for r in runs)
    title = "Comparisons that said something new" + (f", the newest {len(runs):,}" if cut else "")
    return Section(title, columns, tuple(rows), "None in this span.", values)
