"""What the day's risk report takes from the audit trail: states, changes of limits, breaches and refusals."""

import json
from collections.abc import Sequence

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.reports import Section, Values
from qv_desktop.domain.risk_report_cells import section

type Rows = Sequence[Entry] | None  # newest first; None where the person may not read them

STATES = ("risk.active", "risk.reducing", "risk.halted")
LIMITS = ("risk.limit", "risk.restrict")  # how the actions begin that change limits
UNREAD = "Your role may not read the audit trail; ask an Admin for this part."


def states(rows: Rows) -> Section:
    """Who set trading to which state, and why."""
    values = tuple(
        (row.at, row.draft.action.removeprefix("risk.").upper(), row.draft.actor.name, row.draft.reason)
        for row in reversed(rows or ())
        if row.draft.action in STATES
    )
    note = "Nobody changed the trading state on this day." if rows is not None else UNREAD
    return section("State history", ("At ET", "State", "By", "Reason"), values, note)


def changes(rows: Rows) -> Section:
    """Who changed which limits, or asked to."""
    values = tuple(
        (
            row.at,
            row.draft.actor.name,
            row.draft.action,
            row.draft.outcome,
            changed(row.draft.before, row.draft.after),
            row.draft.reason,
        )
        for row in reversed(rows or ())
        if row.draft.action.startswith(LIMITS)
    )
    note = "No limit was changed on this day." if rows is not None else UNREAD
    return section("Changes of limits", ("At ET", "By", "Action", "Outcome", "What", "Reason"), values, note)


def breaches(rows: Rows) -> Section:
    """What else was written down about risk and margin: limits that were reached, cooldowns, deficits, what a person set anew."""
    values = tuple(
        (row.at, row.draft.action.partition(".")[2].replace("_", " "), f"{row.draft.object_type} {row.draft.object_id}".strip(),
         row.draft.actor.name, row.draft.reason or changed(row.draft.before, row.draft.after))
        for row in reversed(rows or ())
        if row.draft.action.startswith(("risk.", "margin.")) and row.draft.action not in STATES
        and not row.draft.action.startswith(LIMITS)
    )  # fmt: skip
    note = "Nothing was reached or set anew on this day." if rows is not None else UNREAD
    return section("Breaches", ("At ET", "What", "Of", "By", "Words"), values, note)


def refusals(rows: Rows, *, cut: bool) -> tuple[Section, Section]:
    """The refused orders by rule and one by one; ``cut`` says that there were more rows than were read."""
    orders = refused(rows)
    by_rule: dict[str, list[Entry]] = {}
    for row in orders:
        for code in failed(row) or ["TRADING_STATE"]:
            by_rule.setdefault(code, []).append(row)
    counts = tuple(
        (code, len(some), some[0].at, some[-1].at)
        for code, some in sorted(by_rule.items(), key=lambda item: -len(item[1]))
    )
    note = "No order was refused on this day." if rows is not None else UNREAD
    each = tuple(_refusal(row) for row in orders)
    title = f"Refused orders · {len(each):,}" + (", the newest" if cut else "")
    return (
        section("Refusals by rule", ("Rule", "Count", "First ET", "Last ET"), counts, note),
        section(title, ("At ET", "By", "Symbol", "Side", "Quantity", "Rules", "Reason", "Order"), each, note),
    )


def refused(rows: Rows) -> list[Entry]:
    """Rows of orders that the risk refused, oldest first."""
    return [row for row in reversed(rows or ()) if row.draft.outcome == "refused" and row.draft.object_type == "order"]


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


def changed(before: str, after: str) -> str:
    """The fields of two JSON objects that differ, in a line; nothing where they cannot be told."""
    try:
        was, now = json.loads(before or "{}"), json.loads(after or "{}")
    except ValueError:
        return ""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return ""
    return ", ".join(f"{name} {was.get(name, '—')} → {value}" for name, value in now.items() if was.get(name) != value)
