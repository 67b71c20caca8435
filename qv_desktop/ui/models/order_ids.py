"""Client order ids: unique to an installation, in the order of their making, one for each intent."""

import secrets
import time
from collections.abc import Callable

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, in the order of the ASCII table
_TIME_DIGITS, _RANDOM_DIGITS, _RANDOM_BITS = 10, 16, 80


def minted(install: str, milliseconds: int, randomness: int) -> str:
    """``qv-<install8>-<26 digits>``: text order is time order. 48 bits of time, 80 of ``randomness``, after github.com/ulid/spec."""
    return f"qv-{install[:8]}-{_digits(milliseconds, _TIME_DIGITS)}{_digits(randomness, _RANDOM_DIGITS)}"


def _digits(number: int, length: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(length)))


class OrderIds:
    """Makes the ids of one installation; later ids sort after earlier ones, also within a millisecond."""

    def __init__(self, install: str, clock: Callable[[], int] = time.time_ns) -> None:
        """``clock`` gives nanoseconds since the epoch."""
        self._install = install
        self._clock = clock
        self._last = (0, 0)  # milliseconds, randomness

    def next(self) -> str:
        """A fresh id."""
        milliseconds, randomness = max(self._clock() // 1_000_000, self._last[0]), secrets.randbits(_RANDOM_BITS - 1)
        if milliseconds == self._last[0]:
            randomness = self._last[1] + 1
        self._last = (milliseconds, randomness)
        return minted(self._install, milliseconds, randomness)
