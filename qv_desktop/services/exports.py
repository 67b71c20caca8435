"""Exports of tables and bars: permitted, recorded, and written under the export folder only."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import SYSTEM, Actor, Draft
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK, Adjustment, Bar, Timeframe, utc
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.files import Tables

EXPORT_BARS = Permission(Resource.MARKET, Action.EXPORT)
FORMS = ("csv", "parquet")
BARS = ("symbol", "timeframe", "adjustment", "time", "open", "high", "low", "close", "volume", "count", "vwap")


class Exports:
    """Writes what a person sees. ``login`` decides who may; without it (the command line) ``actor`` is who is recorded."""

    def __init__(
        self, tables: Tables, login: Login | None, trail: Trail, now: Now, folder: Path, actor: Actor = SYSTEM
    ) -> None:
        self._tables, self._login, self._trail, self._now, self.folder = tables, login, trail, now, folder
        self._actor = actor

    async def table(
        self,
        name: str,
        permission: Permission,
        head: Sequence[str],
        rows: Sequence[Sequence[object]],
        form: str = "csv",
    ) -> Path:
        """The CSV or Parquet file (``form``) that holds ``rows``. Raises NotPermitted, BadInput, DatabaseDown."""
        actor, form = await self._permitted(permission), checked(form)
        file = f"{name}-{self._now():%Y%m%d-%H%M%S}.{form}"
        draft = Draft(actor, "export.table", name, file, after=json.dumps({"rows": len(rows)}))
        return await self._recorded(draft, lambda: self._tables.write(file, head, rows, self.folder, form))

    async def bars(self, symbol: str, frame: Timeframe, bars: Sequence[Bar], form: str = "csv", adjustment: Adjustment = "raw",
                   file: str = "") -> Path:  # fmt: skip
        """The file that holds ``bars`` (oldest first), which are adjusted as ``adjustment`` says; ``file`` is its name if not the usual.

        Raises NotPermitted, BadInput, DatabaseDown.
        """
        actor, form = await self._permitted(EXPORT_BARS), checked(form)
        if not bars:
            raise BadInput(
                f"There are no bars of {symbol} {frame} to export; load the range into a chart first, or import it."
            )
        name = file or f"{symbol.replace('/', '.')}_{frame}-{self._now():%Y%m%d-%H%M%S}.{form}"
        what = {"rows": len(bars), "timeframe": str(frame), "adjustment": adjustment,
                "from": str(utc(bars[0].start)), "to": str(utc(bars[-1].start))}  # fmt: skip
        rows = await asyncio.to_thread(bar_rows, frame, bars, adjustment)
        draft = Draft(actor, "export.bars", symbol, name, after=json.dumps(what))
        return await self._recorded(draft, lambda: self._tables.write(name, BARS, rows, self.folder, form))

    async def picture(self, name: str, data: bytes) -> Path:
        """The PNG file that holds ``data``, named after what it shows. Raises NotPermitted, BadInput, DatabaseDown."""
        actor = await self._permitted(EXPORT_BARS)
        file = f"{re.sub(r'[^A-Za-z0-9._-]', '.', name)}-{self._now():%Y%m%d-%H%M%S}.png"
        draft = Draft(actor, "export.picture", name, file, after=json.dumps({"bytes": len(data)}))
        return await self._recorded(draft, lambda: self._tables.keep(file, data, self.folder))

    async def _recorded(self, draft: Draft, write: Callable[[], Awaitable[Path]]) -> Path:
        """The row first: nothing leaves unrecorded; and another one when it could not be written after all."""
        await self._trail.append(draft)
        try:
            return await write()
        except BadInput as error:
            await self._trail.append(replace(draft, outcome="failed", reason=str(error)))
            raise

    async def _permitted(self, permission: Permission) -> Actor:
        if self._login is None:
            return self._actor
        await self._login.require(permission)
        return self._login.actor


def checked(form: str) -> str:
    """``form`` if it is one. Raises BadInput."""
    if form not in FORMS:
        raise BadInput(f"“{form}” cannot be written; choose {' or '.join(FORMS)}.")
    return form


def bar_rows(frame: Timeframe, bars: Sequence[Bar], adjustment: Adjustment = "raw") -> list[tuple[object, ...]]:
    """Rows under ``BARS``: intraday times in UTC, days as dates; unknown counts and vwaps are empty."""
    return [(bar.symbol, str(frame), adjustment, _time(bar, frame), bar.open, bar.high, bar.low, bar.close, bar.volume,
             bar.count or None, bar.vwap) for bar in bars]  # fmt: skip


def _time(bar: Bar, frame: Timeframe) -> datetime | date:
    return utc(bar.start) if frame.intraday else utc(bar.start).astimezone(NEW_YORK).date()
