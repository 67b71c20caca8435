"""The account's settings, equity curves and activities: asked when somebody looks, and kept while they are fresh."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.account_history import Activity, Curve, Page, Period, Wanted
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.services.login import Login
from qv_desktop.services.ports.account import AccountReads

VIEW = Permission(Resource.TRADING, Action.VIEW)
FRESH = 20.0  # seconds for which a curve is not asked for again
SETTLED = 300.0  # seconds for which the settings are believed


@dataclass(frozen=True, slots=True)
class Activities:
    """What was loaded so far, newest first, of what is ``wanted``; ``token`` asks for older ones, "" when there are none."""

    wanted: Wanted
    activities: tuple[Activity, ...] = ()
    token: str = ""
    unreadable: int = 0


class AccountHistory:
    """Asks through ``reads``; ``created`` tells when the account was made, as far as known. Everything raises NotPermitted, BrokerDown."""

    def __init__(
        self,
        reads: AccountReads,
        login: Login,
        created: Callable[[], datetime | None],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reads, self._login, self._created, self._elapsed = reads, login, created, elapsed
        self._curves: dict[Period, tuple[float, Curve]] = {}  # period -> when it was told, what
        self._settings: tuple[float, Configuration] | None = None
        self._asking = asyncio.Lock()  # the same curve is not asked for twice at once
        self.loaded = Activities(Wanted())

    def curve_age(self, period: Period) -> float | None:
        """Seconds since the curve of ``period`` was told; None before the first time."""
        kept = self._curves.get(period)
        return None if kept is None else self._elapsed() - kept[0]

    def kept_curve(self, period: Period) -> Curve | None:
        """The curve as last told, however old."""
        kept = self._curves.get(period)
        return None if kept is None else kept[1]

    async def curve(self, period: Period, anew: bool = False) -> Curve:
        """The equity of ``period``, not older than ``FRESH``; ``anew`` asks again all the same."""
        await self._login.require(VIEW, even_without_database=True)
        async with self._asking:
            kept, age = self.kept_curve(period), self.curve_age(period)
            if kept is not None and age is not None and age < FRESH and not anew:
                return kept
            found = await self._reads.curve(period, self._created())
            self._curves[period] = (self._elapsed(), found)
            return found

    async def configuration(self) -> Configuration:
        """The account's settings, not older than ``SETTLED``."""
        await self._login.require(VIEW, even_without_database=True)
        if self._settings is None or self._elapsed() - self._settings[0] > SETTLED:
            self._settings = (self._elapsed(), await self._reads.configuration())
        return self._settings[1]

    async def activities(self, wanted: Wanted) -> Activities:
        """The newest of what is ``wanted``. Of what was loaded of the same before, nothing is lost."""
        await self._login.require(VIEW, even_without_database=True)
        page = await self._reads.activities(wanted)
        known = self.loaded if self.loaded.wanted == wanted else Activities(wanted)
        self.loaded = _joined(known, page) if _meets(known, page) else _of(wanted, page)
        return self.loaded

    async def older(self) -> Activities:
        """What came before what is loaded; unchanged when there is no more."""
        await self._login.require(VIEW, even_without_database=True)
        known = self.loaded
        if not known.token:
            return known
        page = await self._reads.activities(known.wanted, known.token)
        if self.loaded is not known:
            return self.loaded  # somebody asked for other ones meanwhile
        told = {one.id for one in known.activities}
        fresh = tuple(one for one in page.activities if one.id not in told)
        token = "" if page.token == known.token else page.token  # a broker that repeats itself has told all
        self.loaded = replace(known, activities=known.activities + fresh, token=token,
                              unreadable=known.unreadable + page.unreadable)  # fmt: skip
        return self.loaded


def _of(wanted: Wanted, page: Page) -> Activities:
    return Activities(wanted, page.activities, page.token, page.unreadable)


def _meets(known: Activities, page: Page) -> bool:
    """Whether the newest page reaches down to what is known, so that nothing lies between."""
    told = {one.id for one in known.activities}
    return any(one.id in told for one in page.activities)


def _joined(known: Activities, page: Page) -> Activities:
    """The newest page over what is known below it; what the broker tells anew replaces what it told before."""
    newest = {one.id for one in page.activities}
    older = tuple(one for one in known.activities if one.id not in newest)
    return replace(known, activities=page.activities + older, unreadable=max(known.unreadable, page.unreadable))
