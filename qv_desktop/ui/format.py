"""Numbers and times as people read them: unknown is an em dash, minus is U+2212, times are New York's."""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import Literal

from qv_desktop.domain.market import NEW_YORK

type Number = Decimal | float | int

UNKNOWN = "—"
MINUS = "−"
WIDE = Context(prec=400)


def price(v: Number | None, decimals: int = 2) -> str:
    """A price with a fixed count of digits after the point, for example ``1,231.40``."""
    if v is None:
        return UNKNOWN
    exact = v if isinstance(v, float) else _rounded(v, decimals)  # market prices come by the thousand, as floats
    return _signless(f"{exact:,.{decimals}f}")


def quantity(v: Number | None) -> str:
    """Shares: grouped whole numbers, fractions with up to nine digits and no trailing zeros."""
    if v is None:
        return UNKNOWN
    text = f"{_rounded(v, 9):,.9f}".rstrip("0").rstrip(".")
    return _signless(text)


def money(v: Number | None) -> str:
    """Dollars and cents, for example ``$1,234.56`` or ``−$5.00``."""
    if v is None:
        return UNKNOWN
    amount = _rounded(v, 2)
    return f"{MINUS if amount < 0 else ''}${abs(amount):,.2f}"


def signed_money(v: Number | None) -> str:
    """Dollars with a sign always, for example ``+$1,284.07``; zero has none."""
    if v is None:
        return UNKNOWN
    return f"{_sign(_rounded(v, 2))}${abs(_rounded(v, 2)):,.2f}"


def signed(v: Number | None, decimals: int = 2) -> str:
    """A number with a sign always, for example ``−1,234.56``; zero has none."""
    if v is None:
        return UNKNOWN
    amount = _rounded(v, decimals)
    return f"{_sign(amount)}{abs(amount):,.{decimals}f}"


def percent(fraction: Number | None, decimals: int = 2, sign: bool = True) -> str:
    """A fraction (0.01 = 1 %) as a percentage, signed unless told otherwise."""
    if fraction is None:
        return UNKNOWN
    amount = _rounded(_decimal(fraction) * 100, decimals)
    lead = _sign(amount) if sign else (MINUS if amount < 0 else "")
    return f"{lead}{abs(amount):,.{decimals}f}%"


def volume(v: Number | None) -> str:
    """Shares traded, short: ``950``, ``412.8K``, ``1.23M``, ``4.56B``."""
    if v is None:
        return UNKNOWN
    size = float(v)
    for unit, name, digits in ((1e9, "B", 2), (1e6, "M", 2), (1e3, "K", 1)):
        if size >= unit:
            return f"{size / unit:.{digits}f}{name}"
    return f"{size:.0f}"


def age(seconds: float | None) -> str:
    """How old something is: ``0.2s``, ``48s``, ``5m``, ``3h``, ``2d``; a clock ahead of ours counts as now."""
    if seconds is None:
        return UNKNOWN
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{int(seconds // unit)}{name}"
    return f"{seconds:.0f}s"


def clock(dt: datetime | None) -> str:
    """New York's time of day, ``10:42:17``."""
    return UNKNOWN if dt is None else dt.astimezone(NEW_YORK).isoformat(timespec="seconds")[11:19]


def clock_ms(dt: datetime | None) -> str:
    """New York's time of day to the millisecond, ``10:42:17.031``."""
    return UNKNOWN if dt is None else dt.astimezone(NEW_YORK).isoformat(timespec="milliseconds")[11:23]


def day(dt: datetime | None) -> str:
    """New York's date, ``2026-11-20``."""
    return UNKNOWN if dt is None else dt.astimezone(NEW_YORK).date().isoformat()


def trend(v: Number | None) -> Literal["UP", "DOWN", "TX1"]:
    """The colour token of a change: up, down, or quiet for none and unknown."""
    if v is None or v == 0:
        return "TX1"
    return "UP" if v > 0 else "DOWN"


def _decimal(v: Number) -> Decimal:
    return v if isinstance(v, Decimal) else Decimal(repr(v))


def _rounded(v: Number, decimals: int) -> Decimal:
    """Rounded first and signed after, so that no ``−0.00`` is ever shown."""
    amount = _decimal(v)
    # the usual 28 digits would not do for the largest floats, of which quantize writes out every digit
    return amount.quantize(_last_place(decimals), ROUND_HALF_EVEN, WIDE) if amount.is_finite() else amount


@cache
def _last_place(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def _sign(v: Decimal) -> str:
    return MINUS if v < 0 else "+" if v > 0 else ""


def _signless(text: str) -> str:
    """``text`` with a typographic minus, and none before a zero."""
    if not text.startswith("-"):
        return text
    return f"{MINUS}{text[1:]}" if text.strip("-0.,") else text[1:]
