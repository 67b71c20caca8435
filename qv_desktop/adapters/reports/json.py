"""A reconciliation as JSON; amounts are strings, so that no reader rounds them."""

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.reconciliation import Reconciliation


def reconciliation(run: Reconciliation) -> str:
    """Every field of the run, its verdict and its sums."""
    document = {**asdict(run), "verdict": "passed" if run.passed else "breaks", "at_risk": run.at_risk}
    return json.dumps(document, default=_plain, indent=2, ensure_ascii=False) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in a report")
