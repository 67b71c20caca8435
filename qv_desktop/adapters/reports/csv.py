"""A reconciliation as CSV (RFC 4180), with texts that a spreadsheet would run as formulas neutralised."""

import csv
import io

from qv_desktop.domain.reconciliation import Reconciliation
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


def reconciliation(run: Reconciliation) -> str:
    """One line per break after the header, each with the run that it is of; a run without breaks has one line that says so."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEAD)
    of = [neutral(run.id), run.at.isoformat(), neutral(run.account), "passed" if run.passed else "breaks"]
    if run.passed:
        rows.writerow([*of, "all matched", *[""] * (len(HEAD) - len(of) - 1)])
    for found in run.breaks:
        texts = (found.section, found.key, found.kind, found.severity, found.internal, found.external, found.difference)
        rows.writerow([*of, *map(neutral, texts), f"{found.at_risk:f}", neutral(found.proposal)])
    return out.getvalue()
