"""What stands in a report's cells as values, for the forms that keep numbers and times as what they are."""

import re
from datetime import date, datetime
from decimal import Decimal

type Value = str | int | Decimal | datetime | date | None  # None is unknown; times are aware

_FIGURE = re.compile(r"[+-]?[0-9]+(,[0-9]{3})*(\.[0-9]+)?")


def figure(text: str) -> Value:
    """The number that ``text`` is, when it is nothing else; else the text itself, for “—” is no zero."""
    return Decimal(text.replace(",", "")) if _FIGURE.fullmatch(text) else text
