"""The audit trail's rows, and the chain that makes them tamper-evident.

Each row's hash is SHA-256 over its canonical text and the hash of the row before it, so that an edit, a removal, an insertion
or a swap shows at the first row that no longer fits.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

GENESIS = "0" * 64

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
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def sealed(chain: str, sequence: int, at: datetime, draft: Draft, app_version: str, previous: str) -> Entry:
    """The entry that follows the one whose hash is ``previous``."""
    text = canonical(chain, sequence, at, draft, app_version, previous)
    return Entry(chain, sequence, at, draft, app_version, previous, hashlib.sha256(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest row that an installation remembers to have recorded, kept apart from the chain."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking a chain found: rows read, the head, and the first row that does not fit, with the reason."""

    rows: int
    head: int
    head_hash: str
    broken_at: int | None = None
    reason: str = ""

    @property
    def whole(self) -> bool:
        """Whether every row fits the one before it."""
        return self.broken_at is None


def verified(
    entries: Iterable[Entry], *, first: int = 1, previous: str = GENESIS, mark: Mark | None = None
) -> Verification:
    """Check rows in order of sequence, starting after the row whose hash is ``previous``, against what ``mark`` remembers."""
    expected, rows = first, 0
    for entry in entries:
        fault = _fault(entry, expected, previous) or _forgotten(entry, mark)
        if fault:
            return Verification(rows, expected - 1, previous, expected, fault)
        expected, previous, rows = entry.sequence + 1, entry.hash, rows + 1
    if mark is not None and expected <= mark.sequence:
        return Verification(rows, expected - 1, previous, expected, _cut(expected, mark.sequence))
    return Verification(rows, expected - 1, previous)


def emptied(found: Verification) -> Verification:
    """The verification of a trail without any row in a database that has users: making them was recorded."""
    reason = "the database has users, whose making was recorded, and the trail has no rows"
    return replace(found, broken_at=1, reason=reason)


def _cut(first: int, last: int) -> str:
    gone = f"row {first} is" if first == last else f"rows {first} to {last} are"
    return f"{gone} missing at the end; this installation remembers to have recorded row {last}"


def _forgotten(entry: Entry, mark: Mark | None) -> str:
    if mark is None or entry.sequence != mark.sequence or entry.hash == mark.hash:
        return ""
    return f"row {entry.sequence} is not the one that this installation remembers to have recorded"


def _fault(entry: Entry, expected: int, previous: str) -> str:
    if entry.sequence != expected:
        return f"row {expected} is missing; row {entry.sequence} follows instead"
    if entry.previous != previous:
        return f"row {entry.sequence} does not follow the row before it"
    text = canonical(entry.chain, entry.sequence, entry.at, entry.draft, entry.app_version, entry.previous)
    if hashlib.sha256(text.encode()).hexdigest() != entry.hash:
        return f"row {entry.sequence} was changed after it was written"
    return ""
