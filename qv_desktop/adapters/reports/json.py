"""Reports as JSON; amounts are strings, so that no reader rounds them."""

import json
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.reports import Span, of_span


def reconciliation(run: Reconciliation) -> str:
    """Every field of the run, its verdict and its sums."""
    document = {**asdict(run), "verdict": "passed" if run.passed else "breaks", "at_risk": run.at_risk}
    return json.dumps(document, default=_plain, indent=2, ensure_ascii=False) + "\n"


def span(told: Span) -> str:
    """Every field of the span, and the hash that its other formats have too."""
    document = {**asdict(told), "report_hash": of_span(told).hash}
    return json.dumps(document, default=_plain, indent=2, ensure_ascii=False) + "\n"


def plain(document: dict[str, object]) -> str:
    """Any values: times and days as ISO 8601, amounts as texts, spans of time in seconds."""
    return json.dumps(document, default=_plain, indent=2, ensure_ascii=False) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, timedelta):
        return f"{value.total_seconds():f}"
    raise TypeError(f"{type(value).__name__} has no place in a report")
