"""Entries that a person books: what of our books changes from what to what, so that they are the broker's again."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Books, BreakClass, Section

_SPACE = uuid.UUID("b0a4f7d2-8f3e-5d6b-9b60-6a6f3f1c2e55")
CASH = "Cash"
LATE = "The broker's lists are only behind; the next comparison looks again."
NOT_BOOKED: dict[Section, str] = {  # section -> why a person books nothing there
    "open orders": "An order is not booked: ask the broker what became of it, or cancel it.",
    "fills": "Executions come from the broker alone; each comparison asks for them again.",
    "equity": "Equity follows from cash and positions; book those.",
}


class Found(Protocol):
    """A break, of a run or of the queue."""

    @property
    def section(self) -> Section: ...
    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> BreakClass: ...
    @property
    def internal(self) -> str: ...
    @property
    def external(self) -> str: ...
    @property
    def difference(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of our books: as it is, as it will be, and the difference."""

    what: str
    before: str
    after: str
    difference: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What is booked to one ``account`` of our books, such as “Position NVDA”."""

    account: str
    changes: tuple[Change, ...]

    @property
    def words(self) -> str:
        """The entry in one line."""
        told = (f"{one.what} {one.before} → {one.after} ({one.difference})" for one in self.changes)
        return f"{self.account}: {', '.join(told)}"

    def id(self, of: str) -> str:
        """The same entry in the books of the same account ``of`` always has the same id."""
        rows = [(one.what, one.before, one.after) for one in self.changes]
        return uuid.uuid5(_SPACE, json.dumps([of, self.account, rows])).hex

    def settles_as(self, shown: "Entry") -> bool:
        """Whether it does what the ``shown`` one does. Cash moves with every execution: of it only the difference counts."""
        if self.account != shown.account or self.account != CASH:
            return self == shown
        return [one.difference for one in self.changes] == [one.difference for one in shown.changes]


def unbookable(section: Section, key: str, kind: BreakClass) -> str:
    """Why no entry settles such a break; empty when one does."""
    if section == "cash" and key != "cash":
        return "A fee without an amount is unknown; the broker must tell it."
    return NOT_BOOKED.get(section, "") or (LATE if kind == "timing" else "")


def of_position(symbol: str, local: Books, broker: Books) -> Entry | None:
    """What makes our position the broker's; None when it is."""
    ours, theirs = (books.positions.get(symbol) or Position(symbol) for books in (local, broker))
    gap, dearer = theirs.quantity - ours.quantity, theirs.average - ours.average
    changes = []
    if gap:
        changes.append(Change("shares", f"{ours.quantity:,f}", f"{theirs.quantity:,f}", f"{gap:+,f}"))
    if dearer:
        changes.append(Change("average", f"{ours.average:,.4f}", f"{theirs.average:,.4f}", f"{dearer:+,.4f}"))
    return Entry(f"Position {symbol}", tuple(changes)) if changes else None


def of_cash(breaks: Iterable[Found]) -> Entry | None:
    """What explains the account's cash; None when nothing is unexplained."""
    found = next((one for one in breaks if (one.section, one.key) == ("cash", "cash")), None)
    if found is None:
        return None
    return Entry(CASH, (Change("expected", f"${found.internal}", f"${found.external}", found.difference),))


def named(account: str, why: str, ours: Position, theirs: Position) -> str:
    """The id of an entry that is booked without a person: it follows from what it does, so that a replay finds the same one."""
    rows = [(f"{one.quantity.normalize():f}", f"{one.average.normalize():f}") for one in (ours, theirs)]
    return uuid.uuid5(_SPACE, json.dumps([account, theirs.symbol, why, rows])).hex


def shifted(now: Position, before: Position, theirs: Position) -> Position:
    """The broker's position, with what moved ours from ``before`` to ``now`` while the entry was being recorded."""
    return Position(theirs.symbol, theirs.quantity + now.quantity - before.quantity, theirs.average)
