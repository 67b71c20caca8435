"""What drawings say: the levels of a retracement, and how far a measure reaches."""

from functools import lru_cache

from qv_desktop.domain.drawings import Anchor
from qv_desktop.domain.market import SECOND
from qv_desktop.ui import format

MOST_TIMES = 1e6  # as far as a change is told in percent
UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def span(nanoseconds: int) -> str:
    """A length of time by its two greatest units: ``2d 3h``, ``1h 5m``, ``45s``; earlier has a minus."""
    seconds = abs(nanoseconds) // SECOND
    for place, (size, name) in enumerate(UNITS):
        if seconds >= size:
            smaller, unit = UNITS[min(place + 1, len(UNITS) - 1)]
            rest = seconds % size // smaller
            words = f"{seconds // size}{name}" + (f" {rest}{unit}" if rest else "")
            return f"{format.MINUS if nanoseconds < 0 else ''}{words}"
    return "0s"


@lru_cache(maxsize=4096)
def level(share: float, price: float, decimals: int) -> str:
    """A retracement's level, ``61.8 %  229.37``."""
    percent = f"{share * 100:.2f}".rstrip("0").rstrip(".").replace("-", format.MINUS)
    return f"{percent} %  {format.price(price, decimals)}"


@lru_cache(maxsize=1024)
def measure(a: Anchor, b: Anchor, bars: int, decimals: int) -> tuple[str, str]:
    """From ``a`` to ``b``: the change in dollars and percent, and the bars and the time between."""
    change = b.price - a.price
    known = a.price > 0 and abs(change) < a.price * MOST_TIMES  # of next to nothing a percentage says nothing
    fraction = format.percent(change / a.price) if known else format.UNKNOWN
    noun = "bar" if abs(bars) == 1 else "bars"
    count = f"{format.MINUS if bars < 0 else ''}{abs(bars):,}"
    return f"{format.signed(change, decimals)}  ({fraction})", f"{count} {noun}  ·  {span(b.at - a.at)}"
