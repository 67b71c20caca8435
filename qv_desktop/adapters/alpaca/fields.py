"""Reading Alpaca's JSON: every field may be missing, null, a number or a string, and a word may be new."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

type Raw = Mapping[str, object]

SECOND = 1_000_000_000  # ns
YEARS = range(
    1970, 2200
)  # of every time that can be meant: Go writes the year 1 for no time at all, and clocks end before year 9999
WIDEST = 30  # digits before or after the point that any figure of an account may have; a number beyond is garbage


class Unreadable(ValueError):
    """An answer lacks what identifies its subject; nothing may be concluded from it."""


def text(raw: Raw, key: str) -> str:
    """The field as text; empty when it is absent, or is neither a text nor a number. What no database keeps is replaced."""
    value = raw.get(key)
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _keepable(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _keepable(value: str) -> str:
    """Without NUL and halves of characters, for which a row with an execution would be refused."""
    return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def needed(raw: Raw, key: str) -> str:
    """The field as text. Raises Unreadable when it is absent."""
    value = text(raw, key)
    if not value:
        raise Unreadable(f"Alpaca's answer has no {key}.")
    return value


def number(raw: Raw, key: str) -> Decimal | None:
    """The field as an exact finite decimal, or None."""
    value = raw.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= WIDEST else None


def flag(raw: Raw, key: str) -> bool | None:
    """The field when it is true or false, or None."""
    value = raw.get(key)
    return value if isinstance(value, bool) else None


def rows(value: object) -> list[Raw]:
    """The objects of an array; what is no object is left out. Raises Unreadable when ``value`` is no array."""
    if not isinstance(value, list):
        raise Unreadable("Alpaca's answer is no list.")
    return [row for row in value if isinstance(row, dict)]


def every(value: object) -> list[Raw]:
    """The rows of an array; one that is no object stands as an empty one, which no reader takes for anything.

    Raises Unreadable when ``value`` is no array.
    """
    if not isinstance(value, list):
        raise Unreadable("Alpaca's answer is no list.")
    return [row if isinstance(row, dict) else {} for row in value]


def record(value: object) -> Raw:
    """``value`` as an object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("Alpaca's answer is no object.")
    return value


def moment(raw: Raw, *keys: str) -> datetime | None:
    """The first of these fields that holds an RFC 3339 time within ``YEARS``, as aware UTC to the microsecond."""
    for key in keys:
        value = raw.get(key)
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            continue
        if found is not None and found.year in YEARS:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return None


def nanoseconds(stamp: str) -> int:
    """The RFC 3339 time in ns since the epoch, exact. Raises ValueError."""
    head, zone, fraction = stamp[:19], stamp[19:], ""
    if zone.startswith("."):
        digits = zone[1:]
        fraction = digits[: len(digits) - len(digits.lstrip("0123456789"))]
        zone = digits[len(fraction) :]
    return _second(head, zone) + int(fraction[:9].ljust(9, "0"))


@lru_cache(maxsize=4096)
def _second(head: str, zone: str) -> int:
    return int(datetime.fromisoformat(head + (zone or "Z")).timestamp()) * SECOND
