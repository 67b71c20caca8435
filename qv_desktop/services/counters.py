"""Counters of each scope: folded from executions as they come, and from the journal at start, so that a crash loses nothing."""

from bisect import insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import structlog

from qv_desktop.domain.counters import (
    ACCOUNT,
    Key,
    Tally,
    brought_over,
    day_of,
    folded,
    midnight,
    of_day,
    ordered,
)
from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.domain.limits import Scope
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.positions import Position
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.risk import CounterStore

log = structlog.get_logger(__name__)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

type Traded = tuple[datetime, str, Fill, str]  # when, its id, the execution, the user


class CounterBook:
    """The tallies of the account, of its users, strategies and symbols. ``user_of`` tells whose an execution's order is,
    ``strategy_of`` the strategy that an order's source counts for.

    What is kept is how each day began; all that came after is folded anew from executions, in their own order.
    """

    def __init__(
        self, store: CounterStore, now: Now, user_of: Callable[[Fill], str], strategy_of: Callable[[str], str]
    ) -> None:
        self._store, self._now, self._user_of, self._strategy_of = store, now, user_of, strategy_of
        self._base: dict[Key, Tally] = {}  # as the day before, or an earlier one, began
        self._opened: dict[Key, Tally] = {}  # as today began
        self._tallies: dict[Key, Tally] = {}  # as they stand
        self._traded: list[Traded] = []  # since the earliest base, in order
        self._known: set[str] = set()  # execution ids
        self._kept_full: set[Key] = set()  # whose newest kept tally is not empty
        self.day = day_of(now())

    def __getitem__(self, key: Key) -> Tally:
        return self._tallies.get(key) or Tally(self.day)

    def strategy(self, source: str) -> str:
        """The strategy that an order's source counts for; empty for the ticket."""
        return self._strategy_of(source)

    async def start(self, account: str, positions: Iterable[Position], recent: Iterable[Fill]) -> None:
        """Everything from what is kept and the journal; ``recent`` executions need not be in the journal yet.

        ``positions`` are as they are after all of them. Raises DatabaseDown; what the login may not read counts as not kept.
        """
        now = self._now()
        today = day_of(now)
        base, told = await self._read(account, today)
        fills = {fill.execution_id: (fill, user) for fill, user in told}
        fills |= {f.execution_id: (f, self._user_of(f)) for f in recent if f.execution_id not in fills}
        fills |= {key: (fill, user) for _, key, fill, user in self._traded if key not in fills}  # heard since
        self.day, self._base = today, base
        self._traded = [(f.at, f.execution_id, f, user) for f, user in fills.values()]
        self._traded.sort(key=lambda row: row[:2])
        self._known = set(fills)
        self._kept_full = {key for key, tally in base.items() if _full(tally)}
        held = {one.symbol: one for one in positions}
        if ACCOUNT not in base:
            self._base[ACCOUNT] = Tally(today)
        self._recount(self._keys())
        if corrected := self._corrected(held):
            self._base[ACCOUNT] = corrected
            self._recount([ACCOUNT])
        await self._keep_opened(account)

    async def _read(self, account: str, today: date) -> tuple[dict[Key, Tally], list[tuple[Fill, str]]]:
        try:
            base = await self._store.openings(account, today)
            since = min((midnight(tally.day) for tally in base.values()), default=BEGINNING)
            return base, await self._store.fills(account, since)
        except NotPermitted as error:
            log.info("counters_not_read", reason=str(error))
            return {}, []

    def _corrected(self, held: Mapping[str, Position]) -> Tally | None:
        """The account's base, where executions do not lead to what is held: shares from before anything was kept, splits, transfers."""
        base, counted = self._base[ACCOUNT], self[ACCOUNT]
        off = [s for s in held.keys() | counted.holdings.keys() if counted.held(s) != held.get(s, Position(s)).quantity]
        if not off:
            return None
        since, holdings = midnight(base.day), dict(base.holdings)
        for symbol in off:
            done = [fill for at, _, fill, _ in self._traded if at >= since and fill.symbol == symbol]
            before = brought_over(held.get(symbol, Position(symbol)), done)
            holdings.pop(symbol, None)
            if before is not None:
                holdings[symbol] = before
        return replace(base, holdings=holdings)

    def heard(self, fill: Fill) -> None:
        """An execution, once; one that is late is put where it belongs."""
        if fill.execution_id in self._known:
            return
        self._known.add(fill.execution_id)
        row = (fill.at, fill.execution_id, fill, self._user_of(fill))
        late = (bool(self._traded) and row[:2] < self._traded[-1][:2]) or day_of(fill.at) != self.day
        insort(self._traded, row, key=lambda one: one[:2])
        if late:
            self._recount(self._keys_of(fill, row[3]))
            return
        for key in self._keys_of(fill, row[3]):
            self._tallies[key] = folded(self[key], [fill])

    def _keys_of(self, fill: Fill, user: str) -> list[Key]:
        strategy = self.strategy(fill.source)
        return [ACCOUNT, (Scope.SYMBOL, fill.symbol), *([(Scope.USER, user)] if user else []),
                *([(Scope.STRATEGY, strategy)] if strategy else [])]  # fmt: skip

    def _keys(self) -> set[Key]:
        return set(self._base) | {key for _, _, fill, user in self._traded for key in self._keys_of(fill, user)}

    def _recount(self, keys: Iterable[Key]) -> None:
        """From the base on, in order, with today's beginning on the way."""
        wanted, began = set(keys), midnight(self.day)
        theirs: dict[Key, list[Fill]] = {key: [] for key in wanted}
        for _, _, fill, user in self._traded:
            for key in self._keys_of(fill, user):
                if key in wanted:
                    theirs[key].append(fill)
        for key, fills in theirs.items():
            base = self._base.get(key) or Tally(day_of(fills[0].at) if fills else self.day)
            since = midnight(base.day)
            counted = ordered(fill for fill in fills if fill.at >= since)
            before = [fill for fill in counted if fill.at < began]
            self._opened[key] = of_day(folded(base, before), self.day)
            self._tallies[key] = folded(self._opened[key], counted[len(before) :])

    async def turn(self, account: str) -> None:
        """Midnight of New York has passed, or nothing. Raises DatabaseDown, when what began is not kept yet: it is from the journal."""
        today = day_of(self._now())
        if today <= self.day:
            return
        began = midnight(self.day)
        self._base = dict(self._opened)
        self._traded = [row for row in self._traded if row[0] >= began]
        self.day = today
        self._recount(self._keys())
        await self._keep_opened(account)

    async def _keep_opened(self, account: str) -> None:
        """How today began; of scopes with nothing to tell only where something was told before."""
        rows = {k: replace(t, day=self.day) for k, t in self._opened.items() if _full(t) or k in self._kept_full}
        try:
            await self._store.keep_openings(account, rows)
        except (DatabaseDown, NotPermitted) as error:  # it follows from what was kept before, and from the journal
            log.info("counters_not_kept", reason=str(error))
            return
        self._kept_full = {key for key, tally in rows.items() if _full(tally)}

    def all(self) -> Mapping[Key, Tally]:
        """Every scope's tally."""
        return self._tallies


def _full(tally: Tally) -> bool:
    return bool(tally.holdings) or bool(tally.counters.consecutive_losses)
