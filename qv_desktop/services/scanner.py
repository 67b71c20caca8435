"""The scanner: looks at a universe of symbols once a second, and says which match a person's rule and why."""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from datetime import date, datetime

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import ScanMatched, SessionsKnown
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.scan_rows import Row, moment
from qv_desktop.domain.scan_rules import truth
from qv_desktop.domain.scans import Match, Place, Scan, checked, found, parse, placing
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.clock import Clock
from qv_desktop.services.notices import Notices
from qv_desktop.services.ports import Publish
from qv_desktop.services.saved_scans import SavedScans
from qv_desktop.services.scan_rows import Rows
from qv_desktop.services.watchlists import Watchlists

EVERY = 1.0  # seconds from look to look
SLICE, STEP = 0.004, 32  # seconds of work before others get their turn, and rows between two glances at the watch
ONE_BY_ONE = 3  # newcomers that get a notice each; more are told in one


class Scanner:
    """Runs the scan that is ``shown``, and the saved ones that alert. ``known`` gives every symbol, for scans without a universe."""

    def __init__(
        self,
        rows: Rows,
        saved: SavedScans,
        watchlists: Watchlists,
        notices: Notices,
        publish: Publish,
        clock: Clock,
        known: Callable[[], Collection[str]],
    ) -> None:
        self._rows, self._saved, self._watchlists, self._known = rows, saved, watchlists, known
        self._notices, self._publish, self._clock = notices, publish, clock
        self._sessions: tuple[MarketSession, ...] = ()
        self._before: dict[Scan, frozenset[str]] = {}  # running scan -> what matched the time before
        self._day: date | None = None
        self._told: set[tuple[str, str]] = set()  # (scan's name, symbol) told of on ``_day``
        self.shown: Scan | None = None

    def show(self, scan: Scan | None) -> None:
        """Run this one from the next look on, saved or not. Raises BadInput (RuleError with a column) when it cannot run."""
        if scan is None:
            self.shown = None
            return
        tidy = checked(scan)
        if tidy.universe and not self._watchlists.has(tidy.universe):
            raise BadInput(f"There is no watchlist “{tidy.universe}”; choose another to scan.")
        self.shown = tidy

    def sessions_known(self, event: SessionsKnown) -> None:
        """The calendar, for the phase and the elapsed part of the day."""
        self._sessions = event.sessions

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            began = time.monotonic()
            await self.look()
            await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))

    async def look(self) -> None:
        """Look once with every running scan, and publish what each found."""
        scans = self._running()
        self._before = {scan: self._before[scan] for scan in scans if scan in self._before}
        universes = {scan: self._universe(scan) for scan in scans}
        at = self._clock.market()
        now = moment(self._session(at), at, self._clock.speed)
        symbols = dict.fromkeys(symbol for universe in universes.values() for symbol in universe)
        self._rows.want(symbols, now)
        rows = {symbol: self._rows.row(symbol, now) async for symbol in _in_slices(symbols)}
        for scan, universe in universes.items():
            await self._scan(scan, [rows[symbol] for symbol in universe], at)

    def _running(self) -> list[Scan]:
        shown = [self.shown] if self.shown is not None else []
        return list(dict.fromkeys([*shown, *self._saved.alerting]))

    def _universe(self, scan: Scan) -> Collection[str]:
        """A list that was deleted since holds nothing."""
        if not scan.universe:
            return self._known()
        return self._watchlists.symbols(scan.universe) if self._watchlists.has(scan.universe) else ()

    def _session(self, at: datetime) -> MarketSession | None:
        """The newest session that has begun: at night and on weekends the last one."""
        begun = (session for session in self._sessions if session.pre_open <= at)
        return max(begun, key=lambda session: session.pre_open, default=None)

    async def _scan(self, scan: Scan, rows: list[Row], at: datetime) -> None:
        rule, place = parse(scan.rule), placing(scan)
        matching: list[tuple[Place, Row]] = [
            (place(row), row) async for row in _in_slices(rows) if truth(rule, row) is True
        ]
        best = heapq.nsmallest(scan.limit, matching, key=lambda one: one[0])
        matches = [found(scan, row) async for _, row in _in_slices(best)]
        matched = frozenset(row.snapshot.symbol for _, row in matching)
        before = self._before.get(scan, matched)  # at the first look nobody has entered
        entered = frozenset(match.symbol for match in matches) - before
        self._before[scan] = matched
        self._publish(ScanMatched(scan.name, tuple(matches), entered, len(rows)))
        if scan.alert:
            self._alert(scan, matching, at)

    def _alert(self, scan: Scan, matching: Iterable[tuple[Place, Row]], at: datetime) -> None:
        """Tell of each symbol once in a day."""
        day = at.astimezone(NEW_YORK).date()
        if day != self._day:
            self._day, self._told = day, set()
        newcomers = [one for one in matching if (scan.name, one[1].snapshot.symbol) not in self._told]
        fresh = [row for _, row in sorted(newcomers, key=lambda one: one[0])]
        self._told.update((scan.name, row.snapshot.symbol) for row in fresh)
        if len(fresh) > ONE_BY_ONE:
            self._tell_many(scan, [row.snapshot.symbol for row in fresh])
            return
        for row in fresh:
            self._tell(scan, found(scan, row))

    def _tell(self, scan: Scan, match: Match) -> None:
        self._notices.tell(
            "info", f"{scan.name}: {match.symbol}", "; ".join(match.reasons), f"scan {scan.name} {match.symbol}"
        )

    def _tell_many(self, scan: Scan, symbols: list[str]) -> None:
        more = f" and {len(symbols) - 10} more" if len(symbols) > 10 else ""
        self._notices.tell("info", f"{scan.name}: {len(symbols)} symbols", f"{', '.join(symbols[:10])}{more}",
                           f"scan {scan.name} {symbols[0]} {len(symbols)}")  # fmt: skip


async def _in_slices[Item](items: Iterable[Item]) -> AsyncIterator[Item]:
    """The items; now and then everybody else gets a turn, so that a large universe holds up no frame."""
    began = time.perf_counter()
    for index, item in enumerate(items):
        if index % STEP == 0 and time.perf_counter() - began > SLICE:
            await asyncio.sleep(0)
            began = time.perf_counter()
        yield item
