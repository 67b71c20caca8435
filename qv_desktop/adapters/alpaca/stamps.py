"""Alpaca's times on the price stream, hundreds of thousands in a second: the second is looked up, its fraction added."""

from qv_desktop.adapters.alpaca.fields import nanoseconds

LAST = 9_000_000_000 * 1_000_000_000  # ns; what we store has 64 bits
MOST = 100_000  # seconds kept; more than a day of them
POWERS: list[int] = [10 ** (9 - digits) for digits in range(10)]  # by the number of digits of a fraction

_seconds: dict[str, int] = {}  # such as 2026-11-20T15:30:12 -> ns


def stamp(text: str) -> int:
    """The RFC 3339 time in ns since the epoch, exact. Raises ValueError when it is none, or none of this age."""
    second = _seconds.get(text[:19])
    digits = text[20:-1]
    if (
        second is not None
        and text[19:20] == "."
        and text[-1] == "Z"
        and digits.isascii()
        and digits.isdigit()
        and len(digits) <= 9
    ):
        return second + int(digits) * POWERS[len(digits)]
    return _parsed(text)


def _parsed(text: str) -> int:
    at = nanoseconds(text)
    if not 0 <= at < LAST:
        raise ValueError(text)
    if text.endswith("Z"):
        if len(_seconds) >= MOST:
            _seconds.clear()
        _seconds[text[:19]] = at - at % 1_000_000_000
    return at
