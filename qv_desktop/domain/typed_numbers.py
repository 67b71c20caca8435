"""Numbers as people type them: a point for decimals, commas for nothing but thousands, and no other notation."""

import re
from decimal import Decimal

from qv_desktop.domain.errors import BadInput

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")  # 0,500 is no thousands: it is a half, elsewhere


def read(plain: str, shown: str) -> Decimal | None:
    """The number that ``plain`` names, or None when it names none. Raises BadInput, naming ``shown``, where a comma could be
    a decimal point: 1,5 is never 15."""
    if _PLAIN.fullmatch(plain) or _GROUPED.fullmatch(plain):
        return Decimal(plain.replace(",", ""))
    if "," in plain and _PLAIN.fullmatch(plain.replace(",", "")):
        raise BadInput(f"“{shown.strip()}” is not clear: type decimals with a point, as 1.5, and thousands as 1,250.")
    return None
