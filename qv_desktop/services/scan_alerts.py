"""Alerts from scans: a person is told of each symbol once in a day and scan."""

from collections.abc import Iterable
from datetime import date, datetime

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.scan_rows import Row
from qv_desktop.domain.scans import Match, Place, Scan, found
from qv_desktop.services.notices import Notices

ONE_BY_ONE = 3  # newcomers that get a notice each; more are told in one


class ScanAlerts:
    """Remembers for one New York day who was told of."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._day: date | None = None
        self._told: set[tuple[str, str]] = set()  # (scan's name, symbol)

    def hear(self, scan: Scan, matching: Iterable[tuple[Place, Row]], at: datetime) -> None:
        """What ``scan`` found at this market time, each row with its place."""
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
            "info",
            f"{scan.name}: {match.symbol}",
            "; ".join(match.reasons),
            f"scan {scan.name} {match.symbol}",
            kind="alert",
            panel="scanner",
        )

    def _tell_many(self, scan: Scan, symbols: list[str]) -> None:
        more = f" and {len(symbols) - 10} more" if len(symbols) > 10 else ""
        self._notices.tell("info", f"{scan.name}: {len(symbols)} symbols", f"{', '.join(symbols[:10])}{more}",
                           f"scan {scan.name} {symbols[0]} {len(symbols)}", kind="alert", panel="scanner")  # fmt: skip
