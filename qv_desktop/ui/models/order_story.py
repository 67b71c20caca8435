"""An order's story as its audit rows tell it: the click, the rules' numbers, what went out, what came back, and how long each took."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.orders import Order
from qv_desktop.ui import format as words
from qv_desktop.ui.models.ledger import Line
from qv_desktop.ui.models.order_words import acknowledged_in, milliseconds

SHORT = 12  # characters of a hash that are shown
_WORDS = {
    "order.submit": "Intent recorded",
    "order.replace": "Replacement recorded",
    "order.acknowledge": "Acknowledged",
    "order.accept": "Working",
    "order.cancel": "Cancel asked",
    "order.canceled": "Cancelled",
    "order.cancel_refused": "Cancel refused by the broker",
    "order.replaced": "Replaced",
    "order.replace_refused": "Amendment refused by the broker",
    "order.expired": "Expired",
    "order.reject": "Rejected by the broker",
    "order.unresolved": "No answer; asking by client id",
    "order.not_found": "Never reached the broker",
    "order.adopt": "Taken over from the broker",
    "order.held": "Held by the broker",
    "order.paused": "Paused by the broker",
    "order.resized": "Resized by the broker",
    "order.unknown": "In a state that is not known here",
    "risk.halted": "Trading halted",
}


def story_lines(order: Order, entries: Sequence[Entry], no_hashes: str = "") -> list[Line]:
    """How long each step took, then every step with its time and audit row; ``no_hashes`` says why the hashes are not shown."""
    lines = _latencies(order, entries)
    for at, step in sorted(_steps(order, entries), key=lambda pair: pair[0]):
        if isinstance(step, str):
            lines.append(Line(step, words.clock_ms(at), "TX1"))
        else:
            lines += _told(step, no_hashes)
    return lines


def story_text(order: Order, entries: Sequence[Entry], no_hashes: str = "") -> str:
    """The same for the clipboard, tab separated, with whole hashes."""
    rows = [f"{line.title}\t{line.value}" for line in _latencies(order, entries)]
    for at, step in sorted(_steps(order, entries), key=lambda pair: pair[0]):
        if isinstance(step, str):
            rows.append(f"{at.isoformat()}\t{step}")
            continue
        rows.append("\t".join((at.isoformat(), _title(step), f"#{step.sequence}", no_hashes or step.hash)))
        rows += [f"\t{line.mark} {line.title}\t{line.value}\t{line.tip}".rstrip() for line in _checks(step)]
    return "\n".join(rows) + "\n"


def _steps(order: Order, entries: Iterable[Entry]) -> Iterator[tuple[datetime, Entry | str]]:
    """The audit rows, and the sending, which is in the order alone."""
    yield from ((entry.at, entry) for entry in entries)
    if order.sent_at is not None:
        yield order.sent_at, "Sent to the broker"


def _latencies(order: Order, entries: Sequence[Entry]) -> list[Line]:
    written = next((e.at for e in entries if e.draft.action in ("order.submit", "order.replace")), None)
    filled = next((e.at for e in entries if e.draft.action == "fill.book"), None)
    took = {
        "Click → journal": milliseconds(order.submitted, written),
        "Click → sent": milliseconds(order.submitted, order.sent_at),
        "Sent → ack": acknowledged_in(order),
        "Ack → first fill": milliseconds(order.acknowledged_at, filled),
    }
    return [
        Line(title, words.UNKNOWN if ms is None else f"{words.price(ms, 0)} ms", "TX1") for title, ms in took.items()
    ]


def _told(entry: Entry, no_hashes: str) -> list[Line]:
    color = "BAD" if entry.draft.outcome in ("refused", "rejected", "failed") else "TX0"
    shown = words.UNKNOWN if no_hashes else entry.hash[:SHORT]
    row = Line(f"audit row #{entry.sequence:,}", shown, "TX2", tip=no_hashes or entry.hash, mono=True, quiet=True)
    return [Line(_title(entry), words.clock_ms(entry.at), color, tip=_title(entry)), *_checks(entry), row]


def _title(entry: Entry) -> str:
    draft, after = entry.draft, _after(entry)
    if draft.action == "fill.book":
        return f"Filled {after.get('quantity', '—')} at {after.get('price', '—')} · {after.get('filled', '—')} in all"
    said = _WORDS.get(draft.action, draft.action)
    if draft.action in ("order.submit", "order.replace") and draft.outcome == "refused":
        said = "Refused by risk"
    who = f" by {draft.actor.name}" if draft.actor.type == "human" else ""
    return f"{said}{who}" + (f": {draft.reason}" if draft.reason else "")


def _checks(entry: Entry) -> list[Line]:
    """The rules' answers with their numbers, as they stood when they were asked."""
    checks = _after(entry).get("checks")
    found = [check for check in checks if isinstance(check, dict)] if isinstance(checks, list) else []
    return [
        Line(str(c.get("title", "")), f"{c.get('value', '')} / {c.get('limit', '')}", "TX1" if c.get("passed") else "BAD",
             mark="✓" if c.get("passed") else "✗", mark_color="GOOD" if c.get("passed") else "BAD", tip=str(c.get("message") or ""))
        for c in found
    ]  # fmt: skip


def _after(entry: Entry) -> dict[str, Any]:
    try:
        found = json.loads(entry.draft.after or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
