"""What the tables of versions, proposals and restrictions show."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.limit_changes import Decision, Proposal, Restriction
from qv_desktop.domain.limits import ScopedLimits
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui.models.column import Column

CHIPS_OF = {
    Decision.OPEN: "warning", Decision.APPROVED: "ok", Decision.DECLINED: "rejected", Decision.WITHDRAWN: "canceled",
    Decision.EXPIRED: "expired",
}  # fmt: skip


def when(at: datetime | None) -> str:
    """A moment in New York."""
    return "—" if at is None else f"{at.astimezone(NEW_YORK):%d %b %Y %H:%M}"


def day(at: datetime) -> str:
    """A day in New York."""
    return f"{at.astimezone(NEW_YORK):%d %b %Y}"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version, why it was set, and what it changed, a line for each limit."""

    one: ScopedLimits
    reason: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal, what it is about and what it would change."""

    one: Proposal
    about: str
    changes: tuple[str, ...]


def version_columns() -> tuple[Column[VersionRow], ...]:
    """Newest first."""
    return (
        Column("Version", lambda r: f"{r.one.version}", key=lambda r: r.one.version, right=True, width=58),
        Column(
            "When",
            lambda r: when(r.one.set_at),
            key=lambda r: r.one.set_at,
            width=124,
            whole=True,
            tip=lambda r: "New York time",
        ),
        Column("Set by", lambda r: r.one.set_by, width=92),
        Column(
            "Approved by",
            lambda r: r.one.approved_by or "—",
            width=92,
            color=lambda r: "TX0" if r.one.approved_by else "TX2",
        ),
        Column(
            "Changed",
            lambda r: "; ".join(r.changes) or "nothing",
            width=240,
            stretch=True,
            tip=lambda r: "\n".join(r.changes),
        ),
        Column("Reason", lambda r: r.reason or "—", width=140, color=lambda r: "TX1", tip=lambda r: r.reason),
    )


def proposal_columns(now: Callable[[], datetime]) -> tuple[Column[ProposalRow], ...]:
    """``now`` is the time, for what has expired."""

    def state(row: ProposalRow) -> Decision:
        return Decision.EXPIRED if not row.one.decision and not row.one.open(now()) else row.one.decision

    return (
        Column("State", lambda r: state(r) or "waiting", chip=lambda r: CHIPS_OF[state(r)], width=74),
        Column("For", lambda r: r.about, bold=True, width=104, tip=lambda r: r.about),
        Column("Would change", lambda r: "; ".join(r.changes), width=150, stretch=True, tip=lambda r: "\n".join(r.changes)),
        Column("Proposed by", lambda r: r.one.proposed_by, width=84),
        Column("Until", lambda r: when(r.one.expires), key=lambda r: r.one.expires, width=116, whole=True,
               tip=lambda r: "New York time"),
        Column("Decided by", lambda r: r.one.decided_by or "—", width=78, color=lambda r: "TX1", tip=lambda r: r.one.because),
        Column("Reason", lambda r: r.one.reason, width=90, color=lambda r: "TX1", tip=lambda r: r.one.reason),
    )  # fmt: skip


def restriction_columns(
    now: Callable[[], datetime], waiting: Callable[[Restriction], bool]
) -> tuple[Column[Restriction], ...]:
    """``waiting`` says whether somebody proposed to lift it."""

    def state(row: Restriction) -> tuple[str, str]:
        if row.lifted:
            return "lifted", "canceled"
        if not row.holds(now()):
            return "over", "expired"
        return ("lift waits", "warning") if waiting(row) else ("restricted", "rejected")

    return (
        Column("Symbol", lambda r: r.symbol, bold=True, width=58, whole=True),
        Column("For", lambda r: r.of or "everybody", width=76),
        Column("State", lambda r: state(r)[0], chip=lambda r: state(r)[1], width=82),
        Column("Reason", lambda r: r.reason, width=120, stretch=True, tip=lambda r: r.reason),
        Column("By", lambda r: r.added_by, width=72),
        Column("Since", lambda r: day(r.added_at), key=lambda r: r.added_at, width=80, whole=True, tip=lambda r: when(r.added_at)),
        Column("Until", lambda r: when(r.until) if r.until else "—", key=lambda r: r.until, width=124, whole=True,
               tip=lambda r: "New York time" if r.until else "Until a second person lifts it"),
    )  # fmt: skip
