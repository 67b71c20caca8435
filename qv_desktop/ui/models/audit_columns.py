"""The columns of the audit trail, and a row as text."""

from collections.abc import Callable
from datetime import date, datetime

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui import format as words
from qv_desktop.ui.models.column import Column

NAME = 16  # characters; longer ones are ids
CELL, READ = 300, 2_000  # characters that a cell and a tip show of a text; whoever wants more copies or exports the row

type Today = Callable[[], date]  # New York's


def audit_columns(today: Today, broken: Callable[[Entry], bool]) -> list[Column[Entry]]:
    """``today`` tells which rows need their day beside their time, ``broken`` the row at which the chain breaks."""
    return [
        Column("#", lambda e: f"{e.sequence:,}", key=lambda e: e.sequence, width=58, whole=True, bold=True,
               color=lambda e: "BAD" if broken(e) else "TX1", tip=lambda e: f"Row {e.sequence:,} of this installation's trail"),
        Column("Time ET", lambda e: moment(e.at, today()), key=lambda e: e.at, raw=lambda e: e.at.isoformat(), width=96, whole=True,
               tip=lambda e: f"{e.at.isoformat(timespec='microseconds')}\n{words.day(e.at)} {words.clock_ms(e.at)} New York"),
        Column("Actor", lambda e: capped(e.draft.actor.name), raw=lambda e: e.draft.actor.name, width=66, tip=who),
        Column("Role", lambda e: capped(e.draft.actor.role) or words.UNKNOWN, width=54, color=lambda e: "TX1",
               raw=lambda e: e.draft.actor.role or words.UNKNOWN),
        Column("Action", lambda e: capped(e.draft.action), raw=lambda e: e.draft.action, width=122),
        Column("Object", what, width=142, raw=lambda e: f"{e.draft.object_type} {e.draft.object_id}".strip(),
               tip=lambda e: capped(f"{e.draft.object_type} {e.draft.object_id}", READ)),
        Column("Outcome", lambda e: e.draft.outcome, chip=lambda e: e.draft.outcome, width=78),
        Column("Reason", lambda e: capped(e.draft.reason), raw=lambda e: e.draft.reason, color=lambda e: "TX2", width=56, stretch=True,
               tip=lambda e: capped(e.draft.reason, READ)),
        Column("Correlation", lambda e: tail(e.draft.correlation), key=lambda e: e.draft.correlation, color=lambda e: "ACCENT",
               tip=lambda e: capped(e.draft.correlation, READ), width=86),
        Column("Hash", lambda e: short(e.hash), key=lambda e: e.hash, mono=True, color=lambda e: "TX2", width=78, tip=lambda e: e.hash),
        Column("Actor type", lambda e: e.draft.actor.type, width=72, shown=False),
        Column("Session", lambda e: tail(e.draft.actor.session), key=lambda e: e.draft.actor.session, width=86, shown=False,
               tip=lambda e: capped(e.draft.actor.session, READ)),
        Column("Host", lambda e: capped(e.draft.actor.host) or words.UNKNOWN, width=86, shown=False,
               raw=lambda e: e.draft.actor.host or words.UNKNOWN),
        Column("Cause", lambda e: tail(e.draft.causation), key=lambda e: e.draft.causation, color=lambda e: "ACCENT", width=86,
               shown=False, tip=lambda e: capped(e.draft.causation, READ)),
        Column("Version", lambda e: e.app_version, width=60, shown=False),
    ]  # fmt: skip


def moment(at: datetime, today: date) -> str:
    """New York's time to the millisecond, with the day before it where that is not ``today``."""
    there = at.astimezone(NEW_YORK)
    time = there.isoformat(timespec="milliseconds")[11:23]
    return time if there.date() == today else f"{there:%Y-%m-%d} {time}"


def who(entry: Entry) -> str:
    """Who it was, as whom, from where."""
    actor = entry.draft.actor
    return " · ".join(capped(part) for part in (actor.name, actor.role, actor.type, actor.host) if part)


def what(entry: Entry) -> str:
    """What was acted on, its id cut to its telling end."""
    return f"{capped(entry.draft.object_type)} {tail(entry.draft.object_id)}".strip()


def capped(text: str, most: int = CELL) -> str:
    """The text, or its beginning and how much more there is: a row may hold millions of characters, and nobody reads them here."""
    return text if len(text) <= most else f"{text[:most]} … {len(text) - most:,} characters more"


def tail(text: str, length: int = 6) -> str:
    """Ids begin alike and differ at their end."""
    return text if len(text) <= NAME else f"…{text[-length:]}"


def short(digest: str) -> str:
    """The two ends of a hash."""
    return digest if len(digest) <= 9 else f"{digest[:4]}…{digest[-4:]}"


def as_text(entry: Entry) -> str:
    """The whole row for the clipboard."""
    draft, actor = entry.draft, entry.draft.actor
    return "\n".join((
        f"#{entry.sequence} {entry.at.isoformat()} {actor.name} {draft.action} {draft.outcome}",
        f"actor: {' · '.join(filter(None, (actor.name, actor.role, actor.type, actor.host)))}", f"session: {actor.session}",
        f"object: {draft.object_type} {draft.object_id}",
        f"reason: {draft.reason}", f"before: {draft.before}", f"after: {draft.after}",
        f"correlation: {draft.correlation}", f"causation: {draft.causation}",
        f"chain: {entry.chain}", f"version: {entry.app_version}", f"previous: {entry.previous}", f"hash: {entry.hash}",
    ))  # fmt: skip
