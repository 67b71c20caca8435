"""Which rows of the audit trail are wanted: what the viewer asks, counts and exports, and what a new row is held against."""

from dataclasses import dataclass, fields, replace
from datetime import datetime

from qv_desktop.domain.audit import Draft, Entry

type Installation = tuple[str, str]  # its chain, and the machine that recorded the newest row

PAGE = 500  # rows that are read at a time; fewer say that there are no more


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Rows newest first; empty fields mean any. ``action`` and ``object_id`` may end with * for “begins with”.

    ``start`` is included, ``end`` is not. ``correlation`` brings a whole story: what carries the id, and what it caused.
    ``before`` and ``after`` are sequence numbers, neither is included: the page that ends or begins there.
    """

    actor: str = ""
    action: str = ""
    outcome: str = ""
    text: str = ""
    actor_type: str = ""
    object_type: str = ""
    object_id: str = ""
    start: datetime | None = None  # UTC
    end: datetime | None = None  # UTC
    correlation: str = ""
    before: int | None = None
    after: int | None = None
    chain: str = ""  # of another installation on the same server; empty is this one's

    @property
    def whole(self) -> "AuditQuery":
        """The same question without its page."""
        return replace(self, before=None, after=None)

    @property
    def anything(self) -> bool:
        """Whether every row of the trail is meant."""
        return self.whole == AuditQuery()

    def told(self) -> dict[str, str]:
        """What it asks for, by field, as texts: the record of an export and the head of its file."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, datetime) else str(value)
            for name, value in given.items()
            if value not in ("", None)
        }

    def holds(self, entry: Entry) -> bool:
        """Whether ``entry`` is one of the rows asked for."""
        draft = entry.draft
        return (
            self.chain in ("", entry.chain)
            and self.actor in ("", draft.actor.name)
            and self.actor_type in ("", draft.actor.type)
            and fits(self.action, draft.action)
            and self.object_type in ("", draft.object_type)
            and fits(self.object_id, draft.object_id)
            and self.outcome in ("", draft.outcome)
            and (self.start is None or entry.at >= self.start)
            and (self.end is None or entry.at < self.end)
            and self.correlation in ("", draft.correlation, draft.causation)
            and (self.before is None or entry.sequence < self.before)
            and (self.after is None or entry.sequence > self.after)
            and (not self.text or _mentions(draft, self.text.casefold()))
        )


def fits(pattern: str, value: str) -> bool:
    """Whether ``value`` is what ``pattern`` says; nothing fits everything, a * at its end stands for any rest."""
    return not pattern or (value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern)


def _mentions(draft: Draft, wanted: str) -> bool:
    actor = draft.actor
    texts = (actor.name, draft.action, draft.object_type, draft.object_id, draft.reason, draft.before, draft.after,
             draft.correlation, actor.session, actor.host)  # fmt: skip
    return any(wanted in text.casefold() for text in texts)
