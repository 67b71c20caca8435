"""The scanner: looks at a universe of symbols once a second, and says which match a person's rule and why."""

import asyncio
import heapq
import time
from collections.abc import Callable, Collection
from datetime import datetime

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import ScanMatched, SessionsKnown
from qv_desktop.domain.scan_rows import Row, moment
from qv_desktop.domain.scan_rules import judge
from qv_desktop.domain.scans import Place, Scan, checked, found, parse, placing
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.clock import Clock
from qv_desktop.services.notices import Notices
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.saved_scans import SavedScans
from qv_desktop.services.scan_alerts import ScanAlerts
from qv_desktop.services.scan_rows import Rows
from qv_desktop.services.turns import Turns
from qv_desktop.services.watchlists import Watchlists

EVERY = 1.0  # seconds from look to look


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
        self._alerts, self._publish, self._clock = ScanAlerts(notices), publish, clock
        self._sessions: tuple[MarketSession, ...] = ()
        self._before: dict[Scan, frozenset[str]] = {}  # running scan -> what matched the time before
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
        turns = Turns()
        symbols = dict.fromkeys(symbol for universe in universes.values() for symbol in universe)
        self._rows.want(symbols, now)
        rows = {symbol: self._rows.row(symbol, now) async for symbol in turns.slices(symbols)}
        for scan, universe in universes.items():
            await self._scan(scan, [rows[symbol] for symbol in universe], at, turns)

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

    async def _scan(self, scan: Scan, rows: list[Row], at: datetime, turns: Turns) -> None:
        holds, place = judge(parse(scan.rule)), placing(scan)
        matching: list[tuple[Place, Row]] = [
            (place(row), row) async for row in turns.slices(rows) if holds(row) is True
        ]
        await turns.pause()
        best = heapq.nsmallest(scan.limit, matching, key=lambda one: one[0])
        matches = [found(scan, row) async for _, row in turns.slices(best)]
        await turns.pause()
        matched = frozenset(row.snapshot.symbol for _, row in matching)
        before = self._before.get(scan, matched)  # at the first look nobody has entered
        entered = frozenset(match.symbol for match in matches) - before
        self._before[scan] = matched
        self._publish(ScanMatched(scan.name, tuple(matches), entered, len(rows)))
        if scan.alert:
            self._alerts.hear(scan, matching, at)
