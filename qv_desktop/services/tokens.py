"""The tokens of the window's session: one vouches for what is asked, the other gets the next pair, once."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from qv_desktop.domain.access import SignIn
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.users import Users

EARLY = timedelta(minutes=5)  # before its end that an access token is renewed, so that a short outage goes unnoticed

type Keep = Callable[[str], Awaitable[None]]  # keeps a text where only this person finds it; an empty one is forgotten


class Tokens:
    """``keep`` is there while the person stays signed in beyond this sitting.

    What is kept is a refresh token, or during a renewal the token and its successor. So whatever moment a crash chooses, what is
    kept is enough to ask for the very same renewal again, and nothing that was used up is ever used a second time.
    """

    def __init__(self, users: Users, now: Now, host: str) -> None:
        self._users, self._now, self._host = users, now, host
        self._refresh = self._successor = ""
        self._ends: datetime | None = None
        self._turn = asyncio.Lock()
        self.access = ""
        self.keep: Keep | None = None

    @property
    def due(self) -> bool:
        """Whether it is time for the next access token."""
        return self._ends is not None and self._now() >= self._ends - EARLY

    async def take(self, answer: SignIn) -> None:
        """Use these from now on."""
        self._refresh, self._successor = answer.refresh_token, ""
        self.access, self._ends = answer.access_token, answer.access_ends
        await self._kept(self._refresh)

    def follow(self, former: "Tokens") -> None:
        """Go on with those of ``former``, which has none from now on."""
        self._refresh, self._successor, self.access, self._ends = (
            former._refresh,
            former._successor,
            former.access,
            former._ends,
        )
        self.keep, former.keep = former.keep, None
        former.drop()

    def drop(self) -> None:
        """Have none any more; what is kept stays."""
        self._refresh = self._successor = self.access = ""
        self._ends = None

    async def forget(self) -> None:
        """Have none any more, and keep none."""
        self.drop()
        await self._kept("")

    async def stay(self, keep: Keep) -> None:
        """Keep the refresh token from now on. Raises what ``keep`` raises, and then keeps nothing."""
        await keep(self._refresh)
        self.keep = keep

    async def resumed(self, kept: str) -> SignIn:
        """Sign in with what was kept. Raises DatabaseDown."""
        token, _, successor = kept.partition(" ")
        self._refresh, self._successor = token, successor
        return await self._rotated(self._users.resume)

    async def renewed(self, spent: str) -> SignIn | None:
        """The store's answer, or None when somebody has renewed the access token ``spent`` meanwhile. Raises DatabaseDown."""
        async with self._turn:
            return None if self.access != spent else await self._rotated(self._users_renew)

    async def _users_renew(self, token: str, host: str, successor: str) -> SignIn:
        return await self._users.renew(token, successor, host)

    async def _rotated(self, ask: Callable[[str, str, str], Awaitable[SignIn]]) -> SignIn:
        """One renewal. One that was cut off before its answer came is asked for again with the same successor."""
        self._successor = self._successor or secrets.token_urlsafe(32)
        await self._kept(f"{self._refresh} {self._successor}")
        answer = await ask(self._refresh, self._host, self._successor)
        if answer.session is not None:
            await self.take(answer)
        return answer

    async def _kept(self, text: str) -> None:
        if self.keep is not None:
            await self.keep(text)
