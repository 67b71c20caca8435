"""The break queue: a difference of books as an item that lives over runs, what people decide about it, and how a run meets it."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Break, BreakClass, Reconciliation, Section, Severity

type State = Literal["open", "explained", "carried", "resolved", "gone"]
type Identity = tuple[Section, str, BreakClass]  # what a break is known by over the runs of one account
type What = Literal["found", "found again", "due", "gone", "seen"]

DECIDED: frozenset[State] = frozenset({"explained", "carried", "resolved"})  # takes a second person's sign-off
WORKED: frozenset[State] = frozenset({"open", "explained", "carried"})  # something can still be decided about it
LONGEST = 500  # characters of a reason or a comment
MEANWHILE = "Somebody else, or a new comparison, changed this break meanwhile; look at it again."
_SPACE = uuid.UUID("6f0d3a52-3a55-5f0e-9a39-5c9f4d0c7d11")


@dataclass(frozen=True, slots=True)
class BreakItem:
    """One difference over all runs. Its figures are those of the run that found it last; times are UTC.

    ``opened``: since when it is there without a pause; ``times``: how often it came; ``until``: the New York day to which it is
    carried; ``version`` rises with every change but that of ``last_seen``.
    """

    id: str
    account: str
    section: Section
    key: str
    kind: BreakClass
    severity: Severity
    internal: str
    external: str
    difference: str
    at_risk: Decimal
    proposal: str
    first_seen: datetime
    opened: datetime
    last_seen: datetime
    last_run: str
    state: State = "open"
    owner: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    until: date | None = None
    signed_by: str = ""
    signed_at: datetime | None = None
    times: int = 1
    version: int = 1

    @property
    def identity(self) -> Identity:
        """What it is known by within its account."""
        return self.section, self.key, self.kind

    @property
    def waits(self) -> bool:
        """Whether what was decided about it waits for a second person."""
        return self.state in DECIDED and not self.signed_by

    @property
    def closed(self) -> bool:
        """Whether nothing is left to do: it went by itself, or it is resolved and signed."""
        return self.state == "gone" or (self.state == "resolved" and bool(self.signed_by))


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of an item's story: who did what to it when, and in what words."""

    at: datetime
    actor: str
    what: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Met:
    """What a run makes of one item; ``before`` is None for a new one."""

    before: BreakItem | None
    after: BreakItem
    what: What


# ---- a run meets the queue


def met(queue: Iterable[BreakItem], run: Reconciliation, account: str) -> tuple[Met, ...]:
    """How ``run`` changes the items of ``account``: new ones, those found again, those whose day has come, and those that went.

    What was resolved and is found again is open again, signed or not. An item is never said to be gone by a run that did not
    compare it.
    """
    known = {item.identity: item for item in queue}
    found = {(each.section, each.key, each.kind): each for each in run.breaks}
    changes = [_found(known.get(identity), each, run, account) for identity, each in found.items()]
    changes += [_missed(item, run) for identity, item in known.items() if identity not in found]
    return tuple(change for change in changes if change is not None)


def _found(item: BreakItem | None, found: Break, run: Reconciliation, account: str) -> Met | None:
    if item is None:
        return Met(None, _new(found, run, account), "found")
    if run.at <= item.last_seen:
        return None  # a run of another machine that was stored late
    seen = _as_found(item, found, run)
    if item.state in ("gone", "resolved"):
        again = replace(_undecided(seen), version=item.version + 1)  # one step, also when figures and state both change
        return Met(
            item, replace(again, opened=run.at, times=item.times + 1) if item.state == "gone" else again, "found again"
        )
    if item.state == "carried" and item.until is not None and _day(run.at) >= item.until:
        return Met(item, replace(_undecided(seen), version=item.version + 1), "due")
    return Met(item, seen, "seen")


def _missed(item: BreakItem, run: Reconciliation) -> Met | None:
    if item.state not in WORKED or run.at <= item.last_seen or not _compared(item, run):
        return None
    return Met(item, replace(item, state="gone", version=item.version + 1), "gone")


def _compared(item: BreakItem, run: Reconciliation) -> bool:
    """Fills are compared on their own day only, and what one side does not know is not compared: neither proves that it is settled."""
    for one in run.uncompared:
        if one.section == item.section and (one.key == item.key or item.section in ("cash", "equity")):
            return False
    return item.section != "fills" or _day(item.last_seen) == _day(run.at)


