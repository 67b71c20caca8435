"""Stored bars, as traded: inserted or amended by symbol, timeframe and start; minutes to months by year, seconds by UTC day."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import batched
from math import ceil
from typing import Any

from sqlalchemy import Connection, delete

from qv_desktop.adapters.db import bar_columns, coverage
from qv_desktop.adapters.db.bar_columns import Columns
from qv_desktop.adapters.db.copying import Intake
from qv_desktop.adapters.db.database import READERS, Database
from qv_desktop.adapters.db.partitions import Partitions
from qv_desktop.adapters.db.tables import bar_coverage, bars, second_bars
from qv_desktop.domain.history import Span
from qv_desktop.domain.market import Bar, Timeframe, ns, utc

VALUES = ("open", "high", "low", "close", "volume", "count", "vwap", "source")
COLUMNS = ("symbol", "timeframe", "start", *VALUES)
TYPES = ("text", "text", "int8", "float8", "float8", "float8", "float8", "float8", "int4", "float8", "text")
FEW = 50  # symbols that are not worth a second connection

type Reading[T] = Callable[[Connection, str, Sequence[str], str, int, int], dict[str, T]]


def table(frame: Timeframe) -> str:
    """The table that keeps this timeframe's bars."""
    return "second_bars" if frame.unit == "s" else "bars"


class BarStore:
    """``ports.history.BarStore`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._partitions = {
            "bars": Partitions(database, "bars", lambda day: utc(day).year),
            "second_bars": Partitions(database, "second_bars"),
        }
        self._intakes = {name: Intake(name, COLUMNS, TYPES, _amending(name)) for name in self._partitions}

    async def forget(self) -> None:
        """Drop every bar: they can be asked for again. For a demo that turns to another simulated market."""

        def work(connection: Connection) -> None:
            for gone in (bars, second_bars, bar_coverage):
                connection.execute(delete(gone))

        await self._database.write(work)

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Stored bars from ``start`` up to ``end``, oldest first."""
        return (await self.of_many([symbol], frame, start, end)).get(symbol, [])

    async def of_many(
        self, symbols: Sequence[str], frame: Timeframe, start: datetime, end: datetime
    ) -> dict[str, list[Bar]]:
        """The same of many symbols in one question; symbols without a bar are left out."""
        return await self._of_many(bar_columns.values, symbols, frame, start, end)

    async def columns_of_many(
        self, symbols: Sequence[str], frame: Timeframe, start: datetime, end: datetime
    ) -> dict[str, Columns]:
        """The same as numpy columns, several times as fast for hundreds of symbols."""
        return await self._of_many(bar_columns.columns, symbols, frame, start, end)

    async def _of_many[T](self, reading: Reading[T], symbols: Sequence[str], frame: Timeframe, start: datetime,
                          end: datetime) -> dict[str, T]:  # fmt: skip
        wanted = list(dict.fromkeys(symbols))
        share = max(FEW, ceil(len(wanted) / READERS))
        rest: tuple[Any, ...] = (str(frame), ns(start), ns(end))
        parts = await asyncio.gather(*(
            self._database.read(lambda connection, part=part: reading(connection, table(frame), part, *rest))  # type: ignore[misc]  # a default binds the part
            for part in batched(wanted, share)
        ))  # fmt: skip
        return {symbol: found for part in parts for symbol, found in part.items()}

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        """Insert or amend by symbol, timeframe and start; the number of rows touched, unchanged ones not counted.

        Raises BadInput when a bar is none, and then nothing is kept.
        """
        if not bars:
            return 0
        name, text = table(frame), str(frame)

        def insert(connection: Connection) -> int:
            latest = {(b.symbol, b.start): b for b in bars}  # of one start the last word counts
            rows = [(b.symbol, text, b.start, b.open, b.high, b.low, b.close, b.volume, b.count, b.vwap, source)
                    for b in latest.values()]  # fmt: skip
            return self._intakes[name].add(connection, rows)

        return await self._partitions[name].write(lambda: (b.start for b in bars), insert)

    async def covered(self, symbol: str, frame: Timeframe) -> list[Span]:
        """The spans of which every bar is stored, oldest first; adjoining ones are one."""
        return await self._database.read(lambda connection: coverage.covered(connection, symbol, str(frame)))

    async def cover(self, symbol: str, frame: Timeframe, span: Span) -> None:
        """From now on ``span`` is known to be complete."""
        await self._database.write(lambda connection: coverage.cover(connection, symbol, str(frame), span))

    async def uncover(self, symbol: str, frames: Collection[Timeframe], span: Span) -> None:
        """``span`` is no longer known to be complete in these timeframes: something in it changed."""
        names = [str(frame) for frame in frames]
        await self._database.write(lambda connection: coverage.uncover(connection, symbol, names, span))


def _amending(name: str) -> str:
    old, new = (", ".join(f"{side}.{column}" for column in VALUES) for side in (name, "excluded"))
    return (f"(symbol, timeframe, start) DO UPDATE SET ({', '.join(VALUES)}) = ROW ({new}) "
            f"WHERE ({old}) IS DISTINCT FROM ({new})")  # fmt: skip
