"""Limits in the making: who proposes to let more pass, which second person decides, and which symbols nobody may trade."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limit_words import title, told
from qv_desktop.domain.limits import Scope, ScopedLimits, concerns
from qv_desktop.domain.market import NEW_YORK

OPEN_FOR = timedelta(days=3)  # a proposal that nobody has decided by then is none any more
LONGEST = 500  # characters of a reason
SYMBOL = re.compile(r"[A-Z][A-Z0-9.\-/]{0,11}")
NAME = 80  # characters of a user's or a strategy's name
OUTDATED = "The limits were changed since this was proposed; have it withdrawn and proposed anew."
MEANWHILE = "Somebody changed this meanwhile; look at it as it is now, then decide again."


class Decision(StrEnum):
    """What became of a proposal."""

    OPEN = ""
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Proposal:
    """To set ``values`` for a scope in the place of version ``base``, or to lift the restriction numbered ``lifts``; times are UTC."""

    id: int
    scope: Scope
    of: str
    values: Mapping[str, Decimal | int]
    base: int
    lifts: int | None
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires: datetime
    decision: Decision = Decision.OPEN
    decided_by: str = ""
    decided_at: datetime | None = None
    because: str = ""

    def open(self, now: datetime) -> bool:
        """Whether it waits for a second person."""
        return self.decision is Decision.OPEN and now < self.expires


@dataclass(frozen=True, slots=True)
class Restriction:
    """A symbol that nobody (``of`` is "") or one user may trade, until a moment or until it is lifted; times are UTC."""

    id: int
    of: str
    symbol: str
    reason: str
    added_by: str
    added_at: datetime
    until: datetime | None = None
    lifted: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it is in force."""
        return not self.lifted and (self.until is None or now < self.until)

    def words(self, user: str) -> str:
        """Why ``user``, who reads it, may not trade the symbol."""
        who = "Nobody" if not self.of else "You" if self.of == user.lower() else self.of
        last = "" if self.until is None else f", until {self.until.astimezone(NEW_YORK):%d %b %Y %H:%M} in New York"
        return f"{who} may{' not' if self.of else ''} trade {self.symbol}{last}: {self.reason.rstrip('.')} ({self.added_by})."


@dataclass(frozen=True, slots=True)
class LimitBook:
    """Everything there is: the newest version of each scope, proposals and restrictions, both oldest first."""

    versions: tuple[ScopedLimits, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    restrictions: tuple[Restriction, ...] = ()

    def version(self, scope: Scope, of: str) -> ScopedLimits:
        """The limits of a scope as they stand; an empty version 0 where none were ever set."""
        found = (one for one in self.versions if (one.scope, one.of) == (scope, of))
        return next(found, ScopedLimits(scope, of, {}))

    def binding(self, account: str, user: str, strategy: str, symbol: str) -> tuple[ScopedLimits, ...]:
        """Every version that binds such an order, widest scope first."""
        found = [one for one in self.versions if concerns(one, account, user, strategy, symbol)]
        return tuple(sorted(found, key=lambda one: list(Scope).index(one.scope)))

    def restriction(self, user: str, symbol: str, now: datetime) -> Restriction | None:
        """What keeps the user from trading the symbol, that of the whole firm first."""
        hold = (r for r in self.restrictions if r.symbol == symbol and r.of in ("", user.lower()) and r.holds(now))
        return min(hold, key=lambda r: r.of, default=None)


def owner(scope: Scope, of: str) -> str:
    """``of`` as it is kept. Raises BadInput when it names nobody and nothing."""
    name = of.strip()
    if scope is Scope.FIRM:
        return ""
    if scope is Scope.SYMBOL:
        return symbol(name)
    if not name or len(name) > NAME or not name.isprintable():
        raise BadInput(f"Type the {scope}'s name, {NAME} characters at most.")
    return name.lower() if scope is Scope.USER else name


def symbol(text: str) -> str:
    """A symbol as typed. Raises BadInput."""
    name = text.strip().upper()
    if not SYMBOL.fullmatch(name):
        raise BadInput("Type a symbol such as AAPL.")
    return name


def reason(text: str) -> str:
    """Words that the audit trail keeps. Raises BadInput when there are none."""
    words = " ".join(text.split())
    if not words:
        raise BadInput("Type a reason; it is kept with the change.")
    if len(words) > LONGEST:
        raise BadInput(f"Shorten the reason to {LONGEST} characters.")
    return words


def own(proposal: Proposal, name: str) -> str:
    """Why this person may not approve or decline it, or nothing: a second person does, and nobody their own limits."""
    me = name.lower()
    if proposal.proposed_by.lower() == me:
        return "You proposed this yourself; a second person has to approve it."
    if proposal.scope is Scope.USER and proposal.of == me:
        return "This is about what you may trade yourself; somebody else has to approve it."
    return ""


def hindered(proposal: Proposal, book: LimitBook, name: str, now: datetime) -> str:
    """Why this person may not approve it now, or nothing."""
    if not proposal.open(now):
        return f"It was {proposal.decision}." if proposal.decision else "It has expired; nobody decided in time."
    if why := own(proposal, name):
        return why
    if proposal.lifts is None and proposal.base != book.version(proposal.scope, proposal.of).version:
        return OUTDATED
    return ""


def until(text: str) -> datetime | None:
    """A moment as typed, a day or a day and a time in New York; None for nothing. Raises BadInput."""
    words = text.strip()
    if not words:
        return None
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(words, form).replace(tzinfo=NEW_YORK).astimezone(UTC)
        except ValueError:
            continue
    raise BadInput("Type until when in New York, such as 2026-12-31 or 2026-12-31 16:00, or leave it empty.")


def changes(before: Mapping[str, Decimal | int], after: Mapping[str, Decimal | int]) -> list[str]:
    """What a version changed, one line for each limit: “Value of an order: $5,000 → $10,000”."""
    lines = []
    for name in dict.fromkeys([*before, *after]):
        old, new = (told(name, side[name]) if name in side else "not set" for side in (before, after))
        if old != new:
            lines.append(f"{title(name)}: {old} → {new}")
    return lines


def scope_words(scope: Scope, of: str, account: str = "") -> str:
    """A scope as a person reads it; ``account`` is how the account ``of`` is called."""
    if scope is Scope.FIRM:
        return "Firm"
    return f"{scope.capitalize()} {account or of if scope is Scope.ACCOUNT else of}"


def about(one: Proposal, restrictions: Iterable[Restriction]) -> str:
    """What a proposal is about, short."""
    if one.lifts is None:
        return scope_words(one.scope, one.of)
    found = next((r for r in restrictions if r.id == one.lifts), None)
    what = found.symbol if found is not None else "a symbol"
    return f"{what} again for {one.of or 'everybody'}"