def _new(found: Break, run: Reconciliation, account: str) -> BreakItem:
    name = json.dumps([account, found.section, found.key, found.kind])
    return BreakItem(
        uuid.uuid5(_SPACE, name).hex, account, found.section, found.key, found.kind, found.severity, found.internal, found.external,
        found.difference, found.at_risk, found.proposal, run.at, run.at, run.at, run.id,
    )  # fmt: skip


def _as_found(item: BreakItem, found: Break, run: Reconciliation) -> BreakItem:
    fresh = replace(
        item, severity=found.severity, internal=found.internal, external=found.external, difference=found.difference,
        at_risk=found.at_risk, proposal=found.proposal,
    )  # fmt: skip
    return replace(fresh, last_seen=run.at, last_run=run.id, version=item.version + (fresh != item))


def _undecided(item: BreakItem) -> BreakItem:
    """Open, as if nothing had been decided; the story keeps what was."""
    return replace(item, state="open", decided_by="", decided_at=None, reason="", until=None, signed_by="", signed_at=None,
                   version=item.version + 1)  # fmt: skip


def _day(moment: datetime) -> date:
    return moment.astimezone(NEW_YORK).date()


# ---- what people do


def taken(item: BreakItem, by: str) -> BreakItem:
    """Owned by ``by``. Raises BadInput when it is closed or theirs already."""
    if item.closed:
        raise BadInput("This break is closed; there is nothing left to work on.")
    if item.owner == by:
        raise BadInput("This break is yours already.")
    return replace(item, owner=by, version=item.version + 1)


def decided(item: BreakItem, state: State, by: str, at: datetime, reason: str) -> BreakItem:
    """Explained, resolved or carried to the next weekday, for a reason. Raises BadInput."""
    if item.state not in WORKED:
        raise BadInput(f"This break is {STATES[item.state].lower()} already; reopen it first.")
    until = next_day(at) if state == "carried" else None
    return replace(
        item, state=state, decided_by=by, decided_at=at, reason=words(reason, "a reason"), until=until, signed_by="", signed_at=None,
        owner=item.owner or by, version=item.version + 1,
    )  # fmt: skip


def reopened(item: BreakItem, reason: str) -> BreakItem:
    """Open again. Raises BadInput when nothing was decided, or without a reason."""
    if item.state not in DECIDED:
        raise BadInput("Only a break that was explained, carried forward or resolved can be reopened.")
    words(reason, "a reason")
    return _undecided(item)


def signed(item: BreakItem, by: str, at: datetime) -> BreakItem:
    """Signed off by a second person. Raises BadInput when there is nothing to sign, or ``by`` is who decided."""
    if not item.waits:
        raise BadInput("There is nothing to sign off: the break must be explained, carried forward or resolved first.")
    if item.decided_by == by:
        raise BadInput("Four eyes: who decided about a break cannot sign it off; ask somebody else.")
    return replace(item, signed_by=by, signed_at=at, version=item.version + 1)


def words(text: str, what: str) -> str:
    """``text`` without what does not print. Raises BadInput when nothing is left or it is too long."""
    kept = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not kept:
        raise BadInput(f"Give {what}; it is kept with the break and in the audit trail.")
    if len(kept) > LONGEST:
        raise BadInput(f"Keep it to {LONGEST} characters; these are {len(kept):,}.")
    return kept


def next_day(at: datetime) -> date:
    """The next weekday in New York."""
    day = _day(at) + timedelta(days=1)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


STATES: Mapping[State, str] = {
    "open": "Open", "explained": "Explained", "carried": "Carried forward", "resolved": "Resolved", "gone": "Gone by itself",
}  # fmt: skip


def standing(item: BreakItem) -> str:
    """The state as people read it, with what is still missing."""
    if item.state == "resolved" and item.waits:
        return "Awaiting sign-off"
    name = f"Carried to {item.until}" if item.state == "carried" and item.until else STATES[item.state]
    return f"{name} · signed" if item.signed_by else name


def told(item: BreakItem) -> str:
    """What the audit trail keeps of it, as JSON: what it is, its figures, and what was decided."""
    return json.dumps({
        "section": item.section, "key": item.key, "class": item.kind, "difference": item.difference, "at_risk": f"{item.at_risk:f}",
        "state": item.state, "owner": item.owner, "decided_by": item.decided_by, "reason": item.reason,
        "until": str(item.until or ""), "signed_by": item.signed_by,
    }, ensure_ascii=False)  # fmt: skip
