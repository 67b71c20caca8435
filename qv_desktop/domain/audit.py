"""The audit trail's rows, and the chain that makes them tamper-evident.

Each row's hash is SHA-256 over its canonical text and the hash of the row before it, so that an edit, a removal, an insertion
or a swap shows at the first row that no longer fits. What was written anew from some row on shows at the next row that is
remembered elsewhere: a ``Mark``.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

GENESIS = "0" * 64
_ENCODED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
OURS = "this installation remembers to have recorded"

type Link = tuple[int, str, str, bytes]  # sequence, hash of the row before, own hash, canonical text in UTF-8

type ActorType = Literal["human", "strategy", "system", "broker"]
type Outcome = Literal["ok", "refused", "rejected", "failed", "unresolved"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person with a session, a strategy, the program itself or the broker."""

    name: str
    type: ActorType = "system"
    role: str = ""
    session: str = ""
    host: str = ""


SYSTEM = Actor("system")
BROKER = Actor("broker", "broker")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be recorded; ``before`` and ``after`` are JSON texts, ``action`` is ``noun.verb``."""

    actor: Actor
    action: str
    object_type: str
    object_id: str
    outcome: Outcome = "ok"
    reason: str = ""
    before: str = ""
    after: str = ""
    correlation: str = ""
    causation: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded row: a draft with its place in the chain."""

    chain: str
    sequence: int
    at: datetime  # UTC
    draft: Draft
    app_version: str
    previous: str
    hash: str


def canonical(chain: str, sequence: int, at: datetime, draft: Draft, app_version: str, previous: str) -> str:
    """The exact text that is hashed: a JSON array of strings in a fixed order, so that no key order can matter."""
    actor = draft.actor
    fields = [
        chain, str(sequence), at.astimezone(UTC).isoformat(timespec="microseconds"), actor.name, actor.type, actor.role, actor.session,
        actor.host, draft.action, draft.object_type, draft.object_id, draft.outcome, draft.reason, draft.before, draft.after,
        draft.correlation, draft.causation, app_version, previous,
    ]  # fmt: skip
    return _ENCODED(fields)


