"""A reconciliation as CSV (RFC 4180), with texts that a spreadsheet would run as formulas neutralised."""

import csv
import io

from qv_desktop.domain.breaks import BreakItem, standing
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.reports import Span
from qv_desktop.domain.spreadsheets import neutral

HEAD = (
    "run",
    "as_of",
    "account",
    "verdict",
    "section",
    "key",
    "class",
    "severity",
    "internal",
    "external",
    "difference",
    "at_risk",
    "proposed_entry",
)
ITEM_HEAD = ("break", "account", "section", "key", "class", "severity", "internal", "external", "difference", "at_risk", "proposed_entry",
             "first_seen", "open_since", "last_found", "times", "owner", "state", "decided_by", "decided_at", "reason", "signed_by",
             "signed_at")  # fmt: skip


def reconciliation(run: Reconciliation) -> str:
    """One line per break after the header, each with the run that it is of; a run without breaks has one line that says so."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEAD)
    of = [neutral(run.id), run.at.isoformat(), neutral(run.account), "passed" if run.passed else "breaks"]
    if run.passed:
        said = "all that was compared matched" if run.uncompared else "all matched"
        rows.writerow([*of, said, *[""] * (len(HEAD) - len(of) - 1)])
    for found in run.breaks:
        texts = (found.section, found.key, found.kind, found.severity, found.internal, found.external, found.difference)
        rows.writerow([*of, *map(neutral, texts), f"{found.at_risk:f}", neutral(found.proposal)])
    for one in run.uncompared:
        rows.writerow([*of, one.section, neutral(one.key), "not compared", "low", *["—"] * 3, "0", neutral(one.why)])
    return out.getvalue()


def span(told: Span) -> str:
    """One line per break that was there in the span; none but the head when there was none."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(ITEM_HEAD)
    rows.writerows(map(_item, told.items))
    return out.getvalue()


def _item(item: BreakItem) -> list[str]:
    texts = (
        item.id,
        item.account,
        item.section,
        item.key,
        item.kind,
        item.severity,
        item.internal,
        item.external,
        item.difference,
    )
    times = [moment.isoformat() for moment in (item.first_seen, item.opened, item.last_seen)]
    decided, signed = (moment.isoformat() if moment else "" for moment in (item.decided_at, item.signed_at))
    return [*map(neutral, texts), f"{item.at_risk:f}", neutral(item.proposal), *times, str(item.times), neutral(item.owner),
            neutral(standing(item)), neutral(item.decided_by), decided, neutral(item.reason), neutral(item.signed_by),
            signed]  # fmt: skip
