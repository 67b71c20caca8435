"""The risk report of a day: what is in it, and how it reads, whatever it is written as."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qv_desktop.domain import risk_report_measures as measured
from qv_desktop.domain import risk_report_trail as trail
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.reports import Document, Section, Values, money, stamp
from qv_desktop.domain.risk import Measures
from qv_desktop.domain.risk_measures import RiskPicture
from qv_desktop.domain.risk_report_alerts import alerts_of, past_of
from qv_desktop.domain.risk_report_cells import section, signed
from qv_desktop.domain.risk_report_limits import in_force, usage
from qv_desktop.domain.risk_report_profits import profits


@dataclass(frozen=True, slots=True)
class RiskReport:
    """Everything that the report of a New York ``day`` tells, as it stood ``at``; ``rows`` are the trail's, newest first.

    ``rows`` is None where the person may not read them. ``margin`` and ``day_trades`` are names and values in words.
    """

    day: date
    at: datetime
    account: str  # masked
    environment: str
    by: str
    version: str  # of the program
    measures: Measures | None
    picture: RiskPicture | None
    limits: Limits
    rows: tuple[Entry, ...] | None
    alerts: tuple[Notice, ...]
    margin: tuple[tuple[str, str], ...] = ()
    day_trades: tuple[tuple[str, str], ...] = ()
    set_by: Callable[[str], str] = lambda name: ""  # which scope set a limit
    cut: bool = False  # whether there were more rows than were read
    past: tuple[Values, ...] | None = ()  # what was done about alerts, under PAST, oldest first; None as with rows
    recorded: date | None = None  # the day of ``rows`` and ``past``, where the market's clock is of another one


def of_day(told: RiskReport) -> Document:
    """The whole report."""
    picture, slow = told.picture, told.picture.slow if told.picture else None
    sections = (
        trail.states(told.rows),
        usage(told.measures),
        in_force(told.limits, told.set_by),
        trail.changes(told.rows),
        trail.breaches(told.rows),
        *trail.refusals(told.rows, cut=told.cut),
        *measured.exposures(picture),
        measured.vars_(slow),
        measured.backtests(slow),
        measured.stress(picture),
        _named("Margin", told.margin, "The margin is not known yet."),
        _named("Day trades", told.day_trades, "None are counted."),
        *profits(picture),
        alerts_of(told.alerts),
        past_of(told.past),
        *measured.missing(picture, slow),
    )
    subtitle = f"Account {told.account} on {told.day}, as of {stamp(told.at)}"
    said, good = verdict(told)
    return Document(
        "Risk of the day",
        subtitle,
        said,
        good,
        _facts(told),
        sections,
        (
            ("Day", told.day),
            ("Made at", told.at),
            *((("Equity", picture.equity),) if picture and picture.equity is not None else ()),
        ),
    )


def verdict(told: RiskReport) -> tuple[str, bool]:
    """What the day came to, in one sentence, and whether that is a good one."""
    passed = [gauge.title for gauge in told.measures.gauges if gauge.used >= 1] if told.measures else []
    refused = len(trail.refused(told.rows))
    state = told.measures.state if told.measures else "unknown"
    parts = [f"Trading is {state}"]
    parts.append(f"at or over its limit: {', '.join(passed)}" if passed else "no limit is reached")
    parts.append(
        "refusals are not told" if told.rows is None else f"{refused:,} order{'' if refused == 1 else 's'} refused"
    )
    return f"{'; '.join(parts)}.", not passed and state == "ACTIVE"


def _facts(told: RiskReport) -> tuple[tuple[str, str], ...]:
    picture, slow = told.picture, told.picture.slow if told.picture else None
    newest = told.rows[0] if told.rows else None
    history = f"{slow.first} to {slow.last}" if slow and slow.first and slow.last else "—"
    return (
        ("Account", told.account),
        ("Environment", told.environment),
        ("Day", str(told.day) + (f"; rows of {told.recorded}" if told.recorded else "")),
        ("Operator", told.by),
        ("Made at", stamp(told.at)),
        ("Book as of", stamp(picture.at) if picture else "—"),
        ("VaR as of", stamp(slow.at) if slow else "—"),
        ("History of", history),
        ("VaR is of", f"{slow.covered:.0%} of the gross" if slow and slow.vars else "—"),
        ("Equity", money(picture.equity) if picture and picture.equity is not None else "—"),
        ("Day P&L", signed(picture.profit.day) if picture else "—"),
        ("Sources", "the broker's balances; this program's positions, orders and audit trail; stored daily bars"),
        ("Program", f"QuantVision Desktop {told.version}"),
        ("Newest row", f"#{newest.sequence} {newest.hash}" if newest else "—"),
        ("Input hash", input_hash(told)),
    )


def input_hash(told: RiskReport) -> str:
    """SHA-256 over what the report was made of, before it was put into words."""
    rows = [row.hash for row in told.rows or ()]
    values = [
        str(told.picture),
        str(told.measures),
        str(told.limits),
        rows,
        told.margin,
        told.day_trades,
        str(told.alerts),
        str(told.past),
    ]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


def _named(title: str, pairs: Sequence[tuple[str, str]], note: str) -> Section:
    return section(title, ("What", "Is"), tuple(pairs), note)