def sealed(chain: str, sequence: int, at: datetime, draft: Draft, app_version: str, previous: str) -> Entry:
    """The entry that follows the one whose hash is ``previous``."""
    text = canonical(chain, sequence, at, draft, app_version, previous)
    return Entry(chain, sequence, at, draft, app_version, previous, sha256(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Mark:
    """A row that is remembered apart from the chain; ``by`` says by whom, as the beginning of “… row 7”."""

    sequence: int
    hash: str
    by: str = OURS


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking a chain found: rows read, the head, and the first row that does not fit, with the reason.

    ``suspect_from`` is where the rows begin among which the change lies, when it is not the broken row alone. Rows up to
    ``covered`` stand under a signed checkpoint of ``covered_at``; ``notes`` are sentences about what is whole and yet odd.
    ``unproven`` says why nobody knows whose key signed it, as the end of “it was not compared with …”: whoever forged all of it
    could have signed it too.
    """

    rows: int
    head: int
    head_hash: str
    broken_at: int | None = None
    reason: str = ""
    suspect_from: int | None = None
    covered: int = 0
    covered_at: datetime | None = None  # UTC
    notes: tuple[str, ...] = ()
    unproven: str = ""

    @property
    def whole(self) -> bool:
        """Whether every row fits the one before it."""
        return self.broken_at is None

    @property
    def uncovered(self) -> int:
        """How many rows were recorded since the last signed checkpoint."""
        return max(0, self.head - self.covered)

    @property
    def coverage(self) -> str:
        """What no signed checkpoint covers, in a sentence."""
        if self.covered_at is None:
            stand = "1 row stands" if self.head == 1 else f"{self.head:,} rows stand"
            return ("No signed checkpoint covers it yet: nothing signed vouches for it, "
                    f"{stand} only by the chain and this installation's mark.")  # fmt: skip
        since = f"{self.covered_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        if not self.uncovered:
            return f"A signed checkpoint of {since} covers every row."
        return f"The last signed checkpoint covers rows up to #{self.covered}; {_rows(self.uncovered)} since {since} not yet."


def link(entry: Entry) -> Link:
    """The entry as the chain sees it."""
    text = canonical(entry.chain, entry.sequence, entry.at, entry.draft, entry.app_version, entry.previous)
    return entry.sequence, entry.previous, entry.hash, text.encode()


def verified(
    entries: Iterable[Entry], *, first: int = 1, previous: str = GENESIS, mark: Mark | None = None
) -> Verification:
    """Check rows in order of sequence, starting after the row whose hash is ``previous``, against what ``mark`` remembers."""
    return linked(map(link, entries), first=first, previous=previous, marks=() if mark is None else (mark,))


def linked(
    links: Iterable[Link], *, first: int = 1, previous: str = GENESIS, marks: Sequence[Mark] = ()
) -> Verification:
    """Check links in order of sequence from row ``first`` on, and that the chain has every row that ``marks`` remember.

    The hash is computed from each row's own text: a million rows take about a second.
    """
    remembered = _by_row(marks)
    expected, proved = first, first - 1
    for row in links:
        sequence, before, stored, text = row
        if sequence != expected or before != previous or sha256(text).hexdigest() != stored:
            at, fault = _fault(row, expected, previous)
            return Verification(expected - first, expected - 1, previous, at, fault)
        if sequence in remembered:
            forgotten = next((mark for mark in remembered[sequence] if mark.hash != stored), None)
            if forgotten is not None:
                return _rewritten(forgotten, proved, Verification(expected - first, expected - 1, previous))
            proved = sequence
        expected, previous = sequence + 1, stored
    return _ended(Verification(expected - first, expected - 1, previous), marks)


def linked_after(links: Iterator[Link], start: Mark, marks: Sequence[Mark] = ()) -> Verification:
    """Like ``linked``, for links that begin with the row that ``start`` remembers."""
    begun = next(links, None)
    if begun is None:
        return _ended(Verification(0, start.sequence - 1, ""), (start, *marks))
    before = begun[1]
    later = [mark for mark in marks if mark.sequence >= start.sequence]
    return linked(_again(begun, links), first=start.sequence, previous=before, marks=(start, *later))


def emptied(found: Verification) -> Verification:
    """The verification of a trail without any row in a database that has users: making them was recorded."""
    reason = "the database has users, whose making was recorded, and the trail has no rows"
    return replace(found, broken_at=1, reason=reason)


def _again(first: Link, rest: Iterator[Link]) -> Iterator[Link]:
    yield first
    yield from rest


def _by_row(marks: Sequence[Mark]) -> dict[int, list[Mark]]:
    """Marks by the sequence of the row that each remembers."""
    found: dict[int, list[Mark]] = {}
    for mark in marks:
        found.setdefault(mark.sequence, []).append(mark)
    return found


def _ended(found: Verification, marks: Sequence[Mark]) -> Verification:
    """Broken when the rows end before one that is remembered."""
    newest = max(marks, key=lambda mark: mark.sequence, default=None)
    if newest is None or found.head >= newest.sequence:
        return found
    first, last = found.head + 1, newest.sequence
    gone = f"row {first} is" if first == last else f"rows {first} to {last} are"
    return replace(found, broken_at=first, reason=f"{gone} missing at the end; {newest.by} row {last}")


def _rewritten(mark: Mark, proved: int, found: Verification) -> Verification:
    """The chain fits in itself and is not the one that is remembered: it was written anew from some row on."""
    reason = f"row {mark.sequence} is not the one that {mark.by}"
    if mark.sequence - proved > 1:
        reason += f"; the change lies among rows {proved + 1} to {mark.sequence}"
    return replace(found, broken_at=mark.sequence, reason=reason, suspect_from=proved + 1)


def _fault(row: Link, expected: int, previous: str) -> tuple[int, str]:
    """Which row does not fit, and why."""
    sequence, before, _, _ = row
    if sequence < expected:
        return sequence, f"row {sequence} is there twice: the chain forks"
    if sequence > expected:
        return expected, f"row {expected} is missing; row {sequence} follows instead"
    if before != previous:
        return sequence, f"row {sequence} does not follow the row before it"
    return sequence, f"row {sequence} was changed after it was written"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
