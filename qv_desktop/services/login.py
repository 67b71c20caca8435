"""Who is signed in, and whether they may: every action asks here, by what is stored now rather than what was true at log-in."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from qv_desktop.domain.access import Permission, Session, User, UserState
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.services.ports import Now, SignIn, Trail, Users

log = structlog.get_logger(__name__)

FRESH = timedelta(seconds=1)  # a suspension or demotion takes effect within this time
BRAKE_WAITS = 1.0  # seconds that a cancel or a halt waits for the database before the last known role decides


class Login:
    """The signed-in session of this window. ``session`` is None while nobody is signed in.

    ``spool`` takes the record of a refusal that the database cannot take now.
    """

    def __init__(self, users: Users, trail: Trail, now: Now, host: str) -> None:
        self._users, self._trail, self._now, self._host = users, trail, now, host
        self._asked: datetime | None = None
        self.session: Session | None = None
        self.ended: Callable[[str], None] = lambda reason: None
        self.spool: Callable[[Draft], None] = _only_logged

    @property
    def actor(self) -> Actor:
        """The signed-in person as the audit trail names them."""
        if self.session is None:
            return Actor("nobody", "human", host=self._host)
        user = self.session.user
        return Actor(user.name, "human", user.role, self.session.id, self._host)

    async def first_run(self) -> bool:
        """Whether the first Admin has yet to be made."""
        return not await self._users.any()

    async def create_first_admin(self, name: str, password: str) -> User:
        """Make the first Admin. Raises NotPermitted once any user exists."""
        if await self._users.any():
            raise NotPermitted("Users exist already; ask an Admin for an account.")
        draft = Draft(Actor(name, "human", "Admin", host=self._host), "user.create", "user", name, reason="first run")
        return await self._users.create(name, password, "Admin", draft)

    async def sign_in(self, name: str, password: str) -> SignIn:
        """Verify and remember the session; the answer carries the sentence to show when it fails."""
        answer = await self._users.sign_in(name, password, self._host)
        self._begin(answer)
        return answer

    async def confirm(self, password: str) -> str:
        """Empty once the signed-in person has given the password again, else the sentence that says why not."""
        return (
            await self._users.confirm(self.session, password)
            if self.session
            else "Your session has ended; sign in again."
        )

    def follow(self, former: "Login") -> None:
        """Go on with the session of ``former``, whose desk is being left for another one."""
        self.session, self._asked, former.session = former.session, None, None

    async def resume(self, refresh_token: str) -> SignIn:
        """Sign in with a kept refresh token."""
        answer = await self._users.resume(refresh_token, self._host)
        self._begin(answer)
        return answer

    def _begin(self, answer: SignIn) -> None:
        if answer.session is not None:
            self.session, self._asked = answer.session, self._now()

    async def sign_out(self) -> None:
        """End the session."""
        session, self.session = self.session, None
        if session is not None:
            await self._users.sign_out(session)

    async def require(self, permission: Permission, *, even_without_database: bool = False) -> Session:
        """The session, when its user holds ``permission`` now. Raises NotPermitted, and records the refusal.

        Raises DatabaseDown too, unless ``even_without_database``: then the role as last read decides, within a second. That is
        for what makes things safer, which must work while the database is away.
        """
        session = await (self._last_known() if even_without_database else self._standing())
        if session is None:
            raise NotPermitted("Your session has ended; sign in again.")
        if session.user.may(permission):
            return session
        role = session.user.role
        await self._record(
            Draft(
                self.actor,
                "permission.refuse",
                "permission",
                str(permission),
                "refused",
                f"{role} lacks “{permission}”",
            )
        )
        raise NotPermitted(f"The role {role} may not do this: it lacks “{permission}”.")

    async def _record(self, draft: Draft) -> None:
        """A refusal stands, whether or not it can be written down now."""
        try:
            await self._trail.append(draft)
        except DatabaseDown:
            self.spool(draft)

    async def _last_known(self) -> Session | None:
        try:
            return await asyncio.wait_for(self._standing(), BRAKE_WAITS)
        except (DatabaseDown, TimeoutError) as error:
            log.warning("role_as_last_read", reason=str(error) or "the database does not answer")
            return self.session

    def may(self, permission: Permission) -> bool:
        """Whether the role as last read holds ``permission``; for greying out, never for deciding."""
        return self.session is not None and self.session.user.may(permission)

    async def look(self) -> None:
        """Read the person's standing, that a change of the role shows although nothing is asked for. Without a database it stays."""
        try:
            await self._standing()
        except DatabaseDown as error:
            log.debug("role_not_read", reason=str(error))

    async def _standing(self) -> Session | None:
        session = self.session
        if session is None or (self._asked is not None and self._now() - self._asked < FRESH):
            return session
        user = await self._users.standing(session)
        if user is None or user.state is not UserState.ACTIVE:
            self.session = None
            self.ended("Your account was suspended or your session was ended.")
            return None
        self._asked = self._now()
        self.session = Session(session.id, user, session.host, session.started, session.expires)
        return self.session


def _only_logged(draft: Draft) -> None:
    log.error("audit_row_lost", action=draft.action, actor=draft.actor.name, outcome=draft.outcome, reason=draft.reason)
