"""Sectors of symbols: what a vendor's reference tells, kept, and what the desk chose instead."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown, FeedDown, NotPermitted
from qv_desktop.domain.sectors import Listed, chosen, sector_of
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.risk import SectorStore

log = structlog.get_logger(__name__)

CHANGE = Permission(Resource.RISK, Action.CHANGE)
KEPT = timedelta(days=90)  # companies change their code rarely
AGAIN = 60.0  # seconds until a vendor that did not answer is asked again
NOBODY = "No vendor tells sectors without a Polygon key."
UNTOLD = "The vendor's reference tells no business that belongs to a sector."

type Ask = Callable[[str], Awaitable[Listed | None]]  # raises FeedDown


class Sectors:
    """``want`` asks, ``run`` gets one after the other with ``pause`` seconds between, ``of`` and ``mapping`` answer at once.

    ``keeps`` is false for a terminal whose login may not store what vendors say.
    """

    def __init__(
        self, store: SectorStore, ask: Ask | None, login: Login, account: Callable[[], str], now: Now, pause: float, keeps: bool = True,
    ) -> None:  # fmt: skip
        self._store, self._ask, self._login, self._account, self._now = store, ask, login, account, now
        self._pause, self._keeps = pause, keeps
        self._told: dict[str, str] = {}  # symbol -> sector by the vendor, "" where it tells none
        self._overrides: dict[str, str] = {}  # symbol -> sector by the desk
        self._wanted: dict[str, None] = {}  # in the order of asking
        self._fresh: set[str] = set()  # looked up in the store since the start
        self._known: dict[str, str] = {}  # both together, without the unknown ones
        self._work = asyncio.Event()
        self._loaded = False
        self.trouble = ""

    def of(self, symbol: str) -> str:
        """The symbol's sector, or "" while unknown."""
        return self._known.get(symbol, "")

    def mapping(self) -> Mapping[str, str]:
        """symbol -> sector of all that are known; a view that follows what is learnt."""
        return MappingProxyType(self._known)

    @property
    def overrides(self) -> Mapping[str, str]:
        """symbol -> sector that the desk chose."""
        return MappingProxyType(self._overrides)

    def why_unknown(self, symbol: str) -> str:
        """Why ``of`` says nothing, as a sentence."""
        if symbol in self._told:
            return UNTOLD
        return self.trouble or (NOBODY if self._ask is None else "It is being asked for.")

    def want(self, symbols: Iterable[str]) -> None:
        """Learn these in the background, unless they are known."""
        fresh = [symbol for symbol in symbols if symbol not in self._fresh]
        if fresh:
            self._fresh.update(fresh)
            self._wanted.update(dict.fromkeys(fresh))
            self._work.set()

    async def load(self) -> None:
        """Read what the desk chose. Raises DatabaseDown."""
        self._overrides, self._loaded = await self._store.overrides(self._account()), True
        self._join()

    async def override(self, symbol: str, sector: str) -> None:
        """Choose the symbol's sector for the account, or take that back with "". Raises BadInput, NotPermitted, DatabaseDown."""
        await self._login.require(CHANGE)
        name, wanted = symbol.strip().upper(), chosen(sector)
        if not name:
            raise BadInput("Say whose sector it is; enter a symbol.")
        before = json.dumps({"sector": self._overrides.get(name, "")})
        draft = Draft(
            self._login.actor,
            "sectors.override",
            "instrument",
            name,
            before=before,
            after=json.dumps({"sector": wanted}),
        )
        await self._store.override(self._account(), name, wanted, draft)
        self._overrides = {key: value for key, value in self._overrides.items() if key != name} | (
            {name: wanted} if wanted else {}
        )
        self._join()

    async def run(self) -> None:
        """Learn what is wanted until cancelled."""
        while True:
            await self._work.wait()
            try:
                await self._fill()
                self.trouble = ""
            except (FeedDown, DatabaseDown, NotPermitted) as error:
                self.trouble = str(error)
                log.info("sectors_unknown", reason=self.trouble, waiting=len(self._wanted))
                await asyncio.sleep(AGAIN)

    async def _fill(self) -> None:
        """The store first, for all at once; a vendor for the rest, one by one. Raises FeedDown, DatabaseDown."""
        self._work.clear()
        try:
            if not self._loaded:  # first: what the desk chose decides a limit
                await self.load()
            await self._from_store()
            while self._wanted and self._ask is not None:
                await self._learn(self._ask, next(iter(self._wanted)))
                await asyncio.sleep(self._pause)
        except BaseException:
            self._work.set()
            raise

    async def _from_store(self) -> None:
        stored = await self._store.listed(list(self._wanted))
        oldest = self._now() - KEPT
        for listed in stored:
            self._take(listed.symbol, listed)
            if listed.at >= oldest or self._ask is None:
                self._wanted.pop(listed.symbol, None)
        self._join()

    async def _learn(self, ask: Ask, symbol: str) -> None:
        listed = await ask(symbol)
        self._take(symbol, listed)
        self._wanted.pop(symbol, None)
        self._join()
        if listed is not None and self._keeps:
            await self._store.keep(listed)

    def _take(self, symbol: str, listed: Listed | None) -> None:
        self._told[symbol] = sector_of(listed) if listed is not None else ""

    def _join(self) -> None:
        joined = self._told | self._overrides
        self._known.clear()
        self._known.update({symbol: sector for symbol, sector in joined.items() if sector})
