"""The trading state: braked by hand, by the program or by the loss ladder at once, freed by who may, and kept across restarts."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import SYSTEM, Actor, Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import TradingStateChanged
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_ladder import (
    GRAVITY,
    PROGRAM,
    Losses,
    Stand,
    by_hand,
    joined,
    next_rung,
    resumed,
    stand_of,
    still_past,
    written,
)
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.account import Account
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Spool
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.risk import RiskStore

log = structlog.get_logger(__name__)

RUN = Permission(Resource.RISK, Action.RUN)
CHANGE = Permission(Resource.RISK, Action.CHANGE)
BRAKES = frozenset(f"risk.{state.lower()}" for state in GRAVITY[1:])


class Forgetful:
    """``ports.audit.Spool`` of a desk that has none: nothing can wait there."""

    def keep(self, draft: Draft) -> None:
        """Say so. Raises DatabaseDown."""
        raise DatabaseDown("The database is away; nothing was written.")

    async def drain(self) -> None:
        """Nothing ever waits."""

    def held(self) -> list[Draft]:
        """Nothing ever waits."""
        return []

    def set_aside(self, drafts: Collection[Draft], why: str) -> None:
        """Nothing ever waits."""


class TradingStates:
    """``state`` is in force; ``stand`` says who or what brought it about. ``losses`` and ``account_limits`` are asked before a release.

    A brake that the database cannot take waits in ``spool``; without one it holds only until the program ends.
    """

    def __init__(
        self, store: RiskStore, account: Account, login: Login, publish: Publish, now: Now, spool: Spool | None
    ) -> None:
        self._spool: Spool = spool or Forgetful()
        self._store, self._account, self._login, self._publish, self._now = store, account, login, publish, now
        self._braked: Draft | None = None  # the newest brake of this sitting, until trading is resumed
        self._brakes = 0  # how often it was braked in this sitting
        self._tripped = ""  # why the program halted trading last
        self._writing: set[asyncio.Task[None]] = set()
        self.state = TradingState.ACTIVE
        self.stand = Stand()
        self.losses: Callable[[], Losses] = Losses
        self.account_limits: Callable[[], Limits] = Limits

    async def load_state(self) -> None:
        """Read the account's state. A brake of this sitting outlives what is stored: it may not have been written
        down yet, or was put on before the broker had said whose account it is; and so does one of an earlier sitting that
        the database has not taken yet. Raises DatabaseDown."""
        account = self._account.id
        stored = joined((await self._store.stand(account), *map(_stand_after, self._brakes_held())))
        if self._braked is None:
            self._set(stored, "system", _as_stored(stored))
            return
        whole = joined((stored, self.stand))
        if whole != stored:
            await self._write_down(whole.state, replace(self._braked, object_id=account, after=_after(whole)))
        self._set(whole, "system", _as_stored(whole))

    # ---- braked

    async def halt(self, reason: str) -> None:
        """Stop all new orders. Takes effect at once, even while the database is away. Raises NotPermitted."""
        await self._brake(TradingState.HALTED, reason)

    async def reduce(self, reason: str) -> None:
        """Take only orders that reduce a position. Raises BadInput where the loss ladder halts: this would be less."""
        await self._brake(TradingState.REDUCING, reason)

    async def resume(self, reason: str) -> None:
        """Trade normally again. Takes “risk: run”, and “risk: change” besides where the loss ladder halts.

        Raises NotPermitted, DatabaseDown, and BadInput while the loss is still past what halted.
        """
        await self._release(reason)

    async def _brake(self, state: TradingState, reason: str) -> None:
        """First the brake, then the book-keeping."""
        session = await self._login.require(RUN, even_without_database=True)
        if state is TradingState.REDUCING and self.stand.halted_by_ladder:
            raise BadInput("The loss ladder halts trading, which takes less than reducing does; it stays halted.")
        stand = by_hand(self.stand, state, session.user.name, reason, self._now())
        draft = self._braked_by(self._draft(self._login.actor, stand, reason))
        self._set(stand, session.user.name, reason)
        await self._write_down(stand.state, draft)

    def halt_at_once(self, reason: str, cause: str = "") -> Awaitable[None]:
        """Halt before anything is waited for, by the role as last read; await the answer to have it written down.

        For the kill switch, which has looked whether the role may; ``cause`` is its id in the trail. The answer
        raises DatabaseDown as ``halt`` does.
        """
        stand = by_hand(self.stand, TradingState.HALTED, self._login.actor.name, reason, self._now())
        draft = self._braked_by(self._draft(self._login.actor, stand, reason, cause))
        self._set(stand, self._login.actor.name, reason)
        return self._write_down(TradingState.HALTED, draft)

    def trip(self, reason: str, about: str = "") -> None:
        """Halt by the program itself, at once: the state of the order ``about`` can no longer be trusted. A person resumes.

        It is written down as a person's halt is, once for each reason; that it cannot be is no reason not to halt.
        """
        known = self.state is TradingState.HALTED and reason == self._tripped
        stand = by_hand(self.stand, TradingState.HALTED, PROGRAM, reason, self._now())
        draft = self._braked_by(replace(self._draft(SYSTEM, stand, reason), correlation=about))
        self._tripped = reason
        self._set(stand, PROGRAM, reason)
        if not known:
            self._write_soon(stand.state, draft)

    def step(self, stand: Stand, *, record: bool) -> None:
        """The loss ladder brakes by itself, at once; ``record`` says whether this desk may write it down."""
        fresh = [rung for rung in stand.held if rung not in self.stand.held]
        reason = " ".join(rung.words for rung in fresh)
        draft = self._braked_by(self._draft(SYSTEM, stand, reason))
        self._set(stand, PROGRAM, reason)
        if record:
            self._write_soon(stand.state, draft)

    def _write_soon(self, state: TradingState, draft: Draft) -> None:
        writing = asyncio.get_running_loop().create_task(self._write_down(state, draft))
        self._writing.add(writing)
        writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Task[None]") -> None:
        self._writing.discard(writing)
        if not writing.cancelled() and (error := writing.exception()) is not None:
            log.error("halt_not_recorded", reason=str(error))

    async def _settled(self) -> None:
        """Brakes on their way into the database come before a release that follows them: the last row is the one that counts."""
        if self._writing:
            await asyncio.wait(set(self._writing))

    def _braked_by(self, draft: Draft) -> Draft:
        self._braked, self._brakes = draft, self._brakes + 1
        return draft

    async def _write_down(self, state: TradingState, draft: Draft) -> None:
        """With everything that is in force by now: of brakes that are written at once, whichever comes last says all of it."""
        whole = joined((_stand_after(draft), self.stand))
        state, draft = whole.state, replace(draft, after=_after(whole))
        if self._brakes_held():
            self._keep(draft)  # behind them: the last one written is the one that counts
            return
        try:
            await self._store.save_state(self._account.id, state, draft)
        except (DatabaseDown, NotPermitted):  # the last: the database's word, not ours
            self._keep(draft)

    def _brakes_held(self) -> list[Draft]:
        """Brakes that are not written down yet, of this account or of before it was known."""
        return [draft for draft in self._spool.held() if brakes(draft) and draft.object_id in ("", self._account.id)]

    def _keep(self, draft: Draft) -> None:
        try:
            self._spool.keep(draft)
        except DatabaseDown as error:
            raise DatabaseDown(f"Trading is {self.state} now, but a restart will forget it. {error}") from None

    # ---- freed

    async def _release(self, reason: str) -> None:
        """Only once it is written down, and behind a halt that still waits to be; a brake that comes meanwhile is newer."""
        before = self._brakes
        session = await self._login.require(RUN)
        await self._heed_others()
        if self.stand.halted_by_ladder:  # looked at only now: it may have halted while the first question was asked
            session = await self._login.require(CHANGE)
        limits = self.account_limits()
        if past := still_past(self.stand, self.losses(), limits, self._now()):
            raise BadInput(past)
        await self._settled()
        await self._spool.drain()
        overtaken = self._brakes_held()
        stand = resumed(self.stand, self.losses(), limits, self._now())
        said = " ".join(filter(None, (reason, next_rung(stand, self.losses(), limits))))
        await self._store.save_state(self._account.id, stand.state, self._draft(self._login.actor, stand, said))
        if overtaken:  # written down later, they would brake again
            self._spool.set_aside(overtaken, "Trading was resumed since.")
        if self._braked is not None and self._brakes != before:
            await self._write_down(self.state, self._braked)
            raise BadInput(f"Trading is {self.state} since you asked to resume it; look why, then resume again.")
        self._braked = None
        self._set(stand, session.user.name, said)

    async def _heed_others(self) -> None:
        """A halt by the ladder of another desk on the account is not lifted by one that did not see it. Raises DatabaseDown."""
        stored = await self._store.stand(self._account.id)
        if stored.halted_by_ladder and not self.stand.halted_by_ladder:
            halted = joined((self.stand, Stand(held=stored.held)))
            self._set(halted, PROGRAM, f"Another desk's loss ladder halted trading. {_as_stored(stored)}")

    async def heed(self) -> None:
        """A brake that was put on by hand at another desk on the account holds at this one, too; each desk is freed by itself.

        Raises DatabaseDown, NotPermitted: then nothing is known of the others.
        """
        before = self.stand
        hand = (await self._store.stand(self._account.id)).hand
        if self.stand is before and GRAVITY.index(hand.state) > GRAVITY.index(before.hand.state):
            self._set(replace(before, hand=hand), hand.actor, hand.reason)

    async def begin_day(self, stand: Stand, *, record: bool) -> None:
        """A new trading day: its rungs are as in ``stand``. Raises DatabaseDown, NotPermitted: then all stays as it was."""
        before, reason = self.stand, "A new trading day began; the rungs of the day before do not count any more."
        await self._settled()
        if record and stand.held != self.stand.held:
            await self._store.save_state(self._account.id, stand.state, self._draft(SYSTEM, stand, reason))
        if self.stand is not before:
            return  # braked or resumed meanwhile; the next look sees to it
        if not stand.held and stand.state is TradingState.ACTIVE:
            self._braked = None
        if stand.held != self.stand.held:
            self._set(stand, PROGRAM, reason)
        self.stand = stand

    def _draft(self, actor: Actor, stand: Stand, reason: str, cause: str = "") -> Draft:
        return Draft(actor, f"risk.{stand.state.lower()}", "account", self._account.id, reason=reason,
                     before=json.dumps({"state": self.state}), after=_after(stand), causation=cause)  # fmt: skip

    def _set(self, stand: Stand, actor: str, reason: str) -> None:
        self.stand, self.state = stand, stand.state
        self._publish(TradingStateChanged(stand.state, actor, reason))


def brakes(draft: Draft) -> bool:
    """Whether the row is that of a halt, or of a state that only reduces."""
    return draft.action in BRAKES


def _after(stand: Stand) -> str:
    return json.dumps({"state": stand.state, "stand": written(stand)})


def _stand_after(draft: Draft) -> Stand:
    return stand_of(draft.after, draft.actor.name, draft.reason)


def _as_stored(stand: Stand) -> str:
    rung, hand = stand.highest, stand.hand
    if rung is not None:
        return rung.words
    return f"{hand.actor}: {hand.reason}" if hand.state is not TradingState.ACTIVE and hand.actor else "as stored"
