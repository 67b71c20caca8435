"""Daily bars and splits of many symbols: stored ones first, a vendor for the rest, and then stored."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from qv_desktop.domain.errors import DatabaseDown, FeedDown
from qv_desktop.domain.market import NEW_YORK, Action, Bar, ns, timeframe
from qv_desktop.domain.norms import LONG, day_of
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.history import ActionStore, BarStore
from qv_desktop.services.ports.history import History as Vendor

DAY = timeframe("1D")
BACK = timedelta(days=380)  # 260 sessions or so
OVERLAP = timedelta(days=5)  # a stored tail is asked for again: its last day may have been stored while it still grew
ACTIONS_KEPT = timedelta(days=1)  # a stored answer about splits is believed for so long
LATER = timedelta(days=2)  # after a split, by when every vendor tells of it
NOBODY = "No price vendor is configured; enter a Polygon or Alpaca key in the settings."

type Many = dict[str, list[Bar]]  # symbol -> daily bars, oldest first


class DailyBars:
    """Asks ``vendors`` in order of preference: one that answers for many symbols in one question comes first.

    ``back`` is how far it looks; a symbol with ``enough`` stored days is asked for its newest ones alone.
    """

    def __init__(
        self, vendors: Sequence[Vendor], store: BarStore, actions: ActionStore, now: Now, back: timedelta = BACK, enough: int = LONG,
    ) -> None:  # fmt: skip
        self._vendors, self._store, self._actions, self._now = vendors, store, actions, now
        self._back, self._enough = back, enough

    async def bars(self, symbols: Sequence[str], today: date) -> tuple[Many, Many]:
        """What is stored, and what a vendor says: everything of a symbol that is hardly stored, else the newest days."""
        end = datetime.combine(today, time(), NEW_YORK)
        stored = await self._stored(symbols, end - self._back, end)
        long = [symbol for symbol in symbols if len(stored.get(symbol, ())) >= self._enough]
        short = [symbol for symbol in symbols if len(stored.get(symbol, ())) < self._enough]
        fresh = await self._asked(short, end - self._back, end)
        if long:
            oldest = min(day_of(stored[symbol][-1]) for symbol in long)
            fresh |= await self._asked(long, datetime.combine(oldest, time(), NEW_YORK) - OVERLAP, end)
        return stored, fresh

    async def _stored(self, symbols: Sequence[str], start: datetime, end: datetime) -> Many:
        try:
            return await self._store.of_many(symbols, DAY, start, end)
        except DatabaseDown:
            return {}  # the vendor can still answer

    async def _asked(self, symbols: Sequence[str], start: datetime, end: datetime) -> Many:
        """The first vendor that answers, stored. Raises FeedDown."""
        if not symbols:
            return {}
        failure = FeedDown(NOBODY)
        for vendor in self._vendors:
            try:
                found = await vendor.daily(symbols, start, end)
            except FeedDown as error:
                failure = error
                continue
            await self._keep(await asyncio.to_thread(_whole, found, ns(end)), vendor.name)
            return found
        raise failure

    async def _keep(self, bars: list[Bar], source: str) -> None:
        try:
            await self._store.save(DAY, bars, source)
        except DatabaseDown:
            return  # they can be asked for again

    async def splits(self, symbol: str, since: date | None = None) -> list[Action]:
        """As stored within a day, or two days after ``since``, else from a vendor, stored. Raises FeedDown."""
        now = self._now()
        try:
            asked_at, known = await self._actions.actions(symbol)
        except DatabaseDown:
            asked_at, known = None, []
        late = since is not None and asked_at is not None and asked_at.astimezone(NEW_YORK).date() >= since + LATER
        if asked_at is not None and (late or now - asked_at < ACTIONS_KEPT):
            return known
        found = await self._actions_asked(symbol)
        try:
            await self._actions.save_actions(symbol, found, now)
        except DatabaseDown:
            pass  # they can be asked for again
        return found

    async def _actions_asked(self, symbol: str) -> list[Action]:
        failure = FeedDown(NOBODY)
        for vendor in self._vendors:
            try:
                return await vendor.actions(symbol)
            except FeedDown as error:
                failure = error
        raise failure


def _whole(found: Many, end: int) -> list[Bar]:
    """The bars of days that are over."""
    return [bar for bars in found.values() for bar in bars if bar.start < end]
