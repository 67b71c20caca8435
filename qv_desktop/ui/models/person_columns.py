"""The columns of people, and of the places where somebody is signed in."""

from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.people import Person, Seat
from qv_desktop.ui import format as fmt
from qv_desktop.ui.models.table_model import Column

_CHIPS = {"active": "working", "suspended": "rejected", "locked": "warning", "invited": "info"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A person as read last; ``oneself`` is the one who looks."""

    person: Person
    oneself: bool = False

    @property
    def name(self) -> str:
        """The person's name."""
        return self.person.user.name

    @property
    def locked(self) -> bool:
        """Whether wrong passwords keep the name out, by the database's clock: this machine's may be wrong."""
        return self.person.locked_until is not None

    @property
    def state(self) -> str:
        """``active``, ``suspended``, ``locked``, or ``invited`` to choose a password with a code."""
        if self.person.suspended:
            return "suspended"
        return "locked" if self.locked else "invited" if self.person.waits else "active"

    @property
    def standing(self) -> str:
        """The state with until when."""
        return f"locked to {fmt.clock(self.person.locked_until)[:5]}" if self.state == "locked" else self.state


def columns() -> list[Column[Listed]]:
    """Who it is, what they may, and whether they are here."""
    return [
        Column("Name", lambda p: f"{p.name} (you)" if p.oneself else p.name, raw=lambda p: p.name, width=130, bold=True, stretch=True,
               tip=lambda p: p.name),
        Column("Role", lambda p: p.person.user.role, width=104, tip=lambda p: p.person.user.role),
        Column("State", lambda p: p.standing, raw=lambda p: p.state, chip=lambda p: _CHIPS[p.state], width=104,
               tip=lambda p: _why(p)),
        Column("Last seen ET", lambda p: when(p.person.seen), key=lambda p: p.person.seen, right=True, width=112, color=lambda p: "TX1",
               tip=lambda p: p.person.seen.isoformat() if p.person.seen else "has never signed in"),
        Column("Sessions", lambda p: str(p.person.sessions), key=lambda p: p.person.sessions, right=True, width=64,
               color=lambda p: None if p.person.sessions else "TX2"),
        Column("Created ET", lambda p: when(p.person.created), key=lambda p: p.person.created, right=True, width=112,
               color=lambda p: "TX2", tip=lambda p: p.person.created.isoformat(), shown=False),
    ]  # fmt: skip


def seat_columns() -> list[Column[Seat]]:
    """Where and since when."""
    return [
        Column("Host", lambda s: s.host, width=90, stretch=True, tip=lambda s: s.host),
        Column("Started ET", lambda s: when(s.started), key=lambda s: s.started, right=True, width=96, color=lambda s: "TX1"),
        Column("Last seen ET", lambda s: when(s.seen), key=lambda s: s.seen, right=True, width=96, color=lambda s: "TX1"),
    ]  # fmt: skip


def when(moment: datetime | None) -> str:
    """Month, day and time; never is a dash."""
    return fmt.UNKNOWN if moment is None else f"{fmt.day(moment)[5:]} {fmt.clock(moment)[:5]}"


def _why(listed: Listed) -> str:
    if listed.state == "locked":
        return (
            f"Wrong passwords lock this name until {fmt.clock(listed.person.locked_until)} ET; Unlock lets it try again"
        )
    if listed.state == "invited":
        return "Has a code and has yet to choose a password with it; reset the password for another code"
    return "May not sign in until an Admin activates them" if listed.state == "suspended" else "May sign in"
