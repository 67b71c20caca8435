"""Users, their sessions, and after how many idle minutes desks lock."""

from typing import Protocol

from qv_desktop.domain.access import Session, SignIn, User
from qv_desktop.domain.audit import Draft


class Users(Protocol):
    """Users and their sessions."""

    async def any(self) -> bool:
        """Whether a first user exists."""

    async def create(self, name: str, password: str, role: str, by: Draft) -> User:
        """Create a user. Raises BadInput when the name is taken or the password too weak."""

    async def create_first(self, name: str, password: str, by: Draft) -> User:
        """Create the first Admin. Raises NotPermitted when there is any user by now."""

    async def sign_in(self, name: str, password: str, host: str) -> SignIn:
        """Verify a password; five failures lock the name for 15 minutes."""

    async def confirm(self, session: Session, password: str) -> str:
        """Empty once the session's person has given the password again, else why not; failures count as those of a log-in."""

    async def recall(self, session: Session, password: str) -> str:
        """Empty when this is the password as the database last knew it, while that is away; else why not."""

    async def change_password(self, session: Session, old: str, new: str) -> str:
        """Empty once the session's person has another password and their other sessions have ended, else why not."""

    async def redeem(self, name: str, code: str, password: str, host: str) -> SignIn:
        """Set a password with a reset code, and sign in. Raises BadInput when the password is too weak."""

    async def resume(self, refresh_token: str, host: str, successor: str = "") -> SignIn:
        """Trade a kept refresh token for a session and its tokens; a reused one ends its family."""

    async def renew(self, refresh_token: str, successor: str, host: str) -> SignIn:
        """The next tokens of a sitting; asked again with the same ``successor``, it is the same use."""

    async def vouch(self, session: Session, access_token: str) -> User | None:
        """The session's user as stored now, by its token, or None when either has ended.

        Raises TokenOutdated when the next token may do, NotPermitted for one that is not ours.
        """

    async def sign_out(self, session: Session) -> None:
        """End the session and its tokens."""

    async def standing(self, session: Session) -> User | None:
        """The session's user as stored now, or None when the session or the user has ended."""


class IdleTimes(Protocol):
    """After how many idle minutes desks lock. Raises DatabaseDown."""

    async def idle_times(self, user: str) -> tuple[int | None, int | None]:
        """The person's minutes and everybody's bound, None for what nobody has chosen."""

    async def save_idle_time(self, user: str, minutes: int) -> None:
        """Keep the person's choice."""

    async def save_idle_bound(self, minutes: int, by: Draft) -> None:
        """Keep the bound for everybody."""
