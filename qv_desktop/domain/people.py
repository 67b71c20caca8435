"""People as those see them who administer them: their standing, and where they are signed in."""

from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.access import User, UserState

# actions under which what was done from the command line, without an Admin's consent, stands in the audit trail
MADE_ADMIN, RESET, RECOVERY = "user.recover", "password.reset", "recovery"  # the last is the reason of such a reset


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
    """From the command line somebody was made an Admin or given a reset code: whom, by which account on which machine, and when."""

    action: str  # MADE_ADMIN or RESET
    name: str
    by: str
    host: str
    at: datetime

    def __str__(self) -> str:
        what = f"{self.name} was made an Admin" if self.action == MADE_ADMIN else f"{self.name} was given a reset code"
        return f"{what} from the command line by {self.by} on {self.host}, {self.at:%Y-%m-%d %H:%M} UTC."


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code with which a person chooses a password. It is shown once, and never written anywhere."""

    name: str
    code: str

    def __repr__(self) -> str:
        return f"Invitation(name={self.name!r}, code=…)"
