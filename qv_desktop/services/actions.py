"""Splits and dividends: stored ones while they are young, a vendor's otherwise, and then stored."""

from datetime import datetime, timedelta

from qv_desktop.domain.errors import DatabaseDown, FeedDown
from qv_desktop.domain.market import Action
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.history import ActionStore
from qv_desktop.services.vendors import Vendors

YOUNG = timedelta(days=1)
FRESH = timedelta(minutes=1)  # for who must know what was announced only now
AGAIN = timedelta(minutes=5)  # after which a vendor that failed is asked again

type Known = tuple[datetime | None, list[Action]]


class Actions:
    """Remembers what it read, for every chart of a symbol needs it."""

    def __init__(self, store: ActionStore, vendors: Vendors, now: Now) -> None:
        self._store, self._vendors, self._now = store, vendors, now
        self._known: dict[str, Known] = {}  # symbol -> when they were asked for, and they
        self._failed: dict[str, tuple[datetime, str]] = {}  # symbol -> when no vendor answered, and why

    async def of(self, symbol: str, urgent: bool = True, young: timedelta = YOUNG) -> tuple[list[Action], str]:
        """All that are known, oldest first, and a sentence when they may not be all; empty when they are.

        What was asked for longer than ``young`` ago is asked for again.
        """
        asked_at, known = self._known.get(symbol) or await self._stored(symbol)
        if asked_at is not None and self._now() - asked_at < young:
            self._known[symbol] = asked_at, known
            return known, ""
        failed_at, why = self._failed.get(symbol, (None, ""))
        if failed_at is None or self._now() - failed_at >= AGAIN:
            try:
                return await self._fresh(symbol, urgent), ""
            except FeedDown as error:
                why = str(error)
                self._failed[symbol] = self._now(), why
        # old ones are as good as new ones, but for what was declared since
        return known, f"Splits and dividends of {symbol} may be missing: {why}" if asked_at is None else ""

    def forget(self, symbol: str) -> None:
        """Read the stored ones again: a file brought some."""
        self._known.pop(symbol, None)

    async def _stored(self, symbol: str) -> Known:
        try:
            return await self._store.actions(symbol)
        except DatabaseDown:
            return None, []

    async def _fresh(self, symbol: str, urgent: bool) -> list[Action]:
        key, label = ("actions", symbol), f"{symbol} splits and dividends"
        found, _ = await self._vendors.ask(key, label, lambda vendor, _: vendor.actions(symbol), urgent)
        self._known[symbol] = self._now(), found
        self._failed.pop(symbol, None)
        try:
            await self._store.save_actions(symbol, found, self._now())
        except DatabaseDown:
            return found  # they can be asked for again
        return found
