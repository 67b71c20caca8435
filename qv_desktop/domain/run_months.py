"""Returns by calendar month of New York."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from qv_desktop.domain.market import NEW_YORK, ns, utc


def monthly(at: Sequence[int], values: Sequence[float]) -> dict[tuple[int, int], float]:
    """Year and month -> the return from the last value before it to its own last; the first month begins with the first value.

    ``at`` are the bars' starts in ns, rising, ``values`` as many; months without a bar are left out.
    """
    if not at:
        return {}
    first, last = utc(at[0]).astimezone(NEW_YORK), utc(at[-1]).astimezone(NEW_YORK)
    out: dict[tuple[int, int], float] = {}
    before, begin = values[0], 0
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        following = datetime((number + 1) // 12, (number + 1) % 12 + 1, 1, tzinfo=NEW_YORK)
        end = bisect_left(at, ns(following))
        if end > begin:
            out[number // 12, number % 12 + 1] = values[end - 1] / before - 1 if before else 0.0
            before, begin = values[end - 1], end
    return out
