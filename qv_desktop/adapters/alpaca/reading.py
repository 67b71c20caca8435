"""Lists in which a row may be unreadable: the rest is kept, what was left out is counted, and it is said what may be concluded.

Where a missing row would be read as “there is none” (positions, open orders, executions), the answer is Incomplete: it carries what
could be read, and as a BrokerDown it is never taken for the whole. Elsewhere (shares, activities) the row is left out, with a warning.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import structlog

from qv_desktop.adapters.alpaca.fields import Raw, Unreadable, text
from qv_desktop.domain.errors import Incomplete

log = structlog.get_logger(__name__)

type Tell = Callable[[str], None]  # a sentence for the person at the screen
NAMES = ("symbol", "client_order_id", "id")  # what a row is called by, when it can be


@dataclass(frozen=True, slots=True)
class Rows[Value]:
    """What could be read of a list, and why the rest could not."""

    values: list[Value]
    bad: tuple[str, ...] = ()


def each[Value](
    raws: Iterable[Raw], read: Callable[[Raw], Value], key: Callable[[Value], Hashable] | None = None
) -> Rows[Value]:
    """``read`` every row. Two rows of one ``key`` contradict each other: neither is believed."""
    found: list[Value] = []
    bad: list[str] = []
    for raw in raws:
        try:
            found.append(read(raw))
        except Unreadable as why:
            bad.append(f"{_name(raw)}: {why}")
    twice = _twice([key(one) for one in found]) if key is not None else set()
    if key is not None and twice:
        bad += [f"{one}: told more than once." for one in sorted(map(str, twice))]
        found = [one for one in found if key(one) not in twice]
    return Rows(found, tuple(bad))


def whole[Value](rows: Rows[Value], what: str, tell: Tell) -> list[Value]:
    """The values of an answer that must be complete. Raises Incomplete with those that could be read."""
    if rows.bad:
        sentence = f"{_count(rows, what)} could not be read ({rows.bad[0]}) The answer is not taken as complete; nothing was changed."
        _warn(sentence, rows, what, tell)
        raise Incomplete(sentence, rows.values)
    return rows.values


def most[Value](rows: Rows[Value], what: str, tell: Tell) -> list[Value]:
    """The values of an answer that is of use without every row; what was left out is said. Raises Incomplete when nothing is left."""
    if not rows.bad:
        return rows.values
    sentence = f"{_count(rows, what)} could not be read and {'is' if len(rows.bad) == 1 else 'are'} missing here ({rows.bad[0]})"
    _warn(sentence, rows, what, tell)
    if not rows.values:
        raise Incomplete(
            f"Nothing of Alpaca's answer could be read ({rows.bad[0]}) Look for an update of this program.", []
        )
    return rows.values


def _count[Value](rows: Rows[Value], what: str) -> str:
    return f"{len(rows.bad):,} of {len(rows.bad) + len(rows.values):,} {what} that Alpaca told"


def _warn[Value](sentence: str, rows: Rows[Value], what: str, tell: Tell) -> None:
    log.warning(
        "rows of Alpaca's answer could not be read", what=what, unreadable=len(rows.bad), first=list(rows.bad[:5])
    )
    tell(sentence)


def _twice(keys: list[Hashable]) -> set[Hashable]:
    seen: set[Hashable] = set()
    return {key for key in keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]  # adds as it goes


def _name(raw: Raw) -> str:
    return next((name for name in (text(raw, key) for key in NAMES) if name), "a row without a name")
