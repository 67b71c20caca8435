"""When the audit trail is signed: every thousand rows or five minutes, whichever comes first, and whenever somebody asks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from qv_desktop.domain.audit import SYSTEM, Actor, Draft, Entry
from qv_desktop.domain.checkpoints import Checkpoint
from qv_desktop.domain.errors import BrokenTrail, QvError
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now

ROWS, SECONDS = 1_000, 300.0
AGAIN = 60.0  # seconds after a checkpoint that could not be signed

type Tell = Callable[
    [str, bool], None
]  # a sentence for the person at the screen, and whether the trail itself is in doubt


class Seals(Protocol):
    """The signed checkpoints of the trail in their two places, and the key that signs them."""

    async def key(self) -> str:
        """This installation's public key, made if need be. Raises BadInput where it can be kept nowhere safe."""

    async def recorded(self, key: str) -> bool:
        """Whether a row of the trail records the key's first use."""

    async def newest(self) -> tuple[Checkpoint | None, int]:
        """The newest checkpoint and how many rows there are after it."""

    async def sign(self) -> Checkpoint | None:
        """Sign what is new; None if nothing is. Raises BrokenTrail, BadInput, DatabaseDown."""

    async def renew(self) -> Checkpoint:
        """A checkpoint of the key in use that names the next one. Raises BrokenTrail, BadInput, DatabaseDown."""


class Checkpoints:
    """Signs what ``seals`` keeps. ``newest`` is the last checkpoint, ``waiting`` counts the rows since, ``trouble`` says why
    nothing can be signed; ``tell`` hears that sentence once for each reason. ``by`` is named where a key is used first.
    """

    def __init__(
        self, seals: Seals, trail: Trail, now: Now, tell: Tell = lambda sentence, grave: None, by: Actor = SYSTEM
    ) -> None:
        self._seals, self._trail, self._now, self._by = seals, trail, now, by
        self.tell = tell
        self.newest: Checkpoint | None = None
        self.waiting = 0
        self.trouble = ""
        self._enough, self._signing = asyncio.Event(), asyncio.Lock()

    def heard(self, entry: Entry) -> None:
        """A row was committed."""
        self.waiting += 1
        if self.waiting >= ROWS:
            self._enough.set()

    @property
    def age(self) -> float | None:
        """Seconds since the last checkpoint, if there is one."""
        return (self._now() - self.newest.at).total_seconds() if self.newest else None

    async def run(self) -> None:
        """Sign until cancelled; what cannot be signed now is tried again."""
        await self._quietly(self._look)
        await self._quietly(self._seals.key)  # where there is no place for it, a person hears of it at once
        while True:
            if not self.trouble:
                await self._due(SECONDS)
            else:
                await asyncio.sleep(AGAIN)
            if self.waiting or self.trouble:
                await self.attempt()

    async def attempt(self) -> None:
        """Sign if it can be; why not is told, never raised."""
        await self._quietly(self.sign)

    async def sign(self) -> Checkpoint | None:
        """The checkpoint over all that was recorded until now; the last one if nothing is new.

        Raises BrokenTrail, BadInput, DatabaseDown.
        """
        async with self._signing:
            await self._introduce()
            self._enough.clear()
            before, self.waiting = self.waiting, 0
            try:
                point = await self._seals.sign()
            except BaseException:
                self.waiting += before
                raise
            self.newest = point or self.newest
            self.trouble = ""
            return self.newest

    async def renew(self) -> Checkpoint:
        """Change to a new key: the old one signs a checkpoint that names it. Raises BrokenTrail, BadInput, DatabaseDown."""
        await self.sign()
        async with self._signing:
            self.newest = await self._seals.renew()
        await self.sign()
        return self.newest

    async def _introduce(self) -> None:
        """A key's first use is itself a row of the trail."""
        key = await self._seals.key()
        if not await self._seals.recorded(key):
            await self._trail.append(Draft(self._by, "audit.key", "key", key, reason="first checkpoint of this key"))

    async def _look(self) -> None:
        self.newest, self.waiting = await self._seals.newest()
        if self.waiting >= ROWS:
            self._enough.set()

    async def _due(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._enough.wait(), seconds)
        except TimeoutError:
            return

    async def _quietly[T](self, work: Callable[[], Awaitable[T]]) -> None:
        try:
            await work()
        except QvError as error:
            if str(error) != self.trouble:
                self.trouble = str(error)
                self.tell(self.trouble, isinstance(error, BrokenTrail))
