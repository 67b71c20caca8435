"""Who is signed in, and whether they may: every action asks here, by what is stored now rather than what was true at log-in."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from qv_desktop.domain.access import Permission, Session, SignIn, User, UserState
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import DatabaseDown, NotPermitted, TokenOutdated
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.users import Users
from qv_desktop.services.tokens import Tokens

log = structlog.get_logger(__name__)

FRESH = timedelta(seconds=1)  # a suspension or demotion takes effect within this time
LOOKS = 10.0  # seconds between looks at the standing of somebody who asks for nothing
GONE = "Your account was suspended or your session was ended."
ENDED = "Your session has ended; sign in again."
GIVEN = 60.0  # seconds that a password counts for the deed that it was given for
BRAKE_WAITS = 1.0  # seconds that a cancel or a halt waits for the database before the last known role decides


class Login:
    """The signed-in session of this window. ``session`` is None while nobody is signed in.

    ``spool`` takes the record of a refusal that the database cannot take now. ``elapsed`` gives seconds that nobody can set back.
    """

    def __init__(
        self, users: Users, trail: Trail, now: Now, host: str, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._users, self._trail, self._now, self._host, self._elapsed = users, trail, now, host, elapsed
        self._asked: tuple[datetime, float] | None = None  # when, by the wall's clock and by ``elapsed``
        self._given = ("", 0.0)  # the deed for which the password was given a moment ago, and when by ``elapsed``
        self.tokens = Tokens(users, now, host)
        self.session: Session | None = None
        self.revoked = ""  # why the session was ended by others than the person, if it was
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
        draft = Draft(Actor(name, "human", "Admin", host=self._host), "user.create", "user", name, reason="first run")
        return await self._users.create_first(name, password, draft)

    async def sign_in(self, name: str, password: str) -> SignIn:
        """Verify and remember the session; the answer carries the sentence to show when it fails."""
        return await self._begun(await self._users.sign_in(name, password, self._host))

    async def redeem(self, name: str, code: str, password: str) -> SignIn:
        """Set a password with the code that an Admin gave, and sign in. Raises BadInput when it is too weak."""
        return await self._begun(await self._users.redeem(name, code, password, self._host))

    async def resume(self, kept: str) -> SignIn:
        """Sign in with what was kept of an earlier sitting."""
        return await self._begun(await self.tokens.resumed(kept), fresh=False)

    async def _begun(self, answer: SignIn, *, fresh: bool = True) -> SignIn:
        if answer.session is not None:
            if fresh:
                await self.tokens.take(answer)
            self.session, self._asked, self.revoked = answer.session, self._moment(), ""
        return answer

    async def unlock(self, name: str, password: str) -> str:
        """Empty once ``name``, whose desk it is, is let in again: into the same session, or into a new one where that has ended."""
        session = self.session
        if session is None:
            return (await self.sign_in(name, password)).message
        try:
            if why := await self.confirm(password):
                return why
            self._asked = None  # the desk opens only for a session that still runs
            return "" if await self._standing() is not None else GONE
        except DatabaseDown:
            log.warning("unlocking_without_database")
            return await self._users.recall(session, password)

    async def confirm(self, password: str, deed: str = "") -> str:
        """Empty once the signed-in person has given the password again, else the sentence that says why not.

        It counts once, within a minute, and for ``deed`` alone: see ``require_given``.
        """
        self._given = ("", 0.0)
        if self.session is None:
            return ENDED
        why = await self._users.confirm(self.session, password)
        self._given = ("" if why else deed, self._elapsed())
        return why

    def require_given(self, deed: str) -> None:
        """Use up the password that was given for ``deed``. Raises NotPermitted when none was: it is asked for each time."""
        (given, at), self._given = self._given, ("", 0.0)
        if not deed or given != deed or self._elapsed() - at > GIVEN:
            raise NotPermitted("This takes your password; give it and try again.")

    async def change_password(self, old: str, new: str) -> str:
        """Empty once the signed-in person has another password, which ends their other sessions; else why not."""
        return await self._users.change_password(self.session, old, new) if self.session else ENDED

    def follow(self, former: "Login") -> None:
        """Go on with the session of ``former``, whose desk is being left for another one."""
        self.session, self._asked, former.session = former.session, None, None
        self.tokens.follow(former.tokens)

    async def sign_out(self) -> None:
        """End the session, and forget what was kept of it."""
        session, self.session = self.session, None
        await self.tokens.forget()
        if session is not None:
            await self._users.sign_out(session)

    async def note(self, action: str, reason: str = "") -> None:
        """Record what the person did to the session; while the database is away it waits."""
        session = self.session
        await self._record(Draft(self.actor, action, "session", session.id if session else "", reason=reason))

    async def leave(self) -> None:
        """The program ends: who stays signed in keeps the session for the next start, everybody else is signed out."""
        if self.tokens.keep is None:
            await self.sign_out()
        else:
            self.session = None
            self.tokens.drop()

    async def watch(self) -> None:
        """Until cancelled: renew the tokens in time, and hear of a suspension also when nothing is asked for."""
        while True:
            await asyncio.sleep(LOOKS)
            try:
                await self._standing()
            except (DatabaseDown, NotPermitted) as error:
                log.debug("standing_unknown", reason=str(error))

    async def require(self, permission: Permission, *, even_without_database: bool = False) -> Session:
        """The session, when its user holds ``permission`` now. Raises NotPermitted, and records the refusal.

        Raises DatabaseDown too, unless ``even_without_database``: then the role as last read decides, within a second. That is
        for what makes things safer, which must work while the database is away.
        """
        session = await (self._last_known() if even_without_database else self._standing())
        if session is None:
            raise NotPermitted(ENDED)
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
        self._asked = None  # else every second look, just under a second after the one before, would be spared
        try:
            await self._standing()
        except (DatabaseDown, NotPermitted) as error:
            log.debug("role_not_read", reason=str(error))

    async def _standing(self) -> Session | None:
        session = self.session
        if session is None or self._fresh:
            return session
        user = await self._vouched(session)
        if user is None or user.state is not UserState.ACTIVE:
            await self._end(session, GONE)
            return None
        if self.session is None or self.session.id != session.id:
            return self.session  # another one began meanwhile, or this one ended
        self._asked = self._moment()
        self.session = Session(session.id, user, session.host, session.started, session.expires)
        return self.session

    def _moment(self) -> tuple[datetime, float]:
        return self._now(), self._elapsed()

    @property
    def _fresh(self) -> bool:
        """Whether what was read last still counts, by both clocks: the wall's can be set back, the other may stand while we sleep."""
        if self._asked is None:
            return False
        (asked, begun), (now, seconds) = self._asked, self._moment()
        return timedelta(0) <= now - asked < FRESH and seconds - begun < FRESH.total_seconds()

    async def _vouched(self, session: Session) -> User | None:
        """The user as stored now; the access token is renewed before its end, or when it no longer says what is so."""
        if self.tokens.due and not await self._renewed(session, self.tokens.access):
            return None
        spent = self.tokens.access
        try:
            return await self._users.vouch(session, spent)
        except TokenOutdated:
            return await self._users.vouch(session, self.tokens.access) if await self._renewed(session, spent) else None
        except NotPermitted as forged:
            await self._end(session, str(forged))
            raise

    async def _renewed(self, session: Session, spent: str) -> bool:
        answer = await self.tokens.renewed(spent)
        if answer is not None and answer.session is None:
            await self._end(session, answer.message)
            return False
        return True

    async def _end(self, session: Session, why: str) -> None:
        """Nobody is signed in any more, and what was kept is of no use; said once."""
        if self.session is None or self.session.id != session.id:
            return
        self.session, self.revoked = None, why
        self.ended(why)
        await self.tokens.forget()


def _only_logged(draft: Draft) -> None:
    log.error("audit_row_lost", action=draft.action, actor=draft.actor.name, outcome=draft.outcome, reason=draft.reason)
