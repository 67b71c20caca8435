"""What the commands ``import`` and ``export`` do, without a window."""

import asyncio
import getpass
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from qv_desktop import __version__, config, paths
from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.files.reading import MarketFiles
from qv_desktop.adapters.reports.tables import TableReports
from qv_desktop.app.backend import Store, audit_mark
from qv_desktop.app.identity import install_id
from qv_desktop.domain.adjustment import adjusted, effective, steps
from qv_desktop.domain.audit import Actor
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import Imported, Reading, Stored
from qv_desktop.domain.market import NEW_YORK, Adjustment, Bar, Timeframe
from qv_desktop.services.exports import Exports
from qv_desktop.services.imports import Imports

type Say = Callable[[str], None]
type Ask = Callable[[Imported], bool]  # whether what was understood is right

FIRST_DAY = date(1970, 1, 1)
DAILY = Timeframe(1, "D")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Stored bars that are to be exported: New York days, both included; ``out`` None means the export folder."""

    symbol: str
    frame: Timeframe
    first: date | None = None
    last: date | None = None
    out: Path | None = None
    form: str = "csv"
    adjustment: Adjustment = "raw"
    force: bool = False


def now() -> datetime:
    """The wall's time: what is imported lies in the past of everyone."""
    return datetime.now(UTC)


async def imported(files: Sequence[Path], reading: Reading, agreed: Ask, say: Say, complain: Say, *,
                   replace: bool = False) -> int:  # fmt: skip
    """Read each file, show what was understood, and store what is agreed to; the number of files that were refused.

    A refused file does not keep the others back. Raises QvError when the database cannot be opened.
    """
    refused = 0
    desk = _Desk()
    try:
        for file in files:
            try:
                await _one(desk, file, reading, agreed, say, replace)
            except BadInput as error:
                complain(str(error))
                refused += 1
    finally:
        await asyncio.to_thread(desk.close)
    return refused


async def _one(desk: "_Desk", file: Path, reading: Reading, agreed: Ask, say: Say, replace: bool) -> None:
    found = await MarketFiles().read(file, reading)
    say(str(file))
    for line in found.understood:
        say(f"  {line}")
    if agreed(found):
        stored = await (await desk.imports()).store(found, replace=replace)
        for line in _told(found, stored):
            say(f"  {line}")


def _told(found: Imported, stored: Stored) -> list[str]:
    """What the store made of it."""
    if found.frame is None:
        return [*stored.notes, f"stored: {stored.new:,} new trades, {stored.same:,} there already or twice in the file"]
    line = f"stored: {stored.new:,} new bars, {stored.amended:,} replaced, {stored.same:,} there already"
    kept = (
        [f"{stored.kept:,} bars are stored with other values and stay; --replace takes the file's"]
        if stored.kept
        else []
    )
    return [*stored.notes, line + (f", {stored.actions} new splits and dividends" if found.actions else ""), *kept]


async def exported(wanted: Wanted) -> tuple[Path, int]:
    """The file with the stored bars, and how many they are. Raises QvError."""
    desk = _Desk()
    try:
        database, trail = await desk.opened()
        bars = await _bars(database, wanted)
        folder = wanted.out.expanduser().absolute().parent if wanted.out else paths.exports(desk.settings.home)
        exports = Exports(TableReports(overwrite=wanted.force), None, trail, now, folder, person())
        name = wanted.out.name if wanted.out else ""
        return await exports.bars(wanted.symbol, wanted.frame, bars, wanted.form, wanted.adjustment, name), len(bars)
    finally:
        await asyncio.to_thread(desk.close)


async def _bars(database: Database, wanted: Wanted) -> list[Bar]:
    start = _midnight(wanted.first or FIRST_DAY)
    end = _midnight(wanted.last + timedelta(days=1)) if wanted.last else now()
    store = BarStore(database)
    bars = await store.bars(wanted.symbol, wanted.frame, start, end)
    if wanted.adjustment == "raw":
        return bars
    _, actions = await ActionStore(database).actions(wanted.symbol)
    closes = await store.bars(wanted.symbol, DAILY, _midnight(FIRST_DAY), now())
    today = now().astimezone(NEW_YORK).date()
    return await asyncio.to_thread(adjusted, bars, steps(effective(actions, today), wanted.adjustment, closes))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)


def person() -> Actor:
    """Who uses the command line, as the operating system names them; nobody is signed in there."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = "unknown"
    return Actor(f"os:{name}", "system", host=platform.node())


class _Desk:
    """The database, opened once something is to be stored."""

    def __init__(self) -> None:
        self.settings = config.load()
        self._store: Store | None = None
        self._imports: Imports | None = None
        self._leave: Callable[[], None] = lambda: None

    async def opened(self) -> tuple[Database, AuditTrail]:
        """The migrated database and the trail. Raises BadInput, DatabaseDown."""
        self._store = self._store or Store(self.settings, shared=True)
        database = await self._store.opened()
        await asyncio.to_thread(database.become_own)
        mark = audit_mark(self.settings, database)
        self._leave = mark.write
        return database, AuditTrail(
            database, install_id(self.settings.home), __version__, now, mark.heard, lambda: mark.mark
        )

    async def imports(self) -> Imports:
        """The service, over the opened database."""
        if self._imports is None:
            database, trail = await self.opened()
            self._imports = Imports(MarketFiles(), BarStore(database), TickStore(database), ActionStore(database), now, trail,
                                    actor=person())  # fmt: skip
        return self._imports

    def close(self) -> None:
        """Remember the newest audit row and let the database go; blocking."""
        self._leave()
        if self._store is not None:
            self._store.close()
