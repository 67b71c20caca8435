"""People as those see them who administer them: their standing, and where they are signed in."""

from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.access import User, UserState

RECOVERED = "user.recover"  # the action under which a recovery stands in the audit trail


@dataclass(frozen=True, slots=True)
class Person:
    """A user with what is known of their log-ins; times are UTC, None is never. ``sessions`` counts those that still run."""

    user: User
    created: datetime
    seen: datetime | None = None
    sessions: int = 0
    locked_until: datetime | None = None
    waits: bool = False  # for a password: a code was given and not used

    @property
    def suspended(self) -> bool:
        """Whether the person may not sign in until somebody lets them."""
        return self.user.state is UserState.SUSPENDED


@dataclass(frozen=True, slots=True)
class Seat:
    """A running session: on which machine, since when, and when it was last heard of."""

    id: str
    host: str
    started: datetime
    seen: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Recovered:
    """Somebody was made an Admin from the command line: whom, by which account on which machine, and when."""

    name: str
    by: str
    host: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code with which a person chooses a password. It is shown once, and never written anywhere."""

    name: str
    code: str

    def __repr__(self) -> str:
        return f"Invitation(name={self.name!r}, code=…)"
