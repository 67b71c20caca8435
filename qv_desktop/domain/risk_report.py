"""The risk report of a day: what is in it, and how it reads, whatever it is written as."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from qv_desktop.domain import limit_words
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.report_values import Value
from qv_desktop.domain.reports import Cells, Document, Section, Values, money, stamp
from qv_desktop.domain.risk import Measures
from qv_desktop.domain.risk_measures import Missing, PositionLine, RiskPicture, SlowMeasures

CENT, MOST = Decimal("0.01"), 20  # MOST: losers and winners that are listed


PAST = ("At ET", "What", "Severity", "Alert", "Text", "By")


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
        _states(told),
        *_limits(told),
        _breaches(told),
        *_refusals(told),
        *_exposures(picture),
        _vars(slow),
        _backtests(slow),
        _stress(picture),
        _named("Margin", told.margin, "The margin is not known yet."),
        _named("Day trades", told.day_trades, "None are counted."),
        *_profits(picture),
        _alerts(told.alerts),
        _past(told.past),
        *_missing(picture, slow),
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
    refused = len(_refused(told))
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
        ("Day P&L", _signed(picture.profit.day) if picture else "—"),
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


# ---- states, limits, refusals


def _states(told: RiskReport) -> Section:
    rows = [row for row in reversed(told.rows or ()) if row.draft.action in STATES]
    values = tuple(
        (row.at, row.draft.action.removeprefix("risk.").upper(), row.draft.actor.name, row.draft.reason) for row in rows
    )
    note = "Nobody changed the trading state on this day." if told.rows is not None else UNREAD
    return section("State history", ("At ET", "State", "By", "Reason"), values, note)


STATES = ("risk.active", "risk.reducing", "risk.halted")
LIMITS = ("risk.limit", "risk.restrict")  # how the actions begin that change limits
UNREAD = "Your role may not read the audit trail; ask an Admin for this part."


def _limits(told: RiskReport) -> tuple[Section, ...]:
    gauges = tuple(
        (g.title, g.value, g.limit, Decimal(f"{g.used:.4f}") if math.isfinite(g.used) else None, _standing(g.used))
        for g in (told.measures.gauges if told.measures else ())
    )
    force = tuple(
        (
            limit_words.title(name),
            getattr(told.limits, name),
            limit_words.told(name, getattr(told.limits, name)),
            told.set_by(name) or None,
        )
        for name in (field.name for field in fields(told.limits))
    )
    changes = tuple(
        (
            row.at,
            row.draft.actor.name,
            row.draft.action,
            row.draft.outcome,
            changed(row.draft.before, row.draft.after),
            row.draft.reason,
        )
        for row in reversed(told.rows or ())
        if row.draft.action.startswith(LIMITS)
    )
    return (
        section(
            "Limits and usage", ("Measure", "Value", "Limit", "Used", "Standing"), gauges, "No measure is known yet."
        ),
        section("Limits in force", ("Limit", "At most", "In words", "Set by"), force),
        section(
            "Changes of limits",
            ("At ET", "By", "Action", "Outcome", "What", "Reason"),
            changes,
            "No limit was changed on this day." if told.rows is not None else UNREAD,
        ),
    )


def _breaches(told: RiskReport) -> Section:
    """What else was written down about risk and margin: limits that were reached, cooldowns, deficits, what a person set anew."""
    values = tuple(
        (row.at, row.draft.action.partition(".")[2].replace("_", " "), f"{row.draft.object_type} {row.draft.object_id}".strip(),
         row.draft.actor.name, row.draft.reason or changed(row.draft.before, row.draft.after))
        for row in reversed(told.rows or ())
        if row.draft.action.startswith(("risk.", "margin.")) and row.draft.action not in STATES
        and not row.draft.action.startswith(LIMITS)
    )  # fmt: skip
    note = "Nothing was reached or set anew on this day." if told.rows is not None else UNREAD
    return section("Breaches", ("At ET", "What", "Of", "By", "Words"), values, note)


def _standing(used: float) -> str:
    return "reached" if used >= 1 else "near" if used >= 0.8 else "within"


def changed(before: str, after: str) -> str:
    """The fields of two JSON objects that differ, in a line; nothing where they cannot be told."""
    try:
        was, now = json.loads(before or "{}"), json.loads(after or "{}")
    except ValueError:
        return ""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return ""
    return ", ".join(f"{name} {was.get(name, '—')} → {value}" for name, value in now.items() if was.get(name) != value)


def _refused(told: RiskReport) -> list[Entry]:
    return [
        row for row in reversed(told.rows or ()) if row.draft.outcome == "refused" and row.draft.object_type == "order"
    ]


def _refusals(told: RiskReport) -> tuple[Section, Section]:
    rows = _refused(told)
    by_rule: dict[str, list[Entry]] = {}
    for row in rows:
        for code in failed(row) or ["TRADING_STATE"]:
            by_rule.setdefault(code, []).append(row)
    counts = tuple(
        (code, len(some), some[0].at, some[-1].at)
        for code, some in sorted(by_rule.items(), key=lambda item: -len(item[1]))
    )
    note = "No order was refused on this day." if told.rows is not None else UNREAD
    each = tuple(_refusal(row) for row in rows)
    title = f"Refused orders · {len(each):,}" + (", the newest" if told.cut else "")
    return (
        section("Refusals by rule", ("Rule", "Count", "First ET", "Last ET"), counts, note),
        section(title, ("At ET", "By", "Symbol", "Side", "Quantity", "Rules", "Reason", "Order"), each, note),
    )


def failed(row: Entry) -> list[str]:
    """The codes of the rules that said no to the order of an audit row."""
    checks = _after(row).get("checks")
    told = [check for check in checks if isinstance(check, dict)] if isinstance(checks, list) else []
    return [str(check.get("code")) for check in told if check.get("passed") is False]


def _after(row: Entry) -> dict[str, object]:
    try:
        found = json.loads(row.draft.after or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(row: Entry) -> Values:
    after = _after(row)
    return (
        row.at,
        row.draft.actor.name,
        str(after.get("symbol", "—")),
        str(after.get("side", "—")),
        str(after.get("quantity", "—")),
        ", ".join(failed(row)) or "TRADING_STATE",
        row.draft.reason,
        row.draft.object_id,
    )


# ---- exposure, VaR, stress


def _exposures(picture: RiskPicture | None) -> tuple[Section, Section]:
    names = tuple(
        (
            line.symbol,
            line.sector,
            line.quantity,
            _cents(line.value),
            _part(line.share),
            _rough(line.beta),
            _rough(line.liquidity_days),
        )
        for line in (picture.positions if picture else ())
        if line.quantity
    )
    sectors = tuple(
        (one.name, one.names, _cents(one.long), _cents(one.short), _cents(one.net), _cents(one.gross), _part(one.share))
        for one in (picture.sectors if picture else ())
    )
    flat = "No positions are held." if picture else "Not measured yet."
    return (
        section(
            f"Exposure by name · {len(names):,}",
            ("Name", "Sector", "Shares", "Value, $", "Share", "Beta", "Days to leave"),
            names,
            flat,
        ),
        section(
            "Exposure by sector",
            ("Sector", "Names", "Long, $", "Short, $", "Net, $", "Gross, $", "Share"),
            sectors,
            flat,
        ),
    )


def _vars(slow: SlowMeasures | None) -> Section:
    values = tuple(
        (
            var.method.value,
            _part(var.confidence),
            var.days,
            _cents(var.var),
            _cents(var.shortfall),
            var.observations,
            var.horizon.value,
        )
        for var in (slow.vars if slow else ())
    )
    return section(
        "Value at risk and expected shortfall",
        ("Method", "Confidence", "Days", "VaR, $", "Shortfall, $", "Observations", "Horizon"),
        values,
        _why(slow, "VaR", "Value at risk", "history") or "Not measured yet.",
    )


def _backtests(slow: SlowMeasures | None) -> Section:
    values = tuple(
        (
            one.method.value,
            one.basis.value,
            _part(one.confidence),
            one.days,
            one.exceptions,
            _rough(one.expected),
            _rough(one.kupiec),
            _chance(one.kupiec_p),
            _rough(one.christoffersen),
            _chance(one.christoffersen_p),
            one.zone.value,
            one.sentence,
        )
        for one in (slow.backtests if slow else ())
    )
    columns = (
        "Method",
        "Days of",
        "Confidence",
        "Days",
        "Exceptions",
        "Expected",
        "Kupiec",
        "Kupiec p",
        "Christoffersen",
        "Christoffersen p",
        "Verdict",
        "In words",
    )
    return section("VaR against what days brought", columns, values, "No day of history to hold the VaR against yet.")


def _stress(picture: RiskPicture | None) -> Section:
    results = sorted(picture.stress if picture else (), key=lambda one: one.profit)
    values = tuple(
        (
            one.scenario.name,
            one.scenario.when or None,
            _cents(one.profit),
            _part(one.share),
            one.lines[0].symbol if one.lines else None,
            _cents(one.lines[0].profit) if one.lines else None,
            "own" if one.scenario.custom else one.scenario.source,
        )
        for one in results
    )
    return section(
        "Stress",
        ("Scenario", "When", "P&L, $", "Share", "Worst name", "Its P&L, $", "Source"),
        values,
        "No scenario was tried yet.",
    )


# ---- margin, profit, alerts, what is missing


def _named(title: str, pairs: Sequence[tuple[str, str]], note: str) -> Section:
    return section(title, ("What", "Is"), tuple(pairs), note)


def _profits(picture: RiskPicture | None) -> tuple[Section, ...]:
    lines = [line for line in (picture.positions if picture else ()) if line.today is not None]
    lines.sort(key=lambda line: line.today or Decimal(0))

    def rows(some: Iterable[PositionLine]) -> tuple[Values, ...]:
        return tuple(
            (one.symbol, one.sector, _cents(one.today), _cents(one.unrealised), _cents(one.realised)) for one in some
        )

    losers = [line for line in lines if (line.today or 0) < 0][:MOST]
    winners = [line for line in reversed(lines) if (line.today or 0) > 0][:MOST]
    columns = ("Name", "Sector", "Today, $", "Open, $", "Realised, $")
    earned = tuple(
        (one.name, _cents(one.total), _cents(one.realised), _cents(one.unrealised), one.positions)
        for one in (picture.profit.by_strategy if picture else ())
    )
    return (
        section("Largest losers", columns, rows(losers), "No position lost today."),
        section("Largest winners", columns, rows(winners), "No position gained today."),
        section(
            "P&L by strategy",
            ("Strategy", "Total, $", "Realised, $", "Open, $", "Positions"),
            earned,
            "Nothing was traded today.",
        ),
    )


def _alerts(alerts: Sequence[Notice]) -> Section:
    values = tuple((one.at, one.urgency, one.title, one.text, one.count, one.acknowledged_by or None) for one in alerts)
    return section(
        f"Alerts · {len(values):,}",
        ("At ET", "Severity", "Alert", "Text", "Times", "Acknowledged by"),
        values,
        "None on this day.",
    )


def _past(past: Sequence[Values] | None) -> Section:
    if past is None:
        return section(
            "History of alerts", PAST, (), "Your role may not read the alerts' history; ask an Admin for this part."
        )
    return section(f"History of alerts · {len(past):,}", PAST, past, "Nothing was done about alerts on this day.")


def _missing(picture: RiskPicture | None, slow: SlowMeasures | None) -> tuple[Section, ...]:
    told: list[Missing] = [*(picture.missing if picture else ()), *(slow.missing if slow else ())]
    values = tuple(dict.fromkeys((one.what, one.why) for one in told))
    return (section("What is missing", ("What", "Why"), values),) if values else ()


def _why(slow: SlowMeasures | None, *words: str) -> str:
    told = slow.missing if slow else ()
    return next(
        (f"{one.what}: {one.why}" for one in told if any(word.casefold() in one.what.casefold() for word in words)), ""
    )


# ---- values and their words


def section(title: str, columns: Cells, values: Sequence[Values], note: str = "") -> Section:
    """A section whose rows read as their values do."""
    kept = tuple(values)
    rows = tuple(tuple(words(name, value) for name, value in zip(columns, row, strict=True)) for row in kept)
    return Section(title, columns, rows, note, kept)


def words(name: str, value: Value) -> str:
    """A value as it reads under the column ``name``; unknown is a dash."""
    if value is None or value == "":
        return "—"
    if isinstance(value, datetime):
        return f"{value.astimezone(NEW_YORK):%H:%M:%S}"
    if isinstance(value, Decimal):
        if name in ("Share", "Confidence", "Used"):
            return f"{value * 100:.1f}%"
        if name.endswith(", $"):
            return f"{value:,.2f}"
        plain = f"{value:,f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{value:,}" if isinstance(value, int) else str(value)


def _cents(value: Decimal | float | None) -> Decimal | None:
    if value is None or not math.isfinite(value):
        return None
    return Decimal(repr(value) if isinstance(value, float) else value).quantize(CENT) + 0  # and never −0


def _part(value: float | None) -> Decimal | None:
    return None if value is None or not math.isfinite(value) else Decimal(f"{value:.6f}").normalize() + 0


def _rough(value: float | None) -> Decimal | None:
    return None if value is None or not math.isfinite(value) else Decimal(f"{value:.2f}")


def _chance(value: float | None) -> Decimal | None:
    return None if value is None or not math.isfinite(value) else Decimal(f"{value:.4f}")


def _signed(value: Decimal | None) -> str:
    return "—" if value is None else f"{'+' if value > 0 else ''}{money(value)}"
