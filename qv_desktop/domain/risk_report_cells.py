"""Values in the cells of the risk report, and how they read."""

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.report_values import Value
from qv_desktop.domain.reports import Cells, Section, Values, money

CENT = Decimal("0.01")


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


def cents(value: Decimal | float | None) -> Decimal | None:
    """Dollars to the cent; None where that is no number."""
    if value is None or not math.isfinite(value):
        return None
    return Decimal(repr(value) if isinstance(value, float) else value).quantize(CENT) + 0  # and never −0


def part(value: float | None) -> Decimal | None:
    """A share of one, such as 0.25."""
    return None if value is None or not math.isfinite(value) else Decimal(f"{value:.6f}").normalize() + 0


def rough(value: float | None) -> Decimal | None:
    """A figure to two decimals."""
    return None if value is None or not math.isfinite(value) else Decimal(f"{value:.2f}")


def chance(value: float | None) -> Decimal | None:
    """A probability to four decimals."""
    return None if value is None or not math.isfinite(value) else Decimal(f"{value:.4f}")


def signed(value: Decimal | None) -> str:
    """Dollars with their sign."""
    return "—" if value is None else f"{'+' if value > 0 else ''}{money(value)}"
