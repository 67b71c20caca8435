"""Bars read as columns: the server sends the bytes of each symbol's column in one piece, and numpy takes them as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql
from sqlalchemy import Connection

from qv_desktop.adapters.db.copying import driven
from qv_desktop.domain.market import Bar

if TYPE_CHECKING:
    import numpy as np

PRICES = ("start", "open", "high", "low", "close", "volume")
ALL = (*PRICES, "count", "vwap")
SENDERS = {"start": ("int8send", ">i8"), "count": ("int4send", ">i4")}  # big-endian, as Postgres sends them
REAL = ("float8send", ">f8")  # all others
# a fresh partition has no statistics to plan by
_BY_INDEX = "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
_QUERY = sql.SQL("""
    SELECT symbol, {columns} FROM (
        SELECT * FROM {table} WHERE symbol = ANY (%s) AND timeframe = %s AND start >= %s AND start < %s ORDER BY symbol, start
    ) AS found GROUP BY symbol
""")


class Columns(NamedTuple):
    """One symbol's bars, oldest first: starts in ns (int64), prices and volume (float64), all of one length."""

    start: np.ndarray[Any, np.dtype[np.int64]]
    open: np.ndarray[Any, np.dtype[np.float64]]
    high: np.ndarray[Any, np.dtype[np.float64]]
    low: np.ndarray[Any, np.dtype[np.float64]]
    close: np.ndarray[Any, np.dtype[np.float64]]
    volume: np.ndarray[Any, np.dtype[np.float64]]


def columns(
    connection: Connection, table: str, symbols: Sequence[str], frame: str, start: int, end: int
) -> dict[str, Columns]:
    """Bars from ``start`` up to ``end`` (ns) by symbol; symbols without one are left out."""
    return {symbol: Columns(*arrays) for symbol, arrays in _read(connection, table, PRICES, symbols, frame, start, end)}


def values(
    connection: Connection, table: str, symbols: Sequence[str], frame: str, start: int, end: int
) -> dict[str, list[Bar]]:
    """The same as bars."""
    return {
        symbol: list(_bars(symbol, *arrays))
        for symbol, arrays in _read(connection, table, ALL, symbols, frame, start, end)
    }


def _bars(symbol: str, *arrays: np.ndarray[Any, Any]) -> Iterator[Bar]:
    *plain, vwap = (array.tolist() for array in arrays)
    known = (None if value != value else value for value in vwap)  # NaN stands for NULL on the wire
    return map(Bar, repeat(symbol), *plain, known)


def _read(connection: Connection, table: str, names: Sequence[str], symbols: Sequence[str], frame: str, start: int,
          end: int) -> Iterator[tuple[str, list[np.ndarray[Any, Any]]]]:  # fmt: skip
    kinds = [SENDERS.get(name, REAL)[1] for name in names]
    query = _QUERY.format(columns=sql.SQL(", ").join(map(_bytes, names)), table=sql.Identifier(table))
    with driven(connection) as driver, driver.cursor(binary=True) as cursor:
        cursor.execute(_BY_INDEX)
        cursor.execute(query, (list(symbols), frame, start, end))
        found = cursor.pgresult
        for row in range(found.ntuples if found else 0):
            symbol, *cells = (found.get_value(row, column) or b"" for column in range(len(names) + 1))  # type: ignore[union-attr]  # no rows without a result
            yield symbol.decode(), [_native(cell, kind) for cell, kind in zip(cells, kinds, strict=True)]


def _bytes(name: str) -> sql.Composable:
    """One column's values behind each other, without NULLs, for each of them would shift what follows."""
    known = sql.SQL("coalesce(vwap, 'NaN')") if name == "vwap" else sql.Identifier(name)
    send = sql.SQL(SENDERS.get(name, REAL)[0])
    return sql.SQL("string_agg({}({}), '')").format(send, known)


def _native(cell: bytes, kind: str) -> np.ndarray[Any, Any]:
    import numpy as np

    values = np.frombuffer(cell, kind)
    return values.astype(values.dtype.newbyteorder("="))
